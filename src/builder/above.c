/* above.c - see above.h. */
#include "builder/above.h"

#include "base/alloc.h"
#include "base/error.h"
#include "builder/creation.h"

#include <string.h>

/* Cuts the last segment off; false at the root. */
static bool go_up(char *path)
{
    char *slash = strrchr(path, '/');

    if (*path == '\0')
        return false;
    *(slash == NULL ? path : slash) = '\0';
    return true;
}

/* The key of the document that the group at path lacks goes to missing. */
static int look(zh_key_list *missing, zh_store *s, const char *path, zh_format format, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16);
    int kind = -1, rc = zh_scan_kind(&kind, s, path, format, err);

    if (rc == ZH_OK && kind == ZH_NODE_ARRAY)
        return zh_error_set(err, ZH_CONTAINS_ARRAY, "'/%.200s' in '%.150s' is an array: nothing can be below it", path,
                            zh_store_url(s));
    if (rc < 0 || kind >= 0)
        return rc;
    rc = zh_buf_puts(&key, path, err);
    if (rc == ZH_OK)
        rc = zh_creation_key(&key, format == ZH_V3 ? "zarr.json" : ".zgroup", err) == NULL
                 ? ZH_NOMEM
                 : zh_key_list_add(missing, (const char *)key.ptr, err);
    zh_buf_dispose(&key);
    return rc;
}

static int put(zh_key_list *made, zh_store *s, const char *key, zh_format format, zh_error *err)
{
    static const char v3[] = "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}";
    static const char v2[] = "{\"zarr_format\":2}";
    const char *text = format == ZH_V3 ? v3 : v2;
    zh_error why = ZH_ERROR_INIT;
    int rc = zh_key_list_add(made, key, err);

    if (rc < 0)
        return rc;
    rc = zh_store_put(s, key, text, strlen(text), ZH_PUT_EXCL, &why);
    if (rc == ZH_OK)
        return ZH_OK;
    zh_free(made->item[--made->n].name); /* it is not ours */
    if (rc == ZH_EXISTS)
        return ZH_OK;
    if (err != NULL)
        *err = why;
    return rc;
}

int zh_above_make(zh_key_list *made, zh_store *s, const char *path, zh_format format, zh_error *err)
{
    zh_key_list missing = ZH_KEY_LIST_INIT;
    char *above = zh_strdup(path);
    int rc = ZH_OK;

    if (above == NULL)
        return zh_error_nomem(err);
    while (rc == ZH_OK && go_up(above))
        rc = look(&missing, s, above, format, err);
    for (size_t i = 0; rc == ZH_OK && i < missing.n; i++)
        rc = put(made, s, missing.item[i].name, format, err);
    zh_key_list_dispose(&missing);
    zh_free(above);
    return rc;
}
