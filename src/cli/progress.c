/* progress.c - see progress.h. No thread: it is shown when there is something new to be shown. */
#include "cli/progress.h"

#include <inttypes.h>
#include <time.h>

#define PATIENCE 1.0 /* seconds before it is shown unasked, and between lines where it is no terminal */
#define INTERVAL 0.1 /* between changes on a terminal */

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void cli_progress_start(cli_progress *p, cli *c, const char *what, uint64_t total)
{
    const bool unasked = c->err.terminal && !c->quiet;

    *p = (cli_progress){.c = c, .what = what, .total = total, .start = now()};
    p->last = c->err.terminal ? 0 : p->start;
    p->wanted = c->progress == CLI_ALWAYS || (c->progress == CLI_AUTO && unasked);
    (void)pthread_mutex_init(&p->mutex, NULL);
}

/* With the mutex held, as the other static functions. */
static void show(cli_progress *p)
{
    const bool terminal = p->c->err.terminal;
    char text[96], of[32] = "";

    if (p->total > 0)
        (void)snprintf(of, sizeof(of), " / %" PRIu64, p->total);
    (void)snprintf(text, sizeof(text), "%szh: %" PRIu64 "%s %s%s", terminal ? "\r" : "", p->done, of, p->what,
                   terminal ? "" : "\n");
    cli_raw(&p->c->err, text);
    p->shown = terminal;
}

static void wipe(cli_progress *p)
{
    if (p->shown)
        cli_raw(&p->c->err, "\r\x1b[K");
    p->shown = false;
}

static void show_now_and_then(cli_progress *p)
{
    const double at = now();

    if (p->c->progress == CLI_AUTO && at - p->start < PATIENCE)
        return;
    if (at - p->last < (p->c->err.terminal ? INTERVAL : PATIENCE))
        return;
    p->last = at;
    show(p);
}

void cli_progress_step(cli_progress *p)
{
    if (!p->wanted)
        return;
    (void)pthread_mutex_lock(&p->mutex);
    p->done++;
    show_now_and_then(p);
    (void)pthread_mutex_unlock(&p->mutex);
}

void cli_progress_wipe(cli_progress *p)
{
    (void)pthread_mutex_lock(&p->mutex);
    wipe(p);
    (void)pthread_mutex_unlock(&p->mutex);
}

void cli_progress_end(cli_progress *p)
{
    if (p->wanted && p->c->progress == CLI_ALWAYS && !p->c->err.terminal)
        show(p);
    wipe(p);
    (void)pthread_mutex_destroy(&p->mutex);
}
