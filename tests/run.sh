#!/usr/bin/env bash
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=cmake/setup/common.sh
. "$top/cmake/setup/common.sh"

usage() {
    cat <<'TEXT'
usage: tests/run.sh [OPTION]

Sets up what is missing, builds and tests.  Without an option: every test of the normal build (build/), then the unit
tests under AddressSanitizer with UndefinedBehaviorSanitizer (build/asan) and under ThreadSanitizer (build/tsan).

  --quick   the unit tests of the normal build
  --asan    the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
  --tsan    the unit tests under ThreadSanitizer
  --all     as without an option, but under the sanitizers every test that needs no HDF5
  --help    this text

With CI=true in the environment warnings are errors, and a check that had to be left out is a failure.
TEXT
}

failed=()
left_out=()

# Runs CTest on the tree $1, called $2; what did not run is remembered by name.
run_ctest() { # run_ctest DIR TIER CTEST-ARGUMENT...
    local dir=$1 tier=$2 log status=0 test
    shift 2
    log=$dir/ctest.log
    "${launcher[@]}" ctest --test-dir "$dir" --output-on-failure --no-tests=error -j "$(nproc)" "$@" 2>&1 |
        tee "$log" || status=$?
    [ "$status" -eq 0 ] || failed+=("$tier")
    while read -r test; do
        [ -z "$test" ] || left_out+=("$tier: $test")
    done <<<"$(sed -n '/^The following tests did not run:/,/^$/s/^[^-]* - \(.*\) (.*)$/\1/p' "$log")"
}

build_tree() { # build_tree DIR TIER CMAKE-ARGUMENT...
    local dir=$1 tier=$2
    shift 2
    if ! "$top/cmake/setup/build.sh" "$dir" "$@"; then
        failed+=("$tier (build)")
        return 1
    fi
}

normal() { # normal CTEST-ARGUMENT...
    say tests "normal build"
    launcher=(env)
    build_tree "$top/build" normal || return 0
    run_ctest "$top/build" normal "$@"
}

# src/ alone: what loads a plug-in into programs that know nothing of the sanitizer would fail for that only.
sanitized() { # sanitized PRESET CTEST-ARGUMENT...
    local preset=$1
    shift
    say tests "$preset build"
    launcher=(env)
    # ThreadSanitizer's map of the memory does not fit every layout that the kernel may choose at random.
    if [ "$preset" = tsan ] && setarch "$(uname -m)" -R true 2>/dev/null; then
        launcher=(setarch "$(uname -m)" -R)
    fi
    build_tree "$top/build/$preset" "$preset" --preset "$preset" -DVOL_ZARR_CONNECTOR=OFF || return 0
    run_ctest "$top/build/$preset" "$preset" "$@"
}

report() {
    [ -n "$VOL_ZARR_PYTHON" ] || left_out+=("every comparison by h5py and zarr-python")
    [ -n "$VOL_ZARR_TESTFILES" ] || left_out+=("example_h5repack: no files")
    if [ "${#left_out[@]}" -gt 0 ]; then
        printf 'left out: %s\n' "${left_out[@]}"
        [ "${CI:-}" != true ] || failed+=("checks were left out")
    fi
    if [ "${#failed[@]}" -gt 0 ]; then
        printf 'FAILED: %s\n' "${failed[@]}"
        exit 1
    fi
    printf 'all passed, %d s\n' "$SECONDS"
}

mode=${1:-default}
case $mode in
--help | -h)
    usage
    exit
    ;;
default | --quick | --asan | --tsan | --all) ;;
*)
    usage >&2
    exit 2
    ;;
esac

settings=$("$top/cmake/setup/setup.sh" --tests)
eval "$settings"
unit=(-L '^unit$')
case $mode in
--quick) normal "${unit[@]}" ;;
--asan) sanitized asan "${unit[@]}" ;;
--tsan) sanitized tsan "${unit[@]}" ;;
--all)
    normal
    sanitized asan -LE '^(bench|lint)$'
    sanitized tsan -LE '^(bench|lint)$'
    ;;
default)
    normal
    sanitized asan "${unit[@]}"
    sanitized tsan "${unit[@]}"
    ;;
esac
report
