/* create_report.h - what `zh create` tells: of each node, of problems, of the whole. */
#ifndef ZH_CLI_CREATE_REPORT_H
#define ZH_CLI_CREATE_REPORT_H

#include "cli/create_settings.h"
#include "cli/problem_log.h"
#include "cli/progress.h"

typedef struct create_report {
    cli *c;
    const create_settings *settings;
    cli_problems problems;
    cli_progress progress;
    zh_buf nodes; /* JSON objects with commas between them */
    uint64_t groups, arrays;
    bool starved; /* there was no memory for what is to be told */
    zh_create_stats stats;
} create_report;

void create_report_init(create_report *r, cli *c, const create_settings *settings);
void create_report_dispose(create_report *r);

/* zh_created_fn; the payload is the report. Asks to stop when the program was interrupted, or there is no memory for
 * what is to be told. */
int create_report_node(void *payload, const char *path, zh_node_kind kind, zh_handle *node);
/* zh_problem_fn. */
void create_report_problem(void *payload, const zh_problem *problem);

/* The end: done, root being --rooted's, else NULL; or failed. Both answer the exit code, which is code or worse. */
int create_report_done(create_report *r, const zh_handle *root);
int create_report_failed(create_report *r, const zh_error *err, int code);
/* The same for a dry run: the nodes of the plan, below base. */
int create_report_planned(create_report *r, zh_plan *plan, const char *base);

#endif
