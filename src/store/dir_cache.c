/* dir_cache.c - see dir_cache.h.
 *
 * The mutex guards the slots and the counts of users; system calls are made without it. A directory that another
 * process removes stays cached: making something in it then fails with ENOENT, and the caller forgets it and tries
 * again.
 */
#include "store/dir_cache.h"
#include "base/alloc.h"
#include "base/key.h"
#include "store/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS 32 /* descriptors kept open by a store */

struct zh_dir {
    int fd;
    unsigned users; /* holders, and 1 for the slot that it is in */
    uint64_t last_use;
    uint64_t hash;
    size_t n;
    char path[];
};

struct zh_dir_cache {
    pthread_mutex_t mutex;
    uint64_t clock; /* counts uses */
    zh_dir *root;   /* never in a slot */
    zh_dir *slots[SLOTS];
};

static zh_dir *new_dir(int fd, const char *path, size_t n)
{
    zh_dir *d = zh_malloc(sizeof(*d) + n + 1);

    if (d == NULL)
        return NULL;
    d->fd = fd;
    d->users = 1;
    d->last_use = 0;
    d->hash = zh_hash_bytes(path, n);
    d->n = n;
    memcpy(d->path, path, n);
    d->path[n] = '\0';
    return d;
}

static void free_dir(zh_dir *d)
{
    (void)close(d->fd);
    zh_free(d);
}

zh_dir_cache *zh_dir_cache_new(int root)
{
    zh_dir_cache *c = zh_calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->root = new_dir(root, "", 0);
    if (c->root == NULL) {
        zh_free(c);
        return NULL;
    }
    (void)pthread_mutex_init(&c->mutex, NULL);
    return c;
}

void zh_dir_cache_free(zh_dir_cache *c)
{
    zh_dir_cache_forget(c, "", 0);
    free_dir(c->root);
    (void)pthread_mutex_destroy(&c->mutex);
    zh_free(c);
}

int zh_dir_fd(const zh_dir *d)
{
    return d->fd;
}

/* With the mutex held. True: d is the caller's to free. */
static bool drop_user(zh_dir *d)
{
    return --d->users == 0;
}

void zh_dir_release(zh_dir_cache *c, zh_dir *d)
{
    bool last;

    (void)pthread_mutex_lock(&c->mutex);
    last = drop_user(d);
    (void)pthread_mutex_unlock(&c->mutex);
    if (last)
        free_dir(d);
}

static bool is_below(const zh_dir *d, const char *path, size_t n)
{
    return n == 0 || (d->n >= n && memcmp(d->path, path, n) == 0 && (d->path[n] == '/' || d->path[n] == '\0'));
}

void zh_dir_cache_forget(zh_dir_cache *c, const char *path, size_t n)
{
    zh_dir *unused[SLOTS];
    size_t n_unused = 0;

    (void)pthread_mutex_lock(&c->mutex);
    for (size_t i = 0; i < SLOTS; i++) {
        if (c->slots[i] == NULL || !is_below(c->slots[i], path, n))
            continue;
        if (drop_user(c->slots[i]))
            unused[n_unused++] = c->slots[i];
        c->slots[i] = NULL;
    }
    (void)pthread_mutex_unlock(&c->mutex);
    while (n_unused > 0)
        free_dir(unused[--n_unused]);
}

/* With the mutex held: the cached directory, or NULL. */
static zh_dir *find(zh_dir_cache *c, const char *path, size_t n)
{
    const uint64_t hash = zh_hash_bytes(path, n);

    if (n == 0)
        return c->root;
    for (size_t i = 0; i < SLOTS; i++) {
        zh_dir *d = c->slots[i];

        if (d != NULL && d->hash == hash && d->n == n && memcmp(d->path, path, n) == 0)
            return d;
    }
    return NULL;
}

/* The nearest cached ancestor of path, or path itself, in use for the caller. */
static zh_dir *nearest(zh_dir_cache *c, const char *path, size_t n)
{
    zh_dir *d;

    (void)pthread_mutex_lock(&c->mutex);
    d = find(c, path, n);
    while (d == NULL) {
        n = zh_store__parent(path, n);
        d = find(c, path, n);
    }
    d->users++;
    d->last_use = ++c->clock;
    (void)pthread_mutex_unlock(&c->mutex);
    return d;
}

/* With the mutex held: the slot to use next. A slot is free, or holds what was not used for the longest time. */
static size_t oldest_slot(const zh_dir_cache *c)
{
    size_t best = 0;

    for (size_t i = 0; i < SLOTS; i++) {
        if (c->slots[i] == NULL)
            return i;
        if (c->slots[i]->last_use < c->slots[best]->last_use)
            best = i;
    }
    return best;
}

/* Takes d into the cache; it stays in use for the caller. */
static void insert(zh_dir_cache *c, zh_dir *d)
{
    zh_dir *out = NULL;

    (void)pthread_mutex_lock(&c->mutex);
    d->last_use = ++c->clock;
    if (find(c, d->path, d->n) == NULL) {
        const size_t i = oldest_slot(c);

        if (c->slots[i] != NULL && drop_user(c->slots[i]))
            out = c->slots[i];
        c->slots[i] = d;
        d->users++;
    }
    (void)pthread_mutex_unlock(&c->mutex);
    if (out != NULL)
        free_dir(out);
}

/* O_DIRECTORY|O_NOFOLLOW says ENOTDIR for a file and for a link alike; a link deserves a message of its own. */
static int why_not_directory(int at, const char *name)
{
    struct stat st;

    return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR;
}

static int open_child(int *fd, int at, const char *name, bool make)
{
    /* Made here and removed by somebody before it is opened: a few times is bad luck, more is an error. */
    for (int tries = 0; tries < 8; tries++) {
        *fd = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (*fd >= 0)
            return 0;
        if (errno == ENOTDIR)
            return why_not_directory(at, name);
        if (errno != ENOENT || !make)
            return errno;
        if (mkdirat(at, name, 0777) != 0 && errno != EEXIST)
            return errno;
    }
    return ENOENT;
}

/* The child of `parent` whose path is the first n bytes of path. */
static int enter(zh_dir **out, zh_dir_cache *c, const zh_dir *parent, const char *path, size_t n, bool make)
{
    const size_t start = parent->n == 0 ? 0 : parent->n + 1;
    char name[ZH_SEGMENT_MAX + 1];
    int fd, rc;

    memcpy(name, path + start, n - start);
    name[n - start] = '\0';
    rc = open_child(&fd, parent->fd, name, make);
    if (rc != 0)
        return rc;
    *out = new_dir(fd, path, n);
    if (*out == NULL) {
        (void)close(fd);
        return ENOMEM;
    }
    insert(c, *out);
    return 0;
}

int zh_dir_acquire(zh_dir **out, zh_dir_cache *c, const char *path, size_t n, bool make)
{
    zh_dir *d = nearest(c, path, n);

    while (d->n < n) {
        const char *rest = path + d->n + (d->n > 0);
        const char *slash = memchr(rest, '/', (size_t)(path + n - rest));
        zh_dir *child;
        const int rc = enter(&child, c, d, path, slash == NULL ? n : (size_t)(slash - path), make);

        zh_dir_release(c, d);
        if (rc != 0)
            return rc;
        d = child;
    }
    *out = d;
    return 0;
}
