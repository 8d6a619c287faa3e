/* starve.c - preloaded into the program: its N-th allocation fails, N being ZH_STARVE_AT, and with ZH_STARVE_ON set all
 * after it too. At the end the number of allocations is written to the file ZH_STARVE_COUNT. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define INTERPOSED __attribute__((visibility("default")))

/* What glibc's functions are under their other names. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t n);

static atomic_ulong allocations;

static unsigned long starve_at(void)
{
    const char *text = getenv("ZH_STARVE_AT");

    return text == NULL ? 0 : strtoul(text, NULL, 10);
}

static bool starves(void)
{
    const unsigned long n = atomic_fetch_add(&allocations, 1) + 1, at = starve_at();

    return at > 0 && (n == at || (n > at && getenv("ZH_STARVE_ON") != NULL));
}

INTERPOSED void *malloc(size_t n)
{
    return starves() ? NULL : __libc_malloc(n);
}

INTERPOSED void *calloc(size_t count, size_t size)
{
    return starves() ? NULL : __libc_calloc(count, size);
}

INTERPOSED void *realloc(void *p, size_t n)
{
    return starves() ? NULL : __libc_realloc(p, n);
}

__attribute__((destructor)) static void tell(void)
{
    const char *name = getenv("ZH_STARVE_COUNT");
    const int fd = name == NULL ? -1 : open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    char text[32];
    const int n = snprintf(text, sizeof(text), "%lu\n", atomic_load(&allocations));

    if (fd < 0)
        return;
    if (write(fd, text, (size_t)n) != n)
        _exit(70);
    (void)close(fd);
}
