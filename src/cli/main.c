/* main.c - the program zh: hierarchies made, read and checked from the command line. Finds the command, and sees to it
 * that what was written arrived. */
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/help.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct command {
    const char *name;
    int (*run)(cli *c, int argc, char **argv);
} command;

static int help(cli *c, int argc, char **argv);

static const command commands[] = {
    {"create", cli_create},           {"ls", cli_ls}, {"tree", cli_tree}, {"show", cli_show}, {"check", cli_check},
    {"consolidate", cli_consolidate}, {"help", help},
};

static const command *find(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int help(cli *c, int argc, char **argv)
{
    static const cli_syntax syntax = {.letters = "", .operands = {"COMMAND", NULL}};
    const char *operand[CLI_OPERANDS];
    const int rc = cli_parse(c, &syntax, argc, argv, NULL, operand);

    if (rc != CLI_GO_ON)
        return rc;
    if (operand[0] != NULL && find(operand[0]) == NULL)
        return cli_usage(c, "there is no command '%s'", operand[0]);
    return cli_help(c, operand[0]);
}

/* A file that is opened must not become standard output. Closed streams are opened in the direction that they are not
 * used in, so that their use fails. */
static int occupy_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd) /* the lowest that is free */
            return -1;
    return 0;
}

static int run(cli *c, int argc, char **argv)
{
    const command *found;
    int at = argc;
    const int rc = cli_parse_global(c, argc, argv, &at);

    if (rc != CLI_GO_ON)
        return rc;
    if (at == argc)
        return cli_usage(c, "which command?");
    found = find(argv[at]);
    if (found == NULL)
        return cli_usage(c, "there is no command '%s'", argv[at]);
    c->command = found->name;
    return found->run(c, argc - at, argv + at);
}

int main(int argc, char **argv)
{
    cli c = {0};
    int rc, errnum;

    if (argc < 1 || occupy_descriptors() != 0)
        return CLI_FAILED;
    (void)signal(SIGPIPE, SIG_IGN); /* EPIPE says it, and work that has begun is not cut off by it */
    cli_stream_init(&c.out, stdout);
    cli_stream_init(&c.err, stderr);
    rc = run(&c, argc, argv);
    errnum = cli_stream_close(&c.out);
    if (errnum != 0) {
        c.command = NULL;
        cli_error(&c, "cannot write to standard output: %s", strerror(errnum));
        rc = CLI_FAILED;
    }
    return rc;
}
