/* file_io.c - see file_io.h. */
#include "store/file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int zh_io_pread(int fd, void *p, size_t n, uint64_t offset, size_t *got)
{
    *got = 0;
    while (*got < n) {
        const ssize_t r = pread(fd, (uint8_t *)p + *got, n - *got, (off_t)(offset + *got));

        if (r < 0 && errno != EINTR)
            return errno;
        if (r == 0)
            break;
        if (r > 0)
            *got += (size_t)r;
    }
    return 0;
}

int zh_io_pwrite(int fd, const void *p, size_t n, uint64_t offset)
{
    const uint8_t *from = p;

    while (n > 0) {
        const ssize_t w = pwrite(fd, from, n, (off_t)offset);

        if (w < 0 && errno != EINTR)
            return errno;
        if (w > 0) {
            from += w;
            offset += (uint64_t)w;
            n -= (size_t)w;
        }
    }
    return 0;
}

int zh_io_rename_new(int dir, const char *from, const char *to)
{
    if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    /* A file system or kernel without that flag: a link does not replace either. */
    if (linkat(dir, from, dir, to, 0) != 0)
        return errno;
    (void)unlinkat(dir, from, 0);
    return 0;
}

bool zh_io_has_no_locks(int errnum)
{
    return errnum == EBADF || errnum == ENOLCK || errnum == EOPNOTSUPP || errnum == EINVAL || errnum == ENOSYS;
}
