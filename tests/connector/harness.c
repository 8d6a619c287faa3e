/* harness.c - see harness.h. */
#include "harness.h"

#include <dlfcn.h>
#include <time.h>

int harness_open(void **state)
{
    char why[256] = "";
    int rc = zvol_h5_bind(dlsym(RTLD_DEFAULT, "H5open"), why, sizeof(why));

    (void)state;
    if (rc < 0)
        print_error("%s\n", why);
    return rc < 0 || H5open() < 0 ? -1 : 0;
}

/* The next id of each kind: ids are serial numbers, and are not used again. */
static void next_ids(hid_t ids[4])
{
    ids[0] = H5Tcopy(H5T_STD_I8LE);
    ids[1] = H5Screate(H5S_SCALAR);
    ids[2] = H5Pcreate(H5P_DATASET_XFER);
    ids[3] = H5Ssel_iter_create(ids[1], 1, 0);
    H5Ssel_iter_close(ids[3]);
    H5Pclose(ids[2]);
    H5Sclose(ids[1]);
    H5Tclose(ids[0]);
}

static hid_t marks[4];

int harness_mark_ids(void **state)
{
    (void)state;
    next_ids(marks);
    return 0;
}

int harness_check_ids(void **state)
{
    static const char *const kinds[] = {"datatype", "dataspace", "property list", "iterator"};
    hid_t ends[4];
    int left = 0;

    (void)state;
    next_ids(ends);
    for (int i = 0; i < 4; i++)
        for (hid_t id = marks[i]; id < ends[i]; id++)
            if (H5Iis_valid(id) > 0) {
                print_error("a %s is left open\n", kinds[i]);
                left++;
            }
    return left ? -1 : 0;
}

uint64_t harness_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

unsigned harness_below(uint64_t *seed, unsigned n)
{
    return (unsigned)(harness_random(seed) % n);
}

double harness_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

const char *harness_text(zh_buf *b)
{
    const char *s = zh_buf_cstr(b, NULL);

    return s ? s : "";
}
