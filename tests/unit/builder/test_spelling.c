/* test_spelling.c - stores that take different names for one (TC:876, ZH_KEY_COLLISION): nothing is lost because of it,
 * and it is said before anything is done. */
#include "builder_fixture.h"

#include "store_fold.h"

/* A new store that folds, behind the decorator. */
static zh_store *folding(bool in_place)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner, *s;

    assert_zh_ok(zh_store_fold_open(&inner, &err), &err);
    assert_zh_ok(zh_store_log_open(&s, inner, &err), &err);
    if (in_place)
        zh_store_fault_mask_caps(s, ZH_STORE_MOVE);
    return s;
}

static void for_each_folding(void (*body)(zh_store *s, zh_format format))
{
    for (int in_place = 0; in_place <= 1; in_place++)
        for (int format = ZH_V2; format <= ZH_V3; format++) {
            zh_store *s = folding(in_place != 0);

            body(s, (zh_format)format);
            assert_false(has_temporaries(s));
            zh_store_close(s);
        }
}

/* The store is as it was, and how many problems were told. */
static void collides(zh_store *s, zh_format format, const char *lines, bool overwrite, unsigned problems)
{
    char *before = snapshot(s), *after;
    const report *r = create_with(s, format, lines, overwrite, ZH_KEY_COLLISION);

    assert_int_equal(r->problems[-ZH_KEY_COLLISION], problems);
    assert_int_equal(r->n, 0);
    after = snapshot(s);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void siblings(zh_store *s, zh_format format)
{
    collides(s, format, "g A\ng a", false, 1);
    collides(s, format, "a A/x\na a/y", false, 1); /* implicit groups */
    collides(s, format, "g g\na g/Data\ng g/data\na g/DATA\na g/other", false, 2);
    collides(s, format, "g {\"new\":1}\ng A\ng a", true, 1);
    create(s, format, "g A\na A/a\na b/A\na b/B");
    assert_string_equal(members(s, format), "g A {}\na A/a {}\ng b {}\na b/A {}\na b/B {}\n");
}

static void siblings_that_are_one_name__TC876(void **state)
{
    (void)state;
    for_each_folding(siblings);
}

static void existing(zh_store *s, zh_format format)
{
    create(s, format, "g Group {\"old\":1}\na Group/Array\ng sub/Group");
    collides(s, format, "a group/x", false, 1); /* would be put into Group */
    collides(s, format, "g group", false, 1);
    collides(s, format, "g group", true, 1); /* Group is not named: it stays */
    collides(s, format, "a sub/group/x", false, 1);
    collides(s, format, "a Group/array", true, 1);
    create(s, format, "a Group/x\na sub/Group/y");
    assert_string_equal(members(s, format), "g Group {\"old\":1}\na Group/Array {}\na Group/x {}\ng sub {}\n"
                                            "g sub/Group {}\na sub/Group/y {}\n");
    assert_int_equal(create_with(s, format, "g Group {\"new\":1}", true, ZH_OK)->n, 1);
    assert_string_equal(members(s, format), "g Group {\"new\":1}\ng sub {}\ng sub/Group {}\na sub/Group/y {}\n");
}

static void names_that_are_there_in_another_spelling(void **state)
{
    (void)state;
    for_each_folding(existing);
}

/* What is exchanged would keep the old spelling. */
static void a_replaced_root_has_the_new_spelling(void **state)
{
    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *s = folding(false);

        create(s, (zh_format)format, "g {\"old\":1}\ng Group\na Group/x\na b");
        (void)create_with(s, (zh_format)format, "g {\"new\":1}\na group\na B", true, ZH_OK);
        assert_string_equal(members(s, (zh_format)format), "a B {}\na group {}\n");
        assert_false(has_temporaries(s));
        zh_store_close(s);
    }
}

static void spell_it_otherwise(void *payload)
{
    zh_store *s = payload;

    put_key(s, "A/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\"}");
}

/* Another creator's name, which comes after the scan, is not taken for ours. */
static void another_spelling_comes_late(void **state)
{
    static const char *const plans[] = {"g r\na a/x", "g r\ng a", "g r\na a"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        zh_store *s = folding(false);

        create(s, ZH_V3, "g r2");
        zh_store_fault_set_hook(s, ZH_OP_LOCK, 1, spell_it_otherwise, s);
        (void)create_with(s, ZH_V3, plans[i], false, ZH_KEY_COLLISION);
        assert_string_equal(members(s, ZH_V3), "g A {}\ng r2 {}\n");
        assert_false(has_temporaries(s));
        zh_store_close(s);
    }
}

static void the_question_may_fail(void **state)
{
    (void)state;
    for (unsigned long k = 1; k < 200; k++) {
        zh_store *s = folding(false);
        zh_error err = ZH_ERROR_INIT;
        zh_plan *p;
        char *before, *after;
        int rc;

        create(s, ZH_V3, "g old");
        before = snapshot(s);
        p = plan_of(ZH_V3, "a A/x\na a/y");
        zh_store_fault_set(s, ZH_OP_ALL & ~(unsigned)ZH_OP_ERASE_PREFIX, k, EIO, false);
        rc = zh_create_hierarchy(s, p, NULL, &err);
        assert_true(rc == ZH_IO || rc == ZH_KEY_COLLISION);
        after = snapshot(s);
        assert_string_equal(before, after);
        free(before);
        free(after);
        zh_plan_free(p);
        zh_store_close(s);
        if (rc == ZH_KEY_COLLISION)
            return;
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(siblings_that_are_one_name__TC876),
        zh_sandbox_test(names_that_are_there_in_another_spelling),
        zh_sandbox_test(a_replaced_root_has_the_new_spelling),
        zh_sandbox_test(another_spelling_comes_late),
        zh_sandbox_test(the_question_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
