/* store_contract_moves.c - what every store promises (zh/store.h) of moving, of the lock between creators, and of
 * temporary names. As in store_contract.c no test asks which kind of store it has; it may ask for a capability. */
#include "base/alloc.h"
#include "support.h"
#include "base/error.h"
#include "base/key.h"
#include "base/pool.h"
#include "store_kinds.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

static zh_store *open_movable(void)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);

    if ((zh_store_caps(s) & ZH_STORE_MOVE) == 0) {
        zh_store_close(s);
        skip();
    }
    return s;
}

static void move(zh_store *s, const char *from, const char *to, unsigned flags)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_move(s, from, to, flags, &err), &err);
}

static void moves_nothing(zh_store *s, const char *from, const char *to, unsigned flags)
{
    zh_error err = ZH_ERROR_INIT;

    assert_int_equal(zh_store_move(s, from, to, flags, &err), ZH_NOTFOUND);
    assert_string_equal(err.message, "");
}

static void flush(zh_store *s)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_flush(s, &err), &err);
}

/* --- moving --- */

static void a_move_takes_all_that_is_below(void **state)
{
    zh_store *s = open_movable();

    (void)state;
    put(s, "a/x", "1");
    put(s, "a/b/c/y", "2");
    put(s, "a/b/c/empty", "");
    put(s, "ab", "3");
    put(s, "a-b/x", "4");
    put(s, "a.b/x", "5");
    move(s, "a", "n/m/a2", 0);
    is_absent(s, "a/x");
    list_is(s, "", "a-b/ a.b/ ab n/ ");
    list_is(s, "n/m", "a2/ ");
    list_is(s, "n/m/a2", "b/ x ");
    value_is(s, "n/m/a2/x", "1");
    value_is(s, "n/m/a2/b/c/y", "2");
    value_is(s, "n/m/a2/b/c/empty", "");
    value_is(s, "ab", "3");
    value_is(s, "a-b/x", "4");
    put(s, "a/b/c/new", "6"); /* the old place is free */
    move(s, "n/m/a2/b", "a/b/d", 0);
    list_is(s, "a/b", "c/ d/ ");
    value_is(s, "a/b/d/c/y", "2");
    value_is(s, "a/b/c/new", "6");
    move(s, "n/m/a2", "n2", 0);
    list_is(s, "", "a/ a-b/ a.b/ ab n2/ "); /* no prefix is left without keys */
    zh_store_close(s);
}

static void moved_values_stay(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s = open_movable();

    (void)state;
    put(s, "zarr.json", "root");
    put(s, "a/x", "1");
    flush(s);
    move(s, "a", "b", 0); /* of flushed values */
    value_is(s, "b/x", "1");
    put(s, "b/y", "2");
    put(s, "c/z", "3");
    flush(s);
    move(s, "b", "c", ZH_MOVE_EXCHANGE);
    value_is(s, "c/x", "1");
    flush(s);
    if (tested->persistent) {
        zh_store_close(s);
        s = open_store(ZH_OPEN_READ);
        assert_zh_code(zh_store_move(s, "b", "d", 0, &err), ZH_READONLY, &err);
    }
    list_is(s, "", "b/ c/ zarr.json ");
    list_is(s, "c", "x y ");
    value_is(s, "c/x", "1");
    value_is(s, "c/y", "2");
    value_is(s, "b/z", "3");
    zh_store_close(s);
}

static void what_is_absent_is_not_moved(void **state)
{
    zh_store *s = open_movable();

    (void)state;
    moves_nothing(s, "a", "b", 0); /* of a store that never had a key, too */
    put(s, "key", "1");
    put(s, "a/x", "2");
    moves_nothing(s, "absent", "b", 0);
    moves_nothing(s, "a/absent/deep", "b/c/d", 0);
    moves_nothing(s, "key", "b", 0); /* a key is no prefix */
    moves_nothing(s, "key/below", "b", 0);
    moves_nothing(s, "absent", "a", 0);
    moves_nothing(s, "absent", "a", ZH_MOVE_EXCHANGE);
    moves_nothing(s, "a", "absent", ZH_MOVE_EXCHANGE);
    moves_nothing(s, "a", "n/absent", ZH_MOVE_EXCHANGE);
    moves_nothing(s, "a", "key", ZH_MOVE_EXCHANGE);
    list_is(s, "", "a/ key ");
    value_is(s, "a/x", "2");
    value_is(s, "key", "1");
    zh_store_close(s);
}

static void a_move_replaces_nothing(void **state)
{
    static const char *const taken[] = {"key", "b", "b/c", "b/c/x"};
    zh_store *s = open_movable();
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    put(s, "a/x", "1");
    put(s, "key", "2");
    put(s, "b/c/x", "3");
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        assert_zh_code(zh_store_move(s, "a", taken[i], 0, &err), ZH_EXISTS, &err);
        assert_int_equal(err.sys_errno, EEXIST);
        assert_zh_message(&err, taken[i]);
        assert_int_equal(zh_store_move(s, "a", taken[i], 0, NULL), ZH_EXISTS);
    }
    list_is(s, "", "a/ b/ key ");
    value_is(s, "a/x", "1");
    value_is(s, "key", "2");
    value_is(s, "b/c/x", "3");
    assert_zh_ok(zh_store_erase(s, "b/c/x", &err), &err);
    move(s, "a", "b/c", 0);
    value_is(s, "b/c/x", "1");
    zh_store_close(s);
}

static void an_exchange_swaps(void **state)
{
    zh_store *s = open_movable();

    (void)state;
    put(s, "a/x", "1");
    put(s, "a/only/a", "2");
    put(s, "deep/er/b/x", "3");
    put(s, "deep/er/b/only/b", "4");
    put(s, "deep/er/beside", "5");
    move(s, "a", "deep/er/b", ZH_MOVE_EXCHANGE);
    list_is(s, "a", "only/ x ");
    list_is(s, "a/only", "b ");
    list_is(s, "deep/er/b/only", "a ");
    value_is(s, "a/x", "3");
    value_is(s, "deep/er/b/x", "1");
    value_is(s, "deep/er/beside", "5");
    move(s, "deep/er/b", "a", ZH_MOVE_EXCHANGE);
    value_is(s, "a/x", "1");
    value_is(s, "deep/er/b/only/b", "4");
    zh_store_close(s);
}

static void places_within_each_other_are_refused(void **state)
{
    static const char *const bad[] = {"", "/a", "a/", "a//b", "..", "a/../b", "\xff"};
    static const struct {
        const char *from, *to;
    } within[] = {{"a", "a"}, {"a", "a/b"}, {"a/b", "a"}, {"a/b", "a/b/c/d"}};
    zh_store *s = open_movable();
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    put(s, "a/b/x", "1");
    for (unsigned flags = 0; flags <= ZH_MOVE_EXCHANGE; flags += ZH_MOVE_EXCHANGE) {
        for (size_t i = 0; i < sizeof(within) / sizeof(within[0]); i++)
            assert_zh_code(zh_store_move(s, within[i].from, within[i].to, flags, &err), ZH_INVALID, &err);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            assert_zh_code(zh_store_move(s, bad[i], "n", flags, &err), ZH_INVALID, &err);
            assert_zh_code(zh_store_move(s, "a", bad[i], flags, &err), ZH_INVALID, &err);
        }
    }
    value_is(s, "a/b/x", "1");
    move(s, "a", "ab", 0); /* a beginning is not a parent */
    value_is(s, "ab/b/x", "1");
    zh_store_close(s);
}

static void a_store_without_the_bit_does_not_move(void **state)
{
    zh_store *inner = open_store(ZH_CREATE_EXCL), *s;
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_zh_ok(zh_store_fault_open(&s, inner, &err), &err);
    assert_int_equal(zh_store_caps(s), zh_store_caps(inner));
    assert_int_equal(zh_store_depth(s), zh_store_depth(inner));
    zh_store_fault_mask_caps(s, ZH_STORE_MOVE);
    put(s, "a/x", "1");
    assert_zh_code(zh_store_move(s, "a", "b", 0, &err), ZH_UNSUPPORTED, &err);
    assert_zh_code(zh_store_move(s, "a", "a/b", 0, &err), ZH_INVALID, &err);
    value_is(s, "a/x", "1");
    zh_store_close(s);
}

/* --- moving while others look on --- */

enum { MOVES = 300, KEYS = 5 };

typedef struct watch {
    zh_store *s;
    atomic_bool over;
} watch;

static int count(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)name;
    (void)is_prefix;
    (void)err;
    ++*(size_t *)payload;
    return ZH_OK;
}

/* There are always all keys of a prefix or none. */
static int look_at_move(watch *w, zh_error *err)
{
    size_t n = 0;
    const int rc = zh_store_list(w->s, "p/here", count, &n, err);

    if (rc == ZH_OK && n != 0 && n != KEYS)
        return zh_error_set(err, ZH_CORRUPT, "%zu of %d keys", n, KEYS);
    return rc;
}

/* There is always a value: this one or that one. */
static int look_at_exchange(watch *w, zh_error *err)
{
    zh_buf b = ZH_BUF_INIT(100);
    int rc = zh_store_get(w->s, "e/x", &b, err);

    if (rc == ZH_NOTFOUND)
        rc = zh_error_set(err, ZH_CORRUPT, "a moment without a value");
    else if (rc == ZH_OK && (b.len != 1 || (b.ptr[0] != '1' && b.ptr[0] != '2')))
        rc = zh_error_set(err, ZH_CORRUPT, "a part of a value");
    zh_buf_dispose(&b);
    return rc;
}

/* Job 0 moves, the others look until it is done. */
static int watch_job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    watch *w = payload;
    int rc = ZH_OK;

    (void)worker;
    if (index > 0) {
        while (rc == ZH_OK && !atomic_load(&w->over)) {
            rc = look_at_move(w, err);
            if (rc == ZH_OK)
                rc = look_at_exchange(w, err);
        }
        return rc;
    }
    for (int i = 0; rc == ZH_OK && i < MOVES; i++) {
        rc = zh_store_move(w->s, i % 2 == 0 ? "p/here" : "p/there", i % 2 == 0 ? "p/there" : "p/here", 0, err);
        if (rc == ZH_OK)
            rc = zh_store_move(w->s, "e", "f", ZH_MOVE_EXCHANGE, err);
    }
    atomic_store(&w->over, true);
    return rc;
}

static void no_reader_sees_half_a_move(void **state)
{
    watch w = {.s = open_movable()};
    zh_error err = ZH_ERROR_INIT;
    zh_pool *p;

    (void)state;
    atomic_init(&w.over, false);
    for (int i = 0; i < KEYS; i++) {
        char key[32];

        (void)snprintf(key, sizeof(key), "p/here/%d", i);
        put(w.s, key, key);
    }
    put(w.s, "e/x", "1");
    put(w.s, "f/x", "2");
    assert_zh_ok(zh_pool_new(&p, 3, &err), &err);
    assert_zh_ok(zh_pool_run(p, 3, watch_job, &w, &err), &err);
    zh_pool_free(p);
    zh_store_close(w.s);
}

enum { PUTS = 1000 };

/* Every tenth exchanges two prefixes, the rest put below one of them, or move something of their own beside them. */
static int put_or_move_job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    static const unsigned flags[] = {0, ZH_PUT_PLAIN | ZH_PUT_NEWDIR, ZH_PUT_EXCL, ZH_PUT_NEWDIR};
    zh_store *s = payload;
    char key[64], to[64];
    int rc;

    (void)worker;
    if (index % 10 == 0)
        return zh_store_move(s, "m/a", "m/b", ZH_MOVE_EXCHANGE, err);
    (void)snprintf(key, sizeof(key), "m/%s/d%zu/%zu", index % 2 == 0 ? "a" : "b", index % 3, index);
    rc = zh_store_put(s, key, key, strlen(key), flags[index % 4], err);
    if (rc < 0 || index % 7 != 0)
        return rc;
    (void)snprintf(key, sizeof(key), "stage/%zu/x", index);
    rc = zh_store_put(s, key, key, strlen(key), flags[index % 4], err);
    key[strlen(key) - 2] = '\0';
    (void)snprintf(to, sizeof(to), "done/%zu", index);
    return rc < 0 ? rc : zh_store_move(s, key, to, 0, err);
}

/* The key lies below m/a or m/b, wherever it was carried. */
static void is_in_one_of_two(zh_store *s, size_t index)
{
    char key[64], want[64];
    uint64_t size;
    bool in_a;

    (void)snprintf(want, sizeof(want), "m/%s/d%zu/%zu", index % 2 == 0 ? "a" : "b", index % 3, index);
    (void)snprintf(key, sizeof(key), "m/a/d%zu/%zu", index % 3, index);
    in_a = zh_store_size(s, key, &size, NULL) == ZH_OK;
    if (!in_a)
        key[2] = 'b';
    value_is(s, key, want);
    key[2] = in_a ? 'b' : 'a';
    is_absent(s, key);
}

static void no_put_is_lost_while_things_move(void **state)
{
    zh_store *s = open_movable();
    zh_error err = ZH_ERROR_INIT;
    zh_pool *p;

    (void)state;
    put(s, "m/a/x", "a");
    put(s, "m/b/x", "b");
    assert_zh_ok(zh_pool_new(&p, 4, &err), &err);
    assert_zh_ok(zh_pool_run(p, PUTS, put_or_move_job, s, &err), &err);
    zh_pool_free(p);
    for (size_t i = 0; i < PUTS; i++) {
        char key[64], want[64];

        if (i % 10 == 0)
            continue;
        is_in_one_of_two(s, i);
        if (i % 7 != 0)
            continue;
        (void)snprintf(key, sizeof(key), "done/%zu/x", i);
        (void)snprintf(want, sizeof(want), "stage/%zu/x", i);
        value_is(s, key, want);
    }
    list_is(s, "", "done/ m/ ");
    zh_store_close(s);
}

static int compete_job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    char from[32], to[32];
    int rc;

    (void)worker;
    (void)snprintf(from, sizeof(from), "from/%zu", index);
    (void)snprintf(to, sizeof(to), "to/%zu", index / 4);
    rc = zh_store_move(payload, from, to, 0, err);
    return rc == ZH_EXISTS ? ZH_OK : rc;
}

static void one_of_many_moves_wins(void **state)
{
    enum { N = 200 };
    zh_store *s = open_movable();
    zh_error err = ZH_ERROR_INIT;
    size_t left = 0, arrived = 0;
    zh_pool *p;

    (void)state;
    for (int i = 0; i < N; i++) {
        char key[32];

        (void)snprintf(key, sizeof(key), "from/%d/x", i);
        put(s, key, key);
    }
    assert_zh_ok(zh_pool_new(&p, 4, &err), &err);
    assert_zh_ok(zh_pool_run(p, N, compete_job, s, &err), &err);
    zh_pool_free(p);
    assert_zh_ok(zh_store_list(s, "from", count, &left, &err), &err);
    assert_zh_ok(zh_store_list(s, "to", count, &arrived, &err), &err);
    assert_int_equal(arrived, N / 4);
    assert_int_equal(left, N - N / 4);
    zh_store_close(s);
}

enum { STREAM = 1500 };

/* One thread moves m/a away again and again, to q/0, q/1..., while others put into it. */
typedef struct stream {
    zh_store *s;
    atomic_size_t to_put;
    atomic_bool failed;     /* a put, after which no more are begun */
    atomic_size_t moved;    /* moves that are over */
    size_t before[STREAM];  /* how many were, when the put began */
    size_t carried[STREAM]; /* the move that took the key along; SIZE_MAX: none */
    size_t at;              /* of the listing */
} stream;

static int move_away(stream *st, zh_error *err)
{
    char to[32];
    int rc = ZH_OK;

    while ((rc == ZH_OK || rc == ZH_NOTFOUND) && atomic_load(&st->to_put) > 0 && !atomic_load(&st->failed)) {
        (void)snprintf(to, sizeof(to), "q/%zu", atomic_load(&st->moved));
        rc = zh_store_move(st->s, "m/a", to, 0, err);
        if (rc == ZH_OK)
            (void)atomic_fetch_add(&st->moved, 1);
    }
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

static int stream_job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    stream *st = payload;
    char key[32];
    int rc;

    (void)worker;
    if (index == 0)
        return move_away(st, err);
    index--;
    st->before[index] = atomic_load(&st->moved);
    (void)snprintf(key, sizeof(key), "m/a/b/%zu", index);
    rc = zh_store_put(st->s, key, key, strlen(key), index % 2 == 0 ? 0 : ZH_PUT_PLAIN | ZH_PUT_NEWDIR, err);
    if (rc < 0)
        atomic_store(&st->failed, true);
    (void)atomic_fetch_sub(&st->to_put, 1);
    return rc;
}

static int note_carried(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    stream *st = payload;
    const size_t index = (size_t)strtoul(name, NULL, 10);

    (void)is_prefix;
    (void)err;
    assert_true(index < STREAM);
    st->carried[index] = st->at;
    return ZH_OK;
}

/* A put that begins after a move has ended goes where its key says, and not to where that move went. */
static void a_put_follows_no_move_that_is_over(void **state)
{
    stream *st = calloc(1, sizeof(*st));
    zh_error err = ZH_ERROR_INIT;
    char key[64];
    zh_pool *p;

    (void)state;
    assert_non_null(st);
    st->s = open_movable();
    atomic_init(&st->to_put, STREAM);
    atomic_init(&st->failed, false);
    atomic_init(&st->moved, 0);
    assert_zh_ok(zh_pool_new(&p, 4, &err), &err);
    assert_zh_ok(zh_pool_run(p, STREAM + 1, stream_job, st, &err), &err);
    zh_pool_free(p);
    memset(st->carried, 0xff, sizeof(st->carried));
    for (st->at = 0; st->at < atomic_load(&st->moved); st->at++) {
        (void)snprintf(key, sizeof(key), "q/%zu/b", st->at);
        assert_zh_ok(zh_store_list(st->s, key, note_carried, st, &err), &err);
    }
    for (size_t i = 0; i < STREAM; i++) {
        uint64_t size;

        if (st->carried[i] == SIZE_MAX) {
            (void)snprintf(key, sizeof(key), "m/a/b/%zu", i);
            assert_zh_ok(zh_store_size(st->s, key, &size, &err), &err);
        } else {
            assert_true(st->carried[i] >= st->before[i]);
        }
    }
    zh_store_close(st->s);
    free(st);
}

enum { MANY = 1500 };

static void name_one(char key[64], const char *head, unsigned i)
{
    (void)snprintf(key, 64, "%s/%u/%s%u", head, i % 7, i % 3 == 0 ? "-/" : i % 3 == 1 ? "z/z/" : "", i);
}

static void many_keys_move(void **state)
{
    zh_store *s = open_movable();
    char key[64];

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        name_one(key, i % 2 == 0 ? "p" : "q", i);
        put(s, key, key);
    }
    move(s, "p", "r", 0);
    move(s, "q", "p", 0);
    move(s, "p/3", "r/4", ZH_MOVE_EXCHANGE);
    for (unsigned i = 0; i < MANY; i++) {
        char want[64];

        name_one(want, i % 2 == 0 ? "p" : "q", i);
        name_one(key, i % 2 == 0 ? "r" : "p", i);
        if (i % 2 == 0 && i % 7 == 4)
            memcpy(key, "p/3", 3);
        else if (i % 2 == 1 && i % 7 == 3)
            memcpy(key, "r/4", 3);
        value_is(s, key, want);
    }
    list_is(s, "", "p/ r/ ");
    list_is(s, "p", "0/ 1/ 2/ 3/ 4/ 5/ 6/ ");
    zh_store_close(s);
}

/* --- the end of memory --- */

static int put_some(zh_store *s)
{
    static const char *const keys[] = {"a/1", "a/2", "a/b/3", "a/b/c/4", "o/1", "o/5"};
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < sizeof(keys) / sizeof(keys[0]); i++)
        rc = zh_store_put(s, keys[i], keys[i], strlen(keys[i]), 0, NULL);
    return rc;
}

/* With memory again: all is where it was, or where it was to go. */
static void is_all_or_nothing(zh_store *s, bool moved, const char *to)
{
    const bool exchange = strcmp(to, "o") == 0;
    char key[64];

    (void)snprintf(key, sizeof(key), "%s/b/c/4", moved ? to : "a");
    value_is(s, key, "a/b/c/4");
    list_is(s, moved ? to : "a", "1 2 b/ ");
    list_is(s, moved && exchange ? "a" : "o", "1 5 ");
    list_is(s, "", moved && !exchange ? "n/ o/ " : "a/ o/ ");
}

static int move_with_little_memory(void *payload)
{
    const char *to = payload;
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;
    int rc = tested->open(&s, ZH_CREATE_TRUNC, &err);

    if (rc < 0)
        return rc;
    rc = put_some(s);
    if (rc == ZH_OK) {
        rc = zh_store_move(s, "a", to, strcmp(to, "o") == 0 ? ZH_MOVE_EXCHANGE : 0, &err);
        assert_int_equal(rc, err.code);
        zh_alloc_set_hook(NULL, NULL);
        is_all_or_nothing(s, rc == ZH_OK, to);
        (void)zh_store_put(s, "zarr.json", "{\"zarr_format\":3}", 17, 0, NULL); /* so that it can be made again */
        (void)zh_store_flush(s, NULL);
    }
    zh_store_close(s);
    return rc;
}

static void a_move_survives_the_end_of_memory(void **state)
{
    char new_place[] = "n/m", taken[] = "o";

    (void)state;
    zh_store_close(open_movable()); /* or skips */
    zh_each_allocation_fails(move_with_little_memory, new_place);
    zh_each_allocation_fails(move_with_little_memory, taken);
}

/* --- the lock between creators --- */

/* Values of this store and of others are one: what a lock between handles can protect. */
static bool is_shared(const zh_store *s)
{
    return tested->persistent && (zh_store_caps(s) & ZH_STORE_IMMEDIATE) != 0;
}

typedef struct locked {
    zh_store *s[2]; /* may be the same */
    atomic_int inside;
    atomic_int entered;
} locked;

static int lock_job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    locked *l = payload;
    zh_store *s = l->s[index % 2];
    int rc = zh_store_lock(s, err);
    size_t n = 0;

    (void)worker;
    if (rc < 0)
        return rc;
    if (atomic_fetch_add(&l->inside, 1) != 0)
        rc = zh_error_set(err, ZH_CORRUPT, "two have the lock");
    /* what uses the store as a creator does, and gives others the time to come in */
    for (int i = 0; rc == ZH_OK && i < 5; i++) {
        rc = zh_store_list(s, "", count, &n, err);
        (void)sched_yield();
        if (atomic_load(&l->inside) != 1)
            rc = zh_error_set(err, ZH_CORRUPT, "two have the lock");
    }
    (void)atomic_fetch_add(&l->entered, 1);
    (void)atomic_fetch_sub(&l->inside, 1);
    zh_store_unlock(s);
    return rc;
}

static void run_lock_jobs(zh_store *s, zh_store *other)
{
    enum { N = 400 };
    locked l = {.s = {s, other}};
    zh_error err = ZH_ERROR_INIT;
    zh_pool *p;

    atomic_init(&l.inside, 0);
    atomic_init(&l.entered, 0);
    assert_zh_ok(zh_pool_new(&p, 4, &err), &err);
    assert_zh_ok(zh_pool_run(p, N, lock_job, &l, &err), &err);
    zh_pool_free(p);
    assert_int_equal(atomic_load(&l.entered), N);
}

static void the_lock_keeps_threads_apart(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    for (int i = 0; i < 3; i++) { /* every store grants it, and again after an unlock */
        assert_zh_ok(zh_store_lock(s, &err), &err);
        put(s, "zarr.json", "root");
        zh_store_unlock(s);
    }
    run_lock_jobs(s, s);
    zh_store_close(s);
}

static void the_lock_keeps_handles_apart(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL), *other;

    (void)state;
    if (!is_shared(s)) {
        zh_store_close(s);
        skip();
    }
    other = open_store(ZH_OPEN_WRITE);
    run_lock_jobs(s, other);
    zh_store_close(other);
    zh_store_close(s);
}

/* Adds 1 to the number in the store, n times; 0, or what did not work. Also in a child: asserts nothing. */
static int count_up(int n)
{
    zh_store *s;
    int bad = tested->open(&s, ZH_OPEN_WRITE, NULL) != ZH_OK;

    if (bad)
        return 1;
    for (int i = 0; bad == 0 && i < n; i++) {
        char text[16] = "";
        size_t got = 0;
        int value;

        if (zh_store_lock(s, NULL) != ZH_OK)
            bad = 2;
        else if (zh_store_get_range(s, "n", 0, sizeof(text) - 1, text, &got, NULL) != ZH_OK)
            bad = 3;
        value = (int)strtol(text, NULL, 10);
        (void)snprintf(text, sizeof(text), "%d", value + 1);
        if (bad == 0 && zh_store_put(s, "n", text, strlen(text), 0, NULL) != ZH_OK)
            bad = 4;
        if (bad != 2)
            zh_store_unlock(s);
    }
    zh_store_close(s);
    return bad;
}

static void the_lock_keeps_processes_apart(void **state)
{
    enum { N = 500 };
    zh_store *s = open_store(ZH_CREATE_EXCL);
    pid_t child[2];

    (void)state;
    if (!is_shared(s)) {
        zh_store_close(s);
        skip();
    }
    put(s, "n", "0");
    for (int i = 0; i < 2; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0)
            _exit(count_up(N));
    }
    assert_int_equal(count_up(N), 0);
    for (int i = 0; i < 2; i++) {
        int status;

        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    value_is(s, "n", "1500");
    zh_store_close(s);
}

/* Takes the lock, says so, and waits for its end. */
static void hold_lock(int says)
{
    zh_store *s;

    if (tested->open(&s, ZH_OPEN_WRITE, NULL) != ZH_OK || zh_store_lock(s, NULL) != ZH_OK || write(says, "!", 1) != 1)
        _exit(1);
    for (;;)
        (void)pause();
}

static void a_killed_process_has_no_lock(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    int ends[2], status;
    pid_t child;
    char c;

    (void)state;
    if (!is_shared(s)) {
        zh_store_close(s);
        skip();
    }
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        hold_lock(ends[1]);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(read(ends[0], &c, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_zh_ok(zh_store_lock(s, &err), &err); /* or waits for ever */
    zh_store_unlock(s);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(close(ends[0]), 0);
    zh_store_close(s);
}

/* --- temporary names --- */

static void temporary_list_is(zh_store *s, const char *prefix, const char *want)
{
    zh_buf b = ZH_BUF_INIT(1 << 20);
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_list_temporary(s, prefix, collect, &b, &err), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), want);
    zh_buf_dispose(&b);
}

static void temporaries_are_known_by_their_names(void **state)
{
    (void)state;
    assert_true(zh_store_is_temporary(".a.zh-tmp"));
    assert_true(zh_store_is_temporary("..zh-tmp"));
    assert_true(zh_store_is_temporary(".zh-tmp.zh-tmp"));
    assert_false(zh_store_is_temporary(".zh-tmp"));
    assert_false(zh_store_is_temporary("a.zh-tmp"));
    assert_false(zh_store_is_temporary(".a.zh-tmp2"));
    assert_false(zh_store_is_temporary(""));
}

static void temporaries_are_hidden_and_work(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    char byte;
    size_t got;

    (void)state;
    temporary_list_is(s, "", ""); /* not even where a store is marked as unfinished */
    temporary_list_is(s, "absent", "");
    put(s, ".1.zh-tmp/g/x", "one");
    put(s, "g/.2.zh-tmp", "two");
    put(s, "g/.zh-tmp.zh-tmp/y", "three");
    put(s, "g/z", "four");
    put(s, "g/not.zh-tmp", "five");
    put(s, "g/.zh-tmp", "six");
    list_is(s, "", "g/ ");
    list_is(s, "g", ".zh-tmp not.zh-tmp z ");
    list_is(s, ".1.zh-tmp", "g/ "); /* below it nothing is hidden */
    temporary_list_is(s, "", ".1.zh-tmp/ ");
    temporary_list_is(s, "g", ".2.zh-tmp .zh-tmp.zh-tmp/ ");
    temporary_list_is(s, "g/z", "");
    value_is(s, ".1.zh-tmp/g/x", "one");
    value_is(s, "g/.2.zh-tmp", "two");
    assert_zh_ok(zh_store_get_range(s, "g/.2.zh-tmp", 1, 1, &byte, &got, &err), &err);
    assert_int_equal(byte, 'w');
    assert_zh_ok(zh_store_erase(s, "g/.2.zh-tmp", &err), &err);
    is_absent(s, "g/.2.zh-tmp");
    assert_zh_ok(zh_store_erase_prefix(s, "g/.zh-tmp.zh-tmp", &err), &err);
    temporary_list_is(s, "g", "");
    assert_zh_code(zh_store_list_temporary(s, "a/../b", collect, NULL, &err), ZH_INVALID, &err);
    zh_store_close(s);
}

static void temporaries_are_moved_as_all_others(void **state)
{
    zh_store *s = open_movable();

    (void)state;
    put(s, ".1.zh-tmp/0/zarr.json", "new");
    put(s, "g/zarr.json", "old");
    move(s, ".1.zh-tmp/0", "g", ZH_MOVE_EXCHANGE);
    value_is(s, "g/zarr.json", "new");
    value_is(s, ".1.zh-tmp/0/zarr.json", "old");
    move(s, ".1.zh-tmp/0", "h", 0);
    value_is(s, "h/zarr.json", "old");
    temporary_list_is(s, "", "");
    zh_store_close(s);
}

/* What one creator has not finished is neither published nor lost when another one flushes. */
static void a_flush_leaves_temporaries_alone(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s = open_movable();

    (void)state;
    put(s, "zarr.json", "root");
    put(s, ".1.zh-tmp/0/x", "staged before");
    put(s, ".1.zh-tmp/0/empty", "");
    flush(s);
    put(s, "a/x", "somebody else's");
    flush(s);
    value_is(s, ".1.zh-tmp/0/x", "staged before");
    put(s, ".1.zh-tmp/0/y", "staged after");
    put(s, ".2.zh-tmp/x", "left behind");
    if (tested->persistent && (zh_store_caps(s) & ZH_STORE_IMMEDIATE) == 0) {
        zh_store *reader = open_store(ZH_OPEN_READ);

        temporary_list_is(reader, "", "");
        is_absent(reader, ".1.zh-tmp/0/x");
        zh_store_close(reader);
    }
    move(s, ".1.zh-tmp/0", "b", 0);
    value_is(s, "b/x", "staged before");
    flush(s);
    if (tested->persistent) {
        const bool whole = (zh_store_caps(s) & ZH_STORE_IMMEDIATE) == 0; /* nothing unfinished gets out */

        zh_store_close(s);
        s = open_store(ZH_OPEN_WRITE);
        temporary_list_is(s, "", whole ? "" : ".2.zh-tmp/ ");
    }
    list_is(s, "", "a/ b/ zarr.json ");
    value_is(s, "b/x", "staged before");
    value_is(s, "b/empty", "");
    value_is(s, "b/y", "staged after");
    value_is(s, "a/x", "somebody else's");
    assert_zh_ok(zh_store_erase_prefix(s, ".2.zh-tmp", &err), &err);
    temporary_list_is(s, "", "");
    zh_store_close(s);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* 100 of this process and 100 of a child, which has the same store. */
static void temporary_names_are_fresh(void **state)
{
    enum { N = 100 };
    zh_store *s = open_store(ZH_CREATE_EXCL);
    char(*names)[64] = calloc(2 * N, sizeof(*names));
    int ends[2], status;
    pid_t child;

    (void)state;
    assert_non_null(names);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    for (size_t i = 0; i < N; i++)
        zh_store_temporary_name(s, names[i]);
    if (child == 0)
        _exit(write(ends[1], names, N * sizeof(*names)) != (ssize_t)(N * sizeof(*names)));
    assert_int_equal(close(ends[1]), 0);
    for (size_t got = 0; got < N * sizeof(*names);) {
        const ssize_t n = read(ends[0], (char *)names[N] + got, N * sizeof(*names) - got);

        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    qsort(names, 2 * N, sizeof(*names), compare_names);
    for (size_t i = 0; i < 2 * N; i++) {
        assert_true(zh_store_is_temporary(names[i]));
        assert_int_equal(zh_key_check(names[i], strlen(names[i]), NULL), ZH_OK);
        if (i > 0)
            assert_string_not_equal(names[i], names[i - 1]);
    }
    free(names);
    zh_store_close(s);
}

static const struct CMUnitTest tests[] = {
    zh_sandbox_test(a_move_takes_all_that_is_below),
    zh_sandbox_test(moved_values_stay),
    zh_sandbox_test(what_is_absent_is_not_moved),
    zh_sandbox_test(a_move_replaces_nothing),
    zh_sandbox_test(an_exchange_swaps),
    zh_sandbox_test(places_within_each_other_are_refused),
    zh_sandbox_test(a_store_without_the_bit_does_not_move),
    zh_sandbox_test(no_reader_sees_half_a_move),
    zh_sandbox_test(no_put_is_lost_while_things_move),
    zh_sandbox_test(one_of_many_moves_wins),
    zh_sandbox_test(a_put_follows_no_move_that_is_over),
    zh_sandbox_test(many_keys_move),
    zh_sandbox_test(a_move_survives_the_end_of_memory),
    zh_sandbox_test(the_lock_keeps_threads_apart),
    zh_sandbox_test(the_lock_keeps_handles_apart),
    zh_sandbox_test(the_lock_keeps_processes_apart),
    zh_sandbox_test(a_killed_process_has_no_lock),
    cmocka_unit_test(temporaries_are_known_by_their_names),
    zh_sandbox_test(temporaries_are_hidden_and_work),
    zh_sandbox_test(temporaries_are_moved_as_all_others),
    zh_sandbox_test(a_flush_leaves_temporaries_alone),
    zh_sandbox_test(temporary_names_are_fresh),
};

int main(int argc, char **argv)
{
    return run_on_all_kinds(tests, sizeof(tests) / sizeof(tests[0]), argc > 1 ? argv[1] : NULL);
}
