#!/usr/bin/env bash
# examples/hierarchy.c does what it says. usage: example.sh PROGRAM
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$1" "$dir/made.zarr" >"$dir/out"
cat >"$dir/want" <<'TEXT'
created array /day/temperature
created group /
created group /day
created group /notes
read /day/temperature: 19 18.5 18 {"units":"degC"}
TEXT
LC_ALL=C sort "$dir/want" | diff - <(LC_ALL=C sort "$dir/out") || { echo "FAILED: $1 printed something else"; exit 1; }
[ "$(cd "$dir/made.zarr" && find . -name zarr.json | wc -l)" -eq 4 ] || { echo "FAILED: not four nodes"; exit 1; }

# Errors are told: the store is there already.
if "$1" "$dir/made.zarr" >"$dir/out" 2>"$dir/err"; then
    echo "FAILED: a second run of $1 overwrote the store"
    exit 1
fi
grep -q "made.zarr" "$dir/err" || { echo "FAILED: no message of $1:"; cat "$dir/err"; exit 1; }
