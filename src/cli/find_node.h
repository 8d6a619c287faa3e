/* find_node.h - the node that an operand names. */
#ifndef ZH_CLI_FIND_NODE_H
#define ZH_CLI_FIND_NODE_H

#include "zh/hierarchy.h"

/* zh_get_node for either format, but ZH_NOTFOUND has a message. path NULL: the root. */
int cli_get_node(zh_handle **out, zh_store *s, const char *path, zh_error *err);

#endif
