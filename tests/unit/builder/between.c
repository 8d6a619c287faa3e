/* between.c - see between.h. */
#include "between.h"

#include <stdarg.h>

typedef struct line {
    char kind;
    char path[128]; /* "" is the root */
    char attributes[128];
} line;

typedef struct lines {
    line item[64];
    size_t n;
} lines;

static const char *wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *wrong(const char *format, ...)
{
    static char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return text;
}

static void split(lines *out, const char *text)
{
    char *copy = strdup(text), *rest = NULL;

    out->n = 0;
    for (char *at = strtok_r(copy, "\n", &rest); at != NULL; at = strtok_r(NULL, "\n", &rest)) {
        char *attributes = strstr(at, " {");
        line *l = &out->item[out->n++];

        assert_true(out->n < 64 && strlen(at) < 128);
        if (attributes != NULL)
            *attributes++ = '\0';
        l->kind = at[0];
        if (strlen(at) > 2 && strcmp(at + 2, "/") != 0)
            (void)snprintf(l->path, sizeof(l->path), "%s", at + 2);
        else
            l->path[0] = '\0';
        (void)snprintf(l->attributes, sizeof(l->attributes), "%s", attributes == NULL ? "" : attributes);
    }
    free(copy);
}

static const line *at_path(const lines *all, const char *path)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->item[i].path, path) == 0)
            return &all->item[i];
    return NULL;
}

static bool same(const line *a, const line *b)
{
    return a != NULL && b != NULL && a->kind == b->kind && strcmp(a->attributes, b->attributes) == 0;
}

static bool is_below(const char *path, const char *above)
{
    const size_t n = strlen(above);

    return n == 0 ? path[0] != '\0' : strncmp(path, above, n) == 0 && path[n] == '/';
}

typedef struct states {
    lines found, before, after;
} states;

static const states *split_all(const between *b, const char *found)
{
    static states s;

    split(&s.found, found);
    split(&s.before, b->before);
    split(&s.after, b->after);
    return &s;
}

static bool is_either(const between *b, const line *l, const line *old, const line *new)
{
    if (same(l, old) || same(l, new))
        return true;
    if (b->format != ZH_V2 || old == NULL || new == NULL || !(b->in_place || l->path[0] == '\0'))
        return false;
    if (l->kind == '?')
        return old->kind != new->kind;
    return (l->kind == old->kind || l->kind == new->kind) &&
           (strcmp(l->attributes, old->attributes) == 0 || strcmp(l->attributes, new->attributes) == 0);
}

static const char *find_neither(const between *b, const states *s)
{
    for (size_t i = 0; i < s->found.n; i++) {
        const line *l = &s->found.item[i];

        if (!is_either(b, l, at_path(&s->before, l->path), at_path(&s->after, l->path)))
            return wrong("'%c %s %s' is neither old nor new", l->kind, l->path, l->attributes);
    }
    return NULL;
}

const char *neither(const between *b, const char *found)
{
    return find_neither(b, split_all(b, found));
}

/* Has the node at path, which was there and is replaced, made place for its successor? */
static bool has_turned(const between *b, const states *s, const char *path)
{
    const line *now = at_path(&s->found, path);

    if (now == NULL)
        return b->may_be_away;
    return now->kind == '?' || same(now, at_path(&s->after, path)) ||
           ((b->in_place || path[0] == '\0') && now->kind != at_path(&s->before, path)->kind);
}

/* Is there a node of the plan at or above path that replaces what was there, and is new? */
static bool has_gone_with(const between *b, const states *s, const char *path)
{
    const bool under = b->d->how == UNDER;
    static lines plan;

    split(&plan, b->d->plan);
    for (size_t i = 0; b->d->overwrite && i < plan.n; i++) {
        char top[256];

        (void)snprintf(top, sizeof(top), "%s%s%s", under ? b->d->group : "", under ? "/" : "", plan.item[i].path);
        if (at_path(&s->before, top) != NULL && (strcmp(path, top) == 0 || is_below(path, top)) &&
            has_turned(b, s, top))
            return true;
    }
    return false;
}

static const char *find_lost(const between *b, const states *s)
{
    for (size_t i = 0; i < s->before.n; i++) {
        const char *path = s->before.item[i].path;

        if (at_path(&s->found, path) != NULL)
            continue;
        if (at_path(&s->after, path) != NULL && !b->may_be_away)
            return wrong("'%s' is to stay, and is gone", path);
        if (!has_gone_with(b, s, path))
            return wrong("'%s' is gone, and nothing new above it", path);
    }
    return NULL;
}

static const char *find_half(const states *s)
{
    for (size_t i = 0; i < s->found.n; i++) {
        const line *l = &s->found.item[i];

        if (!same(l, at_path(&s->after, l->path)) || same(l, at_path(&s->before, l->path)))
            continue;
        for (size_t k = 0; k < s->after.n; k++)
            if (is_below(s->after.item[k].path, l->path) && at_path(&s->found, s->after.item[k].path) == NULL)
                return wrong("'%s' is new, and '%s' below it is not there", l->path, s->after.item[k].path);
    }
    return NULL;
}

const char *not_between(const between *b, const char *found)
{
    const states *s = split_all(b, found);
    const char *why = find_neither(b, s);

    if (why == NULL)
        why = find_lost(b, s);
    return why != NULL ? why : find_half(s);
}
