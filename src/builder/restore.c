/* restore.c - see restore.h. What stands in a store is not to be trusted: a word that is no path of a node is passed
 * over. */
#include "builder/restore.h"

#include "base/error.h"
#include "base/key.h"
#include "store/key_list.h"
#include "store/store_impl.h"
#include "zh/buf.h"

#include <string.h>

static int note_word(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    const size_t n = strlen(name), suffix = sizeof(ZH_WORD_SUFFIX) - 1;

    if (is_prefix || n <= suffix || strcmp(name + n - suffix, ZH_WORD_SUFFIX) != 0)
        return ZH_OK;
    return zh_key_list_add(payload, name, err);
}

static bool is_path(zh_buf *word)
{
    const char *text = zh_buf_cstr(word, NULL);

    return text != NULL && strlen(text) == word->len && zh_key_check(text, word->len, NULL) == ZH_OK &&
           !zh_store__is_temporary_key(text);
}

static int restore_one(zh_store *s, const char *stage, const char *name, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(ZH_KEY_MAX), word = ZH_BUF_INIT(ZH_KEY_MAX);
    zh_error why = ZH_ERROR_INIT;
    const char *text;
    int rc = zh_key_join(&key, stage, name, &why);

    text = rc < 0 ? NULL : zh_buf_cstr(&key, &why);
    rc = text == NULL ? ZH_NOMEM : zh_store_get(s, text, &word, &why);
    if (rc == ZH_OK && is_path(&word)) {
        key.len -= sizeof(ZH_WORD_SUFFIX) - 1;
        text = zh_buf_cstr(&key, &why);
        rc = text == NULL ? ZH_NOMEM : zh_store_move(s, text, (const char *)word.ptr, 0, &why);
    }
    zh_buf_dispose(&key);
    zh_buf_dispose(&word);
    if (rc != ZH_IO && rc != ZH_NOMEM)
        return ZH_OK; /* it never went, or something is there; or the store moves nothing, and nothing was moved */
    if (err != NULL)
        *err = why;
    return rc;
}

int zh_restore(zh_store *s, const char *stage, zh_error *err)
{
    zh_key_list words = ZH_KEY_LIST_INIT;
    int rc = zh_store_list(s, stage, note_word, &words, err);

    for (size_t i = 0; rc == ZH_OK && i < words.n; i++)
        rc = restore_one(s, stage, words.item[i].name, err);
    zh_key_list_dispose(&words);
    return rc;
}
