#include "base/alloc.h"
#include "support.h"
#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>

static zh_json *parse(const char *text)
{
    zh_error err = ZH_ERROR_INIT;
    zh_json *j;

    assert_zh_ok(zh_json_parse(&j, text, strlen(text), &err), &err);
    return j;
}

static void prints_as(const char *text, const char *want)
{
    zh_buf b = ZH_BUF_INIT(1 << 20);
    zh_error err = ZH_ERROR_INIT;
    zh_json *j = parse(text);

    assert_zh_ok(zh_json_print(&b, j, &err), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), want);
    zh_json_free(j);
    zh_buf_dispose(&b);
}

static void prints_what_it_read(void **state)
{
    static const char *const same[] = {
        "null",
        "true",
        "\"\"",
        "[]",
        "{}",
        "[[],{},[[]],{\"a\":{}}]",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "123456789012345678901234567890",
        "-0",
        "-0.0",
        "1.0",
        "1.50",
        "1e400",
        "1E+05",
        "0.1000000000000000055511151231257827",
        "[NaN,Infinity,-Infinity]",
        "{\"a\":1,\"b\":[1,2.0,\"x\",null,true,false],\"a\":2}",
        "\"\xc3\xa9\xf0\x9f\x98\x80\"",
        "{\"\":\"\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        prints_as(same[i], same[i]);
    prints_as(" {\n\t\"a\" : [ 1 , 2 ]\r\n} ", "{\"a\":[1,2]}");
    prints_as("\"\\u00e9\\ud83d\\ude00\\/\\b\\u0001\"", "\"\xc3\xa9\xf0\x9f\x98\x80/\\b\\u0001\"");
}

static void integers_keep_64_bits(void **state)
{
    zh_json *j = parse("[9223372036854775807,-9223372036854775808,18446744073709551615,9223372036854775808,"
                       "-9223372036854775809,18446744073709551616,1.0,1e3,NaN,\"5\",-0,-1,true]");
    const zh_json *at[13];
    size_t n = 0;
    int64_t i;
    uint64_t u;

    (void)state;
    for (const zh_json *m = zh_json_first(j); m != NULL; m = zh_json_next(m))
        at[n++] = m;
    assert_int_equal(n, 13);
    assert_int_equal(zh_json_size(j), 13);
    assert_true(zh_json_i64(at[0], &i) && i == INT64_MAX);
    assert_true(zh_json_u64(at[0], &u) && u == INT64_MAX);
    assert_true(zh_json_i64(at[1], &i) && i == INT64_MIN);
    assert_false(zh_json_u64(at[1], &u));
    assert_true(zh_json_u64(at[2], &u) && u == UINT64_MAX);
    assert_false(zh_json_i64(at[2], &i));
    assert_false(zh_json_i64(at[3], &i));
    assert_false(zh_json_i64(at[4], &i));
    assert_false(zh_json_u64(at[5], &u));
    assert_true(zh_json_is_integer(at[5]));
    for (n = 6; n <= 9; n++) {
        assert_false(zh_json_is_integer(at[n]));
        assert_false(zh_json_i64(at[n], &i));
        assert_false(zh_json_u64(at[n], &u));
    }
    assert_true(zh_json_i64(at[10], &i) && i == 0);
    assert_true(zh_json_u64(at[10], &u) && u == 0);
    assert_true(zh_json_i64(at[11], &i) && i == -1);
    assert_false(zh_json_u64(at[11], &u));
    assert_false(zh_json_i64(at[12], &i));
    zh_json_free(j);
}

static void any_number_is_a_double(void **state)
{
    zh_json *j = parse("[1,0.1,-0.0,1e400,NaN,-Infinity,Infinity,18446744073709551615,\"1\"]");
    const zh_json *m = zh_json_first(j);
    char text[40];
    double d;

    (void)state;
    assert_true(zh_json_double(m, &d) && d == 1);
    m = zh_json_next(m);
    assert_true(zh_json_double(m, &d) && d == 0.1);
    assert_string_equal(zh_json_number_text(m, text), "0.1");
    m = zh_json_next(m);
    assert_true(zh_json_double(m, &d) && d == 0 && signbit(d));
    m = zh_json_next(m);
    assert_true(zh_json_double(m, &d) && isinf(d));
    m = zh_json_next(m);
    assert_true(zh_json_double(m, &d) && isnan(d));
    assert_string_equal(zh_json_number_text(m, text), "NaN");
    m = zh_json_next(m);
    assert_true(zh_json_double(m, &d) && isinf(d) && d < 0);
    m = zh_json_next(m);
    assert_true(zh_json_double(m, &d) && isinf(d) && d > 0);
    m = zh_json_next(m);
    assert_true(zh_json_double(m, &d) && d == 18446744073709551615.0);
    m = zh_json_next(m);
    assert_false(zh_json_double(m, &d));
    assert_null(zh_json_number_text(m, text));
    assert_null(zh_json_next(m));
    zh_json_free(j);
}

static void looks_up_members(void **state)
{
    zh_json *j = parse("{\"a\":1,\"A\":\"big\",\"a\":2,\"t\":true,\"o\":{\"x\":null}}");
    int64_t i;
    bool b;

    (void)state;
    assert_true(zh_json_i64(zh_json_get(j, "a"), &i) && i == 2); /* the last one wins */
    assert_string_equal(zh_json_str(zh_json_get(j, "A")), "big");
    assert_true(zh_json_bool(zh_json_get(j, "t"), &b) && b);
    assert_false(zh_json_bool(zh_json_get(j, "a"), &b));
    assert_null(zh_json_get(j, "b"));
    assert_non_null(zh_json_get(zh_json_get(j, "o"), "x"));
    assert_string_equal(zh_json_name(zh_json_first(j)), "a");
    assert_null(zh_json_name(j));
    assert_int_equal(zh_json_size(j), 5);
    assert_null(zh_json_get(zh_json_get(j, "a"), "x"));
    zh_json_free(j);
}

static void nothing_answers_like_a_missing_value(void **state)
{
    zh_buf b = ZH_BUF_INIT(100);
    zh_error err = ZH_ERROR_INIT;
    char text[40];
    int64_t i;
    uint64_t u;
    double d;
    bool flag;

    (void)state;
    assert_int_equal(zh_json_typeof(NULL), ZH_JSON_NULL);
    assert_null(zh_json_get(NULL, "a"));
    assert_int_equal(zh_json_size(NULL), 0);
    assert_null(zh_json_first(NULL));
    assert_null(zh_json_next(NULL));
    assert_null(zh_json_name(NULL));
    assert_null(zh_json_str(NULL));
    assert_null(zh_json_number_text(NULL, text));
    assert_false(zh_json_bool(NULL, &flag));
    assert_false(zh_json_is_integer(NULL));
    assert_false(zh_json_i64(NULL, &i));
    assert_false(zh_json_u64(NULL, &u));
    assert_false(zh_json_double(NULL, &d));
    assert_zh_ok(zh_json_print(&b, NULL, &err), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), "null");
    zh_json_free(NULL);
    zh_buf_dispose(&b);
}

static void types_are_told_apart(void **state)
{
    static const struct {
        const char *text;
        zh_json_type type;
    } cases[] = {{"null", ZH_JSON_NULL},  {"false", ZH_JSON_BOOL},   {"-1", ZH_JSON_NUMBER},
                 {"NaN", ZH_JSON_NUMBER}, {"\"1\"", ZH_JSON_STRING}, {"\"NaN\"", ZH_JSON_STRING},
                 {"[1]", ZH_JSON_ARRAY},  {"{}", ZH_JSON_OBJECT}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zh_json *j = parse(cases[i].text);

        assert_int_equal(zh_json_typeof(j), cases[i].type);
        zh_json_free(j);
    }
}

static void refused(const char *text, size_t n)
{
    zh_error err = ZH_ERROR_INIT;
    zh_json *j = (zh_json *)&err;
    const int rc = zh_json_parse(&j, text, n, &err);

    if (rc == ZH_OK) {
        print_error("'%.*s' was taken for JSON\n", (int)n, text);
        fail();
    }
    assert_zh_code(rc, ZH_CORRUPT, &err);
    assert_null(j);
}

static void refuses_what_is_not_json(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "nul",
        "nulll",
        "True",
        "undefined",
        "[",
        "]",
        "{",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:2}",
        "{\"a\":1]",
        "[1}",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u0000\"",
        "\"\\ud800\"", /* legal to some readers, a character to none: see scan_escape */
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",
        "\"\n\"",
        "\"\x01\"",
        "01",
        "-",
        "-a",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "0x10",
        "1 2",
        "[] []",
        "// c\n1",
        "'a'",
        "[NAN]",
        "nan",
        "-NaN",
        "inf",
        "--1",
        "1e1.5",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\xef\xbb\xbf{}",
        "\"\xff"
        "5\"",
        "{\"\xff\":1}",
        "[1\x0b]",
        "\\u0031",
        "{\"a\" \"b\"}",
        "-Infinit",
        "InfinityX",
        "{\"a\":1,\"b\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refused(bad[i], strlen(bad[i]));
    refused("1\0", 2);
    refused("[1,\0 2]", 7);
    refused("\"a\0b\"", 5);
    refused("\"\\", 2);
    refused("\"\\u", 3);
    refused("\"\\ud83d\\", 8);
}

static void says_where(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_json *j;

    (void)state;
    assert_zh_code(zh_json_parse(&j, "{\"a\": tru}", 10, &err), ZH_CORRUPT, &err);
    assert_zh_message(&err, "byte 6");
}

/* Only n bytes are read: the text is followed by nothing. */
static void reads_no_byte_too_many(void **state)
{
    static const char text[] = "{\"a\":[1,2.5,\"x\\u00e9\",NaN]}";

    (void)state;
    for (size_t n = 0; n < sizeof(text); n++) {
        zh_error err = ZH_ERROR_INIT;
        char *copy = malloc(n + (n == 0)); /* the sanitizer watches its end */
        zh_json *j;

        memcpy(copy, text, n);
        assert_zh_code(zh_json_parse(&j, copy, n, &err), n == sizeof(text) - 1 ? ZH_OK : ZH_CORRUPT, &err);
        zh_json_free(j);
        free(copy);
    }
}

static char *nested(size_t depth, const char *open, const char *close, const char *inner)
{
    const size_t n = depth * (strlen(open) + strlen(close)) + strlen(inner);
    char *text = malloc(n + 1);

    text[0] = '\0';
    for (size_t i = 0; i < depth; i++)
        (void)strcpy(text + i * strlen(open), open);
    (void)strcat(text, inner);
    for (size_t i = 0; i < depth; i++)
        (void)strcpy(text + n - (depth - i) * strlen(close), close);
    return text;
}

static void depth_is_capped(void **state)
{
    char *text;

    (void)state;
    text = nested(ZH_JSON_MAX_DEPTH, "[", "]", "1");
    prints_as(text, text);
    free(text);
    text = nested(ZH_JSON_MAX_DEPTH, "{\"a\":", "}", "{}");
    refused(text, strlen(text));
    free(text);
    text = nested(ZH_JSON_MAX_DEPTH + 1, "[", "]", "");
    refused(text, strlen(text));
    free(text);
    text = nested(1000000, "[", "]", "");
    refused(text, strlen(text));
    free(text);
}

/* Linear time: ten times the text must not take a hundred times as long. It is enough that this test ends. */
static void wide_documents_are_no_problem(void **state)
{
    enum { N = 50000 };
    zh_buf b = ZH_BUF_INIT((size_t)1 << 26);
    zh_error err = ZH_ERROR_INIT;
    zh_json *j;
    int64_t v;

    (void)state;
    (void)zh_buf_putc(&b, '{', NULL);
    for (int i = 0; i < N; i++) {
        char member[64];

        (void)snprintf(member, sizeof(member), "%s\"key%d\":[%d.5,%d]", i == 0 ? "" : ",", i, i, i);
        assert_zh_ok(zh_buf_puts(&b, member, &err), &err);
    }
    (void)zh_buf_putc(&b, '}', NULL);
    assert_zh_ok(zh_json_parse(&j, (const char *)b.ptr, b.len, &err), &err);
    assert_int_equal(zh_json_size(j), N);
    assert_true(zh_json_i64(zh_json_next(zh_json_first(zh_json_get(j, "key49999"))), &v) && v == N - 1);
    zh_json_free(j);
    zh_buf_dispose(&b);
}

/* Members "m0" to "m<n-1>", and twice more the third of them: among the rest, and last. */
static char *with_duplicates(unsigned n)
{
    char *text = malloc((size_t)n * 24 + 64), *p = text;

    p += sprintf(p, "{");
    for (unsigned i = 0; i < n; i++)
        p += sprintf(p, "\"m%u\":%u,%s", i, i, i == n / 2 ? "\"m2\":[\"second\"]," : "");
    (void)sprintf(p, "\"m2\":\"third\"}");
    return text;
}

/* Of narrow objects and of wide ones, which have a table. */
static void of_one_name_the_last_counts(void **state)
{
    (void)state;
    for (unsigned n = 3; n < 70; n++) {
        char *text = with_duplicates(n), name[16];
        zh_json *j = parse(text);
        unsigned count = 0;

        assert_int_equal(zh_json_size(j), n + 2);
        for (const zh_json *m = zh_json_first(j); m != NULL; m = zh_json_next(m)) {
            const bool third = strcmp(zh_json_name(m), "m2") == 0;

            assert_int_equal(zh_json_get(j, zh_json_name(m)) == m, !third || zh_json_next(m) == NULL);
            count++;
        }
        assert_int_equal(count, n + 2); /* all are walked over and printed */
        prints_as(text, text);
        assert_string_equal(zh_json_str(zh_json_get(j, "m2")), "third");
        (void)snprintf(name, sizeof(name), "m%u", n);
        assert_null(zh_json_get(j, name));
        assert_null(zh_json_get(j, ""));
        assert_null(zh_json_str(j));
        zh_json_free(j);
        free(text);
    }
}

static void tables_stand_at_every_depth(void **state)
{
    char *inner = with_duplicates(100), *text = malloc(2 * strlen(inner) + 64);
    zh_json *j;

    (void)state;
    (void)sprintf(text, "[{\"a\":%s},%s]", inner, inner);
    j = parse(text);
    assert_string_equal(zh_json_str(zh_json_get(zh_json_get(zh_json_first(j), "a"), "m2")), "third");
    assert_string_equal(zh_json_str(zh_json_get(zh_json_next(zh_json_first(j)), "m2")), "third");
    zh_json_free(j);
    free(text);
    free(inner);
}

static void long_numbers_are_no_problem(void **state)
{
    char *text = malloc(100001);
    zh_json *j;
    double d;

    (void)state;
    memset(text, '9', 100000);
    text[100000] = '\0';
    j = parse(text);
    assert_true(zh_json_double(j, &d) && isinf(d));
    zh_json_free(j);
    prints_as(text, text);
    free(text);
}

/* Without a tree: the same text as with one, or none. True: some. */
static bool compacts_alike(const char *text, size_t n)
{
    zh_buf compact = ZH_BUF_INIT(100000), printed = ZH_BUF_INIT(100000);
    zh_error err = ZH_ERROR_INIT;
    zh_json *j;
    bool taken;

    assert_zh_ok(zh_buf_puts(&compact, "what was there", &err), &err);
    assert_zh_ok(zh_json_compact(&compact, &taken, text, n, &err), &err);
    if (taken) {
        assert_zh_ok(zh_json_parse(&j, text, n, &err), &err);
        assert_zh_ok(zh_json_print(&printed, j, &err), &err);
        assert_string_equal(zh_buf_cstr(&compact, &err), zh_buf_cstr(&printed, &err));
        for (const zh_json *m = zh_json_first(j); m != NULL && zh_json_name(m) != NULL; m = zh_json_next(m))
            assert_ptr_equal(zh_json_get(j, zh_json_name(m)), m);
        zh_json_free(j);
    } else {
        assert_int_equal(compact.len, 0);
    }
    zh_buf_dispose(&compact);
    zh_buf_dispose(&printed);
    return taken;
}

static void plain_text_needs_no_tree(void **state)
{
    static const char *const plain[] = {"1",
                                        " null ",
                                        "{}",
                                        " { } ",
                                        "\t{\n\"a\" : [ 1 , -2.50e+3 ,\r\"x y\" ] , \"b\":{ \"c\":1,\"c\":2} } ",
                                        "{\"\xc3\xa9\":\"\x7f\"}",
                                        "[{\"a\":1,\"a\":2}]"};
    static const char *const other[] = {
        "",      "{",          "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":\"\\u0061\"}", "{\"\\/\":1}",
        "[NaN]", "[Infinity]", "{\"a\":-Infinity}",         "{\"a\":1}}",          "\"\xff\""};
    char *wide = with_duplicates(100);

    (void)state;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        assert_true(compacts_alike(plain[i], strlen(plain[i])));
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
        assert_false(compacts_alike(other[i], strlen(other[i])));
    assert_false(compacts_alike(wide, strlen(wide)));
    free(wide);
}

/* Damaged documents: an answer or ZH_CORRUPT, and what was taken prints to something that reads and prints the same. */
static void mutations_are_answered(void **state)
{
    static const char seed_text[] =
        "{\"zarr_format\":3,\"shape\":[10,-0,1e5],\"fill_value\":\"NaN\",\"x\":NaN,\"attributes\":{\"a\\u00e9\":[[],"
        "{}],\"\\ud83d\\ude00\":null,\"t\":true,\"\xc3\xa9\":-Infinity},\"f\":0.10,\"n\":18446744073709551615}";
    static const char bytes[] = "{}[]\",:\\u0123456789abcdefNaInfity-+.eE \n\t\x01\xff\xc3\xa9truenull";
    unsigned seed = 11;
    static const char plain_text[] = " { \"shape\" : [ 10 , -0,1e5] ,\"attributes\":{\"a\":[[ ],{}],\"\xc3\xa9\":0.10},"
                                     "\"n\" :18446744073709551615,\"t\":true ,\"u\":null, \"x\":\"y z\"}";
    unsigned taken = 0, compact = 0;

    (void)state;
    for (int round = 0; round < 60000; round++) {
        const char *whole = round % 2 == 0 ? seed_text : plain_text;
        char text[sizeof(seed_text)];
        zh_buf once = ZH_BUF_INIT(100000);
        zh_buf twice = ZH_BUF_INIT(100000);
        zh_error err = ZH_ERROR_INIT;
        size_t n = strlen(whole);
        zh_json *j;
        int rc;

        memcpy(text, whole, n);
        for (int k = rand_r(&seed) % 4; k >= 0; k--) {
            const size_t at = (size_t)rand_r(&seed) % n;

            if (rand_r(&seed) % 3 == 0)
                memmove(text + at, text + at + 1, --n - at);
            else
                text[at] = bytes[(size_t)rand_r(&seed) % (sizeof(bytes) - 1)];
        }
        compact += compacts_alike(text, n);
        rc = zh_json_parse(&j, text, n, &err);
        assert_zh_code(rc, rc == ZH_OK ? ZH_OK : ZH_CORRUPT, &err);
        if (rc == ZH_OK) {
            taken++;
            assert_zh_ok(zh_json_print(&once, j, &err), &err);
            zh_json_free(j);
            assert_zh_ok(zh_json_parse(&j, (const char *)once.ptr, once.len, &err), &err);
            assert_zh_ok(zh_json_print(&twice, j, &err), &err);
            zh_json_free(j);
            assert_string_equal(zh_buf_cstr(&once, &err), zh_buf_cstr(&twice, &err));
        }
        zh_buf_dispose(&once);
        zh_buf_dispose(&twice);
    }
    assert_true(taken > 1000 && compact > 1000);
}

static int parse_and_print(void *payload)
{
    zh_buf b = ZH_BUF_INIT(1 << 20);
    zh_error err = ZH_ERROR_INIT;
    const char *text = payload;
    zh_json *j;
    int rc = zh_json_parse(&j, text, strlen(text), &err);

    if (rc == ZH_OK)
        rc = zh_json_print(&b, j, &err);
    assert_int_equal(rc, err.code);
    zh_json_free(j);
    zh_buf_dispose(&b);
    return rc;
}

static void survives_the_end_of_memory(void **state)
{
    char text[] =
        "{\"shape\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32],"
        "\"a\":"
        "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"}";

    (void)state;
    zh_each_allocation_fails(parse_and_print, text);
}

/* cJSON's own allocations, which the library's hook does not see. */
static unsigned long countdown;

static void *failing_malloc(size_t n)
{
    return --countdown == 0 ? NULL : malloc(n);
}

static void survives_the_end_of_cjsons_memory(void **state)
{
    cJSON_Hooks hooks = {failing_malloc, free};
    char *text = with_duplicates(20);
    int rc = ZH_NOMEM;

    (void)state;
    cJSON_InitHooks(&hooks);
    for (unsigned long n = 1; rc == ZH_NOMEM; n++) {
        zh_error err = ZH_ERROR_INIT;
        zh_json *j;

        countdown = n;
        rc = zh_json_parse(&j, text, strlen(text), &err);
        assert_zh_code(rc, rc == ZH_OK ? ZH_OK : ZH_NOMEM, &err);
        zh_json_free(j);
        assert_true(n < 1000);
    }
    cJSON_InitHooks(NULL);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_it_read),
        cmocka_unit_test(integers_keep_64_bits),
        cmocka_unit_test(any_number_is_a_double),
        cmocka_unit_test(looks_up_members),
        cmocka_unit_test(nothing_answers_like_a_missing_value),
        cmocka_unit_test(types_are_told_apart),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(says_where),
        cmocka_unit_test(reads_no_byte_too_many),
        cmocka_unit_test(depth_is_capped),
        cmocka_unit_test(wide_documents_are_no_problem),
        cmocka_unit_test(of_one_name_the_last_counts),
        cmocka_unit_test(tables_stand_at_every_depth),
        cmocka_unit_test(long_numbers_are_no_problem),
        cmocka_unit_test(plain_text_needs_no_tree),
        cmocka_unit_test(mutations_are_answered),
        cmocka_unit_test(survives_the_end_of_memory),
        cmocka_unit_test(survives_the_end_of_cjsons_memory),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
