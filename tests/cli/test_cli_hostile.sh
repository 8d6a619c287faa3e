#!/usr/bin/env bash
# zh create with descriptions that are damaged or huge. usage: test_cli_hostile.sh PROGRAM
# shellcheck source=tests/cli/common.bash
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"
python3 "$here/hostile.py" "$ZH" || fail "hostile.py"

# ---- 50 MB: taken if it is right, and refused in few words if it is not ----

python3 - <<'PYTHON'
import json
group = json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {"text": "x" * 2400}})
def write(name, member, n=20000):
    with open(name, "w") as f:
        f.write("{" + ",".join(member(i) for i in range(n)) + "}")
write("right.json", lambda i: f'"g{i // 100}/n{i}": {group}')
write("dots.json", lambda i: f'"g{i // 100}/../n{i}": {group}')
write("twice.json", lambda i: f'"g{i // 2}{"/" * (i % 2)}": {group}')
write("wrong.json", lambda i: f'"n{i}": {group if i < 19999 else 1}')
with open("name.json", "w") as f:
    f.write('{"' + "\\u001b" * 8000000 + f'": {group}' + "}")
PYTHON
run 0 create -q right.zarr right.json
run 0 --json create -n x right.json
json 'd["stats"]["nodes"] == 20201'
run 1 create right.zarr right.json
[ "$(wc -l <.err)" -le 101 ] && [ "$(wc -c <.err)" -le 100000 ] || fail "$(wc -l <.err) lines of conflicts"
for name in dots twice wrong name; do
    run 1 create x $name.json
    [ "$(wc -l <.err)" -le 101 ] && [ "$(wc -c <.err)" -le 100000 ] || fail "$(wc -l <.err) lines of problems"
    run 1 --json create x $name.json
    [ "$(wc -c <.out)" -le 600000 ] || fail "$(wc -c <.out) bytes of problems"
    json 'not d["ok"] and d["message"] and len(d["problems"]) <= 100'
done
[ ! -e x ] || fail "a store is left"
head -c 40000000 right.json >cut.json
run 1 create x cut.json
err_lines 1
echo "damaged and huge descriptions are refused as they should be"
