/* bench_hierarchy.c - the builder, from an empty plan to the last document, beside zarr-python's create_hierarchy and
 * the bare system calls (mkdirat, openat, write, close of the same documents on as many threads).
 *
 * Groups of a hundred arrays with two attributes each; 1k, 10k and 100k nodes; v3 and v2; a directory on tmpfs and on
 * disk, and memory. Then an injected latency of 5 ms a call at 1, 10 and 64 requests in flight against the ideal, which
 * is calls x latency / requests; how the time grows from 10k to 100k; and the memory of a node that waits. zarr-python
 * runs in a process of its own, and times creation alone; the larger of its cases once, since they take minutes.
 */
#include "bench.h"

#include "store_fault.h"
#include "zh/hierarchy.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARRAYS 99 /* in each group: a hundred nodes */
#define THREADS_MAX 16
#define LATENCY 5000 /* microseconds */
#define ATTRIBUTES "{\"units\":\"m s-1\",\"valid\":[0,100]}"

static void check(int rc, const zh_error *err)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "bench_hierarchy: %s\n", err->message);
    exit(1);
}

static zh_plan *make_plan(zh_format format, unsigned groups)
{
    static const uint64_t shape[2] = {100, 200}, chunk[2] = {50, 200};
    zh_array_spec spec = ZH_ARRAY_SPEC_INIT;
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;
    char key[64];

    spec.rank = 2;
    spec.shape = shape;
    spec.chunk_shape = chunk;
    spec.data_type = "float64";
    spec.codecs = format == ZH_V3 ? "[{\"name\":\"gzip\",\"configuration\":{\"level\":4}}]"
                                  : "{\"compressor\":{\"id\":\"zlib\",\"level\":4}}";
    check(zh_plan_new(&p, &err), &err);
    check(zh_plan_add_group(p, format, "", 0, NULL, &err), &err);
    for (unsigned g = 0; g < groups; g++) {
        int n = snprintf(key, sizeof(key), "group%04u", g);

        check(zh_plan_add_group(p, format, key, (size_t)n, NULL, &err), &err);
        for (unsigned a = 0; a < ARRAYS; a++) {
            n = snprintf(key, sizeof(key), "group%04u/dataset%04u", g, a);
            check(zh_plan_add_array(p, format, key, (size_t)n, &spec, ATTRIBUTES, &err), &err);
        }
    }
    check(zh_plan_finish(p, NULL, &err), &err);
    return p;
}

static zh_store *open_store(const char *path)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    check(path == NULL ? zh_store_mem_open(&s, &err) : zh_store_dir_open(&s, path, ZH_CREATE_EXCL, &err), &err);
    return s;
}

/* Seconds of everything: the plan, its check, the store, the documents. path NULL: in memory. */
static double ours(const char *path, zh_format format, unsigned groups, zh_create_stats *stats)
{
    zh_create_options opts = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    double start = bench_now();
    zh_plan *p = make_plan(format, groups);
    zh_store *s = open_store(path);

    opts.stats = stats;
    check(zh_create_hierarchy(s, p, &opts, &err), &err);
    start = bench_now() - start;
    zh_store_close(s);
    zh_plan_free(p);
    return start;
}

/* --- the bare calls --- */

typedef struct share {
    int root;
    unsigned first, end; /* groups */
    zh_format format;
} share;

static void put(int dir, const char *node, const char *document, const char *text)
{
    char path[64];
    size_t n = strlen(text);
    int fd;

    snprintf(path, sizeof(path), "%s/%s", node, document);
    fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, text, n) != (ssize_t)n || close(fd) != 0) {
        perror("bench_hierarchy");
        exit(1);
    }
}

static const char array_v3[] =
    "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[100,200],\"data_type\":\"float64\",\"chunk_grid\":{\"name\":"
    "\"regular\",\"configuration\":{\"chunk_shape\":[50,200]}},\"chunk_key_encoding\":{\"name\":\"default\","
    "\"configuration\":{\"separator\":\"/\"}},\"fill_value\":0.0,\"codecs\":[{\"name\":\"bytes\",\"configuration\":{"
    "\"endian\":\"little\"}},{\"name\":\"gzip\",\"configuration\":{\"level\":4}}],\"attributes\":" ATTRIBUTES "}";
static const char array_v2[] =
    "{\"zarr_format\":2,\"shape\":[100,200],\"chunks\":[50,200],\"dtype\":\"<f8\",\"compressor\":{\"id\":\"zlib\","
    "\"level\":4},\"fill_value\":null,\"order\":\"C\",\"filters\":null}";

static void put_array(int dir, const char *name, zh_format format)
{
    (void)mkdirat(dir, name, 0777);
    if (format == ZH_V3) {
        put(dir, name, "zarr.json", array_v3);
        return;
    }
    put(dir, name, ".zattrs", ATTRIBUTES);
    put(dir, name, ".zarray", array_v2);
}

static void *bare_share(void *payload)
{
    const share *s = payload;
    char name[32];

    for (unsigned g = s->first; g < s->end; g++) {
        int dir;

        snprintf(name, sizeof(name), "group%04u", g);
        (void)mkdirat(s->root, name, 0777);
        if (s->format == ZH_V3)
            put(s->root, name, "zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}");
        else
            put(s->root, name, ".zgroup", "{\"zarr_format\":2}");
        dir = openat(s->root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (unsigned a = 0; a < ARRAYS; a++) {
            snprintf(name, sizeof(name), "dataset%04u", a);
            put_array(dir, name, s->format);
        }
        (void)close(dir);
    }
    return NULL;
}

static double bare(const char *path, zh_format format, unsigned groups, unsigned threads)
{
    pthread_t thread[THREADS_MAX];
    share s[THREADS_MAX];
    double start;
    int root;

    (void)mkdir(path, 0777);
    root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    start = bench_now();
    for (unsigned i = 0; i < threads; i++) {
        s[i] = (share){root, groups * i / threads, groups * (i + 1) / threads, format};
        if (i > 0 && pthread_create(&thread[i], NULL, bare_share, &s[i]) != 0)
            exit(1);
    }
    (void)bare_share(&s[0]);
    for (unsigned i = 1; i < threads; i++)
        (void)pthread_join(thread[i], NULL);
    start = bench_now() - start;
    (void)close(root);
    return start;
}

/* --- zarr-python: 0 where there is none --- */

static double zarr_python(const char *path, zh_format format, unsigned groups)
{
    double seconds = 0;
#ifdef PEER_PYTHON
    char command[4096];
    FILE *f;

    snprintf(command, sizeof(command), "'%s' '%s' '%s' %d %u %u", PEER_PYTHON, PEER_SCRIPT, path, (int)format, groups,
             ARRAYS);
    f = popen(command, "r");
    if (f == NULL || fscanf(f, "%lf", &seconds) != 1)
        seconds = 0;
    if (f != NULL)
        (void)pclose(f);
#else
    (void)path;
    (void)format;
    (void)groups;
#endif
    return seconds;
}

/* --- cases --- */

enum { OURS, PLANNED, BARE1, BARE2, KINDS };

static unsigned cpus(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

/* Returns our seconds. */
static double directory(const char *scratch, const char *where, zh_format format, unsigned groups, unsigned rounds,
                        unsigned peer_rounds)
{
    const double nodes = groups * (ARRAYS + 1.0) + 1;
    double seconds[KINDS][BENCH_ROUNDS], peer[BENCH_ROUNDS], mine;
    char path[4096], label[64], planned[80];
    zh_create_stats stats;
    unsigned peers = 0;

    snprintf(path, sizeof(path), "%s/hierarchy.zarr", scratch);
    for (unsigned r = 0; r < rounds; r++) {
        seconds[OURS][r] = ours(path, format, groups, &stats);
        seconds[PLANNED][r] = stats.seconds;
        bench_remove(path);
        seconds[BARE1][r] = bare(path, format, groups, 1);
        bench_remove(path);
        seconds[BARE2][r] = bare(path, format, groups, cpus());
        bench_remove(path);
        if (r < peer_rounds) {
            peer[peers] = zarr_python(path, format, groups);
            peers += peer[peers] > 0;
            bench_remove(path);
        }
    }
    snprintf(label, sizeof(label), "%s-v%d-%uk", where, (int)format, groups / 10);
    mine = bench_median(seconds[OURS], rounds);
    bench_line("hierarchy", label, "nodes/s", nodes / mine, "bare-calls-1-thread",
               nodes / bench_median(seconds[BARE1], rounds));
    bench_line("hierarchy", label, "nodes/s", nodes / mine, "bare-calls-all-cpus",
               nodes / bench_median(seconds[BARE2], rounds));
    snprintf(planned, sizeof(planned), "%s-from-plan", label);
    bench_line("hierarchy", planned, "nodes/s", nodes / bench_median(seconds[PLANNED], rounds), "bare-calls-all-cpus",
               nodes / bench_median(seconds[BARE2], rounds));
    if (peers > 0)
        bench_line("hierarchy", label, "nodes/s", nodes / mine, "zarr-python", nodes / bench_median(peer, peers));
    return mine;
}

static void memory(zh_format format, unsigned groups, unsigned rounds, unsigned peer_rounds)
{
    const double nodes = groups * (ARRAYS + 1.0) + 1;
    double seconds[BENCH_ROUNDS], peer[BENCH_ROUNDS];
    zh_create_stats stats;
    unsigned peers = 0;
    char label[64];

    for (unsigned r = 0; r < rounds; r++) {
        seconds[r] = ours(NULL, format, groups, &stats);
        if (r < peer_rounds) {
            peer[peers] = zarr_python("memory", format, groups);
            peers += peer[peers] > 0;
        }
    }
    snprintf(label, sizeof(label), "memory-v%d-%uk", (int)format, groups / 10);
    if (peers > 0)
        bench_line("hierarchy", label, "nodes/s", nodes / bench_median(seconds, rounds), "zarr-python",
                   nodes / bench_median(peer, peers));
}

/* Every store call takes 5 ms; `requests` of them may be in flight. */
static void latency(zh_format format, unsigned groups, unsigned requests, unsigned rounds)
{
    const double nodes = groups * (ARRAYS + 1.0) + 1;
    zh_create_options opts = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    double mine[BENCH_ROUNDS], ideal[BENCH_ROUNDS];
    char label[64];

    opts.requests = requests;
    for (unsigned r = 0; r < rounds; r++) {
        zh_plan *p = make_plan(format, groups);
        zh_store *s;
        double start;

        check(zh_store_fault_open(&s, open_store(NULL), &err), &err);
        zh_store_fault_set_latency(s, LATENCY);
        zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
        start = bench_now();
        check(zh_create_hierarchy(s, p, &opts, &err), &err);
        mine[r] = nodes / (bench_now() - start);
        ideal[r] = nodes / ((double)zh_store_fault_seen(s) * LATENCY * 1e-6 / requests);
        zh_store_close(s);
        zh_plan_free(p);
    }
    snprintf(label, sizeof(label), "latency-5ms-v%d-%u00-requests-%u", (int)format, groups, requests);
    bench_line("hierarchy", label, "nodes/s", bench_median(mine, rounds), "calls-x-latency/requests",
               bench_median(ideal, rounds));
}

static void pending(unsigned groups)
{
    size_t before = mallinfo2().uordblks;
    zh_plan *p = make_plan(ZH_V3, groups);
    double bytes = (double)(mallinfo2().uordblks - before) / (double)zh_plan_size(p);

    zh_plan_free(p);
    bench_line("hierarchy", "nodes-a-MiB", "nodes/MiB", 1048576.0 / bytes, "limit-1KiB", 1024);
}

/* bench_hierarchy [PART]: tmpfs, memory, disk, latency or pending alone. */
static bool wanted(int argc, char **argv, const char *part)
{
    return argc < 2 || strcmp(argv[1], part) == 0;
}

static const unsigned groups[] = {10, 100, 1000}, rounds[] = {7, 7, 3}, peer_rounds[] = {3, 1, 0};

static void all_tmpfs(const char *scratch, zh_format format)
{
    double seconds[3];

    for (unsigned i = 0; i < 3; i++)
        seconds[i] = directory(scratch, "tmpfs", format, groups[i], rounds[i], peer_rounds[i]);
    bench_line("hierarchy", format == ZH_V3 ? "growth-v3-10k-100k" : "growth-v2-10k-100k", "permille", 1000,
               "11-times-the-time", 1000 * seconds[2] / (11 * seconds[1]));
}

static void all_disk(zh_format format)
{
    char disk[] = "/var/tmp/vol-zarr-bench-XXXXXX";

    if (mkdtemp(disk) == NULL)
        return;
    for (unsigned i = 0; i < 2; i++)
        (void)directory(disk, "disk", format, groups[i], 3, 1);
    bench_remove(disk);
}

int main(int argc, char **argv)
{
    const char *scratch = bench_scratch();

    for (int f = ZH_V3; f >= ZH_V2; f--) {
        const zh_format format = (zh_format)f;

        if (wanted(argc, argv, "tmpfs"))
            all_tmpfs(scratch, format);
        for (unsigned i = 0; i < 3 && wanted(argc, argv, "memory"); i++)
            memory(format, groups[i], 3, peer_rounds[i]);
        if (wanted(argc, argv, "disk"))
            all_disk(format);
    }
    if (wanted(argc, argv, "latency")) {
        latency(ZH_V3, 5, 1, 1);
        latency(ZH_V3, 100, 10, 1);
        latency(ZH_V3, 100, 64, 3);
        latency(ZH_V2, 100, 64, 3);
    }
    if (wanted(argc, argv, "pending"))
        pending(100);
    bench_remove(scratch);
    return 0;
}
