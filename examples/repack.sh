#!/usr/bin/env bash
# repack.sh DIR FILE.h5...
#
# Takes HDF5 files to Zarr stores in DIR and back to HDF5, with h5repack; compares each store and each file that came
# back with the file it started from. Names first: of an object that has two, h5repack says nothing when the second one
# is refused.
set -euo pipefail
# shellcheck source=examples/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

dir=$1
shift
mkdir -p "$dir"

names() { h5ls -r "$1" | awk '{ print $1 }' | LC_ALL=C sort; } # every link, once

same_names() { # same_names REFERENCE COPY
    local missing
    missing=$(comm -3 <(names "$1") <(names "$2")) || fail "the names in $1 and $2 cannot be compared"
    [ -z "$missing" ] || fail "$2 has other names than $1: $(tr -s '[:space:]' ' ' <<<"$missing")"
}

for file in "$@"; do
    store=$dir/$(basename "$file" .h5).zarr
    back=$dir/$(basename "$file" .h5).back.h5
    rm -rf "$store" "$back"
    h5repack --src-vol-name=native "--dst-vol-name=$connector" "$file" "$store" || fail "h5repack $file to $store"
    same_names "$file" "$store"
    verify "$file" "$store"
    h5repack "--src-vol-name=$connector" --dst-vol-name=native "$store" "$back" || fail "h5repack $store to $back"
    same_names "$file" "$back"
    h5diff "$file" "$back" || fail "$back, which came back from $store, differs from $file"
done
printf '%s\n' "repacked to Zarr and back: $# files"
finish
