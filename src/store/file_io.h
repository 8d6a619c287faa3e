/* file_io.h - what the stores ask of files. All answer 0 or an errno. */
#ifndef ZH_FILE_IO_H
#define ZH_FILE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads n bytes at offset; *got is less only at the end of the file. */
int zh_io_pread(int fd, void *p, size_t n, uint64_t offset, size_t *got);
/* Writes all n bytes at offset. */
int zh_io_pwrite(int fd, const void *p, size_t n, uint64_t offset);
/* Renames a file within the directory. EEXIST: there is something named to, and both stay as they are. */
int zh_io_rename_new(int dir, const char *from, const char *to);
/* Is that what flock answers where a file system has no locks? */
bool zh_io_has_no_locks(int errnum);

#endif
