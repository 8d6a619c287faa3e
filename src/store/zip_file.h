/* zip_file.h - an archive's file, as libzip wants to see it.
 *
 * libzip's own files share one position with a forked child, know their archive by its path, and are written in
 * small pieces with seeks in between. Here an archive is a descriptor: read by pread, written through a window at its
 * end, so that going back to complete an entry's header costs no system call.
 */
#ifndef ZH_ZIP_FILE_H
#define ZH_ZIP_FILE_H

#include "zh/zh.h"

#include <zip.h>

typedef struct zh_zip_file zh_zip_file;

/* A source on fd, which is borrowed and must outlive it. write: it is empty and an archive is to be written to it.
 * NULL when out of memory. */
zip_source_t *zh_zip_file_source(int fd, bool write, zip_error_t *error);

/* A source with n bytes of fd from offset, for an entry of a new archive. fd is borrowed. NULL when out of memory. */
zip_source_t *zh_zip_slice_source(int fd, uint64_t offset, uint64_t n, zip_error_t *error);

#endif
