#!/usr/bin/env bash
# Installs the packages that are missing and nothing else.  Without apt it says what is needed and goes on
# where that is found.
#
#   packages.sh            what the build and the examples need
#   packages.sh --tests    also what tests/run.sh needs
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/setup/common.sh
. "$here/common.sh"

build_packages=(build-essential cmake ninja-build pkg-config
    libcjson-dev libzip-dev libdeflate-dev zlib1g-dev libzstd-dev libblosc-dev libcmocka-dev
    python3 python3-venv ca-certificates)
source_packages=(dpkg-dev xz-utils) # to unpack the source of HDF5, where it is not there yet
test_packages=(unzip strace clang-format clang-tidy valgrind)

# The same, for systems that have another package manager: programs, and modules that pkg-config knows.
build_programs=(cc make cmake ninja pkg-config python3)
build_modules=(libcjson libzip libdeflate zlib libzstd blosc cmocka)
test_programs=(unzip strace clang-format clang-tidy)

installed() { # installed PACKAGE
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Fills missing_things with the programs and modules that are not found.
find_missing_things() { # find_missing_things PROGRAM...
    local program module
    missing_things=()
    for program in "${build_programs[@]}" "$@"; do
        have "$program" || missing_things+=("$program")
    done
    have pkg-config || return 0
    for module in "${build_modules[@]}"; do
        pkg-config --exists "$module" || missing_things+=("$module (with its header and its .pc file)")
    done
}

main() {
    local packages=("${build_packages[@]}" "${source_packages[@]}") programs=() package missing=() missing_things=()
    if [ "${1:-}" = --tests ]; then
        packages+=("${test_packages[@]}")
        programs=("${test_programs[@]}")
    fi

    if have apt-get && have dpkg-query; then
        for package in "${packages[@]}"; do
            installed "$package" || missing+=("$package")
        done
        [ "${#missing[@]}" -gt 0 ] || return 0
        if can_be_root; then
            say packages "installing: ${missing[*]}"
            log=$(cache_dir)/packages.log
            : >"$log"
            run_logged packages "$log" as_root DEBIAN_FRONTEND=noninteractive \
                apt-get -o DPkg::Lock::Timeout=300 update
            run_logged packages "$log" as_root DEBIAN_FRONTEND=noninteractive \
                apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
            return 0
        fi
        find_missing_things ${programs[@]+"${programs[@]}"}
        [ "${#missing_things[@]}" -gt 0 ] || return 0
        die packages "neither root nor a sudo that asks nothing.  Have these installed:" \
            "sudo apt-get install ${missing[*]}"
    fi

    find_missing_things ${programs[@]+"${programs[@]}"}
    [ "${#missing_things[@]}" -gt 0 ] || return 0
    say packages "no apt here.  Needed and not found:"
    printf '    %s\n' "${missing_things[@]}" >&2
    die packages "install these and run this again"
}

main "$@"
