#!/usr/bin/env bash
# The files that HDF5 tests its own tools with: real input for ours.
#
#   hdf5-testfiles.sh                        prints the folder that has them, fetching them where needed
#   hdf5-testfiles.sh --keep SOURCE PREFIX   copies them from an unpacked source into an installed prefix
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/setup/common.sh
. "$here/common.sh"

below_prefix=share/hdf5-testfiles

keep() { # keep SOURCE TARGET
    local source=$1 target=$2 dir tool
    for dir in "$source"/tools/test/*/testfiles; do
        tool=$(basename "$(dirname "$dir")")
        case $tool in h5dump | h5repack | h5diff | h5copy | h5stat) ;; *) continue ;; esac
        mkdir -p "$target/$tool"
        find "$dir" -maxdepth 1 -name '*.h5' -size -1024k -exec cp {} "$target/$tool" \;
    done
    [ -d "$target/h5dump" ] || die hdf5 "$source has no tools/test/*/testfiles"
    cp "$source"/COPYING "$target" 2>/dev/null || cp "$source"/LICENSE "$target"
}

fetch() {
    local work
    [ ! -d "$cache/hdf5-testfiles" ] || return 0 # made while we waited for the lock
    work=$(mktemp -d "$cache/.hdf5-testfiles.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    "$here/hdf5-source.sh" "$work/source"
    keep "$work/source" "$work/kept"
    mv "$work/kept" "$cache/hdf5-testfiles"
}

if [ "${1:-}" = --keep ]; then
    keep "$2" "$3/$below_prefix"
    exit
fi

cache=$(cache_dir)
for dir in "${HDF5_ROOT:-/nonexistent}/$below_prefix" "$cache"/hdf5-[0-9]*/"$below_prefix" "$cache/hdf5-testfiles"; do
    if [ -d "$dir" ]; then
        printf '%s\n' "$dir"
        exit
    fi
done
say hdf5 "this HDF5 came without the files that its tools are tested with"
with_lock "$cache/hdf5-testfiles.lock" fetch >&2
printf '%s\n' "$cache/hdf5-testfiles"
