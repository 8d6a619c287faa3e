/* find_node.c - see find_node.h. */
#include "cli/find_node.h"

#include "base/error.h"

int cli_get_node(zh_handle **out, zh_store *s, const char *path, zh_error *err)
{
    const char *asked = path == NULL ? "" : path;
    const int rc = zh_get_node(out, s, asked, 0, err);

    if (rc != ZH_NOTFOUND)
        return rc;
    return zh_error_set(err, ZH_NOTFOUND, "'%.300s' holds no node '/%.150s'", zh_store_url(s),
                        asked + (asked[0] == '/'));
}
