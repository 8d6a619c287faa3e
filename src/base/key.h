/* key.h - store keys and the names of nodes.
 *
 * A store key is '/'-separated, relative, without empty, "." or ".." segments:
 * "a/b/zarr.json", "a/b/c/0/1". A *node path* is a key without the document:
 * "" is the root, "a/b" a node. Checked here once; stores rely on it, and check
 * again only that a key cannot leave the store's root.
 */
#ifndef ZH_BASE_KEY_H
#define ZH_BASE_KEY_H

#include "zh/buf.h"

#define ZH_KEY_MAX 4096    /* bytes of a whole key, NUL included */
#define ZH_SEGMENT_MAX 255 /* bytes of one segment */

/* ZH_INVALID with a reason unless key (n bytes) is a store key as above, without NUL and valid UTF-8. */
int zh_key_check(const char *key, size_t n, zh_error *err);

/* HDF5 link names may be anything but "", "." and hold no '/'; Zarr names may not. Escapes what the
 * rules of Zarr or of a file system forbid as %XX of the byte, and only when needed (backslash, bytes
 * below 0x20 and 0x7f, names of periods only, a leading "__", the document names of both formats
 * "zarr.json" ".zarray" ".zgroup" ".zattrs" ".zmetadata", bytes that are not UTF-8, the directory store's temporary
 * names ".*.zh-tmp", a '%' in front of two upper-case hexadecimal digits or '~', names over ZH_SEGMENT_MAX: a prefix,
 * "%~" and 128 bits of a hash in hex). *changed tells whether out differs from name. ZH_INVALID: name is empty or holds
 * '/' or NUL. */
int zh_name_escape(char out[ZH_SEGMENT_MAX + 1], bool *changed, const char *name, size_t n, zh_error *err);

/* 64-bit hash of bytes for tables in memory (not stored, may change). */
uint64_t zh_hash_bytes(const void *p, size_t n);

#endif
