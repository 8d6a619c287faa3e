/* check.c - looking for what a hierarchy should not have: leftovers of killed creators, nodes that no reader comes to,
 * documents that contradict each other.
 *
 * Every prefix is looked at by a worker, which notes what is wrong there; the caller's thread has it mended and tells
 * it, in the order of paths (tree_walk.h). Chunks are not walked through: below an array only what is not a chunk by
 * its name. Without a document to say what it is, a prefix holds chunks if their names are those of chunks all the way
 * from it, and somebody's files otherwise.
 */
#include "builder/check.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/json.h"
#include "base/key.h"
#include "builder/plan_internal.h"
#include "meta/grid.h"
#include "store/store_impl.h"

#include <string.h>

/* What a prefix holds. */
typedef struct content {
    zh_key_list names, temporaries;
    bool zarr_json, zarray, zgroup, zattrs, zmetadata;
    zh_within within; /* what lies below lies in such a thing */
    bool *passed;     /* names that are not looked at: keys, and the chunks of an array */
    bool *chunks;     /* prefixes of chunks without an array */
} content;

int zh_check_has_node(bool *has, zh_store *s, const char *path, zh_error *err)
{
    zh_key_list names = ZH_KEY_LIST_INIT;
    const int rc = zh_key_list_load(&names, s, path, err);

    *has = false;
    for (size_t i = 0; rc == ZH_OK && i < names.n; i++)
        *has = *has || (!names.item[i].is_prefix && zh_store__is_root_document(names.item[i].name));
    zh_key_list_dispose(&names);
    return rc;
}

static void found(zh_place *p, zh_finding_kind kind)
{
    p->found |= 1u << kind;
}

static int found_because(zh_place *p, zh_finding_kind kind, const zh_error *why, zh_error *err)
{
    found(p, kind);
    zh_free(p->why);
    p->why = zh_strdup(why->message);
    return p->why == NULL ? zh_error_nomem(err) : ZH_OK;
}

/* --- places --- */

static void dispose_place(zh_tree_item *item)
{
    zh_place *p = (zh_place *)item;

    zh_free(p->path);
    zh_free(p->why);
    zh_free(p);
}

static int new_place(zh_place **out, const char *path, const char *name, zh_within within, zh_error *err)
{
    zh_buf full = ZH_BUF_INIT(ZH_KEY_MAX);
    zh_place *p = zh_calloc(1, sizeof(*p));
    int rc;

    *out = NULL;
    if (p == NULL) {
        (void)zh_error_nomem(err);
        return ZH_NOMEM;
    }
    rc = zh_key_join(&full, path, name, err);
    if (rc == ZH_OK) {
        p->within = within;
        p->path = zh_strndup((const char *)full.ptr, full.len);
        if (p->path == NULL)
            rc = zh_error_nomem(err);
    }
    zh_buf_dispose(&full);
    if (rc < 0) {
        zh_free(p);
        return rc;
    }
    *out = p;
    return ZH_OK;
}

static int add_place(zh_place *p, const char *name, zh_within within, bool temporary, zh_error *err)
{
    const size_t room = temporary ? 2 : ZH_PATH_ROOM;
    zh_place *below;
    int rc;

    if (strlen(p->path) + strlen(name) + room > ZH_KEY_MAX)
        return ZH_OK; /* no node can be that deep */
    rc = new_place(&below, p->path, name, within, err);
    if (rc < 0)
        return rc;
    if (temporary)
        found(below, ZH_FOUND_TEMPORARY);
    zh_tree_add(&p->item, &below->item);
    return ZH_OK;
}

/* Two lists in the order of names to one. A temporary name may be that of a key and of a prefix. */
static int add_below(zh_place *p, const content *k, zh_error *err)
{
    const zh_key_list *names = &k->names, *temporaries = &k->temporaries;
    int rc = ZH_OK;

    for (size_t i = 0, t = 0; rc == ZH_OK && (i < names->n || t < temporaries->n);) {
        const char *temporary = t < temporaries->n ? temporaries->item[t].name : NULL;

        if (temporary != NULL && (i == names->n || strcmp(temporary, names->item[i].name) < 0)) {
            if (t == 0 || strcmp(temporary, temporaries->item[t - 1].name) != 0)
                rc = add_place(p, temporary, WITHIN_NOTHING, true, err);
            t++;
        } else {
            if (!k->passed[i])
                rc = add_place(p, names->item[i].name, k->chunks[i] ? WITHIN_ARRAY : k->within, false, err);
            i++;
        }
    }
    return rc;
}

/* --- what lies at a prefix --- */

static void note_name(content *k, const zh_key_entry *e)
{
    if (e->is_prefix)
        return;
    k->zarr_json = k->zarr_json || strcmp(e->name, "zarr.json") == 0;
    k->zarray = k->zarray || strcmp(e->name, ".zarray") == 0;
    k->zgroup = k->zgroup || strcmp(e->name, ".zgroup") == 0;
    k->zattrs = k->zattrs || strcmp(e->name, ".zattrs") == 0;
    k->zmetadata = k->zmetadata || strcmp(e->name, ".zmetadata") == 0;
}

static int add_temporary(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)is_prefix;
    return zh_key_list_add(payload, name, err);
}

static int list(content *k, const zh_checking *c, const char *path, zh_error *err)
{
    int rc = zh_reader_list(&k->names, c->store, path, err);

    if (rc == ZH_OK)
        rc = zh_store_list_temporary(c->store, path, add_temporary, &k->temporaries, err);
    if (rc < 0)
        return rc;
    k->passed = zh_calloc(k->names.n + 1, sizeof(*k->passed));
    k->chunks = zh_calloc(k->names.n + 1, sizeof(*k->chunks));
    if (k->passed == NULL || k->chunks == NULL)
        return zh_error_nomem(err);
    for (size_t i = 0; i < k->names.n; i++) {
        note_name(k, &k->names.item[i]);
        k->passed[i] = !k->names.item[i].is_prefix;
    }
    return ZH_OK;
}

static void dispose_content(content *k)
{
    zh_key_list_dispose(&k->names);
    zh_key_list_dispose(&k->temporaries);
    zh_free(k->passed);
    zh_free(k->chunks);
}

/* --- no document --- */

typedef struct stray {
    size_t skip; /* bytes of a key before what is relative to the prefix */
    bool chunks, node;
} stray;

static int note_stray(void *payload, const char *key, const char *name, zh_error *err)
{
    stray *s = payload;

    s->chunks = s->chunks || zh_grid_is_chunk_key(key + s->skip);
    s->node = zh_store__is_root_document(name);
    return s->node ? zh_error_set(err, ZH_ABORTED, "one is enough") : ZH_OK;
}

/* Are those of a prefix below path, whose name could be the first of a chunk's key, chunks and no nodes? */
static int holds_chunks(bool *is, const zh_checking *c, const char *path, const char *name, zh_error *err)
{
    stray s = {*path == '\0' ? 0 : strlen(path) + 1, false, false};
    zh_buf prefix = ZH_BUF_INIT(ZH_KEY_MAX);
    zh_error why = ZH_ERROR_INIT;
    const char *text;
    int rc = zh_key_join(&prefix, path, name, &why);

    text = rc < 0 ? NULL : zh_buf_cstr(&prefix, &why);
    rc = text == NULL ? ZH_NOMEM : zh_keys_walk(c->store, text, note_stray, &s, &why);
    zh_buf_dispose(&prefix);
    *is = rc == ZH_OK && s.chunks;
    if (rc == ZH_OK || (rc == ZH_ABORTED && s.node) || zh_reader_in_circles(&why))
        return ZH_OK;
    if (err != NULL)
        *err = why;
    return rc;
}

static int look_for_orphans(const zh_checking *c, zh_place *p, content *k, zh_error *err)
{
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < k->names.n; i++) {
        const zh_key_entry *e = &k->names.item[i];
        bool chunks = zh_grid_is_chunk_name(e->name);

        if (chunks && e->is_prefix) {
            rc = holds_chunks(&chunks, c, p->path, e->name, err);
            k->chunks[i] = chunks;
        }
        if (rc == ZH_OK && chunks)
            found(p, ZH_FOUND_ORPHAN_CHUNKS);
    }
    return rc;
}

/* A prefix without a document: its group has none of its own, or it is chunks, or nothing of ours. Below an array, and
 * below what may be one, there is nothing more to be said. */
static int look_at_bare(const zh_checking *c, zh_place *p, content *k, zh_error *err)
{
    if (p->within == WITHIN_ARRAY || p->within == WITHIN_DAMAGE) {
        k->within = p->within;
        return ZH_OK;
    }
    k->within = WITHIN_NOTHING;
    if (k->zattrs)
        found(p, ZH_FOUND_HALF_NODE);
    return look_for_orphans(c, p, k, err);
}

/* --- a node --- */

static void look_for_contradictions(zh_place *p, const content *k)
{
    if (k->zarray && k->zgroup)
        found(p, ZH_FOUND_BOTH_KINDS);
    if (k->zarr_json && (k->zarray || k->zgroup))
        found(p, ZH_FOUND_BOTH_FORMATS);
    if (p->within == WITHIN_ARRAY)
        found(p, ZH_FOUND_INSIDE_ARRAY);
    if (p->within == WITHIN_NOTHING || p->within == WITHIN_DAMAGE)
        found(p, ZH_FOUND_UNREACHABLE);
}

/* meta NULL: an array of which no more is known. */
static void pass_chunks(content *k, const zh_array_meta *meta)
{
    for (size_t i = 0; i < k->names.n; i++) {
        const char *name = k->names.item[i].name;
        const bool with_c = name[0] == 'c';

        if (zh_grid_is_chunk_name(name) && (meta == NULL || with_c == (meta->keys == ZH_KEYS_DEFAULT)))
            k->passed[i] = true;
    }
}

static int carries_consolidated(bool *yes, const zh_handle *group, zh_error *err)
{
    zh_json *j = NULL;
    int rc;

    *yes = false;
    if (strstr(group->document, "\"consolidated_metadata\"") == NULL)
        return ZH_OK;
    rc = zh_json_parse(&j, group->document, strlen(group->document), err);
    if (rc < 0)
        return rc;
    *yes = zh_json_typeof(zh_json_get(j, "consolidated_metadata")) == ZH_JSON_OBJECT;
    zh_json_free(j);
    return ZH_OK;
}

static int look_at_handle(zh_place *p, content *k, const zh_handle *h, zh_error *err)
{
    p->is_readable = true;
    if (h->kind == ZH_NODE_ARRAY) {
        k->within = WITHIN_ARRAY;
        pass_chunks(k, h->meta);
        return ZH_OK;
    }
    k->within = WITHIN_GROUP;
    return h->format == ZH_V3 ? carries_consolidated(&p->consolidated[1], h, err) : ZH_OK;
}

/* What it was meant to be shows what below it is chunks. */
static int look_at_damage(zh_place *p, content *k, const zh_reader *r, const zh_error *why, zh_error *err)
{
    bool array = k->zarray && !k->zarr_json;
    zh_json *j = NULL;

    if (k->zarr_json && zh_json_parse(&j, (const char *)r->text.ptr, r->text.len, NULL) == ZH_OK) {
        const char *type = zh_json_str(zh_json_get(j, "node_type"));

        array = type != NULL && strcmp(type, "array") == 0;
        zh_json_free(j);
    }
    k->within = array ? WITHIN_ARRAY : WITHIN_DAMAGE;
    if (array)
        pass_chunks(k, NULL);
    return found_because(p, ZH_FOUND_BAD_DOCUMENT, why, err);
}

static int look_at_node(const zh_checking *c, zh_place *p, content *k, unsigned worker, zh_error *err)
{
    const zh_format format = k->zarr_json ? ZH_V3 : ZH_V2;
    zh_reader *reader = &c->readers[worker];
    zh_error why = ZH_ERROR_INIT;
    zh_handle *h = NULL;
    int rc;

    p->is_node = true;
    look_for_contradictions(p, k);
    k->within = WITHIN_GROUP;
    rc = zh_reader_node(&h, reader, c->store, p->path, format, &why);
    if (rc == ZH_OK) {
        rc = look_at_handle(p, k, h, err);
        zh_handle_close(h);
    } else if (rc == ZH_AMBIGUOUS_NODE) {
        pass_chunks(k, NULL);
        rc = ZH_OK;
    } else if (rc == ZH_CORRUPT || rc == ZH_RANGE) {
        rc = look_at_damage(p, k, reader, &why, err);
    } else if (rc == ZH_NOTFOUND) {
        rc = ZH_OK; /* gone meanwhile */
    } else if (err != NULL) {
        *err = why;
    }
    return rc;
}

/* --- */

static int look(void *payload, zh_tree_item *item, unsigned worker, zh_error *err)
{
    const zh_checking *c = payload;
    zh_place *p = (zh_place *)item;
    content k = {.names = ZH_KEY_LIST_INIT, .temporaries = ZH_KEY_LIST_INIT};
    zh_error why = ZH_ERROR_INIT;
    int rc;

    if (zh_place_has(p->found, ZH_FOUND_TEMPORARY))
        return ZH_OK;
    rc = list(&k, c, p->path, &why);
    if (rc == ZH_OK && (k.zarr_json || k.zarray || k.zgroup))
        rc = look_at_node(c, p, &k, worker, &why);
    else if (rc == ZH_OK)
        rc = look_at_bare(c, p, &k, &why);
    if (rc == ZH_OK && k.zmetadata && p->within != WITHIN_ARRAY) {
        p->consolidated[0] = k.zgroup;
        p->lone_zmetadata = !k.zgroup;
    }
    if (p->lone_zmetadata)
        found(p, ZH_FOUND_STALE_CONSOLIDATED);
    if (rc == ZH_OK)
        rc = add_below(p, &k, &why);
    dispose_content(&k);
    if (rc < 0 && zh_reader_in_circles(&why))
        return found_because(p, ZH_FOUND_LINK_LOOP, &why, err);
    if (rc < 0 && err != NULL)
        *err = why;
    return rc;
}

/* --- telling --- */

static const char *message_of(const zh_place *p, zh_finding_kind kind)
{
    const bool spared = zh_place_has(p->spared, kind);

    switch (kind) {
    case ZH_FOUND_TEMPORARY:
        return "left by a creator that was stopped";
    case ZH_FOUND_UNREACHABLE:
        if (p->within == WITHIN_DAMAGE)
            return "no reader comes to this node: the document of the group it is in is damaged";
        return spared
                   ? "no reader comes to this node: the group it is in has no document; it stays for what else is in it"
                   : "no reader comes to this node: the group it is in has no document";
    case ZH_FOUND_HALF_NODE:
        return spared ? "a .zattrs without .zgroup or .zarray; it stays for what else lies there"
                      : "a .zattrs without .zgroup or .zarray";
    case ZH_FOUND_ORPHAN_CHUNKS:
        return spared ? "named as chunks of an array that has no document; they stay for what else lies there"
                      : "chunks of an array that has no document";
    case ZH_FOUND_BOTH_KINDS:
        return ".zarray and .zgroup";
    case ZH_FOUND_BOTH_FORMATS:
        return "documents of Zarr v2 and v3";
    case ZH_FOUND_INSIDE_ARRAY:
        return "a node below an array";
    case ZH_FOUND_STALE_CONSOLIDATED:
        return p->lone_zmetadata ? "a .zmetadata without a .zgroup"
                                 : "consolidated metadata that are not those of the documents";
    case ZH_FOUND_BAD_DOCUMENT:
    case ZH_FOUND_LINK_LOOP:
        break;
    }
    return p->why;
}

static int tell(zh_checking *c, const zh_place *p, zh_error *err)
{
    for (unsigned kind = 0; kind <= ZH_FOUND_LINK_LOOP; kind++) {
        zh_finding finding = {(zh_finding_kind)kind, p->path, zh_place_has(p->mended, kind), NULL};

        if (!zh_place_has(p->found, kind))
            continue;
        finding.message = message_of(p, kind);
        c->stats.findings++;
        c->stats.repaired += finding.repaired;
        if (c->opts->finding != NULL && c->opts->finding(c->opts->payload, &finding) != 0)
            return zh_error_set(err, ZH_ABORTED, "the caller asked to stop");
    }
    return ZH_OK;
}

static bool went_with_another(const zh_checking *c, const zh_place *p)
{
    const size_t n = c->gone == NULL ? 0 : strlen(c->gone);

    return n > 0 && strncmp(p->path, c->gone, n) == 0 && p->path[n] == '/' &&
           !zh_place_has(p->found, ZH_FOUND_TEMPORARY);
}

static int deliver(void *payload, zh_tree_item *item, zh_error *err)
{
    zh_checking *c = payload;
    zh_place *p = (zh_place *)item;
    int rc = ZH_OK;

    if (went_with_another(c, p))
        return ZH_OK;
    if (*p->path == '\0') {
        c->any = p->is_node;
        c->rooted = p->is_readable;
    }
    c->stats.nodes += p->is_node;
    for (unsigned i = 0; rc == ZH_OK && i < 2; i++) {
        bool stale = false;

        if (p->consolidated[i])
            rc = zh_check_is_stale(&stale, c, p->path, i == 0 ? ZH_V2 : ZH_V3, err);
        p->consolidated[i] = stale;
        if (stale)
            found(p, ZH_FOUND_STALE_CONSOLIDATED);
    }
    if (rc == ZH_OK)
        rc = zh_check_mend(c, p, err);
    return rc < 0 ? rc : tell(c, p, err);
}

/* --- the whole --- */

static int flush(zh_checking *c, zh_error *err)
{
    int rc = zh_store_lock(c->store, err);

    if (rc < 0)
        return rc;
    rc = zh_store_flush(c->store, err);
    zh_store_unlock(c->store);
    return rc;
}

static int run(zh_checking *c, zh_error *err)
{
    const zh_tree tree = {look, deliver, dispose_place, c};
    zh_place *root;
    int rc = zh_pool_new(&c->pool, c->opts->requests > 0 ? c->opts->requests : zh_store_depth(c->store), err);

    if (rc < 0)
        return rc;
    rc = zh_readers_new(&c->readers, zh_pool_width(c->pool), err);
    if (rc == ZH_OK) {
        rc = new_place(&root, "", "", WITHIN_GROUP, err);
        if (rc == ZH_OK)
            rc = zh_tree_walk(&tree, &root->item, c->pool, err);
        zh_readers_free(c->readers, zh_pool_width(c->pool));
    }
    zh_pool_free(c->pool);
    zh_free(c->gone);
    return rc;
}

int zh_check(zh_store *s, const zh_check_options *opts, zh_error *err)
{
    static const zh_check_options defaults = ZH_CHECK_OPTIONS_INIT;
    zh_checking c = {.store = s, .opts = opts == NULL ? &defaults : opts};
    int rc;

    if (c.opts->version != ZH_CHECK_OPTIONS_VERSION)
        return zh_error_set(err, ZH_INVALID, "version %u of zh_check_options is not known here", c.opts->version);
    if ((c.opts->repair || c.opts->remove) && (zh_store_caps(s) & ZH_STORE_WRITE) == 0)
        return zh_error_set(err, ZH_READONLY, "'%s' is open for reading: nothing can be repaired", zh_store_url(s));
    rc = run(&c, err);
    if (c.opts->stats != NULL)
        *c.opts->stats = c.stats;
    if (c.changed) { /* also what was mended before a failure, or before the caller had seen enough */
        const int flushed = flush(&c, rc == ZH_OK ? err : NULL);

        rc = rc == ZH_OK ? flushed : rc;
    }
    if (rc == ZH_OK && !c.any)
        rc = zh_error_set(err, ZH_NOTFOUND, "'%s' holds no Zarr hierarchy", zh_store_url(s));
    return rc;
}
