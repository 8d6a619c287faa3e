/* replace_root.c - a new root in the place of an old one, which cannot be exchanged as a whole: the new members are at
 * their places already.
 *
 * The root's document comes before old members go: a process that dies in between leaves too much, and nothing lost.
 * Only old chunks go before a new array's document, since under it they would be wrong; they do not come back if the
 * process dies just then. In v2 a root whose kind changes has both documents for a moment.
 */
#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"
#include "meta/grid.h"
#include "store/key_list.h"
#include "store/store_impl.h"

#include <string.h>

typedef struct old_root {
    bool zarray;
    bool chunks; /* there may be chunks: it was an array in either format, or nobody can say what it was */
    zh_key_list names;
} old_root;

static int look(old_root *old, zh_creation *c, zh_error *err)
{
    zh_error why = ZH_ERROR_INIT;
    int kind = -1, rc = zh_key_list_load(&old->names, c->store, "", err);

    for (size_t k = 0; rc == ZH_OK && k < old->names.n; k++) {
        const zh_key_entry *e = &old->names.item[k];

        old->zarray = old->zarray || (!e->is_prefix && strcmp(e->name, ".zarray") == 0);
    }
    if (rc < 0)
        return rc;
    rc = zh_scan_kind(&kind, c->store, "", ZH_V3, &why);
    if (rc == ZH_IO || rc == ZH_NOMEM) {
        if (err != NULL)
            *err = why;
        return rc;
    }
    old->chunks = old->zarray || rc < 0 || kind == ZH_NODE_ARRAY;
    return ZH_OK;
}

static bool is_planned(const zh_creation *c, const char *name)
{
    return zh_creation_find(c, name, strlen(name)) != ZH_ENTRY_NONE;
}

static int has_document(bool *out, const zh_creation *c, const char *name, zh_error *err)
{
    static const char *const documents[] = {"zarr.json", ".zarray", ".zgroup"};
    zh_buf key = ZH_BUF_INIT(1 << 16);
    int rc = ZH_NOTFOUND;

    for (size_t k = 0; rc == ZH_NOTFOUND && k < sizeof(documents) / sizeof(documents[0]); k++) {
        uint64_t size;

        key.len = 0;
        rc = zh_buf_puts(&key, name, err);
        if (rc == ZH_OK)
            rc = zh_creation_key(&key, documents[k], err) == NULL
                     ? ZH_NOMEM
                     : zh_store_size(c->store, (const char *)key.ptr, &size, err);
    }
    *out = rc == ZH_OK;
    zh_buf_dispose(&key);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

static int put_aside(zh_creation *c, const char *name, bool returns, zh_error *err)
{
    char *key = zh_strdup(name);

    if (key == NULL)
        return zh_error_nomem(err);
    return zh_move_aside(c, key, c->plan->n + c->n_journal, returns, err);
}

static bool is_foreign(const char *key)
{
    return !zh_grid_is_chunk_key(key);
}

/* Chunks of the old root, in the root itself ("0.1", "c.0") and below ("c/0/1", "0/1"). A member that has such a name
 * is in the way of a new array's, and so are chunks that lie there without an array. */
static int clear_chunks(zh_creation *c, const old_root *old, bool array, zh_error *err)
{
    int rc = ZH_OK;

    for (size_t k = 0; rc == ZH_OK && k < old->names.n; k++) {
        const zh_key_entry *e = &old->names.item[k];
        bool node = false, chunks = old->chunks || (array && !e->is_prefix);

        if (!zh_grid_is_chunk_name(e->name) || (e->is_prefix && is_planned(c, e->name)))
            continue;
        if (e->is_prefix)
            rc = has_document(&node, c, e->name, err);
        if (rc == ZH_OK && array && !node && !chunks) {
            rc = zh_keys_any(&chunks, c->store, e->name, is_foreign, err);
            chunks = !chunks;
        }
        if (rc < 0 || (node ? !array : !chunks))
            continue;
        rc = e->is_prefix ? put_aside(c, e->name, node, err) : zh_journal_keep(c, e->name, err);
    }
    return rc;
}

/* Old members that the plan does not name. Files of others stay, unless everything is to go. */
static int clear_members(zh_creation *c, const old_root *old, zh_error *err)
{
    int rc = ZH_OK;

    for (size_t k = 0; rc == ZH_OK && k < old->names.n; k++) {
        const zh_key_entry *e = &old->names.item[k];
        bool node = c->opts.purge;

        if (!e->is_prefix || is_planned(c, e->name))
            continue;
        if (!node)
            rc = has_document(&node, c, e->name, err);
        if (rc == ZH_OK && node)
            rc = put_aside(c, e->name, true, err);
        if (rc == ZH_NOTFOUND) /* chunks that have gone already */
            rc = ZH_OK;
    }
    return rc;
}

/* Documents of the root that the new one does not have; with purge, whatever else lies in it. */
static int clear_keys(zh_creation *c, const old_root *old, zh_error *err)
{
    zh_document d[2];
    const unsigned n = zh_entry_documents(d, &c->plan->entry[0], c->opts.always_zattrs);
    int rc = ZH_OK;

    for (size_t k = 0; rc == ZH_OK && k < old->names.n; k++) {
        const zh_key_entry *e = &old->names.item[k];
        bool own = c->consolidated_written && c->plan->format == ZH_V2 && strcmp(e->name, ".zmetadata") == 0;

        for (unsigned j = 0; j < n; j++)
            own = own || strcmp(e->name, zh_document_name(d[j])) == 0;
        if (e->is_prefix || own)
            continue;
        if (zh_store__is_document_key(e->name))
            rc = zh_journal_erase(c, e->name, err);
        else if (c->opts.purge)
            rc = zh_journal_keep(c, e->name, err);
    }
    return rc;
}

int zh_replace_root(zh_creation *c, zh_error *err)
{
    const bool array = c->plan->entry[0].kind == ZH_NODE_ARRAY;
    old_root old = {.names = ZH_KEY_LIST_INIT};
    int rc = look(&old, c, err);

    if (rc == ZH_OK && array)
        rc = clear_chunks(c, &old, true, err);
    if (rc == ZH_OK && array)
        rc = zh_journal_root_array(c, err);
    if (rc == ZH_OK)
        rc = zh_write_root(c, true, err);
    if (rc == ZH_OK && !array)
        rc = clear_chunks(c, &old, false, err);
    if (rc == ZH_OK)
        rc = clear_members(c, &old, err);
    if (rc == ZH_OK)
        rc = clear_keys(c, &old, err);
    zh_key_list_dispose(&old.names);
    return rc;
}
