/* problems.h - collecting what is wrong: all is told to the caller's callback (bounded), the first is the error. */
#ifndef ZH_BUILDER_PROBLEMS_H
#define ZH_BUILDER_PROBLEMS_H

#include "zh/plan.h"

typedef struct zh_problems {
    zh_problem_fn fn;
    void *payload;
    size_t max;   /* how many are told */
    size_t count; /* how many there were */
    zh_error *err;
    int code; /* of the first; ZH_OK */
} zh_problems;

/* max 0: the default. */
void zh_problems_init(zh_problems *p, zh_problem_fn fn, void *payload, size_t max, zh_error *err);
/* Fills in problem->message. */
void zh_problems_add(zh_problems *p, zh_problem *problem, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The code of the first problem, and its message with the number of the others behind it; ZH_OK if there was none. */
int zh_problems_finish(zh_problems *p);

#endif
