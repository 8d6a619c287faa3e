#!/usr/bin/env bash
# zh create: what it makes, what it refuses, what it tells. usage: test_cli_create.sh PROGRAM
# shellcheck source=tests/cli/common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"
for v in 2 3; do sample $v >v$v.json; done
printf '{"c": %s}' "$group3" >more.json
printf '{"d": %s}' "$group3" >d.json
printf '{"": %s, "n": %s}' "$group3" "$group3" >root.json

# ---- both formats, both kinds of stores ----

for v in 2 3; do
    for store in s$v.zarr s$v.zarr.zip; do
        run 0 create -v $store v$v.json
        out_has "array /b/deep/x"
        out_has "created 6 nodes (4 groups, 2 arrays)"
        has_document $store "$(root_document $v)" || fail "no root"
        run 1 create $store v$v.json
        err_has "an array exists there"
        err_has "a group exists there"
        run 0 create -q --overwrite $store v$v.json
        [ ! -s .out ] || fail "quiet is not"
        run 0 check $store
        out_has "6 nodes, 0 findings"
    done
done
cmp <(keys s3.zarr) <(keys s3.zarr.zip) || fail "a directory and an archive differ"

# ---- where the description comes from ----

"$ZH" create -q stdin.zarr <v3.json || fail "standard input"
"$ZH" create -q dash.zarr - <v3.json || fail "-"
cat v3.json | "$ZH" create -q pipe.zarr || fail "a pipe"
run 0 create -q file.zarr v3.json
for store in stdin dash pipe; do
    diff -r file.zarr $store.zarr || fail "$store makes something else"
done
run 3 create x no-such-file.json
err_has "No such file"
run 3 --json create x no-such-file.json
json 'not d["ok"] and d["code"] == "ZH_IO" and "no-such-file.json" in d["message"] and d["problems"] == []'
run 3 create x .
err_has "directory"
[ ! -e x ] || fail "a store is left of a description that cannot be read"

# ---- descriptions that are wrong: 1 ----

wrong() { # wrong MESSAGE DESCRIPTION
    printf '%b' "$2" >wrong.json
    run 1 create x wrong.json
    err_has "$1"
    run 1 --json create x wrong.json
    json 'not d["ok"] and d["code"].startswith("ZH_") and d["message"]'
    [ ! -e x ] || fail "a store is left of an invalid description"
}
wrong "wrong.json" '{"a": '
wrong "wrong.json" ''
wrong "wrong.json" '[]'
wrong "zarr_format" '{"a": {"zarr_format": 9}}'
wrong "'a'" '{"a": 1}'
wrong "a/.." "{\"a/..\": $group3}"
wrong "zarr.json" "{\"zarr.json\": $group3}"
wrong "wrong.json" '{"\xff": {"zarr_format":3,"node_type":"group"}}'
wrong "wrong.json" '{"\\u0000": {"zarr_format":3,"node_type":"group"}}'
printf '{"a": %s, "/a/": %s, "b/.": %s, "c/..": %s}' "$group3" "$group3" "$group3" "$group3" >many.json
run 1 --json create x many.json
json 'len(d["problems"]) == 3 and {p["code"] for p in d["problems"]} == {"ZH_KEY_DUPLICATE", "ZH_KEY_DOT"}'
json 'all(set(p) == {"code", "key", "path", "other", "existing", "message"} for p in d["problems"])'

# ---- STORE is something else: 1, and it stays as it is ----

mkdir other && touch other/thesis.txt
echo text >file.txt
python3 -c 'import zipfile; zipfile.ZipFile("photos.zip", "w").writestr("2024/1.jpg", "x")'
python3 -c 'import zipfile; z = zipfile.ZipFile("mixed.zip", "w"); z.writestr("a/1.jpg", "x"); z.writestr("b/zarr.json", "{}")'
python3 -c 'import zipfile; z = zipfile.ZipFile("noted.zip", "w"); z.writestr("note.txt", "x"); z.writestr("b/zarr.json", "{}")'
printf '\x89HDF\r\n\x1a\n' >data.h5
cksum file.txt photos.zip mixed.zip noted.zip data.h5 >before
for store in other file.txt photos.zip mixed.zip noted.zip data.h5; do
    for option in -q --overwrite --unchecked; do
        run 1 create $option $store v3.json
        err_has "'$store' is a"
        err_lines 1
    done
    run 1 --json create $store v3.json
    json 'not d["ok"] and d["code"] == "ZH_EXISTS" and d["message"]'
done
cksum file.txt photos.zip mixed.zip noted.zip data.h5 | cmp - before || fail "a file was changed"
[ "$(ls -A other)" = thesis.txt ] || fail "something was written into a directory that is no store"
run 3 create /proc/nowhere/x v3.json
run 3 create '' v3.json
run 2 create --store=zip s3.zarr more.json
run 2 create --store=dir s3.zarr.zip more.json
run 0 create --store=zip archive v3.json
python3 -c 'import sys, zipfile; sys.exit("zarr.json" not in zipfile.ZipFile("archive").namelist())' || fail "not an archive"
run 0 create --store=dir folder.zip v3.json
[ -d folder.zip ] || fail "not a directory"
mkdir empty && run 0 create empty v3.json

# What a program left that was stopped making a store is nothing.
mkdir -p begun/.0123.zh-tmp && : >begun/.unfinished.zh-tmp
run 0 create begun v3.json
[ "$(ls -A begun)" = $'a\nb\nzarr.json' ] || fail "something is left"

# ---- what it tells ----

run 0 create --json --ordered j.zarr v3.json
json '[n["path"] for n in d["nodes"]] == ["", "a", "b", "b/deep", "b/deep/x", "b/t"] and d["nodes"][4]["kind"] == "array"'
json 'd["stats"]["nodes"] == 6 and all(n["zarr_format"] == 3 for n in d["nodes"])'
run 1 create --json j.zarr v3.json
json 'd["code"].startswith("ZH_CONTAINS_") and d["message"]'
json '{p["path"] for p in d["problems"]} == {"a", "b/deep/x", "b/t"} and {p["existing"] for p in d["problems"]} == {"array", "group"}'
run 1 create j.zarr v3.json
err_lines 3
[ ! -s .out ] || fail "conflicts on standard output"

# ---- ways of creating ----

run 0 create --under a -v j.zarr more.json
out_has "group /a/c"
run 0 create --under /b/ --json j.zarr more.json
json '[n["path"] for n in d["nodes"]] == ["b/c"]'
run 3 create --under nowhere j.zarr more.json
err_has "there is no group"
run 3 create --under nowhere fresh.zarr more.json
[ ! -e fresh.zarr ] || fail "a store is left of a creation below nothing"
run 1 create --under b/t j.zarr more.json
run 1 create --under a j.zarr root.json
run 1 create --rooted r.zarr v3.json
err_has "not below one node"
[ ! -e r.zarr ] || fail "a store is left of a creation that failed"
for store in durable.zarr durable.zip; do
    run 0 create --durable $store v3.json
    run 0 check $store
done
run 0 create --rooted --json r.zarr more.json
json 'd["root"] == "c"'
run 0 create --consolidate c.zarr v3.json
grep -q consolidated_metadata c.zarr/zarr.json || fail "not consolidated"
run 0 create --consolidate=keep c.zarr more.json
grep -q '"c":{' c.zarr/zarr.json || fail "not kept"
run 0 create c.zarr d.json
! grep -q consolidated_metadata c.zarr/zarr.json || fail "stale"
run 0 create --always-zattrs z.zarr v2.json
has_document z.zarr b/.zattrs || fail "no .zattrs"
printf 'words' >j.zarr/README.txt
run 0 create --overwrite j.zarr root.json
[ -e j.zarr/README.txt ] && [ ! -e j.zarr/a ] || fail "overwritten root"
run 0 create --overwrite --purge j.zarr root.json
[ ! -e j.zarr/README.txt ] || fail "not purged"
printf '{}' >nothing.json
for store in nothing.zarr nothing.zip; do
    run 0 create $store nothing.json
    [ ! -e $store ] || fail "nothing was to be made"
done

# ---- dry runs ----

run 0 create --dry-run x v3.json
out_has "group v3 /b (implicit)"
out_has "would create 6 nodes"
run 0 create -n --json - v2.json
json 'd["dry_run"] and [n["path"] for n in d["nodes"] if n["implicit"]] == ["", "b", "b/deep"]'
"$ZH" create -n <v3.json >.out || fail "a dry run without STORE"
out_has "array v3 /b/t"
for group in g/h /g//h/; do
    run 0 create -n --under $group x more.json
    [ "$(head -n 1 .out)" = "group v3 /g/h/c" ] || fail "a dry run under a group"
    run 0 create -n --json --under $group x more.json
    json '[n["path"] for n in d["nodes"]] == ["g/h/c"]'
done
run 1 create -n --under g x root.json
run 1 create -n x many.json
printf '{"p\\\\q": %s}' "$group3" >backslash.json
run 0 create -n --backslash x backslash.json
out_has "group v3 /p/q"
run 0 create -n x backslash.json
out_has 'group v3 /p\\q'
[ ! -e x ] || fail "a dry run made something"

# ---- hierarchies without a root ----

printf '{"c": %s, "d/e": %s}' "$group3" "$group3" >loose.json
for store in loose.zarr loose.zip; do
    run 0 create --unchecked $store loose.json
    ! has_document $store zarr.json || fail "unchecked, and a root"
    run 3 ls $store
    run 0 ls $store c
    run 3 check --repair $store
    has_document $store c/zarr.json || fail "a repair removed what --unchecked made"
    run 0 create --unchecked $store d.json
    run 1 create $store more.json
    err_has "a group exists there"
    ! has_document $store zarr.json || fail "a refused creation made a root"
    run 0 create $store <(printf '{"": %s, "f": %s}' "$group3" "$group3")
    run 0 ls -R $store
    out_is <<<$'c\nd\nd/e\nf'
    run 0 check --repair $store
    run 1 create $store more.json
done

echo "create is as it should be"
