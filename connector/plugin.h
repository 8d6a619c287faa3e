/* plugin.h - the connector's class and what is fixed about it. */
#ifndef ZVOL_PLUGIN_H
#define ZVOL_PLUGIN_H

#include "h5.h"

#define ZVOL_NAME "zarr"
/* 256..511 are for testing; a number of our own has to be asked for before 1.0 (HDF Group's registered_vols). */
#define ZVOL_VALUE ((H5VL_class_value_t)509)
#define ZVOL_VERSION 1u

#define ZVOL_CAP_FLAGS                                                                                                 \
    (H5VL_CAP_FLAG_ATTR_BASIC | H5VL_CAP_FLAG_ATTR_MORE | H5VL_CAP_FLAG_DATASET_BASIC | H5VL_CAP_FLAG_DATASET_MORE |   \
     H5VL_CAP_FLAG_FILE_BASIC | H5VL_CAP_FLAG_FILE_MORE | H5VL_CAP_FLAG_GROUP_BASIC | H5VL_CAP_FLAG_GROUP_MORE |       \
     H5VL_CAP_FLAG_LINK_BASIC | H5VL_CAP_FLAG_OBJECT_BASIC | H5VL_CAP_FLAG_OBJECT_MORE | H5VL_CAP_FLAG_ITERATE |       \
     H5VL_CAP_FLAG_STORAGE_SIZE | H5VL_CAP_FLAG_BY_IDX | H5VL_CAP_FLAG_GET_PLIST | H5VL_CAP_FLAG_FLUSH_REFRESH |       \
     H5VL_CAP_FLAG_CREATION_ORDER | H5VL_CAP_FLAG_FILTERS | H5VL_CAP_FLAG_FILL_VALUES)

extern const H5VL_class_t zvol_class;

#endif
