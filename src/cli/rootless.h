/* rootless.h - hierarchies without a node at the root, as --unchecked makes them. */
#ifndef ZH_CLI_ROOTLESS_H
#define ZH_CLI_ROOTLESS_H

#include "zh/store.h"

/* Is there a node in the store, none at the root, and no file that belongs to none? Looks only as far as the topmost
 * nodes. */
int cli_is_rootless(bool *out, zh_store *s, zh_error *err);

#endif
