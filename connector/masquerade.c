/* masquerade.c - see masquerade.h. The self-test's store has masquerade on by itself (`testing`). */
#include "masquerade.h"

#include "err.h"
#include "log.h"
#include "plugin.h"

#include <stdio.h>
#include <string.h>

static const H5VL_class_t *native_class;
static unsigned users;

static H5VL_loc_params_t self_file(void)
{
    H5VL_loc_params_t lp;

    memset(&lp, 0, sizeof(lp));
    lp.type = H5VL_OBJECT_BY_SELF;
    lp.obj_type = H5I_FILE;
    return lp;
}

/* Every shadow file needs a name of its own: HDF5 takes two files in memory for one if their names are equal. */
static void *make_file(hid_t native, zh_error *err)
{
    static unsigned count;
    hid_t fapl = H5Pcreate(H5P_CLS_FILE_ACCESS_ID_g);
    void *file = NULL;
    char name[48];

    snprintf(name, sizeof(name), "/dev/null/vol-zarr-shadow-%u", count++);
    if (fapl >= 0 && H5Pset_vol(fapl, native, NULL) >= 0 && H5Pset_fapl_core(fapl, 4096, false) >= 0)
        file = H5VLfile_create(name, H5F_ACC_TRUNC | H5F_ACC_RDWR | H5F_ACC_CREAT, H5P_LST_FILE_CREATE_ID_g, fapl,
                               H5P_LST_DATASET_XFER_ID_g, NULL);
    if (!file)
        zvol_err_h5(err, ZH_UNSUPPORTED, "no hidden native file");
    if (fapl >= 0)
        H5Pclose(fapl);
    return file;
}

static bool make_objects(zvol_shadows *s)
{
    H5VL_loc_params_t lp = self_file();
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t type = H5Tcopy(H5T_NATIVE_INT_g);
    hid_t dxpl = H5P_LST_DATASET_XFER_ID_g;

    s->group = H5VLgroup_create(s->file, &lp, s->native, "g", H5P_LST_LINK_CREATE_ID_g, H5P_LST_GROUP_CREATE_ID_g,
                                H5P_LST_GROUP_ACCESS_ID_g, dxpl, NULL);
    s->dataset = H5VLdataset_create(s->file, &lp, s->native, "d", H5P_LST_LINK_CREATE_ID_g, type, space,
                                    H5P_LST_DATASET_CREATE_ID_g, H5P_LST_DATASET_ACCESS_ID_g, dxpl, NULL);
    s->attr = H5VLattr_create(s->file, &lp, s->native, "a", type, space, H5P_LST_ATTRIBUTE_CREATE_ID_g,
                              H5P_LST_ATTRIBUTE_ACCESS_ID_g, dxpl, NULL);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return s->group && s->dataset && s->attr;
}

int zvol_shadows_open(zvol_shadows *s, zh_error *err)
{
    memset(s, 0, sizeof(*s));
    s->native = H5VLget_connector_id_by_name("native");
    if (s->native < 0)
        return zh_error_set(err, ZH_UNSUPPORTED, "no native connector");
    users++;
    s->file = make_file(s->native, err);
    if (s->file && make_objects(s) &&
        (native_class || H5VLintrospect_get_conn_cls(s->file, s->native, H5VL_GET_CONN_LVL_TERM, &native_class) >= 0))
        return ZH_OK;
    if (s->file)
        zvol_err_h5(err, ZH_UNSUPPORTED, "no hidden native objects");
    zvol_shadows_close(s);
    return ZH_UNSUPPORTED;
}

void zvol_shadows_close(zvol_shadows *s)
{
    const zvol_shadows old = *s;
    hid_t dxpl = H5P_LST_DATASET_XFER_ID_g;

    if (s->native <= 0)
        return;
    /* From now on nobody is given what is being closed, whatever HDF5 looks at meanwhile. */
    memset(s, 0, sizeof(*s));
    if (old.attr)
        H5VLattr_close(old.attr, old.native, dxpl, NULL);
    if (old.dataset)
        H5VLdataset_close(old.dataset, old.native, dxpl, NULL);
    if (old.group)
        H5VLgroup_close(old.group, old.native, dxpl, NULL);
    if (old.file)
        H5VLfile_close(old.file, old.native, dxpl, NULL);
    H5VLclose(old.native);
    if (--users == 0)
        native_class = NULL;
}

void *zvol_shadow_of(const zvol_shadows *s, H5I_type_t kind)
{
    switch (kind) {
    case H5I_FILE:
        return s->file;
    case H5I_GROUP:
        return s->group;
    case H5I_DATASET:
        return s->dataset;
    case H5I_ATTR:
        return s->attr;
    default:
        return NULL;
    }
}

const H5VL_class_t *zvol_native_class(void)
{
    return native_class;
}

/* H5Oget_info1 on a store in memory: refused, or an address that is not our token's, or it works. */
static bool self_test(void)
{
    static const unsigned char root_token[8] = {1};
    hid_t connector = H5VLget_connector_id_by_name(ZVOL_NAME);
    hid_t fapl = H5Pcreate(H5P_CLS_FILE_ACCESS_ID_g);
    hid_t file = H5I_INVALID_HID;
    void *info = NULL;
    H5O_info1_t oi;
    bool works = false;

    memset(&oi, 0, sizeof(oi));
    if (connector < 0 || fapl < 0 || H5VLconnector_str_to_info("store=memory;masquerade=on", connector, &info) < 0 ||
        H5Pset_vol(fapl, connector, info) < 0)
        goto out;
    file = H5Fcreate("vol-zarr-self-test", H5F_ACC_TRUNC, H5P_LST_FILE_CREATE_ID_g, fapl);
    if (file >= 0 && H5Oget_info1(file, &oi) >= 0)
        works = oi.type == H5O_TYPE_GROUP && memcmp(&oi.addr, root_token, sizeof(oi.addr)) == 0;
    if (file >= 0 && H5Fclose(file) < 0)
        works = false;
out:
    if (info)
        H5VLfree_connector_info(connector, info);
    if (fapl >= 0)
        H5Pclose(fapl);
    if (connector >= 0)
        H5VLclose(connector);
    return works;
}

bool zvol_masquerade_works(void)
{
    static enum { UNKNOWN, TESTING, WORKS, BROKEN } state = UNKNOWN;

    if (state == UNKNOWN) {
        state = TESTING;
        H5E_BEGIN_TRY
        {
            state = zvol_h5_has(H5Oget_info1) && self_test() ? WORKS : BROKEN;
        }
        H5E_END_TRY
        if (state == BROKEN)
            zvol_log(ZVOL_LOG_WARN,
                     "the masquerade does not work with this HDF5: programs that use its 1.10 API (h5py) will fail");
    }
    return state != BROKEN;
}
