/* info.c - parsing of the connector string. */
#include "info.h"

#include "log.h"

#include "base/alloc.h"
#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const zvol_options defaults = {
    .format = ZH_V3,
    .store = ZVOL_STORE_AUTO,
    .threads = 0,
    .cache_bytes = (size_t)64 << 20,
    .batch_nodes = 100000,
    .masquerade = true,
    .detect = false,
    .native = "",
};

static bool parse_size(const char *v, size_t *out)
{
    char *end;
    unsigned long long n;
    unsigned shift = 0;

    if (!isdigit((unsigned char)v[0]))
        return false;
    errno = 0;
    n = strtoull(v, &end, 10);
    if (*end == 'K' || *end == 'k')
        shift = 10;
    else if (*end == 'M' || *end == 'm')
        shift = 20;
    else if (*end == 'G' || *end == 'g')
        shift = 30;
    if (shift)
        end++;
    if (errno || *end || n > (SIZE_MAX >> shift))
        return false;
    *out = (size_t)n << shift;
    return true;
}

static bool parse_switch(const char *v, bool *out)
{
    if (!strcasecmp(v, "on") || !strcmp(v, "1") || !strcasecmp(v, "yes"))
        *out = true;
    else if (!strcasecmp(v, "off") || !strcmp(v, "0") || !strcasecmp(v, "no"))
        *out = false;
    else
        return false;
    return true;
}

static bool set_format(zvol_options *o, const char *v)
{
    if (strcmp(v, "2") != 0 && strcmp(v, "3") != 0)
        return false;
    o->format = v[0] == '2' ? ZH_V2 : ZH_V3;
    return true;
}

static bool set_store(zvol_options *o, const char *v)
{
    static const char *const kinds[] = {"auto", "dir", "zip", "memory"};
    unsigned i;

    for (i = 0; i < 4; i++)
        if (!strcmp(v, kinds[i])) {
            o->store = (zvol_store_kind)i;
            return true;
        }
    return false;
}

static bool set_threads(zvol_options *o, const char *v)
{
    size_t n;

    if (!parse_size(v, &n) || n > 64)
        return false;
    o->threads = (unsigned)n;
    return true;
}

static bool set_cache(zvol_options *o, const char *v)
{
    return parse_size(v, &o->cache_bytes);
}

static bool set_batch(zvol_options *o, const char *v)
{
    return parse_size(v, &o->batch_nodes);
}

static bool set_masquerade(zvol_options *o, const char *v)
{
    return parse_switch(v, &o->masquerade);
}

static bool set_detect(zvol_options *o, const char *v)
{
    return parse_switch(v, &o->detect);
}

static bool set_native(zvol_options *o, const char *v)
{
    if (strlen(v) >= sizeof(o->native))
        return false;
    memcpy(o->native, v, strlen(v) + 1);
    return true;
}

static const struct {
    const char *key;
    const char *variable;
    bool (*set)(zvol_options *o, const char *value);
} keys[] = {
    {"format", "H5VL_ZARR_FORMAT", set_format},    {"store", "H5VL_ZARR_STORE", set_store},
    {"threads", "H5VL_ZARR_THREADS", set_threads}, {"cache", "H5VL_ZARR_CACHE", set_cache},
    {"batch", "H5VL_ZARR_BATCH", set_batch},       {"masquerade", "H5VL_ZARR_MASQUERADE", set_masquerade},
    {"detect", "H5VL_ZARR_DETECT", set_detect},    {"native", "H5VL_ZARR_NATIVE", set_native},
};
#define NKEYS (sizeof(keys) / sizeof(keys[0]))

static void note_fault(zvol_options *o, const char *value, const char *what)
{
    if (!o->fault[0])
        snprintf(o->fault, sizeof(o->fault), "'%s' is no %s", value, what);
}

static void apply(zvol_options *o, const char *key, const char *value)
{
    char what[64];
    size_t i;

    for (i = 0; i < NKEYS; i++)
        if (!strcmp(keys[i].key, key)) {
            snprintf(what, sizeof(what), "value for %s", key);
            if (!keys[i].set(o, value))
                note_fault(o, value, what);
            return;
        }
    note_fault(o, key, "key of the connector string");
}

static char *trim(char *s)
{
    char *end;

    while (isspace((unsigned char)*s))
        s++;
    end = s + strlen(s);
    while (end > s && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return s;
}

static void apply_text(zvol_options *o, char *text)
{
    char *save = NULL;
    char *item;

    for (item = strtok_r(text, ";", &save); item; item = strtok_r(NULL, ";", &save)) {
        char *value = strchr(item, '=');

        if (!value) {
            if (*trim(item))
                note_fault(o, trim(item), "key=value");
            continue;
        }
        *value++ = '\0';
        apply(o, trim(item), trim(value));
    }
}

void zvol_options_get(zvol_options *out, const zvol_info *info)
{
    size_t i;

    if (info) {
        *out = info->options;
        return;
    }
    *out = defaults;
    for (i = 0; i < NKEYS; i++) {
        const char *value = getenv(keys[i].variable);

        if (value && !keys[i].set(out, value))
            note_fault(out, value, keys[i].variable);
    }
    if (!out->fault[0] && zvol_log_fault())
        snprintf(out->fault, sizeof(out->fault), "%s", zvol_log_fault());
}

int zvol_options_check(const zvol_options *o, zh_error *err)
{
    return o->fault[0] ? zh_error_set(err, ZH_INVALID, "options of the zarr connector: %s", o->fault) : ZH_OK;
}

bool zvol_options_native_name(const zvol_options *o, const char *name)
{
    char globs[sizeof(o->native)];
    const char *base = strrchr(name, '/');
    char *save = NULL;
    char *glob;

    memcpy(globs, o->native, sizeof(globs));
    for (glob = strtok_r(globs, ",", &save); glob; glob = strtok_r(NULL, ",", &save))
        if (!fnmatch(glob, name, 0) || (base && !fnmatch(glob, base + 1, 0)))
            return true;
    return false;
}

herr_t zvol_info_from_str(const char *str, void **out)
{
    zvol_info *info = zh_calloc(1, sizeof(*info));
    char *text = zh_strdup(str ? str : "");

    if (!info || !text || !(info->text = zh_strdup(text))) {
        zh_free(info);
        zh_free(text);
        return -1;
    }
    zvol_options_get(&info->options, NULL);
    apply_text(&info->options, text);
    zh_free(text);
    *out = info;
    return 0;
}

void *zvol_info_copy(const void *in)
{
    const zvol_info *info = in;
    zvol_info *copy;

    if (!info)
        return NULL;
    copy = zh_memdup(info, sizeof(*info));
    if (!copy)
        return NULL;
    copy->text = zh_strdup(info->text);
    if (!copy->text) {
        zh_free(copy);
        return NULL;
    }
    return copy;
}

herr_t zvol_info_cmp(int *cmp, const void *a, const void *b)
{
    const zvol_info *x = a;
    const zvol_info *y = b;

    *cmp = strcmp(x ? x->text : "", y ? y->text : "");
    return 0;
}

herr_t zvol_info_free(void *in)
{
    zvol_info *info = in;

    if (info)
        zh_free(info->text);
    zh_free(info);
    return 0;
}

herr_t zvol_info_to_str(const void *in, char **str)
{
    const zvol_info *info = in;
    size_t n;

    *str = NULL;
    if (!info)
        return 0;
    n = strlen(info->text) + 1;
    *str = H5allocate_memory(n, false);
    if (!*str)
        return -1;
    memcpy(*str, info->text, n);
    return 0;
}
