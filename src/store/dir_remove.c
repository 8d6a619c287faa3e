/* dir_remove.c - see dir_remove.h.
 *
 * The walk goes down with one descriptor a level. A directory found MAX_DEPTH levels down is not entered but moved to
 * the top of the tree that is being removed, under a name of the store's own; the top is read again until it is empty.
 */
#include "store/dir_remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 16

typedef struct removal {
    int top;          /* descriptor of the directory whose content goes */
    const char *keep; /* a name at the top that stays */
    unsigned moved;   /* directories moved to the top so far */
} removal;

static int remove_directory(removal *r, int at, const char *name, unsigned depth);

static int move_to_top(removal *r, int at, const char *name)
{
    char to[64];

    for (;;) {
        (void)snprintf(to, sizeof(to), ".%ld-%u.zh-tmp", (long)getpid(), r->moved++);
        /* An empty directory of that name is replaced, which is fine too. */
        if (renameat(at, name, r->top, to) == 0 || errno == ENOENT)
            return 0;
        if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
            return errno;
    }
}

static int remove_entry(removal *r, int at, const struct dirent *entry, unsigned depth)
{
    if (entry->d_type != DT_DIR) {
        if (unlinkat(at, entry->d_name, 0) == 0 || errno == ENOENT)
            return 0;
        if (errno != EISDIR && errno != EPERM)
            return errno;
        if (errno == EPERM && entry->d_type != DT_UNKNOWN)
            return EPERM;
    }
    if (depth == MAX_DEPTH)
        return move_to_top(r, at, entry->d_name);
    return remove_directory(r, at, entry->d_name, depth + 1);
}

static bool stays(const removal *r, const char *name, unsigned depth)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
           (depth == 0 && r->keep != NULL && strcmp(name, r->keep) == 0);
}

/* One pass over the directory; *found: there was something to remove. */
static int remove_pass(removal *r, DIR *dir, unsigned depth, bool *found)
{
    const struct dirent *entry;
    int rc;

    *found = false;
    for (;;) {
        errno = 0;
        entry = readdir(dir);
        if (entry == NULL)
            return errno;
        if (stays(r, entry->d_name, depth))
            continue;
        *found = true;
        rc = remove_entry(r, dirfd(dir), entry, depth);
        if (rc != 0)
            return rc;
    }
}

static int open_directory(DIR **out, int at, const char *name)
{
    const int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    *out = NULL;
    if (fd < 0)
        return errno;
    *out = fdopendir(fd);
    if (*out == NULL) {
        const int rc = errno;

        (void)close(fd);
        return rc;
    }
    return 0;
}

/* Passes until one finds nothing: some file systems skip entries while others are removed. */
static int remove_content(removal *r, DIR *dir, unsigned depth)
{
    bool found = true;
    int rc = 0;

    while (rc == 0 && found) {
        rc = remove_pass(r, dir, depth, &found);
        rewinddir(dir);
    }
    return rc;
}

static int remove_directory(removal *r, int at, const char *name, unsigned depth)
{
    DIR *dir;
    int rc = open_directory(&dir, at, name);

    if (dir == NULL)
        return rc == ENOENT ? 0 : rc;
    rc = remove_content(r, dir, depth);
    (void)closedir(dir);
    if (rc == 0 && unlinkat(at, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        rc = errno;
    return rc;
}

int zh_dir_remove_content(int at, const char *name, const char *keep)
{
    removal r = {.keep = keep};
    DIR *dir;
    int rc = open_directory(&dir, at, name);

    if (dir == NULL)
        return rc;
    r.top = dirfd(dir);
    rc = remove_content(&r, dir, 0);
    (void)closedir(dir);
    return rc;
}

static int remove_hollow(int at, const char *name, unsigned depth)
{
    const struct dirent *entry;
    DIR *dir;
    int rc;

    if (unlinkat(at, name, AT_REMOVEDIR) == 0)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return errno == ENOTDIR ? ENOTEMPTY : errno;
    if (depth == MAX_DEPTH)
        return ENOTEMPTY;
    rc = open_directory(&dir, at, name);
    if (rc != 0 || dir == NULL)
        return rc;
    do {
        errno = 0;
        entry = readdir(dir);
        if (entry == NULL)
            rc = errno;
        else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = remove_hollow(dirfd(dir), entry->d_name, depth + 1);
    } while (rc == 0 && entry != NULL);
    (void)closedir(dir);
    if (rc != 0 && rc != ENOENT)
        return rc;
    return unlinkat(at, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

int zh_dir_remove_hollow(int at, const char *name)
{
    return remove_hollow(at, name, 0);
}
