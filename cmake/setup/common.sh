# shellcheck shell=bash
# What the set-up scripts share: messages, root, the cache.  To be sourced.
#
# Messages go to standard error, because standard output carries a script's answer.

# A build/env.sh that was sourced before must not change what HDF5 programs do during set-up and tests.
unset HDF5_VOL_CONNECTOR HDF5_PLUGIN_PATH HDF5_DRIVER

say() { # say TOPIC TEXT...
    local topic=$1
    shift
    printf '[%s] %s\n' "$topic" "$*" >&2
}

warn() { # warn TOPIC TEXT...
    local topic=$1
    shift
    printf '[%s] warning: %s\n' "$topic" "$*" >&2
}

die() { # die TOPIC TEXT...
    local topic=$1
    shift
    printf '[%s] error: %s\n' "$topic" "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

can_be_root() { [ "$(id -u)" -eq 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }

as_root() { # as_root NAME=VALUE... COMMAND...
    if [ "$(id -u)" -eq 0 ]; then
        env "$@"
    else
        sudo -n env "$@"
    fi
}

# The folder that keeps what takes long to make, for every clone of this user.
cache_dir() {
    local dir=${VOL_ZARR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vol-zarr}
    mkdir -p "$dir"
    (cd "$dir" && pwd)
}

# run_logged TOPIC LOG COMMAND...: the command's output goes to LOG, whose end is shown where it fails.
run_logged() {
    local topic=$1 log=$2
    shift 2
    if ! "$@" >>"$log" 2>&1; then
        tail -n 25 "$log" >&2
        printf '[%s] error: failed: %s (all of it: %s)\n' "$topic" "$*" "$log" >&2
        return 1
    fi
}

# version_at_least HAVE WANT
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# with_lock FILE COMMAND...: one process at a time; says so where it has to wait.
with_lock() {
    local file=$1
    shift
    if ! have flock; then
        "$@"
        return
    fi
    (
        exec 9>"$file"
        if ! flock --nonblock 9; then
            say setup "another set-up is at work, waiting for it ($file)"
            flock 9
        fi
        "$@"
    )
}
