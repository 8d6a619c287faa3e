/* hier_fixture.c - see hier_fixture.h. */
#include "hier_fixture.h"

#include "zh/buf.h"
#include "store/key_list.h"

uint64_t rng_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

uint64_t rng_below(uint64_t *state, uint64_t n)
{
    return (rng_next(state) >> 11) % n;
}

/* --- a borrowed store --- */

typedef struct borrowed {
    zh_store base;
    zh_store *inner;
    void (*before)(void *payload);
    void *payload;
} borrowed;

static zh_store *inner_of(zh_store *s)
{
    return ((borrowed *)s)->inner;
}

static void ask(zh_store *s)
{
    borrowed *b = (borrowed *)s;

    if (b->before)
        b->before(b->payload);
}

static int b_get(zh_store *s, const char *key, zh_buf *out, zh_error *err)
{
    return zh_store_get(inner_of(s), key, out, err);
}

static int b_put(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err)
{
    ask(s);
    return zh_store_put(inner_of(s), key, p, n, flags, err);
}

static int b_erase(zh_store *s, const char *key, zh_error *err)
{
    ask(s);
    return zh_store_erase(inner_of(s), key, err);
}

static int b_erase_prefix(zh_store *s, const char *prefix, zh_error *err)
{
    ask(s);
    return zh_store_erase_prefix(inner_of(s), prefix, err);
}

static int b_list(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return zh_store_list(inner_of(s), prefix, fn, payload, err);
}

static int b_list_temporary(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return zh_store_list_temporary(inner_of(s), prefix, fn, payload, err);
}

static int b_move(zh_store *s, const char *from, const char *to, unsigned flags, zh_error *err)
{
    ask(s);
    return zh_store_move(inner_of(s), from, to, flags, err);
}

static int b_lock(zh_store *s, zh_error *err)
{
    return zh_store_lock(inner_of(s), err);
}

static void b_unlock(zh_store *s)
{
    zh_store_unlock(inner_of(s));
}

static int b_flush(zh_store *s, zh_error *err)
{
    ask(s);
    return zh_store_flush(inner_of(s), err);
}

static void b_close(zh_store *s)
{
    free(s->url);
    free(s);
}

static const zh_store_ops borrowed_ops = {
    .version = ZH_STORE_OPS_VERSION,
    .kind = "borrowed",
    .get = b_get,
    .put = b_put,
    .erase = b_erase,
    .erase_prefix = b_erase_prefix,
    .list = b_list,
    .list_temporary = b_list_temporary,
    .move = b_move,
    .lock = b_lock,
    .unlock = b_unlock,
    .flush = b_flush,
    .close = b_close,
};

zh_store *borrow_store(zh_store *inner)
{
    borrowed *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->base.ops = &borrowed_ops;
    b->base.caps = zh_store_caps(inner);
    b->base.depth = zh_store_depth(inner);
    b->base.url = strdup(zh_store_url(inner));
    b->inner = inner;
    return &b->base;
}

void borrow_store_set(zh_store *s, void (*before)(void *payload), void *payload)
{
    ((borrowed *)s)->before = before;
    ((borrowed *)s)->payload = payload;
}

/* --- trees --- */

zh_store *memory_store(void)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    assert_zh_ok(zh_store_mem_open(&s, &err), &err);
    return s;
}

zh_tree *create_tree(zh_store *store, zh_format format, unsigned threads)
{
    const zh_tree_options opts = {.format = format, .threads = threads};
    zh_error err = ZH_ERROR_INIT;
    zh_tree *t;

    assert_zh_ok(zh_tree_create(&t, store, &opts, &err), &err);
    return t;
}

zh_tree *open_tree(zh_store *store, unsigned threads)
{
    const zh_tree_options opts = {.format = ZH_V3, .threads = threads};
    zh_error err = ZH_ERROR_INIT;
    zh_tree *t;

    assert_zh_ok(zh_tree_open(&t, store, &opts, &err), &err);
    return t;
}

void flush_tree(zh_tree *t)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_tree_flush(t, NULL, &err), &err);
}

zh_array_meta *int_meta(zh_format format, unsigned rank, const uint64_t *shape, const uint64_t *chunk)
{
    const zh_dtype dtype = {ZH_K_INT, ZH_LITTLE, 4};
    zh_error err = ZH_ERROR_INIT;
    zh_array_meta *m;

    assert_zh_ok(zh_array_meta_new(&m, format, &dtype, rank, shape, chunk, &err), &err);
    return m;
}

zh_node *node_at(zh_tree *t, const char *path)
{
    zh_error err = ZH_ERROR_INIT;
    zh_node *node = zh_tree_root(t);
    size_t n;

    while (*path) {
        if (*path == '/') {
            path++;
            continue;
        }
        n = strcspn(path, "/");
        assert_zh_ok(zh_node_child(&node, node, path, n, &err), &err);
        path += n;
    }
    return node;
}

zh_node *add_group(zh_tree *t, const char *parent, const char *name)
{
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;

    assert_zh_ok(zh_node_new_group(&node, t, node_at(t, parent), name, strlen(name), NULL, &err), &err);
    return node;
}

zh_node *add_array(zh_tree *t, const char *parent, const char *name, uint64_t n, uint64_t chunk)
{
    zh_error err = ZH_ERROR_INIT;
    zh_array_meta *m = int_meta(zh_tree_format(t), 1, &n, &chunk);
    zh_node *node;

    assert_zh_ok(zh_node_new_array(&node, t, node_at(t, parent), name, strlen(name), m, NULL, &err), &err);
    return node;
}

void write_ints(zh_node *node, const int32_t *values)
{
    const zh_sel all = {.kind = ZH_SEL_ALL, .rank = 1};
    zh_error err = ZH_ERROR_INIT;
    zh_array *a;

    assert_zh_ok(zh_node_array(&a, node, &err), &err);
    assert_zh_ok(zh_array_write(a, &all, values, &err), &err);
}

void read_ints(zh_node *node, int32_t *values)
{
    const zh_sel all = {.kind = ZH_SEL_ALL, .rank = 1};
    zh_error err = ZH_ERROR_INIT;
    zh_arena strings = ZH_ARENA_INIT;
    zh_array *a;

    assert_zh_ok(zh_node_array(&a, node, &err), &err);
    assert_zh_ok(zh_array_read(a, &all, values, &strings, &err), &err);
    zh_arena_dispose(&strings);
}

/* --- a tree as text --- */

static void print_attrs(FILE *f, const zh_node *node)
{
    size_t i;

    for (i = 0; i < node->nattrs; i++)
        fprintf(f, " %s=%s%s%s%s", node->attrs[i].name, node->attrs[i].json, node->attrs[i].h5 ? " {" : "",
                node->attrs[i].h5 ? node->attrs[i].h5 : "", node->attrs[i].h5 ? "}" : "");
}

static void print_array(FILE *f, zh_node *node)
{
    const zh_array_meta *m = node->meta;
    int32_t values[64];
    unsigned i;

    fprintf(f, " kind%u size%u shape", m->dtype.kind, (unsigned)m->dtype.size);
    for (i = 0; i < m->rank; i++)
        fprintf(f, " %llu/%llu", (unsigned long long)m->shape[i], (unsigned long long)m->chunk[i]);
    for (i = 0; m->dim_names && i < m->rank; i++)
        fprintf(f, " dim:%s", m->dim_names[i] ? m->dim_names[i] : "null");
    if (m->rank == 1 && m->dtype.kind == ZH_K_INT && m->dtype.size == 4 && m->shape[0] <= 64) {
        read_ints(node, values);
        for (i = 0; i < m->shape[0]; i++)
            fprintf(f, " %d", values[i]);
    }
}

static void print_node(FILE *f, zh_node *node)
{
    zh_error err = ZH_ERROR_INIT;
    zh_buf path = ZH_BUF_INIT(1 << 20);

    assert_zh_ok(zh_node_path(node, &path, &err), &err);
    fprintf(f, "%.*s", (int)path.len, (const char *)path.ptr);
    zh_buf_dispose(&path);
    if (node->broken)
        fprintf(f, " broken%d", node->broken);
    else if (node->kind == ZH_NODE_ARRAY)
        print_array(f, node);
    else
        fprintf(f, " group");
    if (node->facts)
        fprintf(f, " <%s>", node->facts);
    if (node->track)
        fprintf(f, " track%u", node->track);
    if (node->parent && (node->parent->track & 3))
        fprintf(f, " #%llu", (unsigned long long)node->corder);
    print_attrs(f, node);
    fputc('\n', f);
}

static void print_below(FILE *f, zh_node *node)
{
    zh_error err = ZH_ERROR_INIT;
    zh_node **children;
    size_t n, i;

    print_node(f, node);
    if (node->broken || node->kind != ZH_NODE_GROUP)
        return;
    assert_zh_ok(zh_node_children(&children, &n, node, false, &err), &err);
    for (i = 0; i < n; i++)
        print_below(f, children[i]);
    zh_free(children);
}

char *tree_text(zh_tree *t)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    print_below(f, zh_tree_root(t));
    fclose(f);
    return text;
}

/* --- what is stored --- */

char *stored_text(zh_store *s, const char *key)
{
    zh_buf b = ZH_BUF_INIT((size_t)1 << 30);
    zh_error err = ZH_ERROR_INIT;
    char *text = NULL;
    int rc = zh_store_get(s, key, &b, &err);

    if (rc != ZH_NOTFOUND) {
        assert_zh_ok(rc, &err);
        text = strndup((const char *)b.ptr, b.len);
    }
    zh_buf_dispose(&b);
    return text;
}

bool is_stored(zh_store *s, const char *key)
{
    char *text = stored_text(s, key);

    free(text);
    return text != NULL;
}

void store_text(zh_store *s, const char *key, const char *text)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_put(s, key, text, strlen(text), 0, &err), &err);
}

typedef struct key_text {
    char **key;
    size_t n, cap;
} key_text;

static int collect_key(void *payload, const char *key, const char *name, zh_error *err)
{
    key_text *k = payload;

    (void)name;
    (void)err;
    if (k->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 64;
        k->key = realloc(k->key, k->cap * sizeof(char *));
        assert_non_null(k->key);
    }
    k->key[k->n++] = strdup(key);
    return ZH_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *stored_keys(zh_store *s)
{
    zh_error err = ZH_ERROR_INIT;
    key_text k = {NULL, 0, 0};
    char *text = NULL;
    size_t size = 0, i;
    FILE *f;

    assert_zh_ok(zh_keys_walk(s, "", collect_key, &k, &err), &err);
    if (k.n)
        qsort(k.key, k.n, sizeof(char *), compare_keys);
    f = open_memstream(&text, &size);
    assert_non_null(f);
    for (i = 0; i < k.n; i++) {
        fprintf(f, "%s\n", k.key[i]);
        free(k.key[i]);
    }
    free(k.key);
    fclose(f);
    return text;
}
