/* bench_create.c - creation speed through the HDF5 API: 100 groups of 100 chunked float32 datasets, with and without
 * four integer attributes a dataset. Our connector, native HDF5, and the bare system calls that make the same tree,
 * interleaved. */
#include "bench.h"

#include <fcntl.h>
#include <hdf5.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUPS 100
#define DATASETS 100
#define NODES (GROUPS * (DATASETS + 1) + 1)
#define ATTRIBUTES 4

static void check(const char *what, long long result)
{
    if (result < 0) {
        fprintf(stderr, "bench_create: %s failed\n", what);
        exit(1);
    }
}

struct shared {
    hid_t space, scalar, dcpl;
};

static void add_attributes(hid_t dset, hid_t scalar, int value)
{
    static const char *const names[ATTRIBUTES] = {"step", "rank", "level", "flags"};
    int i;

    for (i = 0; i < ATTRIBUTES; i++) {
        hid_t a = H5Acreate2(dset, names[i], H5T_NATIVE_INT, scalar, H5P_DEFAULT, H5P_DEFAULT);

        check("H5Acreate2", a);
        check("H5Awrite", H5Awrite(a, H5T_NATIVE_INT, &value));
        H5Aclose(a);
    }
}

/* Seconds from H5Fcreate to the end of H5Fclose. */
static double create_file(const char *path, hid_t fapl, const struct shared *s, int attributes)
{
    double start = bench_now();
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
    char name[32];
    int i;
    int j;

    check("H5Fcreate", file);
    for (i = 0; i < GROUPS; i++) {
        hid_t group;

        snprintf(name, sizeof(name), "g%03d", i);
        group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        check("H5Gcreate2", group);
        for (j = 0; j < DATASETS; j++) {
            hid_t dset;

            snprintf(name, sizeof(name), "d%03d", j);
            dset = H5Dcreate2(group, name, H5T_NATIVE_FLOAT, s->space, H5P_DEFAULT, s->dcpl, H5P_DEFAULT);
            check("H5Dcreate2", dset);
            if (attributes)
                add_attributes(dset, s->scalar, j);
            H5Dclose(dset);
        }
        H5Gclose(group);
    }
    check("H5Fclose", H5Fclose(file));
    return bench_now() - start;
}

/* The same tree by system calls: a directory and a document of the size ours has, for each node. */
struct bare {
    int root, first, step;
    size_t size;
};

static void bare_document(int dir, const char *node, const char *text, size_t n)
{
    char path[64];
    int fd;

    check("mkdirat", mkdirat(dir, node, 0777));
    snprintf(path, sizeof(path), "%s/zarr.json", node);
    fd = openat(dir, path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0666);
    check("openat", fd);
    check("write", write(fd, text, n) - (ssize_t)n);
    close(fd);
}

static void *bare_groups(void *payload)
{
    const struct bare *b = payload;
    char *text = calloc(1, b->size);
    int i;
    int j;

    for (i = b->first; i < GROUPS; i += b->step) {
        char name[32];
        int dir;

        snprintf(name, sizeof(name), "g%03d", i);
        bare_document(b->root, name, text, 64);
        dir = openat(b->root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        check("openat", dir);
        for (j = 0; j < DATASETS; j++) {
            snprintf(name, sizeof(name), "d%03d", j);
            bare_document(dir, name, text, b->size);
        }
        close(dir);
    }
    free(text);
    return NULL;
}

static double bare_tree(const char *path, int threads, size_t size)
{
    double start = bench_now();
    struct bare work[2];
    pthread_t other;
    int root;
    int i;

    check("mkdir", mkdir(path, 0777));
    root = open(path, O_RDONLY | O_DIRECTORY);
    check("open", root);
    for (i = 0; i < threads; i++)
        work[i] = (struct bare){root, i, threads, size};
    if (threads == 2)
        pthread_create(&other, NULL, bare_groups, &work[1]);
    bare_groups(&work[0]);
    if (threads == 2)
        pthread_join(other, NULL);
    close(root);
    return bench_now() - start;
}

static hid_t zarr_fapl(const char *options)
{
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
    hid_t connector = H5VLregister_connector_by_name("zarr", H5P_DEFAULT);
    void *info = NULL;

    check("H5VLregister_connector_by_name", connector);
    check("H5VLconnector_str_to_info", H5VLconnector_str_to_info(options, connector, &info));
    check("H5Pset_vol", H5Pset_vol(fapl, connector, info));
    H5VLfree_connector_info(connector, info);
    H5VLclose(connector);
    return fapl;
}

static size_t document_size(const char *store)
{
    char path[320];
    struct stat st;

    snprintf(path, sizeof(path), "%s/g000/d000/zarr.json", store);
    return stat(path, &st) == 0 ? (size_t)st.st_size : 400;
}

enum { OURS, ZIP, NATIVE, BARE1, BARE2, KINDS };

static void run_case(const char *dir, const char *name, const struct shared *s, const hid_t *fapls, int attributes)
{
    double seconds[KINDS][BENCH_ROUNDS];
    double rate[KINDS];
    char label[64];
    char path[KINDS][256];
    size_t size;
    int round;
    int k;

    snprintf(path[OURS], sizeof(path[0]), "%s/ours.zarr", dir);
    snprintf(path[ZIP], sizeof(path[0]), "%s/ours.zarr.zip", dir);
    snprintf(path[NATIVE], sizeof(path[0]), "%s/native.h5", dir);
    snprintf(path[BARE1], sizeof(path[0]), "%s/bare1", dir);
    snprintf(path[BARE2], sizeof(path[0]), "%s/bare2", dir);
    create_file(path[OURS], fapls[OURS], s, attributes); /* warm-up, and the size of a document */
    size = document_size(path[OURS]);
    for (round = 0; round < BENCH_ROUNDS; round++) {
        for (k = 0; k < KINDS; k++)
            bench_remove(path[k]);
        for (k = OURS; k <= NATIVE; k++)
            seconds[k][round] = create_file(path[k], fapls[k], s, attributes);
        seconds[BARE1][round] = bare_tree(path[BARE1], 1, size);
        seconds[BARE2][round] = bare_tree(path[BARE2], 2, size);
    }
    for (k = 0; k < KINDS; k++) {
        bench_remove(path[k]);
        rate[k] = NODES / bench_median(seconds[k], BENCH_ROUNDS);
    }
    snprintf(label, sizeof(label), "dir-v3-10k%s", name);
    bench_line("create", label, "nodes/s", rate[OURS], "hdf5-native", rate[NATIVE]);
    bench_line("create", label, "nodes/s", rate[OURS], "bare-calls-1-thread", rate[BARE1]);
    bench_line("create", label, "nodes/s", rate[OURS], "bare-calls-2-threads", rate[BARE2]);
    snprintf(label, sizeof(label), "zip-v3-10k%s", name);
    bench_line("create", label, "nodes/s", rate[ZIP], "hdf5-native", rate[NATIVE]);
}

int main(void)
{
    const char *dir = bench_scratch();
    hsize_t dims[2] = {1000, 1000};
    hsize_t chunk[2] = {100, 100};
    hid_t fapls[KINDS];
    struct shared s;

    check("H5PLprepend", H5PLprepend(PLUGIN_DIR));
    s.space = H5Screate_simple(2, dims, NULL);
    s.scalar = H5Screate(H5S_SCALAR);
    s.dcpl = H5Pcreate(H5P_DATASET_CREATE);
    check("H5Pset_chunk", H5Pset_chunk(s.dcpl, 2, chunk));
    fapls[OURS] = zarr_fapl("store=dir");
    fapls[ZIP] = zarr_fapl("store=zip");
    fapls[NATIVE] = H5Pcreate(H5P_FILE_ACCESS);
    run_case(dir, "", &s, fapls, 0);
    run_case(dir, "-4attrs", &s, fapls, 1);
    H5Pclose(fapls[OURS]);
    H5Pclose(fapls[ZIP]);
    H5Pclose(fapls[NATIVE]);
    H5Pclose(s.dcpl);
    H5Sclose(s.scalar);
    H5Sclose(s.space);
    return 0;
}
