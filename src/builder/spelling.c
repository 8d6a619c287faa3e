/* spelling.c - stores that take different names for one, such as "A" and "a" (zh_store_folds_names).
 *
 * Which names are one is the store's own business, so it is asked: of each two siblings the second cannot be put
 * exclusively where the first has been put. What was there before is known by the name under which it is listed.
 */
#include "builder/creation.h"

#include "base/error.h"
#include "store/key_list.h"

#include <stdio.h>
#include <string.h>

/* The last segment of the entry's path. */
static const char *name_of(const zh_entry *e, size_t *n)
{
    const char *slash = memrchr(e->path, '/', e->path_len);
    const char *name = slash == NULL ? e->path : slash + 1;

    *n = e->path_len - (size_t)(name - e->path);
    return name;
}

/* stage/names/<parent>/<name> */
static const char *probe_key(zh_buf *out, const zh_creation *c, uint32_t i, zh_error *err)
{
    const zh_entry *e = &c->plan->entry[i];
    char head[sizeof(c->stage) + 32];
    size_t n;
    const char *name = name_of(e, &n);

    (void)snprintf(head, sizeof(head), "%s/names/%u/", c->stage, e->parent);
    out->len = 0;
    if (zh_buf_puts(out, head, err) < 0 || zh_buf_append(out, name, n, err) < 0)
        return NULL;
    return zh_buf_cstr(out, err);
}

/* A sibling's number stands in the value that is in the way. */
static int tell_collision(zh_creation *c, uint32_t i, const char *key, zh_error *err)
{
    const zh_entry *e = &c->plan->entry[i], *first;
    zh_buf value = ZH_BUF_INIT(64), path = ZH_BUF_INIT(1 << 16), other = ZH_BUF_INIT(1 << 16);
    zh_problem problem = {ZH_KEY_COLLISION, e->given, NULL, NULL, -1, NULL};
    uint32_t number = 0;
    int rc = zh_store_get(c->store, key, &value, err);

    if (rc == ZH_OK && value.len == sizeof(number))
        memcpy(&number, value.ptr, sizeof(number));
    first = &c->plan->entry[number < c->plan->n ? number : 0];
    if (rc == ZH_OK)
        rc = zh_buf_append(&path, e->path, e->path_len, err);
    if (rc == ZH_OK)
        rc = zh_buf_append(&other, first->path, first->path_len, err);
    if (rc == ZH_OK) {
        problem.path = zh_buf_cstr(&path, err);
        problem.other = zh_buf_cstr(&other, err);
        if (problem.key == NULL)
            problem.key = problem.path;
        if (problem.path == NULL || problem.other == NULL)
            rc = ZH_NOMEM;
        else
            zh_problems_add(&c->problems, &problem, "'%.150s' and '%.150s' are one name in '%.100s'", problem.other,
                            problem.path, zh_store_url(c->store));
    }
    zh_buf_dispose(&value);
    zh_buf_dispose(&path);
    zh_buf_dispose(&other);
    return rc;
}

static int probe_names(zh_creation *c, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16);
    int rc = ZH_OK;

    for (uint32_t i = 1; rc == ZH_OK && i < c->plan->n; i++) {
        zh_error why = ZH_ERROR_INIT;
        const char *k;

        if (c->plan->entry[i].parent == ZH_ENTRY_NONE)
            continue;
        k = probe_key(&key, c, i, err);
        rc = k == NULL ? ZH_NOMEM : zh_store_put(c->store, k, &i, sizeof(i), ZH_PUT_EXCL | ZH_PUT_NEWDIR, &why);
        if (rc == ZH_EXISTS)
            rc = tell_collision(c, i, k, err);
        else if (rc < 0 && k != NULL && err != NULL)
            *err = why;
    }
    zh_buf_dispose(&key);
    return rc;
}

int zh_spelling_of_plan(zh_creation *c, zh_error *err)
{
    const int rc = probe_names(c, err);

    (void)zh_store_erase_prefix(c->store, c->stage, NULL); /* what stays is temporary, and zh_check finds it */
    return rc < 0 ? rc : zh_problems_finish(&c->problems);
}

typedef struct search {
    const char *name;
    size_t n;
    bool found;
} search;

static int compare_name(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    search *s = payload;

    (void)err;
    s->found = s->found || (is_prefix && strlen(name) == s->n && memcmp(name, s->name, s->n) == 0);
    return ZH_OK;
}

int zh_spelling_is_exact(bool *out, const zh_creation *c, uint32_t i, zh_error *err)
{
    const zh_entry *e = &c->plan->entry[i];
    zh_buf parent = ZH_BUF_INIT(1 << 16);
    search s = {NULL, 0, e->path_len == 0};
    int rc = ZH_OK;

    s.name = name_of(e, &s.n);
    if (!s.found) {
        rc = zh_creation_path(c, i, &parent, err);
        if (rc == ZH_OK) {
            parent.len -= s.n < parent.len ? s.n + 1 : s.n; /* with the slash, if there is one */
            rc = zh_buf_cstr(&parent, err) == NULL
                     ? ZH_NOMEM
                     : zh_store_list(c->store, (const char *)parent.ptr, compare_name, &s, err);
        }
    }
    *out = s.found;
    zh_buf_dispose(&parent);
    return rc;
}
