/* main.c - the command-line tool zh: hierarchies created, looked at and checked from the shell. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

const command commands[] = {
    {"create", "STORE [FILE|-]", "create a hierarchy from a JSON description",
     "  The description is {\"path\": metadata, …}; metadata are the content of zarr.json, or for Zarr v2 of .zgroup\n"
     "  or .zarray with the attributes as a member. It is read from FILE, or from standard input.\n"
     "  --overwrite            nodes that are named replace what is there, with all below it\n"
     "  --purge                with --overwrite of the root: foreign files in it go too\n"
     "  --rooted               the description has one node that all others are below\n"
     "  --under GROUP          paths are relative to this existing group\n"
     "  --unchecked            write the documents as they are, without looking\n"
     "  --consolidate[=HOW]    consolidated metadata: drop (default), keep, write (without HOW)\n"
     "  --store=dir|zip        what to make if STORE is not there; by its name otherwise\n"
     "  --ordered              report nodes in the order of their paths\n"
     "  --always-zattrs        Zarr v2: a .zattrs for every node\n"
     "  --backslash            a backslash in a path is a slash\n"
     "  -n, --dry-run          check the description and print its nodes; STORE is not looked at\n"
     "  -v, --verbose          a line for each node\n",
     run_create},
    {"ls", "STORE [PATH]", "list the members of a group",
     "  -l, --long             with format, type and shape\n"
     "  -R, --recursive        all levels\n"
     "  --depth N              N levels\n",
     run_ls},
    {"tree", "STORE [PATH]", "draw a hierarchy",
     "  --depth N              N levels\n"
     "  --ascii                without box characters\n",
     run_tree},
    {"show", "STORE [PATH]", "print the metadata of a node", "  --attributes           its attributes alone\n",
     run_show},
    {"check", "STORE", "look for what a hierarchy should not have",
     "  --repair               mend what can be mended without guessing\n", run_check},
    {"consolidate", "STORE [PATH]", "write the consolidated metadata of a group anew", "", run_consolidate},
};
const size_t n_commands = sizeof(commands) / sizeof(commands[0]);

static const char globals_help[] = "Options of every command:\n"
                                   "  --json                 one JSON object instead of text\n"
                                   "  -q, --quiet            no summary\n"
                                   "  --requests N           calls to the store in flight (default: as many as pay)\n"
                                   "  --progress, --no-progress\n"
                                   "  --help\n"
                                   "Exit status: 0 done; 1 a conflict, an invalid description, findings left;\n"
                                   "2 a mistake in the command; 3 reading or writing failed.\n";

static const command *find_command(const char *name)
{
    for (size_t i = 0; i < n_commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void help(const command *c)
{
    if (c != NULL) {
        out_format("usage: zh %s [OPTION…] %s\n\n%s.\n\n%s%s%s", c->name, c->arguments, c->summary, c->help,
                   *c->help != '\0' ? "\n" : "", globals_help);
        return;
    }
    out("usage: zh COMMAND [OPTION…] …\n\nZarr hierarchies, versions 2 and 3, in a directory or a zip archive.\n\n");
    for (size_t i = 0; i < n_commands; i++)
        out_format("  zh %-12s %-16s %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
    out_format("  zh help        COMMAND          more about one\n  zh --version\n\n%s", globals_help);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

static int run_named(const char *name, int argc, char **argv)
{
    const command *c = find_command(name);
    globals g = {.progress = -1};

    if (c == NULL) {
        complain("'%s' is no command; see zh help", name);
        return EXIT_USAGE;
    }
    if (asks_for_help(argc, argv)) {
        help(c);
        return EXIT_FINE;
    }
    return c->run(&g, argc, argv);
}

int main(int argc, char **argv)
{
    int code = EXIT_FINE;

    if (argc < 2) {
        complain("a command is missing; see zh help");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0)
        out_format("zh %s\n", zh_version());
    else if (strcmp(argv[1], "help") == 0 && argc > 2 && find_command(argv[2]) == NULL)
        code = run_named(argv[2], 0, NULL);
    else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        help(argc > 2 ? find_command(argv[2]) : NULL);
    else
        code = run_named(argv[1], argc - 2, argv + 2);
    return out_finish(code);
}
