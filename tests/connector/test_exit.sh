#!/usr/bin/env bash
# A program that ends without closing its files leaves a complete store, whichever way it ends.
# usage: test_exit.sh LEAVE_OPEN
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for mode in return exit h5close h5close-twice dont-atexit file-closed objects-closed; do
    for name in "$mode.zarr" "$mode.zarr.zip"; do
        if ! "$1" "$dir/$name" "$mode" 2>"$dir/stderr" || [ -s "$dir/stderr" ]; then
            echo "FAILED: $name: the program failed or printed"
            cat "$dir/stderr"
            exit 1
        fi
        case $(h5dump -d /g/d -y -w 2000 "$dir/$name") in
        *"96, 97, 98, 99"*) ;;
        *)
            echo "FAILED: $name: the data are not complete"
            exit 1
            ;;
        esac
        case $(h5dump -a /g/d/a "$dir/$name") in
        *"(0): 7"*) ;;
        *)
            echo "FAILED: $name: the attribute is missing"
            exit 1
            ;;
        esac
        echo "ok: $name"
    done
done
