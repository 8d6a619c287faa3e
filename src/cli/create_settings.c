/* create_settings.c - see create_settings.h. */
#include "cli/create_settings.h"

#include "cli/arguments.h"

enum {
    OPTION_STORE = CLI_OPTION,
    OPTION_OVERWRITE,
    OPTION_PURGE,
    OPTION_DURABLE,
    OPTION_ORDERED,
    OPTION_ROOTED,
    OPTION_UNDER,
    OPTION_UNCHECKED,
    OPTION_CONSOLIDATE,
    OPTION_ALWAYS_ZATTRS,
    OPTION_BACKSLASH
};

static const struct option options[] = {
    {"store", required_argument, NULL, OPTION_STORE},
    {"overwrite", no_argument, NULL, OPTION_OVERWRITE},
    {"purge", no_argument, NULL, OPTION_PURGE},
    {"durable", no_argument, NULL, OPTION_DURABLE},
    {"ordered", no_argument, NULL, OPTION_ORDERED},
    {"rooted", no_argument, NULL, OPTION_ROOTED},
    {"under", required_argument, NULL, OPTION_UNDER},
    {"unchecked", no_argument, NULL, OPTION_UNCHECKED},
    {"consolidate", optional_argument, NULL, OPTION_CONSOLIDATE},
    {"always-zattrs", no_argument, NULL, OPTION_ALWAYS_ZATTRS},
    {"backslash", no_argument, NULL, OPTION_BACKSLASH},
    {"dry-run", no_argument, NULL, 'n'},
    {"verbose", no_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

static int take_store(cli *c, create_settings *s, const char *value)
{
    static const char *const words[] = {"dir", "zip", NULL};
    unsigned i = 0;
    const int rc = cli_word(c, &i, "store", value, words);

    s->kind = i == 0 ? CLI_STORE_DIR : CLI_STORE_ZIP;
    return rc;
}

static int take_consolidate(cli *c, create_settings *s, const char *value)
{
    static const char *const words[] = {"drop", "keep", "write", NULL};
    static const zh_consolidation meant[] = {ZH_CONSOLIDATE_DROP, ZH_CONSOLIDATE_KEEP, ZH_CONSOLIDATE_WRITE};
    unsigned i = 2;
    const int rc = value == NULL ? CLI_GO_ON : cli_word(c, &i, "consolidate", value, words);

    s->consolidated = meant[i];
    s->consolidate_given = true;
    return rc;
}

static int take(cli *c, void *payload, int option, const char *value)
{
    create_settings *s = payload;

    switch (option) {
    case OPTION_STORE:
        return take_store(c, s, value);
    case OPTION_CONSOLIDATE:
        return take_consolidate(c, s, value);
    case OPTION_UNDER:
        s->under = value;
        break;
    case OPTION_OVERWRITE:
        s->overwrite = true;
        break;
    case OPTION_PURGE:
        s->purge = true;
        break;
    case OPTION_DURABLE:
        s->durable = true;
        break;
    case OPTION_ORDERED:
        s->ordered = true;
        break;
    case OPTION_ROOTED:
        s->rooted = true;
        break;
    case OPTION_UNCHECKED:
        s->unchecked = true;
        break;
    case OPTION_ALWAYS_ZATTRS:
        s->always_zattrs = true;
        break;
    case OPTION_BACKSLASH:
        s->backslash = true;
        break;
    case 'n':
        s->dry_run = true;
        break;
    default: /* 'v' */
        s->verbose = true;
        break;
    }
    return CLI_GO_ON;
}

/* What does not go together, or does nothing. */
static int check(cli *c, const create_settings *s)
{
    if (s->store == NULL && !s->dry_run)
        return cli_usage(c, "STORE is missing");
    if (s->verbose && c->quiet)
        return cli_usage(c, "--verbose and --quiet exclude each other");
    if (s->purge && !s->overwrite)
        return cli_usage(c, "--purge is for --overwrite");
    if (s->rooted && s->under != NULL)
        return cli_usage(c, "--rooted and --under exclude each other");
    if (!s->unchecked)
        return CLI_GO_ON;
    if (s->rooted || s->under != NULL)
        return cli_usage(c, "--unchecked and %s exclude each other", s->rooted ? "--rooted" : "--under");
    if (s->overwrite)
        return cli_usage(c, "--unchecked replaces documents, and knows no --overwrite");
    if (s->consolidate_given)
        return cli_usage(c, "--unchecked leaves consolidated metadata as they are, and knows no --consolidate");
    return CLI_GO_ON;
}

int create_settings_parse(create_settings *out, cli *c, int argc, char **argv)
{
    static const cli_syntax syntax = {"nv", options, take, {"STORE", "FILE"}, 0};
    const char *operand[CLI_OPERANDS];
    int rc;

    *out = (create_settings){.consolidated = ZH_CONSOLIDATE_DROP};
    rc = cli_parse(c, &syntax, argc, argv, out, operand);
    if (rc != CLI_GO_ON)
        return rc;
    out->store = operand[0];
    out->file = operand[1] != NULL ? operand[1] : "-";
    return check(c, out);
}
