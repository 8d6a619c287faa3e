/* interrupt.c - see interrupt.h. A handler can reach nothing but a global, so this is the one that the tree has. */
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;

static void note(int signum)
{
    if (caught == 0) {
        caught = signum;
        return;
    }
    (void)signal(signum, SIG_DFL);
    (void)raise(signum); /* as soon as this returns */
}

void cli_interrupt_watch(void)
{
    static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {0}, old;

    action.sa_handler = note; /* not SA_RESTART: a write that blocks is to end */
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
        if (sigaction(watched[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            (void)sigaction(watched[i], &action, NULL);
}

bool cli_interrupted(void)
{
    return caught != 0;
}

void cli_interrupt_obey(void)
{
    if (caught == 0)
        return;
    (void)signal(caught, SIG_DFL);
    (void)raise(caught);
}
