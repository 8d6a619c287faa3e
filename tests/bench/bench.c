/* bench.c - see bench.h. */
#include "bench.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), compare);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

void bench_line(const char *bench, const char *name, const char *unit, double ours, const char *peer, double theirs)
{
    printf("bench=%s case=%s unit=%s ours=%.0f peer=%s theirs=%.0f ratio=%.2f\n", bench, name, unit, ours, peer, theirs,
           ours / theirs);
    fflush(stdout);
}

static char scratch[64];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void bench_remove(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0)
        nftw(path, remove_entry, 64, FTW_DEPTH | FTW_PHYS);
}

static void remove_scratch(void)
{
    bench_remove(scratch);
}

const char *bench_scratch(void)
{
    snprintf(scratch, sizeof(scratch), "%s/vol-zarr-bench-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(scratch)) {
        perror(scratch);
        exit(1);
    }
    atexit(remove_scratch);
    return scratch;
}
