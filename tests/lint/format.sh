#!/usr/bin/env bash
# Every C file is as clang-format with the tree's .clang-format leaves it. usage: format.sh SOURCE CLANG-FORMAT
set -euo pipefail
find "$1/src" "$1/connector" "$1/tests" "$1/examples" -name '*.[ch]' -print0 | xargs -0 "$2" --dry-run --Werror --style=file
