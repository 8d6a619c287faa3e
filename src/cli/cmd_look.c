/* cmd_look.c - zh ls, tree and show. */
#include "cli.h"

#include "base/jsonw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a member in a line --- */

static void put_shape(const zh_array_info *info)
{
    out("(");
    for (unsigned i = 0; i < info->rank; i++)
        out_format("%s%llu", i > 0 ? ", " : "", (unsigned long long)info->shape[i]);
    out(")");
}

/* " float32 (4, 6)", or what is wrong. */
static void put_type(zh_handle *h)
{
    zh_error err = ZH_ERROR_INIT;
    zh_array_info info;

    if (zh_handle_kind(h) != ZH_NODE_ARRAY)
        return;
    if (zh_handle_array(h, &info, &err) < 0) {
        out(" (of a type that is not known here)");
        return;
    }
    out_format(" %s ", info.data_type);
    put_shape(&info);
}

typedef struct listing {
    globals *g;
    bool full;
    zh_buf json;
    /* tree: members wait until all are there, since how one is drawn depends on those behind it */
    char **path, **text;
    size_t n, cap;
} listing;

static void member_json(listing *l, const char *path, zh_node_kind kind, zh_handle *h, const zh_error *error)
{
    zh_error err = ZH_ERROR_INIT;
    zh_array_info info;
    zh_jsonw w;

    zh_jsonw_init(&w, &l->json, NULL);
    w.comma = l->json.len > 0;
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "path");
    zh_jsonw_str(&w, path);
    if (error != NULL) {
        zh_jsonw_key(&w, "error");
        zh_jsonw_str(&w, error->message);
    } else {
        zh_jsonw_key(&w, "kind");
        zh_jsonw_str(&w, kind == ZH_NODE_ARRAY ? "array" : "group");
        zh_jsonw_key(&w, "zarr_format");
        zh_jsonw_u64(&w, (uint64_t)zh_handle_format(h));
        if (kind == ZH_NODE_ARRAY && zh_handle_array(h, &info, &err) == ZH_OK) {
            zh_jsonw_key(&w, "data_type");
            zh_jsonw_str(&w, info.data_type);
            zh_jsonw_key(&w, "shape");
            zh_jsonw_begin_array(&w);
            for (unsigned i = 0; i < info.rank; i++)
                zh_jsonw_u64(&w, info.shape[i]);
            zh_jsonw_end_array(&w);
        }
    }
    zh_jsonw_end_object(&w);
}

static int list_member(void *payload, const char *path, zh_node_kind kind, zh_handle *h, const zh_error *error)
{
    listing *l = payload;

    if (l->g->json) {
        member_json(l, path, kind, h, error);
        return 0;
    }
    if (l->full && error == NULL)
        out_format("v%d %s ", (int)zh_handle_format(h), kind == ZH_NODE_ARRAY ? "array" : "group");
    else if (l->full)
        out("?  damaged ");
    out_name(path);
    if (l->full && error == NULL)
        put_type(h);
    else if (error != NULL)
        out_format(": %s", error->message);
    out("\n");
    return 0;
}

static int list(listing *l, const char *store, const char *path, unsigned depth, zh_member_fn fn)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;
    int rc = open_store(&s, store, ZH_OPEN_READ, &err);

    if (rc < 0)
        return exit_code_of(rc);
    rc = zh_list_members(s, path, 0, depth, l->g->requests, fn, l, &err);
    if (rc == ZH_NOTFOUND)
        complain("there is no group '/%s' in '%s'", path == NULL ? "" : path, store);
    else if (rc < 0)
        (void)complain_error(&err);
    zh_store_close(s);
    return exit_code_of(rc);
}

static void put_json_members(listing *l, int code)
{
    if (l->g->json && code == EXIT_FINE) {
        out("{\"members\":[");
        out_n((const char *)l->json.ptr, l->json.len);
        out("]}\n");
    }
    zh_buf_dispose(&l->json);
}

int run_ls(globals *g, int argc, char **argv)
{
    static const option_spec specs[] = {{"--long", 'l', 0}, {"--recursive", 'R', 0}, {"--depth", 0, 1}, {NULL, 0, 0}};
    listing l = {.g = g, .json = ZH_BUF_INIT(SIZE_MAX)};
    const char *argument;
    unsigned depth = 1;
    int which, code;

    for (which = next_option(g, &argc, argv, specs, &argument); which >= 0;
         which = next_option(g, &argc, argv, specs, &argument)) {
        if (which == 0)
            l.full = true;
        else if (which == 1)
            depth = 0;
        else if (!parse_number(&depth, argument))
            return EXIT_USAGE;
    }
    if (which == -2 || !check_operands("ls", argc, 1, 2))
        return EXIT_USAGE;
    code = list(&l, argv[0], argc > 1 ? argv[1] : NULL, depth, list_member);
    put_json_members(&l, code);
    return code;
}

/* --- tree --- */

static int keep_member(void *payload, const char *path, zh_node_kind kind, zh_handle *h, const zh_error *error)
{
    listing *l = payload;
    zh_error err = ZH_ERROR_INIT;
    zh_array_info info;
    char text[300] = "";

    if (l->g->json) {
        member_json(l, path, kind, h, error);
        return 0;
    }
    if (error != NULL) {
        (void)snprintf(text, sizeof(text), ": %.280s", error->message);
    } else if (kind == ZH_NODE_ARRAY && zh_handle_array(h, &info, &err) == ZH_OK) {
        size_t n = (size_t)snprintf(text, sizeof(text), " %s (", info.data_type);

        for (unsigned i = 0; i < info.rank && n < sizeof(text) - 32; i++)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%llu", i > 0 ? ", " : "",
                                  (unsigned long long)info.shape[i]);
        (void)snprintf(text + n, sizeof(text) - n, ")");
    }
    if (l->n == l->cap) {
        const size_t cap = l->cap == 0 ? 256 : l->cap * 2;
        char **paths = realloc(l->path, cap * sizeof(*paths)), **texts;

        if (paths != NULL)
            l->path = paths;
        texts = paths == NULL ? NULL : realloc(l->text, cap * sizeof(*texts));
        if (texts == NULL)
            return 1;
        l->text = texts;
        l->cap = cap;
    }
    l->path[l->n] = strdup(path);
    l->text[l->n] = strdup(text);
    l->n++;
    return l->path[l->n - 1] == NULL || l->text[l->n - 1] == NULL;
}

static size_t depth_of(const char *path)
{
    size_t depth = 0;

    for (; *path != '\0'; path++)
        depth += *path == '/';
    return depth;
}

/* Which members are the last of their group: from the end, a member is the last if none of its depth has been met
 * since one of less depth. */
static bool *find_last(const listing *l)
{
    bool *last = calloc(l->n + 1, 1), *met = calloc(4096, 1);

    for (size_t i = l->n; last != NULL && met != NULL && i-- > 0;) {
        const size_t depth = depth_of(l->path[i]);

        last[i] = !met[depth];
        met[depth] = true;
        for (size_t d = depth + 1; d < 4096 && met[d]; d++)
            met[d] = false;
    }
    if (met == NULL) {
        free(last);
        last = NULL;
    }
    free(met);
    return last;
}

/* ended[d]: the last member at depth d on the way to the one at hand was the last of its group. */
static void draw(const listing *l, size_t i, bool last, bool *ended)
{
    const bool ascii = l->g->ascii;
    const size_t depth = depth_of(l->path[i]);
    const char *name = strrchr(l->path[i], '/');

    for (size_t d = 0; d < depth; d++)
        out(ended[d] ? "    " : ascii ? "|   " : "│   ");
    if (last)
        out(ascii ? "`-- " : "└── ");
    else
        out(ascii ? "|-- " : "├── ");
    ended[depth] = last;
    out_name(name == NULL ? l->path[i] : name + 1);
    out(l->text[i]);
    out("\n");
}

static int draw_all(const listing *l)
{
    static bool ended[4096];
    bool *last = find_last(l);

    if (last == NULL) {
        complain("out of memory");
        return EXIT_FAILED;
    }
    out("/\n");
    for (size_t i = 0; i < l->n; i++)
        draw(l, i, last[i], ended);
    free(last);
    return EXIT_FINE;
}

int run_tree(globals *g, int argc, char **argv)
{
    static const option_spec specs[] = {{"--depth", 0, 1}, {"--ascii", 0, 0}, {NULL, 0, 0}};
    listing l = {.g = g, .json = ZH_BUF_INIT(SIZE_MAX)};
    const char *argument;
    unsigned depth = 0;
    int which, code;

    for (which = next_option(g, &argc, argv, specs, &argument); which >= 0;
         which = next_option(g, &argc, argv, specs, &argument)) {
        if (which == 1)
            g->ascii = true;
        else if (!parse_number(&depth, argument))
            return EXIT_USAGE;
    }
    if (which == -2 || !check_operands("tree", argc, 1, 2))
        return EXIT_USAGE;
    code = list(&l, argv[0], argc > 1 ? argv[1] : NULL, depth, keep_member);
    if (code == EXIT_FINE && !g->json)
        code = draw_all(&l);
    for (size_t i = 0; i < l.n; i++) {
        free(l.path[i]);
        free(l.text[i]);
    }
    free(l.path);
    free(l.text);
    put_json_members(&l, code);
    return code;
}

/* --- show --- */

static int show(zh_store *s, const char *store, const char *path, bool attributes, const globals *g)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_error err = ZH_ERROR_INIT;
    zh_handle *h;
    int rc = zh_get_node(&h, s, path, 0, &err);

    if (rc == ZH_NOTFOUND) {
        complain("there is no node '/%s' in '%s'", path == NULL ? "" : path, store);
        return EXIT_PROBLEMS;
    }
    if (rc == ZH_OK) {
        rc = attributes ? zh_handle_attributes(h, &text, &err) : zh_handle_metadata(h, &text, &err);
        if (rc == ZH_OK && g->json) {
            out_n((const char *)text.ptr, text.len);
            out("\n");
        } else if (rc == ZH_OK) {
            rc = out_pretty(&text, &err);
        }
        if (zh_handle_ambiguous(h))
            complain("documents of Zarr v2 are there too");
        zh_handle_close(h);
    }
    zh_buf_dispose(&text);
    return rc < 0 ? complain_error(&err) : EXIT_FINE;
}

int run_show(globals *g, int argc, char **argv)
{
    static const option_spec specs[] = {{"--attributes", 0, 0}, {NULL, 0, 0}};
    zh_error err = ZH_ERROR_INIT;
    bool attributes = false;
    const char *argument;
    zh_store *s;
    int which, rc;

    for (which = next_option(g, &argc, argv, specs, &argument); which >= 0;
         which = next_option(g, &argc, argv, specs, &argument))
        attributes = true;
    if (which == -2 || !check_operands("show", argc, 1, 2))
        return EXIT_USAGE;
    rc = open_store(&s, argv[0], ZH_OPEN_READ, &err);
    if (rc < 0)
        return exit_code_of(rc);
    rc = show(s, argv[0], argc > 1 ? argv[1] : NULL, attributes, g);
    zh_store_close(s);
    return rc;
}
