/* node.c - making, finding, linking, moving and removing nodes.
 *
 * States of a node, and who makes each arrow:
 *   ANONYMOUS --zh_node_link--> ATTACHED (unpublished) --zh_tree_flush--> ATTACHED (published)
 *   ATTACHED  --zh_node_remove--> REMOVED, freed at once, or at the last zh_node_unref if it or a group above it is
 * referred to ANONYMOUS --zh_node_unref (last)--> freed zh_node_new_* with a parent starts at ATTACHED; a node read
 * from the store starts as published. Everything here but the reading of a child and the copying of an array's data
 * happens in memory.
 */
#include "hier/hier_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"

int zh_node__alloc(zh_node **out, zh_tree *t, const char *name, size_t n, zh_error *err)
{
    size_t size = offsetof(zh_node, name_tail) + n + 1;
    zh_node *node = zh_calloc(1, size > sizeof(*node) ? size : sizeof(*node));

    if (!node) {
        (void)zh_error_nomem(err);
        return ZH_NOMEM;
    }
    node->tree = t;
    node->kind = ZH_NODE_GROUP;
    node->attrs_loaded = true;
    memcpy(node->name_tail, name, n);
    node->name = node->segment = node->name_tail;
    *out = node;
    return ZH_OK;
}

int zh_node__set_segment(zh_node *node, const char *segment, size_t n, zh_error *err)
{
    if (strncmp(node->name, segment, n) == 0 && node->name[n] == '\0')
        return ZH_OK;
    node->segment = zh_strndup(segment, n);
    if (node->segment)
        return ZH_OK;
    node->segment = node->name;
    return zh_error_nomem(err);
}

static void free_name(const zh_node *node, char *name, char *segment)
{
    if (segment != name)
        zh_free(segment);
    if (name != node->name_tail)
        zh_free(name);
}

void zh_node__free(zh_node *node)
{
    zh_data__close(node);
    zh_attrs__free(node);
    zh_children__free(node->children);
    zh_array_meta_free(node->meta);
    zh_free(node->facts);
    zh_free(node->broken_why);
    free_name(node, node->name, node->segment);
    zh_free(node);
}

bool zh_node__attached(const zh_node *node)
{
    const zh_node *p = node;

    if (node->removed)
        return false;
    while (p->parent)
        p = p->parent;
    return p == node->tree->root;
}

/* Filled from the end; the length is known. For attached nodes only: below others path_len counts a slash too many. */
int zh_node__store_path(const zh_node *node, zh_buf *out, zh_error *err)
{
    size_t end = out->len + node->path_len, n;
    const zh_node *p;
    int rc;

    rc = zh_buf_resize(out, end, err);
    if (rc < 0)
        return rc;
    for (p = node; p->parent; p = p->parent) {
        n = strlen(p->segment);
        end -= n;
        if (n > 0) /* not in a store that is one array */
            memcpy(out->ptr + end, p->segment, n);
        if (p->parent->parent)
            out->ptr[--end] = '/';
    }
    return ZH_OK;
}

int zh_node_path(const zh_node *node, zh_buf *out, zh_error *err)
{
    const zh_node *p;
    size_t total = 0, end, n;
    int rc;

    if (!zh_node__attached(node))
        return ZH_OK;
    if (!node->parent)
        return zh_buf_putc(out, '/', err);
    for (p = node; p->parent; p = p->parent)
        total += strlen(p->name) + 1;
    end = out->len + total;
    rc = zh_buf_resize(out, end, err);
    if (rc < 0)
        return rc;
    for (p = node; p->parent; p = p->parent) {
        n = strlen(p->name);
        end -= n;
        memcpy(out->ptr + end, p->name, n);
        out->ptr[--end] = '/';
    }
    return ZH_OK;
}

zh_node *zh_node__next(const zh_node *top, zh_node *node)
{
    if (zh_children__count(node) > 0)
        return node->children->item[0];
    for (; node != top; node = node->parent) {
        if (node->at + 1 < node->parent->children->n)
            return node->parent->children->item[node->at + 1];
    }
    return NULL;
}

void zh_node__touch(zh_node *node)
{
    for (; node && !node->touched; node = node->parent)
        node->touched = true;
}

int zh_node_check(const zh_node *node, zh_error *err)
{
    if (!node->broken)
        return ZH_OK;
    if (node->broken_why)
        return zh_error_set(err, node->broken, "%s", node->broken_why);
    return zh_error_set(err, node->broken, "'%s' cannot be used", node->name);
}

int zh_node__changeable(const zh_node *node, zh_error *err)
{
    if (!node->tree->writable)
        return zh_error_set(err, ZH_READONLY, "'%s' is not open for writing", zh_store_url(node->tree->store));
    if (node->made_up)
        return zh_error_set(err, ZH_UNSUPPORTED, "the store is one array: it has no group for members or attributes");
    if (node->frozen)
        return zh_error_set(err, ZH_READONLY, "'%s' was written by a later version of this library", node->name);
    return zh_node_check(node, err);
}

/* "'/a/b': " in front of the message. Never fails: without memory the message stays as it is. */
static void prefix_path(zh_error *err, const zh_node *group, const char *name, size_t n)
{
    zh_buf path = ZH_BUF_INIT(1 << 20);
    const char *text = NULL;

    if (!err)
        return;
    if (zh_node_path(group, &path, NULL) == ZH_OK) {
        if (path.len == 1)
            path.len = 0;
        text = zh_buf_cstr(&path, NULL);
    }
    if (text)
        zh_error_prefix(err, "'%s/%.*s'", text, (int)(n > 300 ? 300 : n), name);
    zh_buf_dispose(&path);
}

/* Looking up. */

int zh_node_find(zh_node **out, zh_node *group, const char *name, size_t n, zh_error *err)
{
    int rc;

    *out = NULL;
    rc = zh_node_check(group, err);
    if (rc < 0)
        return rc;
    if (group->kind != ZH_NODE_GROUP)
        return zh_error_set(err, ZH_INVALID, "'%s' is not a group", group->name);
    *out = zh_children__find(group, name, n);
    if (*out)
        return ZH_OK;
    if (group->children_listed || n == 0 || memchr(name, '/', n) || memchr(name, '\0', n))
        return ZH_NOTFOUND;
    if (group->children && group->children->npending > 0) {
        /* Names and segments differ here: with all of them known no guess is needed. */
        rc = zh_load__listing(group, err);
        if (rc < 0)
            return rc;
        *out = zh_children__find(group, name, n);
        return *out ? ZH_OK : ZH_NOTFOUND;
    }
    rc = zh_load__child(out, group, name, n, err);
    if (rc < 0 && rc != ZH_NOTFOUND)
        prefix_path(err, group, name, n);
    return rc;
}

int zh_node_child(zh_node **out, zh_node *group, const char *name, size_t n, zh_error *err)
{
    int rc = zh_node_find(out, group, name, n, err);

    if (rc < 0)
        return rc;
    rc = zh_node_check(*out, err);
    if (rc < 0) {
        *out = NULL;
        prefix_path(err, group, name, n);
    }
    return rc;
}

static int list(zh_node *group, zh_error *err)
{
    int rc = zh_node_check(group, err);

    if (rc < 0)
        return rc;
    if (group->kind != ZH_NODE_GROUP)
        return zh_error_set(err, ZH_INVALID, "'%s' is not a group", group->name);
    return group->children_listed ? ZH_OK : zh_load__listing(group, err);
}

int zh_node_children(zh_node ***out, size_t *n, zh_node *group, bool by_corder, zh_error *err)
{
    zh_node **sorted, **copy;
    int rc;

    *out = NULL;
    *n = 0;
    rc = list(group, err);
    if (rc == ZH_OK)
        rc = zh_children__sorted(&sorted, group, by_corder, err);
    if (rc != ZH_OK)
        return rc;
    copy = sorted ? zh_memdup(sorted, zh_children__count(group) * sizeof(zh_node *)) : zh_malloc(sizeof(zh_node *));
    if (!copy)
        return zh_error_nomem(err);
    *out = copy;
    *n = zh_children__count(group);
    return ZH_OK;
}

int zh_node_child_at(zh_node **out, zh_node *group, size_t index, bool by_corder, zh_error *err)
{
    zh_node **sorted;
    int rc;

    *out = NULL;
    rc = list(group, err);
    if (rc == ZH_OK)
        rc = zh_children__sorted(&sorted, group, by_corder, err);
    if (rc != ZH_OK)
        return rc;
    if (index >= zh_children__count(group))
        return zh_error_set(err, ZH_RANGE, "child %zu of %zu", index, zh_children__count(group));
    *out = sorted[index];
    return ZH_OK;
}

int zh_node_child_count(size_t *out, zh_node *group, zh_error *err)
{
    int rc = list(group, err);

    *out = rc < 0 ? 0 : zh_children__count(group);
    return rc;
}

uint64_t zh_node_take_corder(zh_node *group)
{
    if (group->track & 3)
        zh_tree__list_dirty(group);
    return group->next_corder++;
}

/* Names of new children. */

static size_t shorten_utf8(const char *s, size_t n, size_t max)
{
    if (n <= max)
        return n;
    for (n = max; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
        ;
    return n;
}

/* Is there a child of this segment, in memory or in the store? */
static int segment_taken(bool *out, zh_node *group, const char *segment, zh_error *err)
{
    zh_node *other;
    int rc;

    *out = true;
    if (zh_children__find_segment(group, segment, strlen(segment)))
        return ZH_OK;
    rc = zh_node_find(&other, group, segment, strlen(segment), err);
    if (rc < 0 && rc != ZH_NOTFOUND)
        return rc;
    *out = rc == ZH_OK && strcmp(other->segment, segment) == 0;
    return ZH_OK;
}

/* The segment for a new child. An escaped name may meet one that is spelled so, or the other way round: then a number
 * is appended. What it stands for is written in the group's _HDF5.names. */
static int choose_segment(char out[ZH_SEGMENT_MAX + 1], zh_node *group, const char *name, size_t n, zh_error *err)
{
    char base[ZH_SEGMENT_MAX + 1], suffix[32];
    bool changed, taken;
    unsigned long k;
    size_t keep;
    int rc;

    rc = zh_name_escape(base, &changed, name, n, err);
    if (rc < 0)
        return rc;
    memcpy(out, base, sizeof(base));
    if (changed)
        rc = segment_taken(&taken, group, out, err);
    else
        taken = zh_children__find_segment(group, out, strlen(out)) != NULL;
    for (k = 1; rc == ZH_OK && taken; k++) {
        snprintf(suffix, sizeof(suffix), "%%~%lu", k);
        keep = shorten_utf8(base, strlen(base), ZH_SEGMENT_MAX - strlen(suffix));
        memcpy(out, base, keep);
        memcpy(out + keep, suffix, strlen(suffix) + 1);
        rc = segment_taken(&taken, group, out, err);
    }
    return rc;
}

static size_t key_room(const zh_node *node)
{
    return node->meta ? ZH_KEY_ROOM_ARRAY(node->meta->rank) : ZH_KEY_ROOM_GROUP;
}

uint32_t zh_node__child_path_len(const zh_node *parent, const char *segment)
{
    return (uint32_t)(parent->path_len + (parent == parent->tree->root ? 0 : 1) + strlen(segment));
}

static int check_path_len(size_t len, size_t room, const char *name, zh_error *err)
{
    if (len + room < ZH_KEY_MAX)
        return ZH_OK;
    return zh_error_set(err, ZH_RANGE, "the path of '%.100s' needs %zu bytes, and a key has at most %d", name,
                        len + room, ZH_KEY_MAX - 1);
}

/* May a child of this name be put into the group? Answers with its segment. */
static int check_new_child(char segment[ZH_SEGMENT_MAX + 1], zh_node *group, const char *name, size_t n, zh_error *err)
{
    zh_node *other;
    int rc;

    rc = zh_node__changeable(group, err);
    if (rc < 0)
        return rc;
    if (n == 0 || memchr(name, '/', n) || memchr(name, '\0', n))
        return zh_error_set(err, ZH_INVALID, "a name is empty or holds '/' or NUL");
    rc = zh_node_find(&other, group, name, n, err);
    if (rc == ZH_OK)
        rc = zh_error_set(err, ZH_EXISTS, "exists already");
    if (rc != ZH_NOTFOUND) {
        if (rc == ZH_EXISTS)
            prefix_path(err, group, name, n);
        return rc;
    }
    return choose_segment(segment, group, name, n, err);
}

/* The group's _HDF5.names has to be written when a child that stands there comes or goes. */
static void note_names(zh_node *group, bool escaped)
{
    if (escaped)
        zh_tree__list_dirty(group);
}

/* Whether chunks may lie where node, which is new there, stands: those of an array only, in a store that had something
 * before us. */
static bool may_be_unclean(const zh_node *node)
{
    const zh_tree *t = node->tree;

    return t->opened && node->kind == ZH_NODE_ARRAY && (zh_store_caps(t->store) & ZH_STORE_ERASE) != 0;
}

/* Things that follow from being below this parent. */
static void note_attached(zh_node *node)
{
    node->removed = node->parent->removed;
    node->corder = zh_node_take_corder(node->parent);
    note_names(node->parent, node->segment != node->name);
}

static int insert_new(zh_node *node, zh_node *parent, const char *segment, zh_error *err)
{
    int rc;

    rc = zh_node__set_segment(node, segment, strlen(segment), err);
    if (rc < 0)
        return rc;
    node->path_len = zh_node__child_path_len(parent, segment);
    rc = check_path_len(node->path_len, key_room(node), node->name, err);
    return rc < 0 ? rc : zh_children__insert(parent, node, err);
}

/* meta NULL: a group. Taken on success. */
static int create(zh_node **out, zh_tree *t, zh_node *parent, const char *name, size_t n, zh_array_meta *meta,
                  const char *facts, zh_error *err)
{
    bool unfilled = meta && t->format == ZH_V2 && !meta->has_fill;
    char segment[ZH_SEGMENT_MAX + 1];
    zh_node *node = NULL;
    int rc;

    *out = NULL;
    if (!t->writable)
        return zh_node__changeable(t->root, err);
    if (t->batch_nodes && t->since_batch >= t->batch_nodes) {
        rc = zh_tree__publish(t, true, NULL, err);
        if (rc < 0)
            return rc;
    }
    if (parent) {
        rc = check_new_child(segment, parent, name, n, err);
        if (rc < 0)
            return rc;
    }
    rc = zh_node__alloc(&node, t, parent ? name : "", parent ? n : 0, err);
    if (rc < 0)
        return rc;
    node->kind = meta ? ZH_NODE_ARRAY : ZH_NODE_GROUP;
    node->meta = meta;
    node->children_listed =
        meta || !t->opened; /* a store we did not make may hold nodes below a group without a document */
    node->own_dirty = true;
    if (facts && *facts) {
        node->facts = zh_strdup(facts);
        rc = node->facts ? ZH_OK : zh_error_nomem(err);
    }
    if (rc == ZH_OK)
        rc = zh_tree__assign_id(t, node, err);
    if (rc == ZH_OK && unfilled)
        rc = zh_tree__want_filled(t, node, err);
    if (rc == ZH_OK && parent)
        rc = insert_new(node, parent, segment, err);
    if (rc < 0) {
        node->meta = NULL;
        if (node->id)
            zh_tree__release_id(t, node);
        zh_node__free(node);
        return rc;
    }
    if (parent) {
        node->unclean = may_be_unclean(node);
        note_attached(node);
    }
    zh_tree__list_dirty(node);
    t->since_batch++;
    *out = node;
    return ZH_OK;
}

int zh_node_new_group(zh_node **out, zh_tree *t, zh_node *parent, const char *name, size_t n, const char *facts,
                      zh_error *err)
{
    return create(out, t, parent, name, n, NULL, facts, err);
}

int zh_node_new_array(zh_node **out, zh_tree *t, zh_node *parent, const char *name, size_t n, zh_array_meta *meta,
                      const char *facts, zh_error *err)
{
    int rc;

    *out = NULL;
    if (meta->format != t->format)
        return zh_error_set(err, ZH_INVALID, "a Zarr v%d array cannot stand in a v%d hierarchy", (int)meta->format,
                            (int)t->format);
    rc = zh_array_meta_check(meta, err);
    return rc < 0 ? rc : create(out, t, parent, name, n, meta, facts, err);
}

/* Naming and renaming. */

/* What a node had before it was given another place. */
typedef struct place {
    zh_node *parent;
    char *name, *segment;
    uint64_t corder;
    uint32_t path_len;
} place;

static void shift_paths(zh_node *top, uint32_t from, uint32_t to)
{
    zh_node *p;

    for (p = top; p; p = zh_node__next(top, p))
        p->path_len = p->path_len - from + to; /* modulo 2^32; the result is in range */
}

static int check_paths(zh_node *top, uint32_t new_len, zh_error *err)
{
    size_t extra = 0, room;
    zh_node *p;

    for (p = top; p; p = zh_node__next(top, p)) {
        room = p->path_len + key_room(p);
        if (room > extra)
            extra = room;
    }
    return check_path_len(new_len, extra - top->path_len, top->name, err);
}

/* Puts node, with its new name set, below parent; cannot fail if it stood there just now. */
static int place_below(zh_node *node, zh_node *parent, zh_error *err)
{
    return parent ? zh_children__insert(parent, node, err) : ZH_OK;
}

/* The names that node leaves are the caller's again. */
static void restore(zh_node *node, const place *old)
{
    uint32_t len = node->path_len;

    if (node->parent)
        zh_children__remove(node);
    node->name = old->name;
    node->segment = old->segment;
    node->corder = old->corder;
    shift_paths(node, len, old->path_len);
    (void)place_below(node, old->parent, NULL);
}

/* The key prefix of a node as text. *out is the caller's. */
static int path_text(char **out, const zh_node *node, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    int rc;

    rc = zh_node__store_path(node, &path, err);
    *out = rc < 0 ? NULL : zh_strndup(path.len ? (const char *)path.ptr : "", path.len);
    zh_buf_dispose(&path);
    if (rc == ZH_OK && !*out) {
        (void)zh_error_nomem(err);
        return ZH_NOMEM;
    }
    return rc;
}

/* After node has got its new place: its arrays' data follow, and its old place in the store is given up. */
static int follow(zh_node *node, const place *old, const char *from, zh_error *err)
{
    char *to = NULL;
    int rc = ZH_OK;

    if (!zh_node__attached(node))
        return ZH_OK;
    rc = path_text(&to, node, err);
    if (rc == ZH_OK)
        rc = zh_data__move(node, from, to, err);
    if (rc == ZH_OK && old->parent && node->touched)
        rc = zh_removals__add(node->tree, from, strlen(from), err);
    if (rc < 0 && to)
        (void)zh_store_erase_prefix(node->tree->store, to, NULL); /* the copies; the data are still where they were */
    zh_free(to);
    return rc;
}

/* name, segment: copies that become the node's on success. */
static int replace_place(zh_node *node, zh_node *parent, char *name, char *segment, zh_error *err)
{
    const place old = {node->parent, node->name, node->segment, node->corder, node->path_len};
    uint32_t new_len = zh_node__child_path_len(parent, segment);
    char *from = NULL;
    int rc;

    rc = check_paths(node, new_len, err);
    if (rc == ZH_OK)
        rc = path_text(&from, node, err);
    if (rc != ZH_OK)
        return rc;
    if (old.parent)
        zh_children__remove(node);
    node->name = name;
    node->segment = segment;
    rc = place_below(node, parent, err);
    if (rc < 0) {
        node->name = old.name;
        node->segment = old.segment;
        (void)place_below(node, old.parent, NULL);
        goto out;
    }
    shift_paths(node, old.path_len, new_len);
    node->unclean = may_be_unclean(node); /* before its chunks follow: they are not what is to be cleaned away */
    rc = follow(node, &old, from, err);
    if (rc < 0)
        restore(node, &old);
out:
    zh_free(from);
    return rc;
}

static int relink(zh_node *node, zh_node *parent, const char *name, size_t n, zh_error *err)
{
    char segment[ZH_SEGMENT_MAX + 1];
    char *name_copy, *segment_copy;
    const place old = {node->parent, node->name, node->segment, 0, 0};
    int rc;

    if (!parent || parent->removed)
        return zh_error_set(err, ZH_INVALID, "there is no such group any more");
    rc = check_new_child(segment, parent, name, n, err);
    if (rc < 0)
        return rc;
    name_copy = zh_strndup(name, n);
    segment_copy = name_copy && strcmp(name_copy, segment) != 0 ? zh_strdup(segment) : name_copy;
    if (!name_copy || !segment_copy) {
        zh_free(name_copy);
        return zh_error_nomem(err);
    }
    rc = replace_place(node, parent, name_copy, segment_copy, err);
    if (rc < 0) {
        if (segment_copy != name_copy)
            zh_free(segment_copy);
        zh_free(name_copy);
        return rc;
    }
    if (old.parent)
        note_names(old.parent, old.segment != old.name);
    free_name(node, old.name, old.segment);
    note_attached(node);
    if (node->touched)
        zh_node__touch(parent);
    zh_node_mark_dirty(node);
    return ZH_OK;
}

int zh_node_link(zh_node *anonymous, zh_node *parent, const char *name, size_t n, zh_error *err)
{
    if (anonymous->parent || anonymous->removed || anonymous == anonymous->tree->root)
        return zh_error_set(err, ZH_INVALID, "only an anonymous node can be linked");
    return relink(anonymous, parent, name, n, err);
}

int zh_node_move(zh_node *node, zh_node *parent, const char *name, size_t n, zh_error *err)
{
    const zh_node *up;
    zh_node *p;

    if (!node->parent || node->removed)
        return zh_error_set(err, ZH_INVALID, "only a node that stands in a group can be moved");
    for (up = parent; up; up = up->parent) {
        if (up == node)
            return zh_error_set(err, ZH_INVALID, "a group cannot be moved below itself");
    }
    for (p = node; p; p = zh_node__next(node, p)) {
        if (p->published || p->broken)
            return zh_error_set(err, ZH_UNSUPPORTED, "'%s' is in the store already and cannot be moved", p->name);
    }
    return relink(node, parent, name, n, err);
}

/* Removing. */

/* Frees top, which has no parent, and what is below it; nodes that are referred to stay, each with all that is below
 * it. */
static void collect(zh_node *top)
{
    zh_node *node = top, *up;

    while (node) {
        up = node == top ? NULL : node->parent;
        if (node->refs == 0 && zh_children__count(node) > 0) {
            node = node->children->item[node->children->n - 1];
            continue;
        }
        if (up)
            zh_children__remove(node);
        if (node->refs == 0) {
            zh_tree__release_id(node->tree, node);
            zh_node__free(node);
        }
        node = up;
    }
}

static void detach(zh_node *top)
{
    zh_node *p;

    for (p = top; p; p = zh_node__next(top, p)) {
        p->removed = true;
        p->children_listed = true;
        zh_tree__unlist_dirty(p);
        zh_data__close(p);
    }
    collect(top);
}

static int note_removal(zh_node *node, zh_error *err)
{
    zh_tree *t = node->tree;
    char *path;
    int rc;

    if (!(zh_store_caps(t->store) & ZH_STORE_ERASE))
        return zh_error_set(err, ZH_UNSUPPORTED, "nothing can be removed from '%s'", zh_store_url(t->store));
    rc = path_text(&path, node, err);
    if (rc == ZH_OK)
        rc = zh_removals__add(t, path, node->path_len, err);
    zh_free(path);
    return rc;
}

int zh_node_remove(zh_node *node, zh_error *err)
{
    zh_node *parent = node->parent;
    int rc;

    if (node == node->tree->root)
        return zh_error_set(err, ZH_INVALID, "the root group cannot be removed");
    if (!parent && node->removed)
        return zh_error_set(err, ZH_INVALID, "the node has been removed before");
    rc = zh_node__changeable(parent ? parent : node, err);
    if (rc < 0)
        return rc;
    if (node->touched && zh_node__attached(node)) {
        rc = note_removal(node, err);
        if (rc < 0)
            return rc;
    }
    if (parent) {
        note_names(parent, node->segment != node->name);
        zh_children__remove(node);
    }
    detach(node);
    return ZH_OK;
}

void zh_node_ref(zh_node *node)
{
    node->refs++;
}

void zh_node_unref(zh_node *node)
{
    if (--node->refs == 0 && !node->parent && node != node->tree->root)
        detach(node);
}

/* Changing. */

void zh_node_mark_dirty(zh_node *node)
{
    node->own_dirty = true;
    zh_tree__list_dirty(node);
}

int zh_node_set_facts(zh_node *node, const char *facts, zh_error *err)
{
    char *copy = NULL;
    int rc;

    rc = zh_node__changeable(node, err);
    if (rc < 0)
        return rc;
    if (facts && *facts) {
        copy = zh_strdup(facts);
        if (!copy)
            return zh_error_nomem(err);
    }
    zh_free(node->facts);
    node->facts = copy;
    zh_tree__list_dirty(node);
    return ZH_OK;
}

int zh_node_resize(zh_node *node, const uint64_t *shape, zh_error *err)
{
    zh_array *array;
    int rc;

    rc = zh_node__changeable(node, err);
    if (rc == ZH_OK)
        rc = zh_node_array(&array, node, err);
    if (rc == ZH_OK && node->tree->format == ZH_V2 && !node->meta->has_fill && !node->unfilled)
        rc = zh_tree__want_filled(node->tree, node, err);
    if (rc == ZH_OK)
        rc = zh_array_resize(array, shape, err);
    if (rc == ZH_OK)
        zh_node_mark_dirty(node);
    return rc;
}
