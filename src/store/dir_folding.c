/* dir_folding.c - see dir_folding.h. Tables of what folds differ between file systems, and a directory may differ from
 * its neighbour (ext4): so the one that it is about is asked. */
#include "store/dir_folding.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes the file `name` and looks whether it is found as `other`. 0 or an errno. */
static int is_found_as(bool *out, int root, const char *name, const char *other)
{
    const int fd = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat st;

    if (fd < 0)
        return errno;
    (void)close(fd);
    *out = fstatat(root, other, &st, AT_SYMLINK_NOFOLLOW) == 0;
    (void)unlinkat(root, name, 0);
    return 0;
}

/* By case ("k", "K") and by Unicode's normal forms (e with an acute, in one character and in two). */
int zh_dir_ask_for_folding(bool *out, zh_store *s, int root)
{
    static const char *const forms[][2] = {{"k\xc3\xa9", "K\xc3\xa9"}, {"k\xc3\xa9", "ke\xcc\x81"}, {"k", "K"}};
    int rc = 0;

    *out = false;
    for (size_t i = 0; rc == 0 && !*out && i < sizeof(forms) / sizeof(forms[0]); i++) {
        char unique[64], name[96], other[96];

        zh_store_temporary_name(s, unique); /* ".….zh-tmp" */
        (void)snprintf(name, sizeof(name), ".%s%s", forms[i][0], unique);
        (void)snprintf(other, sizeof(other), ".%s%s", forms[i][1], unique);
        rc = is_found_as(out, root, name, other);
        if (rc == EILSEQ || rc == EINVAL) /* no such character on this file system */
            rc = 0;
    }
    return rc;
}
