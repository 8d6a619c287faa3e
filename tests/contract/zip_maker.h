/* zip_maker.h - archives made byte by byte, as others and enemies make them: any names, duplicates, deflated entries,
 * sizes that are not true. */
#ifndef ZH_TESTS_ZIP_MAKER_H
#define ZH_TESTS_ZIP_MAKER_H

#include "zh/buf.h"

typedef struct zip_maker {
    zh_buf file;
    zh_buf directory;
    unsigned n;
} zip_maker;

/* What an entry says of itself, where it is not the truth. */
typedef struct zip_lie {
    uint32_t claimed_size; /* 0: the true size */
    uint32_t crc_xor;      /* damages the checksum */
    uint16_t flags;        /* general purpose bits */
    uint16_t method;       /* 0: the true method */
} zip_lie;

void zip_maker_init(zip_maker *z);
/* lie may be NULL. */
void zip_maker_add(zip_maker *z, const char *name, const void *p, size_t n, bool deflate, const zip_lie *lie);
/* Writes the archive with the comment, and frees all. */
void zip_maker_finish(zip_maker *z, const char *path, const char *comment);

#endif
