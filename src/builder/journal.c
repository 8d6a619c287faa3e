/* journal.c - what has been changed where readers see it, and the way back.
 *
 * Deeds are undone the last first. Undoing goes on after a failure: what can be put right is. Nothing of others is
 * taken along: where somebody has put keys into a new subtree, what is ours in it is erased and the rest stays.
 */
#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"
#include "meta/grid.h"
#include "store/key_list.h"

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

static int copy(const zh_creation *c, const char *from, const char *to, unsigned flags, zh_error *err)
{
    zh_buf value = ZH_BUF_INIT(SIZE_MAX);
    int rc = zh_store_get(c->store, from, &value, err);

    if (rc == ZH_OK)
        rc = zh_store_put(c->store, to, value.ptr, value.len, flags, err);
    else if (rc == ZH_NOTFOUND)
        rc = zh_error_set(err, ZH_IO, "'%.300s' in '%.100s' is gone", from, zh_store_url(c->store));
    zh_buf_dispose(&value);
    return rc;
}

int zh_journal_keep(zh_creation *c, const char *name, zh_error *err)
{
    char *key = zh_strdup(name), *aside = zh_aside_name(c, c->plan->n + c->n_journal, err);
    int rc = key == NULL || aside == NULL ? zh_error_nomem(err) : copy(c, key, aside, ZH_PUT_PLAIN, err);

    if (rc == ZH_OK)
        rc = zh_journal_add(c, ZH_DID_KEEP, key, aside, NULL, err);
    if (rc == ZH_OK)
        return zh_store_erase(c->store, name, err);
    zh_free(key);
    zh_free(aside);
    return rc;
}

void zh_journal_free(zh_creation *c)
{
    for (size_t i = 0; i < c->n_journal; i++)
        dispose(&c->journal[i]);
    zh_free(c->journal);
    c->journal = NULL;
    c->n_journal = c->cap_journal = 0;
}

/* --- a new root array: chunks that the caller has written go with it --- */

/* Names of chunks that are there before it, each with its NUL: they are not its own. */
static int note_chunk_name(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)is_prefix;
    return zh_grid_is_chunk_name(name) ? zh_buf_append(payload, name, strlen(name) + 1, err) : ZH_OK;
}

int zh_journal_root_array(zh_creation *c, zh_error *err)
{
    zh_buf names = ZH_BUF_INIT(SIZE_MAX);
    char *key = zh_strdup("");
    int rc = key == NULL ? zh_error_nomem(err) : zh_store_list(c->store, "", note_chunk_name, &names, err);

    if (rc == ZH_OK)
        rc = zh_journal_add(c, ZH_DID_ROOT_ARRAY, key, NULL, &names, err);
    if (rc < 0)
        zh_free(key);
    zh_buf_dispose(&names);
    return rc;
}

static bool is_in(const zh_buf *names, const char *name)
{
    for (size_t at = 0; at < names->len; at += strlen((const char *)names->ptr + at) + 1)
        if (strcmp((const char *)names->ptr + at, name) == 0)
            return true;
    return false;
}

typedef struct chunk_keys {
    const zh_buf *others;
    zh_key_list names;
    zh_key_list keys;
} chunk_keys;

static int note_new_name(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    chunk_keys *k = payload;

    if (!zh_grid_is_chunk_name(name) || is_in(k->others, name))
        return ZH_OK;
    return zh_key_list_add(is_prefix ? &k->names : &k->keys, name, err);
}

static int note_chunk_key(void *payload, const char *key, const char *name, zh_error *err)
{
    (void)name;
    return zh_grid_is_chunk_key(key) ? zh_key_list_add(payload, key, err) : ZH_OK;
}

static int erase_chunks(const zh_creation *c, const zh_buf *others, zh_error *err)
{
    chunk_keys k = {others, ZH_KEY_LIST_INIT, ZH_KEY_LIST_INIT};
    int rc = zh_store_list(c->store, "", note_new_name, &k, err);

    for (size_t i = 0; rc == ZH_OK && i < k.names.n; i++)
        rc = zh_keys_walk(c->store, k.names.item[i].name, note_chunk_key, &k.keys, err);
    for (size_t i = 0; rc == ZH_OK && i < k.keys.n; i++)
        rc = zh_store_erase(c->store, k.keys.item[i].name, err);
    zh_key_list_dispose(&k.names);
    zh_key_list_dispose(&k.keys);
    return rc;
}

/* --- a new subtree --- */

static bool is_document(const char *name)
{
    return strcmp(name, "zarr.json") == 0 || strcmp(name, ".zarray") == 0 || strcmp(name, ".zgroup") == 0 ||
           strcmp(name, ".zattrs") == 0;
}

/* A document of an entry of the plan, or a chunk of an array of it. key is relative to what the plan's are. */
static bool is_planned(const zh_creation *c, const char *key)
{
    const char *slash = strrchr(key, '/');
    uint32_t i;

    if (slash == NULL)
        return false;
    if (is_document(slash + 1))
        return zh_creation_find(c, key, (size_t)(slash - key)) != ZH_ENTRY_NONE;
    for (const char *end = slash; end > key; end--) {
        if (*end != '/')
            continue;
        i = zh_creation_find(c, key, (size_t)(end - key));
        if (i != ZH_ENTRY_NONE)
            return c->plan->entry[i].kind == ZH_NODE_ARRAY && zh_grid_is_chunk_key(end + 1);
    }
    return false;
}

typedef struct subtree {
    const zh_creation *c;
    zh_key_list ours;
    size_t others;
    char first[200];
} subtree;

static int sort_key(void *payload, const char *key, const char *name, zh_error *err)
{
    subtree *s = payload;

    (void)name;
    if (is_planned(s->c, key + (s->c->group_len > 0 ? s->c->group_len + 1 : 0)))
        return zh_key_list_add(&s->ours, key, err);
    if (s->others++ == 0)
        (void)memcpy(s->first, key, strnlen(key, sizeof(s->first) - 1));
    return ZH_OK;
}

/* What was moved to its place goes back, to be erased with the stage. */
static int undo_move(const zh_creation *c, const zh_done *d, zh_error *err)
{
    subtree s = {.c = c, .ours = ZH_KEY_LIST_INIT};
    int rc = zh_keys_walk(c->store, d->key, sort_key, &s, err);

    if (rc == ZH_OK && s.others == 0)
        rc = zh_move_once(c, d->deed, d->key, d->from, true, err);
    for (size_t i = s.ours.n; rc == ZH_OK && s.others > 0 && i-- > 0;)
        rc = zh_store_erase(c->store, s.ours.item[i].name, err);
    if (rc == ZH_OK && s.others > 0)
        rc =
            zh_error_set(err, ZH_EXISTS, "others have put %zu keys there, such as '%s', which stay", s.others, s.first);
    zh_key_list_dispose(&s.ours);
    return rc;
}

static int undo(zh_creation *c, const zh_done *d, zh_error *err)
{
    int rc = ZH_OK;

    switch (d->deed) {
    case ZH_DID_MOVE:
        rc = undo_move(c, d, err);
        break;
    case ZH_DID_ASIDE:
    case ZH_DID_EXCHANGE:
        rc = zh_move_once(c, d->deed, d->key, d->from, true, err);
        break;
    case ZH_DID_PUT:
        if (d->had_old)
            return zh_store_put(c->store, d->key, d->old.ptr, d->old.len, 0, err);
        return zh_store_erase(c->store, d->key, err);
    case ZH_DID_KEEP:
        return copy(c, d->from, d->key, 0, err);
    case ZH_DID_ROOT_ARRAY:
        return erase_chunks(c, &d->old, err);
    }
    if (rc == ZH_NOTFOUND)
        rc = zh_error_set(err, ZH_IO, "'%.200s' or '%.200s' in '%.60s' is gone", d->key, d->from,
                          zh_store_url(c->store));
    return rc;
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
