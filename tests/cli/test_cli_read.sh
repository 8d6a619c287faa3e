#!/usr/bin/env bash
# zh ls, tree, show. usage: test_cli_read.sh PROGRAM
# shellcheck source=tests/cli/common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

for v in 2 3; do
    sample $v >d.json
    for store in s$v.zarr s$v.zip; do
        run 0 create -q $store d.json

        run 0 ls $store
        out_is <<<$'a\nb'
        run 0 ls $store b/
        out_is <<<$'deep\nt'
        run 0 ls -R $store
        out_is <<<$'a\nb\nb/deep\nb/deep/x\nb/t'
        run 0 ls --depth 2 $store /
        out_is <<<$'a\nb\nb/deep\nb/t'
        run 0 ls -lR $store b
        out_is <<END
group v$v -     -     deep
array v$v (2,3) int32 deep/x
array v$v ()    int16 t
END
        run 0 ls -l $store b/t
        out_is <<<"array v$v () int16 b/t"
        run 0 ls --json -R $store b
        json 'd["ok"] and d["path"] == "b" and [n["path"] for n in d["nodes"]] == ["b/deep", "b/deep/x", "b/t"]'
        json "d['nodes'][1] == {'path': 'b/deep/x', 'kind': 'array', 'zarr_format': $v, 'shape': [2, 3], 'data_type': 'int32'}"

        run 0 tree $store
        out_is <<END
$store:/
├── a
└── b
    ├── deep
    │   └── x (2,3) int32
    └── t () int16

3 groups, 2 arrays
END
        run 0 tree -q --ascii --depth 1 $store
        out_is <<END
$store:/
|-- a
\`-- b
END
        run 0 tree $store b/t
        out_is <<<"$store:/b/t () int16"
        run 0 tree --json $store
        json 'len(d["nodes"]) == 5'

        run 0 show $store b/deep/x
        out_has '  "shape": [2, 3]'
        out_has '    "units": "m"'
        run 0 show --attributes $store a
        out_is <<<$'{\n  "title": "A"\n}'
        run 0 show --json --attributes $store b/deep/x
        json 'd["attributes"] == {"units": "m", "n": [1, 2]} and d["path"] == "b/deep/x" and d["kind"] == "array"'
        run 0 show --json $store
        json "d['kind'] == 'group' and d['zarr_format'] == $v and d['metadata']['zarr_format'] == $v and not d['ambiguous']"
        # What is shown is what create takes.
        "$ZH" show $store b/deep/x >shown
        { printf '{"y": '; cat shown; printf '}'; } | "$ZH" create -q --under a $store || fail "shown metadata are not taken"
        run 0 show $store a/y
        out_is <shown

        for command in ls tree show; do
            run 3 $command $store nowhere
            err_has "holds no node '/nowhere'"
            err_lines 1
            run 3 $command --json $store b/t/x
            json 'not d["ok"] and d["code"] == "ZH_NOTFOUND" and d["message"]'
        done
    done
done

# ---- damage: 1, and the rest is shown ----

printf '{' >s3.zarr/a/zarr.json
run 1 ls s3.zarr
out_is <<<$'a\nb'
err_lines 1
run 1 ls -l s3.zarr
out_has '?     v3'
run 1 tree s3.zarr
out_has '├── a ['
out_has '1 broken'
run 1 --json ls s3.zarr
json 'not d["ok"] and d["nodes"][0]["error"]["code"] == "ZH_CORRUPT" and d["nodes"][1]["kind"] == "group"'
run 1 show s3.zarr a
run 1 --json show s3.zarr a
json 'not d["ok"] and d["code"] == "ZH_CORRUPT" and d["message"]'
cp s2.zarr/.zgroup s3.zarr/.zgroup
run 1 ls s3.zarr
err_has "documents of Zarr v2 and v3"

# ---- types that are not known here ----

printf '{"odd": %s}' "$(array3 '[2]' r24 '"attributes":{}')" |
    sed 's/"r24"/{"name":"struct","configuration":{}}/; s/"fill_value":0/"fill_value":null/' >odd.json
run 0 create -q --unchecked odd.zarr <(printf '{"": %s}' "$group3")
mkdir odd.zarr/odd && python3 -c 'import json; print(json.dumps(json.load(open("odd.json"))["odd"]))' >odd.zarr/odd/zarr.json
run 0 ls -l odd.zarr
out_has 'array v3 (2) struct odd'

# ---- texts that hold anything ----

python3 - <<'PYTHON'
import json
odd = "esc\x1b[2J nl\n del\x7f csi\u009b turn\u202e mark\u061c line\u2028 bom\ufeff tab\t quote\" back\\ nul-less ä€😀"
group = {"zarr_format": 3, "node_type": "group", "attributes": {odd: [odd]}}
json.dump({"g": group, "v/" + odd.replace("/", ""): {"zarr_format": 3, "node_type": "group"}}, open("odd-text.json", "w"), ensure_ascii=False)
PYTHON
run 0 create -v text.zarr odd-text.json
harmless() {
    python3 - "$dir/.out" "$dir/.err" <<'PYTHON' || fail "control characters"
import re, sys
for name in sys.argv[1:]:
    text = open(name, encoding="utf-8", newline="").read()
    assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]", text), repr(text)
PYTHON
}
harmless
for command in "show text.zarr g" "show --attributes text.zarr g" "ls -lR text.zarr" "tree text.zarr"; do
    # shellcheck disable=SC2086
    run 0 $command
    harmless
    # shellcheck disable=SC2086
    run 0 --json $command
    harmless
    json 'd["ok"]'
done
"$ZH" show --attributes text.zarr g >shown
python3 - <<'PYTHON' || fail "escapes change the document"
import json
want = json.load(open("odd-text.json"))["g"]["attributes"]
assert json.load(open("shown")) == want
PYTHON
run 1 create text.zarr odd-text.json
harmless
run 1 --json create text.zarr odd-text.json
harmless
json '{p["path"] for p in d["problems"]} == {k for k in json.load(open("odd-text.json"))}'
for zarr in text.zarr/v/esc*; do printf '{"%b' '\x1b\x9b' >"$zarr/zarr.json"; done
for command in "check" "ls -R" "tree"; do
    # shellcheck disable=SC2086
    run 1 $command text.zarr
    harmless
    # shellcheck disable=SC2086
    run 1 --json $command text.zarr
    harmless
    json 'not d["ok"]'
done
run 3 show text.zarr $'no\x1b[2J\nwhere'
harmless
err_lines 1
run 2 ls --$'no\x1b[2J\nwhere' text.zarr
harmless
err_lines 1

echo "ls, tree and show are as they should be"
