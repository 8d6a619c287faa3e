/* alloc.h - the library's only doorway to the heap.
 *
 * All of src/ allocates here, so that a test can make the N-th allocation fail
 * (zh_alloc_set_hook). Memory obtained here is freed with zh_free only.
 */
#ifndef ZH_BASE_ALLOC_H
#define ZH_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *zh_malloc(size_t n);                                 /* NULL when out of memory; n == 0 gives a unique pointer */
void *zh_calloc(size_t count, size_t size);                /* checked product */
void *zh_realloc(void *p, size_t n);                       /* p stays valid on failure */
void *zh_reallocarray(void *p, size_t count, size_t size); /* checked product */
void zh_free(void *p);                                     /* NULL is fine */
char *zh_strdup(const char *s);
char *zh_strndup(const char *s, size_t n); /* copies exactly n bytes and a NUL */
void *zh_memdup(const void *p, size_t n);

/* true and *out = a op b, or false on overflow. */
bool zh_mul_size(size_t a, size_t b, size_t *out);
bool zh_add_size(size_t a, size_t b, size_t *out);
bool zh_mul_u64(uint64_t a, uint64_t b, uint64_t *out);

/* For tests: hook(payload) is asked before each allocation and answers false to
 * make it fail. NULL removes it. Not to be called while other threads allocate. */
typedef bool (*zh_alloc_hook)(void *payload);
void zh_alloc_set_hook(zh_alloc_hook hook, void *payload);

#endif
