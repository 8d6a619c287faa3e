#!/usr/bin/env bash
# zh create, stopped by signals, and two of them at one time. usage: test_cli_stop.sh PROGRAM
# shellcheck source=tests/cli/common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"
python3 "$here/stop.py" "$ZH" || fail "stop.py"

# ---- two at one time: exactly one makes it, the other is told of the conflict ----

printf '{"a/b": %s, "c": %s}' "$group3" "$group3" >two.json
race() { # race STORE [OPTION]: both codes in .codes
    local one=0 two=0 pids=()
    "$ZH" create --json "$@" two.json >.one 2>.err1 &
    pids+=($!)
    "$ZH" create --json "$@" two.json >.two 2>.err2 &
    pids+=($!)
    wait "${pids[0]}" || one=$?
    wait "${pids[1]}" || two=$?
    echo "$one $two" >.codes
}
for i in $(seq 12); do
    for store in race$i.zarr race$i.zip; do
        race $store
        case $(cat .codes) in
        "0 1") cp .two .out ;;
        "1 0") cp .one .out ;;
        *) fail "two programs ended with $(cat .codes .err1 .err2)" ;;
        esac
        json 'not d["ok"] and d["message"] and d["code"].startswith(("ZH_EXISTS", "ZH_CONTAINS", "ZH_RACE"))'
        run 0 ls -R $store
        out_is <<<$'a\na/b\nc'
        run 0 check $store
        case $store in
        *.zarr) [ "$(ls -A $store)" = $'a\nc\nzarr.json' ] || fail "something is left" ;;
        esac
    done
done
# In a store that is there.
for i in $(seq 12); do
    race race1.zarr --under a --overwrite
    case $(cat .codes) in
    "0 0" | "0 1" | "1 0") ;;
    *) fail "two programs ended with $(cat .codes)" ;;
    esac
    run 0 check race1.zarr
done
echo "stopped programs and competing ones are as they should be"
