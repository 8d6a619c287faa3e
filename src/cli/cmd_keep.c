/* cmd_keep.c - zh check and consolidate. */
#include "cli.h"

#include "base/jsonw.h"

#include <string.h>

typedef struct checking {
    globals *g;
    zh_buf json;
} checking;

static const char *finding_name(zh_finding_kind kind)
{
    static const char *const names[] = {"temporary",     "unreachable",  "half-node",
                                        "orphan-chunks", "bad-document", "both-kinds",
                                        "both-formats",  "inside-array", "stale-consolidated"};

    return names[kind];
}

static int on_finding(void *payload, const zh_finding *f)
{
    checking *c = payload;
    zh_jsonw w;

    if (!c->g->json) {
        out_format("%s /", finding_name(f->kind));
        out_name(f->path);
        out_format(": %s%s\n", f->message, f->repaired ? " (repaired)" : "");
        return 0;
    }
    zh_jsonw_init(&w, &c->json, NULL);
    w.comma = c->json.len > 0;
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "kind");
    zh_jsonw_str(&w, finding_name(f->kind));
    zh_jsonw_key(&w, "path");
    zh_jsonw_str(&w, f->path);
    zh_jsonw_key(&w, "repaired");
    zh_jsonw_bool(&w, f->repaired);
    zh_jsonw_key(&w, "message");
    zh_jsonw_str(&w, f->message);
    zh_jsonw_end_object(&w);
    return 0;
}

static void report(checking *c, const zh_check_stats *stats)
{
    if (c->g->json) {
        out_format("{\"nodes\":%llu,\"found\":%llu,\"repaired\":%llu,\"findings\":[", (unsigned long long)stats->nodes,
                   (unsigned long long)stats->findings, (unsigned long long)stats->repaired);
        out_n((const char *)c->json.ptr, c->json.len);
        out("]}\n");
    } else if (!c->g->quiet) {
        out_format("%llu nodes, %llu findings, %llu repaired\n", (unsigned long long)stats->nodes,
                   (unsigned long long)stats->findings, (unsigned long long)stats->repaired);
    }
}

int run_check(globals *g, int argc, char **argv)
{
    static const option_spec specs[] = {{"--repair", 0, 0}, {NULL, 0, 0}};
    checking c = {g, ZH_BUF_INIT(SIZE_MAX)};
    zh_check_stats stats = {0, 0, 0};
    zh_error err = ZH_ERROR_INIT;
    const char *argument;
    bool repair = false;
    zh_store *s;
    int which, rc;

    for (which = next_option(g, &argc, argv, specs, &argument); which >= 0;
         which = next_option(g, &argc, argv, specs, &argument))
        repair = true;
    if (which == -2 || !check_operands("check", argc, 1, 1))
        return EXIT_USAGE;
    rc = repair ? open_store_to_repair(&s, argv[0], &err) : open_store(&s, argv[0], ZH_OPEN_READ, &err);
    if (rc < 0)
        return exit_code_of(rc);
    rc = zh_check(s, repair, on_finding, &c, &stats, &err);
    zh_store_close(s);
    if (rc == ZH_OK)
        report(&c, &stats);
    zh_buf_dispose(&c.json);
    if (rc < 0)
        return complain_error(&err);
    return stats.findings > stats.repaired ? EXIT_PROBLEMS : EXIT_FINE;
}

int run_consolidate(globals *g, int argc, char **argv)
{
    static const option_spec specs[] = {{NULL, 0, 0}};
    zh_error err = ZH_ERROR_INIT;
    const char *argument;
    zh_store *s;
    int which = next_option(g, &argc, argv, specs, &argument), rc;

    if (which == -2 || !check_operands("consolidate", argc, 1, 2))
        return EXIT_USAGE;
    rc = open_store(&s, argv[0], ZH_OPEN_WRITE, &err);
    if (rc < 0)
        return exit_code_of(rc);
    rc = zh_consolidate(s, argc > 1 ? argv[1] : NULL, g->requests, &err);
    zh_store_close(s);
    if (rc == ZH_OK && g->json)
        out("{\"ok\":true}\n");
    return rc < 0 ? complain_error(&err) : EXIT_FINE;
}
