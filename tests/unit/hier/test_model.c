/* test_model.c - random changes to a tree and to a plain list of paths; both must say the same, always, and after
 * every reopening. The list knows nothing of stores, flushes and escapes. */
#include "hier_fixture.h"

#define MAX_NODES 300
#define NATTRS 4
#define NAMES 12

static const char *const names[NAMES] = {"a",     "b",  "c",         "d", "e",       "a\\b",
                                         "a%5Cb", "..", "zarr.json", "0", ".zattrs", "long-name-of-a-node"};

typedef struct model_node {
    char path[256]; /* "" is the root */
    bool array;
    int32_t data[4];
    int attr[NATTRS];  /* value, 0: none */
    int order[NATTRS]; /* attributes in creation order; -1 ends */
} model_node;

typedef struct model {
    model_node node[MAX_NODES];
    size_t n;
} model;

static void attrs_clear(model_node *m)
{
    int i;

    memset(m->attr, 0, sizeof(m->attr));
    for (i = 0; i < NATTRS; i++)
        m->order[i] = -1;
}

static model_node *model_find(model *m, const char *path)
{
    size_t i;

    for (i = 0; i < m->n; i++) {
        if (strcmp(m->node[i].path, path) == 0)
            return &m->node[i];
    }
    return NULL;
}

static bool is_below(const char *path, const char *top)
{
    size_t n = strlen(top);

    return strncmp(path, top, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static void model_remove(model *m, const char *path)
{
    size_t i, kept = 0;

    for (i = 0; i < m->n; i++) {
        if (!is_below(m->node[i].path, path))
            m->node[kept++] = m->node[i];
    }
    m->n = kept;
}

/* '/' sorts before every other byte: depth first. */
static int compare_paths(const void *a, const void *b)
{
    const unsigned char *x = (const unsigned char *)((const model_node *)a)->path;
    const unsigned char *y = (const unsigned char *)((const model_node *)b)->path;

    while (*x && *x == *y) {
        x++;
        y++;
    }
    return (*x == '/' ? 1 : *x) - (*y == '/' ? 1 : *y);
}

static char *model_text(model *m)
{
    char *text = NULL;
    size_t size = 0, i;
    FILE *f = open_memstream(&text, &size);
    int k;

    assert_non_null(f);
    qsort(m->node, m->n, sizeof(m->node[0]), compare_paths);
    for (i = 0; i < m->n; i++) {
        const model_node *p = &m->node[i];

        fprintf(f, "%s %s", *p->path ? p->path : "/", p->array ? "kind1 size4 shape 4/2" : "group");
        for (k = 0; p->array && k < 4; k++)
            fprintf(f, " %d", p->data[k]);
        for (k = 0; k < NATTRS && p->order[k] >= 0; k++)
            fprintf(f, " k%d=%d", p->order[k], p->attr[p->order[k]]);
        fputc('\n', f);
    }
    fclose(f);
    return text;
}

/* --- one step of each kind --- */

typedef struct run {
    uint64_t rng;
    model m;
    zh_tree *t;
    zh_store *mem;
    bool directory;
    zh_tree_options opts;
} run;

static model_node *pick(run *r)
{
    return &r->m.node[rng_below(&r->rng, r->m.n)];
}

/* A random child path below a random group. false: the node picked is no group. */
static bool pick_new(run *r, char path[256], const char **name)
{
    const model_node *parent = pick(r);

    if (parent->array || strlen(parent->path) > 150)
        return false;
    *name = names[rng_below(&r->rng, NAMES)];
    snprintf(path, 256, "%.200s/%s", parent->path, *name);
    return true;
}

static zh_node *parent_of(run *r, const char *path)
{
    char parent[256];

    snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(path, '/') - path), path);
    return node_at(r->t, parent);
}

static model_node *model_add(run *r, const char *path, bool array)
{
    model_node *p = &r->m.node[r->m.n++];

    memset(p, 0, sizeof(*p));
    snprintf(p->path, sizeof(p->path), "%s", path);
    p->array = array;
    attrs_clear(p);
    return p;
}

static void fill(run *r, zh_node *node, model_node *p)
{
    int i;

    for (i = 0; i < 4; i++)
        p->data[i] = (int32_t)rng_below(&r->rng, 1000);
    write_ints(node, p->data);
}

static void step_create(run *r, bool array)
{
    const uint64_t shape = 4, chunk = 2;
    zh_error err = ZH_ERROR_INIT;
    bool anonymous = rng_below(&r->rng, 4) == 0, early = rng_below(&r->rng, 2) == 0;
    zh_array_meta *meta = NULL;
    const char *name;
    char path[256];
    zh_node *node, *parent;
    model_node *p;
    int rc, want;

    if (r->m.n == MAX_NODES || !pick_new(r, path, &name))
        return;
    want = model_find(&r->m, path) ? ZH_EXISTS : ZH_OK;
    parent = parent_of(r, path);
    if (array)
        meta = int_meta(r->opts.format, 1, &shape, &chunk);
    if (array)
        rc = zh_node_new_array(&node, r->t, anonymous ? NULL : parent, name, strlen(name), meta, NULL, &err);
    else
        rc = zh_node_new_group(&node, r->t, anonymous ? NULL : parent, name, strlen(name), NULL, &err);
    assert_zh_code(rc, anonymous ? ZH_OK : want, &err);
    if (anonymous) {
        int32_t data[4] = {7, 7, 7, 7};

        zh_node_ref(node);
        if (array && early)
            write_ints(node, data);
        rc = zh_node_link(node, parent, name, strlen(name), &err);
        assert_zh_code(rc, want, &err);
        zh_node_unref(node);
        if (rc == ZH_OK && array && early)
            memcpy(model_add(r, path, true)->data, data, sizeof(data));
        else if (rc == ZH_OK)
            (void)model_add(r, path, array);
        return;
    }
    if (rc < 0) {
        zh_array_meta_free(meta);
        return;
    }
    p = model_add(r, path, array);
    if (array && early)
        fill(r, node, p);
}

static void step_remove(run *r)
{
    zh_error err = ZH_ERROR_INIT;
    char path[256];

    snprintf(path, sizeof(path), "%s", pick(r)->path);
    if (!*path)
        return;
    assert_zh_ok(zh_node_remove(node_at(r->t, path), &err), &err);
    model_remove(&r->m, path);
}

static void step_move(run *r)
{
    zh_error err = ZH_ERROR_INIT;
    char from[256], to[256], rest[256];
    const char *name;
    zh_node *node;
    size_t i;
    int rc;

    snprintf(from, sizeof(from), "%s", pick(r)->path);
    if (!*from || !pick_new(r, to, &name))
        return;
    node = node_at(r->t, from);
    rc = zh_node_move(node, parent_of(r, to), name, strlen(name), &err);
    if (rc == ZH_UNSUPPORTED)
        return;
    if (is_below(to, from) && strcmp(to, from) != 0) {
        assert_int_equal(rc, ZH_INVALID);
        return;
    }
    assert_zh_code(rc, model_find(&r->m, to) ? ZH_EXISTS : ZH_OK, &err);
    for (i = 0; rc == ZH_OK && i < r->m.n; i++) {
        model_node *p = &r->m.node[i];

        if (is_below(p->path, from)) {
            snprintf(rest, sizeof(rest), "%s", p->path + strlen(from));
            assert_true((size_t)snprintf(p->path, sizeof(p->path), "%s%s", to, rest) < sizeof(p->path));
        }
    }
}

static void step_attr(run *r)
{
    zh_error err = ZH_ERROR_INIT;
    int k = (int)rng_below(&r->rng, NATTRS), i, j;
    model_node *p = pick(r);
    zh_node *node = node_at(r->t, p->path);
    char name[8], value[16];

    snprintf(name, sizeof(name), "k%d", k);
    if (rng_below(&r->rng, 3) == 0) {
        assert_zh_code(zh_node_remove_attr(node, name, &err), p->attr[k] ? ZH_OK : ZH_NOTFOUND, &err);
        for (i = j = 0; i < NATTRS; i++) {
            if (p->order[i] >= 0 && p->order[i] != k)
                p->order[j++] = p->order[i];
        }
        for (; j < NATTRS; j++)
            p->order[j] = -1;
        p->attr[k] = 0;
        return;
    }
    for (i = 0; p->attr[k] == 0 && p->order[i] >= 0; i++)
        ;
    if (p->attr[k] == 0)
        p->order[i] = k;
    p->attr[k] = 1 + (int)rng_below(&r->rng, 1000);
    snprintf(value, sizeof(value), "%d", p->attr[k]);
    assert_zh_ok(zh_node_set_attr(node, name, value, NULL, &err), &err);
}

static void step_write(run *r)
{
    model_node *p = pick(r);

    if (p->array)
        fill(r, node_at(r->t, p->path), p);
}

static zh_store *open_store(const run *r, zh_open_mode mode)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    if (!r->directory)
        return borrow_store(r->mem);
    assert_zh_ok(zh_store_dir_open(&s, "model.zarr", mode, &err), &err);
    return s;
}

static void check(run *r)
{
    char *want = model_text(&r->m), *got = tree_text(r->t);

    assert_string_equal(got, want);
    free(want);
    free(got);
}

static void step_reopen(run *r)
{
    zh_error err = ZH_ERROR_INIT;

    flush_tree(r->t);
    zh_tree_close(r->t);
    assert_zh_ok(zh_tree_open(&r->t, open_store(r, ZH_OPEN_WRITE), &r->opts, &err), &err);
    if (rng_below(&r->rng, 2))
        check(r);
}

static void one_run(zh_format format, bool directory, uint64_t seed, unsigned steps)
{
    run *r = calloc(1, sizeof(*r));
    zh_error err = ZH_ERROR_INIT;
    unsigned i;

    assert_non_null(r);
    r->rng = seed;
    r->directory = directory;
    r->mem = memory_store();
    r->opts = (zh_tree_options){
        .format = format, .threads = 1 + (unsigned)(seed % 3), .batch_nodes = seed % 2 ? 0 : 7, .cache_bytes = 4096};
    (void)model_add(r, "", false);
    assert_zh_ok(zh_tree_create(&r->t, open_store(r, ZH_CREATE_TRUNC), &r->opts, &err), &err);
    for (i = 0; i < steps; i++) {
        switch (rng_below(&r->rng, 20)) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
            step_create(r, false);
            break;
        case 5:
        case 6:
        case 7:
        case 8:
            step_create(r, true);
            break;
        case 9:
        case 10:
            step_remove(r);
            break;
        case 11:
            step_move(r);
            break;
        case 12:
        case 13:
        case 14:
            step_attr(r);
            break;
        case 15:
        case 16:
            step_write(r);
            break;
        case 17:
            flush_tree(r->t);
            break;
        case 18:
            step_reopen(r);
            break;
        default:
            if (rng_below(&r->rng, 4) == 0)
                check(r);
        }
    }
    step_reopen(r);
    check(r);
    zh_tree_close(r->t);
    zh_store_close(r->mem);
    free(r);
}

static void in_memory(void **state)
{
    uint64_t seed;

    (void)state;
    for (seed = 1; seed <= 60; seed++) {
        one_run(ZH_V3, false, seed * 0x9e3779b97f4a7c15u, 400);
        one_run(ZH_V2, false, seed * 0x9e3779b97f4a7c15u, 400);
    }
}

static void in_a_directory(void **state)
{
    uint64_t seed;

    (void)state;
    for (seed = 1; seed <= 6; seed++) {
        one_run(ZH_V3, true, seed * 0x2545f4914f6cdd1du, 400);
        one_run(ZH_V2, true, seed * 0x2545f4914f6cdd1du, 400);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_memory),
        zh_sandbox_test(in_a_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
