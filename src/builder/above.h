/* above.h - what a group that nodes are to be created below lies in. */
#ifndef ZH_BUILDER_ABOVE_H
#define ZH_BUILDER_ABOVE_H

#include "store/key_list.h"
#include "zh/store.h"

/* Puts the documents of the groups above path that have none, the root's last, and adds their keys to made. Of another
 * creator's nothing is replaced. ZH_CONTAINS_ARRAY, before anything is put: one of them is an array. */
int zh_above_make(zh_key_list *made, zh_store *s, const char *path, zh_format format, zh_error *err);

#endif
