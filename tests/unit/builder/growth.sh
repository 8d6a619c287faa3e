#!/usr/bin/env bash
# Twice the work takes twice the instructions, with room for the logarithm of a sort: Valgrind counts those of each call
# of `measured` in growth.c. A time would say less, and not the same twice.
# usage: growth.sh GROWTH
set -euo pipefail
limit=230 # percent
program=$(realpath "$1")
command -v valgrind >/dev/null || {
    echo "SKIPPED: valgrind is not there to count instructions"
    exit 77
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# Each call gives a file with its sum, numbered as the lines that the program prints.
valgrind -q --tool=callgrind --collect-atstart=no --toggle-collect=measured --dump-after=measured \
    --callgrind-out-file=calls "$program" >shapes

failed=0 call=0 last=none last_count=0
while read -r shape format n; do
    call=$((call + 1))
    count=$(sed -n 's/^summary: //p' "calls.$call")
    if [ "$last" = "$shape $format" ]; then
        percent=$((100 * count / last_count))
        echo "$shape $format: $last_count instructions, $count for $n: $percent %"
        [ "$percent" -le "$limit" ] || failed=1
    fi
    last="$shape $format" last_count=$count
done <shapes
[ "$call" -gt 0 ] || failed=1
[ "$failed" -eq 0 ] || {
    echo "FAILED: more than $limit % for twice as much"
    exit 1
}
