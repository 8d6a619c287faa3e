#include "support.h"
#include "base/keyed_hash.h"

#define PRIME (((uint64_t)1 << 61) - 1)

/* a * b modulo 2^61-1, a bit at a time. */
static uint64_t slow_product(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    for (int bit = 63; bit >= 0; bit--) {
        product = product * 2 % PRIME;
        if (b >> bit & 1)
            product = (product + a % PRIME) % PRIME;
    }
    return product;
}

static void computes_the_polynomial(void **state)
{
    static const uint64_t sums[] = {
        0, 1, 12345, UINT32_MAX, (uint64_t)UINT32_MAX + 1, 0x0123456789abcdefu, PRIME - 1, PRIME, PRIME + 3};
    static const uint32_t points[] = {0, 1, 2, 0x80000000u, 0xdeadbeefu, UINT32_MAX};
    static const uint64_t blocks[] = {0, 1, ZH_HASH_WHOLE, ((uint64_t)1 << 60) - 1};

    (void)state;
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
        for (size_t k = 0; k < sizeof(points) / sizeof(points[0]); k++)
            for (size_t b = 0; b < sizeof(blocks) / sizeof(blocks[0]); b++) {
                zh_hashing h = {{1, points[k]}, sums[i], 0, 0};

                zh_hash_add_block(&h, blocks[b]);
                assert_true(h.sum <= PRIME + 4);
                assert_true(h.sum % PRIME == (slow_product(sums[i], points[k]) + blocks[b]) % PRIME);
            }
}

/* The hash of a path, '/' between its segments. */
static uint32_t hash_of(const zh_hash_key *key, const char *path)
{
    zh_hashing h = zh_hash_begin(key);

    for (; *path != '\0'; path++) {
        if (*path == '/')
            zh_hash_segment(&h);
        else
            zh_hash_byte(&h, *path);
    }
    zh_hash_segment(&h);
    return zh_hash_value(&h);
}

static void a_prefix_has_its_own_hash(void **state)
{
    static const char path[] = "a/group0001/1234567/12345678/xyz";
    const zh_hash_key key = zh_hash_key_new();
    zh_hashing h = zh_hash_begin(&key);
    char prefix[sizeof(path)];

    (void)state;
    for (size_t i = 0; i < sizeof(path) - 1; i++) {
        if (path[i] != '/') {
            zh_hash_byte(&h, path[i]);
            continue;
        }
        zh_hash_segment(&h);
        memcpy(prefix, path, i);
        prefix[i] = '\0';
        assert_int_equal(zh_hash_value(&h), hash_of(&key, prefix));
    }
    assert_int_equal(zh_hash_text(&key, "abc", 3), hash_of(&key, "abc"));
}

/* Where blocks, segments and texts end is part of them. */
static void alike_texts_are_told_apart(void **state)
{
    static const char *const texts[] = {"",         "/",         "//",       "a",         "a/",        "/a",
                                        "ab",       "a/b",       "b/a",      "1234567",   "1234567/",  "/1234567",
                                        "123456/7", "1234567/8", "12345678", "123456789", "12345678/9"};
    const zh_hash_key key = {0x9e3779b97f4a7c15u, 0x12345677u};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(hash_of(&key, texts[i]), hash_of(&key, texts[k]));
}

/* What agrees under one key does not under the next. */
static void keys_are_all_different(void **state)
{
    unsigned same = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        const zh_hash_key a = zh_hash_key_new(), b = zh_hash_key_new();

        assert_int_equal(a.scatter & 1, 1);
        same += zh_hash_text(&a, "name", 4) == zh_hash_text(&b, "name", 4);
        same += zh_hash_text(&a, "name", 4) == zh_hash_text(&a, "nane", 4);
    }
    assert_true(same <= 1);
    assert_true(zh_salt(&same) != zh_salt(&same));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_the_polynomial),
        cmocka_unit_test(a_prefix_has_its_own_hash),
        cmocka_unit_test(alike_texts_are_told_apart),
        cmocka_unit_test(keys_are_all_different),
    };

    return cmocka_run_group_tests_name("keyed_hash", tests, NULL, NULL);
}
