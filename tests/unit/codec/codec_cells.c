/* codec_cells.c - see codec_cells.h. */
#include "codec_cells.h"

void require_ok(int rc, const zh_error *err, const char *what)
{
    if (rc != ZH_OK)
        fail_msg("%s: %d: %s", what, rc, err->message);
}

zh_dtype dtype_of(const char *text)
{
    zh_error err = ZH_ERROR_INIT;
    zh_dtype t = {ZH_K_VBYTES, ZH_ORDER_NONE, 0};

    if (strcmp(text, "|Ob") != 0)
        require_ok(zh_dtype_parse_v2(&t, text, &err), &err, text);
    return t;
}

unsigned shape_of(uint64_t shape[ZH_MAX_RANK], const char *text)
{
    unsigned rank = 0;

    while (*text != '\0') {
        char *end;

        shape[rank++] = strtoull(text, &end, 10);
        text = *end == ',' ? end + 1 : end;
    }
    return rank;
}

unsigned specs_of(zh_codec_spec specs[SPECS_MAX], const char *text)
{
    bool v2 = strncmp(text, "v2:", 3) == 0;
    const char *array = v2 ? text + 3 : text;
    zh_error err = ZH_ERROR_INIT;
    zh_json *j = NULL;
    unsigned n = 0;

    require_ok(zh_json_parse(&j, array, strlen(array), &err), &err, text);
    for (const zh_json *e = zh_json_first(j); e != NULL; e = zh_json_next(e)) {
        assert_true(n < SPECS_MAX);
        require_ok(v2 ? zh_codec_parse_v2(&specs[n], e, &err) : zh_codec_parse_v3(&specs[n], e, &err), &err, text);
        n++;
    }
    zh_json_free(j);
    return n;
}

/* A small generator of our own, so that a test is the same everywhere. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static void make_text(const zh_dtype *t, zh_vlen *cell, size_t i, int pattern, uint32_t *state)
{
    static const char *const words[] = {"",
                                        "a",
                                        "zarr",
                                        "h\xc3\xa9llo",
                                        "\xf0\x9f\x98\x80",
                                        "\xe2\x82\xac"
                                        "1"};
    const char *word = words[pattern == PATTERN_ZERO ? 0 : (pattern == PATTERN_RAMP ? i : next_random(state)) % 6];
    size_t n = strlen(word);

    if (t->kind == ZH_K_UTF32 && t->size < 20 && n > 1)
        n = 1, word = "z";
    if (n == 0)
        return;
    cell->data = zh_memdup(word, n);
    cell->len = n;
}

void *cells_new(const zh_dtype *t, size_t n, int pattern)
{
    size_t size = zh_dtype_cell_size(t);
    uint8_t *p = calloc(n, size);
    uint32_t state = 12345;

    assert_non_null(p);
    for (size_t i = 0; i < n; i++) {
        if (zh_dtype_is_variable(t)) {
            make_text(t, (zh_vlen *)(void *)p + i, i, pattern, &state);
            continue;
        }
        for (size_t b = 0; b < size; b++)
            p[i * size + b] = (uint8_t)(pattern == PATTERN_ZERO   ? 0
                                        : pattern == PATTERN_RAMP ? i >> (8 * (b % 4))
                                                                  : next_random(&state));
    }
    return p;
}

uint8_t *hex_bytes(const char *text, size_t *n)
{
    size_t digits = strspn(text, "0123456789abcdef");
    uint8_t *p = malloc(digits / 2 + 1);

    assert_non_null(p);
    for (size_t i = 0; i < digits / 2; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};

        p[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    *n = digits / 2;
    return p;
}

void *cells_from_hex(const zh_dtype *t, size_t n, const char *text)
{
    zh_vlen *cells;
    size_t size;

    if (!zh_dtype_is_variable(t)) {
        void *p = hex_bytes(text, &size);

        assert_int_equal(size, n * t->size);
        return p;
    }
    cells = calloc(n, sizeof(*cells));
    assert_non_null(cells);
    for (size_t i = 0; i < n; i++) {
        uint8_t *p = hex_bytes(text, &cells[i].len);

        if (cells[i].len > 0)
            cells[i].data = zh_memdup(p, cells[i].len);
        free(p);
        text += 2 * cells[i].len;
        text += *text == '.';
    }
    return cells;
}

void cells_free(const zh_dtype *t, void *cells, size_t n)
{
    zh_vlen *v = cells;

    for (size_t i = 0; zh_dtype_is_variable(t) && i < n; i++)
        zh_free(v[i].data);
    free(cells);
}

bool cells_equal(const zh_dtype *t, const void *a, const void *b, size_t n)
{
    const zh_vlen *x = a, *y = b;

    if (!zh_dtype_is_variable(t))
        return memcmp(a, b, n * t->size) == 0;
    for (size_t i = 0; i < n; i++) {
        if (x[i].len != y[i].len || (x[i].len > 0 && memcmp(x[i].data, y[i].data, x[i].len) != 0))
            return false;
        if (x[i].len == 0 && (x[i].data != NULL || y[i].data != NULL))
            return false;
    }
    return true;
}

bool cells_empty(const zh_dtype *t, const void *cells, size_t n)
{
    const zh_vlen *v = cells;

    for (size_t i = 0; zh_dtype_is_variable(t) && i < n; i++) {
        if (v[i].data != NULL || v[i].len != 0)
            return false;
    }
    return true;
}

void for_each_row(const char *path, void (*row)(char **columns, unsigned count))
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, rows = 0;

    if (f == NULL)
        fail_msg("cannot open %s", path);
    while (getline(&line, &room, f) > 0) {
        char *columns[COLUMNS_MAX];
        unsigned n = 0;

        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        for (char *p = line; p != NULL && n < COLUMNS_MAX; n++) {
            columns[n] = p;
            p = strchr(p, '\t');
            if (p != NULL)
                *p++ = '\0';
        }
        row(columns, n);
        rows++;
    }
    free(line);
    fclose(f);
    assert_true(rows > 0);
}
