/* create_many.c - 10 000 creates between two marks that a system call trace shows. usage: create_many STORE */
#include <hdf5.h>
#include <stdio.h>
#include <unistd.h>

#define GROUPS 100
#define DATASETS 99

int main(int argc, char **argv)
{
    hsize_t dims = 1000;
    hsize_t chunk = 100;
    hid_t space = H5Screate_simple(1, &dims, NULL);
    hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
    hid_t f;
    char name[32];
    int i;
    int j;

    if (argc != 2)
        return 2;
    H5Pset_chunk(dcpl, 1, &chunk);
    f = H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (access("/vol-zarr-mark-begin", F_OK) == 0)
        return 3;
    for (i = 0; i < GROUPS; i++) {
        hid_t g;

        snprintf(name, sizeof(name), "g%d", i);
        g = H5Gcreate2(f, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        for (j = 0; j < DATASETS; j++) {
            hid_t d;

            snprintf(name, sizeof(name), "d%d", j);
            d = H5Dcreate2(g, name, H5T_NATIVE_FLOAT, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
            if (d < 0 || H5Dclose(d) < 0)
                return 1;
        }
        if (g < 0 || H5Gclose(g) < 0)
            return 1;
    }
    if (access("/vol-zarr-mark-end", F_OK) == 0)
        return 3;
    return H5Fclose(f) < 0;
}
