/* store_fold.h - a store in memory that keeps the case of names and does not tell it apart, as some file systems do. */
#ifndef ZH_TESTS_STORE_FOLD_H
#define ZH_TESTS_STORE_FOLD_H

#include "zh/store.h"

int zh_store_fold_open(zh_store **out, zh_error *err);

#endif
