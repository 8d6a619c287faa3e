/* problem_log.h - what the library finds wrong with a plan or with a store for it, kept for the end. */
#ifndef ZH_CLI_PROBLEM_LOG_H
#define ZH_CLI_PROBLEM_LOG_H

#include "cli/cli.h"
#include "zh/plan.h"

typedef struct cli_problems {
    zh_buf json;  /* JSON objects with commas between them */
    zh_buf lines; /* messages, each with a NUL behind it */
    size_t n;
    bool starved; /* there was no memory for one */
} cli_problems;

#define CLI_PROBLEMS_INIT                                                                                              \
    {                                                                                                                  \
        ZH_BUF_INIT(SIZE_MAX), ZH_BUF_INIT(SIZE_MAX), 0, false                                                         \
    }

void cli_problems_dispose(cli_problems *p);
void cli_problems_add(cli_problems *p, const zh_problem *problem);

/* The failure and the problems, as cli_fail tells a failure alone. Answers code; CLI_FAILED if there was no memory for
 * all of it. */
int cli_problems_fail(const cli_problems *p, cli *c, const zh_error *err, int code);

#endif
