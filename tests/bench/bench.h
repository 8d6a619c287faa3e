/* bench.h - interleaved rounds, medians, and the line format that scripts read. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>

#define BENCH_ROUNDS 7

double bench_now(void);                        /* seconds, monotonic */
double bench_median(double *values, size_t n); /* sorts values */
/* One figure: rates of ours and theirs; above 1 means that ours is better. */
void bench_line(const char *bench, const char *name, const char *unit, double ours, const char *peer, double theirs);
/* A fresh folder for scratch stores, on tmpfs where there is one. Exits the program on failure. */
const char *bench_scratch(void);
void bench_remove(const char *path); /* a tree or a file, if there */

#endif
