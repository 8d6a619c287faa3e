/* hierarchy.c - a hierarchy made with the zh library alone: planned, created in one pass, filled, read back.
 * usage: hierarchy PATH, where nothing is yet.
 *
 * Against the installed library:  cc hierarchy.c $(pkg-config --cflags --libs zh)
 */
#include "zh/hierarchy.h"
#include <stdio.h>

/* Called for each node as soon as it is stored, while others are still being written. */
static int created(void *payload, const char *path, zh_node_kind kind, zh_handle *node)
{
    (void)payload;
    (void)node; /* could be used here already, or kept with zh_handle_keep */
    printf("created %s /%s\n", kind == ZH_NODE_GROUP ? "group" : "array", path);
    return 0; /* anything else would stop the creation and undo it */
}

int main(int argc, char **argv)
{
    const uint64_t origin[] = {0, 0}, row[] = {1, 0}, shape[] = {2, 3}, one_row[] = {1, 3};
    const float data[] = {20.5f, 21, 21.5f, 19, 18.5f, 18}; /* as stored: little-endian */
    float back[3] = {0};
    zh_array_spec spec = ZH_ARRAY_SPEC_INIT;
    zh_create_options options = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    zh_buf attributes = ZH_BUF_INIT(1 << 20); /* a limit, for stores that others have written */
    zh_plan *plan = NULL;
    zh_store *store = NULL;
    zh_handle *node = NULL;

    spec.data_type = "float32";
    spec.rank = 2;
    spec.shape = shape;
    spec.chunk_shape = one_row;
    spec.codecs = "[{\"name\": \"zstd\", \"configuration\": {\"level\": 3, \"checksum\": false}}]";
    options.created = created;

    /* Every function answers ZH_OK, which is 0, or says in err what went wrong; the first that does not ends the chain.
     * The plan comes first, in any order: the root and the group "day" are added where they were not given. */
    int rc =
        zh_plan_new(&plan, &err) || zh_plan_add_group(plan, ZH_V3, "notes", 5, "{\"author\": \"A. N. Other\"}", &err) ||
        zh_plan_add_array(plan, ZH_V3, "day/temperature", 15, &spec, "{\"units\": \"degC\"}", &err) ||
        zh_plan_finish(plan, NULL, &err) ||
        /* Then the store, and all of the plan into it; if that fails, nothing of it is left. */
        zh_store_dir_open(&store, argc > 1 ? argv[1] : "hierarchy.zarr", ZH_CREATE_EXCL, &err) ||
        zh_create_hierarchy(store, plan, &options, &err) ||
        /* Any node can be had by its path, by this program or another: to write data, to read everything. */
        zh_get_node(&node, store, "day/temperature", ZH_V3, &err) ||
        zh_handle_write(node, origin, shape, data, sizeof(data), &err) ||
        zh_handle_read(node, row, one_row, back, sizeof(back), &err) || zh_handle_attributes(node, &attributes, &err);
    if (rc == 0)
        printf("read /%s: %g %g %g %s\n", zh_handle_path(node), back[0], back[1], back[2],
               zh_buf_cstr(&attributes, &err));
    else
        fprintf(stderr, "hierarchy: %s\n", err.message[0] != '\0' ? err.message : "not found");
    zh_buf_dispose(&attributes);
    zh_handle_close(node);
    zh_store_close(store);
    zh_plan_free(plan);
    return rc;
}
