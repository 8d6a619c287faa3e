/* zt.h - what the programs here share: cmocka, scratch names, HDF5 errors as text. */
#ifndef ZT_H
#define ZT_H

#include <hdf5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A result of HDF5 that must not be negative; prints the error stack otherwise (HDF5 has done so). */
#define OK(call) assert_true((long long)(call) >= 0)

/* Runs call with printing off; it must fail. zt_text then holds the deepest record. */
#define FAILS(call)                                                                                                    \
    do {                                                                                                               \
        long long result_;                                                                                             \
        H5E_BEGIN_TRY                                                                                                  \
        {                                                                                                              \
            result_ = (long long)(call);                                                                               \
            zt_take_error();                                                                                           \
        }                                                                                                              \
        H5E_END_TRY                                                                                                    \
        assert_true(result_ < 0);                                                                                      \
    } while (0)

static char zt_text[2048];

static inline herr_t zt_deepest(unsigned n, const H5E_error2_t *e, void *payload)
{
    (void)n;
    (void)payload;
    snprintf(zt_text, sizeof(zt_text), "%s", e->desc ? e->desc : "");
    return 0;
}

static inline void zt_take_error(void)
{
    zt_text[0] = '\0';
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, zt_deepest, NULL);
}

static inline void zt_assert_error_has(const char *part)
{
    if (!strstr(zt_text, part))
        fail_msg("the error \"%s\" does not say \"%s\"", zt_text, part);
}

/* A scratch directory of the process, removed at exit; names inside it. */
static char zt_dir[64];

static inline void zt_remove_dir(void)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf '%s'", zt_dir);
    if (system(command) != 0)
        fprintf(stderr, "%s is left behind\n", zt_dir);
}

static inline const char *zt_path(const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *p = paths[next++ % 8];

    if (!zt_dir[0]) {
        strcpy(zt_dir, "/tmp/vol-zarr-test-XXXXXX");
        if (!mkdtemp(zt_dir))
            abort();
        atexit(zt_remove_dir);
    }
    snprintf(p, 256, "%s/%s", zt_dir, name);
    return p;
}

/* Whole file as text (static buffer), NULL if it is not there. */
static inline const char *zt_slurp(const char *path)
{
    static char text[65536];
    FILE *f = fopen(path, "r");
    size_t n;

    if (!f)
        return NULL;
    n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    return text;
}

static inline void zt_write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

#endif
