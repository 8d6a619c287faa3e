/* leave_open.c - writes a store and ends in one of many ways without closing it: test_exit.sh then looks for what is
 * missing. usage: leave_open STORE MODE */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    hsize_t dims = 100;
    hsize_t chunk = 10;
    int data[100];
    int value = 7;
    hid_t f, g, d, a, space, scalar, dcpl;
    const char *mode;
    int i;

    if (argc != 3)
        return 2;
    mode = argv[2];
    if (!strcmp(mode, "dont-atexit"))
        H5dont_atexit();
    for (i = 0; i < 100; i++)
        data[i] = i;
    space = H5Screate_simple(1, &dims, NULL);
    scalar = H5Screate(H5S_SCALAR);
    dcpl = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(dcpl, 1, &chunk);
    H5Pset_deflate(dcpl, 1);
    f = H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    g = H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    d = H5Dcreate2(g, "d", H5T_NATIVE_INT, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    if (H5Dwrite(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        return 3;
    a = H5Acreate2(d, "a", H5T_NATIVE_INT, scalar, H5P_DEFAULT, H5P_DEFAULT);
    if (H5Awrite(a, H5T_NATIVE_INT, &value) < 0)
        return 3;
    if (!strcmp(mode, "file-closed"))
        H5Fclose(f);
    else if (!strcmp(mode, "objects-closed")) {
        H5Aclose(a);
        H5Dclose(d);
        H5Gclose(g);
    } else if (!strcmp(mode, "h5close"))
        H5close();
    else if (!strcmp(mode, "h5close-twice")) {
        H5close();
        H5open();
        H5close();
    } else if (!strcmp(mode, "exit"))
        exit(0);
    return 0;
}
