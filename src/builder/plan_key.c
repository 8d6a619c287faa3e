/* plan_key.c - keys to paths, and what a segment may be. zarr-python writes names that the format keeps for itself, and
 * leaves the store with some; here they are refused before anything is done. */
#include "builder/plan_internal.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/jsonw.h"
#include "base/key.h"
#include "zh/store.h"

#include <string.h>

int zh_plan__normalise(char *key, size_t *n, bool backslash_is_slash, zh_error *err)
{
    size_t out = 0;

    if (memchr(key, '\0', *n) != NULL)
        return zh_error_set(err, ZH_KEY_ENCODING, "the key holds a NUL byte");
    if (!zh_utf8_valid(key, *n))
        return zh_error_set(err, ZH_KEY_ENCODING, "the key is not UTF-8");
    for (size_t i = 0; i < *n; i++) {
        const char c = backslash_is_slash && key[i] == '\\' ? '/' : key[i];

        if (c != '/' || (out > 0 && key[out - 1] != '/'))
            key[out++] = c;
    }
    while (out > 0 && key[out - 1] == '/')
        out--;
    *n = out;
    return ZH_OK;
}

static bool is_name(const char *segment, size_t n, const char *name)
{
    return strlen(name) == n && memcmp(segment, name, n) == 0;
}

static bool is_temporary(const char *segment, size_t n)
{
    char name[ZH_SEGMENT_MAX + 1];

    memcpy(name, segment, n);
    name[n] = '\0';
    return zh_store_is_temporary(name);
}

static int check_segment(const char *segment, size_t n, zh_format format, bool strict, zh_error *err)
{
    static const char *const documents[] = {"zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"};

    if (n > ZH_SEGMENT_MAX)
        return zh_error_set(err, ZH_KEY_TOO_LONG, "a segment has %zu bytes, and %d are the most", n, ZH_SEGMENT_MAX);
    if (segment[0] != '.' && segment[0] != '_' && segment[0] != documents[0][0])
        return ZH_OK; /* so does nothing begin that is refused below */
    if (is_name(segment, n, ".") || is_name(segment, n, ".."))
        return zh_error_set(err, ZH_KEY_DOT, "a segment is '.' or '..'");
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        if (is_name(segment, n, documents[i]))
            return zh_error_set(err, ZH_KEY_RESERVED, "'%s' is the name of a document", documents[i]);
    if (n >= 3 && segment[0] == '.') {
        size_t dots = 1;

        while (dots < n && segment[dots] == '.')
            dots++;
        if (dots == n)
            return zh_error_set(err, ZH_KEY_RESERVED, "a segment consists of periods only");
    }
    if (strict && format == ZH_V3 && n >= 2 && memcmp(segment, "__", 2) == 0)
        return zh_error_set(err, ZH_KEY_RESERVED, "a segment begins with '__', which Zarr v3 keeps for itself");
    if (is_temporary(segment, n))
        return zh_error_set(err, ZH_KEY_RESERVED, "a segment is a name of this library's temporary files");
    return ZH_OK;
}

int zh_plan__check_path(const char *path, size_t n, zh_format format, bool strict, zh_error *err)
{
    const unsigned room = strict ? ZH_PATH_ROOM : ZH_PATH_ROOM_UNCHECKED;
    size_t start = 0;

    while (start < n) {
        const char *slash = memchr(path + start, '/', n - start);
        const size_t end = slash == NULL ? n : (size_t)(slash - path);
        const int rc = check_segment(path + start, end - start, format, strict, err);

        if (rc < 0)
            return rc;
        start = end + 1;
    }
    if (n + room > ZH_KEY_MAX)
        return zh_error_set(err, ZH_KEY_TOO_LONG, "the key has %zu bytes, and %u are the most", n, ZH_KEY_MAX - room);
    return ZH_OK;
}

int zh_plan__path_of(char **out, const char *given, zh_error *err)
{
    size_t n = given == NULL ? 0 : strlen(given);
    int rc;

    *out = zh_strndup(given == NULL ? "" : given, n);
    if (*out == NULL)
        return zh_error_nomem(err);
    rc = zh_plan__normalise(*out, &n, false, err);
    if (rc == ZH_OK)
        rc = zh_plan__check_path(*out, n, ZH_V2, false, err);
    if (rc < 0) {
        zh_error_prefix(err, "'%.200s'", given);
        zh_free(*out);
        *out = NULL;
        return rc;
    }
    (*out)[n] = '\0';
    return ZH_OK;
}
