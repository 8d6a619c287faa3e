#!/usr/bin/env bash
# python.sh: prints a Python that has the modules of requirements.txt, in a virtual environment in the cache.
#
# Where they cannot be had (no network, say) it warns, prints nothing and succeeds: everything but the checks
# that read a store from Python works without.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/setup/common.sh
. "$here/common.sh"

usable() { # usable PYTHON
    "$1" -c 'import sys, h5py, numpy, zarr; sys.exit(int(zarr.__version__.split(".")[0]) < 3)' >/dev/null 2>&1
}

make_venv() {
    local log=$cache/python.log
    [ ! -e "$venv/complete" ] || return 0 # made while we waited for the lock
    : >"$log"
    say python "installing $(grep -v '^#' "$here/requirements.txt" | tr '\n' ' ')into $venv"
    # A virtual environment cannot be made elsewhere and renamed, so that a mark says that it is complete.
    if run_logged python "$log" python3 -m venv --clear "$venv" &&
        run_logged python "$log" "$venv/bin/python" -m pip install --disable-pip-version-check --no-input \
            --retries 2 --only-binary :all: -r "$here/requirements.txt" &&
        usable "$venv/bin/python"; then
        touch "$venv/complete"
        return 0
    fi
    rm -rf "$venv"
    return 1
}

if [ -n "${VOL_ZARR_PYTHON:-}" ]; then
    usable "$VOL_ZARR_PYTHON" || die python "VOL_ZARR_PYTHON=$VOL_ZARR_PYTHON cannot import h5py, numpy and zarr 3"
    printf '%s\n' "$VOL_ZARR_PYTHON"
    exit
fi

have python3 || {
    warn python "no python3 here, so that the checks in Python are left out"
    exit
}
cache=$(cache_dir)
key=$({
    cat "$here/requirements.txt"
    python3 -c 'import sys; print(sys.version, sys.base_prefix)'
} | sha256sum | cut -c1-12)
venv=$cache/python-$key

if [ -e "$venv/complete" ]; then
    printf '%s\n' "$venv/bin/python"
elif with_lock "$cache/python.lock" make_venv >&2; then
    printf '%s\n' "$venv/bin/python"
elif usable python3; then
    command -v python3
else
    warn python "h5py and zarr could not be installed, so that the checks in Python are left out"
fi
