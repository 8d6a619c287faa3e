/* keymap.c - see keymap.h. */
#include "store/keymap.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"

#include <stdalign.h>
#include <string.h>

#define MAX_HEIGHT 20

/* One allocation: the node, its links, the value, the key. */
struct zh_keymap_node {
    char *key;
    void *value;
    unsigned height;
    zh_keymap_node *next[];
};

void zh_keymap_init(zh_keymap *m, size_t value_size, void (*dispose)(void *value))
{
    m->head = NULL;
    m->value_size = value_size;
    m->dispose = dispose;
    m->n = 0;
    m->random = 0x9e3779b97f4a7c15u;
}

static zh_keymap_node *new_node(const zh_keymap *m, const char *key, unsigned height)
{
    const size_t align = alignof(max_align_t);
    const size_t links = sizeof(zh_keymap_node) + height * sizeof(zh_keymap_node *);
    const size_t value_at = (links + align - 1) & ~(align - 1);
    const size_t key_bytes = strlen(key) + 1;
    zh_keymap_node *node = zh_calloc(1, value_at + m->value_size + key_bytes);

    if (node == NULL)
        return NULL;
    node->value = (char *)node + value_at;
    node->key = (char *)node->value + m->value_size;
    node->height = height;
    memcpy(node->key, key, key_bytes);
    return node;
}

static void free_node(const zh_keymap *m, zh_keymap_node *node)
{
    if (m->dispose != NULL)
        m->dispose(node->value);
    zh_free(node);
}

void zh_keymap_dispose(zh_keymap *m)
{
    (void)zh_keymap_remove_prefix(m, "");
    zh_free(m->head);
    m->head = NULL;
}

/* The last node of each level whose key is less than key; returns the node behind the lowest. */
static zh_keymap_node *descend(const zh_keymap *m, const char *key, zh_keymap_node *before[MAX_HEIGHT])
{
    zh_keymap_node *at = m->head;

    for (unsigned level = MAX_HEIGHT; level-- > 0;) {
        while (at->next[level] != NULL && strcmp(at->next[level]->key, key) < 0)
            at = at->next[level];
        before[level] = at;
    }
    return at->next[0];
}

zh_keymap_node *zh_keymap_seek(const zh_keymap *m, const char *key)
{
    zh_keymap_node *before[MAX_HEIGHT];

    return m->head == NULL ? NULL : descend(m, key, before);
}

void *zh_keymap_find(const zh_keymap *m, const char *key)
{
    zh_keymap_node *node = zh_keymap_seek(m, key);

    return node != NULL && strcmp(node->key, key) == 0 ? node->value : NULL;
}

/* Each level with a quarter of the nodes of the one below. */
static unsigned random_height(zh_keymap *m)
{
    unsigned height = 1;
    uint64_t bits;

    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    for (bits = m->random; height < MAX_HEIGHT && (bits & 3) == 0; bits >>= 2)
        height++;
    return height;
}

void *zh_keymap_insert(zh_keymap *m, const char *key, bool *is_new)
{
    zh_keymap_node *before[MAX_HEIGHT];
    zh_keymap_node *node;

    if (m->head == NULL)
        m->head = new_node(m, "", MAX_HEIGHT);
    if (m->head == NULL)
        return NULL;
    node = descend(m, key, before);
    *is_new = node == NULL || strcmp(node->key, key) != 0;
    if (!*is_new)
        return node->value;
    node = new_node(m, key, random_height(m));
    if (node == NULL)
        return NULL;
    for (unsigned level = 0; level < node->height; level++) {
        node->next[level] = before[level]->next[level];
        before[level]->next[level] = node;
    }
    m->n++;
    return node->value;
}

/* node stands behind before[0]. */
static void unlink_node(zh_keymap *m, zh_keymap_node *node, zh_keymap_node *before[MAX_HEIGHT])
{
    for (unsigned level = 0; level < node->height; level++)
        before[level]->next[level] = node->next[level];
    m->n--;
}

/* node's key is not in the map. */
static void link_node(zh_keymap *m, zh_keymap_node *node)
{
    zh_keymap_node *before[MAX_HEIGHT];

    (void)descend(m, node->key, before);
    for (unsigned level = 0; level < node->height; level++) {
        node->next[level] = before[level]->next[level];
        before[level]->next[level] = node;
    }
    m->n++;
}

bool zh_keymap_remove(zh_keymap *m, const char *key)
{
    zh_keymap_node *before[MAX_HEIGHT];
    zh_keymap_node *node;

    if (m->head == NULL)
        return false;
    node = descend(m, key, before);
    if (node == NULL || strcmp(node->key, key) != 0)
        return false;
    unlink_node(m, node, before);
    free_node(m, node);
    return true;
}

/* "" for "", else prefix + "/". */
static size_t make_stem(char stem[ZH_KEY_MAX + 2], const char *prefix)
{
    const size_t n = strlen(prefix);

    memcpy(stem, prefix, n);
    if (n > 0)
        stem[n] = '/';
    stem[n + (n > 0)] = '\0';
    return n + (n > 0);
}

size_t zh_keymap_remove_prefix(zh_keymap *m, const char *prefix)
{
    zh_keymap_node *before[MAX_HEIGHT];
    char stem[ZH_KEY_MAX + 2];
    const size_t len = make_stem(stem, prefix);
    size_t removed = 0;

    if (m->head == NULL)
        return 0;
    (void)descend(m, stem, before);
    while (before[0]->next[0] != NULL && strncmp(before[0]->next[0]->key, stem, len) == 0) {
        zh_keymap_node *node = before[0]->next[0];

        unlink_node(m, node, before);
        free_node(m, node);
        removed++;
    }
    return removed;
}

/* --- moving --- */

/* Nodes with the keys that those below `from` will have, and copies of their values; a chain by next[0]. */
static int make_renamed(zh_keymap_node **out, zh_keymap *m, const char *from, const char *to, zh_error *err)
{
    char stem[ZH_KEY_MAX + 2], key[2 * ZH_KEY_MAX + 2];
    const size_t len = make_stem(stem, from), to_len = make_stem(key, to);

    *out = NULL;
    for (zh_keymap_node *node = zh_keymap_seek(m, stem); node != NULL && strncmp(node->key, stem, len) == 0;
         node = node->next[0]) {
        zh_keymap_node *renamed;

        if (to_len + strlen(node->key + len) >= ZH_KEY_MAX)
            return zh_error_set(err, ZH_RANGE, "'%.200s' would have too long a key below '%.200s'", node->key, to);
        memcpy(key + to_len, node->key + len, strlen(node->key + len) + 1);
        renamed = new_node(m, key, random_height(m));
        if (renamed == NULL)
            return zh_error_nomem(err);
        memcpy(renamed->value, node->value, m->value_size);
        renamed->next[0] = *out;
        *out = renamed;
    }
    return ZH_OK;
}

/* The nodes alone: their values belong to others. */
static void free_chain(zh_keymap_node *chain)
{
    while (chain != NULL) {
        zh_keymap_node *next = chain->next[0];

        zh_free(chain);
        chain = next;
    }
}

static void link_chain(zh_keymap *m, zh_keymap_node *chain)
{
    while (chain != NULL) {
        zh_keymap_node *next = chain->next[0];

        link_node(m, chain);
        chain = next;
    }
}

/* Takes the nodes below prefix out; their values live on in renamed ones. */
static void unlink_below(zh_keymap *m, const char *prefix)
{
    zh_keymap_node *before[MAX_HEIGHT];
    char stem[ZH_KEY_MAX + 2];
    const size_t len = make_stem(stem, prefix);

    (void)descend(m, stem, before);
    while (before[0]->next[0] != NULL && strncmp(before[0]->next[0]->key, stem, len) == 0) {
        zh_keymap_node *node = before[0]->next[0];

        unlink_node(m, node, before);
        zh_free(node);
    }
}

static bool holds_below(const zh_keymap *m, const char *prefix)
{
    char stem[ZH_KEY_MAX + 2];
    const size_t len = make_stem(stem, prefix);
    const zh_keymap_node *node = zh_keymap_seek(m, stem);

    return node != NULL && strncmp(node->key, stem, len) == 0;
}

/* All that needs memory is made first; what follows cannot fail. */
int zh_keymap_move(zh_keymap *m, const char *from, const char *to, bool exchange, zh_error *err)
{
    zh_keymap_node *forth = NULL, *back = NULL;
    int rc;

    if (!holds_below(m, from) || (exchange && !holds_below(m, to)))
        return ZH_NOTFOUND;
    if (!exchange && (holds_below(m, to) || zh_keymap_find(m, to) != NULL))
        return ZH_EXISTS;
    rc = make_renamed(&forth, m, from, to, err);
    if (rc == ZH_OK && exchange)
        rc = make_renamed(&back, m, to, from, err);
    if (rc < 0) {
        free_chain(forth);
        free_chain(back);
        return rc;
    }
    unlink_below(m, from);
    unlink_below(m, to);
    link_chain(m, forth);
    link_chain(m, back);
    return ZH_OK;
}

zh_keymap_node *zh_keymap_next(const zh_keymap_node *node)
{
    return node->next[0];
}

const char *zh_keymap_key(const zh_keymap_node *node)
{
    return node->key;
}

void *zh_keymap_value(zh_keymap_node *node)
{
    return node->value;
}

int zh_keymap_children(const zh_keymap *m, const char *prefix, zh_names *out, zh_error *err)
{
    char stem[ZH_KEY_MAX + 2];
    const size_t len = make_stem(stem, prefix);
    zh_keymap_node *node = zh_keymap_seek(m, stem);

    while (node != NULL && strncmp(node->key, stem, len) == 0) {
        const char *name = node->key + len;
        const char *slash = strchr(name, '/');
        const size_t n = slash == NULL ? strlen(name) : (size_t)(slash - name);
        char past[ZH_KEY_MAX + 2];

        if (zh_names_add(out, name, n, slash != NULL, err) < 0)
            return ZH_NOMEM;
        if (slash == NULL) {
            node = node->next[0];
            continue;
        }
        /* Over all that lies below this child: '0' is the byte behind '/'. */
        memcpy(past, node->key, len + n);
        past[len + n] = '/' + 1;
        past[len + n + 1] = '\0';
        node = zh_keymap_seek(m, past);
    }
    return ZH_OK;
}
