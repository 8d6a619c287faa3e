/* json.c - see json.h. The library's only user of cJSON.
 *
 * cJSON alone keeps every number as a double, takes text that is not JSON, and refuses NaN. So the text is first walked
 * by a scanner of our own, which accepts exactly what json.h says and makes a copy for cJSON in which each number token
 * is a string that begins with the byte 0xff. No valid UTF-8 holds that byte, so no string of the document can be taken
 * for a number. In cJSON's tree those strings then become cJSON_Raw nodes that hold the token. cJSON thus sees valid
 * JSON without numbers only, and if it fails, it ran out of memory. One pass each, so linear in the length of the text.
 *
 * Members are looked up by name in loops over all of them, so a wide object has a table of the last of each name. It is
 * kept where a string has its text: cJSON frees that with the value, whatever its type.
 *
 * cJSON allocates with malloc (its hooks are global to the process, and the host may use cJSON as well).
 */
#include "base/json.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/jsonw.h"
#include "base/keyed_hash.h"
#include "base/number.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MARK '\xff'

#define NARROW 16u /* so many members are looked through one by one */

typedef struct slice {
    const char *text;
    size_t n;
} slice;

/* The walk over the text. State: what may come next. */
typedef struct scanner {
    const char *text;
    size_t n;
    size_t at;       /* next byte */
    size_t copied;   /* text before it is in `out` */
    zh_buf out;      /* the text for cJSON, or without space */
    unsigned depth;  /* open brackets */
    bool compact;    /* there is room in out; numbers stay as they are, space goes */
    bool needs_tree; /* compact: the text so far is not the form that it would be printed in */
    unsigned nnames;
    slice names[NARROW]; /* compact: of the outermost object */
    char brackets[ZH_JSON_MAX_DEPTH];
    zh_error *err;
} scanner;

static int bad(const scanner *s, size_t at, const char *what)
{
    return zh_error_set(s->err, ZH_CORRUPT, "bad JSON at byte %zu: %s", at, what);
}

/* The next byte, or NUL at the end: a NUL in the text is an error wherever it is looked at. */
static char peek(const scanner *s)
{
    return s->at < s->n ? s->text[s->at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes the word if it is next. */
static bool take_word(scanner *s, const char *word)
{
    const size_t len = strlen(word);

    if (peek(s) != word[0] || s->n - s->at < len || memcmp(s->text + s->at, word, len) != 0)
        return false;
    s->at += len;
    return true;
}

static bool take_digits(scanner *s)
{
    const size_t start = s->at;

    while (is_digit(peek(s)))
        s->at++;
    return s->at > start;
}

static bool take_number(scanner *s)
{
    if (take_word(s, "NaN") || take_word(s, "Infinity"))
        return true;
    if (peek(s) == '-') {
        s->at++;
        if (take_word(s, "Infinity"))
            return true;
    }
    if (peek(s) == '0')
        s->at++;
    else if (!take_digits(s))
        return false;
    if (peek(s) == '.') {
        s->at++;
        if (!take_digits(s))
            return false;
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        if (!take_digits(s))
            return false;
    }
    return true;
}

static int copy_until(scanner *s, size_t end)
{
    int rc = zh_buf_append(&s->out, s->text + s->copied, end - s->copied, s->err);

    s->copied = end;
    return rc;
}

static void skip_space(scanner *s)
{
    const size_t start = s->at;

    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r')
        s->at++;
    if (s->compact && s->at > start) {
        (void)copy_until(s, start); /* there is room */
        s->copied = s->at;
    }
}

/* A number token goes into the copy as "\xff<token>". */
static int scan_number(scanner *s)
{
    static const char mark[2] = {'"', NUMBER_MARK};
    const size_t start = s->at;
    int rc;

    if (!take_number(s))
        return bad(s, start, "not a value");
    if (s->compact) {
        s->needs_tree = s->needs_tree || !is_digit(s->text[s->at - 1]); /* NaN or an infinity */
        return ZH_OK;
    }
    rc = copy_until(s, start);
    if (rc == ZH_OK)
        rc = zh_buf_append(&s->out, mark, sizeof(mark), s->err);
    if (rc == ZH_OK)
        rc = copy_until(s, s->at);
    if (rc == ZH_OK)
        rc = zh_buf_putc(&s->out, '"', s->err);
    return rc;
}

/* Four hexadecimal digits at `at`, or -1. */
static long hex4(const scanner *s, size_t at)
{
    long v = 0;

    if (s->n < 4 || at > s->n - 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        const char c = s->text[i];
        const int digit = is_digit(c)            ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;

        if (digit < 0)
            return -1;
        v = v * 16 + digit;
    }
    return v;
}

/* Behind a backslash. Half a surrogate pair is no character: there is no UTF-8 of it, and neither HDF5 nor a store's
 * key could hold it. Python writes and reads such strings (names of files that are not UTF-8, mostly); what cannot be
 * kept is refused rather than changed. */
static int scan_escape(scanner *s)
{
    const size_t start = s->at - 1;
    const char c = peek(s);
    long unit;

    s->needs_tree = true;
    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
        return bad(s, start, "unknown escape");
    s->at++;
    if (c != 'u')
        return ZH_OK;
    unit = hex4(s, s->at);
    if (unit < 0)
        return bad(s, start, "bad \\u escape");
    if (unit == 0)
        return bad(s, start, "NUL in a string");
    s->at += 4;
    if (unit < 0xd800 || unit > 0xdfff)
        return ZH_OK;
    if (unit > 0xdbff || !take_word(s, "\\u"))
        return bad(s, start, "half a surrogate pair");
    unit = hex4(s, s->at);
    if (unit < 0xdc00 || unit > 0xdfff)
        return bad(s, start, "half a surrogate pair");
    s->at += 4;
    return ZH_OK;
}

/* At the opening quote. UTF-8 was checked before. */
static int scan_string(scanner *s)
{
    const size_t start = s->at;
    int rc = ZH_OK;

    s->at++;
    while (rc == ZH_OK && s->at < s->n) {
        const unsigned char c = (unsigned char)s->text[s->at++];

        if (c == '"')
            return ZH_OK;
        if (c < 0x20)
            return bad(s, s->at - 1, "control character in a string");
        if (c == '\\')
            rc = scan_escape(s);
    }
    return rc < 0 ? rc : bad(s, start, "string without end");
}

/* A member of the outermost object, in quotes. */
static void note_name(scanner *s, const char *text, size_t n)
{
    for (unsigned i = 0; i < s->nnames; i++)
        s->needs_tree = s->needs_tree || (s->names[i].n == n && memcmp(s->names[i].text, text, n) == 0);
    if (s->nnames == NARROW)
        s->needs_tree = true;
    else
        s->names[s->nnames++] = (slice){text, n};
}

/* The name and colon of a member. */
static int scan_name(scanner *s)
{
    const size_t start = s->at;
    int rc;

    if (peek(s) != '"')
        return bad(s, s->at, "a member's name was expected");
    rc = scan_string(s);
    if (rc < 0)
        return rc;
    if (s->compact && s->depth == 1)
        note_name(s, s->text + start, s->at - start);
    skip_space(s);
    if (peek(s) != ':')
        return bad(s, s->at, "':' was expected");
    s->at++;
    skip_space(s);
    return ZH_OK;
}

/* At '[' or '{'. *empty: it was closed at once. */
static int scan_open(scanner *s, bool *empty)
{
    const char close = peek(s) == '{' ? '}' : ']';

    if (s->depth == ZH_JSON_MAX_DEPTH)
        return bad(s, s->at, "nested too deeply");
    s->at++;
    skip_space(s);
    *empty = peek(s) == close;
    if (*empty) {
        s->at++;
        return ZH_OK;
    }
    s->brackets[s->depth++] = close;
    return close == '}' ? scan_name(s) : ZH_OK;
}

/* Behind a complete value: closes what ends here, and takes the comma. *more: another value follows. */
static int scan_after(scanner *s, bool *more)
{
    *more = false;
    for (;;) {
        skip_space(s);
        if (s->depth == 0)
            return s->at == s->n ? ZH_OK : bad(s, s->at, "text after the value");
        if (peek(s) != s->brackets[s->depth - 1])
            break;
        s->at++;
        s->depth--;
    }
    if (peek(s) != ',')
        return bad(s, s->at, s->at < s->n ? "',' or a closing bracket was expected" : "the text ends too early");
    s->at++;
    skip_space(s);
    *more = true;
    return s->brackets[s->depth - 1] == '}' ? scan_name(s) : ZH_OK;
}

static int scan_scalar(scanner *s)
{
    if (peek(s) == '"')
        return scan_string(s);
    if (take_word(s, "true") || take_word(s, "false") || take_word(s, "null"))
        return ZH_OK;
    return scan_number(s);
}

static int scan(scanner *s)
{
    bool more = true;
    int rc = ZH_OK;

    if (!zh_utf8_valid(s->text, s->n))
        return zh_error_set(s->err, ZH_CORRUPT, "bad JSON: not valid UTF-8");
    skip_space(s);
    while (rc == ZH_OK && more) {
        bool closed = true;

        if (peek(s) == '[' || peek(s) == '{')
            rc = scan_open(s, &closed);
        else
            rc = scan_scalar(s);
        if (rc == ZH_OK && closed)
            rc = scan_after(s, &more);
    }
    return rc < 0 ? rc : copy_until(s, s->n);
}

int zh_json_compact(zh_buf *out, bool *taken, const char *text, size_t n, zh_error *err)
{
    scanner s = {.text = text, .n = n, .compact = true};
    int rc;

    *taken = false;
    out->len = 0;
    rc = zh_buf_reserve(out, n, err);
    if (rc < 0)
        return rc;
    s.out = *out; /* it has room for all */
    *taken = scan(&s) == ZH_OK && !s.needs_tree;
    if (*taken)
        out->len = s.out.len;
    return ZH_OK;
}

/* --- wide objects --- */

typedef struct member_table {
    zh_hash_key key;
    size_t mask; /* slots - 1 */
    const cJSON *slot[];
} member_table;

/* NULL: the object is narrow. */
static const member_table *table_of(const cJSON *object)
{
    return (const member_table *)(const void *)object->valuestring;
}

/* Where the name is, or would be. */
static size_t find_slot(const member_table *t, const char *name)
{
    size_t i = zh_hash_text(&t->key, name, strlen(name)) & t->mask;

    while (t->slot[i] != NULL && strcmp(t->slot[i]->string, name) != 0)
        i = (i + 1) & t->mask;
    return i;
}

static bool is_wide(const cJSON *object)
{
    const cJSON *m = object->child;

    for (unsigned n = 0; m != NULL && n < NARROW; n++)
        m = m->next;
    return m != NULL;
}

/* False when out of memory. */
static bool index_members(cJSON *object)
{
    const size_t n = zh_json_size((const zh_json *)object);
    size_t slots = NARROW * 2, bytes;
    member_table *t;

    while (slots < n * 2)
        slots *= 2;
    bytes = slots * sizeof(void *); /* far less than the members themselves take */
    t = cJSON_malloc(sizeof(*t) + bytes);
    if (t == NULL)
        return false;
    t->key = zh_hash_key_new();
    t->mask = slots - 1;
    memset(t->slot, 0, bytes);
    for (const cJSON *m = object->child; m != NULL; m = m->next)
        t->slot[find_slot(t, m->string)] = m;
    object->valuestring = (char *)t;
    return true;
}

/* Marked strings become numbers, wide objects get their table. False when out of memory. */
static bool finish_value(cJSON *j)
{
    const int type = j->type & 0xff;

    if (type == cJSON_String && j->valuestring[0] == NUMBER_MARK) {
        memmove(j->valuestring, j->valuestring + 1, strlen(j->valuestring));
        j->type = cJSON_Raw;
    }
    return type != cJSON_Object || !is_wide(j) || index_members(j);
}

/* All values of the tree. Without recursion: down by child, along by next, up by the stack. */
static bool finish_tree(cJSON *root)
{
    cJSON *stack[ZH_JSON_MAX_DEPTH + 1];
    size_t depth = 0;

    stack[0] = root;
    for (;;) {
        cJSON *j = stack[depth];

        if (j == NULL) {
            if (depth == 0)
                return true;
            depth--;
        } else if (!finish_value(j)) {
            return false;
        }
        if (j != NULL && j->child != NULL) {
            stack[++depth] = j->child;
            continue;
        }
        stack[depth] = depth == 0 ? NULL : stack[depth]->next;
    }
}

int zh_json_parse(zh_json **out, const char *text, size_t n, zh_error *err)
{
    scanner s = {.text = text, .n = n, .err = err};
    cJSON *tree;
    int rc;

    *out = NULL;
    /* A token of one byte grows by three; its comma keeps the sum below 3n. */
    zh_buf_init(&s.out, n > SIZE_MAX / 4 ? SIZE_MAX : n * 3 + 16);
    rc = scan(&s);
    if (rc < 0)
        goto out;
    if (zh_buf_cstr(&s.out, err) == NULL) {
        rc = zh_error_nomem(err);
        goto out;
    }
    tree = cJSON_ParseWithLengthOpts((const char *)s.out.ptr, s.out.len + 1, NULL, 1);
    if (tree == NULL) {
        rc = zh_error_nomem(err);
        goto out;
    }
    if (!finish_tree(tree)) {
        cJSON_Delete(tree);
        rc = zh_error_nomem(err);
        goto out;
    }
    *out = (zh_json *)tree;
out:
    zh_buf_dispose(&s.out);
    return rc;
}

static const cJSON *node(const zh_json *j)
{
    return (const cJSON *)j;
}

void zh_json_free(zh_json *j)
{
    cJSON_Delete((cJSON *)j);
}

zh_json_type zh_json_typeof(const zh_json *j)
{
    if (j == NULL)
        return ZH_JSON_NULL;
    switch (node(j)->type & 0xff) {
    case cJSON_False:
    case cJSON_True:
        return ZH_JSON_BOOL;
    case cJSON_Raw:
        return ZH_JSON_NUMBER;
    case cJSON_String:
        return ZH_JSON_STRING;
    case cJSON_Array:
        return ZH_JSON_ARRAY;
    case cJSON_Object:
        return ZH_JSON_OBJECT;
    default:
        return ZH_JSON_NULL;
    }
}

const zh_json *zh_json_get(const zh_json *j, const char *name)
{
    const cJSON *found = NULL;
    const member_table *t;

    if (zh_json_typeof(j) != ZH_JSON_OBJECT)
        return NULL;
    t = table_of(node(j));
    if (t != NULL)
        return (const zh_json *)t->slot[find_slot(t, name)];
    for (const cJSON *m = node(j)->child; m != NULL; m = m->next)
        if (strcmp(m->string, name) == 0)
            found = m;
    return (const zh_json *)found;
}

const zh_json *zh_json_first(const zh_json *j)
{
    return j == NULL ? NULL : (const zh_json *)node(j)->child;
}

const zh_json *zh_json_next(const zh_json *j)
{
    return j == NULL ? NULL : (const zh_json *)node(j)->next;
}

size_t zh_json_size(const zh_json *j)
{
    size_t n = 0;

    for (const zh_json *m = zh_json_first(j); m != NULL; m = zh_json_next(m))
        n++;
    return n;
}

const char *zh_json_name(const zh_json *j)
{
    return j == NULL ? NULL : node(j)->string;
}

const char *zh_json_str(const zh_json *j)
{
    return zh_json_typeof(j) == ZH_JSON_STRING ? node(j)->valuestring : NULL;
}

bool zh_json_bool(const zh_json *j, bool *out)
{
    if (zh_json_typeof(j) != ZH_JSON_BOOL)
        return false;
    *out = (node(j)->type & 0xff) == cJSON_True;
    return true;
}

const char *zh_json_number_text(const zh_json *j, char buf[40])
{
    (void)buf; /* every number keeps its token */
    return zh_json_typeof(j) == ZH_JSON_NUMBER ? node(j)->valuestring : NULL;
}

static const char *token(const zh_json *j)
{
    return zh_json_typeof(j) == ZH_JSON_NUMBER ? node(j)->valuestring : NULL;
}

bool zh_json_is_integer(const zh_json *j)
{
    const char *text = token(j);

    return text != NULL && text[strspn(text, "-0123456789")] == '\0';
}

bool zh_json_i64(const zh_json *j, int64_t *out)
{
    long long v;

    if (!zh_json_is_integer(j))
        return false;
    errno = 0;
    v = strtoll(token(j), NULL, 10);
    if (errno == ERANGE)
        return false;
    *out = v;
    return true;
}

bool zh_json_u64(const zh_json *j, uint64_t *out)
{
    unsigned long long v;

    if (!zh_json_is_integer(j))
        return false;
    errno = 0;
    v = strtoull(token(j), NULL, 10);
    if (errno == ERANGE || (token(j)[0] == '-' && v != 0))
        return false;
    *out = v;
    return true;
}

bool zh_json_double(const zh_json *j, double *out)
{
    return token(j) != NULL && zh_parse_f64(out, token(j));
}

static bool equal_numbers(const zh_json *a, const zh_json *b)
{
    double x, y;

    if (strcmp(token(a), token(b)) == 0)
        return true;
    if (zh_json_is_integer(a) && zh_json_is_integer(b))
        return false; /* doubles would not tell large ones apart */
    return zh_json_double(a, &x) && zh_json_double(b, &y) && x == y;
}

/* By position in arrays, by name in objects. */
static bool equal_members(const zh_json *a, const zh_json *b, bool named)
{
    const zh_json *y = zh_json_first(b);

    if (zh_json_size(a) != zh_json_size(b))
        return false;
    for (const zh_json *x = zh_json_first(a); x != NULL; x = zh_json_next(x)) {
        const zh_json *other = named ? zh_json_get(b, zh_json_name(x)) : y;

        if (other == NULL || !zh_json_equal(x, other))
            return false;
        y = zh_json_next(y);
    }
    return true;
}

bool zh_json_equal(const zh_json *a, const zh_json *b)
{
    const zh_json_type type = zh_json_typeof(a);
    bool x = false, y = false;

    if (type != zh_json_typeof(b))
        return false;
    switch (type) {
    case ZH_JSON_NULL:
        return true;
    case ZH_JSON_BOOL:
        (void)zh_json_bool(a, &x);
        (void)zh_json_bool(b, &y);
        return x == y;
    case ZH_JSON_NUMBER:
        return equal_numbers(a, b);
    case ZH_JSON_STRING:
        return strcmp(zh_json_str(a), zh_json_str(b)) == 0;
    case ZH_JSON_ARRAY:
    case ZH_JSON_OBJECT:
        return equal_members(a, b, type == ZH_JSON_OBJECT);
    }
    return false;
}

static void print(zh_jsonw *w, const cJSON *j)
{
    const zh_json_type type = zh_json_typeof((const zh_json *)j);

    switch (type) {
    case ZH_JSON_NULL:
        zh_jsonw_null(w);
        break;
    case ZH_JSON_BOOL:
        zh_jsonw_bool(w, (j->type & 0xff) == cJSON_True);
        break;
    case ZH_JSON_NUMBER:
        zh_jsonw_raw(w, j->valuestring, strlen(j->valuestring));
        break;
    case ZH_JSON_STRING:
        zh_jsonw_str(w, j->valuestring);
        break;
    case ZH_JSON_ARRAY:
        zh_jsonw_begin_array(w);
        for (const cJSON *m = j->child; m != NULL; m = m->next)
            print(w, m);
        zh_jsonw_end_array(w);
        break;
    case ZH_JSON_OBJECT:
        zh_jsonw_begin_object(w);
        for (const cJSON *m = j->child; m != NULL; m = m->next) {
            zh_jsonw_key(w, m->string);
            print(w, m);
        }
        zh_jsonw_end_object(w);
        break;
    }
}

int zh_json_print(zh_buf *out, const zh_json *j, zh_error *err)
{
    static const cJSON null_value = {.type = cJSON_NULL};
    zh_jsonw w;

    zh_jsonw_init(&w, out, err);
    print(&w, j == NULL ? &null_value : node(j));
    return zh_jsonw_finish(&w);
}
