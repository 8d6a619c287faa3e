/* input.c - see input.h. */
#include "cli/input.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)256 * 1024)

static int read_descriptor(zh_buf *out, int fd, const char *name, zh_error *err)
{
    ssize_t got = 1;

    while (got > 0) {
        const int rc = zh_buf_reserve(out, out->len + CHUNK, err);

        if (rc < 0)
            return rc;
        do
            got = read(fd, out->ptr + out->len, CHUNK);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return zh_error_sys(err, errno, "cannot read %s", name);
        out->len += (size_t)got;
    }
    return ZH_OK;
}

int cli_read_all(zh_buf *out, const char *name, zh_error *err)
{
    int fd, rc;

    if (strcmp(name, "-") == 0)
        return read_descriptor(out, STDIN_FILENO, "standard input", err);
    fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return zh_error_sys(err, errno, "cannot open '%s'", name);
    rc = read_descriptor(out, fd, name, err);
    (void)close(fd);
    return rc;
}
