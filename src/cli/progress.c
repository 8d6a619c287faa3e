/* progress.c - how far it is, on standard error: on a terminal, and only when it takes longer than a second. */
#include "cli.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct {
    bool on;
    bool shown;
    const char *what;
    size_t done, total;
    double started, told;
} state;

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_begin(const globals *g, const char *what, size_t total)
{
    state.on = g->progress == 1 || (g->progress < 0 && !g->quiet && isatty(STDERR_FILENO));
    state.shown = false;
    state.what = what;
    state.done = 0;
    state.total = total;
    state.started = state.told = now();
}

void progress_step(void)
{
    double t;

    state.done++;
    if (!state.on || state.done % 64 != 0)
        return;
    t = now();
    if (t - state.started < 1 || t - state.told < 0.2)
        return;
    state.told = t;
    state.shown = true;
    if (state.total > 0)
        (void)fprintf(stderr, "\rzh: %s: %zu of %zu", state.what, state.done, state.total);
    else
        (void)fprintf(stderr, "\rzh: %s: %zu", state.what, state.done);
}

void progress_end(void)
{
    if (state.shown)
        (void)fputc('\n', stderr);
    state.on = false;
}
