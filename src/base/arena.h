/* arena.h - many small allocations freed together (the strings of one read). */
#ifndef ZH_BASE_ARENA_H
#define ZH_BASE_ARENA_H

#include <stddef.h>

typedef struct zh_arena_block zh_arena_block;
typedef struct zh_arena {
    zh_arena_block *head;
} zh_arena;

#define ZH_ARENA_INIT                                                                                                  \
    {                                                                                                                  \
        NULL                                                                                                           \
    }

void *zh_arena_alloc(zh_arena *a, size_t n); /* aligned for any type; NULL when out of memory */
void zh_arena_dispose(zh_arena *a);          /* frees all; may be used again */

#endif
