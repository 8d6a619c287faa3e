#!/usr/bin/env bash
# HDF5 files stay HDF5 files: with the connector chosen for the whole process, the tools say of them what they say without it, and a program
# that leaves one open at exit leaves it complete.
# usage: test_native_delegate.sh [LEAVE_OPEN]
set -euo pipefail
files=$(cd "$VOL_ZARR_HDF5_BIN/../share/hdf5-testfiles" 2>/dev/null && pwd) || { echo "no HDF5 test files at hand"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
compared=0

plain() { env -u HDF5_VOL_CONNECTOR -u HDF5_PLUGIN_PATH "$@"; }
delegated() { HDF5_VOL_CONNECTOR='zarr native=*.h5' "$@"; }

# The same command both ways: same output, same errors, same result. $dir/native and $dir/delegated hold what was printed.
same() { # same COMMAND...
    local status=0
    plain "$@" >"$dir/native" 2>&1 || status=$?
    echo "status $status" >>"$dir/native"
    status=0
    delegated "$@" >"$dir/delegated" 2>&1 || status=$?
    echo "status $status" >>"$dir/delegated"
    compared=$((compared + 1))
    cmp -s "$dir/native" "$dir/delegated" && return
    echo "FAILED: $*"
    diff -a "$dir/native" "$dir/delegated" | head -n 10
    failed=$((failed + 1))
}

# Types, links, references, attributes, layouts, filters, user-defined links, object headers with comments; two files that are damaged.
cd "$files/h5dump"
for f in tall tattr tattrreg tcompound tdatareg textlinksrc tfcontents1 tgrp_comments thlink tnamed_dtype_attr trefer_compat \
    trefer_ext2 trefer_obj tslink tsoftlinks tudlink tvldtypes1 tvlstr tvms zerodim err_attr_dspace tCVE_2018_11206_fill_old; do
    same h5dump "$f.h5"
    same h5dump -p -B -A "$f.h5"
    same h5ls -r -v "$f.h5"
    same h5stat "$f.h5"
done
same h5dump --filedriver=split tsplit_file
same h5dump --filedriver=family tfamily%05d.h5
same h5dump no-such-file.h5
cd "$files/h5diff"
for f in h5diff_basic h5diff_attr h5diff_links h5diff_dset h5diff_softlinks h5diff_comp_vl_strs; do
    [ -e "${f}1.h5" ] && same h5diff -v "${f}1.h5" "${f}2.h5"
done

# Written through the delegate: an HDF5 file with the same content.
for f in h5repack/h5repack_attr h5repack/h5repack_hlink h5repack/h5repack_refs h5repack/h5repack_named_dtypes h5dump/tvldtypes1 \
    h5repack/h5repack_layout h5repack/h5repack_filters; do
    rm -f "$dir/repacked.h5"
    delegated h5repack "$files/$f.h5" "$dir/repacked.h5" || { echo "FAILED: h5repack $f"; failed=$((failed + 1)); continue; }
    plain h5diff -q "$files/$f.h5" "$dir/repacked.h5" || { echo "FAILED: h5repack $f: content differs"; failed=$((failed + 1)); }
    compared=$((compared + 1))
done
delegated h5copy -i "$files/h5copy/h5copytst.h5" -o "$dir/copied.h5" -s grp_dsets -d grp_dsets
plain h5copy -i "$files/h5copy/h5copytst.h5" -o "$dir/expected.h5" -s grp_dsets -d grp_dsets
plain h5diff -q "$dir/expected.h5" "$dir/copied.h5" || { echo "FAILED: h5copy: content differs"; failed=$((failed + 1)); }
compared=$((compared + 1))

if [ $# -gt 0 ]; then
    for mode in return exit h5close h5close-twice file-closed objects-closed; do
        delegated "$1" "$dir/left.h5" "$mode" >"$dir/printed" 2>&1 || { echo "FAILED: exit by $mode"; failed=$((failed + 1)); }
        [ ! -s "$dir/printed" ] || { echo "FAILED: exit by $mode printed:"; cat "$dir/printed"; failed=$((failed + 1)); }
        plain "$1" "$dir/expected.h5" "$mode"
        plain h5diff -q "$dir/expected.h5" "$dir/left.h5" || { echo "FAILED: exit by $mode: content"; failed=$((failed + 1)); }
        compared=$((compared + 1))
    done
fi

echo "$compared compared, $failed failed"
[ "$failed" -eq 0 ]
