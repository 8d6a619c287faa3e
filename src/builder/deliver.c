/* deliver.c - telling the caller of nodes as they are stored.
 *
 * Any thread adds, the caller's thread calls back: between its own puts, and at the end of each phase. The queue is an
 * array with a place for each entry: an adder takes the next place and fills it, the reader goes on as far as places
 * are filled. In order: the reader marks what has come, and goes through the plan as far as it is marked.
 */
#include "builder/creation.h"
#include "builder/node_handle.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

struct zh_deliveries {
    atomic_uint taken;        /* places given to adders */
    _Atomic(uint32_t) *place; /* entry + 1; 0: not filled yet */
    uint32_t read;            /* places that have been read */
    uint8_t *told;            /* entries that the caller was told of at their own paths */
    uint8_t *ready;           /* ordered: entries that have come; NULL otherwise */
    uint32_t cursor;          /* ordered: the next entry to tell */
    zh_handle *kept;          /* handles that the caller has kept */
    zh_buf path, place_text;
};

int zh_deliveries_new(zh_creation *c, zh_error *err)
{
    zh_deliveries *d;

    if (c->opts.created == NULL)
        return ZH_OK;
    d = zh_calloc(1, sizeof(*d));
    c->deliveries = d;
    if (d == NULL)
        return zh_error_nomem(err);
    atomic_init(&d->taken, 0);
    zh_buf_init(&d->path, SIZE_MAX);
    zh_buf_init(&d->place_text, SIZE_MAX);
    d->place = zh_calloc(c->plan->n, sizeof(*d->place));
    d->told = zh_calloc(c->plan->n, 1);
    if (c->opts.ordered)
        d->ready = zh_calloc(c->plan->n, 1);
    if (d->place == NULL || d->told == NULL || (c->opts.ordered && d->ready == NULL))
        return zh_error_nomem(err);
    return ZH_OK;
}

static void close_kept(zh_deliveries *d)
{
    while (d->kept != NULL) {
        zh_handle *h = d->kept;

        d->kept = h->next;
        h->next = NULL;
        zh_handle_close(h);
    }
}

void zh_deliveries_free(zh_creation *c)
{
    zh_deliveries *d = c->deliveries;

    if (d == NULL)
        return;
    close_kept(d);
    zh_free(d->place);
    zh_free(d->told);
    zh_free(d->ready);
    zh_buf_dispose(&d->path);
    zh_buf_dispose(&d->place_text);
    zh_free(d);
    c->deliveries = NULL;
}

void zh_deliveries_add(zh_creation *c, uint32_t i)
{
    zh_deliveries *d = c->deliveries;

    if (d != NULL)
        atomic_store_explicit(&d->place[atomic_fetch_add(&d->taken, 1)], i + 1, memory_order_release);
}

static int make_handle(zh_handle **out, zh_creation *c, uint32_t i, zh_error *err)
{
    zh_deliveries *d = c->deliveries;
    const char *path, *place;
    int rc;

    d->path.len = d->place_text.len = 0;
    rc = zh_creation_path(c, i, &d->path, err);
    if (rc == ZH_OK)
        rc = zh_creation_place(c, i, &d->place_text, err);
    if (rc < 0)
        return rc;
    path = zh_buf_cstr(&d->path, err);
    place = zh_buf_cstr(&d->place_text, err);
    if (path == NULL || place == NULL)
        return ZH_NOMEM;
    rc = zh_handle__new(out, c->store, path, place, err);
    if (rc < 0)
        return rc;
    (*out)->published = strcmp(path, place) == 0;
    rc = zh_handle__of_entry(*out, &c->plan->entry[i], err);
    if (rc < 0)
        zh_handle_close(*out);
    return rc;
}

static int deliver(zh_creation *c, uint32_t i, zh_error *err)
{
    const zh_entry *e = &c->plan->entry[i];
    zh_deliveries *d = c->deliveries;
    zh_handle *h;
    int answer, rc = make_handle(&h, c, i, err);

    if (rc < 0)
        return rc;
    d->told[i] = h->published;
    /* The end of the path in the store is the path in the plan. */
    answer = c->opts.created(c->opts.payload, h->path + strlen(h->path) - e->path_len, h->kind, h);
    if (h->refs > 1) {
        h->next = d->kept;
        d->kept = h;
    } else {
        zh_handle_close(h);
    }
    if (answer == 0)
        return ZH_OK;
    return zh_error_set(err, ZH_ABORTED, "'%.*s': the caller asked to stop",
                        (int)(e->path_len > 200 ? 200 : e->path_len), e->path);
}

static int deliver_ready(zh_creation *c, zh_error *err)
{
    zh_deliveries *d = c->deliveries;
    int rc = ZH_OK;

    while (rc == ZH_OK && d->cursor < c->plan->n) {
        const uint32_t i = d->cursor;

        if (d->ready[i])
            rc = deliver(c, i, err);
        else if (c->state[i] != ZH_AT_KEPT)
            break;
        d->cursor++;
    }
    return rc;
}

int zh_deliveries_run(zh_creation *c, zh_error *err)
{
    zh_deliveries *d = c->deliveries;
    uint32_t i;
    int rc = ZH_OK;

    if (d == NULL)
        return ZH_OK;
    while (rc == ZH_OK && d->read < c->plan->n) {
        i = atomic_load_explicit(&d->place[d->read], memory_order_acquire);
        if (i == 0)
            break;
        d->read++;
        if (d->ready != NULL)
            d->ready[i - 1] = 1;
        else
            rc = deliver(c, i - 1, err);
    }
    if (rc == ZH_OK && d->ready != NULL)
        rc = deliver_ready(c, err);
    return rc;
}

bool zh_deliveries_told(const zh_creation *c, uint32_t i)
{
    return c->deliveries != NULL && c->deliveries->told[i] != 0;
}

void zh_deliveries_moved(zh_creation *c)
{
    for (zh_handle *h = c->deliveries == NULL ? NULL : c->deliveries->kept; h != NULL; h = h->next)
        zh_handle__settle(h);
}

void zh_deliveries_failed(zh_creation *c)
{
    for (zh_handle *h = c->deliveries == NULL ? NULL : c->deliveries->kept; h != NULL; h = h->next)
        zh_handle__lose(h);
}
