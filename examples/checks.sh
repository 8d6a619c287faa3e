# shellcheck shell=bash
# What the examples' checks share.  To be sourced.
#
# From the environment: HDF5_PLUGIN_PATH has the plug-in, PATH has the HDF5 tools, VOL_ZARR_PYTHON is a Python with
# h5py and zarr, or empty.

examples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034
connector=${HDF5_VOL_CONNECTOR:-zarr}
unset HDF5_VOL_CONNECTOR # set where it is meant
left_out=no

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# With zarr-python, which knows nothing of HDF5.
verify() { # verify REFERENCE STORE
    if [ -n "${VOL_ZARR_PYTHON:-}" ]; then
        "$VOL_ZARR_PYTHON" "$examples/verify.py" "$1" "$2" || fail "$2 does not equal $1"
    else
        printf 'left out, for want of a Python with h5py and zarr: verify.py %s %s\n' "$1" "$2"
        left_out=yes
    fi
}

# The status that CTest takes for "skipped", where a check was left out.
finish() {
    [ "$left_out" = no ] || exit 77
}
