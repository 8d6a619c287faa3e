/* arguments.h - the command line of one command: the options that all have, its own, its operands. */
#ifndef ZH_CLI_ARGUMENTS_H
#define ZH_CLI_ARGUMENTS_H

#include "cli/cli.h"

#include <getopt.h>

/* Values of options without a letter are CLI_OPTION and above. */
enum { CLI_OPTION = 256 };

#define CLI_OPERANDS 2

typedef struct cli_syntax {
    const char *letters;          /* of the command's own options, as getopt has them */
    const struct option *options; /* ended by an empty one */
    /* Takes one of them; value is NULL if it has none. Answers CLI_GO_ON, or CLI_USAGE and has said why. */
    int (*take)(cli *c, void *payload, int option, const char *value);
    const char *operands[CLI_OPERANDS]; /* their names, for messages; NULL: there is none */
    unsigned least;                     /* how many must be given */
} cli_syntax;

/* argv[0] is the command's name, or the program's. operand: those given, then NULLs. CLI_GO_ON, or an exit code: help
 * was asked for and written, or something is wrong and was told. */
int cli_parse(cli *c, const cli_syntax *syntax, int argc, char **argv, void *payload,
              const char *operand[CLI_OPERANDS]);

/* The options in front of the command. *at: the index of its name, argc if there is none. */
int cli_parse_global(cli *c, int argc, char **argv, int *at);

/* One of the words, ended by NULL, to its index. CLI_USAGE if it is none; option is named in the message. */
int cli_word(cli *c, unsigned *out, const char *option, const char *value, const char *const *words);
/* A number from 1 on. */
int cli_number(cli *c, unsigned *out, const char *option, const char *value);

#endif
