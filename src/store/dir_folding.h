/* dir_folding.h - whether a directory takes different names for one. */
#ifndef ZH_STORE_DIR_FOLDING_H
#define ZH_STORE_DIR_FOLDING_H

#include "zh/store.h"

/* root: a descriptor of the directory (O_PATH will do), in which temporary files are made; s names them. 0 or an errno.
 */
int zh_dir_ask_for_folding(bool *out, zh_store *s, int root);

#endif
