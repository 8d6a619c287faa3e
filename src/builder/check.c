/* check.c - looking for what a hierarchy should not have: leftovers of killed creators, nodes that no reader comes to,
 * documents that contradict each other.
 *
 * Prefix by prefix from the root, with a stack of those still to be looked at; each knows what its parent is. Chunks
 * are not walked through: below an array only what is not a chunk by its name. Repairing never guesses: what is removed
 * is what no reader can make sense of, and a node that cannot be reached is removed only if it has no chunks.
 */
#include "builder/check.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "store/key_list.h"

#include <string.h>

typedef enum place { BELOW_GROUP, BELOW_ARRAY, BELOW_NOTHING } place;

typedef struct prefix {
    char *path;
    place above;
} prefix;

typedef struct walk {
    zh_checking *c;
    prefix *stack;
    size_t n, cap;
    bool any; /* there is a root document */
} walk;

/* What a prefix holds. */
typedef struct content {
    zh_key_list names, temporaries;
    bool zarr_json, zarray, zgroup, zattrs, chunks;
} content;

int zh_check_tell(zh_checking *c, zh_finding_kind kind, const char *path, bool repaired, const char *message,
                  zh_error *err)
{
    const zh_finding finding = {kind, path, repaired, message};

    c->stats.findings++;
    c->stats.repaired += repaired;
    if (c->fn == NULL || c->fn(c->payload, &finding) == 0)
        return ZH_OK;
    return zh_error_set(err, ZH_ABORTED, "the caller asked to stop");
}

static int push(walk *w, const char *path, const char *name, place above, zh_error *err)
{
    zh_buf full = ZH_BUF_INIT(ZH_KEY_MAX);
    int rc = ZH_OK;

    if (w->n == w->cap) {
        const size_t cap = w->cap == 0 ? 64 : w->cap * 2;
        prefix *grown = zh_reallocarray(w->stack, cap, sizeof(*grown));

        if (grown == NULL)
            return zh_error_nomem(err);
        w->stack = grown;
        w->cap = cap;
    }
    if (strlen(path) + strlen(name) + ZH_PATH_ROOM >= ZH_KEY_MAX)
        return ZH_OK; /* no node can be that deep */
    rc = *name == '\0' ? zh_buf_puts(&full, path, err) : zh_key_join(&full, path, name, err);
    if (rc == ZH_OK) {
        w->stack[w->n].path = zh_strndup((const char *)full.ptr, full.len);
        w->stack[w->n].above = above;
        rc = w->stack[w->n].path == NULL ? zh_error_nomem(err) : ZH_OK;
        w->n += rc == ZH_OK;
    }
    zh_buf_dispose(&full);
    return rc;
}

/* --- one prefix --- */

static bool is_digits(const char *name)
{
    return name[0] != '\0' && name[strspn(name, "0123456789.")] == '\0';
}

static void note_name(content *k, const zh_key_entry *e)
{
    if (e->is_prefix)
        return;
    k->zarr_json = k->zarr_json || strcmp(e->name, "zarr.json") == 0;
    k->zarray = k->zarray || strcmp(e->name, ".zarray") == 0;
    k->zgroup = k->zgroup || strcmp(e->name, ".zgroup") == 0;
    k->zattrs = k->zattrs || strcmp(e->name, ".zattrs") == 0;
    k->chunks = k->chunks || is_digits(e->name) || strcmp(e->name, "c") == 0;
}

static int add_temporary(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)is_prefix;
    return zh_key_list_add(payload, name, err);
}

static int look(content *k, zh_checking *c, const char *path, zh_error *err)
{
    int rc = zh_key_list_load(&k->names, c->store, path, err);

    if (rc == ZH_OK)
        rc = zh_store_list_temporary(c->store, path, add_temporary, &k->temporaries, err);
    for (size_t i = 0; rc == ZH_OK && i < k->names.n; i++)
        note_name(k, &k->names.item[i]);
    return rc;
}

static void dispose(content *k)
{
    zh_key_list_dispose(&k->names);
    zh_key_list_dispose(&k->temporaries);
}

/* The key or prefix path/name is removed. */
static int remove_name(zh_checking *c, const char *path, const char *name, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(ZH_KEY_MAX);
    const char *text;
    int rc = zh_key_join(&key, path, name, err);

    text = rc < 0 ? NULL : zh_buf_cstr(&key, err);
    rc = text == NULL ? ZH_NOMEM : zh_store_erase(c->store, text, err);
    if (rc == ZH_OK)
        rc = zh_store_erase_prefix(c->store, text, err);
    zh_buf_dispose(&key);
    return rc;
}

static int check_temporaries(zh_checking *c, const char *path, const content *k, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(ZH_KEY_MAX);
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < k->temporaries.n; i++) {
        const char *name = k->temporaries.item[i].name, *text;

        key.len = 0;
        rc = zh_key_join(&key, path, name, err);
        text = rc < 0 ? NULL : zh_buf_cstr(&key, err);
        if (text == NULL) {
            rc = ZH_NOMEM;
            break;
        }
        if (c->repair)
            rc = remove_name(c, path, name, err);
        if (rc == ZH_OK)
            rc = zh_check_tell(c, ZH_FOUND_TEMPORARY, text, c->repair, "left by a creator that was stopped", err);
    }
    zh_buf_dispose(&key);
    return rc;
}

/* --- no document --- */

static int check_orphans(zh_checking *c, const char *path, const content *k, zh_error *err)
{
    bool found = k->chunks;
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < k->names.n; i++) {
        const zh_key_entry *e = &k->names.item[i];

        /* "c" may be a group of that name: then it has a document, and is looked at as one. */
        if (e->is_prefix || !(is_digits(e->name) || strcmp(e->name, "c") == 0))
            continue;
        if (c->repair)
            rc = remove_name(c, path, e->name, err);
    }
    if (rc == ZH_OK && found)
        rc = zh_check_tell(c, ZH_FOUND_ORPHAN_CHUNKS, path, c->repair, "chunks of an array that has no document", err);
    return rc;
}

static int check_half(zh_checking *c, const char *path, zh_error *err)
{
    const int rc = c->repair ? remove_name(c, path, ".zattrs", err) : ZH_OK;

    return rc < 0 ? rc
                  : zh_check_tell(c, ZH_FOUND_HALF_NODE, path, c->repair, "a .zattrs without .zgroup or .zarray", err);
}

static int push_members(walk *w, const char *path, const content *k, place above, const zh_handle *array, zh_error *err)
{
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < k->names.n; i++) {
        const zh_key_entry *e = &k->names.item[i];
        const bool chunk = array != NULL && (array->format == ZH_V3 ? strcmp(e->name, "c") == 0 : is_digits(e->name));

        if (e->is_prefix && !chunk)
            rc = push(w, path, e->name, above, err);
    }
    return rc;
}

/* Does a prefix of chunks without their array lie here? A v3 array's are below "c", a v2 one's may be below numbers. */
static bool is_chunk_prefix(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;

    return strcmp(name, "c") == 0 || is_digits(name);
}

static int any_document(void *payload, const char *key, const char *name, zh_error *err)
{
    (void)key;
    if (strcmp(name, "zarr.json") != 0 && strcmp(name, ".zarray") != 0 && strcmp(name, ".zgroup") != 0)
        return ZH_OK;
    *(bool *)payload = true;
    return zh_error_set(err, ZH_ABORTED, "one is enough");
}

static int has_documents(bool *out, zh_checking *c, const char *path, zh_error *err)
{
    zh_error enough = ZH_ERROR_INIT;
    const int rc = zh_keys_walk(c->store, path, any_document, out, &enough);

    if (rc == ZH_ABORTED && *out)
        return ZH_OK;
    if (rc < 0 && err != NULL)
        *err = enough;
    return rc;
}

/* A prefix without a document: its group has none of its own, or it is chunks, or nothing of ours. */
static int check_bare(walk *w, const prefix *p, const content *k, zh_error *err)
{
    bool documents = false;
    int rc = ZH_OK;

    if (p->above == BELOW_ARRAY)
        return push_members(w, p->path, k, BELOW_ARRAY, NULL, err);
    if (is_chunk_prefix(p->path)) {
        rc = has_documents(&documents, w->c, p->path, err);
        if (rc < 0)
            return rc;
        if (!documents) {
            if (w->c->repair)
                rc = zh_store_erase_prefix(w->c->store, p->path, err);
            return rc < 0 ? rc
                          : zh_check_tell(w->c, ZH_FOUND_ORPHAN_CHUNKS, p->path, w->c->repair,
                                          "chunks of an array that has no document", err);
        }
    }
    if (k->zattrs)
        rc = check_half(w->c, p->path, err);
    if (rc == ZH_OK && k->chunks && *p->path != '\0')
        rc = check_orphans(w->c, p->path, k, err);
    return rc < 0 ? rc : push_members(w, p->path, k, BELOW_NOTHING, NULL, err);
}

/* --- a node --- */

static int no_chunk(void *payload, const char *key, const char *name, zh_error *err)
{
    (void)key;
    if (strcmp(name, "zarr.json") == 0 || name[0] == '.')
        return ZH_OK;
    *(bool *)payload = true;
    return zh_error_set(err, ZH_ABORTED, "one is enough");
}

/* Documents alone are removed; with data below them somebody has to say what they are. */
static int check_unreachable(zh_checking *c, const char *path, zh_error *err)
{
    zh_error enough = ZH_ERROR_INIT;
    bool data = false, removed = false;
    int rc = zh_keys_walk(c->store, path, no_chunk, &data, &enough);

    if (rc < 0 && !(rc == ZH_ABORTED && data)) {
        if (err != NULL)
            *err = enough;
        return rc;
    }
    rc = ZH_OK;
    if (c->repair && !data) {
        rc = zh_store_erase_prefix(c->store, path, err);
        removed = rc == ZH_OK;
    }
    return rc < 0 ? rc
                  : zh_check_tell(c, ZH_FOUND_UNREACHABLE, path, removed,
                                  data ? "no reader comes to this node: the group it is in has no document; it has data"
                                       : "no reader comes to this node: the group it is in has no document",
                                  err);
}

static int check_contradictions(zh_checking *c, const prefix *p, const content *k, zh_error *err)
{
    int rc = ZH_OK;

    if (k->zarray && k->zgroup)
        rc = zh_check_tell(c, ZH_FOUND_BOTH_KINDS, p->path, false, ".zarray and .zgroup", err);
    if (rc == ZH_OK && k->zarr_json && (k->zarray || k->zgroup))
        rc = zh_check_tell(c, ZH_FOUND_BOTH_FORMATS, p->path, false, "documents of Zarr v2 and v3", err);
    if (rc == ZH_OK && p->above == BELOW_ARRAY)
        rc = zh_check_tell(c, ZH_FOUND_INSIDE_ARRAY, p->path, false, "a node below an array", err);
    return rc;
}

static int check_node(walk *w, const prefix *p, const content *k, zh_error *err)
{
    zh_checking *c = w->c;
    const zh_format format = k->zarr_json ? ZH_V3 : ZH_V2;
    zh_error why = ZH_ERROR_INIT;
    zh_handle *h = NULL;
    int rc = check_contradictions(c, p, k, err);

    c->stats.nodes++;
    if (rc < 0)
        return rc;
    rc = zh_reader_node(&h, &c->reader, c->store, p->path, format, &why);
    if (rc == ZH_AMBIGUOUS_NODE || rc == ZH_NOTFOUND)
        return ZH_OK; /* told; gone meanwhile */
    if (rc == ZH_CORRUPT || rc == ZH_RANGE)
        return zh_check_tell(c, ZH_FOUND_BAD_DOCUMENT, p->path, false, why.message, err);
    if (rc < 0) {
        if (err != NULL)
            *err = why;
        return rc;
    }
    if (h->kind == ZH_NODE_GROUP)
        rc = zh_check_consolidated(c, h, err);
    if (rc == ZH_OK)
        rc = push_members(w, p->path, k, h->kind == ZH_NODE_ARRAY ? BELOW_ARRAY : BELOW_GROUP,
                          h->kind == ZH_NODE_ARRAY ? h : NULL, err);
    zh_handle_close(h);
    return rc;
}

static int check_prefix(walk *w, const prefix *p, zh_error *err)
{
    content k = {ZH_KEY_LIST_INIT, ZH_KEY_LIST_INIT, false, false, false, false, false};
    const bool root = *p->path == '\0';
    int rc = look(&k, w->c, p->path, err);

    if (rc == ZH_OK)
        rc = check_temporaries(w->c, p->path, &k, err);
    if (rc == ZH_OK && (k.zarr_json || k.zarray || k.zgroup)) {
        w->any = w->any || root;
        rc = p->above == BELOW_NOTHING ? check_unreachable(w->c, p->path, err) : check_node(w, p, &k, err);
    } else if (rc == ZH_OK) {
        rc = check_bare(w, p, &k, err);
    }
    dispose(&k);
    return rc;
}

static int run(walk *w, zh_error *err)
{
    int rc = push(w, "", "", BELOW_GROUP, err);

    while (rc == ZH_OK && w->n > 0) {
        const prefix p = w->stack[--w->n];

        rc = check_prefix(w, &p, err);
        zh_free(p.path);
    }
    while (w->n > 0)
        zh_free(w->stack[--w->n].path);
    zh_free(w->stack);
    return rc;
}

int zh_check(zh_store *s, bool repair, zh_finding_fn fn, void *payload, zh_check_stats *stats, zh_error *err)
{
    zh_checking c = {.store = s, .repair = repair, .fn = fn, .payload = payload};
    walk w = {&c, NULL, 0, 0, false};
    int rc;

    if (repair && (zh_store_caps(s) & ZH_STORE_WRITE) == 0)
        return zh_error_set(err, ZH_READONLY, "'%s' is open for reading: nothing can be repaired", zh_store_url(s));
    rc = zh_pool_new(&c.pool, zh_store_depth(s), err);
    if (rc < 0)
        return rc;
    zh_reader_init(&c.reader);
    rc = run(&w, err);
    zh_reader_dispose(&c.reader);
    zh_pool_free(c.pool);
    if (stats != NULL)
        *stats = c.stats;
    if (rc == ZH_OK && c.stats.repaired > 0)
        rc = zh_store_flush(s, err);
    if (rc == ZH_OK && !w.any)
        rc = zh_error_set(err, ZH_NOTFOUND, "'%s' holds no Zarr hierarchy", zh_store_url(s));
    return rc;
}
