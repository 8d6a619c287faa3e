/* stage.c - creation by way of a temporary prefix: everything new is written there, out of every reader's sight, and
 * then moved to its place, subtree by subtree, with the store locked: of two creators that want one path the one that
 * gets the lock first is not stopped by the other any more. */
#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"
#include "store/key_list.h"

#include <stdio.h>
#include <string.h>

/* --- what is to be written where --- */

static bool is_top(const zh_creation *c, uint32_t i)
{
    const uint32_t parent = c->plan->entry[i].parent;

    if (parent == ZH_ENTRY_NONE || (c->state[i] != ZH_AT_NEW && c->state[i] != ZH_AT_REPLACED))
        return false;
    return c->state[parent] == ZH_AT_KEPT || c->state[parent] == ZH_AT_PLACE ||
           (parent == 0 && c->state[0] == ZH_AT_REPLACED);
}

static void choose_items(zh_creation *c)
{
    uint32_t i = 0;

    while (i < c->plan->n) {
        if (!is_top(c, i)) {
            c->top[i++] = ZH_ENTRY_NONE;
            continue;
        }
        c->tops[c->n_tops] = i;
        for (const uint32_t end = c->plan->entry[i].end; i < end; i++) {
            c->top[i] = c->n_tops;
            c->items[c->n_items++] = i;
        }
        c->n_tops++;
    }
    c->item_flags = c->early_flags = ZH_PUT_PLAIN;
}

/* --- moving --- */

static char *place_of(zh_creation *c, uint32_t i, zh_error *err)
{
    zh_buf b = ZH_BUF_INIT(1 << 16);
    char *out = NULL;

    if (zh_creation_place(c, i, &b, err) == ZH_OK && zh_buf_cstr(&b, err) != NULL)
        out = zh_strdup((const char *)b.ptr);
    if (out == NULL)
        (void)zh_error_nomem(err);
    zh_buf_dispose(&b);
    return out;
}

static char *path_of(zh_creation *c, uint32_t i, zh_error *err)
{
    zh_buf b = ZH_BUF_INIT(1 << 16);
    char *out = NULL;

    if (zh_creation_path(c, i, &b, err) == ZH_OK && zh_buf_cstr(&b, err) != NULL)
        out = zh_strdup((const char *)b.ptr);
    if (out == NULL)
        (void)zh_error_nomem(err);
    zh_buf_dispose(&b);
    return out;
}

/* "stage/old-<n>"; n is the caller's: no two moves share one. */
static char *aside_name(const zh_creation *c, size_t number, zh_error *err)
{
    char name[sizeof(c->stage) + 32];
    char *out;

    (void)snprintf(name, sizeof(name), "%s/old-%zu", c->stage, number);
    out = zh_strdup(name);
    if (out == NULL)
        (void)zh_error_nomem(err);
    return out;
}

/* Moves, and notes it. key and from are taken whatever happens. */
static int move_noted(zh_creation *c, zh_deed deed, char *key, char *from, zh_error *err)
{
    int rc = ZH_NOMEM;

    if (key != NULL && from != NULL) {
        rc = deed == ZH_DID_ASIDE
                 ? zh_store_move(c->store, key, from, 0, err)
                 : zh_store_move(c->store, from, key, deed == ZH_DID_EXCHANGE ? ZH_MOVE_EXCHANGE : 0, err);
        if (rc == ZH_OK) {
            rc = zh_journal_add(c, deed, key, from, NULL, err);
            if (rc == ZH_OK)
                return ZH_OK;
            /* What cannot be noted is taken back at once. */
            (void)(deed == ZH_DID_ASIDE
                       ? zh_store_move(c->store, from, key, 0, NULL)
                       : zh_store_move(c->store, key, from, deed == ZH_DID_EXCHANGE ? ZH_MOVE_EXCHANGE : 0, NULL));
        }
    }
    zh_free(key);
    zh_free(from);
    return rc;
}

/* On any thread; told on the caller's. */
static int lost_race(zh_creation *c, uint32_t i, zh_error *err)
{
    (void)pthread_mutex_lock(&c->mutex);
    if (c->lost == ZH_ENTRY_NONE)
        c->lost = i;
    (void)pthread_mutex_unlock(&c->mutex);
    return zh_error_set(err, ZH_RACE, "another creator was there first");
}

/* What the other has made tells the code. */
static int tell_lost(zh_creation *c, zh_error *err)
{
    const zh_entry *e = &c->plan->entry[c->lost];
    char *path = path_of(c, c->lost, err);
    int kind = -1, code = ZH_RACE;

    if (path == NULL)
        return ZH_NOMEM;
    if (zh_scan_kind(&kind, c->store, path, c->plan->format, NULL) == ZH_OK && kind >= 0)
        code = kind == ZH_NODE_ARRAY ? ZH_CONTAINS_ARRAY : ZH_CONTAINS_GROUP;
    (void)zh_error_set(err, code, "'%.300s' in '%.100s': another creator was there first", path,
                       zh_store_url(c->store));
    if (c->problems.fn != NULL) {
        zh_problem problem = {code, e->given != NULL ? e->given : path, path, NULL,
                              kind, err == NULL ? "" : err->message};

        c->problems.fn(c->problems.payload, &problem);
    }
    zh_free(path);
    return code;
}

/* An implicit group that somebody has made meanwhile: it is as good as ours, and its members are moved into it. A
 * document that cannot be used is in the way like any other node. */
static int is_group_now(bool *is, zh_creation *c, uint32_t i, zh_error *err)
{
    char *path = path_of(c, i, err);
    zh_error why = ZH_ERROR_INIT;
    int kind = -1, rc;

    *is = false;
    if (path == NULL)
        return ZH_NOMEM;
    rc = zh_scan_kind(&kind, c->store, path, c->plan->format, &why);
    if (rc == ZH_IO || rc == ZH_NOMEM) {
        if (err != NULL)
            *err = why;
    } else if (rc == ZH_OK && kind == ZH_NODE_GROUP) {
        *is = true;
        rc = zh_stale_late(c, path, err);
    } else {
        rc = ZH_OK;
    }
    zh_free(path);
    return rc;
}

/* There is nothing at the place where entry i was written. */
static int stage_is_gone(const zh_creation *c, uint32_t i, zh_error *err)
{
    const zh_entry *e = &c->plan->entry[i];

    return zh_error_set(err, ZH_IO, "creating '%.*s': what was prepared for it under '%s' in '%.100s' has been removed",
                        (int)(e->path_len > 200 ? 200 : e->path_len), e->path, c->stage, zh_store_url(c->store));
}

/* Entry i in the place of what is there, which goes under the stage. ZH_NOTFOUND: there is nothing. What is exchanged
 * keeps its names: where they may be other ones, it is moved. */
static int replace_one(zh_creation *c, uint32_t i, zh_error *err)
{
    int rc = ZH_UNSUPPORTED;

    if (!c->folds)
        rc = move_noted(c, ZH_DID_EXCHANGE, path_of(c, i, err), place_of(c, i, err), err);
    if (rc != ZH_UNSUPPORTED)
        return rc;
    rc = move_noted(c, ZH_DID_ASIDE, path_of(c, i, err), aside_name(c, i, err), err);
    if (rc == ZH_OK)
        rc = move_noted(c, ZH_DID_MOVE, path_of(c, i, err), place_of(c, i, err), err);
    return rc == ZH_EXISTS ? lost_race(c, i, err) : rc;
}

/* Something has come to where entry i was to be moved. *next: the entry to go on with. */
static int publish_against(uint32_t *next, zh_creation *c, uint32_t i, zh_error *err)
{
    const zh_entry *e = &c->plan->entry[i];
    bool is_group = false, exact = true;
    int rc = c->folds ? zh_spelling_is_exact(&exact, c, i, err) : ZH_OK;

    *next = e->end;
    if (rc < 0)
        return rc;
    if (!exact)
        return zh_error_set(err, ZH_KEY_COLLISION,
                            "'%.*s': another name has come to '%.100s' that it takes for this one",
                            (int)(e->path_len > 200 ? 200 : e->path_len), e->path, zh_store_url(c->store));
    rc = ZH_NOTFOUND;
    if (e->given == NULL) {
        rc = is_group_now(&is_group, c, i, err);
        if (rc == ZH_OK && is_group) {
            c->state[i] = ZH_AT_KEPT;
            *next = i + 1;
            return ZH_OK;
        }
    } else if (c->opts.overwrite) {
        rc = replace_one(c, i, err);
        if (rc == ZH_OK)
            c->state[i] = ZH_AT_REPLACED;
        if (rc != ZH_NOTFOUND)
            return rc;
    }
    return rc == ZH_OK || rc == ZH_NOTFOUND ? lost_race(c, i, err) : rc;
}

static int publish_new(zh_creation *c, uint32_t top, zh_error *err)
{
    const uint32_t end = c->plan->entry[top].end;
    uint32_t i = top;
    int rc = ZH_OK;

    /* In the order of the plan: the top, or, where it is a group by now, each of its members in the same way. */
    while (rc == ZH_OK && i < end) {
        rc = move_noted(c, ZH_DID_MOVE, path_of(c, i, err), place_of(c, i, err), err);
        if (rc == ZH_OK)
            i = c->plan->entry[i].end;
        else if (rc == ZH_EXISTS)
            rc = publish_against(&i, c, i, err);
        else if (rc == ZH_NOTFOUND)
            rc = stage_is_gone(c, i, err);
    }
    return rc;
}

static int publish_over(zh_creation *c, uint32_t top, zh_error *err)
{
    const int rc = replace_one(c, top, err);

    return rc == ZH_NOTFOUND ? publish_new(c, top, err) : rc; /* gone meanwhile */
}

/* --- the root, replaced --- */

typedef struct leftovers {
    zh_creation *c;
    char **name;
    size_t n;
    bool was_array;
} leftovers;

static bool planned_member(const zh_creation *c, const char *name)
{
    for (uint32_t j = zh_creation_next_child(c, 0, 0); j != ZH_ENTRY_NONE; j = zh_creation_next_child(c, 0, j)) {
        const zh_entry *e = &c->plan->entry[j];

        if (strlen(name) == e->path_len && memcmp(name, e->path, e->path_len) == 0)
            return true;
    }
    return false;
}

static int note_leftover(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    leftovers *l = payload;
    char **grown;

    if (!is_prefix || planned_member(l->c, name))
        return ZH_OK;
    grown = zh_reallocarray(l->name, l->n + 1, sizeof(*grown));
    if (grown == NULL)
        return zh_error_nomem(err);
    l->name = grown;
    l->name[l->n] = zh_strdup(name);
    return l->name[l->n] == NULL ? zh_error_nomem(err) : (l->n++, ZH_OK);
}

static int is_document_key(void *payload, const char *key, const char *name, zh_error *err)
{
    (void)key;
    if (strcmp(name, "zarr.json") != 0 && strcmp(name, ".zarray") != 0 && strcmp(name, ".zgroup") != 0)
        return ZH_OK;
    *(bool *)payload = true;
    return zh_error_set(err, ZH_ABORTED, "one is enough");
}

/* Does a prefix in the root belong to a hierarchy? Nodes, and the root's own chunks if it was an array. */
static int belongs(bool *out, const leftovers *l, const char *name, zh_error *err)
{
    zh_error enough = ZH_ERROR_INIT;
    int rc;

    *out = l->c->opts.purge || (l->was_array && (strcmp(name, "c") == 0 || name[strspn(name, "0123456789.")] == '\0'));
    if (*out)
        return ZH_OK;
    rc = zh_keys_walk(l->c->store, name, is_document_key, out, &enough);
    if (rc == ZH_ABORTED && *out)
        return ZH_OK;
    if (rc < 0 && err != NULL)
        *err = enough;
    return rc;
}

static int put_aside(zh_creation *c, const char *name, zh_error *err)
{
    char *key = zh_strdup(name);

    return move_noted(c, ZH_DID_ASIDE, key, key == NULL ? NULL : aside_name(c, c->plan->n + c->n_journal, err), err);
}

/* Old members of the root that the plan does not name. */
static int clear_members(zh_creation *c, bool was_array, zh_error *err)
{
    leftovers l = {c, NULL, 0, was_array};
    bool is_ours = false;
    int rc = zh_store_list(c->store, "", note_leftover, &l, err);

    for (size_t k = 0; rc == ZH_OK && k < l.n; k++) {
        rc = belongs(&is_ours, &l, l.name[k], err);
        if (rc == ZH_OK && is_ours)
            rc = put_aside(c, l.name[k], err);
    }
    for (size_t k = 0; k < l.n; k++)
        zh_free(l.name[k]);
    zh_free(l.name);
    return rc;
}

/* Keys in the root itself: documents of either format that the new root does not have, chunks. */
typedef struct root_keys {
    zh_creation *c;
    bool chunks;
    zh_error *err;
    char **key;
    size_t n;
} root_keys;

static int note_root_key(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    static const char *const documents[] = {"zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"};
    root_keys *r = payload;
    bool wanted =
        r->c->opts.purge || (r->chunks && (strcmp(name, "c") == 0 || name[strspn(name, "0123456789.")] == '\0'));
    zh_document d[2];
    const unsigned n = zh_entry_documents(d, &r->c->plan->entry[0], r->c->opts.always_zattrs);
    char **grown;

    if (is_prefix)
        return ZH_OK;
    for (size_t k = 0; k < sizeof(documents) / sizeof(documents[0]); k++)
        wanted = wanted || strcmp(name, documents[k]) == 0;
    for (unsigned k = 0; k < n; k++)
        wanted = wanted && strcmp(name, zh_document_name(d[k])) != 0;
    if (!wanted || (strcmp(name, ".zmetadata") == 0 && r->c->consolidated_written))
        return ZH_OK;
    grown = zh_reallocarray(r->key, r->n + 1, sizeof(*grown));
    if (grown == NULL)
        return zh_error_nomem(err);
    r->key = grown;
    r->key[r->n] = zh_strdup(name);
    return r->key[r->n] == NULL ? zh_error_nomem(err) : (r->n++, ZH_OK);
}

static int clear_keys(zh_creation *c, bool was_array, zh_error *err)
{
    root_keys r = {c, was_array, err, NULL, 0};
    int rc = zh_store_list(c->store, "", note_root_key, &r, err);

    for (size_t k = 0; rc == ZH_OK && k < r.n; k++)
        rc = zh_journal_erase(c, r.key[k], err);
    for (size_t k = 0; k < r.n; k++)
        zh_free(r.key[k]);
    zh_free(r.key);
    return rc;
}

/* The members have been exchanged already. An array's chunks go before another document stands over them. */
static int replace_root(zh_creation *c, zh_error *err)
{
    int kind = -1;
    bool was_array;
    int rc = zh_scan_kind(&kind, c->store, "", c->plan->format, err);

    if (rc == ZH_CORRUPT) /* it is being replaced for that */
        rc = ZH_OK;
    was_array = kind == ZH_NODE_ARRAY;
    if (rc == ZH_OK)
        rc = clear_members(c, was_array, err);
    if (rc == ZH_OK && was_array)
        rc = clear_keys(c, true, err);
    if (rc == ZH_OK)
        rc = zh_write_root(c, true, err);
    if (rc == ZH_OK && !was_array)
        rc = clear_keys(c, false, err);
    return rc;
}

/* --- all together --- */

/* Where the root is replaced its members stand in the way of nothing: whatever is there is exchanged. */
static int publish_top(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    zh_creation *c = payload;
    const uint32_t top = c->tops[index];

    (void)slot;
    if (c->state[0] == ZH_AT_REPLACED || c->state[top] == ZH_AT_REPLACED)
        return publish_over(c, top, err);
    return publish_new(c, top, err);
}

/* Deepest first, the root last. A group that another creator has made meanwhile will do for an implicit one. */
static int publish_places(zh_creation *c, zh_error *err)
{
    bool is_group;
    int rc = ZH_OK;

    for (uint32_t i = c->plan->n; rc == ZH_OK && i-- > 0;) {
        if (c->state[i] != ZH_AT_PLACE)
            continue;
        rc = i == 0 ? zh_write_root(c, false, err) : zh_write_in_place(c, i, false, err);
        if (rc != ZH_EXISTS)
            continue;
        is_group = false;
        rc = c->plan->entry[i].given != NULL ? ZH_OK : is_group_now(&is_group, c, i, err);
        if (rc == ZH_OK && !is_group)
            rc = lost_race(c, i, err);
        else if (rc == ZH_OK)
            c->state[i] = ZH_AT_KEPT;
    }
    return rc;
}

static int publish(zh_creation *c, zh_error *err)
{
    int rc = zh_scan_again(c, err);

    if (rc == ZH_OK)
        rc = zh_stale_drop(c, err);
    if (rc == ZH_OK)
        rc = zh_writer_run(c->writer, c->n_tops, publish_top, c, err);
    if (rc < 0)
        return rc;
    zh_deliveries_moved(c);
    for (uint32_t i = 0; i < c->plan->n; i++)
        c->top[i] = ZH_ENTRY_NONE; /* all at their places now */
    rc = c->state[0] == ZH_AT_REPLACED ? replace_root(c, err) : publish_places(c, err);
    return rc < 0 ? rc : zh_stale_renew(c, err);
}

int zh_create_staged(zh_creation *c, zh_error *err)
{
    int rc = zh_scan(c, err);

    if (rc < 0)
        return rc;
    choose_items(c);
    c->stage_used = c->n_items > 0 || c->state[0] == ZH_AT_REPLACED;
    rc = zh_write_items(c, err);
    if (rc == ZH_OK && c->opts.durable && (zh_store_caps(c->store) & ZH_STORE_IMMEDIATE) != 0)
        rc = zh_store_sync(c->store, err); /* no name leads to what a loss of power can take */
    if (rc == ZH_OK) {
        rc = zh_store_lock(c->store, err);
        if (rc == ZH_OK) {
            rc = publish(c, err);
            if (rc == ZH_OK)
                rc = zh_creation_flush(c, err);
            if (c->lost != ZH_ENTRY_NONE)
                rc = tell_lost(c, err);
            if (rc < 0)
                rc = zh_journal_undo(c, rc, err);
            zh_store_unlock(c->store);
        }
    }
    /* What is under the stage now is what failed, or what was replaced. If it stays, zh_check finds it. */
    if (c->stage_used)
        (void)zh_store_erase_prefix(c->store, c->stage, NULL);
    return rc;
}
