"""Writes foreign.tsv: array documents as zarr-python makes them.

    python make_foreign.py > foreign.tsv        (zarr >= 3.1, numpy)

Columns, tab-separated: format, dtype as this library has to understand it (v2 spelling; "|Ob" variable bytes), shape, chunks,
fill value in hex ("-": null; text of variable and UTF-32 kinds as UTF-8), the document on one line.
"""
import asyncio
import json
import sys
import warnings

import numcodecs
import numpy as np
import zarr
from zarr.core.buffer import default_buffer_prototype

warnings.simplefilter("ignore")


def row(version, spelling, fill, **kwargs):
    store = zarr.storage.MemoryStore()
    kwargs.setdefault("shape", (6, 4))
    kwargs.setdefault("chunks", (3, 4))
    z = zarr.create_array(store, zarr_format=version, **kwargs)
    key = "zarr.json" if version == 3 else ".zarray"
    document = json.loads(asyncio.run(store.get(key, default_buffer_prototype())).to_bytes())
    hexed = "-" if fill is None else (fill if isinstance(fill, bytes) else np.asarray(fill).tobytes()).hex()
    print(version, spelling, ",".join(map(str, z.shape)), ",".join(map(str, z.chunks)), hexed,
          json.dumps(document, separators=(",", ":")), sep="\t")


numbers = ["|b1", "|i1", "|u1"] + [f"{o}{k}" for o in "<>" for k in ("i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16")]
for spelling in numbers:
    dtype = np.dtype(spelling)
    big = {"serializer": zarr.codecs.BytesCodec(endian="big")} if spelling[0] == ">" else {}
    row(2, spelling, np.zeros((), dtype), dtype=spelling)
    row(3, spelling, np.zeros((), dtype), dtype=spelling, **big)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        for value in (info.min, info.max):
            row(2, spelling, np.array(value, dtype), dtype=spelling, fill_value=value)
            row(3, spelling, np.array(value, dtype), dtype=spelling, fill_value=value, **big)
    if dtype.kind == "f":
        for value in (np.inf, -np.inf, np.nan, -0.0, 0.1, float(np.finfo(dtype).max), float(np.finfo(dtype).smallest_subnormal)):
            with np.errstate(all="ignore"):
                cell = np.array(value, dtype)
            row(2, spelling, cell, dtype=spelling, fill_value=cell[()])
            row(3, spelling, cell, dtype=spelling, fill_value=cell[()], **big)
    if dtype.kind == "c":
        cell = np.array(complex(np.nan, -1.5), dtype)
        row(2, spelling, cell, dtype=spelling, fill_value=cell[()])
        row(3, spelling, cell, dtype=spelling, fill_value=cell[()], **big)
for version in (2, 3):
    row(version, "|S5", b"\0" * 5, dtype="|S5")
    row(version, "|S5", b"ab\0\0\0", dtype="|S5", fill_value=b"ab")
    row(version, "|V4", b"\0\1\2\3", dtype="|V4", fill_value=np.void(b"\0\1\2\3"))
    row(version, "<U5", b"", dtype="<U5")
    row(version, "<U5", "h\u00e9".encode(), dtype="<U5", fill_value="h\u00e9")
    row(version, "<i8", np.int64(5), dtype="<M8[ns]", fill_value=np.datetime64(5, "ns"))
    row(version, "<i8", np.int64(-2**63), dtype="<m8[s]", fill_value=np.timedelta64("NaT", "s"))
    row(version, "|O", b"", dtype="string")
    row(version, "|O", "h\u00e9".encode(), dtype="string", fill_value="h\u00e9")
row(3, "|Ob", b"", dtype="variable_length_bytes")
row(3, "|Ob", b"\xff\0", dtype="variable_length_bytes", fill_value=b"\xff\0")
row(2, "<f4", np.zeros((), "<f4"), dtype="<f4", order="F", compressors=numcodecs.Blosc())
row(2, "<f4", np.zeros((), "<f4"), dtype="<f4", filters=[numcodecs.Shuffle(4)], compressors=numcodecs.Zlib(3))
row(2, "<f4", np.zeros((), "<f4"), dtype="<f4", chunk_key_encoding={"name": "v2", "separator": "/"})
row(3, "<f4", np.zeros((), "<f4"), dtype="<f4", dimension_names=["y", None], attributes={"a": float("nan")})
row(3, "<f4", np.zeros((), "<f4"), dtype="<f4", chunk_key_encoding={"name": "v2", "separator": "."})
row(3, "<f4", np.zeros((), "<f4"), dtype="<f4", compressors=[zarr.codecs.BloscCodec(), zarr.codecs.Crc32cCodec()])
row(3, "<f4", np.zeros((), "<f4"), dtype="<f4", shape=(), chunks=())
row(2, "<f4", np.zeros((), "<f4"), dtype="<f4", shape=(), chunks=())
print(f"zarr {zarr.__version__}", file=sys.stderr)
