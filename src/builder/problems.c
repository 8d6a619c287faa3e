/* problems.c - see problems.h. */
#include "builder/problems.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_MAX 100u

void zh_problems_init(zh_problems *p, zh_problem_fn fn, void *payload, size_t max, zh_error *err)
{
    *p = (zh_problems){fn, payload, max == 0 ? DEFAULT_MAX : max, 0, err, ZH_OK};
}

void zh_problems_add(zh_problems *p, zh_problem *problem, const char *fmt, ...)
{
    char message[400];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    problem->message = message;
    if (p->count == 0) {
        p->code = problem->code;
        (void)zh_error_set(p->err, problem->code, "%s", message);
    }
    if (p->count < p->max && p->fn != NULL)
        p->fn(p->payload, problem);
    p->count++;
    problem->message = NULL;
}

int zh_problems_finish(zh_problems *p)
{
    if (p->count > 1 && p->err != NULL) {
        const size_t n = strlen(p->err->message);

        (void)snprintf(p->err->message + n, sizeof(p->err->message) - n, " (and %zu more)", p->count - 1);
    }
    return p->code;
}
