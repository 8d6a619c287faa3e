/* test_growth_memory.c - what a node that waits takes: at most 1 KiB, in a plan and while it is created, beside what
 * the store holds in the end. The linker leads every allocation of the library through here (see CMakeLists.txt).
 */
#include "builder_fixture.h"

#include <malloc.h>
#include <stdatomic.h>

#define LIMIT 1024u
#define SANE 64u /* less than this nothing of a node can take: the allocations do come through here */

static atomic_size_t held, peak;

static void *add(void *p)
{
    const size_t now = p == NULL ? 0 : atomic_fetch_add(&held, malloc_usable_size(p)) + malloc_usable_size(p);
    size_t highest = atomic_load(&peak);

    while (now > highest && !atomic_compare_exchange_weak(&peak, &highest, now)) {
    }
    return p;
}

static void take(void *p)
{
    if (p != NULL)
        atomic_fetch_sub(&held, malloc_usable_size(p));
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

void *__wrap_malloc(size_t n)
{
    return add(__real_malloc(n));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return add(__real_calloc(count, size));
}

/* Old and new at once, as where it has to be moved. */
void *__wrap_realloc(void *p, size_t n)
{
    const size_t old = p == NULL ? 0 : malloc_usable_size(p);
    void *moved = add(__real_realloc(p, n));

    if (moved != NULL)
        atomic_fetch_sub(&held, old);
    return moved;
}

void __wrap_free(void *p)
{
    take(p);
    __real_free(p);
}

/* --- */

static void add_node(zh_plan *p, zh_format format, zh_node_kind kind, unsigned i)
{
    const uint64_t shape[] = {i + 1, 200, 300}, chunk[] = {10, 20, 300};
    static const char *const names[] = {"time", "latitude", "longitude"};
    static const char attributes[] = "{\"units\":\"m s-1\",\"valid\":[0,100]}";
    zh_array_spec spec = ZH_ARRAY_SPEC_INIT;
    zh_error err = ZH_ERROR_INIT;
    char key[64];
    const size_t n = (size_t)snprintf(key, sizeof(key), "group%04u/node%06u", i / 100, i);

    spec.rank = 3;
    spec.shape = shape;
    spec.chunk_shape = chunk;
    spec.dimension_names = names;
    spec.data_type = "float32";
    spec.fill_value = "0.5";
    spec.codecs = format == ZH_V3 ? "[{\"name\":\"zstd\",\"configuration\":{\"level\":3,\"checksum\":false}}]"
                                  : "{\"filters\":[{\"id\":\"shuffle\",\"elementsize\":4}],"
                                    "\"compressor\":{\"id\":\"zlib\",\"level\":1}}";
    if (kind == ZH_NODE_GROUP)
        assert_zh_ok(zh_plan_add_group(p, format, key, n, attributes, &err), &err);
    else
        assert_zh_ok(zh_plan_add_array(p, format, key, n, &spec, attributes, &err), &err);
}

static int on_node(void *payload, const char *path, zh_node_kind kind, zh_handle *node)
{
    (void)payload;
    (void)path;
    (void)kind;
    (void)node;
    return 0;
}

/* Nodes of one store: more than a file each, on a disk, would take its time. */
static unsigned nodes_of(store_kind kind)
{
    return kind == IN_MEMORY ? 20000 : 2000;
}

/* The most that was held since `before`, a node, less what is left of it in the store. */
static void check_peak(const char *what, store_kind kind, zh_format format, zh_node_kind node, size_t before,
                       size_t left)
{
    const size_t bytes = (atomic_load(&peak) - before - left) / nodes_of(kind);

    if (bytes < SANE || bytes > LIMIT)
        print_error("%s of %s v%d in %s: %zu bytes a node\n", what, node == ZH_NODE_ARRAY ? "arrays" : "groups",
                    (int)format, kind_name(kind), bytes);
    assert_in_range(bytes, SANE, LIMIT);
}

static void measure(store_kind kind, zh_format format, zh_node_kind node)
{
    const size_t before = atomic_load(&held);
    zh_create_options opts = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;
    zh_plan *p;

    atomic_store(&peak, before);
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    for (unsigned i = 0; i < nodes_of(kind); i++)
        add_node(p, format, node, i * 7919 % nodes_of(kind));
    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    check_peak("a plan", kind, format, node, before, 0);

    if (kind == IN_MEMORY)
        assert_zh_ok(zh_store_mem_open(&s, &err), &err);
    else
        assert_zh_ok(zh_store_dir_open(&s, "store", ZH_CREATE_EXCL, &err), &err);
    opts.created = on_node;
    assert_zh_ok(zh_create_hierarchy(s, p, &opts, &err), &err);
    zh_plan_free(p);
    check_peak("the creation", kind, format, node, before, atomic_load(&held) - before);
    zh_store_close(s);
    assert_true(atomic_load(&held) == before);
}

static void a_node_takes_less_than_1_KiB(void **state)
{
    static const store_kind kinds[] = {IN_MEMORY, IN_DIRECTORY};

    (void)state;
    for (unsigned k = 0; k < 2; k++)
        for (int format = ZH_V2; format <= ZH_V3; format++)
            for (unsigned node = 0; node < 2; node++) {
                assert_int_equal(zh_sandbox_enter(NULL), 0);
                measure(kinds[k], (zh_format)format, node == 0 ? ZH_NODE_GROUP : ZH_NODE_ARRAY);
                assert_int_equal(zh_sandbox_leave(NULL), 0);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_node_takes_less_than_1_KiB)};

    return cmocka_run_group_tests_name("growth_memory", tests, NULL, NULL);
}
