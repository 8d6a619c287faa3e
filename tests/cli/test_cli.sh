#!/usr/bin/env bash
# test_cli.sh ZH: the command-line tool, command by command: what it prints, its exit status, and its JSON.
set -euo pipefail
zh=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/zh-cli.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# status WANTED COMMAND...: stdout to out, stderr to err.
status() {
    local wanted=$1 got=0
    shift
    "$@" >out 2>err </dev/null || got=$?
    [ "$got" -eq "$wanted" ] || fail "'$*' ended with $got, not $wanted: $(cat out err)"
}

said() { grep -qF -- "$1" "$2" || fail "'$1' is not in $2: $(cat "$2")"; }

# json EXPRESSION: holds for the object d in out.
json() { python3 -c "import json,sys; d=json.load(open('out')); sys.exit(0 if ($1) else 1)" || fail "$1: $(cat out)"; }

array3='{"zarr_format":3,"node_type":"array","shape":[4,6],"data_type":"float32","chunk_grid":{"name":"regular","configuration":{"chunk_shape":[2,3]}},"chunk_key_encoding":{"name":"default"},"fill_value":0.0,"codecs":[{"name":"bytes","configuration":{"endian":"little"}}],"attributes":{"units":"m"}}'
array2='{"zarr_format":2,"shape":[4,6],"chunks":[2,3],"dtype":"<f4","compressor":null,"fill_value":null,"order":"C","filters":null,"attributes":{"units":"m"}}'
group3='{"zarr_format":3,"node_type":"group","attributes":{"k":1}}'
printf '{"a/x": %s, "/b//": %s}' "$array3" "$group3" >v3.json
printf '{"a/x": %s, "b": {"zarr_format":2}}' "$array2" >v2.json
printf '{"c": %s}' "$group3" >more.json

# create
for version in 2 3; do
    for store in "s$version.zarr" "s$version.zarr.zip"; do
        status 0 "$zh" create -v "$store" "v$version.json"
        said 'array /a/x' out
        said '4 nodes' out
        status 1 "$zh" create "$store" "v$version.json"
        said 'an array exists there' err
        said 'a group exists there' err
        status 0 "$zh" create -q --overwrite "$store" "v$version.json"
        [ ! -s out ] || fail "quiet is not: $(cat out)"
        status 0 "$zh" ls "$store"
        [ "$(cat out)" = $'a\nb' ] || fail "ls: $(cat out)"
        status 0 "$zh" ls -lR "$store"
        said "v$version array a/x float32 (4, 6)" out
        status 0 "$zh" ls --depth 1 "$store" a
        [ "$(cat out)" = x ] || fail "ls a: $(cat out)"
        status 0 "$zh" tree "$store"
        said '│   └── x float32 (4, 6)' out
        status 0 "$zh" tree --ascii "$store"
        said '`-- b' out
        status 0 "$zh" show "$store" a/x
        said '  "attributes": {' out
        status 0 "$zh" show --attributes --json "$store" a/x
        json 'd == {"units": "m"}'
        status 0 "$zh" check "$store"
        said '4 nodes, 0 findings' out
        status 0 "$zh" consolidate "$store"
        status 0 "$zh" check --json "$store"
        json 'd["nodes"] == 4 and d["findings"] == []'
    done
done
"$zh" create -q stdin.zarr <v3.json || fail "create from standard input"
"$zh" create -q stdin2.zarr - <v3.json || fail "create from -"
status 0 "$zh" create --store=zip archive v3.json
python3 -c 'import sys,zipfile; sys.exit("zarr.json" not in zipfile.ZipFile("archive").namelist())' || fail "not an archive"
mkdir empty && status 0 "$zh" create empty v3.json

# JSON
status 0 "$zh" create --json --ordered j.zarr v3.json
json 'd["ok"] and [n["path"] for n in d["nodes"]] == ["", "a", "a/x", "b"] and d["nodes"][2]["kind"] == "array" and d["stats"]["nodes"] == 4'
status 1 "$zh" create --json j.zarr v3.json
json 'not d["ok"] and d["code"].startswith("ZH_CONTAINS_") and {p["path"] for p in d["problems"]} == {"a/x", "b"} and d["problems"][0]["existing"] in ("array", "group")'
status 0 "$zh" ls --json -R j.zarr
json '[m["path"] for m in d["members"]] == ["a", "a/x", "b"] and d["members"][1]["shape"] == [4, 6]'
status 0 "$zh" tree --json j.zarr
json 'len(d["members"]) == 3'

# ways of creating
status 0 "$zh" create --under a -v j.zarr more.json
said 'group /c' out
status 0 "$zh" ls j.zarr a
[ "$(cat out)" = $'c\nx' ] || fail "under: $(cat out)"
status 1 "$zh" create --under nowhere j.zarr more.json
said 'there is no group' err
status 1 "$zh" create --rooted r.zarr v3.json
said 'not below one node' err
[ ! -e r.zarr ] || fail "a store is left of a creation that failed"
status 0 "$zh" create --rooted r.zarr more.json
status 0 "$zh" create --unchecked u.zarr more.json
[ ! -e u.zarr/zarr.json ] && [ -e u.zarr/c/zarr.json ] || fail "unchecked"
status 0 "$zh" create --consolidate c.zarr v3.json
grep -q consolidated_metadata c.zarr/zarr.json || fail "not consolidated"
status 0 "$zh" create --consolidate=keep c.zarr more.json
grep -q '"c":{' c.zarr/zarr.json || fail "not kept"
status 0 "$zh" create c.zarr <(printf '{"d": %s}' "$group3")
! grep -q consolidated_metadata c.zarr/zarr.json || fail "stale"
status 0 "$zh" create --always-zattrs z.zarr v2.json
[ -e z.zarr/b/.zattrs ] || fail "no .zattrs"
status 0 "$zh" create --dry-run x v3.json
said 'group /a (implicit)' out
status 0 "$zh" create -n --json x v3.json
json 'len(d["nodes"]) == 4'
printf '{"p\\\\q": %s}' "$group3" >backslash.json
status 0 "$zh" create -n --backslash x backslash.json
said 'group /p/q' out
printf 'words' >j.zarr/README.txt
printf '{"": %s, "n": %s}' "$group3" "$group3" >root.json
status 0 "$zh" create --overwrite j.zarr root.json
[ -e j.zarr/README.txt ] && [ ! -e j.zarr/a ] || fail "overwritten root"
status 0 "$zh" create --overwrite --purge j.zarr root.json
[ ! -e j.zarr/README.txt ] || fail "not purged"

# checking
mkdir -p j.zarr/lost/x j.zarr/.0123.zh-tmp && cp j.zarr/n/zarr.json j.zarr/lost/x/ && printf '{' >j.zarr/n/zarr.json
status 1 "$zh" check j.zarr
said 'unreachable /lost/x' out
said 'temporary /.0123.zh-tmp' out
said 'bad-document /n' out
status 1 "$zh" check --repair --json j.zarr
json 'd["found"] == 3 and d["repaired"] == 2'
status 1 "$zh" check -q j.zarr
[ "$(wc -l <out)" -eq 1 ] || fail "not repaired: $(cat out)"
status 0 "$zh" tree j.zarr
said 'n: ' out
status 1 "$zh" check empty-dir-that-is-not-there

# a directory that is no store keeps what it has
mkdir -p photos/2024 && printf 'a' >photos/2024/1 && printf 'b' >photos/2024/c
status 1 "$zh" check --repair photos
said 'is no Zarr store' err
[ -e photos/2024/1 ] && [ -e photos/2024/c ] || fail "foreign files were removed"

# a store that was begun may be one that another process is creating
mkdir -p begun/.0123.zh-tmp hollow && : >begun/.unfinished.zh-tmp
for options in --quiet --overwrite; do
    status 1 "$zh" create "$options" begun v3.json
    said 'a store is being created' err
    [ "$(wc -l <err)" -eq 1 ] || fail "told twice: $(cat err)"
    [ -d begun/.0123.zh-tmp ] || fail "another's creation was removed"
done
status 0 "$zh" create hollow v3.json

# mistakes
status 2 "$zh"
status 2 "$zh" frobnicate
status 2 "$zh" ls
status 2 "$zh" ls a b c
status 2 "$zh" ls --nonsense s3.zarr
status 2 "$zh" ls --depth many s3.zarr
status 2 "$zh" create --store=tar x v3.json
status 2 "$zh" create --rooted --unchecked x v3.json
status 2 "$zh" create --consolidate=sometimes x v3.json
status 1 "$zh" create x <(printf '{"a": {"zarr_format": 9}}')
said 'zarr_format' err
status 1 "$zh" create x <(printf '{"a": ')
status 1 "$zh" create x <(printf '{"a/..": %s}' "$group3")
[ ! -e x ] || fail "a store is left of an invalid description"
status 3 "$zh" create x no-such-file.json
said 'No such file' err
mkdir other && touch other/thesis.txt
status 1 "$zh" create other v3.json
said 'is no Zarr store' err
[ "$(ls -A other)" = thesis.txt ] || fail "something was written into a directory that is no store"
status 1 "$zh" show s3.zarr nowhere
status 1 "$zh" ls s3.zarr a/x
status 3 "$zh" create /proc/nowhere/x v3.json
if [ -e /dev/full ]; then
    code=0
    "$zh" show s3.zarr >/dev/full 2>err || code=$?
    [ "$code" -eq 3 ] || fail "a full device: $code"
fi
code=0
"$zh" tree s3.zarr >&- 2>err || code=$?
[ "$code" -eq 3 ] || fail "a closed output: $code"

# words
status 0 "$zh" --version
said "zh " out
for command in create ls tree show check consolidate; do
    status 0 "$zh" help "$command"
    said "usage: zh $command" out
    status 0 "$zh" "$command" --help
    said "usage: zh $command" out
done
status 0 "$zh" --help
status 2 "$zh" help nonsense
printf 'all fine\n'
