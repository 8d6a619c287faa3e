/* arena.c - see arena.h. A list of blocks, the newest first and the only one that is filled; a request too large for
 * a block of the usual size gets one of its own behind the head, so that the head's room is not lost. */
#include "base/arena.h"
#include "base/alloc.h"

#include <stdalign.h>

#define BLOCK_BYTES ((size_t)64 * 1024)
#define FIRST_BYTES ((size_t)4 * 1024)

struct zh_arena_block {
    zh_arena_block *next;
    size_t used; /* of data */
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

static zh_arena_block *new_block(size_t size)
{
    zh_arena_block *b;
    size_t total;

    if (!zh_add_size(size, sizeof(*b), &total))
        return NULL;
    b = zh_malloc(total);
    if (b == NULL)
        return NULL;
    b->next = NULL;
    b->used = 0;
    b->size = size;
    return b;
}

static zh_arena_block *add_block(zh_arena *a, size_t need)
{
    const size_t usual = a->head == NULL ? FIRST_BYTES : BLOCK_BYTES;
    zh_arena_block *b = new_block(need > usual / 4 && need > FIRST_BYTES ? need : usual);

    if (b == NULL)
        return NULL;
    if (b->size == need && a->head != NULL) {
        b->next = a->head->next;
        a->head->next = b;
    } else {
        b->next = a->head;
        a->head = b;
    }
    return b;
}

void *zh_arena_alloc(zh_arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    zh_arena_block *b = a->head;
    size_t need;
    void *p;

    if (!zh_add_size(n == 0 ? 1 : n, align - 1, &need))
        return NULL;
    need &= ~(align - 1);
    if (b == NULL || b->size - b->used < need)
        b = add_block(a, need);
    if (b == NULL)
        return NULL;
    p = b->data + b->used;
    b->used += need;
    return p;
}

void zh_arena_dispose(zh_arena *a)
{
    while (a->head != NULL) {
        zh_arena_block *next = a->head->next;

        zh_free(a->head);
        a->head = next;
    }
}
