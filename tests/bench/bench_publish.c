/* bench_publish.c - the builder against the system calls that no writer of a directory store can do without.
 *
 * Ours: a hierarchy of groups and arrays is made in memory and published. Peer: mkdirat, openat, write, close for each
 * node, with text of the same length, in the same tree of directories, on as many threads. A ratio of 1 would mean that
 * encoding, ordering and book-keeping cost nothing. Last, what a node that waits for publication takes in memory
 * (limit: 1 KiB).
 */
#include "bench.h"

#include "base/alloc.h"
#include "hier/tree.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUPS 50
#define ARRAYS 400 /* in each group */
#define NODES (GROUPS * (ARRAYS + 1) + 1)

static void check(int rc, const zh_error *err)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "bench_publish: %s\n", err->message);
    exit(1);
}

static void add_array(zh_tree *t, zh_node *group, unsigned i)
{
    const zh_dtype dtype = {ZH_K_FLOAT, ZH_LITTLE, 8};
    const uint64_t shape[2] = {100, 200}, chunk[2] = {50, 200};
    const zh_codec_spec gzip = zh_codec_gzip(4);
    zh_error err = ZH_ERROR_INIT;
    zh_array_meta *m;
    zh_node *node;
    char name[32];
    int n = snprintf(name, sizeof(name), "dataset%04u", i);

    check(zh_array_meta_new(&m, zh_tree_format(t), &dtype, 2, shape, chunk, &err), &err);
    check(zh_array_meta_add_codec(m, &gzip, &err), &err);
    check(zh_node_new_array(&node, t, group, name, (size_t)n, m, NULL, &err), &err);
    check(zh_node_set_attr(node, "units", "\"m s-1\"", NULL, &err), &err);
}

static zh_tree *make_tree(const char *path, unsigned threads)
{
    const zh_tree_options opts = {.format = ZH_V3, .threads = threads};
    zh_error err = ZH_ERROR_INIT;
    unsigned g, i;
    zh_store *s;
    zh_tree *t;

    check(zh_store_dir_open(&s, path, ZH_CREATE_EXCL, &err), &err);
    check(zh_tree_create(&t, s, &opts, &err), &err);
    for (g = 0; g < GROUPS; g++) {
        zh_node *group;
        char name[32];
        int n = snprintf(name, sizeof(name), "group%03u", g);

        check(zh_node_new_group(&group, t, zh_tree_root(t), name, (size_t)n, NULL, &err), &err);
        for (i = 0; i < ARRAYS; i++)
            add_array(t, group, i);
    }
    return t;
}

static double ours(const char *path, unsigned threads, size_t *document)
{
    zh_tree *t = make_tree(path, threads);
    zh_error err = ZH_ERROR_INIT;
    zh_publish_stats stats;
    double start = bench_now();

    check(zh_tree_flush(t, &stats, &err), &err);
    start = bench_now() - start;
    *document = (size_t)(stats.bytes / stats.documents);
    zh_tree_close(t);
    return start;
}

/* --- the bare calls --- */

typedef struct share {
    int root;
    unsigned first, end; /* groups */
    size_t document;
} share;

static void put_bare(int dir, const char *name, const char *text, size_t n)
{
    char path[64];
    int fd;

    (void)mkdirat(dir, name, 0777);
    snprintf(path, sizeof(path), "%s/zarr.json", name);
    fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, text, n) != (ssize_t)n || close(fd) != 0) {
        perror("bench_publish");
        exit(1);
    }
}

static void *bare_share(void *payload)
{
    const share *s = payload;
    char *text = malloc(s->document), name[32];
    unsigned g, i;

    memset(text, 'x', s->document);
    for (g = s->first; g < s->end; g++) {
        int dir;

        snprintf(name, sizeof(name), "group%03u", g);
        put_bare(s->root, name, text, s->document);
        dir = openat(s->root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (i = 0; i < ARRAYS; i++) {
            snprintf(name, sizeof(name), "dataset%04u", i);
            put_bare(dir, name, text, s->document);
        }
        (void)close(dir);
    }
    free(text);
    return NULL;
}

static double bare(const char *path, unsigned threads, size_t document)
{
    pthread_t thread[2];
    share s[2];
    unsigned i;
    double start;
    int root;

    (void)mkdir(path, 0777);
    root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    start = bench_now();
    for (i = 0; i < threads; i++) {
        s[i] = (share){root, GROUPS * i / threads, GROUPS * (i + 1) / threads, document};
        if (i > 0 && pthread_create(&thread[i], NULL, bare_share, &s[i]) != 0)
            exit(1);
    }
    (void)bare_share(&s[0]);
    for (i = 1; i < threads; i++)
        (void)pthread_join(thread[i], NULL);
    start = bench_now() - start;
    (void)close(root);
    return start;
}

static void compare(const char *scratch, unsigned threads)
{
    double mine[BENCH_ROUNDS], theirs[BENCH_ROUNDS];
    size_t document = 0, i;
    char path[4096], name[32];

    snprintf(path, sizeof(path), "%s/publish.zarr", scratch);
    for (i = 0; i < BENCH_ROUNDS; i++) {
        mine[i] = NODES / ours(path, threads, &document);
        bench_remove(path);
        theirs[i] = NODES / bare(path, threads, document);
        bench_remove(path);
    }
    snprintf(name, sizeof(name), "dir-v3-%uk-%uthread", NODES / 1000, threads);
    bench_line("publish", name, "nodes/s", bench_median(mine, BENCH_ROUNDS), "bare-syscalls",
               bench_median(theirs, BENCH_ROUNDS));
}

static void memory(const char *scratch)
{
    size_t before = mallinfo2().uordblks, after;
    char path[4096];
    zh_tree *t;

    snprintf(path, sizeof(path), "%s/memory.zarr", scratch);
    t = make_tree(path, 1);
    after = mallinfo2().uordblks;
    zh_tree_close(t);
    bench_remove(path);
    bench_line("publish", "nodes-a-MiB", "nodes/MiB", 1048576.0 * NODES / (double)(after - before), "limit-1KiB", 1024);
}

int main(void)
{
    const char *scratch = bench_scratch();

    compare(scratch, 1);
    compare(scratch, 2);
    memory(scratch);
    bench_remove(scratch);
    return 0;
}
