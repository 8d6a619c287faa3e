/* write.c - the documents of entries: many at once under the stage or below something new, or at their own places over
 * what may be there, which is noted. */
#include "builder/consolidate.h"
#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"

#include <string.h>

/* The key of a document of entry i, where it is written. Siblings follow each other: the way to them is kept. */
static const char *key_of(zh_slot *slot, const zh_creation *c, uint32_t i, zh_document d, zh_error *err)
{
    slot->key.len = 0;
    if (zh_creation_place(c, i, &slot->key, err) < 0)
        return NULL;
    return zh_creation_key(&slot->key, zh_document_name(d), err);
}

static void name_failure(const zh_entry *e, zh_error *err)
{
    if (e->from_source && e->source->failed != NULL) {
        if (err != NULL)
            e->source->failed(e->source->payload, e->node, err);
        return;
    }
    zh_error_prefix(err, "creating '%.*s'", (int)(e->path_len > 200 ? 200 : e->path_len), e->path);
}

/* v2 has one document for each kind of node, so that an exclusive put of one does not see the other. */
static int look_first(zh_slot *slot, const zh_creation *c, uint32_t i, zh_error *err)
{
    static const zh_document kinds[] = {ZH_DOC_ZGROUP, ZH_DOC_ZARRAY};
    int rc = ZH_NOTFOUND;

    for (size_t k = 0; rc == ZH_NOTFOUND && k < 2; k++) {
        const char *key = key_of(slot, c, i, kinds[k], err);
        uint64_t size;

        rc = key == NULL ? ZH_NOMEM : zh_store_size(c->store, key, &size, err);
        if (rc == ZH_OK)
            return zh_error_set(err, ZH_EXISTS, "'%.300s' exists in '%.100s'", key, zh_store_url(c->store));
    }
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

/* In place, and below something that is replaced? */
static bool is_over(const zh_creation *c, uint32_t i)
{
    return !c->staged && c->top[i] != ZH_ENTRY_NONE;
}

/* v2: what an older node of that path had, and would be taken for a part of the new one. */
static int clear_others(zh_slot *slot, const zh_creation *c, uint32_t i, const zh_document *d, unsigned n,
                        zh_error *err)
{
    static const zh_document all[] = {ZH_DOC_ZARRAY, ZH_DOC_ZGROUP, ZH_DOC_ZATTRS};
    int rc = ZH_OK;

    for (size_t k = 0; rc == ZH_OK && k < sizeof(all) / sizeof(all[0]); k++) {
        bool own = false;

        for (unsigned j = 0; j < n; j++)
            own = own || d[j] == all[k];
        if (!own) {
            const char *key = key_of(slot, c, i, all[k], err);

            rc = key == NULL ? ZH_NOMEM : zh_store_erase(c->store, key, err);
        }
    }
    return rc;
}

static void stored(zh_creation *c, uint32_t i, zh_slot *slot)
{
    const zh_entry *e = &c->plan->entry[i];

    slot->nodes++;
    if (e->from_source && e->source->stored != NULL)
        e->source->stored(e->source->payload, e->node);
    if (!is_over(c, i))
        zh_deliveries_add(c, i);
}

/* Makes a document in slot->document, when there is room for it. */
static int format(zh_slot *slot, const zh_entry *e, zh_document d, const zh_buf *consolidated, zh_error *err)
{
    const size_t room = zh_entry_size(e, d) + (consolidated == NULL ? 0 : consolidated->len);
    const int rc = zh_slot_make_room(slot, room, err);

    return rc < 0 ? rc : zh_entry_format(&slot->document, e, d, consolidated, err);
}

static int write_one(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    zh_creation *c = payload;
    const uint32_t i = c->items[index];
    const zh_entry *e = &c->plan->entry[i];
    zh_document d[2];
    const unsigned n = zh_entry_documents(d, e, c->opts.always_zattrs);
    bool first = true;
    int rc = ZH_OK;

    if (slot->number == 0) {
        rc = zh_deliveries_run(c, err);
        if (rc < 0)
            return rc;
    }
    if (c->looks_first && e->format == ZH_V2)
        rc = look_first(slot, c, i, err);
    for (unsigned k = 0; rc == ZH_OK && k < n; k++) {
        const char *key = key_of(slot, c, i, d[k], err);

        rc = key == NULL ? ZH_NOMEM : format(slot, e, d[k], NULL, err);
        if (rc == ZH_OK)
            rc = zh_slot_put(slot, key,
                             (k + 1 < n ? c->early_flags : c->item_flags) | (first ? (unsigned)ZH_PUT_NEWDIR : 0), err);
        if (rc == ZH_OK && c->written != NULL)
            c->written[i]++;
        first = false;
    }
    if (rc == ZH_OK && c->clears && e->format == ZH_V2)
        rc = clear_others(slot, c, i, d, n, err);
    if (rc == ZH_EXISTS && c->keeps_implicit && e->given == NULL) {
        c->state[i] = ZH_AT_KEPT;
        return ZH_OK;
    }
    if (rc < 0) {
        name_failure(e, err);
        return rc;
    }
    stored(c, i, slot);
    return ZH_OK;
}

int zh_write_items(zh_creation *c, zh_error *err)
{
    const int rc = zh_writer_run(c->writer, c->n_items, write_one, c, err);

    return rc < 0 ? rc : zh_deliveries_run(c, err);
}

/* --- at their own places --- */

typedef struct noted {
    zh_creation *c;
    const uint32_t *entry;
    bool replace;
    zh_buf *consolidated; /* v3: to stand in the document; v2: .zmetadata; NULL: none */
} noted;

/* Of one entry. */
typedef struct place {
    const noted *all;
    zh_creation *c;
    uint32_t i;
    bool replace;
} place;

/* May there be such a key? Where nodes are replaced in place all keys are known. */
static bool may_be(const place *p, const char *key)
{
    return !is_over(p->c, p->i) || zh_old_keys_have(&p->c->old, key);
}

static int read_old(zh_slot *slot, const place *p, const char *key, bool *had, zh_error *err)
{
    int rc = ZH_NOTFOUND;

    slot->old.len = 0;
    if (may_be(p, key))
        rc = zh_store_get(p->c->store, key, &slot->old, err);
    *had = rc == ZH_OK;
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

/* Puts slot->document under a key of the entry, and notes it. exclusive: the put shows by its success that there was
 * nothing. */
static int put_noted(zh_slot *slot, const place *p, const char *key, bool exclusive, zh_error *err)
{
    zh_creation *c = p->c;
    bool had = false;
    char *own = zh_strdup(key);
    int rc = own == NULL ? zh_error_nomem(err) : ZH_OK;

    if (rc == ZH_OK && !exclusive)
        rc = read_old(slot, p, own, &had, err);
    if (rc == ZH_OK)
        rc = zh_slot_put(slot, own, exclusive ? ZH_PUT_EXCL : 0, err);
    if (rc == ZH_OK) {
        rc = zh_journal_add(c, ZH_DID_PUT, own, NULL, had ? &slot->old : NULL, err);
        if (rc == ZH_OK)
            return ZH_OK;
        /* What cannot be noted is taken back at once. */
        (void)(had ? zh_store_put(c->store, own, slot->old.ptr, slot->old.len, 0, NULL)
                   : zh_store_erase(c->store, own, NULL));
    }
    zh_free(own);
    return rc;
}

static int put_document(zh_slot *slot, const place *p, zh_document d, bool last, zh_error *err)
{
    const char *key = key_of(slot, p->c, p->i, d, err);
    int rc;

    if (key == NULL)
        return ZH_NOMEM;
    rc = format(slot, &p->c->plan->entry[p->i], d, p->all->consolidated, err);
    return rc < 0 ? rc : put_noted(slot, p, key, last && !p->replace, err);
}

static const char *key_named(zh_slot *slot, const place *p, const char *name, zh_error *err)
{
    slot->key.len = 0;
    return zh_creation_path(p->c, p->i, &slot->key, err) < 0 ? NULL : zh_creation_key(&slot->key, name, err);
}

static int put_zmetadata(zh_slot *slot, const place *p, zh_error *err)
{
    const zh_buf *value = p->all->consolidated;
    const char *key = key_named(slot, p, ".zmetadata", err);
    int rc = key == NULL ? ZH_NOMEM : zh_slot_make_room(slot, value->len, err);

    if (rc == ZH_OK)
        rc = zh_buf_append(&slot->document, value->ptr, value->len, err);
    return rc < 0 ? rc : put_noted(slot, p, key, false, err);
}

/* Documents of the node that was there, and that the new one does not have: they would contradict it. */
static int clear_documents(zh_slot *slot, const place *p, const zh_document *d, unsigned n, zh_error *err)
{
    static const char *const all[] = {"zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"};
    int rc = ZH_OK;

    for (size_t k = 0; rc == ZH_OK && k < sizeof(all) / sizeof(all[0]); k++) {
        bool own = p->all->consolidated != NULL && strcmp(all[k], ".zmetadata") == 0;
        const char *key;

        for (unsigned j = 0; j < n; j++)
            own = own || strcmp(all[k], zh_document_name(d[j])) == 0;
        if (own)
            continue;
        key = key_named(slot, p, all[k], err);
        if (key == NULL)
            rc = ZH_NOMEM;
        else if (may_be(p, key))
            rc = zh_journal_erase(p->c, key, err);
    }
    return rc;
}

static int write_noted(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    const noted *all = payload;
    zh_creation *c = all->c;
    const uint32_t i = all->entry[index];
    const place p = {all, c, i, all->replace || is_over(c, i)};
    const zh_entry *e = &c->plan->entry[i];
    zh_document d[2];
    const unsigned n = zh_entry_documents(d, e, c->opts.always_zattrs);
    int rc = slot->number == 0 ? zh_deliveries_run(c, err) : ZH_OK;

    if (rc < 0)
        return rc;
    if (all->consolidated != NULL && e->format == ZH_V2)
        rc = put_zmetadata(slot, &p, err);
    for (unsigned k = 0; rc == ZH_OK && k < n; k++)
        rc = put_document(slot, &p, d[k], k + 1 == n, err);
    if (rc == ZH_OK && p.replace)
        rc = clear_documents(slot, &p, d, n, err);
    if (rc < 0) {
        name_failure(e, err);
        return rc;
    }
    stored(c, i, slot);
    return ZH_OK;
}

static int run_noted(noted *all, size_t n, zh_error *err)
{
    const int rc = zh_writer_run(all->c->writer, n, write_noted, all, err);

    return rc < 0 ? rc : zh_deliveries_run(all->c, err);
}

int zh_write_noted(zh_creation *c, const uint32_t *entry, size_t n, bool replace, zh_error *err)
{
    noted all = {c, entry, replace, NULL};

    return run_noted(&all, n, err);
}

int zh_write_in_place(zh_creation *c, uint32_t i, bool replace, zh_error *err)
{
    return zh_write_noted(c, &i, 1, replace, err);
}

int zh_write_root(zh_creation *c, bool replace, zh_error *err)
{
    static const uint32_t root = 0;
    zh_buf consolidated = ZH_BUF_INIT((size_t)1 << 30);
    noted all = {c, &root, replace, NULL};
    int rc = ZH_OK;

    if (c->fresh && c->opts.consolidated == ZH_CONSOLIDATE_WRITE && c->plan->entry[0].kind == ZH_NODE_GROUP) {
        rc = zh_consolidate__plan(&consolidated, c->plan, err);
        all.consolidated = &consolidated;
        c->consolidated_written = true;
    }
    if (rc == ZH_OK)
        rc = run_noted(&all, 1, err);
    zh_buf_dispose(&consolidated);
    return rc;
}
