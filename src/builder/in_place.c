/* in_place.c - creation in a store that cannot move prefixes: everything is written where it belongs, what readers
 * could reach last. The store is locked from the first look to the end, since nothing else keeps two creators apart.
 *
 * What is replaced goes through these steps, of which the first three can be undone: the documents that they write over
 * or erase are in the journal. What an array holds is too much to be kept there.
 *   1. the new documents over the old ones, the deepest first, the topmost last (write_levels);
 *   2. the documents of old nodes that the plan does not name are erased (erase_documents);
 *   3. consolidated metadata are renewed, the store is flushed: the successor is there whole;
 *   4. the caller is told of the new nodes, and may write chunks; old chunks, and all else that is left, are erased.
 * The chunks first if a new array would have them for its own, else last: so an abort is undone wherever it can be.
 * Once a key is erased in step 4 the new nodes stay, and a failure is ZH_PARTIAL.
 *
 * Between the steps a reader finds each node old or new, and old ones below a replaced node from step 2 on not at all;
 * a v2 node whose kind changes has both documents for a moment, and one of two documents may be old, the other new.
 */
#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"
#include "meta/grid.h"
#include "store/key_list.h"

#include <string.h>

/* Is there something new above the entry, so that no reader would come to it? */
static bool is_hidden(const zh_creation *c, uint32_t i)
{
    const uint32_t parent = c->plan->entry[i].parent;

    return parent != ZH_ENTRY_NONE && c->state[parent] != ZH_AT_KEPT;
}

/* Here a top is what is replaced; the numbers of what is not below one are none. */
static void choose_tops(zh_creation *c)
{
    for (uint32_t i = 0; i < c->plan->n; i++) {
        if (c->state[i] != ZH_AT_REPLACED)
            continue;
        for (uint32_t k = i; k < c->plan->entry[i].end; k++)
            c->top[k] = c->n_tops;
        c->tops[c->n_tops++] = i;
    }
}

static bool is_over(const zh_creation *c, uint32_t i)
{
    return c->top[i] != ZH_ENTRY_NONE;
}

/* --- documents --- */

/* Entries that are new where nothing was: those that something new is above, or the topmost. */
static int write_new(zh_creation *c, bool hidden, zh_error *err)
{
    c->n_items = 0;
    for (uint32_t i = 0; i < c->plan->n; i++)
        if (c->state[i] == ZH_AT_NEW && !is_over(c, i) && is_hidden(c, i) == hidden)
            c->items[c->n_items++] = i;
    c->item_flags = c->early_flags = ZH_PUT_EXCL | (hidden ? (unsigned)ZH_PUT_PLAIN : 0);
    return zh_write_items(c, err);
}

/* What readers may see as it is written. The root is none of it: it comes by itself. */
static bool is_visible(const zh_creation *c, uint32_t i)
{
    return i > 0 && (is_over(c, i) || c->state[i] == ZH_AT_PLACE);
}

/* Sorts visible entries into c->items, the deepest first; end[d] is where those of depth d end. */
static void sort_by_depth(zh_creation *c, const uint32_t *depth, uint32_t *end, uint32_t deepest)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < c->plan->n; i++)
        end[depth[i]] += is_visible(c, i);
    for (uint32_t d = deepest + 1; d-- > 0;) {
        const uint32_t here = end[d];

        end[d] = sum; /* where the next one goes */
        sum += here;
    }
    for (uint32_t i = 0; i < c->plan->n; i++)
        if (is_visible(c, i))
            c->items[end[depth[i]]++] = i;
}

/* Level by level, since a group that is seen must not miss a member. */
static int write_by_depth(zh_creation *c, uint32_t *depth, uint32_t *end, zh_error *err)
{
    uint32_t deepest = 0, begin = 0;
    int rc = ZH_OK;

    for (uint32_t i = 1; i < c->plan->n; i++) {
        depth[i] = depth[c->plan->entry[i].parent] + 1;
        deepest = depth[i] > deepest ? depth[i] : deepest;
    }
    sort_by_depth(c, depth, end, deepest);
    for (uint32_t d = deepest + 1; rc == ZH_OK && d-- > 0;) {
        rc = zh_write_noted(c, c->items + begin, end[d] - begin, false, err);
        begin = end[d];
    }
    return rc;
}

static int write_levels(zh_creation *c, zh_error *err)
{
    uint32_t *depth = zh_calloc(c->plan->n, sizeof(*depth));
    uint32_t *end = zh_calloc(c->plan->n, sizeof(*end)); /* of each depth's run in c->items */
    int rc;

    if (depth == NULL || end == NULL)
        rc = zh_error_nomem(err);
    else
        rc = write_by_depth(c, depth, end, err);
    zh_free(depth);
    zh_free(end);
    return rc;
}

/* --- what is replaced --- */

typedef struct erasure {
    zh_creation *c;
    bool members; /* of the store's root, or deeper ones */
    bool kinds;   /* documents that make a node, or what belongs to them */
} erasure;

static bool makes_node(const char *name)
{
    return strcmp(name, ".zattrs") != 0 && strcmp(name, ".zmetadata") != 0;
}

static int erase_document(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    const erasure *e = payload;
    const zh_old_key *old = &e->c->old.item[index];
    const char *slash;

    (void)slot;
    if (old->sort != ZH_OLD_DOCUMENT)
        return ZH_OK;
    slash = strrchr(old->key, '/'); /* it is below the path of an entry: there is one */
    if ((strchr(old->key, '/') == slash) != e->members || makes_node(slash + 1) != e->kinds)
        return ZH_OK;
    return zh_journal_erase(e->c, old->key, err);
}

/* A node goes before its attributes do; members of the root go last, since by them all that is below is known for the
 * hierarchy's: should the process die, the creation that is done again finds it. */
static int erase_documents(zh_creation *c, zh_error *err)
{
    int rc = ZH_OK;

    for (int stroke = 0; rc == ZH_OK && stroke < 4; stroke++) {
        erasure e = {c, stroke >= 2, stroke % 2 == 0};

        rc = zh_writer_run(c->writer, c->old.n, erase_document, &e, err);
    }
    return rc;
}

static int erase_one(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    zh_creation *c = payload;
    const zh_old_key *old = &c->old.item[index];
    const int rc = old->sort == ZH_OLD_DATA ? zh_store_erase(c->store, old->key, err) : ZH_OK;

    slot->erased += old->sort == ZH_OLD_DATA && rc == ZH_OK;
    return rc;
}

static int erase_data(zh_creation *c, zh_error *err)
{
    const int rc = zh_writer_run(c->writer, c->old.n, erase_one, c, err);

    return rc < 0 ? rc : zh_creation_flush(c, err);
}

static int tell_replaced(zh_creation *c, zh_error *err)
{
    int rc;

    for (uint32_t i = 0; i < c->plan->n; i++)
        if (is_over(c, i))
            zh_deliveries_add(c, i);
    rc = zh_deliveries_run(c, err);
    return rc < 0 ? rc : zh_creation_flush(c, err);
}

static int finish_replacing(zh_creation *c, zh_error *err)
{
    int rc = c->old.in_the_way ? erase_data(c, err) : ZH_OK;

    if (rc == ZH_OK)
        rc = tell_replaced(c, err);
    return rc == ZH_OK && !c->old.in_the_way ? erase_data(c, err) : rc;
}

/* --- the way back --- */

static bool data_are_gone(const zh_creation *c)
{
    zh_writer_totals t;

    zh_writer_totals_get(c->writer, &t);
    return t.erased > 0;
}

static int stay(zh_error *err)
{
    zh_error_prefix(err,
                    "the new nodes stay, since chunks of those that they replace have been erased, which could not "
                    "be undone");
    if (err != NULL)
        err->code = ZH_PARTIAL;
    return ZH_PARTIAL;
}

static int take_back_documents(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    zh_creation *c = payload;
    const uint32_t i = c->items[index];
    zh_document d[2];
    const unsigned n = zh_entry_documents(d, &c->plan->entry[i], c->opts.always_zattrs);
    int rc = ZH_OK;

    for (unsigned k = c->written[i] < n ? c->written[i] : n; rc == ZH_OK && k-- > 0;) {
        const char *key;

        slot->key.len = 0;
        rc = zh_creation_path(c, i, &slot->key, err);
        key = rc < 0 ? NULL : zh_creation_key(&slot->key, zh_document_name(d[k]), err);
        rc = key == NULL ? ZH_NOMEM : zh_store_erase(c->store, key, err);
    }
    return rc;
}

typedef struct chunks {
    zh_store *store;
    size_t skip; /* bytes of a key before those of the chunk key */
} chunks;

static int erase_chunk(void *payload, const char *key, const char *name, zh_error *err)
{
    const chunks *ch = payload;

    (void)name;
    return zh_grid_is_chunk_key(key + ch->skip) ? zh_store_erase(ch->store, key, err) : ZH_OK;
}

/* Chunks that the caller has written into an array that goes: there were none before. */
static int take_back_chunks(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    zh_creation *c = payload;
    zh_buf path = ZH_BUF_INIT(1 << 16);
    zh_key_list found = ZH_KEY_LIST_INIT;
    chunks ch = {c->store, 0};
    int rc = zh_creation_path(c, c->items[index], &path, err);

    if (rc == ZH_OK)
        rc = zh_buf_cstr(&path, err) == NULL ? ZH_NOMEM
                                             : zh_key_list_load(&found, c->store, (const char *)path.ptr, err);
    ch.skip = path.len == 0 ? 0 : path.len + 1;
    for (size_t k = 0; rc == ZH_OK && k < found.n; k++) {
        const char *name = found.item[k].name, *key;

        if (!zh_grid_is_chunk_name(name))
            continue;
        slot->key.len = 0;
        rc = zh_key_join(&slot->key, (const char *)path.ptr, name, err);
        key = rc < 0 ? NULL : zh_buf_cstr(&slot->key, err);
        if (key == NULL)
            rc = ZH_NOMEM;
        else
            rc = found.item[k].is_prefix ? zh_keys_walk(c->store, key, erase_chunk, &ch, err)
                                         : zh_store_erase(c->store, key, err);
    }
    zh_key_list_dispose(&found);
    zh_buf_dispose(&path);
    return rc;
}

static bool goes_first(const zh_creation *c, uint32_t i)
{
    return c->written[i] > 0 && !is_hidden(c, i);
}

static bool goes_then(const zh_creation *c, uint32_t i)
{
    return c->written[i] > 0 && is_hidden(c, i);
}

static bool may_have_chunks(const zh_creation *c, uint32_t i)
{
    return c->plan->entry[i].kind == ZH_NODE_ARRAY && zh_deliveries_told(c, i);
}

/* In strokes: what readers see, what that was above of, and the chunks. A stroke that fails does not keep the next. */
static int undo(zh_creation *c, int cause, zh_error *err)
{
    static const struct {
        bool (*goes)(const zh_creation *c, uint32_t i);
        zh_writer_job how;
    } strokes[] = {
        {goes_first, take_back_documents}, {goes_then, take_back_documents}, {may_have_chunks, take_back_chunks}};
    zh_error why = ZH_ERROR_INIT;
    const int rc = zh_journal_undo(c, cause, err);
    int worst = ZH_OK;

    for (size_t k = 0; k < sizeof(strokes) / sizeof(strokes[0]); k++) {
        size_t n = 0;
        int done;

        for (uint32_t i = 0; i < c->plan->n; i++)
            if (strokes[k].goes(c, i))
                c->items[n++] = i;
        done = zh_writer_run(c->writer, n, strokes[k].how, c, &why);
        worst = worst < 0 ? worst : done;
    }
    if (worst == ZH_OK || rc == ZH_PARTIAL)
        return rc;
    return zh_error_set(err, ZH_PARTIAL, "what had been created could not all be removed: %.300s", why.message);
}

/* --- all together --- */

static int look(zh_creation *c, zh_error *err)
{
    int rc = zh_scan(c, err);

    if (rc < 0)
        return rc;
    choose_tops(c);
    rc = zh_old_keys_gather(&c->old, c, err);
    if (rc == ZH_OK && c->old.n > 0 && (zh_store_caps(c->store) & ZH_STORE_ERASE) == 0)
        rc = zh_error_set(err, ZH_UNSUPPORTED, "'%s' cannot erase what is to be replaced", zh_store_url(c->store));
    return rc;
}

static int write_all(zh_creation *c, zh_error *err)
{
    int rc = write_new(c, true, err);

    if (rc == ZH_OK)
        rc = write_levels(c, err);
    if (rc == ZH_OK)
        rc = write_new(c, false, err);
    if (rc == ZH_OK && (c->state[0] == ZH_AT_PLACE || c->state[0] == ZH_AT_REPLACED))
        rc = zh_write_root(c, c->state[0] == ZH_AT_REPLACED, err);
    return rc == ZH_EXISTS ? zh_error_set(err, ZH_RACE, "another creator was there first") : rc;
}

static int make(zh_creation *c, zh_error *err)
{
    int rc = look(c, err);

    if (rc == ZH_OK)
        rc = zh_stale_drop(c, err);
    if (rc == ZH_OK)
        rc = write_all(c, err);
    if (rc == ZH_OK)
        rc = erase_documents(c, err);
    if (rc == ZH_OK)
        rc = zh_stale_renew(c, err);
    if (rc == ZH_OK)
        rc = zh_creation_flush(c, err);
    return rc == ZH_OK && c->n_tops > 0 ? finish_replacing(c, err) : rc;
}

int zh_create_in_place(zh_creation *c, zh_error *err)
{
    int rc = zh_store_lock(c->store, err);

    if (rc < 0)
        return rc;
    memset(c->top, 0xff, c->plan->n * sizeof(*c->top));
    rc = make(c, err);
    if (rc < 0)
        rc = data_are_gone(c) ? stay(err) : undo(c, rc, err);
    zh_old_keys_dispose(&c->old);
    zh_store_unlock(c->store);
    return rc;
}
