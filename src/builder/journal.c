/* journal.c - what has been changed where readers see it, and the way back.
 *
 * Deeds are undone the last first. Undoing goes on after a failure: what can be put right is. */
#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

static void dispose(zh_done *d)
{
    zh_free(d->key);
    zh_free(d->from);
    zh_buf_dispose(&d->old);
}

static int add(zh_creation *c, zh_deed deed, char *key, char *from, const zh_buf *old, zh_error *err)
{
    zh_done *d;
    int rc = ZH_OK;

    if (c->n_journal == c->cap_journal) {
        const size_t cap = c->cap_journal == 0 ? 16 : c->cap_journal * 2;
        zh_done *grown = zh_reallocarray(c->journal, cap, sizeof(*grown));

        if (grown == NULL)
            return zh_error_nomem(err);
        c->journal = grown;
        c->cap_journal = cap;
    }
    d = &c->journal[c->n_journal];
    *d = (zh_done){deed, key, from, ZH_BUF_INIT(SIZE_MAX), old != NULL};
    if (old != NULL)
        rc = zh_buf_append(&d->old, old->ptr, old->len, err);
    if (rc < 0) {
        zh_buf_dispose(&d->old);
        return rc;
    }
    c->n_journal++;
    return ZH_OK;
}

int zh_journal_add(zh_creation *c, zh_deed deed, char *key, char *from, const zh_buf *old, zh_error *err)
{
    int rc;

    (void)pthread_mutex_lock(&c->mutex);
    rc = add(c, deed, key, from, old, err);
    (void)pthread_mutex_unlock(&c->mutex);
    return rc;
}

int zh_journal_erase(zh_creation *c, const char *name, zh_error *err)
{
    zh_buf old = ZH_BUF_INIT((size_t)1 << 30);
    char *key = zh_strdup(name);
    int rc = key == NULL ? zh_error_nomem(err) : zh_store_get(c->store, name, &old, err);

    if (rc == ZH_OK)
        rc = zh_journal_add(c, ZH_DID_PUT, key, NULL, &old, err);
    if (rc == ZH_OK)
        rc = zh_store_erase(c->store, name, err);
    else
        zh_free(key);
    zh_buf_dispose(&old);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

void zh_journal_free(zh_creation *c)
{
    for (size_t i = 0; i < c->n_journal; i++)
        dispose(&c->journal[i]);
    zh_free(c->journal);
    c->journal = NULL;
    c->n_journal = c->cap_journal = 0;
}

static int undo(zh_creation *c, const zh_done *d, zh_error *err)
{
    switch (d->deed) {
    case ZH_DID_MOVE:
    case ZH_DID_ASIDE:
        return d->deed == ZH_DID_MOVE ? zh_store_move(c->store, d->key, d->from, 0, err)
                                      : zh_store_move(c->store, d->from, d->key, 0, err);
    case ZH_DID_EXCHANGE:
        return zh_store_move(c->store, d->from, d->key, ZH_MOVE_EXCHANGE, err);
    case ZH_DID_PUT:
        if (d->had_old)
            return zh_store_put(c->store, d->key, d->old.ptr, d->old.len, 0, err);
        return zh_store_erase(c->store, d->key, err);
    }
    return ZH_OK;
}

int zh_journal_undo(zh_creation *c, int cause, zh_error *err)
{
    zh_error first = ZH_ERROR_INIT;
    size_t failures = 0;

    for (size_t i = c->n_journal; i-- > 0;) {
        zh_error why = ZH_ERROR_INIT;

        if (undo(c, &c->journal[i], &why) < 0 && failures++ == 0)
            first = why;
    }
    zh_journal_free(c);
    if (failures == 0)
        return cause;
    if (err != NULL) {
        char text[200];
        const int sys_errno = err->sys_errno;

        (void)memcpy(text, err->message, sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        (void)zh_error_set(err, ZH_PARTIAL, "%s; %zu steps could not be undone, the first: %.200s", text, failures,
                           first.message);
        err->sys_errno = sys_errno;
    }
    return ZH_PARTIAL;
}
