#!/usr/bin/env bash
# H5VL_ZARR_LOG: what it asks for is written where it says; a mistake in it fails the first call that makes a store.
# usage: test_log.sh LEAVE_OPEN
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

published() { # published SETTING FILE
    H5VL_ZARR_LOG=$1 "$program" out.zarr return 2>stderr
    [ "$(grep -c 'vol-zarr info: published .*out.zarr: 3 nodes, 3 documents' "$2")" -eq 1 ] || {
        echo "FAILED: $1: not one line for one publication in $2"
        cat "$2"
        exit 1
    }
}

refused() { # refused SETTING TEXT
    rm -rf out.zarr
    if H5VL_ZARR_LOG=$1 "$program" out.zarr return 2>stderr || ! grep -qF "$2" stderr || [ -e out.zarr ]; then
        echo "FAILED: $1 is not refused with '$2'"
        cat stderr
        exit 1
    fi
}

program=$1
published info stderr
published debug stderr
published info:log log
[ ! -s stderr ] || { echo "FAILED: a log in a file, and lines on stderr"; exit 1; }
H5VL_ZARR_LOG='' "$program" out.zarr return 2>stderr
H5VL_ZARR_LOG=error "$program" out.zarr return 2>>stderr
[ ! -s stderr ] || { echo "FAILED: nothing to tell, and lines on stderr"; exit 1; }
refused bogus "H5VL_ZARR_LOG: 'bogus' is none of"
refused 'infos:log' "H5VL_ZARR_LOG: 'infos:log' is none of"
refused info:/proc/none/log "H5VL_ZARR_LOG: '/proc/none/log' cannot be written: No such file or directory"
