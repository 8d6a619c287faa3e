/* arguments.c - see arguments.h. getopt_long keeps its place in globals of libc; this is the only file that calls it.
 */
#include "cli/arguments.h"

#include "cli/help.h"

#include <limits.h>
#include <string.h>

enum { OPTION_PROGRESS = 1, OPTION_NO_PROGRESS, OPTION_REQUESTS, OPTION_JSON, OPTION_VERSION };

/* Values below CLI_OPTION that are no letters are these. */
static const struct option common[] = {
    {"help", no_argument, NULL, 'h'},
    {"quiet", no_argument, NULL, 'q'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"requests", required_argument, NULL, OPTION_REQUESTS},
    {"progress", no_argument, NULL, OPTION_PROGRESS},
    {"no-progress", no_argument, NULL, OPTION_NO_PROGRESS},
    {"version", no_argument, NULL, OPTION_VERSION},
};
#define N_COMMON (sizeof(common) / sizeof(common[0]))
#define OPTIONS_MAX 32
#define LETTERS_MAX 16

int cli_number(cli *c, unsigned *out, const char *option, const char *value)
{
    unsigned n = 0;
    const char *p = value;

    for (; *p >= '0' && *p <= '9' && n <= (UINT_MAX - 9) / 10; p++)
        n = n * 10 + (unsigned)(*p - '0');
    if (*p != '\0' || n == 0)
        return cli_usage(c, "--%s takes a number from 1 on, not '%s'", option, value);
    *out = n;
    return CLI_GO_ON;
}

int cli_word(cli *c, unsigned *out, const char *option, const char *value, const char *const *words)
{
    char list[128] = "";

    for (unsigned i = 0; words[i] != NULL; i++) {
        const size_t n = strlen(list);

        if (strcmp(words[i], value) == 0) {
            *out = i;
            return CLI_GO_ON;
        }
        (void)snprintf(list + n, sizeof(list) - n, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return cli_usage(c, "--%s takes one of %s, not '%s'", option, list, value);
}

static int take_common(cli *c, int option, const char *value)
{
    switch (option) {
    case 'q':
        c->quiet = true;
        return CLI_GO_ON;
    case OPTION_JSON:
        c->json = true;
        return CLI_GO_ON;
    case OPTION_REQUESTS:
        return cli_number(c, &c->requests, "requests", value);
    case OPTION_PROGRESS:
        c->progress = CLI_ALWAYS;
        return CLI_GO_ON;
    case OPTION_NO_PROGRESS:
        c->progress = CLI_NEVER;
        return CLI_GO_ON;
    case OPTION_VERSION:
        return cli_version(c);
    default: /* 'h' */
        return cli_help(c, c->command);
    }
}

/* What getopt said no to. Of the short options none takes a value; a short one may stand in a word that is not done
 * with yet, so that `word` is the one before. */
static int complain(cli *c, int answer, const char *word)
{
    if (answer == ':')
        return cli_usage(c, "option '%s' takes a value", word);
    if (optopt == 0)
        return cli_usage(c, "there is no option '%s'", word);
    if (strncmp(word, "--", 2) == 0 && strchr(word, '=') != NULL)
        return cli_usage(c, "option '%s' takes no value", word);
    return cli_usage(c, "there is no option '-%c'", optopt);
}

/* prefix: "+:" stops at the first operand, ":" takes options from everywhere. optind is behind the options after it. */
static int parse_options(cli *c, const char *prefix, const cli_syntax *syntax, int argc, char **argv, void *payload)
{
    struct option all[OPTIONS_MAX] = {0};
    char letters[LETTERS_MAX];
    size_t n = N_COMMON;
    int rc = CLI_GO_ON;

    memcpy(all, common, sizeof(common));
    for (size_t i = 0; syntax->options != NULL && syntax->options[i].name != NULL && n < OPTIONS_MAX - 1; i++)
        all[n++] = syntax->options[i];
    (void)snprintf(letters, sizeof(letters), "%shq%s", prefix, syntax->letters);
    opterr = 0;
    optind = 0; /* glibc: from the beginning, also of its own state */
    while (rc == CLI_GO_ON) {
        const int option = getopt_long(argc, argv, letters, all, NULL);

        if (option == -1)
            break;
        if (option == '?' || option == ':')
            rc = complain(c, option, argv[optind - 1]);
        else if (syntax->take == NULL || option < ' ' || option == 'h' || option == 'q')
            rc = take_common(c, option, optarg);
        else
            rc = syntax->take(c, payload, option, optarg);
    }
    return rc;
}

int cli_parse(cli *c, const cli_syntax *syntax, int argc, char **argv, void *payload, const char *operand[CLI_OPERANDS])
{
    unsigned n = 0;
    const int rc = parse_options(c, ":", syntax, argc, argv, payload);

    if (rc != CLI_GO_ON)
        return rc;
    for (unsigned i = 0; i < CLI_OPERANDS; i++)
        operand[i] = NULL;
    for (int i = optind; i < argc; i++) {
        if (n == CLI_OPERANDS || syntax->operands[n] == NULL)
            return cli_usage(c, "'%s' is one argument too many", argv[i]);
        operand[n++] = argv[i];
    }
    if (n < syntax->least)
        return cli_usage(c, "%s is missing", syntax->operands[n]);
    return CLI_GO_ON;
}

int cli_parse_global(cli *c, int argc, char **argv, int *at)
{
    static const cli_syntax none = {.letters = ""};
    const int rc = parse_options(c, "+:", &none, argc, argv, NULL);

    *at = optind;
    return rc;
}
