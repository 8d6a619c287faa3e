/* test_two_creators.c - a second creator that comes between any two calls of the first (W21), on a handle of its own
 * and on one that has been used before. Whatever the moment: who succeeds and what the store then holds are what they
 * would be if one had come after the other; or the first finds that it has lost a race, and only the second has done
 * anything.
 */
#include "builder_fixture.h"

typedef struct part {
    const char *plan;
    bool overwrite;
    zh_consolidation consolidated;
} part;

typedef struct scene {
    const char *before;
    bool consolidated; /* the root before has consolidated metadata */
    part a, b;
} scene;

static const scene scenes[] = {
    /* 0: one path, in an empty store and in one that has something */
    {"", false, {"g x {\"by\":0}\na x/a\ng y", false, 0}, {"g y\ng x {\"by\":1}\na x/b/c", false, 0}},
    {"g old", false, {"g x {\"by\":0}\na x/a\ng y", false, 0}, {"g y\ng x {\"by\":1}\na x/b/c", false, 0}},
    /* 2: only implicit groups in common */
    {"", false, {"a x/y/a\ng x/z/b", false, 0}, {"a x/y/c\ng w", false, 0}},
    {"g x", false, {"a x/y/a\ng x/z/b", false, 0}, {"a x/y/c\ng w", false, 0}},
    /* 4: an implicit group of the one is an array of the other */
    {"g old", false, {"a x/a", false, 0}, {"a x", false, 0}},
    {"g old", false, {"a x {\"by\":0}", false, 0}, {"a x/a\ng y", false, 0}},
    /* 6: one replaces what the other adds to */
    {"g x {\"old\":1}\na x/old", false, {"a x/new\ng y", false, 0}, {"a x", true, 0}},
    {"g x {\"old\":1}\na x/old", false, {"g x {\"by\":0}\na x/a", true, 0}, {"a x/b", false, 0}},
    {"g x {\"old\":1}\na x/old", false, {"a x/new\ng y", false, 0}, {"g {\"by\":1}\na x", true, 0}},
    {"g x/y\na x/old", false, {"a x/y/a", false, 0}, {"g x {\"by\":1}\ng x/z", true, 0}},
    /* 10: both replace */
    {"g x {\"old\":1}\na x/old", false, {"g x {\"by\":0}\na x/a", true, 0}, {"g x {\"by\":1}\na x/b", true, 0}},
    {"a x {\"old\":1}\ng y", false, {"a x {\"by\":0}\na z", true, 0}, {"a y {\"by\":1}\ng x", true, 0}},
    {"g x {\"old\":1}", false, {"g {\"by\":0}\na a", true, 0}, {"g {\"by\":1}\na b", true, 0}},
    /* 13: consolidated metadata */
    {"g x", true, {"a x/a", false, ZH_CONSOLIDATE_KEEP}, {"a x/b", false, ZH_CONSOLIDATE_KEEP}},
    {"g x", true, {"a x/a", false, ZH_CONSOLIDATE_DROP}, {"a x/b", false, ZH_CONSOLIDATE_WRITE}},
    {"g x", false, {"a x/a", false, ZH_CONSOLIDATE_DROP}, {"a b", false, ZH_CONSOLIDATE_WRITE}},
    {"g {\"old\":1}\ng x", true, {"a x/a", false, ZH_CONSOLIDATE_KEEP}, {"g {\"by\":1}\na b", true, 0}},
    {"g x", true, {"g x", false, ZH_CONSOLIDATE_KEEP}, {"a x/b", false, ZH_CONSOLIDATE_KEEP}},
};
#define SCENES (sizeof(scenes) / sizeof(scenes[0]))

typedef enum place { MEMORY, DIRECTORY, DIRECTORY_USED, PLACES } place;

/* One store with two handles: `first` is behind the decorator. */
typedef struct pair {
    zh_store *first, *second;
    place where;
} pair;

static void open_pair(pair *p, place where)
{
    static unsigned count;
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner;
    char path[32];

    (void)snprintf(path, sizeof(path), "pair%u", count++);
    p->where = where;
    if (where == MEMORY)
        assert_zh_ok(zh_store_mem_open(&inner, &err), &err);
    else
        assert_zh_ok(zh_store_dir_open(&inner, path, ZH_CREATE_EXCL, &err), &err);
    assert_zh_ok(zh_store_log_open(&p->first, inner, &err), &err);
    p->second = inner;
    if (where != MEMORY)
        assert_zh_ok(zh_store_dir_open(&p->second, path, ZH_OPEN_WRITE, &err), &err);
}

static void close_pair(pair *p)
{
    if (p->where != MEMORY)
        zh_store_close(p->second);
    zh_store_close(p->first);
}

static void create_part(zh_store *s, zh_format format, const part *p, int *rc, zh_error *err)
{
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *plan = plan_of(format, p->plan);

    o.overwrite = p->overwrite;
    o.consolidated = p->consolidated;
    o.requests = 1;
    *rc = zh_create_hierarchy(s, plan, &o, err);
    zh_plan_free(plan);
}

static void prepare(pair *p, zh_format format, const scene *sc)
{
    zh_error err = ZH_ERROR_INIT;
    /* A handle that has been used keeps directories open. */
    zh_store *s = p->where == DIRECTORY_USED ? p->second : p->first;

    open_pair(p, p->where);
    s = p->where == DIRECTORY_USED ? p->second : p->first;
    if (*sc->before != '\0')
        create(s, format, sc->before);
    if (p->where == DIRECTORY_USED && strstr(sc->before, "g x") != NULL) {
        put_key(s, "x/warm", "");
        assert_zh_ok(zh_store_erase(s, "x/warm", &err), &err);
    }
    if (sc->consolidated)
        assert_zh_ok(zh_consolidate(s, "", 1, &err), &err);
}

/* "ok fails\n" and all keys and values. */
static char *outcome(pair *p, int a, int b)
{
    char *keys = snapshot(p->first);
    const size_t n = strlen(keys) + 32;
    char *out = malloc(n);

    (void)snprintf(out, n, "%s %s\n%s", a == ZH_OK ? "ok" : "fails", b == ZH_OK ? "ok" : "fails", keys);
    free(keys);
    return out;
}

/* order: "ab", "ba", or "b": a loses the race. */
static char *in_order(place where, zh_format format, const scene *sc, const char *order)
{
    pair p = {.where = where};
    zh_error err = ZH_ERROR_INIT;
    int a = ZH_RACE, b = 0;
    char *out;

    prepare(&p, format, sc);
    for (; *order != '\0'; order++)
        if (*order == 'a')
            create_part(p.first, format, &sc->a, &a, &err);
        else
            create_part(p.second, format, &sc->b, &b, &err);
    out = outcome(&p, a, b);
    close_pair(&p);
    return out;
}

static bool is_conflict(int rc)
{
    return rc == ZH_RACE || rc == ZH_CONTAINS_GROUP || rc == ZH_CONTAINS_ARRAY;
}

typedef struct second {
    pair *p;
    zh_format format;
    const part *what;
    bool came;
    int rc;
    zh_error err;
} second;

static void come(void *payload)
{
    second *s = payload;

    if (zh_store_fault_locked(s->p->first))
        return; /* it would have to wait */
    create_part(s->p->second, s->format, s->what, &s->rc, &s->err);
    s->came = true;
}

/* Answers whether there was a call number k. */
static bool between(place where, zh_format format, const scene *sc, unsigned long k, const char *wanted[3])
{
    pair p = {.where = where};
    second s = {&p, format, &sc->b, false, 0, ZH_ERROR_INIT};
    zh_error err = ZH_ERROR_INIT;
    unsigned long calls;
    char *got;
    int rc;

    prepare(&p, format, sc);
    zh_store_fault_set(p.first, ZH_OP_ALL, 0, 0, false);
    zh_store_fault_set_hook(p.first, ZH_OP_ALL, k, come, &s);
    create_part(p.first, format, &sc->a, &rc, &err);
    calls = zh_store_fault_seen(p.first);
    if (s.came) {
        got = outcome(&p, rc, s.rc);
        if (strcmp(got, wanted[0]) != 0 && strcmp(got, wanted[1]) != 0 &&
            !(is_conflict(rc) && strcmp(got, wanted[2]) == 0))
            fail_msg(
                "scene %td, place %d, v%d: the other came at call %lu of %lu\n%s\n%s\n%s\nand it should be\n%s\nor\n%s",
                sc - scenes, (int)where, (int)format, k, calls, err.message, s.err.message, got, wanted[0], wanted[1]);
        free(got);
    }
    close_pair(&p);
    return k <= calls;
}

static void one_scene(place where, zh_format format, const scene *sc)
{
    char *first = in_order(where, format, sc, "ab"), *last = in_order(where, format, sc, "ba");
    char *alone = in_order(where, format, sc, "b");
    const char *wanted[3] = {first, last, alone};

    for (unsigned long k = 1; between(where, format, sc, k, wanted); k++)
        ;
    free(first);
    free(last);
    free(alone);
}

#define SCENE_TEST(name, from, to)                                                                                     \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        for (size_t i = (from); i <= (to); i++)                                                                        \
            for (place where = 0; where < PLACES; where++)                                                             \
                for (int format = ZH_V2; format <= ZH_V3; format++)                                                    \
                    one_scene(where, (zh_format)format, &scenes[i]);                                                   \
    }

SCENE_TEST(one_path_one_winner__W21, 0, 1)
SCENE_TEST(implicit_groups_in_common_both_win__W21, 2, 3)
SCENE_TEST(group_against_array__W21, 4, 5)
SCENE_TEST(adding_to_what_is_replaced__W21, 6, 9)
SCENE_TEST(both_replace__W21, 10, 12)
SCENE_TEST(consolidated_metadata_stay_true__W16_W21, 13, SCENES - 1)

/* What an exchange took away lies under the stage, which could not be removed. A handle that has been in that directory
 * before goes by its name all the same. */
static void used_handle_finds_the_new_directory(void **state)
{
    static const part over = {"g x {\"by\":0}\na x/a", true, ZH_CONSOLIDATE_DROP};
    static const part add = {"a x/b", false, ZH_CONSOLIDATE_DROP};

    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        pair p = {.where = DIRECTORY_USED};
        zh_error err = ZH_ERROR_INIT;
        int rc;

        prepare(&p, (zh_format)format, &scenes[7]);
        zh_store_fault_set(p.first, ZH_OP_ERASE_PREFIX, 1, EIO, false);
        create_part(p.first, (zh_format)format, &over, &rc, &err);
        assert_zh_ok(rc, &err);
        assert_true(has_temporaries(p.first));
        create_part(p.second, (zh_format)format, &add, &rc, &err);
        assert_zh_ok(rc, &err);
        assert_string_equal(members(p.first, (zh_format)format), "g x {\"by\":0}\na x/a {}\na x/b {}\n");
        close_pair(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(one_path_one_winner__W21),
        zh_sandbox_test(implicit_groups_in_common_both_win__W21),
        zh_sandbox_test(group_against_array__W21),
        zh_sandbox_test(adding_to_what_is_replaced__W21),
        zh_sandbox_test(used_handle_finds_the_new_directory),
        zh_sandbox_test(both_replace__W21),
        zh_sandbox_test(consolidated_metadata_stay_true__W16_W21),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
