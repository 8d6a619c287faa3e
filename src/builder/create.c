/* create.c - the creating functions: arguments checked, a creation set up, and run in the way that the store allows. */
#include "builder/above.h"
#include "builder/creation.h"
#include "builder/node_handle.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"

#include <string.h>
#include <time.h>

static const zh_create_options default_options = ZH_CREATE_OPTIONS_INIT;

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Everything that can be said without the store being asked. */
static int check(zh_store *s, const zh_plan *plan, const zh_create_options *opts, bool unchecked, zh_error *err)
{
    if (opts->version != ZH_CREATE_OPTIONS_VERSION)
        return zh_error_set(err, ZH_INVALID, "version %u of zh_create_options is not known here", opts->version);
    if (!plan->finished || plan->broken)
        return zh_error_set(err, ZH_INVALID, "the plan is not finished");
    if (plan->unchecked && !unchecked)
        return zh_error_set(err, ZH_INVALID, "the plan was finished without being checked");
    if (plan->n == 0)
        return ZH_OK;
    if ((zh_store_caps(s) & ZH_STORE_WRITE) == 0)
        return zh_error_set(err, ZH_READONLY, "'%s' is open for reading", zh_store_url(s));
    if (opts->overwrite && !unchecked && (zh_store_caps(s) & ZH_STORE_ERASE) == 0)
        return zh_error_set(err, ZH_UNSUPPORTED, "'%s' cannot erase: nothing in it can be replaced", zh_store_url(s));
    return ZH_OK;
}

static void dispose(zh_creation *c)
{
    (void)pthread_mutex_destroy(&c->mutex);
    zh_journal_free(c);
    zh_stale_free(c);
    zh_deliveries_free(c);
    zh_writer_free(c->writer);
    zh_pool_free(c->pool);
    zh_free(c->state);
    zh_free(c->top);
    zh_free(c->tops);
    zh_free(c->written);
    zh_free(c->items);
}

static int set_up(zh_creation *c, zh_store *s, const char *group, zh_plan *plan, const zh_create_options *opts,
                  zh_error *err)
{
    const size_t n = plan->n;
    const unsigned requests = opts->requests > 0 ? opts->requests : zh_store_depth(s);
    int rc;

    memset(c, 0, sizeof(*c));
    c->store = s;
    c->plan = plan;
    c->opts = *opts;
    c->group = group;
    c->group_len = strlen(group);
    (void)pthread_mutex_init(&c->mutex, NULL);
    c->lost = ZH_ENTRY_NONE;
    c->staged = (zh_store_caps(s) & ZH_STORE_MOVE) != 0;
    zh_problems_init(&c->problems, opts->problem, opts->payload, opts->max_problems, err);
    rc = zh_pool_new(&c->pool, requests, err);
    if (rc == ZH_OK)
        rc = zh_writer_new(&c->writer, s, c->pool, opts->bytes, err);
    if (rc < 0)
        return rc;
    c->state = zh_calloc(n, sizeof(*c->state));
    c->top = zh_calloc(n, sizeof(*c->top));
    c->tops = zh_calloc(n, sizeof(*c->tops));
    c->written = c->staged ? NULL : zh_calloc(n, sizeof(*c->written));
    c->items = zh_calloc(n, sizeof(*c->items));
    if (c->state == NULL || c->top == NULL || c->tops == NULL || c->items == NULL || (!c->staged && c->written == NULL))
        return zh_error_nomem(err);
    return zh_deliveries_new(c, err);
}

static void tell_stats(const zh_creation *c, double start)
{
    zh_create_stats *out = c->opts.stats;
    zh_writer_totals t;

    if (out == NULL || c->writer == NULL)
        return;
    zh_writer_totals_get(c->writer, &t);
    *out = (zh_create_stats){.nodes = t.nodes,
                             .documents = t.documents,
                             .bytes = t.bytes,
                             .seconds = now() - start,
                             .requests = zh_pool_width(c->pool)};
    for (uint32_t i = 0; c->state != NULL && i < c->plan->n; i++) {
        out->kept += c->state[i] == ZH_AT_KEPT;
        out->replaced += c->state[i] == ZH_AT_REPLACED;
    }
}

static int check_lengths(const zh_plan *plan, size_t group_len, zh_error *err)
{
    size_t longest = 0;

    for (uint32_t i = 0; group_len > 0 && i < plan->n; i++)
        longest = plan->entry[i].path_len > longest ? plan->entry[i].path_len : longest;
    if (group_len + 1 + longest + ZH_PATH_ROOM <= ZH_KEY_MAX)
        return ZH_OK;
    return zh_error_set(err, ZH_KEY_TOO_LONG, "a key of %zu bytes below a group of %zu: together they are too long",
                        longest, group_len);
}

static int create_unchecked(zh_creation *c, zh_error *err);

/* Runs how() with all set up. */
static int create(zh_store *s, const char *group, zh_plan *plan, const zh_create_options *opts, bool under,
                  int (*how)(zh_creation *c, zh_error *err), zh_error *err)
{
    const double start = now();
    zh_creation c = {0};
    int rc;

    if (opts->stats != NULL)
        *opts->stats = (zh_create_stats){0};
    if (plan->n == 0)
        return ZH_OK;
    rc = check_lengths(plan, strlen(group), err);
    if (rc < 0)
        return rc;
    rc = set_up(&c, s, group, plan, opts, err);
    c.under = under;
    if (rc == ZH_OK && group[0] != '\0')
        rc = zh_stale_probe_above(&c, err);
    if (rc == ZH_OK)
        rc = how(&c, err);
    if (rc < 0 && how != create_unchecked) /* whose nodes stay */
        zh_deliveries_failed(&c);
    tell_stats(&c, start);
    dispose(&c);
    return rc;
}

static int create_checked(zh_creation *c, zh_error *err)
{
    int rc = zh_store_folds_names(c->store, &c->folds, err);

    zh_store_temporary_name(c->store, c->stage);
    if (rc == ZH_OK && c->folds)
        rc = zh_spelling_of_plan(c, err);
    if (rc < 0)
        return rc;
    return c->staged ? zh_create_staged(c, err) : zh_create_in_place(c, err);
}

int zh_create_hierarchy(zh_store *s, zh_plan *plan, const zh_create_options *opts, zh_error *err)
{
    const zh_create_options *o = opts == NULL ? &default_options : opts;
    const int rc = check(s, plan, o, false, err);

    return rc < 0 ? rc : create(s, "", plan, o, false, create_checked, err);
}

/* --- unchecked --- */

static void choose_flags(zh_creation *c)
{
    switch (c->opts.reach) {
    case ZH_REACH_ANY:
        c->clears = (zh_store_caps(c->store) & ZH_STORE_ERASE) != 0;
        return;
    case ZH_REACH_NONE:
        c->item_flags = c->early_flags = ZH_PUT_PLAIN;
        return;
    case ZH_REACH_NEW:
        c->item_flags = ZH_PUT_EXCL;
        c->early_flags = ZH_PUT_PLAIN; /* makes no node by itself */
        c->looks_first = true;
        return;
    }
}

/* Given nodes, or implicit ones, of which a checked plan may have some. */
static void choose_given(zh_creation *c, bool given)
{
    c->n_items = 0;
    for (uint32_t i = 0; i < c->plan->n; i++)
        if ((c->plan->entry[i].given != NULL) == given)
            c->items[c->n_items++] = i;
}

static int write_unchecked(zh_creation *c, zh_error *err)
{
    int rc;

    choose_given(c, true);
    rc = zh_write_items(c, err);
    choose_given(c, false);
    if (rc < 0 || c->n_items == 0)
        return rc;
    c->keeps_implicit = true;
    c->clears = false;
    c->item_flags = ZH_PUT_EXCL;
    return zh_write_items(c, err);
}

static int create_unchecked(zh_creation *c, zh_error *err)
{
    int rc = ZH_OK;

    for (uint32_t i = 0; i < c->plan->n; i++)
        c->top[i] = ZH_ENTRY_NONE;
    choose_flags(c);
    if (c->opts.reach != ZH_REACH_NONE) /* no other creator takes back what these nodes are put into */
        rc = zh_store_lock(c->store, err);
    if (rc < 0)
        return rc;
    rc = write_unchecked(c, err);
    if (c->opts.reach != ZH_REACH_NONE)
        zh_store_unlock(c->store);
    return rc < 0 || c->opts.unflushed ? rc : zh_creation_flush(c, err);
}

int zh_create_nodes(zh_store *s, zh_plan *plan, const zh_create_options *opts, zh_error *err)
{
    const zh_create_options *o = opts == NULL ? &default_options : opts;
    const int rc = check(s, plan, o, true, err);

    return rc < 0 ? rc : create(s, "", plan, o, false, create_unchecked, err);
}

/* --- rooted --- */

/* The given node that all others are below. Given nodes keep their order; implicit ones do not count. */
static int find_root(uint32_t *out, const zh_plan *plan, zh_error *err)
{
    uint32_t root = 0;

    while (root < plan->n && plan->entry[root].given == NULL)
        root++;
    if (root == plan->n)
        return zh_error_set(err, ZH_NO_ROOT, "an empty plan has no root");
    *out = root;
    /* In the order of paths an ancestor of all comes first, and its subtree is all the rest. */
    if (plan->entry[root].end == plan->n)
        return ZH_OK;
    return zh_error_set(
        err, ZH_MANY_ROOTS, "'%.150s' and '%.150s' are not below one node of the plan", plan->entry[root].given,
        plan->entry[plan->entry[root].end].given != NULL ? plan->entry[plan->entry[root].end].given : "others");
}

int zh_create_rooted(zh_handle **root, zh_store *s, zh_plan *plan, const zh_create_options *opts, zh_error *err)
{
    const zh_create_options *o = opts == NULL ? &default_options : opts;
    uint32_t i = 0;
    zh_plan_node node;
    int rc = check(s, plan, o, false, err);

    *root = NULL;
    if (rc == ZH_OK)
        rc = find_root(&i, plan, err);
    if (rc == ZH_OK)
        rc = zh_plan_get(plan, i, &node, err);
    /* Before anything is done, so that a lack of memory is no failure of the whole. */
    if (rc == ZH_OK)
        rc = zh_handle__new(root, s, node.path, node.path, err);
    if (rc < 0)
        return rc;
    rc = zh_handle__of_entry(*root, &plan->entry[i], err);
    if (rc == ZH_OK)
        rc = create(s, "", plan, o, false, create_checked, err);
    if (rc < 0) {
        zh_handle_close(*root);
        *root = NULL;
    }
    return rc;
}

/* --- below a group --- */

/* Groups above that have no document get one, as implicit groups do; not told to the caller, whose paths are relative
 * to the group. They go again if the rest fails. */
static int create_below(zh_store *s, const char *path, zh_plan *plan, const zh_create_options *o, zh_error *err)
{
    zh_key_list made = ZH_KEY_LIST_INIT;
    int rc = zh_above_make(&made, s, path, plan->format, err);

    if (rc == ZH_OK)
        rc = create(s, path, plan, o, true, create_checked, err);
    for (size_t i = made.n; rc < 0 && i-- > 0;)
        (void)zh_store_erase(s, made.item[i].name, NULL);
    zh_key_list_dispose(&made);
    return rc;
}

int zh_create_under(zh_store *s, const char *group, zh_plan *plan, const zh_create_options *opts, zh_error *err)
{
    const zh_create_options *o = opts == NULL ? &default_options : opts;
    zh_handle *there = NULL;
    char *path = NULL;
    int rc = check(s, plan, o, false, err);

    if (rc == ZH_OK)
        rc = zh_plan__path_of(&path, group, err);
    if (rc < 0 || path == NULL)
        return rc;
    if (plan->n > 0 && plan->entry[0].given != NULL)
        rc = zh_error_set(err, ZH_NESTED_ROOT, "a root is given for nodes that are to be below '/%.300s'", path);
    if (rc == ZH_OK && plan->n > 0) {
        rc = zh_get_node(&there, s, path, 0, err);
        if (rc == ZH_NOTFOUND)
            rc = zh_error_set(err, ZH_NOTFOUND, "'%.200s' in '%.150s': there is no group", path, zh_store_url(s));
        else if (rc == ZH_OK && there->kind == ZH_NODE_GROUP && there->format != plan->format)
            rc = zh_error_set(err, ZH_FORMAT_MISMATCH, "'/%.200s' is of Zarr v%d, and nodes of v%d are to be below it",
                              path, (int)there->format, (int)plan->format);
        zh_handle_close(there);
    }
    if (rc == ZH_OK && plan->n > 0)
        rc = create_below(s, path, plan, o, err);
    zh_free(path);
    return rc;
}
