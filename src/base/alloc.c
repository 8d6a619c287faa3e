/* alloc.c - see alloc.h. The hook is the library's only mutable global, and tests alone set it. */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static struct {
    zh_alloc_hook ask; /* NULL: every allocation may go ahead */
    void *payload;
} hook;

void zh_alloc_set_hook(zh_alloc_hook ask, void *payload)
{
    hook.ask = ask;
    hook.payload = payload;
}

static bool allowed(void)
{
    return hook.ask == NULL || hook.ask(hook.payload);
}

void *zh_malloc(size_t n)
{
    return allowed() ? malloc(n == 0 ? 1 : n) : NULL;
}

void *zh_calloc(size_t count, size_t size)
{
    size_t total;

    if (!zh_mul_size(count, size, &total) || !allowed())
        return NULL;
    return calloc(1, total == 0 ? 1 : total);
}

void *zh_realloc(void *p, size_t n)
{
    return allowed() ? realloc(p, n == 0 ? 1 : n) : NULL;
}

void *zh_reallocarray(void *p, size_t count, size_t size)
{
    size_t total;

    return zh_mul_size(count, size, &total) ? zh_realloc(p, total) : NULL;
}

void zh_free(void *p)
{
    free(p);
}

char *zh_strdup(const char *s)
{
    return zh_strndup(s, strlen(s));
}

char *zh_strndup(const char *s, size_t n)
{
    char *copy;
    size_t total;

    if (!zh_add_size(n, 1, &total))
        return NULL;
    copy = zh_malloc(total);
    if (copy == NULL)
        return NULL;
    if (n > 0)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

void *zh_memdup(const void *p, size_t n)
{
    void *copy = zh_malloc(n);

    if (copy != NULL && n > 0)
        memcpy(copy, p, n);
    return copy;
}

bool zh_mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool zh_add_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

bool zh_mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
