/* plan_finish.c - a plan checked as a whole, and its implicit groups.
 *
 * Paths stand in a table by hash, with a key of each plan's own. The hash of a path is built from its beginning, so
 * that one pass over a key gives the hashes of all its ancestors. From each given node the way leads up until a group
 * is met that is there already: what is above that one has been seen, or will be when its own turn comes. So each
 * implicit group is made once, at the cost of a look-up, and takes a slice of the key that it was found in.
 */
#include "builder/plan_internal.h"
#include "builder/problems.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "base/keyed_hash.h"
#include "base/name_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct finishing {
    zh_plan *plan;
    const zh_plan_options *opts;
    zh_problems problems;
    zh_name_index *index;
    zh_hash_key key;
    /* The ancestors of the path at hand, from the root on: where they end, and their hashes. */
    uint32_t ends[ZH_KEY_MAX / 2 + 1], hashes[ZH_KEY_MAX / 2 + 1];
    uint32_t depth; /* segments: ancestors are 0 to depth - 1 */
    /* The group that the last entry was in: the next one mostly is in the same. */
    const char *group;
    uint32_t group_len;
} finishing;

/* Fills ends and hashes; returns the hash of the whole path. */
static uint32_t hash_path(finishing *f, const char *path, uint32_t n)
{
    zh_hashing h = zh_hash_begin(&f->key);

    f->depth = 0;
    if (n == 0)
        return zh_hash_value(&h);
    f->ends[0] = 0;
    f->hashes[0] = zh_hash_value(&h);
    f->depth = 1;
    for (uint32_t i = 0; i < n; i++) {
        if (path[i] != '/') {
            zh_hash_byte(&h, path[i]);
            continue;
        }
        zh_hash_segment(&h);
        f->ends[f->depth] = i;
        f->hashes[f->depth] = zh_hash_value(&h);
        f->depth++;
    }
    zh_hash_segment(&h);
    return zh_hash_value(&h);
}

static uint32_t find(const finishing *f, uint32_t hash, const char *path, uint32_t n)
{
    zh_index_cursor c = {hash, 0, false};
    uint32_t at;

    for (at = zh_index_next(f->index, &c); at != ZH_INDEX_NONE; at = zh_index_next(f->index, &c)) {
        const zh_entry *e = &f->plan->entry[at];

        if (e->path_len == n && memcmp(e->path, path, n) == 0)
            return at;
    }
    return ZH_ENTRY_NONE;
}

/* --- stage 1: keys --- */

static void key_problem(finishing *f, const zh_entry *e, const char *path, const zh_error *why)
{
    zh_problem problem = {why->code, e->given, path, NULL, -1, NULL};

    zh_problems_add(&f->problems, &problem, "'%.200s': %s", e->given, why->message);
}

static void duplicate(finishing *f, const zh_entry *e, const zh_entry *first)
{
    zh_problem problem = {ZH_KEY_DUPLICATE, e->given, NULL, first->given, -1, NULL};
    char *path = zh_plan__copy(f->plan, e->path, e->path_len, NULL);

    problem.path = path;
    zh_problems_add(&f->problems, &problem, "the keys '%.150s' and '%.150s' are both the path '%.150s'", first->given,
                    e->given, path == NULL ? "" : path);
}

/* The key's normal form; its own bytes where they are in normal form already. */
static int normalise(finishing *f, zh_entry *e, zh_error *why)
{
    size_t n = e->path_len;
    char *path = zh_plan__copy(f->plan, e->given, n, why);
    int rc;

    if (path == NULL)
        return ZH_NOMEM;
    rc = zh_plan__normalise(path, &n, f->opts->backslash_is_slash, why);
    if (rc == ZH_OK)
        rc = zh_plan__check_path(path, n, (zh_format)e->format, !f->opts->unchecked, why);
    if (rc < 0)
        return rc;
    path[n] = '\0';
    e->path = path;
    e->path_len = (uint32_t)n;
    return ZH_OK;
}

static bool is_normal(const zh_entry *e, bool backslash_is_slash)
{
    const char *p = e->path;
    const uint32_t n = e->path_len;

    if (n == 0)
        return true;
    return p[0] != '/' && p[n - 1] != '/' && memchr(p, '\0', n) == NULL && strstr(p, "//") == NULL &&
           !(backslash_is_slash && memchr(p, '\\', n) != NULL);
}

static int check_key(finishing *f, zh_entry *e)
{
    zh_error why = ZH_ERROR_INIT;
    uint32_t other, hash;
    int rc;

    if (is_normal(e, f->opts->backslash_is_slash)) {
        size_t n = e->path_len;

        /* In place: nothing is left to change, the encoding is checked. */
        rc = zh_plan__normalise((char *)(uintptr_t)e->path, &n, false, &why);
        if (rc == ZH_OK)
            rc = zh_plan__check_path(e->path, n, (zh_format)e->format, !f->opts->unchecked, &why);
    } else {
        rc = normalise(f, e, &why);
    }
    if (rc == ZH_NOMEM)
        return zh_error_nomem(f->problems.err);
    if (rc < 0) {
        key_problem(f, e, NULL, &why);
        return ZH_OK;
    }
    hash = hash_path(f, e->path, e->path_len);
    other = find(f, hash, e->path, e->path_len);
    if (other != ZH_ENTRY_NONE) {
        duplicate(f, e, &f->plan->entry[other]);
        return ZH_OK;
    }
    rc = zh_index_reserve(&f->index, f->problems.err);
    if (rc == ZH_OK)
        zh_index_insert(f->index, hash, (uint32_t)(e - f->plan->entry));
    return rc;
}

static int check_keys(finishing *f)
{
    int rc = ZH_OK;

    for (uint32_t i = 0; rc == ZH_OK && i < f->plan->n; i++)
        rc = check_key(f, &f->plan->entry[i]);
    return rc < 0 ? rc : zh_problems_finish(&f->problems);
}

/* --- stage 2: one format --- */

#define NAMED_KEYS 5

/* "'a', 'b' and 7 more" */
static int list_keys(zh_buf *out, const zh_plan *p, zh_format format, zh_error *err)
{
    uint32_t named = 0, total = 0;
    char more[32];
    int rc = ZH_OK;

    for (uint32_t i = 0; rc == ZH_OK && i < p->n; i++) {
        if (p->entry[i].format != format)
            continue;
        total++;
        if (named == NAMED_KEYS)
            continue;
        rc = zh_buf_puts(out, named++ > 0 ? ", '" : "'", err);
        if (rc == ZH_OK)
            rc = zh_buf_append(out, p->entry[i].path, p->entry[i].path_len < 30 ? p->entry[i].path_len : 30, err);
        if (rc == ZH_OK)
            rc = zh_buf_putc(out, '\'', err);
    }
    if (rc == ZH_OK && total > named) {
        (void)snprintf(more, sizeof(more), " and %u more", total - named);
        rc = zh_buf_puts(out, more, err);
    }
    return rc;
}

static int check_format(finishing *f)
{
    zh_plan *p = f->plan;
    zh_problem problem = {ZH_MIXED_FORMAT, "", NULL, NULL, -1, NULL};
    zh_buf v2 = ZH_BUF_INIT(4096), v3 = ZH_BUF_INIT(4096);
    const zh_entry *odd = NULL;
    int rc;

    for (uint32_t i = 1; odd == NULL && i < p->n; i++)
        if (p->entry[i].format != p->entry[0].format)
            odd = &p->entry[i];
    if (odd == NULL)
        return ZH_OK;
    rc = list_keys(&v2, p, ZH_V2, f->problems.err);
    if (rc == ZH_OK)
        rc = list_keys(&v3, p, ZH_V3, f->problems.err);
    if (rc == ZH_OK) {
        problem.key = problem.path = odd->given;
        problem.other = p->entry[0].given;
        zh_problems_add(&f->problems, &problem,
                        "one hierarchy has one format; Zarr v2 have the keys %.*s, Zarr v3 %.*s", (int)v2.len,
                        (const char *)v2.ptr, (int)v3.len, (const char *)v3.ptr);
        rc = zh_problems_finish(&f->problems);
    }
    zh_buf_dispose(&v2);
    zh_buf_dispose(&v3);
    return rc;
}

/* --- stage 3: implicit groups, arrays are leaves --- */

static void inside_array(finishing *f, const zh_entry *e, const zh_entry *array)
{
    zh_plan *p = f->plan;
    const char *key = e->given != NULL ? e->given : zh_plan__copy(p, e->path, e->path_len, NULL);
    zh_problem problem = {ZH_NODE_INSIDE_ARRAY, key, key, array->given, -1, NULL};

    zh_problems_add(&f->problems, &problem,
                    "'%.200s' is to be inside of '%.*s', which is an array; only groups have members",
                    key == NULL ? "" : key, (int)array->path_len, array->path);
}

static int add_implicit(finishing *f, const char *path, uint32_t n, uint32_t hash)
{
    zh_plan *p = f->plan;
    const bool was_finished = p->finished;
    zh_entry *e;
    int rc;

    /* No key of its own: a slice of the one below. */
    rc = zh_index_reserve(&f->index, f->problems.err);
    if (rc < 0)
        return rc;
    p->finished = false;
    rc = zh_plan__new_entry(&e, p, NULL, 0, f->problems.err);
    p->finished = was_finished;
    if (rc < 0)
        return rc;
    e->path = path;
    e->path_len = n;
    e->given = NULL;
    e->kind = ZH_NODE_GROUP;
    e->format = (uint8_t)p->format;
    zh_index_insert(f->index, hash, p->n);
    zh_plan__commit(p);
    return ZH_OK;
}

/* Makes the ancestors of entry i that are missing. */
static int climb(finishing *f, uint32_t i)
{
    const char *path = f->plan->entry[i].path;
    const uint32_t n = f->plan->entry[i].path_len;
    const char *slash = memrchr(path, '/', n);
    const uint32_t group_len = slash == NULL ? 0 : (uint32_t)(slash - path);
    int rc;

    if (n == 0 || (f->group != NULL && f->group_len == group_len && memcmp(f->group, path, group_len) == 0))
        return ZH_OK;
    f->group = NULL;
    (void)hash_path(f, path, n);
    for (uint32_t d = f->depth; d-- > 0;) {
        const uint32_t above = find(f, f->hashes[d], path, f->ends[d]);

        if (above != ZH_ENTRY_NONE && f->plan->entry[above].kind == ZH_NODE_ARRAY) {
            inside_array(f, &f->plan->entry[i], &f->plan->entry[above]);
            return ZH_OK;
        }
        if (above != ZH_ENTRY_NONE)
            break;
        rc = add_implicit(f, path, f->ends[d], f->hashes[d]);
        if (rc < 0)
            return rc;
    }
    f->group = path;
    f->group_len = group_len;
    return ZH_OK;
}

static int add_groups(finishing *f)
{
    const uint32_t given = f->plan->n;
    int rc = ZH_OK;

    for (uint32_t i = 0; rc == ZH_OK && i < given; i++)
        rc = climb(f, i);
    return rc < 0 ? rc : zh_problems_finish(&f->problems);
}

/* --- order --- */

int zh_plan__compare(const char *a, uint32_t n_a, const char *b, uint32_t n_b)
{
    const uint32_t n = n_a < n_b ? n_a : n_b;
    uint32_t i = 0;

    while (i < n && a[i] == b[i])
        i++;
    if (i < n) {
        const unsigned ca = a[i] == '/' ? 0 : (unsigned char)a[i];
        const unsigned cb = b[i] == '/' ? 0 : (unsigned char)b[i];

        return ca < cb ? -1 : 1;
    }
    return (n_a > n_b) - (n_a < n_b);
}

static int compare_entries(const void *a, const void *b)
{
    const zh_entry *x = a, *y = b;

    return zh_plan__compare(x->path, x->path_len, y->path, y->path_len);
}

static bool is_above(const zh_entry *group, const zh_entry *e)
{
    if (group->path_len == 0)
        return e->path_len > 0;
    return e->path_len > group->path_len && e->path[group->path_len] == '/' &&
           memcmp(e->path, group->path, group->path_len) == 0;
}

/* Every ancestor is there, and directly or not before its members: the last entry that is above is the parent. */
static void link_parents(zh_plan *p)
{
    uint32_t at = ZH_ENTRY_NONE;

    for (uint32_t i = 0; i < p->n; i++) {
        while (at != ZH_ENTRY_NONE && !is_above(&p->entry[at], &p->entry[i])) {
            p->entry[at].end = i;
            at = p->entry[at].parent;
        }
        p->entry[i].parent = at;
        at = i;
    }
    for (; at != ZH_ENTRY_NONE; at = p->entry[at].parent)
        p->entry[at].end = p->n;
}

static void order(zh_plan *p)
{
    uint32_t i = 1;

    while (i < p->n && compare_entries(&p->entry[i - 1], &p->entry[i]) < 0)
        i++;
    if (i < p->n)
        qsort(p->entry, p->n, sizeof(*p->entry), compare_entries);
    if (!p->unchecked) {
        link_parents(p);
        return;
    }
    for (i = 0; i < p->n; i++)
        p->entry[i].end = i + 1;
}

static int finish(finishing *f)
{
    zh_plan *p = f->plan;
    int rc = check_keys(f);

    if (rc < 0 || p->unchecked)
        return rc;
    rc = check_format(f);
    if (rc < 0 || p->n == 0)
        return rc;
    p->format = (zh_format)p->entry[0].format;
    return add_groups(f);
}

int zh_plan_finish(zh_plan *p, const zh_plan_options *opts, zh_error *err)
{
    static const zh_plan_options defaults = ZH_PLAN_OPTIONS_INIT;
    finishing *f;
    int rc;

    if (opts != NULL && opts->version != ZH_PLAN_OPTIONS_VERSION)
        return zh_error_set(err, ZH_INVALID, "version %u of zh_plan_options is not known here", opts->version);
    if (p->finished)
        return zh_error_set(err, ZH_INVALID, "the plan is finished already");
    f = zh_calloc(1, sizeof(*f));
    if (f == NULL)
        return zh_error_nomem(err);
    f->plan = p;
    f->opts = opts == NULL ? &defaults : opts;
    f->key = zh_hash_key_new();
    zh_problems_init(&f->problems, f->opts->problem, f->opts->payload, f->opts->max_problems, err);
    p->unchecked = f->opts->unchecked;
    p->n_given = p->n;
    rc = finish(f);
    p->finished = true;
    p->broken = rc < 0;
    if (rc == ZH_OK)
        order(p);
    zh_index_free(f->index);
    zh_free(f);
    return rc;
}
