/* help.c - the texts of help; the man page zh.1 says the same at more length. */
#include "cli/help.h"

#include <string.h>

#define COMMON                                                                                                         \
    "\nOptions of all commands, which may also stand in front of the command:\n"                                       \
    "  -q, --quiet       no summary, no progress, no notes\n"                                                          \
    "  --json            one JSON object on standard output, for programs\n"                                           \
    "  --requests N      reads and writes in flight at one time\n"                                                     \
    "  --progress, --no-progress\n"                                                                                    \
    "                    how far it is, on standard error; without these if that is a\n"                               \
    "                    terminal and it takes more than a second\n"                                                   \
    "  -h, --help        this help\n"                                                                                  \
    "  --version         the version\n"                                                                                \
    "\nExit status: 0 done; 1 the answer is no: a conflict, a wrong description,\n"                                    \
    "damage, findings; 2 wrong usage; 3 it could not be done: no such store or node,\n"                                \
    "input or output, memory.\n"

static const char overview[] = "usage: zh COMMAND [OPTION]... STORE [ARGUMENT]...\n"
                               "\n"
                               "Zarr hierarchies, versions 2 and 3, in a directory or a zip archive.\n"
                               "\n"
                               "  create       a hierarchy, from a JSON description\n"
                               "  ls           the nodes in a group\n"
                               "  tree         the nodes below a group, drawn as a tree\n"
                               "  show         the metadata of a node\n"
                               "  check        looks for leftovers and contradictions, and mends them\n"
                               "  consolidate  writes consolidated metadata\n"
                               "  help         'zh help COMMAND' explains one\n" COMMON;

static const char create[] = "usage: zh create [OPTION]... STORE [FILE|-]\n"
                             "       zh create --dry-run [OPTION]... [STORE [FILE|-]]\n"
                             "\n"
                             "Creates all groups and arrays of a description {\"a/b\": metadata, ...}, or none\n"
                             "of them. Metadata: the content of zarr.json, or of .zgroup or .zarray with the\n"
                             "member \"attributes\". The description comes from FILE, or standard input.\n"
                             "STORE is made if it is absent.\n"
                             "\n"
                             "  --store=dir|zip   what to make; without it by the name, *.zip being an archive\n"
                             "  --overwrite       nodes of the description replace what is there\n"
                             "  --purge           with --overwrite: a replaced root takes all files along\n"
                             "  --under GROUP     keys are relative to this group, which exists\n"
                             "  --rooted          one node of the description must be above all others\n"
                             "  --unchecked       writes documents as they come: no checks, no implicit groups\n"
                             "  --consolidate[=drop|keep|write]\n"
                             "                    consolidated metadata: drop stale ones (the default), keep\n"
                             "                    by writing those anew, or write the root's in any case\n"
                             "                    (write is meant if no word is given)\n"
                             "  --always-zattrs   v2: a .zattrs also for nodes without attributes\n"
                             "  --backslash       a backslash in a key is a slash\n"
                             "  --durable         waits until all lies on the medium\n"
                             "  --ordered         nodes are told of in the order of their paths\n"
                             "  -v, --verbose     a line for each node\n"
                             "  -n, --dry-run     makes it in memory, shows it; STORE is not looked at\n" COMMON;

static const char ls[] = "usage: zh ls [OPTION]... STORE [PATH]\n"
                         "\n"
                         "The nodes in the group at PATH, the root by default.\n"
                         "\n"
                         "  -l, --long        kind, format, shape and data type as well\n"
                         "  -R, --recursive   all below it\n"
                         "  --depth N         as many levels below it\n" COMMON;

static const char tree[] = "usage: zh tree [OPTION]... STORE [PATH]\n"
                           "\n"
                           "The nodes below the group at PATH, the root by default, drawn as a tree. What\n"
                           "cannot be read is shown with the reason. With --json as zh ls --recursive.\n"
                           "\n"
                           "  --ascii           lines of -, | and `\n"
                           "  --depth N         as many levels\n" COMMON;

static const char show[] = "usage: zh show [OPTION]... STORE [PATH]\n"
                           "\n"
                           "The metadata of the node at PATH, the root by default, as indented JSON, in the\n"
                           "form that zh create takes.\n"
                           "\n"
                           "  --attributes      the attributes only\n" COMMON;

static const char check[] = "usage: zh check [OPTION]... STORE\n"
                            "\n"
                            "Looks for what a hierarchy should not have, one line each: what stopped programs\n"
                            "left behind, nodes that cannot be reached, chunks without array, damaged and\n"
                            "contradictory documents, stale consolidated metadata.\n"
                            "\n"
                            "  --repair          mends where nothing can be lost: leftovers of stopped\n"
                            "                    programs, stale consolidated metadata. Not while others\n"
                            "                    write into the store\n"
                            "  --remove          also removes what no reader comes to: nodes, attributes and\n"
                            "                    chunks, unless other files lie there\n" COMMON;

static const char consolidate[] = "usage: zh consolidate [OPTION]... STORE [PATH]\n"
                                  "\n"
                                  "Writes the consolidated metadata of the group at PATH, the root by default, from\n"
                                  "the documents below it.\n" COMMON;

static const char help[] = "usage: zh help [COMMAND]\n"
                           "\n"
                           "Explains the command, or lists the commands.\n" COMMON;

int cli_help(cli *c, const char *command)
{
    static const struct {
        const char *command, *text;
    } texts[] = {
        {"create", create},           {"ls", ls},     {"tree", tree}, {"show", show}, {"check", check},
        {"consolidate", consolidate}, {"help", help},
    };
    const char *text = overview;

    for (size_t i = 0; command != NULL && i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(texts[i].command, command) == 0)
            text = texts[i].text;
    cli_raw(&c->out, text);
    return CLI_OK;
}

int cli_version(cli *c)
{
    (void)cli_line(&c->out, "zh %s", zh_version());
    return CLI_OK;
}
