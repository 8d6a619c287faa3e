#!/usr/bin/env python3
"""Descriptions that are damaged: zh create says no to them, in valid JSON, and never crashes. usage: hostile.py PROGRAM"""
import json
import random
import subprocess
import sys

ZH = sys.argv[1]
MUTATIONS = 200
ARRAY3 = {"zarr_format": 3, "node_type": "array", "shape": [4, 6], "data_type": "float32",
          "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 3]}},
          "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}}, "fill_value": "NaN",
          "codecs": [{"name": "bytes", "configuration": {"endian": "little"}},
                     {"name": "zstd", "configuration": {"level": 3, "checksum": False}}],
          "attributes": {"units": "m", "range": [-1e300, 18446744073709551615], "name": "temperature"},
          "dimension_names": ["y", None]}
ARRAY2 = {"zarr_format": 2, "shape": [4, 6], "chunks": [2, 3], "dtype": "<f8", "order": "F", "fill_value": -0.5,
          "compressor": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1}, "filters": None,
          "attributes": {"units": "m", "list": [1, [2, {"three": None}]]}}
DESCRIPTIONS = ({"a/x": ARRAY3, "/b//": {"zarr_format": 3, "node_type": "group", "attributes": {"k": "v"}}},
                {"a/x": ARRAY2, "b": {"zarr_format": 2, "attributes": {"title": "B"}}})
PIECES = (b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b'"', b"\\", b"\\u0000", b"\\ud800", b"{", b"}", b"[", b"]", b",", b":",
          b"-", b"9" * 40, b"1e999", b"NaN", b"null", b"/..", b"//", b"\x1b[2J", "\u202e".encode(), b"zarr.json", b" " * 9)


def mutate(r, text):
    text = bytearray(text)
    for _ in range(r.choice((1, 1, 1, 2, 5))):
        at = r.randrange(len(text))
        way = r.randrange(6)
        if way == 0:
            text[at] ^= 1 << r.randrange(8)
        elif way == 1:
            del text[at:at + r.randrange(1, 9)]
        elif way == 2:
            text[at:at] = r.choice(PIECES)
        elif way == 3:
            text[at:at + 1] = r.choice(PIECES)
        elif way == 4:
            other = r.randrange(len(text))
            text[at:at] = text[other:other + r.randrange(1, 60)]
        else:
            del text[at + 1:]
    return bytes(text)


def run(*arguments, text):
    return subprocess.run([ZH, *arguments], input=text, capture_output=True, check=False)


def harmless(text):
    return not any(c < 0x20 and c != 0x0a or c == 0x7f for c in text)


def check(text):
    done = run("create", "--dry-run", "--json", text=text)
    told = json.loads(done.stdout.decode())
    assert done.returncode in (0, 1) and told["ok"] == (done.returncode == 0), done
    if done.returncode == 1:
        assert told["message"] and told["code"].startswith("ZH_"), told
    plain = run("create", "--dry-run", text=text)
    assert plain.returncode == done.returncode, plain
    for output in (done.stdout, done.stderr, plain.stdout, plain.stderr):
        output.decode()
        assert harmless(output), output
    return done.returncode


r = random.Random(20260101)
codes = [check(mutate(r, json.dumps(DESCRIPTIONS[i % 2]).encode())) for i in range(MUTATIONS)]
assert {0, 1} == set(codes), codes
for deep in (b"[" * 10**6, b'{"a":' * 10**6, b'{"a": {"zarr_format":3,"node_type":"group","attributes":' + b"[" * 10**5):
    assert check(deep) == 1
print(f"{codes.count(1)} of {MUTATIONS} damaged descriptions were refused")
