#!/usr/bin/env bash
# From a fresh clone to Zarr stores made by unmodified HDF5 programs, checked with zarr-python.
#
# Sets up what is missing, builds into build/, and then, in build/quickstart:
#   - a simulation written against plain HDF5 runs natively and, the same binary, through the connector;
#   - a simulation written with h5py likewise;
#   - h5repack takes real HDF5 files to Zarr and back.
# Exit status 0 says that everything was made and equals what HDF5 itself makes.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
examples=$top/examples
out=$top/build/quickstart
left_out=()
SECONDS=0

title() { printf '\n== %s\n' "$*"; }

# An example that ends with 77 did its work, but could not check it all.
run_example() { # run_example NAME COMMAND...
    local name=$1 status=0
    shift
    "$@" || status=$?
    case $status in
    0) ;;
    77) left_out+=("$name: the comparison by zarr-python") ;;
    *) exit "$status" ;;
    esac
}

show_tree() { # show_tree STORE LINES
    printf '%s\n' "$(basename "$1")/"
    (cd "$1" && find . -mindepth 1 -maxdepth 3 | LC_ALL=C sort | awk -v max="$2" '
        { n = split($0, part, "/"); line = ""
          for (i = 2; i < n; i++) line = line "    "
          if (NR <= max) print "    " line part[n] }
        END { if (NR > max) print "    ... and " NR - max " more at this depth" }')
}

title "Set-up"
settings=$("$top/cmake/setup/setup.sh")
eval "$settings"
"$top/cmake/setup/build.sh" "$top/build"
# shellcheck source=/dev/null
. "$top/build/env.sh" # as a user would: the plug-in, the connector's name, the HDF5 tools

rm -rf "$out"
mkdir -p "$out"
cd "$out"

title "A C program, natively and through the connector"
run_example simulation "$examples/both_ways.sh" . simulation "$top/build/examples/simulation" {} 24

title "A Python program, natively and through the connector"
if [ -n "$VOL_ZARR_PYTHON" ]; then
    run_example waves "$examples/both_ways.sh" . waves "$VOL_ZARR_PYTHON" "$examples/simulation.py" {} 24
else
    left_out+=("the Python program: no Python with h5py and zarr")
fi

title "h5repack, from HDF5 to Zarr and back"
files=("$out"/*.h5)
if [ -n "$VOL_ZARR_TESTFILES" ]; then
    while read -r file; do
        files+=("$VOL_ZARR_TESTFILES/$file")
    done <"$examples/testfiles.txt"
else
    left_out+=("the files that HDF5 tests its own tools with")
fi
run_example h5repack "$examples/repack.sh" repacked "${files[@]}"

title "The simulation's store"
show_tree "$out/simulation.zarr" 40

title "Done"
if [ "${#left_out[@]}" -gt 0 ]; then
    printf 'left out: %s\n' "${left_out[@]}"
    [ "${CI:-}" != true ] || exit 1
fi
printf 'stores are in %s; %d s in all\n' "$out" "$SECONDS"
