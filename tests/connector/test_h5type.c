/* test_h5type.c - datatypes: captured, made again, written as JSON and read back. */
#include "harness.h"

#include "base/alloc.h"
#include "h5type.h"

/* Whatever the type: it comes back equal from the struct, and the struct from its JSON. */
static void check_round_trip(hid_t id)
{
    zh_buf text = ZH_BUF_INIT(1 << 20);
    zvol_type type, copy, parsed;
    zh_json *json;
    zh_jsonw w;
    hid_t made;

    ZH(zvol_type_capture(&type, id, &err));
    made = zvol_type_make(&type, NULL);
    H5(made);
    assert_true(H5Tequal(id, made) > 0);
    H5(H5Tclose(made));

    zh_jsonw_init(&w, &text, NULL);
    zvol_type_format(&w, &type);
    assert_int_equal(zh_jsonw_finish(&w), ZH_OK);
    ZH(zh_json_parse(&json, (const char *)text.ptr, text.len, &err));
    ZH(zvol_type_parse(&parsed, json, &err));
    if (!zvol_type_equal(&type, &parsed))
        fail_msg("not the same after %s", harness_text(&text));
    ZH(zvol_type_copy(&copy, &type, &err));
    assert_true(zvol_type_equal(&copy, &type));

    zvol_type_dispose(&copy);
    zvol_type_dispose(&parsed);
    zvol_type_dispose(&type);
    zh_json_free(json);
    zh_buf_dispose(&text);
}

/* What the stored Zarr type alone tells: equal says whether that is the type itself. */
static void check_stored(hid_t id, zh_format format, zh_kind kind, uint32_t size, bool equal)
{
    zvol_type type, inferred;
    zh_dtype stored;

    ZH(zvol_type_capture(&type, id, &err));
    ZH(zvol_type_stored(&stored, &type, format, &err));
    assert_int_equal(stored.kind, kind);
    assert_int_equal(stored.size, size);
    ZH(zh_dtype_check(&stored, &err));
    ZH(zvol_type_infer(&inferred, &stored, &err));
    assert_int_equal(zvol_type_equal(&type, &inferred), equal);
    zvol_type_dispose(&type);
}

static void check_refused(hid_t id, const char *text)
{
    zvol_type type;

    H5(id);
    ZH_FAILS(ZH_UNSUPPORTED, text, zvol_type_capture(&type, id, &err));
    H5(H5Tclose(id));
}

static hid_t make_float(hid_t base, size_t size, size_t spos, size_t epos, size_t esize, size_t msize, size_t bias)
{
    hid_t id = H5Tcopy(base);

    H5(H5Tset_fields(id, spos, epos, esize, 0, msize));
    H5(H5Tset_size(id, size));
    H5(H5Tset_ebias(id, bias));
    return id;
}

static void numbers(void **state)
{
    const hid_t ids[] = {
        H5T_STD_I8LE,     H5T_STD_I8BE,      H5T_STD_I16LE,    H5T_STD_I16BE,    H5T_STD_I32LE,    H5T_STD_I32BE,
        H5T_STD_I64LE,    H5T_STD_I64BE,     H5T_STD_U8LE,     H5T_STD_U8BE,     H5T_STD_U16LE,    H5T_STD_U16BE,
        H5T_STD_U32LE,    H5T_STD_U32BE,     H5T_STD_U64LE,    H5T_STD_U64BE,    H5T_STD_B8LE,     H5T_STD_B8BE,
        H5T_STD_B16LE,    H5T_STD_B16BE,     H5T_STD_B32LE,    H5T_STD_B32BE,    H5T_STD_B64LE,    H5T_STD_B64BE,
        H5T_IEEE_F32LE,   H5T_IEEE_F32BE,    H5T_IEEE_F64LE,   H5T_IEEE_F64BE,   H5T_NATIVE_CHAR,  H5T_NATIVE_SCHAR,
        H5T_NATIVE_UCHAR, H5T_NATIVE_SHORT,  H5T_NATIVE_INT,   H5T_NATIVE_LONG,  H5T_NATIVE_LLONG, H5T_NATIVE_ULLONG,
        H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE, H5T_NATIVE_HBOOL, H5T_NATIVE_HSIZE, H5T_NATIVE_B32};

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        check_round_trip(ids[i]);
}

static void halves(void **state)
{
    const hid_t le = make_float(H5T_IEEE_F32LE, 2, 15, 10, 5, 10, 15);
    const hid_t be = make_float(H5T_IEEE_F32BE, 2, 15, 10, 5, 10, 15);

    (void)state;
    check_round_trip(le);
    check_round_trip(be);
    check_stored(le, ZH_V3, ZH_K_FLOAT, 2, true);
#ifdef H5T_IEEE_F16LE
    assert_true(H5Tequal(le, H5T_IEEE_F16LE) > 0);
    check_round_trip(H5T_IEEE_F16LE);
    check_round_trip(H5T_IEEE_F16BE);
#endif
    H5(H5Tclose(le));
    H5(H5Tclose(be));
}

static void stored_types(void **state)
{
    (void)state;
    for (int f = ZH_V2; f <= ZH_V3; f++) {
        const zh_format format = (zh_format)f;

        check_stored(H5T_STD_I8LE, format, ZH_K_INT, 1, true);
        check_stored(H5T_STD_I8BE, format, ZH_K_INT, 1, false);
        check_stored(H5T_STD_I64BE, format, ZH_K_INT, 8, true);
        check_stored(H5T_STD_U16LE, format, ZH_K_UINT, 2, true);
        check_stored(H5T_IEEE_F64BE, format, ZH_K_FLOAT, 8, true);
        check_stored(H5T_STD_B32LE, format, ZH_K_UINT, 4, false);
    }
}

static hid_t make_string(size_t size, H5T_str_t pad, H5T_cset_t cset)
{
    hid_t id = H5Tcopy(H5T_C_S1);

    H5(H5Tset_size(id, size));
    H5(H5Tset_strpad(id, pad));
    H5(H5Tset_cset(id, cset));
    return id;
}

static void strings(void **state)
{
    static const size_t sizes[] = {1, 8, 1000, H5T_VARIABLE};

    (void)state;
    for (int pad = H5T_STR_NULLTERM; pad <= H5T_STR_SPACEPAD; pad++)
        for (int cset = H5T_CSET_ASCII; cset <= H5T_CSET_UTF8; cset++)
            for (size_t i = 0; i < 4; i++) {
                const hid_t id = make_string(sizes[i], (H5T_str_t)pad, (H5T_cset_t)cset);
                const bool variable = sizes[i] == H5T_VARIABLE;
                const uint32_t size = variable ? 0 : (uint32_t)sizes[i];

                check_round_trip(id);
                check_stored(id, ZH_V3, ZH_K_STRING, 0, variable && pad == H5T_STR_NULLTERM && cset == H5T_CSET_UTF8);
                check_stored(id, ZH_V2, variable ? ZH_K_STRING : ZH_K_BYTES, size,
                             variable ? pad == H5T_STR_NULLTERM && cset == H5T_CSET_UTF8
                                      : pad == H5T_STR_NULLPAD && cset == H5T_CSET_ASCII);
                H5(H5Tclose(id));
            }
}

static hid_t make_enum(hid_t base, const int64_t *values, int n)
{
    const hid_t id = H5Tenum_create(base);
    char name[24];

    for (int i = 0; i < n; i++) {
        uint8_t value[8];

        memcpy(value, &values[i], 8);
        H5(H5Tconvert(H5T_NATIVE_INT64, base, 1, value, NULL, H5P_DEFAULT));
        snprintf(name, sizeof(name), "member \"%d\"", i);
        H5(H5Tenum_insert(id, name, value));
    }
    return id;
}

static void enums(void **state)
{
    static const int64_t small[] = {-128, 127, 0, -1}, large[] = {INT64_MIN, INT64_MAX, -1, 0};
    static const int64_t naturals[] = {0, 200, 1};
    const hid_t ids[] = {make_enum(H5T_STD_I8LE, small, 4),    make_enum(H5T_STD_I8BE, small, 4),
                         make_enum(H5T_STD_I16BE, small, 4),   make_enum(H5T_STD_I32LE, small, 3),
                         make_enum(H5T_STD_I64LE, large, 4),   make_enum(H5T_STD_I64BE, large, 4),
                         make_enum(H5T_STD_U8LE, naturals, 3), make_enum(H5T_STD_U64BE, naturals, 3),
                         make_enum(H5T_NATIVE_INT, small, 1)};
    hid_t largest = H5Tenum_create(H5T_STD_U64LE);
    uint64_t all = UINT64_MAX;

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        check_round_trip(ids[i]);
        check_stored(ids[i], ZH_V3, i == 6 || i == 7 ? ZH_K_UINT : ZH_K_INT, (uint32_t)H5Tget_size(ids[i]), false);
        H5(H5Tclose(ids[i]));
    }
    H5(H5Tenum_insert(largest, "all", &all));
    check_round_trip(largest);
    H5(H5Tclose(largest));
}

static hid_t make_bool(hid_t base, const char *no, const char *yes)
{
    const hid_t id = H5Tenum_create(base);
    int8_t value = 0;

    H5(H5Tenum_insert(id, no, &value));
    value = 1;
    H5(H5Tenum_insert(id, yes, &value));
    return id;
}

static void booleans(void **state)
{
    const hid_t h5py = make_bool(H5T_NATIVE_INT8, "FALSE", "TRUE"), big = make_bool(H5T_STD_I8BE, "FALSE", "TRUE");
    const hid_t named = make_bool(H5T_NATIVE_INT8, "False", "True"),
                natural = make_bool(H5T_NATIVE_UINT8, "FALSE", "TRUE");
    zvol_type t;

    (void)state;
    ZH(zvol_type_capture(&t, h5py, &err));
    assert_int_equal(t.cls, ZVOL_T_BOOL);
    assert_null(t.members);
    check_round_trip(h5py);
    check_round_trip(big);
    check_round_trip(named);
    check_round_trip(natural);
    check_stored(h5py, ZH_V3, ZH_K_BOOL, 1, true);
    check_stored(big, ZH_V3, ZH_K_BOOL, 1, false);
    check_stored(named, ZH_V3, ZH_K_INT, 1, false);
    check_stored(natural, ZH_V3, ZH_K_UINT, 1, false);
    H5(H5Tclose(h5py));
    H5(H5Tclose(big));
    H5(H5Tclose(named));
    H5(H5Tclose(natural));
}

static hid_t make_pair(hid_t part, const char *first, const char *second, size_t gap)
{
    const size_t size = H5Tget_size(part);
    const hid_t id = H5Tcreate(H5T_COMPOUND, 2 * size + gap);

    H5(H5Tinsert(id, first, 0, part));
    H5(H5Tinsert(id, second, size + gap, part));
    return id;
}

static void complex_numbers(void **state)
{
    const hid_t parts[] = {H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const hid_t id = make_pair(parts[i], "r", "i", 0);

        check_round_trip(id);
        check_stored(id, ZH_V3, ZH_K_COMPLEX, i < 2 ? 8 : 16, true);
        check_stored(id, ZH_V2, ZH_K_COMPLEX, i < 2 ? 8 : 16, true);
        H5(H5Tclose(id));
    }
    check_refused(make_pair(H5T_IEEE_F32LE, "i", "r", 0), "compound types are not supported yet: 2 members, 8 bytes");
    check_refused(make_pair(H5T_IEEE_F32LE, "r", "i", 4), "compound");
    check_refused(make_pair(H5T_STD_I32LE, "r", "i", 0), "compound");
}

static void refused_types(void **state)
{
    const hsize_t dims[] = {3};
    hid_t id = H5Tcopy(H5T_STD_I32LE), bad = H5Tenum_create(H5T_STD_I8LE);
    const char *latin = "gr\xfcn";
    char value = 1;

    (void)state;
    H5(H5Tset_precision(id, 12));
    check_refused(id, "32-bit integer of precision 12");
    check_refused(H5Tcreate(H5T_OPAQUE, 7), "opaque types are not supported yet: 7 bytes");
    check_refused(H5Tarray_create2(H5T_STD_I32LE, 1, dims), "array types");
    check_refused(H5Tvlen_create(H5T_STD_I32LE), "variable-length sequences");
    check_refused(H5Tcopy(H5T_STD_REF_OBJ), "references");
    check_refused(H5Tcopy(H5T_STD_REF), "references");
    check_refused(H5Tcopy(H5T_UNIX_D32LE), "time");
    check_refused(H5Tcopy(H5T_NATIVE_LDOUBLE), "float of precision");
    check_refused(H5Tcopy(H5T_VAX_F64), "VAX");
    check_refused(make_float(H5T_IEEE_F32LE, 2, 15, 7, 8, 7, 127),
                  "16-bit float of precision 16 with an exponent of 8 bits");
    check_refused(make_float(H5T_IEEE_F32LE, 4, 31, 23, 8, 23, 100), "32-bit float");
    H5(H5Tenum_insert(bad, latin, &value));
    check_refused(bad, "UTF-8");
    check_refused(H5Tenum_create(H5T_STD_I8LE), "enum of 0 members");
}

static void not_a_type(void **state)
{
    zvol_type t;
    hid_t space = H5Screate(H5S_SCALAR);

    (void)state;
    H5E_BEGIN_TRY
    {
        ZH_FAILS(ZH_INVALID, "not a datatype", zvol_type_capture(&t, space, &err));
    }
    H5E_END_TRY
    H5(H5Sclose(space));
}

static void committed_types(void **state)
{
    const hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
    hid_t file, id = H5Tcopy(H5T_STD_U16BE);
    zvol_type a, b;

    (void)state;
    H5(H5Pset_fapl_core(fapl, 1 << 16, 0));
    file = H5Fcreate("test_h5type.h5", H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
    H5(H5Tcommit2(file, "t", id, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    ZH(zvol_type_capture(&a, id, &err));
    ZH(zvol_type_capture(&b, H5T_STD_U16BE, &err));
    assert_true(zvol_type_equal(&a, &b));
    H5(H5Tclose(id));
    H5(H5Fclose(file));
    H5(H5Pclose(fapl));
}

static void hostile_text(void **state)
{
    static const char *const refused[] = {
        "null",
        "5",
        "{}",
        "[]",
        "\"H5T_STD_I24LE\"",
        "\"H5T_STD_I8\"",
        "\"H5T_IEEE_F8LE\"",
        "\"\"",
        "{\"class\":\"H5T_ARRAY\"}",
        "{\"class\":\"H5T_STRING\"}",
        "{\"class\":\"H5T_STRING\",\"charSet\":\"H5T_CSET_ASCII\",\"strPad\":\"H5T_STR_NULLPAD\",\"length\":0}",
        "{\"class\":\"H5T_STRING\",\"charSet\":\"H5T_CSET_ASCII\",\"strPad\":\"H5T_STR_NULLPAD\",\"length\":-1}",
        "{\"class\":\"H5T_STRING\",\"charSet\":\"H5T_CSET_ASCII\",\"strPad\":\"H5T_STR_NULLPAD\",\"length\":"
        "4294967296}",
        "{\"class\":\"H5T_STRING\",\"charSet\":3,\"strPad\":\"H5T_STR_NULLPAD\",\"length\":4}",
        "{\"class\":\"H5T_ENUM\",\"base\":\"H5T_IEEE_F32LE\",\"members\":[{\"name\":\"a\",\"value\":0}]}",
        "{\"class\":\"H5T_ENUM\",\"base\":\"H5T_STD_I8LE\",\"members\":[]}",
        "{\"class\":\"H5T_ENUM\",\"base\":\"H5T_STD_I8LE\",\"members\":{}}",
        "{\"class\":\"H5T_ENUM\",\"base\":\"H5T_STD_I8LE\",\"members\":[1,2]}",
        "{\"class\":\"H5T_ENUM\",\"base\":\"H5T_STD_I8LE\",\"members\":[{\"name\":\"\",\"value\":0}]}",
        "{\"class\":\"H5T_ENUM\",\"base\":\"H5T_STD_I8LE\",\"members\":[{\"name\":\"a\",\"value\":128}]}",
        "{\"class\":\"H5T_ENUM\",\"base\":\"H5T_STD_U8LE\",\"members\":[{\"name\":\"a\",\"value\":-1}]}",
        "{\"class\":\"H5T_ENUM\",\"base\":\"H5T_STD_I8LE\",\"members\":[{\"name\":\"a\",\"value\":0},{\"name\":\"a\","
        "\"value\":1}]}",
        "{\"class\":\"H5T_ENUM\",\"base\":\"H5T_STD_I8LE\",\"members\":[{\"name\":\"a\",\"value\":0},{\"name\":\"b\","
        "\"value\":0}]}",
        "{\"class\":\"H5T_COMPOUND\",\"size\":8,\"fields\":[]}",
        "{\"class\":\"H5T_COMPOUND\",\"size\":8,\"fields\":[{\"name\":\"r\",\"offset\":0,\"type\":\"H5T_IEEE_F32LE\"},{"
        "\"name\":\"i\",\"offset\":4,\"type\":\"H5T_IEEE_F32BE\"}]}"};

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        zvol_type t;
        zh_json *j;

        ZH(zh_json_parse(&j, refused[i], strlen(refused[i]), &err));
        if (zvol_type_parse(&t, j, NULL) != ZH_UNSUPPORTED)
            fail_msg("taken: %s", refused[i]);
        assert_null(t.members);
        zh_json_free(j);
    }
}

static void long_form(void **state)
{
    const char *text = "{\"class\":\"H5T_INTEGER\",\"base\":\"H5T_STD_U16BE\"}";
    zvol_type t, expected;
    zh_json *j;

    (void)state;
    ZH(zh_json_parse(&j, text, strlen(text), &err));
    ZH(zvol_type_parse(&t, j, &err));
    ZH(zvol_type_capture(&expected, H5T_STD_U16BE, &err));
    assert_true(zvol_type_equal(&t, &expected));
    zh_json_free(j);
}

static bool fail_at(void *payload)
{
    return (*(int *)payload)-- > 0;
}

/* Each allocation fails once; nothing is left behind (the sanitizers say so). */
static void out_of_memory(void **state)
{
    static const int64_t values[] = {1, 2, 3, 4};
    const hid_t id = make_enum(H5T_STD_I16LE, values, 4);
    int n = 0, left, rc;

    (void)state;
    do {
        zvol_type t, copy;

        left = n++;
        zh_alloc_set_hook(fail_at, &left);
        rc = zvol_type_capture(&t, id, NULL);
        if (rc == ZH_OK) {
            rc = zvol_type_copy(&copy, &t, NULL);
            if (rc == ZH_OK)
                zvol_type_dispose(&copy);
        }
        zvol_type_dispose(&t);
        zh_alloc_set_hook(NULL, NULL);
        assert_true(rc == ZH_OK || rc == ZH_NOMEM);
    } while (rc != ZH_OK);
    assert_true(n > 9);
    H5(H5Tclose(id));
}

static void cost(void **state)
{
    const struct {
        const char *name;
        hid_t id;
    } cases[] = {
        {"int32", H5T_STD_I32LE}, {"float32", H5T_IEEE_F32LE}, {"float64", H5T_NATIVE_DOUBLE}, {"string", H5T_C_S1}};
    enum { N = 200000 };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        double start = harness_now();
        zvol_type t;

        for (int k = 0; k < N; k++)
            ZH(zvol_type_capture(&t, cases[i].id, &err));
        print_message("capture of %s: %.3f us\n", cases[i].name, (harness_now() - start) / N);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers),      TEST(halves),          TEST(stored_types),  TEST(strings),    TEST(enums),
        TEST(booleans),     TEST(complex_numbers), TEST(refused_types), TEST(not_a_type), TEST(committed_types),
        TEST(hostile_text), TEST(long_form),       TEST(out_of_memory), TEST(cost)};

    return cmocka_run_group_tests(tests, harness_open, NULL);
}
