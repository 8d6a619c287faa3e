#!/usr/bin/env bash
# 10 000 creates cause no store call before the file is closed, and then exactly one document a node: read off the system calls.
# usage: test_batching.sh CREATE_MANY
set -euo pipefail
command -v strace >/dev/null || { echo "strace is missing"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
strace -f -qq -o "$dir/trace" -e trace=%file,write,pwrite64,mkdirat,openat,renameat,renameat2,linkat "$1" "$dir/out.zarr"
between=$(sed -n '/vol-zarr-mark-begin/,/vol-zarr-mark-end/p' "$dir/trace" | grep -vc vol-zarr-mark || true)
if [ "$between" -ne 0 ]; then
    echo "FAILED: $between system calls between the first create and the last"
    sed -n '/vol-zarr-mark-begin/,/vol-zarr-mark-end/p' "$dir/trace" | head
    exit 1
fi
nodes=10001 # the root, 100 groups, 9900 datasets
created=$(sed -n '/vol-zarr-mark-end/,$p' "$dir/trace" | grep -c 'O_CREAT')
found=$(find "$dir/out.zarr" -type f | wc -l)
echo "$nodes nodes: $created files made, $found found, none before the close"
[ "$created" -eq "$nodes" ] && [ "$found" -eq "$nodes" ]
