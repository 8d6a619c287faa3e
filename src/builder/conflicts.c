/* conflicts.c - what the store has where a plan's nodes are to be.
 *
 * Level by level from the root, the entries of a level at once on the pool. What does not exist has nothing below it,
 * so a plan for an empty store costs two calls, and one to look again. An entry costs one read of a document (v2: up to
 * three look-ups), and one listing if there is none; the members of a group of which many are planned are looked up in
 * one listing of the group instead. No document is read twice.
 */
#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"
#include "meta/doc.h"
#include "meta/grid.h"
#include "store/key_list.h"

#include <string.h>

#define LIST_FROM 16 /* planned members of a group that is listed rather than asked for each */

typedef struct found {
    int8_t kind;       /* zh_node_kind, -1: no document of the plan's format */
    bool any;          /* keys at or below the path */
    bool ours;         /* the listing has a document of the plan's format */
    bool other_format; /* a document of the other format, and none of ours to win over it */
    bool children;     /* nodes below, as far as was looked */
    bool file;         /* a value where the node's keys would be below */
    bool misspelt;     /* it is there under another name, which the store takes for this one */
    int bad;           /* the document's code, if it is damaged */
    char *why;
    bool has_consolidated;
    zh_buf consolidated; /* v3: the document that carries them; v2: .zmetadata */
} found;

typedef struct scan {
    zh_creation *c;
    uint32_t *entry; /* of the level */
    found *found;
    uint32_t n;
} scan;

static const char *key_of(zh_slot *slot, zh_creation *c, uint32_t i, const char *document, zh_error *err)
{
    slot->key.len = 0;
    if (zh_creation_path(c, i, &slot->key, err) < 0)
        return NULL;
    return zh_creation_key(&slot->key, document, err);
}

/* --- documents --- */

static int get(zh_slot *slot, zh_creation *c, uint32_t i, const char *document, zh_error *err)
{
    const char *key = key_of(slot, c, i, document, err);

    slot->old.len = 0;
    return key == NULL ? ZH_NOMEM : zh_store_get(c->store, key, &slot->old, err);
}

/* *is: there is such a key. */
static int exists(bool *is, zh_slot *slot, zh_creation *c, uint32_t i, const char *document, zh_error *err)
{
    const char *key = key_of(slot, c, i, document, err);
    uint64_t size;
    int rc = key == NULL ? ZH_NOMEM : zh_store_size(c->store, key, &size, err);

    *is = rc == ZH_OK;
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

/* group or array, by node_type alone: the rest of the document is not ours to judge. */
static int kind_of_v3(int *kind, const zh_buf *text, zh_error *err)
{
    zh_json *j = NULL;
    const char *type;
    uint64_t format = 0;
    int rc = zh_json_parse(&j, (const char *)text->ptr, text->len, err);

    if (rc < 0)
        return rc;
    type = zh_json_str(zh_json_get(j, "node_type"));
    if (!zh_json_u64(zh_json_get(j, "zarr_format"), &format) || format != ZH_V3)
        rc = zh_error_set(err, ZH_CORRUPT, "'zarr_format' is not 3");
    else if (type == NULL || (strcmp(type, "group") != 0 && strcmp(type, "array") != 0))
        rc = zh_error_set(err, ZH_CORRUPT, "'node_type' is neither \"group\" nor \"array\"");
    else
        *kind = type[0] == 'a' ? ZH_NODE_ARRAY : ZH_NODE_GROUP;
    zh_json_free(j);
    return rc;
}

static int note_bad(found *f, int code, const zh_error *why, zh_error *err)
{
    f->bad = code;
    f->why = zh_strdup(why->message);
    return f->why == NULL ? zh_error_nomem(err) : ZH_OK;
}

static int look_v3(found *f, zh_slot *slot, zh_creation *c, uint32_t i, zh_error *err)
{
    zh_error why = ZH_ERROR_INIT;
    int kind = ZH_NODE_GROUP;
    int rc = get(slot, c, i, "zarr.json", err);

    if (rc < 0)
        return rc == ZH_NOTFOUND ? ZH_OK : rc;
    f->any = true;
    rc = kind_of_v3(&kind, &slot->old, &why);
    if (rc == ZH_NOMEM)
        return zh_error_nomem(err);
    f->kind = (int8_t)kind;
    if (rc < 0)
        return note_bad(f, rc, &why, err);
    rc = zh_stale_has(&f->has_consolidated, &slot->old, err);
    if (rc == ZH_OK && f->has_consolidated)
        rc = zh_buf_append(&f->consolidated, slot->old.ptr, slot->old.len, err);
    return rc;
}

static int look_v2_group(found *f, zh_slot *slot, zh_creation *c, uint32_t i, zh_error *err)
{
    zh_error why = ZH_ERROR_INIT;
    zh_doc doc;
    int rc = get(slot, c, i, ".zgroup", err);

    if (rc < 0)
        return rc == ZH_NOTFOUND ? ZH_OK : rc;
    f->any = true;
    f->kind = ZH_NODE_GROUP;
    rc = zh_doc_v2_parse(&doc, ZH_NODE_GROUP, (const char *)slot->old.ptr, slot->old.len, NULL, 0, &why);
    if (rc == ZH_NOMEM)
        return zh_error_nomem(err);
    if (rc < 0)
        return note_bad(f, rc, &why, err);
    zh_doc_dispose(&doc);
    rc = get(slot, c, i, ".zmetadata", err);
    f->has_consolidated = rc == ZH_OK;
    if (rc == ZH_OK)
        rc = zh_buf_append(&f->consolidated, slot->old.ptr, slot->old.len, err);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

/* An array's document need not be read: whatever it says, it is in the way. */
static int look_v2(found *f, zh_slot *slot, zh_creation *c, uint32_t i, zh_error *err)
{
    bool is;
    int rc = exists(&is, slot, c, i, ".zarray", err);

    if (rc == ZH_OK && is) {
        f->any = true;
        f->kind = ZH_NODE_ARRAY;
        return ZH_OK;
    }
    if (rc == ZH_OK)
        rc = look_v2_group(f, slot, c, i, err);
    if (rc == ZH_OK && f->kind == ZH_NODE_GROUP)
        rc = exists(&f->other_format, slot, c, i, "zarr.json", err); /* readers would prefer it */
    return rc;
}

static int look_at_documents(found *f, zh_slot *slot, zh_creation *c, uint32_t i, zh_error *err)
{
    return c->plan->format == ZH_V3 ? look_v3(f, slot, c, i, err) : look_v2(f, slot, c, i, err);
}

/* --- what else lies there --- */

typedef struct listing {
    zh_creation *c;
    found *found;
    zh_key_list below; /* prefixes that are not chunks by their names */
    bool chunk_prefix; /* v3: "c" */
    bool keys;
} listing;

static int note_name(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    listing *l = payload;
    const zh_format format = l->c->plan->format;

    if (is_prefix) {
        if (format == ZH_V3 && strcmp(name, "c") == 0)
            l->chunk_prefix = true;
        else if (format == ZH_V3 || !zh_grid_is_chunk_name(name))
            return zh_key_list_add(&l->below, name, err);
        else
            l->keys = true;
        return ZH_OK;
    }
    l->keys = true;
    if (strcmp(name, "zarr.json") == 0)
        *(format == ZH_V2 ? &l->found->other_format : &l->found->ours) = true;
    else if (strcmp(name, ".zarray") == 0 || strcmp(name, ".zgroup") == 0)
        *(format == ZH_V3 ? &l->found->other_format : &l->found->ours) = true;
    return ZH_OK;
}

/* Is there a key at all below path/name? Directories may be empty. */
static int has_keys(bool *out, zh_slot *slot, zh_creation *c, uint32_t i, const char *name, zh_error *err)
{
    const char *prefix = key_of(slot, c, i, name, err);

    return prefix == NULL ? ZH_NOMEM : zh_keys_any(out, c->store, prefix, NULL, err);
}

/* The prefix "c" of a v3 path: chunks, or a node of that name. */
static int look_at_c(found *f, zh_slot *slot, zh_creation *c, uint32_t i, zh_error *err)
{
    bool keys = false;
    int rc = has_keys(&keys, slot, c, i, "c", err);

    f->any = f->any || keys;
    if (rc == ZH_OK && keys)
        rc = exists(&f->children, slot, c, i, "c/zarr.json", err);
    return rc;
}

static int look_around(found *f, zh_slot *slot, zh_creation *c, uint32_t i, zh_error *err)
{
    listing l = {c, f, ZH_KEY_LIST_INIT, false, false};
    int rc;

    slot->key.len = 0;
    rc = zh_creation_path(c, i, &slot->key, err);
    if (rc == ZH_OK)
        rc = zh_buf_cstr(&slot->key, err) == NULL
                 ? ZH_NOMEM
                 : zh_store_list(c->store, (const char *)slot->key.ptr, note_name, &l, err);
    f->any = l.keys;
    if (rc == ZH_OK && l.chunk_prefix)
        rc = look_at_c(f, slot, c, i, err);
    for (size_t k = 0; rc == ZH_OK && !f->children && k < l.below.n; k++)
        rc = has_keys(&f->children, slot, c, i, l.below.item[k].name, err);
    f->any = f->any || f->children;
    zh_key_list_dispose(&l.below);
    return rc;
}

/* --- members of a group in one listing --- */

typedef struct members {
    zh_creation *c;
    uint32_t group, next; /* next: the first planned member that has not been met */
} members;

/* Names come in their order, as the members stand in the plan. */
static int meet_member(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    members *m = payload;
    const zh_entry *group = &m->c->plan->entry[m->group];
    const size_t skip = group->path_len == 0 ? 0 : group->path_len + 1u;

    (void)err;
    (void)is_prefix; /* a file is in the way, too */
    while (m->next < group->end) {
        const zh_entry *e = &m->c->plan->entry[m->next];
        const size_t n = e->path_len - skip;
        const int order = strncmp(e->path + skip, name, n);
        const bool is_it = order == 0 && name[n] == '\0';

        if (order > 0)
            break;
        m->c->state[m->next] = is_it ? ZH_AT_NEW : ZH_AT_ABSENT;
        m->next = e->end;
        if (is_it)
            break;
    }
    return ZH_OK;
}

static uint32_t planned_members(const zh_creation *c, uint32_t group, uint32_t enough)
{
    uint32_t n = 0;

    for (uint32_t j = zh_creation_next_child(c, group, 0); j != ZH_ENTRY_NONE && n < enough;
         j = zh_creation_next_child(c, group, j))
        n++;
    return n;
}

/* Marks members that the store has no prefix or key of ABSENT: they need not be asked for. */
static int look_for_members(zh_slot *slot, zh_creation *c, uint32_t group, zh_error *err)
{
    members m = {c, group, zh_creation_next_child(c, group, 0)};
    int rc;

    if (planned_members(c, group, LIST_FROM) < LIST_FROM)
        return ZH_OK;
    slot->key.len = 0;
    rc = zh_creation_path(c, group, &slot->key, err);
    if (rc == ZH_OK)
        rc = zh_buf_cstr(&slot->key, err) == NULL
                 ? ZH_NOMEM
                 : zh_store_list(c->store, (const char *)slot->key.ptr, meet_member, &m, err);
    for (uint32_t j = m.next; rc == ZH_OK && j < c->plan->entry[group].end; j = c->plan->entry[j].end)
        c->state[j] = ZH_AT_ABSENT;
    return rc;
}

/* --- one entry --- */

static bool is_explicit(const zh_creation *c, uint32_t i)
{
    return c->plan->entry[i].given != NULL;
}

static bool replaces(const zh_creation *c, uint32_t i, const found *f)
{
    return c->opts.overwrite && f->any && is_explicit(c, i);
}

static int look(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    scan *s = payload;
    zh_creation *c = s->c;
    const uint32_t i = s->entry[index];
    found *f = &s->found[index];
    int rc;

    rc = look_at_documents(f, slot, c, i, err);
    if (rc == ZH_OK && f->kind < 0)
        rc = look_around(f, slot, c, i, err);
    if (rc == ZH_OK && !f->any && i != 0)
        rc = exists(&f->file, slot, c, i, "", err);
    if (rc == ZH_OK && f->ours) /* it has come between the two */
        rc = look_at_documents(f, slot, c, i, err);
    if (rc == ZH_OK && f->any && c->folds) {
        bool exact;

        rc = zh_spelling_is_exact(&exact, c, i, err);
        f->misspelt = rc == ZH_OK && !exact;
        return rc; /* no listing tells that a member is absent */
    }
    if (rc == ZH_OK && f->any && c->plan->entry[i].kind == ZH_NODE_GROUP && !replaces(c, i, f) &&
        f->kind != ZH_NODE_ARRAY)
        rc = look_for_members(slot, c, i, err);
    return rc;
}

/* --- what follows --- */

static void conflict(zh_creation *c, uint32_t i, int code, int existing, const char *what)
{
    const zh_entry *e = &c->plan->entry[i];
    zh_buf path = ZH_BUF_INIT(1 << 16);
    zh_problem problem = {code, e->given, NULL, NULL, existing, NULL};

    if (zh_creation_path(c, i, &path, NULL) == ZH_OK)
        problem.path = zh_buf_cstr(&path, NULL);
    if (problem.key == NULL)
        problem.key = problem.path;
    zh_problems_add(&c->problems, &problem, "'%.200s' in '%.150s': %s", problem.path == NULL ? "" : problem.path,
                    zh_store_url(c->store), what);
    zh_buf_dispose(&path);
}

/* The conflict that there is, if any. */
static bool judge(zh_creation *c, uint32_t i, const found *f)
{
    const bool array = c->plan->entry[i].kind == ZH_NODE_ARRAY;

    if (c->under && i == 0 && f->kind < 0)
        conflict(c, i, f->other_format ? ZH_FORMAT_MISMATCH : ZH_NOTFOUND, -1,
                 f->other_format ? "the group is of the other Zarr format" : "there is no group");
    else if (f->bad != 0)
        conflict(c, i, f->bad, f->kind, f->why);
    else if (f->file)
        conflict(c, i, ZH_EXISTS, -1, "a file is there, which is no node");
    else if (f->kind == ZH_NODE_ARRAY)
        conflict(c, i, ZH_CONTAINS_ARRAY, f->kind, "an array exists there");
    else if (f->other_format)
        conflict(c, i, ZH_CONTAINS_OTHER_FORMAT, f->kind, "documents of the other Zarr format are there");
    else if (f->kind == ZH_NODE_GROUP && is_explicit(c, i))
        conflict(c, i, ZH_CONTAINS_GROUP, f->kind, "a group exists there");
    else if (f->kind < 0 && array && f->children)
        conflict(c, i, ZH_CONTAINS_CHILDREN, -1, "an array is to be made where other nodes or files are inside");
    else if (f->kind < 0 && array && f->any)
        conflict(c, i, ZH_CONTAINS_ORPHANS, -1, "keys of an array that has no document are there");
    else
        return true;
    return false;
}

static void mark_subtree(zh_creation *c, uint32_t i, zh_entry_state own)
{
    memset(c->state + i, ZH_AT_NEW, c->plan->entry[i].end - i);
    c->state[i] = (uint8_t)own;
}

/* The group stays, and what it says of its members becomes stale. */
static int keep(zh_creation *c, uint32_t i, const found *f, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT(1 << 16);
    int rc = ZH_OK;

    c->state[i] = ZH_AT_KEPT;
    if (!f->has_consolidated)
        return ZH_OK;
    rc = zh_creation_path(c, i, &path, err);
    if (rc == ZH_OK)
        rc = zh_buf_cstr(&path, err) == NULL
                 ? ZH_NOMEM
                 : zh_stale_add(c, (const char *)path.ptr, f->consolidated.ptr, f->consolidated.len, err);
    zh_buf_dispose(&path);
    return rc;
}

/* Sets the entry's state; *descend: its members have to be looked at. */
static int settle(zh_creation *c, uint32_t i, const found *f, bool *descend, zh_error *err)
{
    *descend = false;
    if (f->misspelt) {
        conflict(c, i, ZH_KEY_COLLISION, f->kind, "the store takes the name for another one that is there");
        return ZH_OK;
    }
    if (replaces(c, i, f)) {
        mark_subtree(c, i, ZH_AT_REPLACED);
        c->fresh = i == 0;
        return ZH_OK;
    }
    *descend = f->any && f->kind != ZH_NODE_ARRAY && f->bad == 0 && !f->other_format;
    if (!judge(c, i, f))
        return ZH_OK; /* members of an existing group may be in the way too: all is told */

    if (f->kind < 0) {
        if (f->any)
            c->state[i] = ZH_AT_PLACE;
        else
            mark_subtree(c, i, i == 0 ? ZH_AT_PLACE : ZH_AT_NEW);
        c->fresh = c->fresh || (i == 0 && !f->any);
        return ZH_OK;
    }
    return keep(c, i, f, err);
}

static void dispose_found(found *f, uint32_t n)
{
    for (uint32_t k = 0; f != NULL && k < n; k++) {
        zh_free(f[k].why);
        zh_buf_dispose(&f[k].consolidated);
    }
    zh_free(f);
}

/* Looks at the entries in s. */
static int look_at_all(scan *s, zh_writer_job how, zh_error *err)
{
    s->found = zh_calloc(s->n, sizeof(*s->found));
    if (s->found == NULL)
        return zh_error_nomem(err);
    for (uint32_t k = 0; k < s->n; k++) {
        s->found[k].kind = -1;
        zh_buf_init(&s->found[k].consolidated, SIZE_MAX);
    }
    return zh_writer_run(s->c->writer, s->n, how, s, err);
}

/* Looks at the level in s; puts the next one into next (room for all entries). */
static int scan_level(scan *s, uint32_t *next, uint32_t *n_next, zh_error *err)
{
    zh_creation *c = s->c;
    bool descend;
    int rc = look_at_all(s, look, err);

    *n_next = 0;
    for (uint32_t k = 0; rc == ZH_OK && k < s->n; k++) {
        const uint32_t i = s->entry[k];

        rc = settle(c, i, &s->found[k], &descend, err);
        for (uint32_t j = descend ? zh_creation_next_child(c, i, 0) : ZH_ENTRY_NONE; j != ZH_ENTRY_NONE;
             j = zh_creation_next_child(c, i, j)) {
            if (c->state[j] == ZH_AT_ABSENT)
                mark_subtree(c, j, ZH_AT_NEW);
            else
                next[(*n_next)++] = j;
        }
    }
    dispose_found(s->found, s->n);
    return rc;
}

int zh_scan(zh_creation *c, zh_error *err)
{
    uint32_t *level = zh_calloc(c->plan->n, sizeof(*level));
    uint32_t *next = zh_calloc(c->plan->n, sizeof(*next));
    uint32_t n_next;
    scan s = {c, level, NULL, 1};
    int rc = ZH_OK;

    if (level == NULL || next == NULL) {
        zh_free(level);
        zh_free(next);
        return zh_error_nomem(err);
    }
    while (rc == ZH_OK && s.n > 0) {
        uint32_t *old = s.entry;

        rc = scan_level(&s, next, &n_next, err);
        s.entry = next;
        next = old;
        s.n = n_next;
    }
    zh_free(s.entry);
    zh_free(next);
    return rc < 0 ? rc : zh_problems_finish(&c->problems);
}

/* --- again, with the store locked --- */

static int look_again(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    scan *s = payload;
    zh_creation *c = s->c;
    const uint32_t i = s->entry[index];
    found *f = &s->found[index];
    const bool kept = c->state[i] == ZH_AT_KEPT;
    int rc = kept ? ZH_OK : look_around(f, slot, c, i, err);

    return rc == ZH_OK && (kept || f->ours) ? look_at_documents(f, slot, c, i, err) : rc;
}

static int settle_again(zh_creation *c, uint32_t i, const found *f, zh_error *err)
{
    if (c->state[i] == ZH_AT_KEPT && f->kind < 0 && !f->other_format && !(c->under && i == 0)) {
        conflict(c, i, ZH_RACE, -1, "the group was there, and somebody has removed it");
        return ZH_OK;
    }
    return judge(c, i, f) && f->kind >= 0 ? keep(c, i, f, err) : ZH_OK;
}

int zh_scan_again(zh_creation *c, zh_error *err)
{
    scan s = {c, c->items, NULL, 0};
    int rc = ZH_OK;

    zh_stale_free(c);
    if (c->group_len > 0)
        rc = zh_stale_probe_above(c, err);
    for (uint32_t i = 0; i < c->plan->n; i++)
        if (c->state[i] == ZH_AT_KEPT || c->state[i] == ZH_AT_PLACE)
            s.entry[s.n++] = i;
    if (rc < 0 || s.n == 0)
        return rc;
    rc = look_at_all(&s, look_again, err);
    for (uint32_t k = 0; rc == ZH_OK && k < s.n; k++)
        rc = settle_again(c, s.entry[k], &s.found[k], err);
    dispose_found(s.found, s.n);
    return rc < 0 ? rc : zh_problems_finish(&c->problems);
}

int zh_scan_kind(int *kind, zh_store *s, const char *path, zh_format format, zh_error *err)
{
    static const char *const v3[] = {"zarr.json", NULL};
    static const char *const v2[] = {".zarray", ".zgroup", NULL};
    zh_buf key = ZH_BUF_INIT(1 << 16), text = ZH_BUF_INIT((size_t)1 << 30);
    int rc = ZH_NOTFOUND;

    *kind = -1;
    for (const char *const *d = format == ZH_V3 ? v3 : v2; rc == ZH_NOTFOUND && *d != NULL; d++) {
        key.len = 0;
        rc = zh_buf_puts(&key, path, err);
        if (rc == ZH_OK)
            rc = zh_creation_key(&key, *d, err) == NULL ? ZH_NOMEM : zh_store_get(s, (const char *)key.ptr, &text, err);
        if (rc == ZH_OK && format == ZH_V2)
            *kind = strcmp(*d, ".zarray") == 0 ? ZH_NODE_ARRAY : ZH_NODE_GROUP;
    }
    if (rc == ZH_OK && format == ZH_V3)
        rc = kind_of_v3(kind, &text, err);
    zh_buf_dispose(&key);
    zh_buf_dispose(&text);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}
