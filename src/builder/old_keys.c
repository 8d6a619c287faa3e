/* old_keys.c - see old_keys.h. Prefixes are listed level by level, those of a level at once on the pool; the creation's
 * mutex guards what they put together. What is below a prefix is one run of the sorted keys. */
#include "builder/old_keys.h"

#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"
#include "meta/grid.h"
#include "store/key_list.h"
#include "store/store_impl.h"

#include <stdlib.h>
#include <string.h>

static const char *const documents[] = {"zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"};
#define N_DOCUMENTS (sizeof(documents) / sizeof(documents[0]))

static const char *name_of(const char *key)
{
    const char *slash = strrchr(key, '/');

    return slash == NULL ? key : slash + 1;
}

/* --- listing --- */

typedef struct walk {
    zh_creation *c;
    zh_old_keys *out;
    zh_key_list level, next; /* prefixes */
} walk;

static int add_key(zh_old_keys *o, const char *key, zh_error *err)
{
    if (o->n == o->cap) {
        const size_t cap = o->cap == 0 ? 64 : o->cap * 2;
        zh_old_key *grown = zh_reallocarray(o->item, cap, sizeof(*grown));

        if (grown == NULL)
            return zh_error_nomem(err);
        o->item = grown;
        o->cap = cap;
    }
    o->item[o->n] = (zh_old_key){zh_strdup(key), ZH_OLD_DATA, false};
    return o->item[o->n].key == NULL ? zh_error_nomem(err) : (o->n++, ZH_OK);
}

static int note(walk *w, const char *prefix, const zh_key_list *found, zh_buf *key, zh_error *err)
{
    int rc = ZH_OK;

    for (size_t k = 0; rc == ZH_OK && k < found->n; k++) {
        const char *text;

        key->len = 0;
        rc = zh_key_join(key, prefix, found->item[k].name, err);
        text = rc < 0 ? NULL : zh_buf_cstr(key, err);
        if (text == NULL)
            rc = ZH_NOMEM;
        else
            rc = found->item[k].is_prefix ? zh_key_list_add(&w->next, text, err) : add_key(w->out, text, err);
    }
    return rc;
}

static int list_one(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    walk *w = payload;
    const char *prefix = w->level.item[index].name;
    zh_key_list found = ZH_KEY_LIST_INIT;
    int rc = zh_key_list_load(&found, w->c->store, prefix, err);

    (void)pthread_mutex_lock(&w->c->mutex);
    if (rc == ZH_OK)
        rc = note(w, prefix, &found, &slot->key, err);
    (void)pthread_mutex_unlock(&w->c->mutex);
    zh_key_list_dispose(&found);
    return rc;
}

static int add_tops(walk *w, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT(1 << 16);
    int rc = ZH_OK;

    for (uint32_t k = 0; rc == ZH_OK && k < w->c->n_tops; k++) {
        path.len = 0;
        rc = zh_creation_path(w->c, w->c->tops[k], &path, err);
        if (rc == ZH_OK)
            rc = zh_buf_cstr(&path, err) == NULL ? ZH_NOMEM : zh_key_list_add(&w->level, (char *)path.ptr, err);
    }
    zh_buf_dispose(&path);
    return rc;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const zh_old_key *)a)->key, ((const zh_old_key *)b)->key);
}

static int list_all(zh_old_keys *out, zh_creation *c, zh_error *err)
{
    walk w = {c, out, ZH_KEY_LIST_INIT, ZH_KEY_LIST_INIT};
    int rc = add_tops(&w, err);

    while (rc == ZH_OK && w.level.n > 0) {
        rc = zh_writer_run(c->writer, w.level.n, list_one, &w, err);
        zh_key_list_dispose(&w.level);
        w.level = w.next;
        w.next = (zh_key_list)ZH_KEY_LIST_INIT;
    }
    zh_key_list_dispose(&w.level);
    zh_key_list_dispose(&w.next);
    if (rc == ZH_OK && out->n > 1)
        qsort(out->item, out->n, sizeof(*out->item), compare);
    return rc;
}

/* --- looking up --- */

static zh_old_key *find(const zh_old_keys *o, const char *key)
{
    const zh_old_key wanted = {(char *)(uintptr_t)key, ZH_OLD_DATA, false};

    return o->n == 0 ? NULL : bsearch(&wanted, o->item, o->n, sizeof(*o->item), compare);
}

bool zh_old_keys_have(const zh_old_keys *o, const char *key)
{
    return find(o, key) != NULL;
}

/* How many keys stand before those that begin with n bytes of prefix; or_are: or are among those. */
static size_t count_before(const zh_old_keys *o, const char *prefix, size_t n, bool or_are)
{
    size_t begin = 0, end = o->n;

    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;
        const int order = strncmp(o->item[middle].key, prefix, n);

        if (order < 0 || (or_are && order == 0))
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* Calls fn with the run of keys below each entry that it wants, and how long the entry's prefix is. */
typedef void (*run_fn)(zh_old_keys *o, size_t begin, size_t end, size_t prefix);

static int each_run(zh_old_keys *o, const zh_creation *c, bool (*wants)(const zh_entry *e), run_fn fn, zh_error *err)
{
    zh_buf prefix = ZH_BUF_INIT(1 << 16);
    int rc = ZH_OK;

    for (uint32_t i = 0; rc == ZH_OK && i < c->plan->n; i++) {
        const char *text;

        if (c->top[i] == ZH_ENTRY_NONE || !wants(&c->plan->entry[i]))
            continue;
        prefix.len = 0;
        rc = zh_creation_path(c, i, &prefix, err);
        if (rc == ZH_OK && prefix.len > 0)
            rc = zh_buf_putc(&prefix, '/', err);
        if (rc < 0)
            break;
        text = prefix.len == 0 ? "" : (const char *)prefix.ptr;
        fn(o, count_before(o, text, prefix.len, false), count_before(o, text, prefix.len, true), prefix.len);
    }
    zh_buf_dispose(&prefix);
    return rc;
}

/* --- what goes of what is below the root --- */

static bool is_member(const zh_entry *e)
{
    return e->parent == 0;
}

static void mark_run(zh_old_keys *o, size_t begin, size_t end, size_t prefix)
{
    (void)prefix;
    for (size_t k = begin; k < end; k++)
        o->item[k].goes = true;
}

/* Chunks in the root: of the array that stands there, or that is to stand there. A document that cannot be read may be
 * that of an array. */
static int has_root_chunks(bool *out, const zh_old_keys *o, const zh_creation *c, zh_error *err)
{
    int kind = ZH_NODE_ARRAY, rc = ZH_OK;

    *out = c->plan->entry[0].kind == ZH_NODE_ARRAY || zh_old_keys_have(o, ".zarray");
    if (*out || !zh_old_keys_have(o, "zarr.json"))
        return ZH_OK;
    rc = zh_scan_kind(&kind, c->store, "", ZH_V3, err);
    if (rc == ZH_CORRUPT) {
        kind = ZH_NODE_ARRAY;
        rc = ZH_OK;
    }
    *out = kind == ZH_NODE_ARRAY;
    return rc;
}

static void drop_foreign(zh_old_keys *o)
{
    size_t kept = 0;

    for (size_t k = 0; k < o->n; k++) {
        if (o->item[k].goes)
            o->item[kept++] = o->item[k];
        else
            zh_free(o->item[k].key);
    }
    o->n = kept;
}

static int leave_foreign(zh_old_keys *o, const zh_creation *c, zh_error *err)
{
    bool chunks = false;
    int rc = has_root_chunks(&chunks, o, c, err);

    if (rc == ZH_OK)
        rc = each_run(o, c, is_member, mark_run, err);
    if (rc < 0)
        return rc;
    for (size_t k = 0; k < o->n; k++) {
        const char *key = o->item[k].key, *name = name_of(key);
        const size_t prefix = (size_t)(name - key);

        if ((prefix == 0 && zh_store__is_document_key(name)) || (chunks && zh_grid_is_chunk_key(key)))
            o->item[k].goes = true;
        if (prefix > 0 && strchr(key, '/') + 1 == name && !o->item[k].goes && zh_store__is_document_key(name))
            mark_run(o, count_before(o, key, prefix, false), count_before(o, key, prefix, true), prefix);
    }
    drop_foreign(o);
    return ZH_OK;
}

/* --- sorts --- */

static int mark_entry(zh_old_keys *o, const zh_creation *c, uint32_t i, zh_buf *key, zh_error *err)
{
    for (size_t k = 0; k < N_DOCUMENTS; k++) {
        const char *text;
        zh_old_key *found;

        key->len = 0;
        text = zh_creation_path(c, i, key, err) < 0 ? NULL : zh_creation_key(key, documents[k], err);
        if (text == NULL)
            return ZH_NOMEM;
        found = find(o, text);
        if (found != NULL)
            found->sort = ZH_OLD_OF_ENTRY;
    }
    return ZH_OK;
}

static bool is_array(const zh_entry *e)
{
    return e->kind == ZH_NODE_ARRAY;
}

static void look_for_chunks(zh_old_keys *o, size_t begin, size_t end, size_t prefix)
{
    for (size_t k = begin; !o->in_the_way && k < end; k++)
        o->in_the_way = zh_grid_is_chunk_key(o->item[k].key + prefix);
}

static int sort_out(zh_old_keys *o, const zh_creation *c, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16);
    int rc = ZH_OK;

    for (size_t k = 0; k < o->n; k++)
        if (zh_store__is_document_key(o->item[k].key))
            o->item[k].sort = ZH_OLD_DOCUMENT;
    for (uint32_t i = 0; rc == ZH_OK && o->n > 0 && i < c->plan->n; i++)
        if (c->top[i] != ZH_ENTRY_NONE)
            rc = mark_entry(o, c, i, &key, err);
    zh_buf_dispose(&key);
    return rc < 0 ? rc : each_run(o, c, is_array, look_for_chunks, err);
}

int zh_old_keys_gather(zh_old_keys *out, zh_creation *c, zh_error *err)
{
    int rc = list_all(out, c, err);

    if (rc == ZH_OK && c->state[0] == ZH_AT_REPLACED && !c->opts.purge)
        rc = leave_foreign(out, c, err);
    return rc < 0 ? rc : sort_out(out, c, err);
}

void zh_old_keys_dispose(zh_old_keys *o)
{
    for (size_t k = 0; k < o->n; k++)
        zh_free(o->item[k].key);
    zh_free(o->item);
    *o = (zh_old_keys)ZH_OLD_KEYS_INIT;
}
