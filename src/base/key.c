/* key.c - see key.h. */
#include "base/key.h"
#include "base/error.h"
#include "base/jsonw.h"

#include <string.h>

/* --- keys --- */

static const char *segment_fault(const char *s, size_t n)
{
    if (n == 0)
        return "an empty segment";
    if (n > ZH_SEGMENT_MAX)
        return "a segment of more than 255 bytes";
    if (s[0] == '.' && (n == 1 || (n == 2 && s[1] == '.')))
        return "a segment \".\" or \"..\"";
    return NULL;
}

static const char *key_fault(const char *key, size_t n)
{
    size_t start = 0;

    if (n == 0)
        return "no segment";
    if (n >= ZH_KEY_MAX)
        return "too many bytes";
    for (size_t i = 0; i <= n; i++) {
        const char *fault = NULL;

        if (i == n || key[i] == '/') {
            fault = segment_fault(key + start, i - start);
            start = i + 1;
        } else if (key[i] == '\0') {
            fault = "a NUL";
        }
        if (fault != NULL)
            return fault;
    }
    return zh_utf8_valid(key, n) ? NULL : "bytes that are not UTF-8";
}

int zh_key_check(const char *key, size_t n, zh_error *err)
{
    const char *fault = key_fault(key, n);

    if (fault == NULL)
        return ZH_OK;
    return zh_error_set(err, ZH_INVALID, "'%.*s' cannot be a key: it has %s", (int)(n < 200 ? n : 200), key, fault);
}

/* --- names --- */

static bool is_document_name(const char *s, size_t n)
{
    static const char *const names[] = {"zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == n && memcmp(s, names[i], n) == 0)
            return true;
    return false;
}

static bool is_periods(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && s[i] == '.')
        i++;
    return i == n;
}

/* The directory store's own names for files that are being written (store_dir.c). */
static bool is_temporary_name(const char *s, size_t n)
{
    static const char suffix[] = ".zh-tmp";
    const size_t len = sizeof(suffix) - 1;

    return n > len && s[0] == '.' && memcmp(s + n - len, suffix, len) == 0;
}

/* Names that become good ones by escaping their first byte. */
static bool must_escape_first(const char *s, size_t n)
{
    return (n >= 2 && s[0] == '_' && s[1] == '_') || is_document_name(s, n) || is_periods(s, n) ||
           is_temporary_name(s, n);
}

static bool is_upper_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/* A '%' that would read as one of our escapes is itself escaped, so that no two names get one segment. */
static bool looks_escaped(const char *s, size_t n)
{
    return (n >= 3 && is_upper_hex(s[1]) && is_upper_hex(s[2])) || (n >= 2 && s[1] == '~');
}

/* Length of the valid UTF-8 sequence at s, 0 if there is none. */
static size_t utf8_length(const char *s, size_t n)
{
    for (size_t len = 1; len <= 4 && len <= n; len++)
        if (zh_utf8_valid(s, len))
            return len;
    return 0;
}

/* Bytes at s[at] to copy as they are; 0: one byte to escape. */
static size_t plain_length(const char *s, size_t at, size_t n)
{
    const unsigned char c = (unsigned char)s[at];

    if (c >= 0x80)
        return utf8_length(s + at, n - at);
    if (c < 0x20 || c == 0x7f || c == '\\' || (at == 0 && must_escape_first(s, n)))
        return 0;
    return c == '%' && looks_escaped(s + at, n - at) ? 0 : 1;
}

/* The escaped name into out (up to room bytes, never half an escape or character); returns its whole length. */
static size_t escape_into(char *out, size_t room, size_t *written, const char *s, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t total = 0;

    *written = 0;
    for (size_t i = 0; i < n;) {
        const size_t plain = plain_length(s, i, n);
        const size_t len = plain == 0 ? 3 : plain;
        const unsigned char c = (unsigned char)s[i];
        const char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};

        if (total == *written && total + len <= room) {
            memcpy(out + total, plain == 0 ? escaped : s + i, len);
            *written += len;
        }
        total += len;
        i += plain == 0 ? 1 : plain;
    }
    return total;
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

/* FNV-1a with a start of its own and a final mix. Stored in names: never to change. */
static uint64_t name_hash(const char *s, size_t n, uint64_t start)
{
    uint64_t h = 0xcbf29ce484222325u ^ start;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
    return mix(h);
}

static void put_hex(char out[16], uint64_t v)
{
    for (int i = 0; i < 16; i++)
        out[i] = "0123456789abcdef"[v >> (60 - 4 * i) & 15];
}

int zh_name_escape(char out[ZH_SEGMENT_MAX + 1], bool *changed, const char *name, size_t n, zh_error *err)
{
    enum { HASH_CHARS = 2 + 32 };
    size_t written;

    if (n == 0)
        return zh_error_set(err, ZH_INVALID, "a name cannot be empty");
    if (memchr(name, '/', n) != NULL || memchr(name, '\0', n) != NULL)
        return zh_error_set(err, ZH_INVALID, "a name cannot hold '/' or NUL");
    if (escape_into(out, ZH_SEGMENT_MAX, &written, name, n) > ZH_SEGMENT_MAX) {
        (void)escape_into(out, ZH_SEGMENT_MAX - HASH_CHARS, &written, name, n);
        memcpy(out + written, "%~", 2);
        put_hex(out + written + 2, name_hash(name, n, 0));
        put_hex(out + written + 18, name_hash(name, n, 0x9e3779b97f4a7c15u));
        written += HASH_CHARS;
    }
    out[written] = '\0';
    *changed = written != n || memcmp(out, name, n) != 0;
    return ZH_OK;
}

uint64_t zh_hash_bytes(const void *p, size_t n)
{
    const unsigned char *s = p;
    uint64_t h = 0x9e3779b97f4a7c15u ^ n;
    uint64_t word;

    for (; n >= 8; n -= 8, s += 8) {
        memcpy(&word, s, 8);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    word = 0;
    memcpy(&word, s, n);
    return mix(h ^ word);
}
