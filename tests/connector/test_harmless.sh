#!/usr/bin/env bash
# Where the plug-in merely lies in the plug-in path, nothing changes for HDF5 files, foreign files and missing ones; Zarr stores can be read.
set -euo pipefail
store_env=$HDF5_VOL_CONNECTOR
unset HDF5_VOL_CONNECTOR
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
source_h5=$(find "$VOL_ZARR_HDF5_BIN/../share/hdf5-testfiles" -name tattr.h5 2>/dev/null | head -n 1)
[ -n "$source_h5" ] || { echo "no HDF5 test file at hand"; exit 77; }
cp "$source_h5" "$dir/plain.h5"
echo "not HDF5" >"$dir/text"
mkfifo "$dir/fifo"
mkdir "$dir/directory"

with=$(h5dump "$dir/plain.h5" 2>&1)
without=$(HDF5_PLUGIN_PATH=/nonexistent h5dump "$dir/plain.h5" 2>&1)
[ "$with" = "$without" ] || { echo "FAILED: h5dump of an HDF5 file differs"; exit 1; }
for name in text missing directory; do
    if timeout 20 h5dump "$dir/$name" >"$dir/out" 2>&1; then
        echo "FAILED: h5dump opened $name"
        exit 1
    fi
    grep -q 'unable to open file' "$dir/out" || { echo "FAILED: $name:"; cat "$dir/out"; exit 1; }
    if grep -q vol-zarr "$dir/out"; then
        echo "FAILED: the plug-in printed for $name"
        exit 1
    fi
done
HDF5_VOL_CONNECTOR=$store_env h5repack --src-vol-name=native --dst-vol-name=zarr "$dir/plain.h5" "$dir/store.zarr" >"$dir/out" 2>&1 || {
    echo "FAILED: h5repack:"
    cat "$dir/out"
    exit 1
}
h5ls -r "$dir/store.zarr" >"$dir/ls" || { echo "FAILED: detection of a Zarr store"; exit 1; }
cat "$dir/ls"
