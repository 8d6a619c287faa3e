#!/usr/bin/env bash
# Sets up what a build needs and prints the settings as shell commands:
#
#   settings=$(cmake/setup/setup.sh) && eval "$settings"
#
# defines HDF5_ROOT (the prefix of an HDF5 1.14), VOL_ZARR_PYTHON (a Python with h5py and zarr; empty where there is
# none to be had) and VOL_ZARR_TESTFILES (real HDF5 files, to convert).  With --tests, also what only tests/run.sh
# needs is installed.  Where only VOL_ZARR_TESTFILES cannot be had it is empty, too.
#
# Honoured: HDF5_ROOT, HDF5_SOURCE, VOL_ZARR_PYTHON, VOL_ZARR_CACHE.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/setup/common.sh
. "$here/common.sh"

"$here/packages.sh" "$@"
hdf5_root=$("$here/hdf5.sh")
testfiles=$(HDF5_ROOT=$hdf5_root "$here/hdf5-testfiles.sh") || testfiles=
python=$("$here/python.sh")
printf 'export HDF5_ROOT=%q\n' "$hdf5_root"
printf 'export VOL_ZARR_PYTHON=%q\n' "$python"
printf 'export VOL_ZARR_TESTFILES=%q\n' "$testfiles"
