/* test_h5value.c - attribute values to JSON and back, and what is made of JSON that others wrote. */
#include "harness.h"

#include "h5conv.h"
#include "h5elem.h"
#include "h5value.h"

#include <float.h>
#include <math.h>

/* A form of rank dims, from an HDF5 type that is closed here. */
static zvol_attr_form make_form(hid_t type, int rank, const hsize_t *dims)
{
    const hid_t space = rank < 0    ? H5Screate(H5S_NULL)
                        : rank == 0 ? H5Screate(H5S_SCALAR)
                                    : H5Screate_simple(rank, dims, NULL);
    zvol_attr_form f;

    ZH(zvol_attr_form_capture(&f, type, space, &err));
    H5(H5Sclose(space));
    return f;
}

static bool same_form(const zvol_attr_form *a, const zvol_attr_form *b)
{
    if (!zvol_type_equal(&a->type, &b->type) || a->null_space != b->null_space || a->rank != b->rank)
        return false;
    return a->rank == 0 || memcmp(a->dims, b->dims, a->rank * sizeof(a->dims[0])) == 0;
}

static bool same_data(const zvol_attr_form *f, const void *a, const void *b)
{
    const size_t n = zvol_attr_form_npoints(f);
    char *const *s = a, *const *t = b;

    if (f->type.cls != ZVOL_T_VSTRING)
        return n == 0 || memcmp(a, b, n * f->type.size) == 0;
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i] ? s[i] : "", t[i] ? t[i] : "") != 0)
            return false;
    return true;
}

/* Formats, infers and reads back: form and bytes must be the same. json and h5: what must be written, NULL for
 * anything; h5 "": nothing. */
static void check_value(zvol_attr_form *f, const void *data, const char *json, const char *h5)
{
    zh_buf value = ZH_BUF_INIT(1 << 24), entry = ZH_BUF_INIT(1 << 24);
    void *back = calloc(zvol_attr_form_npoints(f) + 1, f->type.size);
    zvol_attr_form found;
    const char *text;

    ZH(zvol_value_format(&value, f, data, &err));
    ZH(zvol_attr_form_format(&entry, f, data, &err));
    text = entry.len ? harness_text(&entry) : NULL;
    if (json)
        assert_string_equal(harness_text(&value), json);
    if (h5)
        assert_string_equal(text ? text : "", h5);
    ZH(zvol_attr_form_infer(&found, harness_text(&value), text, &err));
    if (!same_form(f, &found))
        fail_msg("another form from %s, %s", harness_text(&value), text ? text : "nothing");
    ZH(zvol_value_parse(back, &found, harness_text(&value), text, &err));
    if (!same_data(f, data, back))
        fail_msg("another value from %s, %s", harness_text(&value), text ? text : "nothing");
    zvol_value_free(back, &found);
    free(back);
    zvol_attr_form_dispose(&found);
    zvol_attr_form_dispose(f);
    zh_buf_dispose(&value);
    zh_buf_dispose(&entry);
}

#define CHECK(type, rank, dims, data, json, h5)                                                                        \
    do {                                                                                                               \
        zvol_attr_form f_ = make_form((type), (rank), (dims));                                                         \
        check_value(&f_, (data), (json), (h5));                                                                        \
    } while (0)

static const hsize_t one[] = {1}, two[] = {2}, three[] = {3}, square[] = {2, 2}, empty[] = {0, 3}, ones[] = {1, 1, 1};

static hid_t string_type(size_t size, H5T_str_t pad, H5T_cset_t cset)
{
    const hid_t id = H5Tcopy(H5T_C_S1);

    H5(H5Tset_size(id, size));
    H5(H5Tset_strpad(id, pad));
    H5(H5Tset_cset(id, cset));
    return id;
}

static void integers(void **state)
{
    const int64_t extremes[] = {INT64_MIN, INT64_MAX, 0, -1}, five = 5;
    const uint64_t huge[] = {UINT64_MAX, 0, (uint64_t)INT64_MAX + 1};
    const int8_t small[] = {-128, 127, 0};
    const uint16_t swapped[] = {0x0100, 0xffff, 0};
    const hsize_t line[] = {1, 3}, column[] = {3, 1};

    (void)state;
    CHECK(H5T_STD_I64LE, 0, NULL, &five, "5", "");
    CHECK(H5T_STD_I64LE, 1, one, &five, "5", "\"shape\":[1]");
    CHECK(H5T_STD_I64LE, 3, ones, &five, "5", "\"shape\":[1,1,1]");
    CHECK(H5T_STD_I64LE, 1, two, extremes, "[-9223372036854775808,9223372036854775807]", "");
    CHECK(H5T_STD_I64LE, 2, square, extremes, "[[-9223372036854775808,9223372036854775807],[0,-1]]", "");
    CHECK(H5T_STD_I64LE, 2, line, extremes, "[[-9223372036854775808,9223372036854775807,0]]", "");
    CHECK(H5T_STD_I64LE, 2, column, extremes, "[[-9223372036854775808],[9223372036854775807],[0]]", "");
    CHECK(H5T_STD_U64LE, 1, three, huge, "[18446744073709551615,0,9223372036854775808]", "\"type\":\"H5T_STD_U64LE\"");
    CHECK(H5T_STD_U64LE, 0, NULL, huge, "18446744073709551615", "\"type\":\"H5T_STD_U64LE\"");
    CHECK(H5T_STD_I8LE, 1, three, small, "[-128,127,0]", "\"type\":\"H5T_STD_I8LE\"");
    CHECK(H5T_STD_U16BE, 1, three, swapped, "[1,65535,0]", "\"type\":\"H5T_STD_U16BE\"");
    CHECK(H5T_STD_I64BE, 0, NULL, extremes, "128", "\"type\":\"H5T_STD_I64BE\"");
    CHECK(H5T_STD_B8LE, 0, NULL, small, "128", "\"type\":\"H5T_STD_B8LE\"");
}

static void doubles(void **state)
{
    const double plain[] = {1.0, 0.1, -0.0, DBL_MAX}, tiny[] = {DBL_TRUE_MIN, DBL_MIN, 1.0 / 3.0, 1e22};
    const double odd[] = {(double)INFINITY, -(double)INFINITY}, nan_value = (double)NAN;
    const uint64_t payload[] = {0x7ff8000000000001u, 0xfff8000000000000u};

    (void)state;
    CHECK(H5T_IEEE_F64LE, 0, NULL, plain, "1.0", "");
    CHECK(H5T_IEEE_F64LE, 1, one, plain, "1.0", "\"shape\":[1]");
    CHECK(H5T_IEEE_F64LE, 2, square, plain, "[[1.0,0.1],[-0.0,1.7976931348623157e+308]]", "");
    CHECK(H5T_IEEE_F64LE, 2, square, tiny, NULL, "");
    CHECK(H5T_IEEE_F64LE, 1, two, odd, "[\"Infinity\",\"-Infinity\"]", "\"type\":\"H5T_IEEE_F64LE\"");
    CHECK(H5T_IEEE_F64LE, 0, NULL, &nan_value, "\"NaN\"", "\"type\":\"H5T_IEEE_F64LE\"");
    CHECK(H5T_IEEE_F64LE, 1, two, payload, "[\"NaN\",\"NaN\"]",
          "\"type\":\"H5T_IEEE_F64LE\",\"raw\":\"AQAAAAAA+H8AAAAAAAD4/w==\"");
    CHECK(H5T_IEEE_F64BE, 0, NULL, plain, NULL, "\"type\":\"H5T_IEEE_F64BE\"");
}

static void floats(void **state)
{
    const float plain[] = {0.1f, FLT_MAX, FLT_TRUE_MIN}, sixteen = 16777216.0f;
    const uint32_t payload = 0x7f800001;
    uint64_t seed = 7;

    (void)state;
    CHECK(H5T_IEEE_F32LE, 1, three, plain, "[0.1,3.4028235e+38,1e-45]", "\"type\":\"H5T_IEEE_F32LE\"");
    CHECK(H5T_IEEE_F32LE, 0, NULL, &sixteen, NULL, NULL);
    CHECK(H5T_IEEE_F32LE, 0, NULL, &payload, "\"NaN\"", NULL);
    for (int i = 0; i < 5000; i++) {
        const uint32_t bits = (uint32_t)harness_random(&seed);

        CHECK(H5T_IEEE_F32LE, 0, NULL, &bits, NULL, NULL);
    }
}

static hid_t half_type(void)
{
    const hid_t id = H5Tcopy(H5T_IEEE_F32LE);

    H5(H5Tset_fields(id, 15, 10, 5, 0, 10));
    H5(H5Tset_size(id, 2));
    H5(H5Tset_ebias(id, 15));
    return id;
}

/* Every half there is: value and bits, and the digits of some. */
static void halves(void **state)
{
    const hid_t id = half_type();
    const uint16_t tenth = 0x2e66, largest = 0x7bff, smallest = 1, third = 0x3555;
    hsize_t all[] = {65536};
    uint16_t *values = malloc(65536 * sizeof(*values));

    (void)state;
    for (unsigned i = 0; i < 65536; i++) {
        values[i] = (uint16_t)i;
        if (!isnan(zvol_float_value(i, 2)))
            assert_int_equal(zvol_float_bits(zvol_float_value(i, 2), 2), i);
    }
    CHECK(id, 1, all, values, NULL, NULL);
    CHECK(id, 0, NULL, &tenth, "0.1", NULL);
    CHECK(id, 0, NULL, &largest, "65504.0", NULL);
    CHECK(id, 0, NULL, &smallest, "6e-08", NULL);
    CHECK(id, 0, NULL, &third, "0.3333", NULL);
    assert_int_equal(zvol_float_bits(65519.99, 2), 0x7bff);
    assert_int_equal(zvol_float_bits(65520.0, 2), 0x7c00);
    assert_int_equal(zvol_float_bits(ldexp(1.0, -25), 2), 0); /* a tie, to even */
    assert_int_equal(zvol_float_bits(ldexp(1.0, -25) * 1.001, 2), 1);
    assert_int_equal(zvol_float_bits(1.0 + ldexp(1.0, -11), 2), 0x3c00);
    free(values);
    H5(H5Tclose(id));
}

static void booleans(void **state)
{
    const hid_t id = H5Tenum_create(H5T_NATIVE_INT8);
    const int8_t no = 0, yes = 1;
    const uint8_t both[] = {1, 0}, odd[] = {2, 0};

    (void)state;
    H5(H5Tenum_insert(id, "FALSE", &no));
    H5(H5Tenum_insert(id, "TRUE", &yes));
    CHECK(id, 0, NULL, &yes, "true", "");
    CHECK(id, 1, two, both, "[true,false]", "");
    CHECK(id, 1, two, odd, "[true,false]", "\"raw\":\"AgA=\"");
    H5(H5Tclose(id));
}

static void enums(void **state)
{
    const hid_t id = H5Tenum_create(H5T_STD_I16LE);
    const int16_t red = -5, values[] = {-5, 7};

    (void)state;
    H5(H5Tenum_insert(id, "RED", &red));
    CHECK(id, 1, two, values, "[-5,7]",
          "\"type\":{\"class\":\"H5T_ENUM\",\"base\":\"H5T_STD_I16LE\",\"members\":[{\"name\":\"RED\",\"value\":-5}]}");
    H5(H5Tclose(id));
}

static void complex_numbers(void **state)
{
    const hid_t id = H5Tcreate(H5T_COMPOUND, 16), le = H5T_IEEE_F64LE;
    const double values[] = {1.0, -2.5, (double)INFINITY, 0.0};

    (void)state;
    H5(H5Tinsert(id, "r", 0, le));
    H5(H5Tinsert(id, "i", 8, le));
    CHECK(id, 0, NULL, values, "[1.0,-2.5]", NULL);
    CHECK(id, 1, one, values, "[1.0,-2.5]", NULL);
    CHECK(id, 1, two, values, "[[1.0,-2.5],[\"Infinity\",0.0]]", NULL);
    H5(H5Tclose(id));
}

static void variable_strings(void **state)
{
    const hid_t utf8 = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8),
                ascii = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
    const char *words[] = {"a\"b\n", "\xc3\xa9", NULL, "NaN"}, *latin[] = {"gr\xfcn", ""};

    (void)state;
    CHECK(utf8, 0, NULL, words, "\"a\\\"b\\n\"", "");
    CHECK(utf8, 1, one, words, "\"a\\\"b\\n\"", "\"shape\":[1]");
    CHECK(utf8, 2, square, words, "[[\"a\\\"b\\n\",\"\xc3\xa9\"],[\"\",\"NaN\"]]", "");
    CHECK(ascii, 0, NULL, words, NULL,
          "\"type\":{\"class\":\"H5T_STRING\",\"charSet\":\"H5T_CSET_ASCII\",\"strPad\":\"H5T_STR_NULLTERM\","
          "\"length\":\"H5T_VARIABLE\"}");
    CHECK(utf8, 1, two, latin, "[\"gr\xef\xbf\xbdn\",\"\"]", "\"raw\":\"Z3L8bgAA\"");
    H5(H5Tclose(utf8));
    H5(H5Tclose(ascii));
}

static void fixed_strings(void **state)
{
    const hid_t term = string_type(4, H5T_STR_NULLTERM, H5T_CSET_ASCII),
                null = string_type(4, H5T_STR_NULLPAD, H5T_CSET_ASCII);
    const hid_t space = string_type(4, H5T_STR_SPACEPAD, H5T_CSET_UTF8);

    (void)state;
    CHECK(term, 0, NULL, "ab\0\0", "\"ab\"",
          "\"type\":{\"class\":\"H5T_STRING\",\"charSet\":\"H5T_CSET_ASCII\",\"strPad\":\"H5T_STR_NULLTERM\","
          "\"length\":4}");
    CHECK(term, 0, NULL, "abcd", "\"abcd\"", NULL);
    CHECK(term, 0, NULL, "\0\0\0\0", "\"\"", NULL);
    CHECK(null, 1, two, "a\0\0\0abcd", "[\"a\",\"abcd\"]", NULL);
    CHECK(null, 0, NULL, "a\0b\0", "\"a\"", NULL); /* raw */
    CHECK(space, 1, two, "a b     ", "[\"a b\",\"\"]", NULL);
    CHECK(space, 0, NULL, "\xff   ", "\"\xef\xbf\xbd\"", NULL);
    H5(H5Tclose(term));
    H5(H5Tclose(null));
    H5(H5Tclose(space));
}

static void no_elements(void **state)
{
    const hid_t utf8 = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);

    (void)state;
    CHECK(H5T_IEEE_F64LE, 2, empty, NULL, "[]", "\"type\":\"H5T_IEEE_F64LE\",\"shape\":[0,3]");
    CHECK(utf8, 2, empty, NULL, "[]", NULL);
    CHECK(H5T_IEEE_F64LE, -1, NULL, NULL, "null", "\"type\":\"H5T_IEEE_F64LE\",\"space\":\"H5S_NULL\"");
    CHECK(utf8, -1, NULL, NULL, "null", NULL);
    H5(H5Tclose(utf8));
}

/* Data NULL: an attribute that was created and never written. */
static void unwritten(void **state)
{
    const hid_t text = string_type(3, H5T_STR_SPACEPAD, H5T_CSET_ASCII),
                utf8 = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
    zh_buf json = ZH_BUF_INIT(1000), h5 = ZH_BUF_INIT(1000);
    const hid_t types[] = {H5T_IEEE_F64LE, H5T_STD_I8LE, text, utf8};
    const char *expected[] = {"[0.0,0.0]", "[0,0]", "[\"\",\"\"]", "[\"\",\"\"]"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        zvol_attr_form f = make_form(types[i], 1, two);

        json.len = 0;
        ZH(zvol_value_format(&json, &f, NULL, &err));
        assert_string_equal(harness_text(&json), expected[i]);
        ZH(zvol_attr_form_format(&h5, &f, NULL, &err));
        zvol_attr_form_dispose(&f);
        h5.len = 0;
    }
    zh_buf_dispose(&json);
    zh_buf_dispose(&h5);
    H5(H5Tclose(text));
    H5(H5Tclose(utf8));
}

/* What others wrote, without an entry. */
static void foreign(void **state)
{
    static const struct {
        const char *json;
        zvol_tclass cls;
        uint32_t size;
        unsigned rank;
        size_t npoints;
        const char *text; /* of a scalar string */
    } cases[] = {{"5", ZVOL_T_INT, 8, 0, 1, NULL},
                 {"-9223372036854775808", ZVOL_T_INT, 8, 0, 1, NULL},
                 {"9223372036854775808", ZVOL_T_UINT, 8, 0, 1, NULL},
                 {"[1,18446744073709551615]", ZVOL_T_UINT, 8, 1, 2, NULL},
                 {"[-1,18446744073709551615]", ZVOL_T_VSTRING, 8, 0, 1, "[-1,18446744073709551615]"},
                 {"18446744073709551616", ZVOL_T_FLOAT, 8, 0, 1, NULL},
                 {"1.5", ZVOL_T_FLOAT, 8, 0, 1, NULL},
                 {"1e3", ZVOL_T_FLOAT, 8, 0, 1, NULL},
                 {"NaN", ZVOL_T_FLOAT, 8, 0, 1, NULL},
                 {"[1,2.5]", ZVOL_T_FLOAT, 8, 1, 2, NULL},
                 {"[1,NaN,-Infinity]", ZVOL_T_FLOAT, 8, 1, 3, NULL},
                 {"true", ZVOL_T_BOOL, 1, 0, 1, NULL},
                 {"[true,false]", ZVOL_T_BOOL, 1, 1, 2, NULL},
                 {"\"x\"", ZVOL_T_VSTRING, 8, 0, 1, "x"},
                 {"[\"a\",\"b\"]", ZVOL_T_VSTRING, 8, 1, 2, NULL},
                 {"[[1,2],[3,4],[5,6]]", ZVOL_T_INT, 8, 2, 6, NULL},
                 {"[[[1]]]", ZVOL_T_INT, 8, 3, 1, NULL},
                 {"[[1,2],[3]]", ZVOL_T_VSTRING, 8, 0, 1, "[[1,2],[3]]"},
                 {"[[1,2],3]", ZVOL_T_VSTRING, 8, 0, 1, "[[1,2],3]"},
                 {"[1,\"a\"]", ZVOL_T_VSTRING, 8, 0, 1, "[1,\"a\"]"},
                 {"[1,true]", ZVOL_T_VSTRING, 8, 0, 1, "[1,true]"},
                 {"[1.5,\"NaN\"]", ZVOL_T_VSTRING, 8, 0, 1, "[1.5,\"NaN\"]"},
                 {"[]", ZVOL_T_VSTRING, 8, 0, 1, "[]"},
                 {"[[]]", ZVOL_T_VSTRING, 8, 0, 1, "[[]]"},
                 {"[{\"a\":1}]", ZVOL_T_VSTRING, 8, 0, 1, "[{\"a\":1}]"},
                 {"{\"a\": [1, 2]}", ZVOL_T_VSTRING, 8, 0, 1, "{\"a\":[1,2]}"},
                 {"null", ZVOL_T_VSTRING, 8, 0, 1, "null"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zvol_attr_form f;
        void *data;

        ZH(zvol_attr_form_infer(&f, cases[i].json, NULL, &err));
        if (f.type.cls != cases[i].cls || f.type.size != cases[i].size || f.rank != cases[i].rank ||
            zvol_attr_form_npoints(&f) != cases[i].npoints)
            fail_msg("%s: class %d, size %u, rank %u", cases[i].json, f.type.cls, f.type.size, f.rank);
        data = malloc(cases[i].npoints * cases[i].size);
        ZH(zvol_value_parse(data, &f, cases[i].json, NULL, &err));
        if (cases[i].text)
            assert_string_equal(*(char **)data, cases[i].text);
        zvol_value_free(data, &f);
        free(data);
        zvol_attr_form_dispose(&f);
    }
}

/* An entry that does not fit the value is passed over. */
static void contradictions(void **state)
{
    static const struct {
        const char *json, *h5;
        zvol_tclass cls;
        unsigned rank;
    } cases[] = {{"300", "\"type\":\"H5T_STD_I8LE\"", ZVOL_T_INT, 0},
                 {"\"x\"", "\"type\":\"H5T_STD_I8LE\"", ZVOL_T_VSTRING, 0},
                 {"1.5", "\"type\":\"H5T_STD_I64BE\"", ZVOL_T_FLOAT, 0},
                 {"[1,2]", "\"shape\":[3]", ZVOL_T_INT, 1},
                 {"[1,2]", "\"shape\":[2,1]", ZVOL_T_INT, 1},
                 {"[1,2]", "\"shape\":[1]", ZVOL_T_INT, 1},
                 {"5", "\"shape\":[4294967296,4294967296,1]", ZVOL_T_INT, 0},
                 {"5", "\"shape\":[-1]", ZVOL_T_INT, 0},
                 {"5", "\"shape\":\"x\"", ZVOL_T_INT, 0},
                 {"5", "\"shape\":[0]", ZVOL_T_INT, 0},
                 {"5", "\"space\":\"H5S_NULL\"", ZVOL_T_INT, 0},
                 {"5", "\"type\":{\"class\":\"H5T_ARRAY\"}", ZVOL_T_INT, 0},
                 {"5", "\"type\":", ZVOL_T_INT, 0},
                 {"5", "}{", ZVOL_T_INT, 0},
                 {"\"longer\"",
                  "\"type\":{\"class\":\"H5T_STRING\",\"charSet\":\"H5T_CSET_ASCII\",\"strPad\":\"H5T_STR_NULLPAD\","
                  "\"length\":3}",
                  ZVOL_T_VSTRING, 0},
                 {"\"x\"",
                  "\"type\":{\"class\":\"H5T_STRING\",\"charSet\":\"H5T_CSET_ASCII\",\"strPad\":\"H5T_STR_NULLPAD\","
                  "\"length\":4294967295}",
                  ZVOL_T_VSTRING, 0},
                 {"[1,2,3]",
                  "\"type\":{\"class\":\"H5T_COMPOUND\",\"size\":8,\"fields\":[{\"name\":\"r\",\"offset\":0,\"type\":"
                  "\"H5T_IEEE_F32LE\"},{\"name\":\"i\",\"offset\":4,\"type\":\"H5T_IEEE_F32LE\"}]}",
                  ZVOL_T_INT, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zvol_attr_form f;
        char data[64];

        ZH(zvol_attr_form_infer(&f, cases[i].json, cases[i].h5, &err));
        if (f.type.cls != cases[i].cls || f.rank != cases[i].rank || f.null_space)
            fail_msg("%s, %s: class %d, rank %u", cases[i].json, cases[i].h5, f.type.cls, f.rank);
        assert_true(zvol_attr_form_npoints(&f) * f.type.size <= sizeof(data));
        ZH(zvol_value_parse(data, &f, cases[i].json, cases[i].h5, &err));
        zvol_value_free(data, &f);
        zvol_attr_form_dispose(&f);
    }
}

/* "raw" counts only while the value beside it is the one it was written with. */
static void edited_value(void **state)
{
    const char *h5 = "\"type\":\"H5T_IEEE_F64LE\",\"raw\":\"AQAAAAAA+H8=\"";
    zvol_attr_form f;
    uint64_t bits;

    (void)state;
    ZH(zvol_attr_form_infer(&f, "\"NaN\"", h5, &err));
    ZH(zvol_value_parse(&bits, &f, "\"NaN\"", h5, &err));
    assert_true(bits == 0x7ff8000000000001u);
    ZH(zvol_attr_form_infer(&f, "2.0", h5, &err));
    ZH(zvol_value_parse(&bits, &f, "2.0", h5, &err));
    assert_true(bits == 0x4000000000000000u);
    ZH(zvol_value_parse(&bits, &f, "\"NaN\"", "\"type\":\"H5T_IEEE_F64LE\",\"raw\":\"AQ\"", &err));
    assert_true(bits == 0x7ff8000000000000u);
}

/* The value must be of the form, whoever says what the form is. */
static void wrong_form(void **state)
{
    zvol_attr_form f = make_form(H5T_STD_I64LE, 1, two);
    char *words[2] = {NULL, NULL};
    int64_t data[2];
    const hid_t utf8 = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);

    (void)state;
    ZH_FAILS(ZH_CORRUPT, "not of the type and shape", zvol_value_parse(data, &f, "[1,2,3]", NULL, &err));
    ZH_FAILS(ZH_CORRUPT, "not of the type and shape", zvol_value_parse(data, &f, "[1,\"x\"]", NULL, &err));
    ZH_FAILS(ZH_CORRUPT, "", zvol_value_parse(data, &f, "[1,", NULL, &err));
    f = make_form(utf8, 1, two);
    ZH_FAILS(ZH_CORRUPT, "not of the type and shape", zvol_value_parse(words, &f, "[\"a\",2]", NULL, &err));
    assert_null(words[0]);
    H5(H5Tclose(utf8));
}

static void deep_nesting(void **state)
{
    char text[2 * 100 + 2];
    zvol_attr_form f;
    char *data[1];

    (void)state;
    memset(text, '[', 100);
    text[100] = '1';
    memset(text + 101, ']', 100);
    text[201] = '\0';
    ZH(zvol_attr_form_infer(&f, text, NULL, &err));
    assert_int_equal(f.type.cls, ZVOL_T_VSTRING);
    assert_int_equal(f.rank, 0);
    ZH(zvol_value_parse(data, &f, text, NULL, &err));
    assert_string_equal(data[0], text);
    zvol_value_free(data, &f);
}

/* Random entries beside random values never do harm (the sanitizers say so). */
static void random_text(void **state)
{
    static const char *const pieces[] = {"[",    "]",         "1",       "-2",    "1.5",           ",", "\"a\"", "true",
                                         "null", "{\"b\":1}", "\"NaN\"", "[1,2]", "[[1,2],[3,4]]", "[]"};
    static const char *const entries[] = {"\"type\":\"H5T_STD_I8LE\"",
                                          "\"type\":\"H5T_IEEE_F32BE\"",
                                          "\"shape\":[]",
                                          "\"shape\":[2]",
                                          "\"shape\":[2,2]",
                                          "\"shape\":[1,1]",
                                          "\"shape\":[0]",
                                          "\"shape\":null",
                                          "\"raw\":\"AAEC\"",
                                          "\"raw\":\"YQBiAA==\"",
                                          "\"corder\":3",
                                          "\"type\":{\"class\":\"H5T_STRING\",\"charSet\":\"H5T_CSET_UTF8\",\"strPad\":"
                                          "\"H5T_STR_NULLTERM\",\"length\":\"H5T_VARIABLE\"}",
                                          "\"type\":{\"class\":\"H5T_STRING\",\"charSet\":\"H5T_CSET_UTF8\",\"strPad\":"
                                          "\"H5T_STR_SPACEPAD\",\"length\":3}"};
    uint64_t seed = 1;
    int taken = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char json[400] = "", h5[800] = "";
        zvol_attr_form f;
        void *data;

        for (unsigned k = harness_below(&seed, 8) + 1; k > 0; k--)
            strcat(json, pieces[harness_below(&seed, sizeof(pieces) / sizeof(pieces[0]))]);
        for (unsigned k = harness_below(&seed, 4); k > 0; k--)
            strcat(strcat(h5, h5[0] ? "," : ""), entries[harness_below(&seed, sizeof(entries) / sizeof(entries[0]))]);
        if (zvol_attr_form_infer(&f, json, h5, NULL) != ZH_OK)
            continue;
        taken++;
        assert_true(zvol_attr_form_npoints(&f) <= strlen(json));
        data = malloc(zvol_attr_form_npoints(&f) * f.type.size + 1);
        if (zvol_value_parse(data, &f, json, h5, NULL) != ZH_OK)
            fail_msg("%s, %s: class %d, rank %u", json, h5, f.type.cls, f.rank);
        zvol_value_free(data, &f);
        free(data);
        zvol_attr_form_dispose(&f);
    }
    assert_true(taken > 1000);
}

/* H5Aread and H5Awrite: between the elements of the file and the application's. */
static void conversions(void **state)
{
    const hid_t complex_double = H5Tcreate(H5T_COMPOUND, 16), real = H5Tcreate(H5T_COMPOUND, 4);
    const hid_t text = string_type(4, H5T_STR_SPACEPAD, H5T_CSET_ASCII),
                longer = string_type(6, H5T_STR_NULLTERM, H5T_CSET_ASCII);
    const uint8_t big[] = {0x01, 0x00, 0xff, 0xfe};
    zvol_attr_form f = make_form(H5T_STD_I16BE, 1, two);
    double wide[2];
    float parts[2] = {5, 7};
    const int values[] = {-1, 300};
    uint8_t data[32];
    char words[13];

    (void)state;
    ZH(zvol_attr_to_mem(&f.type, 2, big, H5T_NATIVE_DOUBLE, wide, &err));
    assert_true(wide[0] == 256 && wide[1] == -2);
    ZH(zvol_attr_to_mem(&f.type, 2, big, H5T_STD_I16BE, data, &err));
    assert_memory_equal(data, big, 4);
    ZH(zvol_attr_from_mem(&f.type, 2, data, H5T_NATIVE_INT, values, &err));
    assert_memory_equal(data, "\xff\xff\x01\x2c", 4);
    ZH_FAILS(ZH_UNSUPPORTED, "no conversion", zvol_attr_to_mem(&f.type, 2, big, longer, words, &err));
    ZH_FAILS(ZH_INVALID, "no buffer", zvol_attr_to_mem(&f.type, 2, big, H5T_NATIVE_INT, NULL, &err));

    H5(H5Tinsert(complex_double, "r", 0, H5T_NATIVE_DOUBLE));
    H5(H5Tinsert(complex_double, "i", 8, H5T_NATIVE_DOUBLE));
    H5(H5Tinsert(real, "r", 0, H5T_NATIVE_FLOAT));
    f = make_form(complex_double, 0, NULL);
    ZH(zvol_attr_from_mem(&f.type, 1, data, real, parts, &err));
    memcpy(wide, data, sizeof(wide));
    assert_true(wide[0] == 5 && wide[1] == 0);
    wide[0] = 9;
    ZH(zvol_attr_to_mem(&f.type, 1, wide, real, parts, &err));
    assert_true(parts[0] == 9 && parts[1] == 7);

    f = make_form(text, 1, two);
    ZH(zvol_attr_to_mem(&f.type, 2, "ab  abcd", longer, words, &err));
    assert_memory_equal(words, "ab\0\0\0\0abcd\0\0", 12);
    H5(H5Tclose(complex_double));
    H5(H5Tclose(real));
    H5(H5Tclose(text));
    H5(H5Tclose(longer));
}

static void string_conversions(void **state)
{
    const hid_t utf8 = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8),
                ascii = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
    zvol_attr_form f = make_form(utf8, 1, two);
    const char *const words[] = {"a", NULL};
    char *got[2], *borrowed[2];

    (void)state;
    ZH(zvol_attr_to_mem(&f.type, 2, words, utf8, got, &err));
    assert_string_equal(got[0], "a");
    assert_string_equal(got[1], "");
    free(got[0]); /* the C library's, as applications expect */
    free(got[1]);
    ZH(zvol_attr_from_mem(&f.type, 2, borrowed, utf8, words, &err));
    assert_ptr_equal(borrowed[0], words[0]);
    ZH_FAILS(ZH_UNSUPPORTED, "character sets", zvol_attr_to_mem(&f.type, 2, words, ascii, got, &err));
    ZH_FAILS(ZH_UNSUPPORTED, "another memory type", zvol_attr_from_mem(&f.type, 2, got, H5T_NATIVE_LONG, words, &err));
    H5(H5Tclose(utf8));
    H5(H5Tclose(ascii));
}

static void cost(void **state)
{
    enum { N = 100000 };
    const hid_t space = H5Screate(H5S_SCALAR);
    zh_buf json = ZH_BUF_INIT(100), h5 = ZH_BUF_INIT(100);
    const double value = 1.5;
    const double start = harness_now();

    (void)state;
    for (int i = 0; i < N; i++) {
        zvol_attr_form f;

        json.len = h5.len = 0;
        ZH(zvol_attr_form_capture(&f, H5T_IEEE_F64LE, space, &err));
        ZH(zvol_value_format(&json, &f, &value, &err));
        ZH(zvol_attr_form_format(&h5, &f, &value, &err));
    }
    print_message("a double to JSON, with its form: %.3f us\n", (harness_now() - start) / N);
    zh_buf_dispose(&json);
    zh_buf_dispose(&h5);
    H5(H5Sclose(space));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(integers),
                                       TEST(doubles),
                                       TEST(floats),
                                       TEST(halves),
                                       TEST(booleans),
                                       TEST(enums),
                                       TEST(complex_numbers),
                                       TEST(variable_strings),
                                       TEST(fixed_strings),
                                       TEST(no_elements),
                                       TEST(unwritten),
                                       TEST(foreign),
                                       TEST(contradictions),
                                       TEST(edited_value),
                                       TEST(wrong_form),
                                       TEST(deep_nesting),
                                       TEST(random_text),
                                       TEST(conversions),
                                       TEST(string_conversions),
                                       TEST(cost)};

    return cmocka_run_group_tests(tests, harness_open, NULL);
}
