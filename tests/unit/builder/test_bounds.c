/* test_bounds.c - the bytes of documents that a creation holds in memory at one time, which zh_create_options bounds.
 */
#include "builder_fixture.h"

#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#define DOCUMENT ((size_t)2 << 20)
#define N 24

/* A store that keeps nothing, and looks at each put how much memory is in use. */
static struct {
    pthread_mutex_t mutex;
    size_t most, putting, most_putting;
} seen = {PTHREAD_MUTEX_INITIALIZER, 0, 0, 0};

static size_t in_use(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
#else
    return 0;
#endif
}

static int keeps_nothing(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err)
{
    size_t now;

    (void)s;
    (void)key;
    (void)p;
    (void)flags;
    (void)err;
    (void)pthread_mutex_lock(&seen.mutex);
    seen.putting += n;
    (void)pthread_mutex_unlock(&seen.mutex);
    (void)usleep(5000); /* others make theirs meanwhile */
    (void)pthread_mutex_lock(&seen.mutex);
    now = in_use();
    seen.most = now > seen.most ? now : seen.most;
    seen.most_putting = seen.putting > seen.most_putting ? seen.putting : seen.most_putting;
    seen.putting -= n;
    (void)pthread_mutex_unlock(&seen.mutex);
    return ZH_OK;
}

static int has_nothing(zh_store *s, const char *key, struct zh_buf *out, zh_error *err)
{
    (void)s;
    (void)key;
    (void)out;
    (void)err;
    return ZH_NOTFOUND;
}

static int lists_nothing(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    (void)s;
    (void)prefix;
    (void)fn;
    (void)payload;
    (void)err;
    return ZH_OK;
}

static void stays(zh_store *s)
{
    (void)s;
}

static const zh_store_ops ops = {.version = ZH_STORE_OPS_VERSION,
                                 .kind = "test",
                                 .get = has_nothing,
                                 .put = keeps_nothing,
                                 .list = lists_nothing,
                                 .close = stays};

/* Attributes are as long as the document; with_text: the document is given whole. */
static zh_plan *make_large(zh_format format, bool with_text)
{
    char *text = malloc(DOCUMENT + 128), key[16];
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;
    size_t n;

    assert_zh_ok(zh_plan_new(&p, &err), &err);
    n = (size_t)sprintf(
        text, with_text ? "{\"zarr_format\":%d,\"node_type\":\"group\",\"attributes\":{\"x\":\"" : "{\"x\":\"",
        (int)format);
    memset(text + n, 'x', DOCUMENT);
    (void)strcpy(text + n + DOCUMENT, with_text ? "\"}}" : "\"}");
    for (int i = 0; i < N; i++) {
        const size_t len = (size_t)sprintf(key, "g%d", i);

        if (with_text)
            assert_zh_ok(zh_plan_add_json(p, key, len, text, strlen(text), &err), &err);
        else
            assert_zh_ok(zh_plan_add_group(p, format, key, len, text, &err), &err);
    }
    free(text);
    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    return p;
}

static void create_large(zh_format format, bool with_text, size_t bytes, size_t limit)
{
    zh_store s = {
        .ops = &ops, .caps = ZH_STORE_WRITE | ZH_STORE_CONCURRENT | ZH_STORE_IMMEDIATE, .url = (char *)"test:"};
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = make_large(format, with_text);
    zh_error err = ZH_ERROR_INIT;
    const size_t before = in_use();

    seen.most = seen.most_putting = 0;
    o.requests = N;
    o.bytes = bytes;
    assert_zh_ok(zh_create_hierarchy(&s, p, &o, &err), &err);
    if (seen.most > before + limit || seen.most_putting > limit)
        fail_msg("%zu bytes are allowed, and %zu were in use, %zu of them being put", limit, seen.most - before,
                 seen.most_putting);
    zh_plan_free(p);
}

/* No more than the bytes, one document that is larger, and what a thread has for small ones and its own. */
static void documents_are_made_when_there_is_room(void **state)
{
    const size_t own = (size_t)1 << 20;

    (void)state;
    for (int with_text = 0; with_text <= 1; with_text++) {
        create_large(ZH_V3, with_text != 0, 1 << 20, DOCUMENT + own + (1 << 20));
        create_large(ZH_V3, with_text != 0, 6 * DOCUMENT, 6 * DOCUMENT + own);
    }
    create_large(ZH_V2, false, 1 << 20, DOCUMENT + own + (1 << 20));
}

/* --- documents of a source, whose length nobody knows before --- */

static int long_document(void *payload, void *node, zh_document document, struct zh_buf *out, zh_error *err)
{
    static const char head[] = "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"x\":\"";
    int rc = zh_buf_puts(out, head, err);

    (void)payload;
    (void)node;
    (void)document;
    if (rc == ZH_OK)
        rc = zh_buf_resize(out, out->len + DOCUMENT, err);
    if (rc < 0)
        return rc;
    memset(out->ptr + out->len - DOCUMENT, 'x', DOCUMENT);
    return zh_buf_puts(out, "\"}}", err);
}

/* They wait when they are made: what is put at one time is bounded. */
static void documents_of_a_source_wait_before_they_are_put(void **state)
{
    static const zh_node_source source = {long_document, NULL, NULL, NULL};
    zh_store s = {
        .ops = &ops, .caps = ZH_STORE_WRITE | ZH_STORE_CONCURRENT | ZH_STORE_IMMEDIATE, .url = (char *)"test:"};
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;

    (void)state;
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    for (int i = 0; i < N; i++) {
        char key[16];
        const size_t len = (size_t)sprintf(key, "g%d", i);

        assert_zh_ok(zh_plan_add_source(p, ZH_V3, ZH_NODE_GROUP, key, len, true, &source, &s, &err), &err);
    }
    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    seen.most_putting = 0;
    o.requests = N;
    o.bytes = 8 * DOCUMENT;
    assert_zh_ok(zh_create_hierarchy(&s, p, &o, &err), &err);
    assert_true(seen.most_putting >= 2 * DOCUMENT && seen.most_putting <= 4 * DOCUMENT);
    zh_plan_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_made_when_there_is_room),
        cmocka_unit_test(documents_of_a_source_wait_before_they_are_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
