/* stale.c - consolidated metadata of existing groups, which a creation below them makes stale: gone before anything new
 * is seen, written anew behind it if that is wanted. */
#include "builder/consolidate.h"
#include "builder/creation.h"

#include "base/alloc.h"
#include "base/error.h"
#include "meta/doc.h"

#include <string.h>

int zh_stale_add(zh_creation *c, const char *path, const void *value, size_t n, zh_error *err)
{
    zh_stale *grown = zh_reallocarray(c->stale, c->n_stale + 1, sizeof(*grown));
    zh_stale *s;
    int rc;

    if (grown == NULL)
        return zh_error_nomem(err);
    c->stale = grown;
    s = &c->stale[c->n_stale];
    *s = (zh_stale){zh_strdup(path), ZH_BUF_INIT(SIZE_MAX), false};
    rc = s->path == NULL ? zh_error_nomem(err) : zh_buf_append(&s->value, value, n, err);
    if (rc < 0) {
        zh_free(s->path);
        zh_buf_dispose(&s->value);
        return rc;
    }
    c->n_stale++;
    return ZH_OK;
}

void zh_stale_free(zh_creation *c)
{
    for (size_t i = 0; i < c->n_stale; i++) {
        zh_free(c->stale[i].path);
        zh_buf_dispose(&c->stale[i].value);
    }
    zh_free(c->stale);
    c->stale = NULL;
    c->n_stale = 0;
}

static const char *document_of(const zh_creation *c)
{
    return c->plan->format == ZH_V3 ? "zarr.json" : ".zmetadata";
}

static int probe(zh_creation *c, const char *path, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16), text = ZH_BUF_INIT((size_t)1 << 30);
    bool has = true;
    zh_doc doc;
    int rc = zh_buf_puts(&key, path, err);

    if (rc == ZH_OK)
        rc = zh_creation_key(&key, document_of(c), err) == NULL
                 ? ZH_NOMEM
                 : zh_store_get(c->store, (const char *)key.ptr, &text, err);
    if (rc == ZH_OK && c->plan->format == ZH_V3) {
        /* A group above ours that cannot be read is not ours to judge, and nothing can be dropped from it. */
        has = zh_doc_v3_parse(&doc, (const char *)text.ptr, text.len, NULL) == ZH_OK;
        if (has) {
            has = doc.consolidated;
            zh_doc_dispose(&doc);
        }
    }
    if (rc == ZH_OK && has)
        rc = zh_stale_add(c, path, text.ptr, text.len, err);
    zh_buf_dispose(&key);
    zh_buf_dispose(&text);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

int zh_stale_probe_above(zh_creation *c, zh_error *err)
{
    char *path = zh_strndup(c->group, c->group_len);
    size_t n = c->group_len;
    int rc = ZH_OK;

    if (path == NULL)
        return zh_error_nomem(err);
    while (rc == ZH_OK && n > 0) {
        while (n > 0 && path[n - 1] != '/')
            n--;
        if (n > 0)
            n--;
        path[n] = '\0';
        rc = probe(c, path, err);
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

static int drop(zh_creation *c, zh_stale *s, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16), text = ZH_BUF_INIT(SIZE_MAX);
    char *own = NULL;
    int rc = zh_buf_puts(&key, s->path, err);

    if (rc == ZH_OK) {
        const char *k = zh_creation_key(&key, document_of(c), err);

        own = k == NULL ? NULL : zh_strdup(k);
        rc = own == NULL ? zh_error_nomem(err) : ZH_OK;
    }
    if (rc == ZH_OK && c->plan->format == ZH_V3) {
        rc = rewrite(&text, &s->value, err);
        if (rc == ZH_OK)
            rc = zh_store_put(c->store, own, text.ptr, text.len, 0, err);
    } else if (rc == ZH_OK) {
        rc = zh_store_erase(c->store, own, err);
    }
    if (rc == ZH_OK)
        rc = zh_journal_add(c, ZH_DID_PUT, own, NULL, &s->value, err);
    if (rc < 0)
        zh_free(own);
    s->dropped = rc == ZH_OK;
    zh_buf_dispose(&key);
    zh_buf_dispose(&text);
    return rc;
}

int zh_stale_drop(zh_creation *c, zh_error *err)
{
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < c->n_stale; i++) {
        rc = drop(c, &c->stale[i], err);
        if (rc < 0)
            zh_error_prefix(err, "dropping the consolidated metadata of '/%.200s'", c->stale[i].path);
    }
    return rc;
}

int zh_stale_renew(zh_creation *c, zh_error *err)
{
    bool own = c->opts.consolidated == ZH_CONSOLIDATE_WRITE && !c->consolidated_written;
    int rc = ZH_OK;

    if (c->opts.consolidated == ZH_CONSOLIDATE_DROP)
        return ZH_OK;
    for (size_t i = 0; rc == ZH_OK && i < c->n_stale; i++) {
        own = own && strcmp(c->stale[i].path, c->group) != 0;
        rc = zh_consolidate__write(c->store, c->pool, c->stale[i].path, c->plan->format, err);
    }
    if (rc == ZH_OK && own)
        rc = zh_consolidate__write(c->store, c->pool, c->group, c->plan->format, err);
    return rc;
}
