#!/usr/bin/env python3
"""zh when an allocation fails, each in turn: it says so and ends with 3, or does all its work. Works in the current
folder. usage: memory.py PROGRAM LIBRARY (made from starve.c)"""
import json
import os
import re
import shutil
import subprocess
import sys

ZH, LIBRARY = sys.argv[1:]
GROUP = {"zarr_format": 3, "node_type": "group", "attributes": {"title": "x" * 50}}
ARRAY = {"zarr_format": 2, "shape": [4], "chunks": [2], "dtype": "<f8", "order": "C", "fill_value": 0, "compressor": None,
         "filters": None, "attributes": {"units": "m"}}
DESCRIPTIONS = {"v3.json": {"a/b": GROUP, "c": GROUP}, "v2.json": {"a/x": ARRAY, "b": {"zarr_format": 2}}, "bad.json": {"a/.": GROUP, "b/..": GROUP}}
for name, description in DESCRIPTIONS.items():
    with open(name, "w", encoding="utf-8") as f:
        json.dump(description, f)


def run(arguments, at=0, on=False):
    env = dict(os.environ, LD_PRELOAD=LIBRARY, ZH_STARVE_AT=str(at), ZH_STARVE_COUNT="count")
    if on:
        env["ZH_STARVE_ON"] = "1"
    return subprocess.run([ZH, "--requests", "1", *arguments], env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def comparable(output):
    return re.sub(rb"[0-9.e-]+ s$|\"seconds\":[0-9.e-]+", b"", output)


def prepare(store):
    shutil.rmtree("new", ignore_errors=True)
    if store is not None:
        shutil.copytree(store, "new")


def check(arguments, want, at, on):
    """One run; True if it did its work."""
    done = run(arguments, at, on)
    about = (arguments, at, on, done)
    if done.returncode == want.returncode and comparable(done.stdout) == comparable(want.stdout):
        return True
    if done.returncode == want.returncode == 1 and "create" in arguments and b"exists there" in done.stderr:
        return False  # the no of a conflict, whose path there was no memory for
    assert done.returncode == 3, about
    assert done.stderr.startswith(b"zh: "), about
    if "--json" in arguments and done.stdout:
        told = json.loads(done.stdout)
        assert not told["ok"] and told["message"], about
    return False


def each_allocation(arguments, store=None):
    prepare(store)
    want = run(arguments)
    assert want.returncode in (0, 1), want
    with open("count", encoding="ascii") as f:
        n = int(f.read())
    failed = 0
    for on in (False, True):
        for at in range(1, n + 1):
            prepare(store)
            failed += not check(arguments, want, at, on)
            # One that fails does not keep the tool from undoing what it did.
            if not on and arguments[-2] == "new" and store is None and os.path.isdir("new") and not os.path.isdir("new/a"):
                assert os.listdir("new") == [], (arguments, at, os.listdir("new"))
    assert failed > n / 2, (arguments, failed, n)


for version in ("v2", "v3"):
    subprocess.run([ZH, "create", "-q", f"{version}.dir", f"{version}.json"], check=True)
shutil.copytree("v3.dir", "broken")
os.mkdir("broken/.0.zh-tmp")
with open("broken/c/zarr.json", "w", encoding="ascii") as damaged:
    damaged.write("{")
# Not in archives: libzip calls one that it had no memory for "not a zip archive".
for name in ("v3.dir", "v2.dir", "broken"):
    each_allocation(["--json", "ls", "-R", "new"], name)
    each_allocation(["tree", "new"], name)
    each_allocation(["--json", "check", "new"], name)
each_allocation(["ls", "-lR", "new"], "v2.dir")
each_allocation(["check", "--repair", "new"], "broken")
each_allocation(["show", "new", "a"], "v3.dir")
each_allocation(["--json", "show", "new", "a/x"], "v2.dir")
each_allocation(["--json", "consolidate", "new"], "v3.dir")
for description in ("v2.json", "v3.json", "bad.json"):
    each_allocation(["--json", "create", "new", description])
each_allocation(["create", "-v", "new", "v3.json"])
each_allocation(["--json", "create", "new", "v3.json"], "v3.dir")
each_allocation(["create", "new", "v3.json"], "v3.dir")
each_allocation(["--json", "create", "--dry-run", "--under", "g", "new", "v3.json"])
