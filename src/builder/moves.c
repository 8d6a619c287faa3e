/* moves.c - moves between the stage and where readers see it, each noted in the journal.
 *
 * What is moved aside leaves a word of where it was (restore.h), should the process die before something new stands
 * there.
 */
#include "builder/creation.h"
#include "builder/restore.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

static char *taken(zh_buf *b, int rc, zh_error *err)
{
    char *out = NULL;

    if (rc == ZH_OK && zh_buf_cstr(b, err) != NULL)
        out = zh_strdup((const char *)b->ptr);
    if (out == NULL)
        (void)zh_error_nomem(err);
    zh_buf_dispose(b);
    return out;
}

char *zh_move_path(const zh_creation *c, uint32_t i, zh_error *err)
{
    zh_buf b = ZH_BUF_INIT(1 << 16);

    return taken(&b, zh_creation_path(c, i, &b, err), err);
}

static char *place_of(const zh_creation *c, uint32_t i, zh_error *err)
{
    zh_buf b = ZH_BUF_INIT(1 << 16);

    return taken(&b, zh_creation_place(c, i, &b, err), err);
}

char *zh_aside_name(const zh_creation *c, size_t number, zh_error *err)
{
    char name[sizeof(c->stage) + 32];
    char *out;

    (void)snprintf(name, sizeof(name), "%s/old-%zu", c->stage, number);
    out = zh_strdup(name);
    if (out == NULL)
        (void)zh_error_nomem(err);
    return out;
}

int zh_move_once(const zh_creation *c, zh_deed deed, const char *key, const char *from, bool back, zh_error *err)
{
    if (deed == ZH_DID_EXCHANGE)
        return zh_store_move(c->store, from, key, ZH_MOVE_EXCHANGE, err);
    if ((deed == ZH_DID_ASIDE) == back)
        return zh_store_move(c->store, from, key, 0, err);
    return zh_store_move(c->store, key, from, 0, err);
}

/* key and from are taken whatever happens. */
static int move_noted(zh_creation *c, zh_deed deed, char *key, char *from, zh_error *err)
{
    int rc = ZH_NOMEM;

    if (key != NULL && from != NULL)
        rc = zh_move_once(c, deed, key, from, false, err);
    if (rc == ZH_OK) {
        rc = zh_journal_add(c, deed, key, from, NULL, err);
        if (rc == ZH_OK)
            return ZH_OK;
        (void)zh_move_once(c, deed, key, from, true, NULL); /* what cannot be noted is taken back at once */
    }
    zh_free(key);
    zh_free(from);
    return rc;
}

int zh_move_in(zh_creation *c, uint32_t i, zh_error *err)
{
    return move_noted(c, ZH_DID_MOVE, zh_move_path(c, i, err), place_of(c, i, err), err);
}

int zh_move_exchange(zh_creation *c, uint32_t i, zh_error *err)
{
    return move_noted(c, ZH_DID_EXCHANGE, zh_move_path(c, i, err), place_of(c, i, err), err);
}

/* The word of where it was. */
static int leave_word(const zh_creation *c, const char *key, const char *aside, zh_error *err)
{
    zh_buf name = ZH_BUF_INIT(1 << 16);
    int rc = zh_buf_puts(&name, aside, err);

    if (rc == ZH_OK)
        rc = zh_buf_puts(&name, ZH_WORD_SUFFIX, err);
    if (rc == ZH_OK)
        rc = zh_buf_cstr(&name, err) == NULL
                 ? ZH_NOMEM
                 : zh_store_put(c->store, (const char *)name.ptr, key, strlen(key), ZH_PUT_PLAIN, err);
    zh_buf_dispose(&name);
    return rc;
}

int zh_move_aside(zh_creation *c, char *key, size_t number, bool returns, zh_error *err)
{
    char *aside = zh_aside_name(c, number, err);
    int rc = key == NULL || aside == NULL ? ZH_NOMEM : ZH_OK;

    if (rc == ZH_OK && returns)
        rc = leave_word(c, key, aside, err);
    if (rc == ZH_OK)
        return move_noted(c, ZH_DID_ASIDE, key, aside, err);
    zh_free(key);
    zh_free(aside);
    return rc;
}
