/* grid.c - see grid.h. Key text has one form only: decimal digits without leading zeros. */
#include "meta/grid.h"

#include <string.h>

#include "base/alloc.h"
#include "base/number.h"

uint64_t zh_grid_count(const zh_array_meta *m, unsigned axis)
{
    return m->shape[axis] / m->chunk[axis] + (m->shape[axis] % m->chunk[axis] != 0);
}

bool zh_grid_total(const zh_array_meta *m, uint64_t *out)
{
    bool fits = true, empty = false;

    *out = 1;
    for (unsigned i = 0; i < m->rank; i++) {
        uint64_t count = zh_grid_count(m, i);

        empty = empty || count == 0;
        fits = fits && zh_mul_u64(*out, count, out);
    }
    if (empty)
        *out = 0;
    return fits || empty;
}

int zh_grid_chunk_key(zh_buf *out, const zh_array_meta *m, const uint64_t *index, zh_error *err)
{
    char text[1 + ZH_MAX_RANK * 21];
    size_t n = 0;

    if (m->keys == ZH_KEYS_DEFAULT)
        text[n++] = 'c';
    for (unsigned i = 0; i < m->rank; i++) {
        if (n > 0)
            text[n++] = m->separator;
        n += zh_format_u64(text + n, index[i]);
    }
    if (n == 0)
        text[n++] = '0'; /* a scalar's one chunk in v2 */
    return zh_buf_append(out, text, n, err);
}

static bool read_index(const char **p, uint64_t *out)
{
    const char *s = *p;
    uint64_t v = 0;

    if (*s < '0' || *s > '9' || (s[0] == '0' && s[1] >= '0' && s[1] <= '9'))
        return false;
    for (; *s >= '0' && *s <= '9'; s++) {
        uint64_t digit = (uint64_t)(*s - '0');

        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *p = s;
    *out = v;
    return true;
}

bool zh_grid_parse_key(const zh_array_meta *m, const char *key, uint64_t *index)
{
    if (m->rank == 0)
        return strcmp(key, m->keys == ZH_KEYS_DEFAULT ? "c" : "0") == 0;
    if (m->keys == ZH_KEYS_DEFAULT) {
        if (key[0] != 'c' || key[1] != m->separator)
            return false;
        key += 2;
    }
    for (unsigned i = 0; i < m->rank; i++) {
        if (i > 0 && *key++ != m->separator)
            return false;
        if (!read_index(&key, &index[i]))
            return false;
    }
    return *key == '\0';
}

bool zh_grid_is_chunk_key(const char *key)
{
    const bool has_c = key[0] == 'c';
    const char *p = key + has_c;
    char separator = '\0';
    uint64_t index;

    if (has_c && *p == '\0')
        return true;
    if (has_c && *p != '/' && *p != '.')
        return false;
    if (has_c)
        separator = *p++;
    while (read_index(&p, &index)) {
        if (*p == '\0')
            return true;
        if ((*p != '/' && *p != '.') || (separator != '\0' && *p != separator))
            return false;
        separator = *p++;
    }
    return false;
}

bool zh_grid_is_chunk_name(const char *segment)
{
    return strchr(segment, '/') == NULL && zh_grid_is_chunk_key(segment);
}
