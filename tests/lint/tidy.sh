#!/usr/bin/env bash
# clang-tidy with the tree's .clang-tidy is silent on src/ and connector/. usage: tidy.sh SOURCE BUILD CLANG-TIDY
set -euo pipefail
mapfile -t files < <(grep -oE '"file": "[^"]+"' "$2/compile_commands.json" | cut -d'"' -f4 | grep -E "^$1/(src|connector)/" | sort -u)
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" "$3" -p "$2" --quiet 2>/dev/null
