/* restore.h - what a creator who is gone has moved aside.
 *
 * A creator that moves something to "<stage>/old-<n>" first puts its path under "<stage>/old-<n>.path". Until something
 * new stands at that path this is all there is of it.
 */
#ifndef ZH_BUILDER_RESTORE_H
#define ZH_BUILDER_RESTORE_H

#include "zh/store.h"

#define ZH_WORD_SUFFIX ".path"

/* Moves back from below the temporary prefix `stage` what has nothing at its old path. Removes nothing. */
int zh_restore(zh_store *s, const char *stage, zh_error *err);

#endif
