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

/* --- races --- */

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
    char *path = zh_move_path(c, c->lost, err);
    int kind = -1, code = ZH_RACE;

    if (path == NULL)
        return ZH_NOMEM;
    if (zh_scan_kind(&kind, c->store, path, c->plan->format, NULL) == ZH_OK && kind >= 0)
        code = kind == ZH_NODE_ARRAY ? ZH_CONTAINS_ARRAY : ZH_CONTAINS_GROUP;
    (void)zh_error_set(err, code, "'%.300s' in '%.100s': %s", path, zh_store_url(c->store),
                       kind < 0 ? "something that is no node is there" : "another creator was there first");
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
    char *path = zh_move_path(c, i, err);
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

static int stage_is_gone(const zh_creation *c, zh_error *err)
{
    return zh_error_set(err, ZH_IO, "what was prepared under '%s' in '%.300s' has been removed", c->stage,
                        zh_store_url(c->store));
}

/* Entry i in the place of what is there, which goes under the stage. ZH_NOTFOUND: there is nothing. What is exchanged
 * keeps its names: where they may be other ones, it is moved. */
static int replace_one(zh_creation *c, uint32_t i, zh_error *err)
{
    int rc = ZH_UNSUPPORTED;

    if (!c->folds)
        rc = zh_move_exchange(c, i, err);
    if (rc != ZH_UNSUPPORTED)
        return rc;
    rc = zh_move_aside(c, zh_move_path(c, i, err), i, true, err);
    if (rc == ZH_OK)
        rc = zh_move_in(c, i, err);
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
        rc = zh_move_in(c, i, err);
        if (rc == ZH_OK)
            i = c->plan->entry[i].end;
        else if (rc == ZH_EXISTS)
            rc = publish_against(&i, c, i, err);
        else if (rc == ZH_NOTFOUND)
            rc = stage_is_gone(c, err);
    }
    return rc;
}

static int publish_over(zh_creation *c, uint32_t top, zh_error *err)
{
    const int rc = replace_one(c, top, err);

    return rc == ZH_NOTFOUND ? publish_new(c, top, err) : rc; /* gone meanwhile */
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

/* v2: what stands in a .zattrs that was there alone is nothing of the new node's. */
static int drop_old_attributes(zh_creation *c, uint32_t i, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16);
    zh_document d[2];
    int rc = ZH_OK;

    if (c->plan->format == ZH_V2 && zh_entry_documents(d, &c->plan->entry[i], c->opts.always_zattrs) == 1) {
        rc = zh_creation_path(c, i, &key, err);
        if (rc == ZH_OK)
            rc = zh_creation_key(&key, zh_document_name(ZH_DOC_ZATTRS), err) == NULL
                     ? ZH_NOMEM
                     : zh_journal_erase(c, (const char *)key.ptr, err);
    }
    zh_buf_dispose(&key);
    return rc;
}

static int publish_place(zh_creation *c, uint32_t i, zh_error *err)
{
    int rc = drop_old_attributes(c, i, err);

    if (rc == ZH_OK && c->plan->entry[i].kind == ZH_NODE_ARRAY) /* at the root: anything else is staged */
        rc = zh_journal_root_array(c, err);
    if (rc < 0)
        return rc;
    return i == 0 ? zh_write_root(c, false, err) : zh_write_in_place(c, i, false, err);
}

/* Deepest first, the root last. A group that another creator has made meanwhile will do for an implicit one. */
static int publish_places(zh_creation *c, zh_error *err)
{
    bool is_group;
    int rc = ZH_OK;

    for (uint32_t i = c->plan->n; rc == ZH_OK && i-- > 0;) {
        if (c->state[i] != ZH_AT_PLACE)
            continue;
        rc = publish_place(c, i, err);
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

/* A key in the stage that shows, with the store locked, that nobody has taken anything of the stage away. */
static int mark_stage(zh_creation *c, bool look, zh_error *err)
{
    char key[sizeof(c->stage) + 16];
    uint64_t size;
    int rc;

    (void)snprintf(key, sizeof(key), "%s/begun", c->stage);
    if (!look)
        return zh_store_put(c->store, key, "", 0, ZH_PUT_PLAIN | ZH_PUT_NEWDIR, err);
    rc = zh_store_size(c->store, key, &size, err);
    return rc == ZH_NOTFOUND ? stage_is_gone(c, err) : rc;
}

static int publish(zh_creation *c, zh_error *err)
{
    int rc = c->n_items > 0 ? mark_stage(c, true, err) : ZH_OK;

    if (rc == ZH_OK)
        rc = zh_scan_again(c, err);
    if (rc == ZH_OK)
        rc = zh_stale_drop(c, err);
    if (rc == ZH_OK)
        rc = zh_writer_run(c->writer, c->n_tops, publish_top, c, err);
    if (rc < 0)
        return rc;
    zh_deliveries_moved(c);
    for (uint32_t i = 0; i < c->plan->n; i++)
        c->top[i] = ZH_ENTRY_NONE; /* all at their places now */
    rc = c->state[0] == ZH_AT_REPLACED ? zh_replace_root(c, err) : publish_places(c, err);
    return rc < 0 ? rc : zh_stale_renew(c, err);
}

int zh_create_staged(zh_creation *c, zh_error *err)
{
    int rc = zh_scan(c, err);

    if (rc < 0)
        return rc;
    choose_items(c);
    c->stage_used = c->n_items > 0 || c->state[0] == ZH_AT_REPLACED;
    if (c->n_items > 0)
        rc = mark_stage(c, false, err);
    if (rc == ZH_OK)
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
