#!/usr/bin/env bash
# both_ways.sh DIR NAME COMMAND...
#
# Runs the same program natively and through the connector, and compares what it prints and what it leaves.
# {} in COMMAND stands for the file to write: DIR/NAME.h5, DIR/NAME.zarr (a directory), DIR/NAME.zip.
set -euo pipefail
# shellcheck source=examples/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

dir=$1
name=$2
shift 2
mkdir -p "$dir"

run() { # run OUTPUT COMMAND...
    local output=$1
    shift
    rm -rf "$output"
    "${@//\{\}/"$output"}"
}

native=$(run "$dir/$name.h5" "$@") || fail "$name fails natively"
printf '%s\n' "$name, natively: $native"
for output in "$dir/$name.zarr" "$dir/$name.zip"; do
    printed=$(HDF5_VOL_CONNECTOR=$connector run "$output" "$@") || fail "$name fails on $output"
    [ "$printed" = "$native" ] || fail "$name on $output prints: $printed"
    verify "$dir/$name.h5" "$output"
done
finish
