/* growth.c - work of several shapes at two sizes, for growth.sh, which counts the instructions of each: every shape
 * in both formats, of n nodes or members and of 2n. Prints a line "SHAPE vFORMAT N" for each.
 *
 * What is to be counted stands in `measured`, and nothing else does. Of one thread, so that nothing but the keys of
 * hashes differs from run to run.
 */
#include "zh/hierarchy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct job {
    zh_format format;
    unsigned n;
    zh_plan *plan;
    zh_store *store;
    char *text; /* attributes, one node's metadata or a description */
} job;

static void check(int rc, const zh_error *err)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "growth: %s\n", err->message);
    exit(1);
}

static void add_group(const job *j, const char *key)
{
    zh_error err = ZH_ERROR_INIT;

    check(zh_plan_add_group(j->plan, j->format, key, strlen(key), NULL, &err), &err);
}

static void add_array(const job *j, const char *key)
{
    const uint64_t shape[] = {zh_plan_size(j->plan) + 1, 200}, chunk[] = {10, 200}; /* no two alike */
    zh_array_spec spec = ZH_ARRAY_SPEC_INIT;
    zh_error err = ZH_ERROR_INIT;

    spec.rank = 2;
    spec.shape = shape;
    spec.chunk_shape = chunk;
    spec.data_type = "float64";
    spec.fill_value = "-1.0";
    spec.codecs = j->format == ZH_V3 ? "[{\"name\":\"gzip\",\"configuration\":{\"level\":4}}]"
                                     : "{\"compressor\":{\"id\":\"zlib\",\"level\":4}}";
    check(zh_plan_add_array(j->plan, j->format, key, strlen(key), &spec, "{\"units\":\"m\",\"valid\":[0,1.5]}", &err),
          &err);
}

static void finish(job *j)
{
    zh_error err = ZH_ERROR_INIT;

    check(zh_plan_finish(j->plan, NULL, &err), &err);
}

static void create(const job *j, zh_consolidation consolidated)
{
    zh_create_options opts = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;

    opts.consolidated = consolidated;
    opts.requests = 1;
    check(zh_create_hierarchy(j->store, j->plan, &opts, &err), &err);
}

/* --- plans --- */

static void flat(job *j)
{
    char key[32];

    for (unsigned i = 0; i < j->n; i++) {
        (void)snprintf(key, sizeof(key), "n%07u", i);
        (i % 2 == 0 ? add_array : add_group)(j, key);
    }
    finish(j);
}

static void shuffled(job *j)
{
    char key[32];

    for (unsigned i = 0; i < j->n; i++) {
        const unsigned k = (unsigned)((uint64_t)i * 7919 % j->n);

        (void)snprintf(key, sizeof(key), "group%03u/n%07u", k % 100, k);
        add_array(j, key);
    }
    finish(j);
}

/* Chains of a hundred groups, the last of which alone is given. */
static void deep(job *j)
{
    char key[256];

    for (unsigned i = 0; i < j->n / 100; i++) {
        size_t at = (size_t)snprintf(key, sizeof(key), "c%05u", i);

        for (unsigned d = 1; d < 100; d++)
            at += (size_t)snprintf(key + at, sizeof(key) - at, "/a");
        add_group(j, key);
    }
    finish(j);
}

/* What is alike is the first four hundred bytes. */
static void alike(job *j)
{
    char key[512];

    memset(key, 'x', 400);
    key[200] = '/';
    for (unsigned i = 0; i < j->n; i++) {
        (void)snprintf(key + 400, sizeof(key) - 400, "%07u", j->n - i);
        add_group(j, key);
    }
    finish(j);
}

static uint32_t fnv1a(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

/* Keys of one 32-bit hash: of each pair of syllables either may be taken. */
static void prepare_hostile(job *j)
{
    static const char syllables[3][2][7] = {{"cdqaab", "pdrhka"}, {"rihaab", "bgtlea"}, {"qghaab", "aitlea"}};
    char key[128];
    uint32_t hash = 0;

    for (unsigned i = 0; i < j->n; i++) {
        key[0] = '\0';
        for (unsigned bit = 0; bit < 13; bit++)
            (void)strcat(key, syllables[bit < 2 ? bit : 2][i >> bit & 1]);
        if (i > 0 && fnv1a(key) != hash)
            exit(1);
        hash = fnv1a(key);
        add_group(j, key);
    }
}

/* --- JSON --- */

/* Every tenth name is that of the first. */
static char *many_members(unsigned n, const char *value)
{
    char *text = malloc((size_t)n * (strlen(value) + 16) + 16), *p = text;

    for (unsigned i = 0; i < n; i++)
        p += sprintf(p, "%s\"m%06u\":%s", i == 0 ? "" : ",", i % 10 == 9 ? 0 : i, value);
    return text;
}

static void prepare_attributes(job *j)
{
    char *members = many_members(j->n, "[1,2.5]");

    j->text = malloc(strlen(members) + 3);
    (void)sprintf(j->text, "{%s}", members);
    free(members);
}

/* Attributes come into the plan, into the store, and back. */
static void attributes(job *j)
{
    zh_buf text = ZH_BUF_INIT((size_t)1 << 30);
    zh_error err = ZH_ERROR_INIT;
    zh_handle *h;

    check(zh_plan_add_group(j->plan, j->format, "", 0, j->text, &err), &err);
    finish(j);
    create(j, ZH_CONSOLIDATE_DROP);
    check(zh_get_node(&h, j->store, "", 0, &err), &err);
    check(zh_handle_attributes(h, &text, &err), &err);
    zh_handle_close(h);
    zh_buf_dispose(&text);
}

static void prepare_members(job *j)
{
    char *members = many_members(j->n, "{\"must_understand\":false}");

    j->text = malloc(strlen(members) + 256);
    (void)sprintf(j->text,
                  j->format == ZH_V3
                      ? "{\"zarr_format\":3,\"node_type\":\"group\",%s}"
                      : "{\"zarr_format\":2,\"shape\":[4],\"chunks\":[4],\"dtype\":\"<f8\",\"compressor\":"
                        "null,\"fill_value\":null,\"order\":\"C\",\"filters\":null,%s}",
                  members);
    free(members);
}

/* Of a document, those that this library does not know. */
static void members(job *j)
{
    zh_buf text = ZH_BUF_INIT((size_t)1 << 30);
    zh_error err = ZH_ERROR_INIT;
    zh_handle *h;

    check(zh_plan_add_json(j->plan, "a", 1, j->text, strlen(j->text), &err), &err);
    finish(j);
    create(j, ZH_CONSOLIDATE_WRITE);
    check(zh_get_node(&h, j->store, "a", 0, &err), &err);
    check(zh_handle_metadata(h, &text, &err), &err);
    zh_handle_close(h);
    zh_buf_dispose(&text);
}

static void prepare_description(job *j)
{
    char *p = malloc((size_t)j->n * 400 + 16);

    j->text = p;
    p += sprintf(p, "{");
    for (unsigned i = 0; i < j->n; i++) {
        p += sprintf(p, "%s\"g%03u/n%06u\":", i == 0 ? "" : ",", i % 50, i);
        p += sprintf(p, j->format == ZH_V2 ? "{\"zarr_format\":2,\"attributes\":{\"a\":1}}"
                                           : "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"a\":1}}");
    }
    (void)sprintf(p, "}");
}

static void description(job *j)
{
    zh_error err = ZH_ERROR_INIT;

    check(zh_plan_add_description(j->plan, j->text, strlen(j->text), &err), &err);
    finish(j);
}

/* --- creation --- */

static void in_memory(job *j)
{
    create(j, ZH_CONSOLIDATE_DROP);
}

/* Depth grows with the number of nodes. */
static void prepare_consolidated(job *j)
{
    char key[1024] = "chain";

    for (unsigned d = 0; d < j->n / 20; d++)
        (void)strcat(key, "/a");
    add_group(j, key);
    flat(j);
}

static void consolidated(job *j)
{
    create(j, ZH_CONSOLIDATE_WRITE);
}

static void prepare_check(job *j)
{
    flat(j);
    create(j, ZH_CONSOLIDATE_WRITE);
}

static void check_store(job *j)
{
    zh_error err = ZH_ERROR_INIT;

    check(zh_check(j->store, NULL, &err), &err);
}

static const struct shape {
    const char *name;
    unsigned n;
    void (*prepare)(job *j);
    void (*work)(job *j);
} shapes[] = {
    {"flat", 1000, NULL, flat},
    {"shuffled", 1000, NULL, shuffled},
    {"deep", 4000, NULL, deep},
    {"alike", 1000, NULL, alike},
    {"hostile", 4096, prepare_hostile, finish},
    {"attributes", 2000, prepare_attributes, attributes},
    {"members", 2000, prepare_members, members},
    {"description", 1000, prepare_description, description},
    {"in_memory", 1000, flat, in_memory},
    {"consolidated", 1000, prepare_consolidated, consolidated},
    {"check", 500, prepare_check, check_store},
};

__attribute__((noinline)) void measured(const struct shape *shape, job *j);

void measured(const struct shape *shape, job *j)
{
    shape->work(j);
}

static void run(const struct shape *shape, zh_format format, unsigned n)
{
    zh_error err = ZH_ERROR_INIT;
    job j = {format, n, NULL, NULL, NULL};

    check(zh_plan_new(&j.plan, &err), &err);
    check(zh_store_mem_open(&j.store, &err), &err);
    if (shape->prepare != NULL)
        shape->prepare(&j);
    measured(shape, &j);
    printf("%s v%d %u\n", shape->name, (int)format, n);
    zh_store_close(j.store);
    zh_plan_free(j.plan);
    free(j.text);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        for (int format = ZH_V2; format <= ZH_V3; format++)
            for (unsigned twice = 1; twice <= 2; twice++)
                run(&shapes[i], (zh_format)format, shapes[i].n * twice);
    return 0;
}
