#!/usr/bin/env bash
# zh check, consolidate. usage: test_cli_check.sh PROGRAM
# shellcheck source=tests/cli/common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

for v in 2 3; do
    sample $v >d.json
    for store in s$v.zarr s$v.zip; do
        run 0 create -q $store d.json
        run 0 check $store
        out_is <<<"6 nodes, 0 findings, 0 repaired"
        run 0 --json check $store
        json 'd["ok"] and d["findings"] == [] and d["stats"] == {"nodes": 6, "findings": 0, "repaired": 0}'

        run 0 consolidate $store
        out_is <<<"consolidated /"
        run 0 --json consolidate $store /b//deep
        json 'd == {"ok": True, "path": "b/deep"}'
        run 3 consolidate $store nowhere
        err_has "holds no node '/nowhere'"
        run 3 --json consolidate $store b/t
        json 'not d["ok"] and d["message"]'
        run 0 check $store
    done
done

# ---- findings, and what is left of them ----

mkdir -p s3.zarr/.0123.zh-tmp s3.zarr/lost/x
cp s3.zarr/a/zarr.json s3.zarr/lost/x/
printf '{' >s3.zarr/a/zarr.json
run 1 check s3.zarr
out_has "unreachable: /lost/x: "
out_has "temporary: /.0123.zh-tmp: "
out_has "bad-document: /a: "
run 1 -q check s3.zarr
[ "$(wc -l <.out)" -eq 3 ] || fail "quiet is not"
run 1 --json check s3.zarr
json 'not d["ok"] and len(d["findings"]) == d["stats"]["findings"] == 3 and d["stats"]["repaired"] == 0'
json 'all(set(f) == {"kind", "path", "repaired", "message"} and not f["repaired"] for f in d["findings"])'
run 1 check --repair s3.zarr
out_has "(repaired)"
[ -e s3.zarr/lost/x/zarr.json ] && [ ! -e s3.zarr/.0123.zh-tmp ] || fail "a repair removes too much or too little"
echo mine >s3.zarr/lost/x/notes
run 1 check --remove s3.zarr
[ -e s3.zarr/lost/x/zarr.json ] || fail "a node was removed with a file in it"
rm s3.zarr/lost/x/notes
run 1 check --remove s3.zarr
out_has "unreachable: /lost/x: "
[ ! -e s3.zarr/lost ] || fail "not removed"
run 1 check --json s3.zarr
json 'not d["ok"] and "bad-document" in {f["kind"] for f in d["findings"]}'
cp s3.zarr/b/zarr.json s3.zarr/a/zarr.json
run 1 check s3.zarr
out_has "stale-consolidated: /: "
run 0 check --repair s3.zarr
run 0 check s3.zarr

# ---- what is no store ----

run 3 check nowhere
err_has "No such file"
run 3 --json check nowhere
json 'not d["ok"] and d["code"] == "ZH_NOTFOUND" and d["message"]'
mkdir -p photos/2024 empty && printf 'a' >photos/2024/1 && printf 'b' >photos/2024/c
run 3 check --repair photos
err_has "is not a Zarr store"
run 3 --json check --repair photos
json 'not d["ok"] and d["message"]'
[ -e photos/2024/1 ] && [ -e photos/2024/c ] || fail "foreign files were removed"
run 3 check empty
echo text >file
run 3 check file
run 3 check --repair file
for store in empty file photos; do
    run 3 consolidate $store
done
[ -z "$(ls -A empty)" ] || fail "something was written into an empty directory"

# ---- progress is told, and only where it should be ----

for command in "check s3.zarr" "consolidate s3.zarr" "ls -R s3.zarr" "tree s3.zarr"; do
    # shellcheck disable=SC2086
    run 0 $command
    cp .out plain
    [ ! -s .err ] || fail "progress that nobody asked for"
    # shellcheck disable=SC2086
    run 0 --progress $command
    out_is <plain
    tail -n 1 .err | grep -qE '^zh: [1-9][0-9]* reads$' || fail "no progress"
    # shellcheck disable=SC2086
    run 0 --progress --no-progress $command
    [ ! -s .err ] || fail "progress that was not wanted"
done
run 0 --progress create p.zarr d.json
tail -n 1 .err | grep -qx 'zh: 6 / 6 nodes' || fail "no progress"

echo "check and consolidate are as they should be"
