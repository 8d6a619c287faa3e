/* test_dset_io.c - reads and writes, each made twice: through ours into a store in memory, and by HDF5 into a file of
 * its own in memory. Buffers must be equal, byte for byte, also where nothing was to be written.
 */
#include "harness.h"

#include "base/alloc.h"
#include "dset.h"

/* The same dataset on both sides. */
typedef struct twin {
    zh_store *store;
    zh_chunk_cache *cache;
    zh_array *array;
    zh_array_meta *meta;
    zvol_dset d;
    hid_t native;
} twin;

static hid_t native_file;

static int open_all(void **state)
{
    hid_t fapl;

    if (harness_open(state) < 0)
        return -1;
    fapl = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(fapl, 1 << 20, 0);
    native_file = H5Fcreate("test_dset_io.h5", H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
    H5Pclose(fapl);
    return native_file < 0;
}

static int close_all(void **state)
{
    (void)state;
    return H5Fclose(native_file);
}

static void open_twin(twin *t, zh_format format, hid_t type, hid_t space, hid_t dcpl)
{
    const zvol_dset_options opts = {format};
    zh_buf facts = ZH_BUF_INIT(1 << 16);

    t->native = H5Dcreate_anon(native_file, type, space, dcpl, H5P_DEFAULT);
    H5(t->native);
    ZH(zvol_dset_capture(&t->d, &t->meta, &facts, type, space, dcpl, &opts, &err));
    ZH(zh_array_meta_check(t->meta, &err));
    ZH(zh_store_mem_open(&t->store, &err));
    ZH(zh_chunk_cache_new(&t->cache, 1 << 20, t->store, NULL, &err));
    ZH(zh_array_open(&t->array, t->cache, t->meta, "a", &err));
    zh_buf_dispose(&facts);
}

static void close_twin(twin *t)
{
    zh_array_close(t->array);
    zh_chunk_cache_free(t->cache);
    zh_store_close(t->store);
    zh_array_meta_free(t->meta);
    zvol_dset_dispose(&t->d);
    H5(H5Dclose(t->native));
}

static int write_ours(twin *t, hid_t type, hid_t mem, hid_t file, hid_t dxpl, const void *buf, zh_error *err)
{
    return zvol_dset_write(&t->d, t->array, t->meta->shape, type, mem, file, dxpl, buf, err);
}

static int read_ours(twin *t, hid_t type, hid_t mem, hid_t file, hid_t dxpl, void *buf, zh_error *err)
{
    return zvol_dset_read(&t->d, t->array, t->meta->shape, type, mem, file, dxpl, buf, err);
}

static void write_both(twin *t, hid_t type, hid_t mem, hid_t file, const void *buf)
{
    H5(H5Dwrite(t->native, type, mem, file, H5P_DEFAULT, buf));
    ZH(write_ours(t, type, mem, file, H5P_DEFAULT, buf, &err));
}

/* Reads into two buffers that held the same; fixed-size types. */
static void read_both(twin *t, hid_t type, hid_t mem, hid_t file, size_t bytes)
{
    uint8_t *a = malloc(bytes), *b = malloc(bytes);

    for (size_t i = 0; i < bytes; i++)
        a[i] = b[i] = (uint8_t)(i * 7 + 3);
    H5(H5Dread(t->native, type, mem, file, H5P_DEFAULT, a));
    ZH(read_ours(t, type, mem, file, H5P_DEFAULT, b, &err));
    for (size_t i = 0; i < bytes; i++)
        if (a[i] != b[i])
            fail_msg("byte %zu: %02x, HDF5 has %02x", i, b[i], a[i]);
    free(a);
    free(b);
}

/* ---- numbers ---- */

static hid_t half_type(void)
{
    const hid_t id = H5Tcopy(H5T_IEEE_F32LE);

    H5(H5Tset_fields(id, 15, 10, 5, 0, 10));
    H5(H5Tset_size(id, 2));
    H5(H5Tset_ebias(id, 15));
    return id;
}

/* Random small numbers as elements of a type. */
static void fill_numbers(uint64_t *seed, void *buf, size_t n, hid_t type)
{
    int32_t *values = calloc(n, 16);

    for (size_t i = 0; i < n; i++)
        values[i] = (int32_t)harness_below(seed, 100);
    H5(H5Tconvert(H5T_NATIVE_INT32, type, n, values, NULL, H5P_DEFAULT));
    memcpy(buf, values, n * H5Tget_size(type));
    free(values);
}

/* A selection of the file, and one of as many elements of a buffer. */
typedef struct sides {
    hid_t file, mem;
    size_t mem_elements;
} sides;

static hid_t pick_file(uint64_t *seed, int rank, const hsize_t *dims)
{
    const hid_t space = H5Screate_simple(rank, dims, NULL);
    hsize_t start[3], stride[3], count[3], block[3], points[3 * 20];
    const unsigned kind = harness_below(seed, 4);

    for (int k = 0; k < 2 && kind < 3; k++) {
        for (int i = 0; i < rank; i++) {
            start[i] = harness_below(seed, (unsigned)dims[i]);
            block[i] = 1 + harness_below(seed, 2) * harness_below(seed, (unsigned)(dims[i] - start[i]));
            stride[i] = block[i] + harness_below(seed, 3);
            count[i] = 1 + harness_below(seed, (unsigned)((dims[i] - start[i] - block[i]) / stride[i]) + 1);
        }
        H5(H5Sselect_hyperslab(space, k ? H5S_SELECT_OR : H5S_SELECT_SET, start, stride, count, block));
        if (kind != 2)
            break;
    }
    for (int i = 0, at = (int)harness_below(seed, 300); i < 20;
         i++, at += 11) /* no two alike: HDF5 promises nothing about which wins */
        for (int k = rank, rest = at; k-- > 0; rest /= (int)dims[k])
            points[i * rank + k] = (hsize_t)rest % dims[k];
    if (kind == 3)
        H5(H5Sselect_elements(space, H5S_SELECT_SET, 20, points));
    return space;
}

static sides pick_sides(uint64_t *seed, int rank, const hsize_t *dims)
{
    sides s = {.file = pick_file(seed, rank, dims)};
    const hsize_t n = (hsize_t)H5Sget_select_npoints(s.file);
    const hsize_t extent[] = {2 * n + 5}, start[] = {harness_below(seed, 5)}, count[] = {n}, two[] = {2};
    hsize_t *points = malloc(n * sizeof(*points));

    s.mem = H5Screate_simple(1, extent, NULL);
    s.mem_elements = extent[0];
    switch (harness_below(seed, 5)) {
    case 0:
        H5(H5Sclose(s.mem));
        s.mem = H5S_ALL; /* laid out like the file */
        s.mem_elements = 1;
        for (int i = 0; i < rank; i++)
            s.mem_elements *= dims[i];
        break;
    case 1:
        for (hsize_t i = 0; i < n; i++)
            points[i] = 2 * n - 2 * i;
        H5(H5Sselect_elements(s.mem, H5S_SELECT_SET, n, points));
        break;
    case 2:
        H5(H5Sselect_hyperslab(s.mem, H5S_SELECT_SET, start, two, count, NULL));
        break;
    default:
        H5(H5Sselect_hyperslab(s.mem, H5S_SELECT_SET, start, NULL, count, NULL));
    }
    free(points);
    return s;
}

static void drop_sides(sides *s)
{
    H5(H5Sclose(s->file));
    if (s->mem != H5S_ALL)
        H5(H5Sclose(s->mem));
}

static void numbers(void **state)
{
    const hid_t half = half_type();
    const hid_t types[] = {H5T_STD_I8LE,   H5T_STD_I8BE,   H5T_STD_U8LE,   H5T_STD_I16BE, H5T_STD_U16LE,
                           H5T_STD_I32LE,  H5T_STD_I32BE,  H5T_STD_U64LE,  H5T_STD_I64BE, H5T_IEEE_F32LE,
                           H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE, half,          H5T_NATIVE_LDOUBLE};
    enum { TYPES = sizeof(types) / sizeof(types[0]) };
    const hsize_t dims[] = {9, 7, 5}, chunk[] = {4, 3, 5};
    const hid_t space = H5Screate_simple(3, dims, NULL);
    const int zero = 0;
    uint64_t seed = 21;

    (void)state;
    for (int round = 0; round < 150; round++) {
        const hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
        twin t;

        if (round % 3)
            H5(H5Pset_chunk(dcpl, 3, chunk));
        H5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT, &zero)); /* or HDF5 leaves in the file what was there */
        open_twin(&t, round % 2 ? ZH_V2 : ZH_V3, types[harness_below(&seed, TYPES - 1)], space, dcpl);
        for (int k = 0; k < 20; k++) {
            hid_t mem_type = types[harness_below(&seed, TYPES)];
            sides s = pick_sides(&seed, 3, dims);
            uint8_t *buf = calloc(s.mem_elements, H5Tget_size(mem_type));

            fill_numbers(&seed, buf, s.mem_elements, mem_type);
            write_both(&t, mem_type, s.mem, s.file, buf);
            free(buf);
            drop_sides(&s);
            s = pick_sides(&seed, 3, dims);
            mem_type = types[harness_below(&seed, TYPES - 1)]; /* a long double has bytes that mean nothing */
            read_both(&t, mem_type, s.mem, s.file, s.mem_elements * H5Tget_size(mem_type));
            drop_sides(&s);
        }
        read_both(&t, t.d.type.size == 8 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_SHORT, H5S_ALL, H5S_ALL, 9 * 7 * 5 * 8);
        read_both(&t, H5T_NATIVE_DOUBLE, H5S_BLOCK, H5S_ALL, 9 * 7 * 5 * 8);
        close_twin(&t);
        H5(H5Pclose(dcpl));
    }
    H5(H5Tclose(half));
    H5(H5Sclose(space));
}

/* More than a strip, converted both ways, with rows that do not divide anything. */
static void strips(void **state)
{
    const hsize_t dims[] = {3001, 3001}, chunk[] = {256, 1000}, start[] = {1, 1}, stride[] = {2, 1},
                  count[] = {1500, 3000};
    const hid_t space = H5Screate_simple(2, dims, NULL), dcpl = H5Pcreate(H5P_DATASET_CREATE), part = H5Scopy(space);
    double *buf = malloc(3001 * 3001 * sizeof(*buf));
    twin t;

    (void)state;
    H5(H5Pset_chunk(dcpl, 2, chunk));
    for (size_t i = 0; i < 3001 * 3001; i++)
        buf[i] = (double)(i % 100003);
    open_twin(&t, ZH_V3, H5T_STD_I32LE, space, dcpl); /* a pair of types that HDF5 converts fast */
    write_both(&t, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, buf);
    read_both(&t, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, 3001 * 3001 * sizeof(*buf));
    read_both(&t, H5T_NATIVE_SHORT, H5S_ALL, H5S_ALL,
              3001 * 3001 * sizeof(short)); /* smaller than the file's: in strips */
    H5(H5Sselect_hyperslab(part, H5S_SELECT_SET, start, stride, count, NULL));
    read_both(&t, H5T_NATIVE_DOUBLE, H5S_ALL, part, 3001 * 3001 * sizeof(*buf));
    close_twin(&t);
    free(buf);
    H5(H5Sclose(space));
    H5(H5Sclose(part));
    H5(H5Pclose(dcpl));
}

/* ---- other classes ---- */

static const hsize_t ten[] = {10};

static void booleans_and_enums(void **state)
{
    const hid_t space = H5Screate_simple(1, ten, NULL);
    const int8_t no = 0, yes = 1, bits[] = {1, 0, 1, 1, 0, 0, 1, 0, 1, 1};
    const int32_t values[] = {5, -7, 5, 5, -7, 5, 5, 5, -7, 5};
    const hid_t boolean = H5Tenum_create(H5T_NATIVE_INT8), colour = H5Tenum_create(H5T_STD_I16BE),
                wide = H5Tenum_create(H5T_NATIVE_INT32);
    const int16_t red = 5 << 8;
    const uint16_t blue = 0xf9ff; /* -7, big-endian */
    twin t;

    (void)state;
    H5(H5Tenum_insert(boolean, "FALSE", &no));
    H5(H5Tenum_insert(boolean, "TRUE", &yes));
    H5(H5Tenum_insert(colour, "RED", &red));
    H5(H5Tenum_insert(colour, "BLUE", &blue));
    H5(H5Tenum_insert(wide, "BLUE", &values[1]));
    H5(H5Tenum_insert(wide, "RED", &values[0]));

    open_twin(&t, ZH_V3, boolean, space, H5P_DEFAULT);
    write_both(&t, boolean, H5S_ALL, H5S_ALL, bits);
    read_both(&t, boolean, H5S_ALL, H5S_ALL, 10);
    read_both(&t, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, 40);
    ZH_FAILS(ZH_UNSUPPORTED, "no conversion",
             write_ours(&t, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values, &err));
    close_twin(&t);

    open_twin(&t, ZH_V3, colour, space, H5P_DEFAULT);
    write_both(&t, wide, H5S_ALL, H5S_ALL, values);
    read_both(&t, wide, H5S_ALL, H5S_ALL, 40);
    read_both(&t, H5T_NATIVE_LONG, H5S_ALL, H5S_ALL, 80);
    close_twin(&t);
    H5(H5Tclose(boolean));
    H5(H5Tclose(colour));
    H5(H5Tclose(wide));
    H5(H5Sclose(space));
}

static hid_t complex_type(hid_t part, const char *first, const char *second)
{
    const size_t size = H5Tget_size(part);
    const hid_t id = H5Tcreate(H5T_COMPOUND, second ? 2 * size : size);

    H5(H5Tinsert(id, first, 0, part));
    if (second)
        H5(H5Tinsert(id, second, size, part));
    return id;
}

static void complex_numbers(void **state)
{
    const hid_t space = H5Screate_simple(1, ten, NULL), sparse = H5Screate_simple(1, (hsize_t[]){20}, NULL);
    const hid_t file = complex_type(H5T_IEEE_F32BE, "r", "i"), wide = complex_type(H5T_NATIVE_DOUBLE, "r", "i");
    const hid_t swapped = complex_type(H5T_NATIVE_FLOAT, "i", "r"), real = complex_type(H5T_NATIVE_FLOAT, "r", NULL);
    const hsize_t start[] = {1}, two[] = {2};
    double values[40];
    float reals[20];
    twin t;

    (void)state;
    for (int i = 0; i < 40; i++)
        values[i] = i;
    for (int i = 0; i < 20; i++)
        reals[i] = (float)-i;
    H5(H5Sselect_hyperslab(sparse, H5S_SELECT_SET, start, two, ten, NULL));
    open_twin(&t, ZH_V3, file, space, H5P_DEFAULT);
    write_both(&t, wide, H5S_ALL, H5S_ALL, values);
    read_both(&t, wide, H5S_ALL, H5S_ALL, 160);
    read_both(&t, file, H5S_ALL, H5S_ALL, 80);
    read_both(&t, swapped, sparse, H5S_ALL, 160);
    write_both(&t, real, sparse, H5S_ALL, reals); /* the imaginary parts stay */
    read_both(&t, wide, H5S_ALL, H5S_ALL, 160);
    read_both(&t, real, H5S_ALL, H5S_ALL, 40);
    close_twin(&t);
    H5(H5Tclose(file));
    H5(H5Tclose(wide));
    H5(H5Tclose(swapped));
    H5(H5Tclose(real));
    H5(H5Sclose(space));
    H5(H5Sclose(sparse));
}

static hid_t string_type(size_t size, H5T_str_t pad, H5T_cset_t cset)
{
    const hid_t id = H5Tcopy(H5T_C_S1);

    H5(H5Tset_size(id, size));
    H5(H5Tset_strpad(id, pad));
    H5(H5Tset_cset(id, cset));
    return id;
}

/* Every padding in the file against every padding and three sizes in memory, in both formats. */
static void fixed_strings(void **state)
{
    static const char words[] =
        "abcde\0ab\0\0\0\0x     a b c \0\0\0\0\0\0\xc3\xa9    abcdef      y\0\0\0\0\0zz\0\0\0\0 lead ";
    const hid_t space = H5Screate_simple(1, ten, NULL);

    (void)state;
    for (int pads = 0; pads < 9; pads++)
        for (size_t size = 3; size <= 8; size += 3) {
            const hid_t file = string_type(6, (H5T_str_t)(pads / 3), H5T_CSET_UTF8),
                        mem = string_type(size, (H5T_str_t)(pads % 3), H5T_CSET_UTF8);

            for (int format = ZH_V2; format <= ZH_V3; format++) {
                twin t;

                open_twin(&t, (zh_format)format, file, space, H5P_DEFAULT);
                if (pads / 3 != H5T_STR_SPACEPAD &&
                    pads % 3 != H5T_STR_SPACEPAD) /* where HDF5 has NULs, we have blanks */
                    read_both(&t, mem, H5S_ALL, H5S_ALL, 10 * size);
                write_both(&t, mem, H5S_ALL, H5S_ALL, memcpy((char[100]){0}, words, sizeof(words)));
                read_both(&t, mem, H5S_ALL, H5S_ALL, 10 * size);
                close_twin(&t);
            }
            H5(H5Tclose(file));
            H5(H5Tclose(mem));
        }
    H5(H5Sclose(space));
}

static void text_that_zarr_cannot_hold(void **state)
{
    const hid_t space = H5Screate_simple(1, ten, NULL), fixed = string_type(4, H5T_STR_NULLPAD, H5T_CSET_ASCII);
    const hid_t variable = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
    const char words[] = "abcdabcdabcdgr\xfcnabcdabcdabcdabcdabcdabcd";
    const char *list[] = {"a", "gr\xfcn", "a", "a", "a", "a", "a", "a", "a", "a"};
    twin t;

    (void)state;
    open_twin(&t, ZH_V3, fixed, space, H5P_DEFAULT);
    ZH_FAILS(ZH_UNSUPPORTED, "string 3 of the selection is not valid UTF-8",
             write_ours(&t, fixed, H5S_ALL, H5S_ALL, H5P_DEFAULT, words, &err));
    close_twin(&t);
    open_twin(&t, ZH_V2, fixed, space, H5P_DEFAULT); /* bytes */
    write_both(&t, fixed, H5S_ALL, H5S_ALL, words);
    read_both(&t, fixed, H5S_ALL, H5S_ALL, 40);
    close_twin(&t);
    open_twin(&t, ZH_V3, variable, space, H5P_DEFAULT);
    ZH_FAILS(ZH_UNSUPPORTED, "string 1 of the selection",
             write_ours(&t, variable, H5S_ALL, H5S_ALL, H5P_DEFAULT, list, &err));
    close_twin(&t);
    H5(H5Tclose(fixed));
    H5(H5Tclose(variable));
    H5(H5Sclose(space));
}

/* ---- variable strings ---- */

static void variable_strings(void **state)
{
    const hid_t space = H5Screate_simple(1, ten, NULL),
                type = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
    const hid_t ascii = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII),
                fixed = string_type(4, H5T_STR_NULLTERM, H5T_CSET_UTF8);
    const hid_t sparse = H5Screate_simple(1, (hsize_t[]){20}, NULL);
    const char *words[] = {"one", NULL, "",  "\xc3\xa9", "a rather long string, longer than what is kept in place",
                           "6",   "7",  "8", "9",        "10"};
    const hsize_t start[] = {1}, two[] = {2};
    const zh_format formats[] = {ZH_V2, ZH_V3};

    (void)state;
    H5(H5Sselect_hyperslab(sparse, H5S_SELECT_SET, start, two, ten, NULL));
    for (int f = 0; f < 2; f++) {
        char *a[20] = {0}, *b[20] = {0};
        twin t;

        open_twin(&t, formats[f], type, space, H5P_DEFAULT);
        ZH(read_ours(&t, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, b, &err)); /* not written yet */
        for (int i = 0; i < 10; i++)
            assert_string_equal(b[i], "");
        H5(H5Dvlen_reclaim(type, space, H5P_DEFAULT, b));
        memset(b, 0, sizeof(b));
        write_both(&t, type, H5S_ALL, H5S_ALL, words);
        H5(H5Dread(t.native, type, sparse, H5S_ALL, H5P_DEFAULT, a));
        ZH(read_ours(&t, type, sparse, H5S_ALL, H5P_DEFAULT, b, &err));
        for (int i = 0; i < 10; i++) {
            assert_null(b[2 * i]);
            assert_string_equal(b[2 * i + 1], a[2 * i + 1] ? a[2 * i + 1] : "");
        }
        H5(H5Dvlen_reclaim(type, sparse, H5P_DEFAULT, a));
        H5(H5Dvlen_reclaim(type, sparse, H5P_DEFAULT, b)); /* what applications free with */
        ZH_FAILS(ZH_UNSUPPORTED, "character sets", read_ours(&t, ascii, H5S_ALL, H5S_ALL, H5P_DEFAULT, b, &err));
        ZH_FAILS(ZH_UNSUPPORTED, "another memory type", read_ours(&t, fixed, H5S_ALL, H5S_ALL, H5P_DEFAULT, b, &err));
        ZH_FAILS(ZH_UNSUPPORTED, "another memory type",
                 write_ours(&t, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, b, &err));
        close_twin(&t);
    }
    H5(H5Tclose(type));
    H5(H5Tclose(ascii));
    H5(H5Tclose(fixed));
    H5(H5Sclose(space));
    H5(H5Sclose(sparse));
}

/* The application's allocator: counts, and fails at the n-th call. */
typedef struct counter {
    int calls, live, fail_at;
} counter;

static void *count_malloc(size_t n, void *info)
{
    counter *c = info;

    if (++c->calls == c->fail_at)
        return NULL;
    c->live++;
    return malloc(n);
}

static void count_free(void *p, void *info)
{
    counter *c = info;

    c->live--;
    free(p);
}

static void own_allocator(void **state)
{
    const hid_t space = H5Screate_simple(1, ten, NULL),
                type = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
    const hid_t dxpl = H5Pcreate(H5P_DATASET_XFER);
    const char *words[10] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    counter c = {0};
    char *got[10] = {0};
    twin t;

    (void)state;
    H5(H5Pset_vlen_mem_manager(dxpl, count_malloc, &c, count_free, &c));
    open_twin(&t, ZH_V3, type, space, H5P_DEFAULT);
    write_both(&t, type, H5S_ALL, H5S_ALL, words);
    ZH(read_ours(&t, type, H5S_ALL, H5S_ALL, dxpl, got, &err));
    assert_int_equal(c.live, 10);
    H5(H5Dvlen_reclaim(type, space, dxpl, got));
    assert_int_equal(c.live, 0);
    c.calls = 0;
    c.fail_at = 7;
    memset(got, 0, sizeof(got));
    ZH_FAILS(ZH_NOMEM, "", read_ours(&t, type, H5S_ALL, H5S_ALL, dxpl, got, &err));
    assert_int_equal(c.live, 0);
    for (int i = 0; i < 10; i++)
        assert_null(got[i]);
    close_twin(&t);
    H5(H5Pclose(dxpl));
    H5(H5Tclose(type));
    H5(H5Sclose(space));
}

/* ---- edges ---- */

static void edges(void **state)
{
    const hid_t space = H5Screate_simple(1, ten, NULL), scalar = H5Screate(H5S_SCALAR), null = H5Screate(H5S_NULL),
                none = H5Scopy(space);
    const hid_t dxpl = H5Pcreate(H5P_DATASET_XFER), empty = H5Screate_simple(1, (hsize_t[]){0}, (hsize_t[]){10});
    const hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE), opaque = H5Tcreate(H5T_OPAQUE, 4);
    double value = 2.5;
    twin t;

    (void)state;
    H5(H5Sselect_none(none));
    open_twin(&t, ZH_V3, H5T_STD_I32LE, space, H5P_DEFAULT);
    ZH(write_ours(&t, H5T_NATIVE_INT, none, none, H5P_DEFAULT, NULL, &err));
    ZH(read_ours(&t, H5T_NATIVE_INT, none, none, H5P_DEFAULT, NULL, &err));
    ZH_FAILS(ZH_INVALID, "no buffer for 10 elements",
             read_ours(&t, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, NULL, &err));
    ZH_FAILS(ZH_UNSUPPORTED, "no conversion", read_ours(&t, opaque, H5S_ALL, H5S_ALL, H5P_DEFAULT, (int[10]){0}, &err));
    ZH(read_ours(&t, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, dxpl, (int[10]){0}, &err));
    H5(H5Pset_data_transform(dxpl, "2*x"));
    ZH_FAILS(ZH_UNSUPPORTED, "transforms", read_ours(&t, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, dxpl, (int[10]){0}, &err));
    close_twin(&t);

    open_twin(&t, ZH_V3, H5T_STD_I32LE, scalar, H5P_DEFAULT);
    write_both(&t, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, &value);
    read_both(&t, H5T_NATIVE_DOUBLE, H5S_ALL, scalar, 8);
    close_twin(&t);

    open_twin(&t, ZH_V3, H5T_STD_I32LE, null, H5P_DEFAULT);
    write_both(&t, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, &value);
    read_both(&t, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, 8);
    close_twin(&t);

    H5(H5Pset_chunk(dcpl, 1, ten));
    open_twin(&t, ZH_V3, H5T_STD_I32LE, empty, dcpl);
    read_both(&t, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, 8);
    close_twin(&t);
    H5(H5Tclose(opaque));
    H5(H5Pclose(dxpl));
    H5(H5Pclose(dcpl));
    H5(H5Sclose(space));
    H5(H5Sclose(scalar));
    H5(H5Sclose(null));
    H5(H5Sclose(none));
    H5(H5Sclose(empty));
}

static void fill_values(void **state)
{
    const hid_t space = H5Screate_simple(1, ten, NULL), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t padded = string_type(6, H5T_STR_SPACEPAD, H5T_CSET_ASCII), text = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {4};
    const int seven = 7;

    (void)state;
    H5(H5Pset_chunk(dcpl, 1, chunk));
    H5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT, &seven));
    H5(H5Pset_fill_value(text, padded, "ab    "));
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        twin t;

        open_twin(&t, (zh_format)format, H5T_STD_I16BE, space, dcpl);
        read_both(&t, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, 80);
        close_twin(&t);
        open_twin(&t, (zh_format)format, padded, space, text);
        read_both(&t, padded, H5S_ALL, H5S_ALL, 60);
        close_twin(&t);
    }
    H5(H5Pclose(dcpl));
    H5(H5Pclose(text));
    H5(H5Tclose(padded));
    H5(H5Sclose(space));
}

static bool fail_at(void *payload)
{
    return (*(int *)payload)-- > 0;
}

/* Each allocation fails once; no string of the application is lost, and no id. */
static void out_of_memory(void **state)
{
    const hid_t space = H5Screate_simple(1, ten, NULL),
                type = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
    const hid_t number = H5T_NATIVE_DOUBLE;
    const char *words[10] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    twin t[2];

    (void)state;
    open_twin(&t[0], ZH_V3, type, space, H5P_DEFAULT);
    open_twin(&t[1], ZH_V3, H5T_STD_I16LE, space, H5P_DEFAULT);
    for (int which = 0; which < 2; which++) {
        const hid_t mem = which ? number : type;
        int n = 0, left, rc;

        do {
            char *got[10] = {0};

            left = n++;
            zh_alloc_set_hook(fail_at, &left);
            rc = write_ours(&t[which], mem, H5S_ALL, H5S_ALL, H5P_DEFAULT, words, NULL);
            if (rc == ZH_OK)
                rc = read_ours(&t[which], mem, H5S_ALL, H5S_ALL, H5P_DEFAULT, got, NULL);
            zh_alloc_set_hook(NULL, NULL);
            assert_true(rc == ZH_OK || rc == ZH_NOMEM);
            if (rc == ZH_OK && !which)
                H5(H5Dvlen_reclaim(type, space, H5P_DEFAULT, got));
        } while (rc != ZH_OK);
    }
    close_twin(&t[0]);
    close_twin(&t[1]);
    H5(H5Tclose(type));
    H5(H5Sclose(space));
}

static void cost(void **state)
{
    enum { N = 20000 };
    const hid_t space = H5Screate_simple(1, ten, NULL);
    int values[10] = {0};
    double best = 1e9;
    twin t;

    (void)state;
    open_twin(&t, ZH_V3, H5T_STD_I32LE, space, H5P_DEFAULT);
    write_both(&t, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, values);
    for (int round = 0; round < 10; round++) {
        const double start = harness_now();
        double each;

        for (int i = 0; i < N; i++)
            ZH(read_ours(&t, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values, &err));
        each = (harness_now() - start) / N;
        best = each < best ? each : best;
    }
    print_message("a read of ten integers: %.3f us\n", best);
    close_twin(&t);
    H5(H5Sclose(space));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(numbers),          TEST(strips),        TEST(booleans_and_enums),
                                       TEST(complex_numbers),  TEST(fixed_strings), TEST(text_that_zarr_cannot_hold),
                                       TEST(variable_strings), TEST(own_allocator), TEST(edges),
                                       TEST(fill_values),      TEST(out_of_memory), TEST(cost)};

    return cmocka_run_group_tests(tests, open_all, close_all);
}
