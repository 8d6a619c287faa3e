/* store_fault.c - see store_fault.h. One decorator does both: it may fail a call, and it records it.
 * A mutex guards everything but the inner store; nobody waits or calls it with the mutex held. */
#include "store_fault.h"

#include "base/alloc.h"
#include "zh/buf.h"
#include "base/error.h"
#include "base/key.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define N_OPS 12

typedef struct fault_store {
    zh_store base;
    zh_store *inner;
    pthread_mutex_t mutex;
    unsigned mask;
    unsigned long nth;
    unsigned long seen;
    int errnum;
    bool persistent;
    unsigned kill_mask;
    unsigned long kill_at;
    unsigned latency;                  /* microseconds */
    unsigned in_flight, max_in_flight; /* of the calls in mask */
    size_t bytes, max_bytes;           /* being put */
    unsigned hook_mask;
    unsigned long hook_at;
    void (*hook)(void *payload);
    void *hook_payload;
    bool refuses_exchange; /* set before the store is used */
    bool locked;
    bool record;
    unsigned long counts[N_OPS];
    zh_buf text;
} fault_store;

static const char *const names[N_OPS] = {"get",  "get_range", "size", "put",  "erase", "erase_prefix",
                                         "list", "flush",     "move", "lock", "sync",  "folds_names"};

static unsigned op_number(unsigned op)
{
    unsigned i = 0;

    while (op > 1) {
        op >>= 1;
        i++;
    }
    return i;
}

/* With the mutex held. */
static void record(fault_store *f, const char *name, const char *key, const char *detail)
{
    (void)zh_buf_puts(&f->text, name, NULL);
    (void)zh_buf_putc(&f->text, ' ', NULL);
    (void)zh_buf_puts(&f->text, key, NULL);
    (void)zh_buf_puts(&f->text, detail, NULL);
    (void)zh_buf_putc(&f->text, '\n', NULL);
}

static void wait_for(unsigned microseconds)
{
    struct timespec left = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};

    while (microseconds > 0 && nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* Counts the call, and answers whether it is to fail. One that does not fail is in flight until leave. */
static int enter(zh_store *s, unsigned op, const char *key, const char *detail, zh_error *err)
{
    fault_store *f = (fault_store *)s;
    const char *name = names[op_number(op)];
    void (*hook)(void *payload) = NULL;
    bool fails = false;
    unsigned latency;

    (void)pthread_mutex_lock(&f->mutex);
    f->counts[op_number(op)]++;
    if ((f->mask & op) != 0) {
        f->seen++;
        fails = f->nth != 0 && (f->seen == f->nth || (f->persistent && f->seen > f->nth));
    }
    if (f->record)
        record(f, name, key, detail);
    if ((f->kill_mask & op) != 0 && f->kill_at != 0 && --f->kill_at == 0)
        _exit(42);
    if (!fails && (f->mask & op) != 0 && ++f->in_flight > f->max_in_flight)
        f->max_in_flight = f->in_flight;
    if ((f->hook_mask & op) != 0 && f->hook_at != 0 && --f->hook_at == 0)
        hook = f->hook;
    latency = f->latency;
    (void)pthread_mutex_unlock(&f->mutex);
    if (hook != NULL)
        hook(f->hook_payload);
    wait_for(latency);
    return fails ? zh_error_sys(err, f->errnum, "injected failure of %s '%s'", name, key) : ZH_OK;
}

static int leave(zh_store *s, unsigned op, int rc)
{
    fault_store *f = (fault_store *)s;

    (void)pthread_mutex_lock(&f->mutex);
    if ((f->mask & op) != 0 && f->in_flight > 0)
        f->in_flight--;
    (void)pthread_mutex_unlock(&f->mutex);
    return rc;
}

static int fault_get(zh_store *s, const char *key, zh_buf *out, zh_error *err)
{
    const int rc = enter(s, ZH_OP_GET, key, "", err);

    return rc < 0 ? rc : leave(s, ZH_OP_GET, zh_store_get(((fault_store *)s)->inner, key, out, err));
}

static int fault_get_range(zh_store *s, const char *key, uint64_t offset, size_t len, void *out, size_t *got,
                           zh_error *err)
{
    char detail[64];
    int rc;

    (void)snprintf(detail, sizeof(detail), " %llu+%zu", (unsigned long long)offset, len);
    rc = enter(s, ZH_OP_GET_RANGE, key, detail, err);
    return rc < 0 ? rc
                  : leave(s, ZH_OP_GET_RANGE,
                          zh_store_get_range(((fault_store *)s)->inner, key, offset, len, out, got, err));
}

static int fault_size(zh_store *s, const char *key, uint64_t *out, zh_error *err)
{
    const int rc = enter(s, ZH_OP_SIZE, key, "", err);

    return rc < 0 ? rc : leave(s, ZH_OP_SIZE, zh_store_size(((fault_store *)s)->inner, key, out, err));
}

static void count_bytes(fault_store *f, size_t n, bool begins)
{
    (void)pthread_mutex_lock(&f->mutex);
    f->bytes = begins ? f->bytes + n : f->bytes - n;
    if (f->bytes > f->max_bytes)
        f->max_bytes = f->bytes;
    (void)pthread_mutex_unlock(&f->mutex);
}

static int fault_put(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err)
{
    fault_store *f = (fault_store *)s;
    char detail[80];
    int rc;

    (void)snprintf(detail, sizeof(detail), " %zu%s%s%s", n, (flags & ZH_PUT_PLAIN) != 0 ? " plain" : "",
                   (flags & ZH_PUT_NEWDIR) != 0 ? " newdir" : "", (flags & ZH_PUT_EXCL) != 0 ? " excl" : "");
    rc = enter(s, ZH_OP_PUT, key, detail, err);
    if (rc < 0)
        return rc;
    count_bytes(f, n, true);
    rc = zh_store_put(f->inner, key, p, n, flags, err);
    count_bytes(f, n, false);
    return leave(s, ZH_OP_PUT, rc);
}

static int fault_erase(zh_store *s, const char *key, zh_error *err)
{
    const int rc = enter(s, ZH_OP_ERASE, key, "", err);

    return rc < 0 ? rc : leave(s, ZH_OP_ERASE, zh_store_erase(((fault_store *)s)->inner, key, err));
}

static int fault_erase_prefix(zh_store *s, const char *prefix, zh_error *err)
{
    const int rc = enter(s, ZH_OP_ERASE_PREFIX, prefix, "", err);

    return rc < 0 ? rc : leave(s, ZH_OP_ERASE_PREFIX, zh_store_erase_prefix(((fault_store *)s)->inner, prefix, err));
}

static int fault_list(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    const int rc = enter(s, ZH_OP_LIST, prefix, "", err);

    return rc < 0 ? rc : leave(s, ZH_OP_LIST, zh_store_list(((fault_store *)s)->inner, prefix, fn, payload, err));
}

static int fault_list_temporary(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    const int rc = enter(s, ZH_OP_LIST, prefix, " temporary", err);

    return rc < 0 ? rc
                  : leave(s, ZH_OP_LIST, zh_store_list_temporary(((fault_store *)s)->inner, prefix, fn, payload, err));
}

static int fault_move(zh_store *s, const char *from, const char *to, unsigned flags, zh_error *err)
{
    char detail[ZH_KEY_MAX + 16];
    int rc;

    (void)snprintf(detail, sizeof(detail), " %s%s", to, (flags & ZH_MOVE_EXCHANGE) != 0 ? " exchange" : "");
    rc = enter(s, ZH_OP_MOVE, from, detail, err);
    if (rc == ZH_OK && (flags & ZH_MOVE_EXCHANGE) != 0 && ((fault_store *)s)->refuses_exchange)
        return leave(s, ZH_OP_MOVE, zh_error_set(err, ZH_UNSUPPORTED, "'%s' cannot be exchanged", from));
    return rc < 0 ? rc : leave(s, ZH_OP_MOVE, zh_store_move(((fault_store *)s)->inner, from, to, flags, err));
}

static void set_locked(fault_store *f, bool locked)
{
    (void)pthread_mutex_lock(&f->mutex);
    f->locked = locked;
    (void)pthread_mutex_unlock(&f->mutex);
}

static int fault_lock(zh_store *s, zh_error *err)
{
    fault_store *f = (fault_store *)s;
    int rc = enter(s, ZH_OP_LOCK, "", "", err);

    if (rc < 0)
        return rc;
    rc = zh_store_lock(f->inner, err);
    if (rc == ZH_OK)
        set_locked(f, true);
    return leave(s, ZH_OP_LOCK, rc);
}

static void fault_unlock(zh_store *s)
{
    fault_store *f = (fault_store *)s;

    set_locked(f, false);
    zh_store_unlock(f->inner);
}

static int fault_flush(zh_store *s, zh_error *err)
{
    const int rc = enter(s, ZH_OP_FLUSH, "", "", err);

    return rc < 0 ? rc : leave(s, ZH_OP_FLUSH, zh_store_flush(((fault_store *)s)->inner, err));
}

static int fault_sync(zh_store *s, zh_error *err)
{
    const int rc = enter(s, ZH_OP_SYNC, "", "", err);

    return rc < 0 ? rc : leave(s, ZH_OP_SYNC, zh_store_sync(((fault_store *)s)->inner, err));
}

static int fault_folds_names(zh_store *s, bool *out, zh_error *err)
{
    const int rc = enter(s, ZH_OP_FOLDS_NAMES, "", "", err);

    return rc < 0 ? rc : leave(s, ZH_OP_FOLDS_NAMES, zh_store_folds_names(((fault_store *)s)->inner, out, err));
}

static void fault_close(zh_store *s)
{
    fault_store *f = (fault_store *)s;

    zh_store_close(f->inner);
    (void)pthread_mutex_destroy(&f->mutex);
    zh_buf_dispose(&f->text);
    zh_free(f->base.url);
    zh_free(f);
}

static const zh_store_ops fault_ops = {
    .version = ZH_STORE_OPS_VERSION,
    .kind = "test",
    .get = fault_get,
    .get_range = fault_get_range,
    .size = fault_size,
    .put = fault_put,
    .erase = fault_erase,
    .erase_prefix = fault_erase_prefix,
    .list = fault_list,
    .list_temporary = fault_list_temporary,
    .move = fault_move,
    .lock = fault_lock,
    .unlock = fault_unlock,
    .flush = fault_flush,
    .sync = fault_sync,
    .folds_names = fault_folds_names,
    .close = fault_close,
};

static int open_decorator(zh_store **out, zh_store *inner, bool record, zh_error *err)
{
    fault_store *f = zh_calloc(1, sizeof(*f));

    *out = NULL;
    if (f == NULL)
        return zh_error_nomem(err);
    f->base.ops = &fault_ops;
    f->base.caps = zh_store_caps(inner);
    f->base.depth = zh_store_depth(inner);
    f->base.url = zh_strdup(zh_store_url(inner));
    if (f->base.url == NULL) {
        zh_free(f);
        return zh_error_nomem(err);
    }
    f->inner = inner;
    f->record = record;
    zh_buf_init(&f->text, (size_t)1 << 30);
    (void)pthread_mutex_init(&f->mutex, NULL);
    *out = &f->base;
    return ZH_OK;
}

int zh_store_fault_open(zh_store **out, zh_store *inner, zh_error *err)
{
    return open_decorator(out, inner, false, err);
}

void zh_store_fault_set(zh_store *s, unsigned mask, unsigned long nth, int errnum, bool persistent)
{
    fault_store *f = (fault_store *)s;

    (void)pthread_mutex_lock(&f->mutex);
    f->mask = mask;
    f->nth = nth;
    f->seen = 0;
    f->errnum = errnum;
    f->persistent = persistent;
    f->in_flight = f->max_in_flight = 0;
    f->max_bytes = f->bytes;
    (void)pthread_mutex_unlock(&f->mutex);
}

unsigned long zh_store_fault_seen(zh_store *s)
{
    fault_store *f = (fault_store *)s;
    unsigned long seen;

    (void)pthread_mutex_lock(&f->mutex);
    seen = f->seen;
    (void)pthread_mutex_unlock(&f->mutex);
    return seen;
}

unsigned zh_store_fault_max_in_flight(zh_store *s)
{
    fault_store *f = (fault_store *)s;
    unsigned most;

    (void)pthread_mutex_lock(&f->mutex);
    most = f->max_in_flight;
    (void)pthread_mutex_unlock(&f->mutex);
    return most;
}

size_t zh_store_fault_max_bytes(zh_store *s)
{
    fault_store *f = (fault_store *)s;
    size_t most;

    (void)pthread_mutex_lock(&f->mutex);
    most = f->max_bytes;
    (void)pthread_mutex_unlock(&f->mutex);
    return most;
}

void zh_store_fault_set_hook(zh_store *s, unsigned mask, unsigned long nth, void (*hook)(void *payload), void *payload)
{
    fault_store *f = (fault_store *)s;

    (void)pthread_mutex_lock(&f->mutex);
    f->hook_mask = mask;
    f->hook_at = nth;
    f->hook = hook;
    f->hook_payload = payload;
    (void)pthread_mutex_unlock(&f->mutex);
}

bool zh_store_fault_locked(zh_store *s)
{
    fault_store *f = (fault_store *)s;
    bool locked;

    (void)pthread_mutex_lock(&f->mutex);
    locked = f->locked;
    (void)pthread_mutex_unlock(&f->mutex);
    return locked;
}

void zh_store_fault_set_kill(zh_store *s, unsigned mask, unsigned long nth)
{
    fault_store *f = (fault_store *)s;

    (void)pthread_mutex_lock(&f->mutex);
    f->kill_mask = mask;
    f->kill_at = nth;
    (void)pthread_mutex_unlock(&f->mutex);
}

void zh_store_fault_set_latency(zh_store *s, unsigned microseconds)
{
    fault_store *f = (fault_store *)s;

    (void)pthread_mutex_lock(&f->mutex);
    f->latency = microseconds;
    (void)pthread_mutex_unlock(&f->mutex);
}

void zh_store_fault_refuse_exchange(zh_store *s)
{
    ((fault_store *)s)->refuses_exchange = true;
}

void zh_store_fault_mask_caps(zh_store *s, uint32_t caps)
{
    s->caps &= ~caps;
}

int zh_store_log_open(zh_store **out, zh_store *inner, zh_error *err)
{
    return open_decorator(out, inner, true, err);
}

unsigned long zh_store_log_count(zh_store *s, unsigned op)
{
    return ((fault_store *)s)->counts[op_number(op)];
}

const char *zh_store_log_text(zh_store *s)
{
    const char *text = zh_buf_cstr(&((fault_store *)s)->text, NULL);

    return text == NULL ? "" : text;
}

void zh_store_log_clear(zh_store *s)
{
    fault_store *f = (fault_store *)s;

    memset(f->counts, 0, sizeof(f->counts));
    f->text.len = 0;
}
