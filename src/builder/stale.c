/* stale.c - consolidated metadata of existing groups, which a creation below them makes stale: gone before anything new
 * is seen, written anew behind it if that is wanted. */
#include "builder/consolidate.h"
#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"
#include "meta/doc.h"

#include <string.h>

static void dispose(zh_stale *s)
{
    zh_free(s->path);
    zh_buf_dispose(&s->value);
}

/* Takes s. */
static int add(zh_creation *c, zh_stale *s, zh_error *err)
{
    zh_stale *grown;

    (void)pthread_mutex_lock(&c->mutex);
    grown = zh_reallocarray(c->stale, c->n_stale + 1, sizeof(*grown));
    if (grown != NULL) {
        c->stale = grown;
        c->stale[c->n_stale++] = *s;
    }
    (void)pthread_mutex_unlock(&c->mutex);
    if (grown != NULL)
        return ZH_OK;
    dispose(s);
    return zh_error_nomem(err);
}

static int fill(zh_stale *s, const char *path, const void *value, size_t n, zh_error *err)
{
    int rc;

    *s = (zh_stale){zh_strdup(path), ZH_BUF_INIT(SIZE_MAX)};
    rc = s->path == NULL ? zh_error_nomem(err) : zh_buf_append(&s->value, value, n, err);
    if (rc < 0)
        dispose(s);
    return rc;
}

int zh_stale_add(zh_creation *c, const char *path, const void *value, size_t n, zh_error *err)
{
    zh_stale s;
    const int rc = fill(&s, path, value, n, err);

    return rc < 0 ? rc : add(c, &s, err);
}

void zh_stale_free(zh_creation *c)
{
    for (size_t i = 0; i < c->n_stale; i++)
        dispose(&c->stale[i]);
    zh_free(c->stale);
    c->stale = NULL;
    c->n_stale = 0;
}

static const char *document_of(const zh_creation *c)
{
    return c->plan->format == ZH_V3 ? "zarr.json" : ".zmetadata";
}

/* Whatever else the document says: a group above ours may be of a later version. One that is no JSON has none. */
int zh_stale_has(bool *has, const zh_buf *document, zh_error *err)
{
    zh_json *j = NULL;
    const zh_json *value;
    const int rc = zh_json_parse(&j, (const char *)document->ptr, document->len, NULL);

    *has = false;
    if (rc < 0)
        return rc == ZH_NOMEM ? zh_error_nomem(err) : ZH_OK;
    value = zh_json_get(j, "consolidated_metadata");
    *has = value != NULL && zh_json_typeof(value) != ZH_JSON_NULL;
    zh_json_free(j);
    return ZH_OK;
}

/* *has: the group at path has consolidated metadata, and *out is filled. */
static int probe(zh_stale *out, bool *has, const zh_creation *c, const char *path, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16), text = ZH_BUF_INIT((size_t)1 << 30);
    int rc = zh_buf_puts(&key, path, err);

    *has = true;
    if (rc == ZH_OK)
        rc = zh_creation_key(&key, document_of(c), err) == NULL
                 ? ZH_NOMEM
                 : zh_store_get(c->store, (const char *)key.ptr, &text, err);
    if (rc == ZH_OK && c->plan->format == ZH_V3)
        rc = zh_stale_has(has, &text, err);
    *has = *has && rc == ZH_OK;
    if (*has)
        rc = fill(out, path, text.ptr, text.len, err);
    zh_buf_dispose(&key);
    zh_buf_dispose(&text);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

int zh_stale_probe_above(zh_creation *c, zh_error *err)
{
    char *path = zh_strndup(c->group, c->group_len);
    size_t n = c->group_len;
    int rc = ZH_OK;
    zh_stale s;
    bool has;

    if (path == NULL)
        return zh_error_nomem(err);
    while (rc == ZH_OK && n > 0) {
        while (n > 0 && path[n - 1] != '/')
            n--;
        if (n > 0)
            n--;
        path[n] = '\0';
        rc = probe(&s, &has, c, path, err);
        if (rc == ZH_OK && has)
            rc = add(c, &s, err);
    }
    zh_free(path);
    return rc;
}

/* The group's document without the member. */
static int rewrite(zh_buf *out, const zh_buf *old, zh_error *err)
{
    zh_json *j = NULL;
    int rc = zh_json_parse(&j, (const char *)old->ptr, old->len, err);

    if (rc < 0)
        return rc;
    rc = zh_consolidate__without(out, j, NULL, err);
    zh_json_free(j);
    return rc;
}

/* Noted before it is done: what could not be noted could not be put back. */
static int drop(zh_creation *c, const zh_stale *s, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16), text = ZH_BUF_INIT(SIZE_MAX);
    char *own = NULL;
    int rc = zh_buf_puts(&key, s->path, err);

    if (rc == ZH_OK) {
        const char *k = zh_creation_key(&key, document_of(c), err);

        own = k == NULL ? NULL : zh_strdup(k);
        rc = own == NULL ? zh_error_nomem(err) : ZH_OK;
    }
    if (rc == ZH_OK && c->plan->format == ZH_V3)
        rc = rewrite(&text, &s->value, err);
    if (rc == ZH_OK)
        rc = zh_journal_add(c, ZH_DID_PUT, own, NULL, &s->value, err);
    if (rc < 0)
        zh_free(own);
    else if (c->plan->format == ZH_V3)
        rc = zh_store_put(c->store, own, text.ptr, text.len, 0, err);
    else
        rc = zh_store_erase(c->store, own, err);
    if (rc < 0)
        zh_error_prefix(err, "dropping the consolidated metadata of '/%.200s'", s->path);
    zh_buf_dispose(&key);
    zh_buf_dispose(&text);
    return rc;
}

int zh_stale_drop(zh_creation *c, zh_error *err)
{
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < c->n_stale; i++)
        rc = drop(c, &c->stale[i], err);
    return rc;
}

int zh_stale_late(zh_creation *c, const char *path, zh_error *err)
{
    zh_stale s;
    bool has;
    int rc = probe(&s, &has, c, path, err);

    if (rc < 0 || !has)
        return rc;
    rc = drop(c, &s, err);
    if (rc == ZH_OK)
        return add(c, &s, err);
    dispose(&s);
    return rc;
}

/* The group's consolidated metadata for the first time: what is there now is noted. */
static int write_own(zh_creation *c, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16), old = ZH_BUF_INIT((size_t)1 << 30);
    char *own = NULL;
    int rc = zh_buf_puts(&key, c->group, err);

    if (rc == ZH_OK) {
        const char *k = zh_creation_key(&key, document_of(c), err);

        own = k == NULL ? NULL : zh_strdup(k);
        rc = own == NULL ? zh_error_nomem(err) : zh_store_get(c->store, own, &old, err);
    }
    if (rc == ZH_OK || rc == ZH_NOTFOUND)
        rc = zh_journal_add(c, ZH_DID_PUT, own, NULL, rc == ZH_OK ? &old : NULL, err);
    if (rc == ZH_OK)
        rc = zh_consolidate__write(c->store, c->pool, c->group, c->plan->format, err);
    else
        zh_free(own);
    zh_buf_dispose(&key);
    zh_buf_dispose(&old);
    return rc;
}

int zh_stale_renew(zh_creation *c, zh_error *err)
{
    /* A root that is an array has no members to be told of. */
    bool own = c->opts.consolidated == ZH_CONSOLIDATE_WRITE && !c->consolidated_written &&
               (c->group_len > 0 || c->plan->entry[0].kind == ZH_NODE_GROUP);
    int rc = ZH_OK;

    if (c->opts.consolidated == ZH_CONSOLIDATE_DROP)
        return ZH_OK;
    for (size_t i = 0; rc == ZH_OK && i < c->n_stale; i++) {
        own = own && strcmp(c->stale[i].path, c->group) != 0;
        rc = zh_consolidate__write(c->store, c->pool, c->stale[i].path, c->plan->format, err);
        if (rc == ZH_UNSUPPORTED) /* a group of a later version: it goes without */
            rc = ZH_OK;
    }
    return rc == ZH_OK && own ? write_own(c, err) : rc;
}
