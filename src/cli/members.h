/* members.h - the nodes below a group, collected for being shown: with their kind, shape and type, or what is wrong. */
#ifndef ZH_CLI_MEMBERS_H
#define ZH_CLI_MEMBERS_H

#include "zh/hierarchy.h"

/* Of text, offsets into cli_members.text; there is always some. */
typedef struct cli_member {
    size_t path;  /* relative to the group; "" if it is the node that was asked for */
    size_t shape; /* of an array: "[2,3]"; "?" if it is not known */
    size_t type;  /* of an array: its data type; "?" if it is not known */
    size_t message;
    zh_node_kind kind;
    zh_format format;
    int code; /* ZH_OK, or why it cannot be used: then there is a message, and kind is not known */
} cli_member;

typedef struct cli_members {
    zh_buf base; /* the group's path in the store, NUL-terminated */
    cli_member *item;
    size_t n, cap;
    zh_buf text;
    zh_format format;
    bool is_array;  /* the node that was asked for is one, and the only item */
    bool ambiguous; /* there are documents of the other format at its path */
    uint64_t groups, arrays, broken;
} cli_members;

#define CLI_MEMBERS_INIT                                                                                               \
    {                                                                                                                  \
        .base = ZH_BUF_INIT(SIZE_MAX), .text = ZH_BUF_INIT(SIZE_MAX)                                                   \
    }

/* m: initialised. The node at path (NULL: the root) must be there. depth and requests as zh_list_members has them. */
int cli_members_load(cli_members *m, zh_store *s, const char *path, unsigned depth, unsigned requests, zh_error *err);
void cli_members_dispose(cli_members *m);

const char *cli_members_text(const cli_members *m, size_t offset);

/* Appends {"ok":true,"path":…,"nodes":[…]}, ok being false if one is broken. */
int cli_members_json(const cli_members *m, zh_buf *out, zh_error *err);

#endif
