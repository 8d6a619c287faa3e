/* builder_fixture.c - see builder_fixture.h. */
#include "builder_fixture.h"

#include "store/key_list.h"

#include <ctype.h>
#include <fcntl.h>
#include <math.h>

const char *kind_name(store_kind kind)
{
    static const char *const names[] = {"memory",
                                        "memory, in place",
                                        "directory",
                                        "directory, in place",
                                        "zip",
                                        "memory, no exchange",
                                        "directory, no exchange"};

    return names[kind];
}

bool is_in_place(store_kind kind)
{
    return kind == IN_MEMORY_IN_PLACE || kind == IN_DIRECTORY_IN_PLACE;
}

void for_each(void (*body)(store_kind kind, zh_format format))
{
    for (store_kind kind = 0; kind < STORE_KINDS; kind++)
        for (int format = ZH_V2; format <= ZH_V3; format++) {
            assert_int_equal(zh_sandbox_enter(NULL), 0);
            body(kind, (zh_format)format);
            assert_int_equal(zh_sandbox_leave(NULL), 0);
        }
}

zh_store *new_store(store_kind kind)
{
    static unsigned count;
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner, *s;
    char path[64];

    (void)snprintf(path, sizeof(path), "store%u", count++);
    if (kind == IN_MEMORY || kind == IN_MEMORY_IN_PLACE || kind == IN_MEMORY_NO_EXCHANGE)
        assert_zh_ok(zh_store_mem_open(&inner, &err), &err);
    else if (kind == IN_ZIP)
        assert_zh_ok(zh_store_zip_open(&inner, path, ZH_CREATE_EXCL, &err), &err);
    else
        assert_zh_ok(zh_store_dir_open(&inner, path, ZH_CREATE_EXCL, &err), &err);
    assert_zh_ok(zh_store_log_open(&s, inner, &err), &err);
    if (is_in_place(kind))
        zh_store_fault_mask_caps(s, ZH_STORE_MOVE);
    if (kind == IN_MEMORY_NO_EXCHANGE || kind == IN_DIRECTORY_NO_EXCHANGE)
        zh_store_fault_refuse_exchange(s);
    return s;
}

/* --- plans --- */

static void add_array(zh_plan *p, zh_format format, const char *key, char separator, const char *attributes)
{
    static const uint64_t shape[] = {4, 6}, chunk[] = {2, 3};
    zh_array_spec spec = ZH_ARRAY_SPEC_INIT;
    zh_error err = ZH_ERROR_INIT;

    spec.rank = 2;
    spec.shape = shape;
    spec.chunk_shape = chunk;
    spec.data_type = "float32";
    spec.separator = separator;
    assert_zh_ok(zh_plan_add_array(p, format, key, strlen(key), &spec, attributes, &err), &err);
}

static void add_line(zh_plan *p, zh_format format, char *line)
{
    const char *key = line[1] == ' ' ? line + 2 : line + 1;
    char *attributes = strstr(line, " {");
    zh_error err = ZH_ERROR_INIT;

    if (attributes != NULL)
        *attributes++ = '\0';
    if (attributes == line + 2)
        key = ""; /* the root's */
    if (line[0] != 'g')
        add_array(p, format, key, line[0] == 'a' ? '\0' : format == ZH_V2 ? '/' : '.', attributes);
    else
        assert_zh_ok(zh_plan_add_group(p, format, key, strlen(key), attributes, &err), &err);
}

zh_plan *make_plan(zh_format format, const char *lines)
{
    char *copy = strdup(lines), *rest = NULL;
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;

    assert_zh_ok(zh_plan_new(&p, &err), &err);
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        add_line(p, format, line);
    free(copy);
    return p;
}

zh_plan *plan_of(zh_format format, const char *lines)
{
    zh_plan *p = make_plan(format, lines);
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    return p;
}

void plan_fails(zh_format format, const char *lines, int code, const char *text)
{
    zh_plan *p = make_plan(format, lines);
    zh_error err = ZH_ERROR_INIT;

    assert_zh_code(zh_plan_finish(p, NULL, &err), code, &err);
    assert_zh_message(&err, text);
    zh_plan_free(p);
}

/* --- creating --- */

static const uint64_t origin[2] = {0, 0}, whole[2] = {4, 6};

int write_elements(zh_handle *h, float value, zh_error *err)
{
    float v[24];

    for (size_t i = 0; i < 24; i++)
        v[i] = value;
    return zh_handle_write(h, origin, whole, v, sizeof(v), err);
}

int read_elements(zh_handle *h, float *value, zh_error *err)
{
    float v[24];
    const int rc = zh_handle_read(h, origin, whole, v, sizeof(v), err);

    *value = rc == ZH_OK ? v[0] : NAN;
    for (size_t i = 1; rc == ZH_OK && i < 24; i++)
        *value = v[i] == v[0] ? *value : NAN;
    return rc;
}

int on_created(void *payload, const char *path, zh_node_kind kind, zh_handle *node)
{
    report *r = payload;
    const size_t n = strlen(r->text);

    assert_non_null(node);
    assert_int_equal(zh_handle_kind(node), kind);
    if (n + strlen(path) + 8 < sizeof(r->text))
        (void)snprintf(r->text + n, sizeof(r->text) - n, "%c %s\n", kind == ZH_NODE_ARRAY ? 'a' : 'g', path);
    r->n++;
    if (kind == ZH_NODE_ARRAY && r->value != 0 && write_elements(node, r->value, NULL) < 0)
        return 1;
    return r->stop_at != 0 && r->n == r->stop_at;
}

void on_problem(void *payload, const zh_problem *problem)
{
    report *r = payload;

    assert_true(problem->code < 0 && problem->code > -64);
    assert_non_null(problem->message);
    r->problems[-problem->code]++;
}

zh_create_options options_of(report *r)
{
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;

    o.created = on_created;
    o.problem = on_problem;
    o.payload = r;
    return o;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *sorted(const char *text)
{
    static char out[1 << 16];
    char *copy = strdup(text), *rest = NULL, *line[4096];
    size_t n = 0, len = 0;

    for (char *l = strtok_r(copy, "\n", &rest); l != NULL && n < 4096; l = strtok_r(NULL, "\n", &rest))
        line[n++] = l;
    qsort(line, n, sizeof(*line), compare_lines);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(out + len, sizeof(out) - len, "%s\n", line[i]);
    free(copy);
    return out;
}

report *create_with(zh_store *s, zh_format format, const char *lines, bool overwrite, int code)
{
    static report r;
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p = plan_of(format, lines);
    zh_create_options o;

    memset(&r, 0, sizeof(r));
    o = options_of(&r);
    o.overwrite = overwrite;
    assert_zh_code(zh_create_hierarchy(s, p, &o, &err), code, &err);
    zh_plan_free(p);
    return &r;
}

void create(zh_store *s, zh_format format, const char *lines)
{
    (void)create_with(s, format, lines, false, ZH_OK);
}

/* --- looking --- */

typedef struct text {
    zh_buf buf;
    zh_store *store;
} text;

static int add_key(void *payload, const char *key, const char *name, zh_error *err)
{
    text *t = payload;
    zh_buf value = ZH_BUF_INIT((size_t)1 << 24);

    (void)name;
    (void)err;
    assert_int_equal(zh_store_get(t->store, key, &value, NULL), ZH_OK);
    (void)zh_buf_puts(&t->buf, key, NULL);
    (void)zh_buf_puts(&t->buf, " = ", NULL);
    for (size_t i = 0; i < value.len; i++) {
        char byte[8];

        (void)snprintf(byte, sizeof(byte), isprint(value.ptr[i]) ? "%c" : "\\%02x", value.ptr[i]);
        (void)zh_buf_puts(&t->buf, byte, NULL);
    }
    (void)zh_buf_putc(&t->buf, '\n', NULL);
    zh_buf_dispose(&value);
    return ZH_OK;
}

char *snapshot(zh_store *s)
{
    text t = {ZH_BUF_INIT((size_t)1 << 26), s};
    zh_error err = ZH_ERROR_INIT;
    char *out;

    zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
    assert_zh_ok(zh_keys_walk(s, "", add_key, &t, &err), &err);
    if (has_temporaries(s))
        (void)zh_buf_puts(&t.buf, "temporaries\n", NULL);
    out = strdup(zh_buf_cstr(&t.buf, NULL));
    zh_buf_dispose(&t.buf);
    return out;
}

static int any(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)name;
    (void)is_prefix;
    (void)err;
    *(bool *)payload = true;
    return ZH_OK;
}

bool has_temporaries(zh_store *s)
{
    bool found = false;

    assert_int_equal(zh_store_list_temporary(s, "", any, &found, NULL), ZH_OK);
    return found;
}

static int add_member(void *payload, const char *path, zh_node_kind kind, zh_handle *node, const zh_error *error)
{
    char *out = payload;
    const size_t n = strlen(out);
    zh_buf attributes = ZH_BUF_INIT(1 << 16);

    if (error != NULL) {
        (void)snprintf(out + n, (1 << 16) - n, "? %s\n", path);
        return 0;
    }
    assert_int_equal(zh_handle_attributes(node, &attributes, NULL), ZH_OK);
    (void)snprintf(out + n, (1 << 16) - n, "%c %s %s\n", kind == ZH_NODE_ARRAY ? 'a' : 'g', path,
                   zh_buf_cstr(&attributes, NULL));
    zh_buf_dispose(&attributes);
    return 0;
}

const char *members(zh_store *s, zh_format format)
{
    static char out[1 << 16];
    zh_error err = ZH_ERROR_INIT;

    out[0] = '\0';
    assert_zh_ok(zh_list_members(s, "", (int)format, 0, 0, add_member, out, &err), &err);
    return out;
}

void put_key(zh_store *s, const char *key, const char *value)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_put(s, key, value, strlen(value), 0, &err), &err);
}

bool has_key(zh_store *s, const char *key)
{
    uint64_t size;

    return zh_store_size(s, key, &size, NULL) == ZH_OK;
}

const char *document_key(zh_format format, zh_node_kind kind, const char *path)
{
    static char key[4096];

    (void)snprintf(key, sizeof(key), "%s%s%s", path, *path != '\0' ? "/" : "",
                   format == ZH_V3         ? "zarr.json"
                   : kind == ZH_NODE_ARRAY ? ".zarray"
                                           : ".zgroup");
    return key;
}
