#!/usr/bin/env bash
# build.sh DIR [CMAKE-ARGUMENT...]: configures and builds the tree in DIR with the settings that setup.sh printed.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=cmake/setup/common.sh
. "$top/cmake/setup/common.sh"

dir=$1
shift
mkdir -p "$dir"
log=$dir/configure.log
generator=(-G Ninja)
[ ! -e "$dir/CMakeCache.txt" ] || generator=() # the one it was made with
[ "${CI:-}" != true ] || set -- "$@" -DVOL_ZARR_WERROR=ON

: >"$log"
say build "configuring $dir"
# In the source folder, because presets are found there.
cd "$top"
run_logged build "$log" cmake -S "$top" -B "$dir" ${generator[@]+"${generator[@]}"} -DHDF5_ROOT="$HDF5_ROOT" \
    -DVOL_ZARR_PYTHON="$VOL_ZARR_PYTHON" -DVOL_ZARR_TESTFILES="$VOL_ZARR_TESTFILES" "$@"
say build "building $dir"
cmake --build "$dir" --parallel "$(nproc)" >&2
