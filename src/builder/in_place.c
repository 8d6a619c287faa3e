/* in_place.c - creation in a store that cannot move prefixes: everything is written where it belongs, what readers
 * could reach last. The store is locked from the first look to the end, since nothing else keeps two creators apart.
 *
 * What is replaced is overwritten document by document, the topmost last; the keys of the old nodes that the new ones
 * do not have go after that. Their documents are kept in memory until then, so that a failure can be undone.
 */
#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"
#include "store/key_list.h"

#include <stdlib.h>
#include <string.h>

/* Is there something new above the entry, so that no reader would come to it? */
static bool is_hidden(const zh_creation *c, uint32_t i)
{
    const uint32_t parent = c->plan->entry[i].parent;

    return parent != ZH_ENTRY_NONE && c->state[parent] != ZH_AT_KEPT;
}

/* --- what is replaced --- */

typedef struct old_keys {
    zh_creation *c;
    zh_key_list keys;
    bool root;
} old_keys;

static int note_key(void *payload, const char *key, const char *name, zh_error *err)
{
    (void)name;
    return zh_key_list_add(&((old_keys *)payload)->keys, key, err);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const zh_key_entry *)a)->name, ((const zh_key_entry *)b)->name);
}

/* Keys in the root of the store that belong to no node stay, unless all is to go: they have no document above them but
 * the root's own, and no name that a chunk or a document has. */
static bool is_foreign(const char *key)
{
    static const char *const documents[] = {"zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"};

    if (strchr(key, '/') != NULL)
        return false;
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        if (strcmp(key, documents[i]) == 0)
            return false;
    return strcmp(key, "c") != 0 && key[strspn(key, "0123456789.")] != '\0';
}

static int collect_old(zh_creation *c, zh_key_list *out, uint32_t i, zh_error *err)
{
    old_keys o = {c, ZH_KEY_LIST_INIT, i == 0};
    zh_buf path = ZH_BUF_INIT(1 << 16);
    int rc = zh_creation_path(c, i, &path, err);

    if (rc == ZH_OK)
        rc = zh_buf_cstr(&path, err) == NULL ? ZH_NOMEM
                                             : zh_keys_walk(c->store, (const char *)path.ptr, note_key, &o, err);
    for (size_t k = 0; rc == ZH_OK && k < o.keys.n; k++)
        if (c->opts.purge || path.len > 0 || !is_foreign(o.keys.item[k].name))
            rc = zh_key_list_add(out, o.keys.item[k].name, err);
    zh_key_list_dispose(&o.keys);
    zh_buf_dispose(&path);
    return rc;
}

static int collect_all_old(zh_creation *c, zh_key_list *out, zh_error *err)
{
    int rc = ZH_OK;

    for (uint32_t i = 0; rc == ZH_OK && i < c->plan->n; i++)
        if (c->state[i] == ZH_AT_REPLACED)
            rc = collect_old(c, out, i, err);
    if (rc == ZH_OK && out->n > 1)
        qsort(out->item, out->n, sizeof(*out->item), compare_keys);
    return rc;
}

/* Takes the keys that have just been written out of the list of those to be erased. */
static int keep_written(zh_creation *c, zh_key_list *old, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16);
    int rc = ZH_OK;

    for (uint32_t i = 0; rc == ZH_OK && old->n > 0 && i < c->plan->n; i++) {
        zh_document d[2];
        const unsigned n = zh_entry_documents(d, &c->plan->entry[i], c->opts.always_zattrs);

        for (unsigned k = 0; rc == ZH_OK && c->state[i] != ZH_AT_KEPT && k < n; k++) {
            zh_key_entry wanted, *found;

            key.len = 0;
            rc = zh_creation_path(c, i, &key, err);
            wanted.name = rc < 0 ? NULL : (char *)(uintptr_t)zh_creation_key(&key, zh_document_name(d[k]), err);
            if (wanted.name == NULL) {
                rc = ZH_NOMEM;
                break;
            }
            found = bsearch(&wanted, old->item, old->n, sizeof(*found), compare_keys);
            if (found != NULL)
                found->is_prefix = true; /* marked */
        }
    }
    if (c->consolidated_written)
        for (size_t k = 0; k < old->n; k++)
            if (strcmp(old->item[k].name, ".zmetadata") == 0)
                old->item[k].is_prefix = true;
    zh_buf_dispose(&key);
    return rc;
}

typedef struct erasure {
    zh_creation *c;
    const zh_key_list *keys;
} erasure;

static int erase_one(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    const erasure *e = payload;

    (void)slot;
    return e->keys->item[index].is_prefix ? ZH_OK : zh_store_erase(e->c->store, e->keys->item[index].name, err);
}

/* The new nodes are there: this cannot be undone any more. */
static int erase_old(zh_creation *c, zh_key_list *old, zh_error *err)
{
    erasure e = {c, old};
    int rc = keep_written(c, old, err);

    if (rc == ZH_OK)
        rc = zh_writer_run(c->writer, old->n, erase_one, &e, err);
    if (rc == ZH_OK)
        rc = zh_creation_flush(c, err);
    if (rc < 0) {
        zh_error_prefix(err, "the new nodes are stored, but keys of those that they replace are left");
        if (err != NULL)
            err->code = ZH_PARTIAL;
        return ZH_PARTIAL;
    }
    return ZH_OK;
}

/* --- new nodes --- */

static void choose_hidden(zh_creation *c)
{
    c->n_items = 0;
    for (uint32_t i = 0; i < c->plan->n; i++)
        if (c->state[i] == ZH_AT_NEW && is_hidden(c, i))
            c->items[c->n_items++] = i;
    c->item_flags = c->early_flags = ZH_PUT_PLAIN | ZH_PUT_EXCL;
}

static bool below_replaced(const zh_creation *c, uint32_t i)
{
    for (; i != ZH_ENTRY_NONE; i = c->plan->entry[i].parent)
        if (c->state[i] == ZH_AT_REPLACED)
            return true;
    return false;
}

/* Below what is replaced documents may be in the way: one by one, with what was there noted. */
static int write_over(zh_creation *c, zh_error *err)
{
    int rc = ZH_OK;

    for (uint32_t i = c->plan->n; rc == ZH_OK && i-- > 0;)
        if (c->state[i] != ZH_AT_KEPT && below_replaced(c, i))
            rc = i == 0 ? zh_write_root(c, true, err) : zh_write_in_place(c, i, true, err);
    return rc;
}

static void drop_replaced_items(zh_creation *c)
{
    uint32_t kept = 0;

    for (uint32_t k = 0; k < c->n_items; k++)
        if (!below_replaced(c, c->items[k]))
            c->items[kept++] = c->items[k];
    c->n_items = kept;
}

/* Tops, and what has no document above something: deepest first, so that the root comes last. Nodes side by side are
 * written together. */
static int write_visible(zh_creation *c, zh_error *err)
{
    int rc = ZH_OK;

    c->n_items = 0;
    for (uint32_t i = 0; i < c->plan->n; i++)
        if (c->state[i] == ZH_AT_NEW && !is_hidden(c, i))
            c->items[c->n_items++] = i;
    c->item_flags = c->early_flags = ZH_PUT_EXCL;
    rc = zh_write_items(c, err);
    for (uint32_t i = c->plan->n; rc == ZH_OK && i-- > 0;)
        if (c->state[i] == ZH_AT_PLACE && !below_replaced(c, i))
            rc = i == 0 ? zh_write_root(c, false, err) : zh_write_in_place(c, i, false, err);
    return rc;
}

/* --- the way back --- */

typedef struct undoing {
    zh_creation *c;
    uint32_t *entry;
} undoing;

static int erase_documents(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    const undoing *u = payload;
    const uint32_t i = u->entry[index];
    zh_document d[2];
    const unsigned n = zh_entry_documents(d, &u->c->plan->entry[i], u->c->opts.always_zattrs);
    int rc = ZH_OK;

    for (unsigned k = u->c->written[i] < n ? u->c->written[i] : n; rc == ZH_OK && k-- > 0;) {
        const char *key;

        slot->key.len = 0;
        rc = zh_creation_path(u->c, i, &slot->key, err);
        key = rc < 0 ? NULL : zh_creation_key(&slot->key, zh_document_name(d[k]), err);
        rc = key == NULL ? ZH_NOMEM : zh_store_erase(u->c->store, key, err);
    }
    return rc;
}

/* Documents of many go in two strokes: what readers see, then the rest. Chunks that the caller has written are below
 * arrays that go. */
static int undo(zh_creation *c, int cause, zh_error *err)
{
    undoing u = {c, c->items};
    zh_error why = ZH_ERROR_INIT;
    const int rc = zh_journal_undo(c, cause, err);
    int worst = ZH_OK;

    for (int hidden = 0; hidden <= 1; hidden++) {
        size_t n = 0;
        int erased;

        for (uint32_t i = 0; i < c->plan->n; i++)
            if (c->written[i] > 0 && (is_hidden(c, i) ? 1 : 0) == hidden)
                c->items[n++] = i;
        erased = zh_writer_run(c->writer, n, erase_documents, &u, &why);
        worst = worst < 0 ? worst : erased;
    }
    if (worst == ZH_OK || rc == ZH_PARTIAL)
        return rc;
    return zh_error_set(err, ZH_PARTIAL, "what had been created could not all be removed: %.300s", why.message);
}

static int make(zh_creation *c, zh_key_list *old, zh_error *err)
{
    int rc = zh_scan(c, err);

    if (rc == ZH_OK)
        rc = collect_all_old(c, old, err);
    if (rc == ZH_OK && old->n > 0 && (zh_store_caps(c->store) & ZH_STORE_ERASE) == 0)
        rc = zh_error_set(err, ZH_UNSUPPORTED, "'%s' cannot erase what is to be replaced", zh_store_url(c->store));
    if (rc == ZH_OK)
        rc = zh_stale_drop(c, err);
    if (rc < 0)
        return rc;
    choose_hidden(c);
    drop_replaced_items(c);
    rc = zh_write_items(c, err);
    if (rc == ZH_OK)
        rc = write_over(c, err);
    if (rc == ZH_OK)
        rc = write_visible(c, err);
    if (rc == ZH_EXISTS)
        rc = zh_error_set(err, ZH_RACE, "another creator was there first");
    return rc;
}

int zh_create_in_place(zh_creation *c, zh_error *err)
{
    zh_key_list old = ZH_KEY_LIST_INIT;
    int rc = zh_store_lock(c->store, err);

    if (rc < 0)
        return rc;
    memset(c->top, 0xff, c->plan->n * sizeof(*c->top));
    rc = make(c, &old, err);
    if (rc == ZH_OK)
        rc = zh_stale_renew(c, err);
    if (rc == ZH_OK)
        rc = zh_creation_flush(c, err);
    if (rc < 0)
        rc = undo(c, rc, err);
    else if (old.n > 0)
        rc = erase_old(c, &old, err);
    zh_key_list_dispose(&old);
    zh_store_unlock(c->store);
    return rc;
}
