/* check_mend.c - mending what the checker found, with the store locked.
 *
 * Nothing is removed as a prefix but this library's temporaries: of all else the keys are listed again, each must be a
 * document or a chunk by its name, and those that are meant are erased one by one. So a file that is neither stays,
 * also one that comes meanwhile, or that no key can name. What lies behind a link is not this store's: it is told and
 * left.
 */
#include "builder/check.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "builder/consolidate.h"
#include "builder/restore.h"
#include "meta/grid.h"
#include "store/store_impl.h"

#include <string.h>

/* The keys below a place, and the last array that was asked for. */
typedef struct removal {
    zh_checking *c;
    const char *path;
    zh_key_list keys;
    char *asked;
    bool is_array;
} removal;

static const char *relative(const removal *r, const char *key)
{
    return *r->path == '\0' ? key : key + strlen(r->path) + 1;
}

static void forget(zh_place *p, zh_finding_kind kind)
{
    p->found &= ~(1u << kind);
}

static bool may_remove(const zh_checking *c)
{
    return c->opts->remove && c->rooted;
}

/* --- what still is --- */

/* The first node above path must be a group: below an array lie its chunks, and below what cannot be read anything. */
static int lies_in_group(bool *yes, const zh_checking *c, const char *path, zh_error *err)
{
    char *above = zh_strdup(path);
    zh_handle *h = NULL;
    int rc = ZH_NOTFOUND;

    *yes = false;
    if (above == NULL)
        return zh_error_nomem(err);
    while (rc == ZH_NOTFOUND && *above != '\0') {
        char *slash = strrchr(above, '/');

        *(slash == NULL ? above : slash) = '\0';
        rc = zh_get_node(&h, c->store, above, 0, err);
    }
    if (rc == ZH_OK)
        *yes = h->kind == ZH_NODE_GROUP;
    zh_handle_close(h);
    zh_free(above);
    return rc == ZH_IO || rc == ZH_NOMEM ? rc : ZH_OK;
}

static int parent_has_node(bool *has, const zh_checking *c, const char *path, zh_error *err)
{
    const char *slash = strrchr(path, '/');
    char *parent = zh_strndup(path, slash == NULL ? 0 : (size_t)(slash - path));
    int rc = parent == NULL ? zh_error_nomem(err) : zh_check_has_node(has, c->store, parent, err);

    zh_free(parent);
    return rc;
}

/* A place without a document in a group, or a node in such a place. */
static int is_as_found(bool *yes, const zh_checking *c, const zh_place *p, zh_finding_kind kind, zh_error *err)
{
    bool in_group = false, node = false, parent = false;
    int rc = lies_in_group(&in_group, c, p->path, err);

    if (rc == ZH_OK)
        rc = zh_check_has_node(&node, c->store, p->path, err);
    if (rc == ZH_OK && kind == ZH_FOUND_UNREACHABLE)
        rc = parent_has_node(&parent, c, p->path, err);
    *yes = rc == ZH_OK && in_group && node == (kind == ZH_FOUND_UNREACHABLE) && !parent;
    return rc;
}

/* --- what the keys are --- */

static int add_key(void *payload, const char *key, const char *name, zh_error *err)
{
    removal *r = payload;

    (void)name;
    return zh_key_list_add(&r->keys, key, err);
}

static int is_array(bool *yes, removal *r, const char *key, size_t n, zh_error *err)
{
    zh_handle *h = NULL;
    int rc;

    if (r->asked == NULL || strlen(r->asked) != n || memcmp(r->asked, key, n) != 0) {
        zh_free(r->asked);
        r->asked = zh_strndup(key, n);
        if (r->asked == NULL)
            return zh_error_nomem(err);
        rc = zh_get_node(&h, r->c->store, r->asked, 0, err);
        if (rc == ZH_IO || rc == ZH_NOMEM)
            return rc;
        r->is_array = rc == ZH_OK && h->kind == ZH_NODE_ARRAY;
        zh_handle_close(h);
    }
    *yes = r->is_array;
    return ZH_OK;
}

/* A chunk of an array that lies at the place or below it? */
static int is_chunk_of_array(bool *yes, removal *r, const char *key, zh_error *err)
{
    int rc = ZH_OK;

    *yes = false;
    for (const char *rest = relative(r, key); rc == ZH_OK && !*yes && rest != NULL;) {
        const char *slash = strchr(rest, '/');

        if (zh_grid_is_chunk_key(rest) && rest > key)
            rc = is_array(yes, r, key, (size_t)(rest - key) - 1, err);
        rest = slash == NULL ? NULL : slash + 1;
    }
    return rc;
}

/* How the chunks of one array are all named: with c or not, and with as many indices between the same separators. */
typedef struct chunk_form {
    bool with_c;
    size_t separators;
    char separator;
} chunk_form;

static chunk_form form_of(const char *key)
{
    chunk_form form = {key[0] == 'c', 0, '\0'};

    for (const char *at = strpbrk(key, "./"); at != NULL; at = strpbrk(at + 1, "./")) {
        form.separators++;
        form.separator = *at;
    }
    return form;
}

static bool is_of_form(const char *key, const chunk_form *form)
{
    const chunk_form f = form_of(key);

    return f.with_c == form->with_c && f.separators == form->separators && f.separator == form->separator;
}

static bool is_lost_chunk(const removal *r, const char *key)
{
    return zh_grid_is_chunk_key(relative(r, key));
}

/* Are all keys documents, chunks of arrays that are there, or, if these may be there, of one that is lost? */
static int all_known(bool *known, removal *r, bool lost_chunks, zh_error *err)
{
    chunk_form form = {false, 0, '\0'};
    bool any = false;
    int rc = ZH_OK;

    *known = true;
    for (size_t i = 0; rc == ZH_OK && *known && i < r->keys.n; i++) {
        const char *key = r->keys.item[i].name;

        if (zh_store__is_document_key(key))
            continue;
        if (lost_chunks && is_lost_chunk(r, key)) {
            if (!any)
                form = form_of(relative(r, key));
            any = true;
            *known = is_of_form(relative(r, key), &form);
        } else {
            rc = is_chunk_of_array(known, r, key, err);
        }
    }
    return rc;
}

/* --- removing --- */

static bool is_meant(const removal *r, const char *key, zh_finding_kind kind)
{
    if (kind == ZH_FOUND_HALF_NODE)
        return strcmp(relative(r, key), ".zattrs") == 0;
    return kind == ZH_FOUND_UNREACHABLE || is_lost_chunk(r, key);
}

/* Only those that are meant stay in the list. */
static void keep_meant(removal *r, zh_finding_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < r->keys.n; i++)
        if (is_meant(r, r->keys.item[i].name, kind))
            r->keys.item[n++] = r->keys.item[i];
        else
            zh_free(r->keys.item[i].name);
    r->keys.n = n;
}

static int erase_key(void *payload, size_t index, unsigned worker, zh_error *err)
{
    const removal *r = payload;

    (void)worker;
    return zh_store_erase(r->c->store, r->keys.item[index].name, err);
}

static int erase_meant(removal *r, zh_place *p, zh_finding_kind kind, zh_error *err)
{
    int rc;

    keep_meant(r, kind);
    if (r->keys.n == 0) {
        forget(p, kind);
        return ZH_OK;
    }
    r->c->changed = true;
    rc = zh_pool_run(r->c->pool, r->keys.n, erase_key, r, err);
    if (rc < 0)
        return rc;
    p->mended |= 1u << kind;
    if (kind == ZH_FOUND_UNREACHABLE) {
        zh_free(r->c->gone);
        r->c->gone = zh_strdup(p->path);
        if (r->c->gone == NULL)
            return zh_error_nomem(err);
    }
    return ZH_OK;
}

static int remove_keys(zh_checking *c, zh_place *p, zh_finding_kind kind, zh_error *err)
{
    removal r = {c, p->path, ZH_KEY_LIST_INIT, NULL, false};
    bool as_found = false, known = false;
    int rc = is_as_found(&as_found, c, p, kind, err);

    if (rc == ZH_OK && !as_found)
        forget(p, kind);
    if (rc < 0 || !as_found)
        return rc;
    rc = zh_keys_walk(c->store, p->path, add_key, &r, err);
    if (rc == ZH_OK)
        rc = all_known(&known, &r, kind != ZH_FOUND_UNREACHABLE, err);
    if (rc == ZH_OK && known)
        rc = erase_meant(&r, p, kind, err);
    else if (rc == ZH_OK)
        p->spared |= 1u << kind;
    zh_key_list_dispose(&r.keys);
    zh_free(r.asked);
    return rc;
}

static int remove_temporary(zh_checking *c, zh_place *p, zh_error *err)
{
    int rc;

    c->changed = true;
    rc = zh_restore(c->store, p->path, err);
    if (rc == ZH_OK)
        rc = zh_store_erase(c->store, p->path, err);
    if (rc == ZH_OK)
        rc = zh_store_erase_prefix(c->store, p->path, err);
    if (rc == ZH_OK)
        p->mended |= 1u << ZH_FOUND_TEMPORARY;
    return rc;
}

/* --- consolidated metadata --- */

static int write_anew(bool *done, zh_checking *c, const zh_place *p, zh_format format, zh_error *err)
{
    bool stale = false;
    int rc = zh_check_is_stale(&stale, c, p->path, format, err);

    if (rc < 0 || !stale)
        return rc;
    c->changed = *done = true;
    return zh_consolidate__write(c->store, c->pool, p->path, format, err);
}

static int remove_lone_zmetadata(bool *done, zh_checking *c, const zh_place *p, zh_error *err)
{
    zh_buf group = ZH_BUF_INIT(ZH_KEY_MAX), key = ZH_BUF_INIT(ZH_KEY_MAX);
    uint64_t size;
    int rc = zh_key_join(&group, p->path, ".zgroup", err);

    if (rc == ZH_OK)
        rc = zh_key_join(&key, p->path, ".zmetadata", err);
    if (rc == ZH_OK && (zh_buf_cstr(&group, err) == NULL || zh_buf_cstr(&key, err) == NULL))
        rc = ZH_NOMEM;
    if (rc == ZH_OK)
        rc = zh_store_size(c->store, (const char *)group.ptr, &size, err);
    if (rc == ZH_NOTFOUND) {
        c->changed = *done = true;
        rc = zh_store_erase(c->store, (const char *)key.ptr, err);
    }
    zh_buf_dispose(&group);
    zh_buf_dispose(&key);
    return rc;
}

static int mend_consolidated(zh_checking *c, zh_place *p, zh_error *err)
{
    const bool stays = p->lone_zmetadata && !may_remove(c);
    bool done = false;
    int rc = ZH_OK;

    for (unsigned i = 0; rc == ZH_OK && i < 2; i++)
        if (p->consolidated[i])
            rc = write_anew(&done, c, p, i == 0 ? ZH_V2 : ZH_V3, err);
    if (rc == ZH_OK && p->lone_zmetadata && !stays)
        rc = remove_lone_zmetadata(&done, c, p, err);
    if (rc < 0 || stays)
        return rc;
    if (done)
        p->mended |= 1u << ZH_FOUND_STALE_CONSOLIDATED;
    else
        forget(p, ZH_FOUND_STALE_CONSOLIDATED);
    return ZH_OK;
}

/* --- */

static unsigned to_be_mended(const zh_checking *c, const zh_place *p)
{
    unsigned kinds = 0;

    if (c->opts->repair || c->opts->remove)
        kinds |= 1u << ZH_FOUND_TEMPORARY | 1u << ZH_FOUND_STALE_CONSOLIDATED;
    if (may_remove(c))
        kinds |= 1u << ZH_FOUND_HALF_NODE | 1u << ZH_FOUND_ORPHAN_CHUNKS;
    if (may_remove(c) && p->within == WITHIN_NOTHING)
        kinds |= 1u << ZH_FOUND_UNREACHABLE;
    return kinds & p->found;
}

static int mend_kind(zh_checking *c, zh_place *p, zh_finding_kind kind, zh_error *err)
{
    zh_error why = ZH_ERROR_INIT;
    int rc;

    if (kind == ZH_FOUND_TEMPORARY)
        rc = remove_temporary(c, p, &why);
    else if (kind == ZH_FOUND_STALE_CONSOLIDATED)
        rc = mend_consolidated(c, p, &why);
    else
        rc = remove_keys(c, p, kind, &why);
    if (rc == ZH_OK || zh_reader_in_circles(&why)) /* which is also how a change through a link is refused */
        return ZH_OK;
    if (err != NULL)
        *err = why;
    return rc;
}

int zh_check_mend(zh_checking *c, zh_place *p, zh_error *err)
{
    const unsigned kinds = to_be_mended(c, p);
    int rc = kinds == 0 ? ZH_OK : zh_store_lock(c->store, err);

    if (rc < 0 || kinds == 0)
        return rc;
    for (unsigned kind = 0; rc == ZH_OK && kind <= ZH_FOUND_LINK_LOOP; kind++)
        if (zh_place_has(kinds, kind))
            rc = mend_kind(c, p, kind, err);
    zh_store_unlock(c->store);
    return rc;
}
