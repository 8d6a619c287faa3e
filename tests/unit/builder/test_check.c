/* test_check.c - the checker: what it finds, what it mends and removes, and above all what it leaves alone. */
#include "builder_fixture.h"

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>

#include "meta/grid.h"
#include "store/key_list.h"

#define GROUP3 "{\"zarr_format\":3,\"node_type\":\"group\"}"
#define GROUP2 "{\"zarr_format\":2}"

typedef enum mode { LOOK, REPAIR, REMOVE } mode;

typedef struct findings {
    zh_store *s;
    char text[1 << 16];
    size_t n;
} findings;

static int note_finding(void *payload, const zh_finding *finding)
{
    findings *f = payload;

    assert_non_null(finding->message);
    assert_false(zh_store_fault_locked(f->s));
    f->n += (size_t)snprintf(f->text + f->n, sizeof(f->text) - f->n, "%d %s%s\n", (int)finding->kind, finding->path,
                             finding->repaired ? " repaired" : "");
    assert_true(f->n < sizeof(f->text));
    return 0;
}

static zh_check_options check_options(mode m, unsigned requests)
{
    zh_check_options o = ZH_CHECK_OPTIONS_INIT;

    o.repair = m == REPAIR;
    o.remove = m == REMOVE;
    o.requests = requests;
    return o;
}

static const char *check_with(zh_store *s, mode m, int code, unsigned requests)
{
    static findings f;
    zh_check_options o = check_options(m, requests);
    zh_check_stats stats;
    zh_error err = ZH_ERROR_INIT;

    f.s = s;
    f.n = 0;
    f.text[0] = '\0';
    o.finding = note_finding;
    o.payload = &f;
    o.stats = &stats;
    assert_zh_code(zh_check(s, &o, &err), code, &err);
    return f.text;
}

static void check_is(zh_store *s, mode m, int code, const char *want)
{
    assert_string_equal(check_with(s, m, code, 0), want);
}

/* The same in both modes that change something, and nothing is changed. */
static void is_left_alone(zh_store *s, int code, const char *want)
{
    char *before = snapshot(s), *after;

    check_is(s, LOOK, code, want);
    check_is(s, REPAIR, code, want);
    check_is(s, REMOVE, code, want);
    after = snapshot(s);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* --- what it finds --- */

static void finds_v3(store_kind kind)
{
    zh_store *s = new_store(kind);

    create(s, ZH_V3, "g g\na g/a\na b");
    put_key(s, "g/a/c/0/0", "chunk");
    put_key(s, "README.txt", "foreign");
    put_key(s, "docs/notes.txt", "foreign");
    check_is(s, LOOK, ZH_OK, "");
    put_key(s, "lost/x/zarr.json", GROUP3);
    put_key(s, "lost/x/y/zarr.json", GROUP3);
    put_key(s, "gone/c/0/1", "chunk");
    put_key(s, "dots/c.0.0", "chunk");
    put_key(s, "b/0/zarr.json", GROUP3); /* its chunks are below c */
    put_key(s, "b/inside/zarr.json", GROUP3);
    put_key(s, "g/.zgroup", GROUP2);
    put_key(s, "bad/zarr.json", "{");
    check_is(s, LOOK, ZH_OK, "7 b/0\n7 b/inside\n4 bad\n3 dots\n6 g\n3 gone\n1 lost/x\n");
    check_is(s, REPAIR, ZH_OK, "7 b/0\n7 b/inside\n4 bad\n3 dots\n6 g\n3 gone\n1 lost/x\n");
    check_is(s, REMOVE, ZH_OK, "7 b/0\n7 b/inside\n4 bad\n3 dots repaired\n6 g\n3 gone repaired\n1 lost/x repaired\n");
    check_is(s, LOOK, ZH_OK, "7 b/0\n7 b/inside\n4 bad\n6 g\n");
    assert_true(has_key(s, "README.txt") && has_key(s, "docs/notes.txt") && has_key(s, "g/a/c/0/0"));
    zh_store_close(s);
}

static void check_finds_v3(void **state)
{
    (void)state;
    finds_v3(IN_MEMORY);
    finds_v3(IN_DIRECTORY);
    finds_v3(IN_ZIP);
}

static void check_finds_v2(void **state)
{
    zh_store *s = new_store(IN_DIRECTORY);

    (void)state;
    create(s, ZH_V2, "g g\na g/a\na b");
    put_key(s, "g/a/0.0", "chunk");
    check_is(s, LOOK, ZH_OK, "");
    put_key(s, "half/.zattrs", "{}");
    put_key(s, "gone/0.1", "chunk");
    put_key(s, "nested/0/1", "chunk");
    put_key(s, "b/.zgroup", GROUP2);
    check_is(s, REPAIR, ZH_OK, "5 b\n3 gone\n2 half\n3 nested\n");
    check_is(s, REMOVE, ZH_OK, "5 b\n3 gone repaired\n2 half repaired\n3 nested repaired\n");
    check_is(s, LOOK, ZH_OK, "5 b\n");
    zh_store_close(s);
}

static void check_of_no_hierarchy(void **state)
{
    zh_store *s = new_store(IN_MEMORY);
    zh_check_options o = ZH_CHECK_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_zh_code(zh_check(s, NULL, &err), ZH_NOTFOUND, &err);
    assert_zh_message(&err, "holds no Zarr hierarchy");
    create(s, ZH_V3, "g");
    assert_zh_ok(zh_check(s, NULL, &err), &err);
    zh_store_fault_mask_caps(s, ZH_STORE_WRITE);
    check_is(s, LOOK, ZH_OK, "");
    o.repair = true;
    assert_zh_code(zh_check(s, &o, &err), ZH_READONLY, &err);
    o.repair = false;
    o.remove = true;
    assert_zh_code(zh_check(s, &o, &err), ZH_READONLY, &err);
    o.version = 0;
    assert_zh_code(zh_check(s, &o, &err), ZH_INVALID, &err);
    zh_store_close(s);
}

/* What cannot be read may be any node: what is below it is looked at, and never removed. */
static void it_looks_below_damage(void **state)
{
    (void)state;
    for (int root = 0; root < 2; root++) {
        const char *in = root ? "" : "g/";
        zh_store *s = new_store(IN_MEMORY);
        char key[128], want[512];
        static const char *const below[] = {"a/zarr.json", "a/b/zarr.json", "bare/n/zarr.json"};

        create(s, ZH_V3, "g");
        (void)snprintf(key, sizeof(key), "%szarr.json", in);
        put_key(s, key, "{\"zarr_format\":3,");
        for (size_t i = 0; i < 3; i++) {
            (void)snprintf(key, sizeof(key), "%s%s", in, below[i]);
            put_key(s, key, GROUP3);
        }
        (void)snprintf(key, sizeof(key), "%sc/0/0", in);
        put_key(s, key, "chunk, for all one knows");
        (void)snprintf(want, sizeof(want), "4 %s\n1 %sa\n1 %sbare/n\n", root ? "" : "g", in, in);
        is_left_alone(s, ZH_OK, want);
        (void)snprintf(key, sizeof(key), "%sa/.q.zh-tmp/x", in);
        put_key(s, key, "1");
        (void)snprintf(want, sizeof(want), "4 %s\n1 %sa\n0 %sa/.q.zh-tmp repaired\n1 %sbare/n\n", root ? "" : "g", in,
                       in, in);
        check_is(s, REPAIR, ZH_OK, want);
        zh_store_close(s);
    }
}

/* An array whose document is damaged keeps its chunks, and they are not walked through. */
static void damaged_arrays(void **state)
{
    zh_store *s = new_store(IN_MEMORY);

    (void)state;
    create(s, ZH_V3, "g");
    put_key(s, "z/zarr.json", "{\"zarr_format\":3,\"node_type\":\"array\"}");
    put_key(s, "z/c/0/0", "chunk");
    put_key(s, "y/.zarray", "{\"zarr_format\":2");
    put_key(s, "y/.zattrs", "{}");
    put_key(s, "y/0/0", "chunk");
    zh_store_log_clear(s);
    check_is(s, LOOK, ZH_OK, "4 y\n4 z\n");
    assert_int_equal(zh_store_log_count(s, ZH_OP_LIST), 6);
    is_left_alone(s, ZH_OK, "4 y\n4 z\n");
    put_key(s, "y/n/.zgroup", GROUP2);
    put_key(s, "z/n/zarr.json", GROUP3);
    is_left_alone(s, ZH_OK, "4 y\n7 y/n\n4 z\n7 z/n\n");
    zh_store_close(s);
}

static void lone_consolidated_metadata(void **state)
{
    zh_store *s = new_store(IN_MEMORY);

    (void)state;
    create(s, ZH_V3, "g");
    put_key(s, ".zmetadata", "{}"); /* of a past in v2 */
    put_key(s, "x/.zmetadata", "{}");
    check_is(s, LOOK, ZH_OK, "8 \n8 x\n");
    check_is(s, REPAIR, ZH_OK, "8 \n8 x\n"); /* what it says may be nowhere else */
    assert_true(has_key(s, ".zmetadata") && has_key(s, "x/.zmetadata"));
    check_is(s, REMOVE, ZH_OK, "8  repaired\n8 x repaired\n");
    check_is(s, LOOK, ZH_OK, "");
    put_key(s, "both/zarr.json", GROUP3);
    put_key(s, "both/.zgroup", GROUP2);
    put_key(s, "both/.zmetadata", "{\"metadata\":{\".zgroup\":{\"zarr_format\":2}},\"zarr_consolidated_format\":1}");
    check_is(s, LOOK, ZH_OK, "6 both\n");
    put_key(s, "both/.zmetadata", "{\"metadata\":{\".zgroup\":{\"zarr_format\":2},\"n/.zgroup\":{\"x\":1}}}");
    check_is(s, REPAIR, ZH_OK, "6 both\n8 both repaired\n");
    check_is(s, LOOK, ZH_OK, "6 both\n");
    zh_store_close(s);
}

static void findings_are_told_by_path(void **state)
{
    static char want[1 << 15];
    char names[200][32], key[128], *line[200];
    zh_store *s = new_store(IN_MEMORY);
    size_t n = 0;

    (void)state;
    create(s, ZH_V3, "g");
    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%s%u%s", i % 2 ? "-" : "a", i * 7919 % 1000,
                       i % 4 == 0 ? "/.t.zh-tmp" : "/b");
        line[i] = names[i];
        (void)snprintf(key, sizeof(key), i % 4 == 0 ? "%s/x" : "%s/zarr.json", names[i]);
        put_key(s, key, i % 4 == 0 ? "x" : GROUP3);
    }
    for (unsigned i = 1; i < 200; i++) /* no name is a head of another up to the slash, so bytes decide */
        for (unsigned k = i; k > 0; k--) {
            char a[32], b[32], *swap = line[k];

            (void)snprintf(a, sizeof(a), "%s", line[k]);
            (void)snprintf(b, sizeof(b), "%s", line[k - 1]);
            *strchr(a, '/') = *strchr(b, '/') = '\1';
            if (strcmp(a, b) >= 0)
                break;
            line[k] = line[k - 1];
            line[k - 1] = swap;
        }
    for (unsigned i = 0; i < 200; i++)
        n +=
            (size_t)snprintf(want + n, sizeof(want) - n, "%d %s\n", strstr(line[i], "zh-tmp") != NULL ? 0 : 1, line[i]);
    for (unsigned requests = 1; requests < 20; requests += 9)
        assert_string_equal(check_with(s, LOOK, ZH_OK, requests), want);
    zh_store_close(s);
}

/* --- what it leaves alone --- */

static void foreign_files(store_kind kind, zh_format format)
{
    static const char *const foreign[] = {"2024/report.csv",     "c/main.c",       "g/2024/x.txt", "g/c/util/main.c",
                                          "05/0/photo.jpg",      "0.1.2.txt",      "1.0/NEWS",     "zarr.json.bak",
                                          "notes/.zattrs.old/x", "g/a/notes.txt",  "c.c/x",        "c.0/0.txt",
                                          "g/a/zarr.json~",      "00/01",          "2024/q1/05",   "1..2/x",
                                          ".hidden/.zarray.tmp", "v1.0/data/zarr", "g/.DS_Store",  "c/0x1"};
    zh_store *s = new_store(kind);

    create(s, format, "g {\"x\":1}\ng g\na g/a");
    put_key(s, format == ZH_V3 ? "g/a/c/0/0" : "g/a/0.0", "chunk");
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        put_key(s, foreign[i], foreign[i]);
    is_left_alone(s, ZH_OK, "");
    zh_store_close(s);
}

static void foreign_files_stay(void **state)
{
    (void)state;
    for_each(foreign_files);
}

/* Named as chunks, but not of one array, or with others beside them. */
static void what_may_be_chunks_stays_with_others(void **state)
{
    zh_store *s = new_store(IN_MEMORY);

    (void)state;
    create(s, ZH_V3, "g");
    put_key(s, "docs/2023", "notes");
    put_key(s, "docs/1.0", "release notes");
    put_key(s, "lost/c/0/0", "chunk");
    put_key(s, "lost/c/0/readme", "foreign");
    put_key(s, "photos/7", "foreign");
    put_key(s, "photos/album/8.jpg", "foreign");
    put_key(s, "t/.zattrs", "{\"units\":\"K\"}");
    put_key(s, "t/0.0", "1111");
    put_key(s, "t/0_1", "1111");
    is_left_alone(s, ZH_OK, "3 docs\n3 lost\n3 photos\n2 t\n3 t\n");
    zh_store_close(s);
}

/* One that lost its .zarray: whoever knows it by heart can still read it. */
static void an_array_without_document_is_removed_on_request(void **state)
{
    zh_store *s = new_store(IN_DIRECTORY);

    (void)state;
    create(s, ZH_V2, "g");
    put_key(s, "t/.zattrs", "{\"units\":\"K\"}");
    put_key(s, "t/0.0", "1111");
    put_key(s, "t/0.1", "1111");
    check_is(s, REPAIR, ZH_OK, "2 t\n3 t\n");
    assert_true(has_key(s, "t/.zattrs") && has_key(s, "t/0.0") && has_key(s, "t/0.1"));
    check_is(s, REMOVE, ZH_OK, "2 t repaired\n3 t repaired\n");
    check_is(s, LOOK, ZH_OK, "");
    assert_false(has_key(s, "t/.zattrs") || has_key(s, "t/0.0"));
    zh_store_close(s);
}

/* Readers open them at their own path. With their chunks they are removed on request only, with other files never. */
static void unreachable_nodes(void **state)
{
    zh_store *s = new_store(IN_DIRECTORY);

    (void)state;
    create(s, ZH_V2, "g\na lost/a\na lost/b/n\ng a/long/way/that/is/told/before/them");
    assert_zh_ok(zh_store_erase(s, "lost/.zgroup", NULL), NULL);
    put_key(s, "lost/a/0.0", "chunk");
    put_key(s, "lost/b/n/0.0", "chunk");
    put_key(s, "lost/b/2024", "foreign, though named as a chunk");
    put_key(s, "ext/h/.zgroup", GROUP2);
    put_key(s, "ext/h/.zattrs", "{\"important\":1}");
    put_key(s, "ext/README", "foreign");
    check_is(s, REPAIR, ZH_OK, "1 ext/h\n1 lost/a\n1 lost/b\n");
    assert_true(has_key(s, "ext/h/.zattrs") && has_key(s, "lost/a/0.0"));
    check_is(s, REMOVE, ZH_OK, "1 ext/h repaired\n1 lost/a repaired\n1 lost/b\n");
    assert_true(has_key(s, "lost/b/.zgroup") && has_key(s, "lost/b/n/0.0") && has_key(s, "lost/b/2024"));
    assert_true(has_key(s, "ext/README"));
    assert_zh_ok(zh_store_erase(s, "lost/b/2024", NULL), NULL);
    put_key(s, "lost/b/n/.t.zh-tmp/x", "");
    put_key(s, "lost/b/n/sub/.zgroup", "x"); /* gone with what it lies in, and not told */
    check_is(s, REMOVE, ZH_OK, "1 lost/b repaired\n0 lost/b/n/.t.zh-tmp repaired\n");
    check_is(s, LOOK, ZH_OK, "");
    zh_store_close(s);
}

/* A directory of stores, for example. */
static void nothing_is_removed_where_the_root_has_no_document(void **state)
{
    zh_store *s = new_store(IN_MEMORY);

    (void)state;
    put_key(s, "one.zarr/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"important\":1}}");
    put_key(s, "one.zarr/sub/zarr.json", GROUP3);
    put_key(s, "one.zarr/README.zh", "x");
    put_key(s, "two.zarr/zarr.json", GROUP3);
    put_key(s, "three.zarr/.zattrs", "{\"a\":1}");
    put_key(s, "c/0/0", "chunk");
    put_key(s, ".zmetadata", "{}");
    is_left_alone(s, ZH_NOTFOUND, "3 \n8 \n1 one.zarr\n2 three.zarr\n1 two.zarr\n");
    put_key(s, "two.zarr/.q.zh-tmp/x", "1");
    check_is(s, REPAIR, ZH_NOTFOUND, "3 \n8 \n1 one.zarr\n2 three.zarr\n1 two.zarr\n0 two.zarr/.q.zh-tmp repaired\n");
    put_key(s, "zarr.json", "{"); /* nor where it is damaged */
    is_left_alone(s, ZH_OK, "4 \n8 \n1 one.zarr\n1 two.zarr\n");
    zh_store_close(s);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void file_is(const char *path, const char *text)
{
    char got[64] = "";
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    assert_true(fgets(got, sizeof(got), f) != NULL);
    assert_string_equal(got, text);
    assert_int_equal(fclose(f), 0);
}

/* Files that no key can name, and things that are no files. */
static void what_is_no_key_stays(void **state)
{
    zh_store *s = new_store(IN_DIRECTORY);
    char at[128], home[64];
    struct stat st;

    (void)state;
    create(s, ZH_V3, "g");
    (void)snprintf(home, sizeof(home), "%s", zh_store_url(s));
    put_key(s, "lost/zarr.jso", "x");
    put_key(s, "gone/c/0/0", "chunk");
    put_key(s, "bare/node/zarr.json", GROUP3);
    (void)snprintf(at, sizeof(at), "%s/gone/c/caf\xe9", home);
    write_file(at, "foreign");
    (void)snprintf(at, sizeof(at), "%s/bare/node/fifo", home);
    assert_int_equal(mkfifo(at, 0600), 0);
    check_is(s, REMOVE, ZH_OK, "1 bare/node repaired\n3 gone repaired\n");
    assert_int_equal(lstat(at, &st), 0);
    (void)snprintf(at, sizeof(at), "%s/gone/c/caf\xe9", home);
    file_is(at, "foreign");
    zh_store_close(s);
}

static void what_lies_behind_links_stays(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner, *s;

    (void)state;
    assert_int_equal(mkdir("out", 0777) | mkdir("out/c", 0777) | mkdir("out/.q.zh-tmp", 0777), 0);
    write_file("out/c/0", "chunk");
    write_file("out/.zattrs", "{}");
    write_file("out/.q.zh-tmp/x", "temporary");
    assert_int_equal(mkdir("out/node", 0777), 0);
    write_file("out/node/zarr.json", GROUP3);
    assert_zh_ok(zh_store_dir_open(&inner, "s", ZH_CREATE_EXCL, &err), &err);
    assert_zh_ok(zh_store_log_open(&s, inner, &err), &err);
    create(s, ZH_V3, "g");
    assert_int_equal(symlink("../out", "s/a"), 0);
    put_key(s, "lost/0", "chunk");
    assert_int_equal(symlink("../../out/c/0", "s/lost/1"), 0); /* a link to a file is a key of the store's own */
    check_is(s, REMOVE, ZH_OK, "2 a\n3 a\n0 a/.q.zh-tmp\n1 a/node\n3 lost repaired\n");
    file_is("out/c/0", "chunk");
    file_is("out/.zattrs", "{}");
    file_is("out/.q.zh-tmp/x", "temporary");
    file_is("out/node/zarr.json", GROUP3);
    zh_store_close(s);
}

/* Told once each, and the check ends; nothing is found through them. */
static void links_that_lead_around(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner, *s;

    (void)state;
    assert_zh_ok(zh_store_dir_open(&inner, "s", ZH_CREATE_EXCL, &err), &err);
    assert_zh_ok(zh_store_log_open(&s, inner, &err), &err);
    create(s, ZH_V3, "g\na x/y");
    assert_zh_ok(zh_consolidate(s, "", 0, &err), &err);
    assert_int_equal(symlink(".", "s/a") | symlink(".", "s/b") | symlink("../..", "s/x/y/up"), 0);
    assert_int_equal(mkdir("s/bare", 0777) | symlink("..", "s/bare/0"), 0);
    zh_store_log_clear(s);
    check_is(s, REMOVE, ZH_OK, "9 a\n9 b\n9 bare/0\n9 x/y/up\n");
    assert_true(zh_store_log_count(s, ZH_OP_LIST) < 40);
    zh_store_close(s);
}

/* --- mending --- */

static void temporaries_are_removed(void **state)
{
    zh_store *s = new_store(IN_DIRECTORY);
    char name[64], key[128], want[128];

    (void)state;
    create(s, ZH_V3, "g a");
    zh_store_temporary_name(s, name);
    (void)snprintf(key, sizeof(key), "a/%s/0/zarr.json", name);
    put_key(s, key, "{}");
    (void)snprintf(want, sizeof(want), "0 a/%s\n", name);
    check_is(s, LOOK, ZH_OK, want);
    (void)snprintf(want, sizeof(want), "0 a/%s repaired\n", name);
    check_is(s, REPAIR, ZH_OK, want);
    check_is(s, LOOK, ZH_OK, "");
    zh_store_close(s);
    s = new_store(IN_MEMORY); /* which takes a name for a key and a prefix */
    create(s, ZH_V3, "g a");
    put_key(s, ".t.zh-tmp", "1");
    put_key(s, ".t.zh-tmp/x", "1");
    check_is(s, REPAIR, ZH_OK, "0 .t.zh-tmp repaired\n");
    check_is(s, LOOK, ZH_OK, "");
    zh_store_close(s);
}

static const char *const broken[][2] = {
    {".q.zh-tmp/x", "1"},    {"lost/x/zarr.json", GROUP3}, {"lost/x/y/zarr.json", GROUP3}, {"half/.zattrs", "{}"},
    {"gone/c/0/0", "chunk"}, {"gone/c/0/1", "chunk"},      {"old/.zmetadata", "{}"}};
static zh_store *broken_store(store_kind kind)
{
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;

    create(s, ZH_V3, "g\na a");
    assert_zh_ok(zh_consolidate(s, "", 0, &err), &err);
    put_key(s, "b/zarr.json", GROUP3); /* which they do not have */
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        put_key(s, broken[i][0], broken[i][1]);
    return s;
}

#define CHANGES (ZH_OP_PUT | ZH_OP_ERASE | ZH_OP_ERASE_PREFIX | ZH_OP_FLUSH)

static void must_be_locked(void *payload)
{
    assert_true(zh_store_fault_locked(payload));
}

/* All changes, and the flush, are made with the store locked; a look is not. */
static void changes_are_made_under_the_lock(void **state)
{
    unsigned long changes = 1;

    (void)state;
    for (unsigned long k = 1; k <= changes; k++) {
        zh_store *s = broken_store(IN_MEMORY);

        zh_store_fault_set(s, CHANGES, 0, 0, false);
        zh_store_fault_set_hook(s, CHANGES, k, must_be_locked, s);
        (void)check_with(s, REMOVE, ZH_OK, 2);
        changes = zh_store_fault_seen(s);
        assert_true(changes >= 10);
        assert_false(zh_store_fault_locked(s));
        zh_store_close(s);
    }
    {
        zh_store *s = broken_store(IN_MEMORY);

        zh_store_log_clear(s);
        (void)check_with(s, LOOK, ZH_OK, 2);
        assert_int_equal(zh_store_log_count(s, ZH_OP_LOCK), 0);
        assert_int_equal(zh_store_log_count(s, ZH_OP_FLUSH), 0);
        zh_store_close(s);
    }
}

static void publish_lost(void *payload)
{
    put_key(payload, "lost/zarr.json", GROUP3);
}

static void publish_array(void *payload)
{
    static const char array[] =
        "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[4],\"data_type\":\"int8\",\"chunk_grid\":{\"name\":"
        "\"regular\",\"configuration\":{\"chunk_shape\":[1]}},\"chunk_key_encoding\":{\"name\":\"default\"},\"fill_"
        "value\":0,\"codecs\":[{\"name\":\"bytes\"}]}";

    put_key(payload, "gone/zarr.json", array);
}

static void publish_half(void *payload)
{
    put_key(payload, "half/.zgroup", GROUP2);
}

static void consolidate_anew(void *payload)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_consolidate(payload, "", 1, &err), &err);
}

/* What another has made a node, or the chunks of one, between the look and the lock. */
static void what_has_changed_meanwhile_stays(void **state)
{
    static void (*const publish[])(void *payload) = {publish_lost, publish_array, publish_half};
    static const char *const key[] = {"lost/x/zarr.json", "gone/c/0", "half/.zattrs"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        zh_store *s = new_store(IN_MEMORY);

        create(s, ZH_V3, "g");
        put_key(s, key[i], i == 0 ? GROUP3 : "x");
        zh_store_fault_set_hook(s, ZH_OP_LOCK, 1, publish[i], s);
        check_is(s, REMOVE, ZH_OK, "");
        assert_true(has_key(s, key[i]));
        zh_store_close(s);
    }
    { /* consolidated metadata that another has mended */
        zh_store *s = new_store(IN_MEMORY);

        create(s, ZH_V3, "g\ng a");
        consolidate_anew(s);
        put_key(s, "b/zarr.json", GROUP3);
        zh_store_fault_set_hook(s, ZH_OP_LOCK, 1, consolidate_anew, s);
        check_is(s, REPAIR, ZH_OK, "");
        zh_store_close(s);
    }
    { /* found below a group that is an array by then */
        zh_store *s = new_store(IN_MEMORY);

        create(s, ZH_V3, "g\ng gone");
        put_key(s, "gone/c/0", "chunk");
        zh_store_fault_set_hook(s, ZH_OP_LOCK, 1, publish_array, s);
        check_is(s, REMOVE, ZH_OK, "");
        assert_true(has_key(s, "gone/c/0"));
        zh_store_close(s);
    }
}

static int stop_at_repaired(void *payload, const zh_finding *finding)
{
    *(unsigned *)payload += finding->repaired;
    return *(unsigned *)payload == 3;
}

static void stopped_by_its_caller(store_kind kind)
{
    zh_store *s = broken_store(kind);
    zh_check_options o = check_options(REMOVE, 0);
    zh_check_stats stats;
    zh_error err = ZH_ERROR_INIT;
    unsigned n = 0;

    assert_zh_ok(zh_store_flush(s, &err), &err);
    o.finding = stop_at_repaired;
    o.payload = &n;
    o.stats = &stats;
    assert_zh_code(zh_check(s, &o, &err), ZH_ABORTED, &err);
    assert_int_equal(stats.repaired, 3);
    assert_true(has_key(s, "half/.zattrs") && !has_key(s, "gone/c/0/0"));
    if (kind == IN_ZIP) { /* what others see */
        zh_store *other;

        assert_zh_ok(zh_store_open(&other, zh_store_url(s), ZH_OPEN_READ, &err), &err);
        assert_true(has_key(other, "half/.zattrs"));
        assert_false(has_key(other, "gone/c/0/0"));
        zh_store_close(other);
    }
    zh_store_close(s);
}

static void an_end_by_the_caller_flushes(void **state)
{
    (void)state;
    stopped_by_its_caller(IN_ZIP);
    stopped_by_its_caller(IN_DIRECTORY);
}

/* Each call fails in turn: an answer, no other key is touched, and the next one mends the rest. */
static void each_call_fails(store_kind kind)
{
    unsigned long seen = 1;

    for (unsigned long k = 1; k <= seen; k++) {
        zh_store *s = broken_store(kind);
        zh_check_options o = check_options(REMOVE, 1);
        zh_error err = ZH_ERROR_INIT;
        char *wanted;

        zh_store_fault_set(s, ZH_OP_ALL, k, EIO, false);
        assert_zh_code(zh_check(s, &o, &err), ZH_IO, &err);
        seen = zh_store_fault_seen(s) > seen ? zh_store_fault_seen(s) : seen;
        assert_false(zh_store_fault_locked(s));
        zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
        wanted = strdup(check_with(s, REMOVE, ZH_OK, 1));
        seen = zh_store_fault_seen(s) > seen ? zh_store_fault_seen(s) : seen;
        check_is(s, LOOK, ZH_OK, "");
        assert_string_equal(members(s, ZH_V3), "a a {}\ng b {}\n");
        free(wanted);
        zh_store_close(s);
        if (k > 30 && k + 40 < seen) /* the head and the tail, and some between */
            k += 3;
    }
}

static int do_remove(void *payload)
{
    zh_check_options o = check_options(REMOVE, 1);
    zh_error err = ZH_ERROR_INIT;

    return zh_check(payload, &o, &err);
}

static void failures_while_mending(void **state)
{
    zh_store *s;

    (void)state;
    each_call_fails(IN_MEMORY);
    each_call_fails(IN_ZIP);
    s = broken_store(IN_MEMORY);
    zh_each_allocation_fails(do_remove, s);
    check_is(s, LOOK, ZH_OK, "");
    zh_store_close(s);
}

/* --- limits --- */

static zh_store *flat_store(unsigned n)
{
    zh_store *s = new_store(IN_MEMORY);
    char key[64];

    put_key(s, "zarr.json", GROUP3);
    for (unsigned i = 0; i < n; i++) {
        (void)snprintf(key, sizeof(key), "g%u/zarr.json", i);
        put_key(s, key, GROUP3);
    }
    return s;
}

static double seconds_of(clockid_t clock)
{
    struct timespec now;

    assert_int_equal(clock_gettime(clock, &now), 0);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void as_many_requests_as_allowed(void **state)
{
    static const unsigned limits[] = {1, 3, 10};
    double took[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        zh_store *s = flat_store(100);
        double start;

        put_key(s, "gone/c/0", "chunk");
        zh_store_fault_set_latency(s, 2000);
        zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
        start = seconds_of(CLOCK_MONOTONIC);
        (void)check_with(s, REMOVE, ZH_OK, limits[i]);
        took[i] = seconds_of(CLOCK_MONOTONIC) - start;
        assert_int_equal(zh_store_fault_max_in_flight(s), limits[i]);
        zh_store_close(s);
    }
    assert_true(took[0] >= 0.6 && took[2] < took[0] / 3); /* two listings and a document each */
}

/* Of the processor: what else the machine does is not to be seen here. */
static double time_of_consolidated(unsigned n)
{
    zh_store *s = flat_store(n);
    zh_error err = ZH_ERROR_INIT;
    double best = 1e9;

    assert_zh_ok(zh_consolidate(s, "", 0, &err), &err);
    for (int i = 0; i < 3; i++) {
        const double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        double took;

        check_is(s, LOOK, ZH_OK, "");
        took = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
        best = took < best ? took : best;
    }
    zh_store_close(s);
    return best;
}

/* Eight times the members: not sixty-four times the time. */
static void comparing_grows_in_proportion(void **state)
{
    (void)state;
    assert_true(time_of_consolidated(16000) < 25 * time_of_consolidated(2000));
}

static void only_what_differs_is_stale(void **state)
{
    static const char *const same[] = {"\"b\":" GROUP3 ",\"a\":" GROUP3,
                                       "\"a\":{\"x\":1},\"b\":" GROUP3 ",\"a\":" GROUP3}; /* the last one counts */
    static const char *const others[] = {"\"a\":" GROUP3,
                                         "\"a\":" GROUP3 ",\"b\":" GROUP3 ",\"c\":" GROUP3,
                                         "\"a\":" GROUP3 ",\"c\":" GROUP3,
                                         "\"a\":" GROUP3 ",\"b\":{\"x\":1}",
                                         "\"a\":" GROUP3 ",\"b\":" GROUP3 ",\"a\":{\"x\":1}",
                                         ""};
    zh_store *s = new_store(IN_MEMORY);
    char text[1024];

    (void)state;
    create(s, ZH_V3, "g\ng a\ng b");
    for (size_t i = 0; i < 8; i++) {
        (void)snprintf(text, sizeof(text),
                       "{\"zarr_format\":3,\"node_type\":\"group\",\"consolidated_metadata\":{\"kind\":\"inline\","
                       "\"must_understand\":false,\"metadata\":{%s}}}",
                       i < 2 ? same[i] : others[i - 2]);
        put_key(s, "zarr.json", text);
        check_is(s, LOOK, ZH_OK, i < 2 ? "" : "8 \n");
    }
    zh_store_close(s);
}

/* --- anything --- */

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static const char *pick(unsigned *seed, const char *const *from, size_t n)
{
    return from[next_random(seed) % n];
}

static void random_key(char out[256], unsigned *seed)
{
    static const char *const folder[] = {"2024", "c", "0", "1.0", "c.0", "docs", "g", "g/a", "lost", "x y", "00", "a"};
    static const char *const file[] = {"0",          "0.0",       "1.0",        "c",       "c.0.0",   "2024",
                                       "report.csv", "zarr.json", ".zattrs",    ".zgroup", ".zarray", "007",
                                       "main.c",     "0.x",       ".zmetadata", "zarr",    "1",       "c0",
                                       "0..1",       ".hidden",   "caf\xc3\xa9"};
    const unsigned depth = next_random(seed) % 4;
    size_t n = 0;

    for (unsigned i = 0; i < depth; i++)
        n += (size_t)snprintf(out + n, 256 - n, "%s/", pick(seed, folder, sizeof(folder) / sizeof(folder[0])));
    (void)snprintf(out + n, 256 - n, "%s", pick(seed, file, sizeof(file) / sizeof(file[0])));
}

static bool ends_with_document(const char *key)
{
    const char *slash = strrchr(key, '/');
    const char *name = slash == NULL ? key : slash + 1;

    return strcmp(name, "zarr.json") == 0 || strcmp(name, ".zarray") == 0 || strcmp(name, ".zgroup") == 0 ||
           strcmp(name, ".zattrs") == 0 || strcmp(name, ".zmetadata") == 0;
}

/* Of some array at some prefix? */
static bool may_be_chunk(const char *key)
{
    for (const char *rest = key; rest != NULL; rest = strchr(rest, '/') == NULL ? NULL : strchr(rest, '/') + 1)
        if (zh_grid_is_chunk_key(rest))
            return true;
    return false;
}

static void random_store(zh_store *s, unsigned *seed)
{
    static const char *const texts[] = {GROUP3, GROUP2, "{}", "{", "foreign"};
    char key[256];
    zh_error err = ZH_ERROR_INIT;

    create(s, next_random(seed) % 2 ? ZH_V3 : ZH_V2, "g\ng g {\"x\":1}\na g/a\na a");
    if (next_random(seed) % 2)
        assert_zh_ok(zh_consolidate(s, "", 0, &err), &err);
    for (unsigned n = 1 + next_random(seed) % 25; n > 0; n--) {
        random_key(key, seed);
        /* A memory store takes a key below a key; a root's document stays, or nothing may be removed. */
        if (strchr(key, '/') != NULL || !ends_with_document(key))
            put_key(s, key, pick(seed, texts, sizeof(texts) / sizeof(texts[0])));
    }
    put_key(s, "g/.t.zh-tmp/zarr.json", "temporary");
}

/* Is every line of `before` that fits in `after` too? A line is "key = value". */
static void lines_stay(const char *before, const char *after, bool all, unsigned seed)
{
    char *copy = strdup(before), *rest = NULL, line[512];

    for (char *l = strtok_r(copy, "\n", &rest); l != NULL; l = strtok_r(NULL, "\n", &rest)) {
        char key[512];
        const char *at;

        (void)snprintf(key, sizeof(key), "%.*s", (int)(strstr(l, " = ") - l), l);
        if (all ? strcmp(key, "zarr.json") == 0 || strstr(key, ".zmetadata") != NULL
                : ends_with_document(key) || may_be_chunk(key))
            continue;
        (void)snprintf(line, sizeof(line), "%s\n", l);
        for (at = strstr(after, line); at != NULL && at != after && at[-1] != '\n';)
            at = strstr(at + 1, line);
        if (at == NULL)
            fail_msg("seed %u: '%s' is not in\n%s", seed, l, after);
    }
    free(copy);
}

static void no_foreign_key_is_ever_changed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 400; i++) {
        unsigned seed = i * 7919 + 1;
        zh_store *s = new_store(IN_MEMORY);
        char *before, *repaired, *removed, *nodes3, *nodes2;

        random_store(s, &seed);
        before = snapshot(s);
        (void)check_with(s, REPAIR, ZH_OK, 1 + i % 4);
        assert_false(has_key(s, "g/.t.zh-tmp/zarr.json"));
        repaired = snapshot(s);
        lines_stay(before, repaired, true, i);
        nodes3 = has_key(s, "zarr.json") ? strdup(members(s, ZH_V3)) : strdup("");
        nodes2 = has_key(s, ".zgroup") ? strdup(members(s, ZH_V2)) : strdup("");
        (void)check_with(s, REMOVE, ZH_OK, 1 + i % 4);
        removed = snapshot(s);
        lines_stay(repaired, removed, false, i);
        if (has_key(s, "zarr.json")) /* nor what readers come to */
            assert_string_equal(members(s, ZH_V3), nodes3);
        if (has_key(s, ".zgroup"))
            assert_string_equal(members(s, ZH_V2), nodes2);
        free(before);
        free(repaired);
        free(removed);
        free(nodes2);
        free(nodes3);
        zh_store_close(s);
    }
}

/* What a dead creator had moved aside goes back, if its word is a node's path and nothing is there; the rest goes. */
static void what_was_moved_aside_is_put_back(void **state)
{
    static const struct {
        const char *word;
        bool returns;
    } asides[] = {{"a", true},     {"g/b.zh-tmp", true},     {"taken", false}, {"", false},
                  {"../x", false}, {"g/.1.zh-tmp/x", false}, {"/x", false}};
    zh_store *s = new_store(IN_DIRECTORY);
    zh_check_options o = ZH_CHECK_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    char key[128];

    (void)state;
    create(s, ZH_V3, "g taken {\"new\":1}\ng g");
    for (unsigned i = 0; i < sizeof(asides) / sizeof(asides[0]); i++) {
        (void)snprintf(key, sizeof(key), ".0123.zh-tmp/old-%u/zarr.json", i);
        put_key(s, key, "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"old\":1}}");
        (void)snprintf(key, sizeof(key), ".0123.zh-tmp/old-%u.path", i);
        put_key(s, key, asides[i].word);
    }
    o.repair = true;
    assert_zh_ok(zh_check(s, &o, &err), &err);
    assert_string_equal(members(s, ZH_V3), "g a {\"old\":1}\ng g {}\ng g/b.zh-tmp {\"old\":1}\ng taken {\"new\":1}\n");
    assert_false(has_temporaries(s));
    for (unsigned i = 0; i < sizeof(asides) / sizeof(asides[0]); i++)
        if (asides[i].returns)
            assert_true(has_key(s, document_key(ZH_V3, ZH_NODE_GROUP, asides[i].word)));
    zh_store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(check_finds_v3),
        zh_sandbox_test(check_finds_v2),
        zh_sandbox_test(check_of_no_hierarchy),
        zh_sandbox_test(it_looks_below_damage),
        zh_sandbox_test(damaged_arrays),
        zh_sandbox_test(lone_consolidated_metadata),
        zh_sandbox_test(findings_are_told_by_path),
        zh_sandbox_test(foreign_files_stay),
        zh_sandbox_test(what_may_be_chunks_stays_with_others),
        zh_sandbox_test(an_array_without_document_is_removed_on_request),
        zh_sandbox_test(unreachable_nodes),
        zh_sandbox_test(nothing_is_removed_where_the_root_has_no_document),
        zh_sandbox_test(what_is_no_key_stays),
        zh_sandbox_test(what_lies_behind_links_stays),
        zh_sandbox_test(links_that_lead_around),
        zh_sandbox_test(temporaries_are_removed),
        zh_sandbox_test(changes_are_made_under_the_lock),
        zh_sandbox_test(what_has_changed_meanwhile_stays),
        zh_sandbox_test(an_end_by_the_caller_flushes),
        zh_sandbox_test(failures_while_mending),
        zh_sandbox_test(as_many_requests_as_allowed),
        zh_sandbox_test(comparing_grows_in_proportion),
        zh_sandbox_test(only_what_differs_is_stale),
        zh_sandbox_test(no_foreign_key_is_ever_changed),
        zh_sandbox_test(what_was_moved_aside_is_put_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
