/* cli.h - what the files of the command-line tool share.
 *
 * A command is a function with its own options; it answers an exit code. Messages go to standard error as "zh: …",
 * results to standard output; whether those arrived is looked at once, at the end (out_finish).
 */
#ifndef ZH_CLI_H
#define ZH_CLI_H

#include "zh/hierarchy.h"

enum exit_code {
    EXIT_FINE = 0,
    EXIT_PROBLEMS = 1, /* a conflict, an invalid description, findings that are left */
    EXIT_USAGE = 2,
    EXIT_FAILED = 3 /* the system's fault: reading, writing, memory */
};

/* What every command takes. */
typedef struct globals {
    bool quiet, json, ascii;
    int progress; /* 1, 0; -1: if standard error is a terminal */
    unsigned requests;
} globals;

typedef struct command {
    const char *name, *arguments, *summary;
    const char *help; /* its own options, one a line */
    int (*run)(globals *g, int argc, char **argv);
} command;

extern const command commands[];
extern const size_t n_commands;

int run_create(globals *g, int argc, char **argv);
int run_ls(globals *g, int argc, char **argv);
int run_tree(globals *g, int argc, char **argv);
int run_show(globals *g, int argc, char **argv);
int run_check(globals *g, int argc, char **argv);
int run_consolidate(globals *g, int argc, char **argv);

/* --- options.c --- */

typedef struct option_spec {
    const char *name; /* "--overwrite" */
    char letter;      /* 'v', or 0 */
    int argument;     /* 0: none, 1: needed, 2: may follow after '=' */
} option_spec;
/* The next option of argv, taken out of it; global ones are taken care of. Answers its index in specs, -1: none left,
 * -2: a mistake, which has been told. What remains in argv are the operands. */
int next_option(globals *g, int *argc, char **argv, const option_spec *specs, const char **argument);
/* Exactly min to max operands; tells otherwise. */
bool check_operands(const char *command, int argc, int min, int max);
bool parse_number(unsigned *out, const char *text);

/* --- output.c --- */

void out(const char *text);
void out_n(const char *text, size_t n);
void out_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void out_name(const char *name); /* a name of a node: control characters escaped on a terminal */
int out_finish(int code);        /* EXIT_FAILED if something did not arrive */
/* JSON with two blanks a level. */
int out_pretty(const zh_buf *json, zh_error *err);
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Tells the error, and answers the exit code that goes with it. */
int complain_error(const zh_error *err);
int exit_code_of(int code);

/* --- stores.c --- */

/* An existing store. */
int open_store(zh_store **s, const char *path, zh_open_mode mode, zh_error *err);
/* One whose root document is there, or that was never finished. */
int open_store_to_repair(zh_store **s, const char *path, zh_error *err);
/* One to create in: made if there is none. kind: "dir", "zip" or NULL (by the name). One that was begun and never
 * finished is ZH_EXISTS: another process may just be creating it. */
int open_or_make_store(zh_store **s, bool *made, const char *path, const char *kind, zh_error *err);
/* Takes a store that was made, and in which nothing was created, away again. */
void unmake_store(const char *path);

/* --- progress.c --- */

void progress_begin(const globals *g, const char *what, size_t total);
void progress_step(void);
void progress_end(void);

#endif
