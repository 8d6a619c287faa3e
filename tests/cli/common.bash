# What the scripts of this folder share. To be sourced with the program as the first argument.
set -euo pipefail
ZH=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v python3 >/dev/null || exit 77
export LC_ALL=C.UTF-8
# An exit status that no answer of the program has, if it is built with a sanitizer that finds something.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99" UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}exitcode=99"
dir=$(mktemp -d "${TMPDIR:-/tmp}/zh-cli.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
    echo "FAILED: $*"
    [ ! -s "$dir/.out" ] || { echo "--- stdout"; head -c 4000 "$dir/.out"; }
    [ ! -s "$dir/.err" ] || { echo "--- stderr"; head -c 4000 "$dir/.err"; }
    echo "--- ${BASH_SOURCE[-1]##*/}, line ${BASH_LINENO[-2]}"
    exit 1
}

# run CODE ARGUMENT...: zh with what is on stdin must end with CODE; its output is in .out and .err.
run() {
    local want=$1 got=0
    shift
    "$ZH" "$@" >"$dir/.out" 2>"$dir/.err" || got=$?
    [ "$got" -eq "$want" ] || fail "zh $* ended with $got, not $want"
}

# Standard output is what comes in here.
out_is() {
    diff "$dir/.out" - || fail "other output"
}

# out_has TEXT, err_has TEXT: a part of it; err_lines N: and how many lines there are.
out_has() {
    grep -qF -- "$1" "$dir/.out" || fail "no '$1' in the output"
}
err_has() {
    grep -qF -- "$1" "$dir/.err" || fail "no '$1' in the errors"
}
err_lines() {
    [ "$(wc -l <"$dir/.err")" -eq "$1" ] || fail "not $1 lines of errors"
}

# json EXPRESSION: the output is one JSON object d, on one line, of which this is true.
json() {
    python3 - "$1" "$dir/.out" <<'PYTHON' || fail "not true: $1"
import json, sys
text = open(sys.argv[2], encoding="utf-8").read()
assert text.count("\n") == 1 and text.endswith("\n"), "not one line"
d = json.loads(text)
assert isinstance(d, dict) and isinstance(d["ok"], bool)
sys.exit(0 if eval(sys.argv[1]) else 1)
PYTHON
}

# keys STORE: the keys in a directory or archive, sorted, one a line. document STORE KEY: its text.
keys() {
    python3 - "$1" <<'PYTHON'
import os, sys, zipfile
top = sys.argv[1]
if os.path.isdir(top):
    names = [os.path.relpath(os.path.join(d, f), top) for d, _, files in os.walk(top) for f in files]
else:
    names = zipfile.ZipFile(top).namelist()
print("\n".join(sorted(names)))
PYTHON
}
document() {
    if [ -d "$1" ]; then
        cat "$1/$2"
    else
        python3 -c 'import sys, zipfile; sys.stdout.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode())' "$1" "$2"
    fi
}
has_document() {
    keys "$1" >"$dir/.keys"
    grep -qxF -- "$2" "$dir/.keys"
}

group3='{"zarr_format":3,"node_type":"group"}'
group2='{"zarr_format":2}'

array3() { # array3 SHAPE DATA-TYPE [MEMBERS]
    printf '{"zarr_format":3,"node_type":"array","shape":%s,"data_type":"%s","chunk_grid":{"name":"regular",' "$1" "$2"
    printf '"configuration":{"chunk_shape":%s}},"chunk_key_encoding":{"name":"default","configuration":{"separator":"/"}},' "$1"
    printf '"fill_value":0,"codecs":[{"name":"bytes","configuration":{"endian":"little"}}]%s}' "${3:+,$3}"
}
array2() { # array2 SHAPE DTYPE [MEMBERS]
    printf '{"zarr_format":2,"shape":%s,"chunks":%s,"dtype":"%s","fill_value":0,"order":"C","compressor":null,"filters":null%s}' \
        "$1" "$1" "$2" "${3:+,$3}"
}

# A hierarchy with a bit of everything, by format.
sample() {
    if [ "$1" = 3 ]; then
        printf '{"b/deep/x":%s,"a":%s,"b/t":%s}' "$(array3 '[2,3]' int32 '"attributes":{"units":"m","n":[1,2]}')" \
            '{"zarr_format":3,"node_type":"group","attributes":{"title":"A"}}' "$(array3 '[]' int16)"
    else
        printf '{"b/deep/x":%s,"a":%s,"b/t":%s}' "$(array2 '[2,3]' '<i4' '"attributes":{"units":"m","n":[1,2]}')" \
            '{"zarr_format":2,"attributes":{"title":"A"}}' "$(array2 '[]' '<i2')"
    fi
}
root_document() {
    if [ "$1" = 3 ]; then echo zarr.json; else echo .zgroup; fi
}
