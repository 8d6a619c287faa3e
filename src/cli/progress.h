/* progress.h - how far the work is, on stderr: "zh: 1200 / 5000 nodes", or "zh: 1200 reads" where nobody knows how many
 * there will be. */
#ifndef ZH_CLI_PROGRESS_H
#define ZH_CLI_PROGRESS_H

#include "cli/cli.h"

#include <pthread.h>

typedef struct cli_progress {
    cli *c;
    const char *what;      /* "nodes" */
    uint64_t total;        /* 0: not known */
    bool wanted;           /* fixed by start */
    pthread_mutex_t mutex; /* of what follows, and of the line on the terminal */
    uint64_t done;
    double start, last; /* seconds; last: when it was shown */
    bool shown;         /* it stands on the terminal */
} cli_progress;

/* By default it is shown on a terminal, and not before a second has passed. To be ended. */
void cli_progress_start(cli_progress *p, cli *c, const char *what, uint64_t total);
/* One more is done. From any thread. */
void cli_progress_step(cli_progress *p);
/* Takes it from the terminal, as something else is to be written there. */
void cli_progress_wipe(cli_progress *p);
void cli_progress_end(cli_progress *p);

#endif
