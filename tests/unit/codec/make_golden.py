"""Writes golden.tsv: chunks as zarr-python and numcodecs make them.

    python make_golden.py > golden.tsv        (zarr >= 3.1, numcodecs >= 0.16, numpy)

Columns, tab-separated: name, "exact" (our encoder has to make the same bytes) or "decode" (only reading is
compared), dtype as Zarr v2 spells it ("|O" text, "|Ob" bytes), shape of the chunk, codecs as a v3 array or, behind
"v2:", the v2 filters and compressor in order, decoded cells in hex (variable kinds: one field an element, separated
by '.'), encoded bytes in hex.
"""
import asyncio
import gzip
import json
import struct
import sys
import warnings

import numcodecs
import numpy as np
import zarr
from zarr.core.buffer import default_buffer_prototype

warnings.simplefilter("ignore")


def emit(name, exact, dtype, shape, codecs, decoded, encoded):
    print(name, "exact" if exact else "decode", dtype, ",".join(map(str, shape)), codecs, decoded, encoded.hex(), sep="\t")


def items(array, dtype):
    """Decoded column."""
    if dtype.startswith("|O") or dtype[1] == "U":
        return ".".join((x if isinstance(x, bytes) else str(x).encode()).hex() for x in array.ravel())
    return np.ascontiguousarray(array).tobytes().hex()


def stored(array, zarr_format, key, **kwargs):
    store = zarr.storage.MemoryStore()
    z = zarr.create_array(store, shape=array.shape, chunks=array.shape, zarr_format=zarr_format, **kwargs)
    z[...] = array
    raw = asyncio.run(store.get(key, default_buffer_prototype())).to_bytes()
    document = ".zarray" if zarr_format == 2 else "zarr.json"
    return raw, json.loads(asyncio.run(store.get(document, default_buffer_prototype())).to_bytes())


def v3(name, exact, array, spelling, **kwargs):
    key = "/".join(["c"] + ["0"] * array.ndim)
    raw, document = stored(array, 3, key, **kwargs)
    emit(name, exact, spelling, array.shape, json.dumps(document["codecs"], separators=(",", ":")), items(array, spelling), raw)


def v2(name, exact, array, spelling, **kwargs):
    key = ".".join(["0"] * array.ndim)
    raw, document = stored(array, 2, key, **kwargs)
    codecs = list(document["filters"] or [])
    if document["compressor"]:
        codecs.append(document["compressor"])
    order = [{"name": "transpose", "configuration": {"order": "F"}}] if document["order"] == "F" else []
    assert not order or not codecs
    text = json.dumps(order or codecs, separators=(",", ":"))
    emit(name, exact, spelling, array.shape, text if order else "v2:" + text, items(array, spelling), raw)


def numbers():
    f4 = (np.arange(60, dtype="<f4") / 7).reshape(5, 12)
    u2 = (np.arange(300, dtype="<u2") * 37 % 1000).reshape(20, 15)
    i8 = np.arange(-20, 20, dtype="<i8") ** 3
    from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec

    little, big = BytesCodec(endian="little"), BytesCodec(endian="big")
    v3("v3-little", True, f4, "<f4", dtype="float32", serializer=little, compressors=None)
    v3("v3-big", True, f4.astype(">f4"), ">f4", dtype=">f4", serializer=big, compressors=None)
    v3("v3-transpose", True, f4, "<f4", dtype="float32", filters=[TransposeCodec(order=(1, 0))], serializer=little,
       compressors=None)
    a3 = np.arange(24, dtype="<i2").reshape(2, 3, 4)
    v3("v3-transpose-3d", True, a3, "<i2", dtype="int16", filters=[TransposeCodec(order=(2, 0, 1))], serializer=little,
       compressors=None)
    v3("v3-gzip", False, f4, "<f4", dtype="float32", serializer=little, compressors=[GzipCodec(level=5)])
    v3("v3-zstd", False, f4, "<f4", dtype="float32", serializer=little, compressors=[ZstdCodec(level=3)])
    v3("v3-zstd-checksum", False, f4, "<f4", dtype="float32", serializer=little,
       compressors=[ZstdCodec(level=3, checksum=True)])
    v3("v3-crc32c", True, f4, "<f4", dtype="float32", serializer=little, compressors=[Crc32cCodec()])
    v3("v3-gzip-crc32c", False, i8, "<i8", dtype="int64", serializer=little, compressors=[GzipCodec(), Crc32cCodec()])
    for cname in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
        for shuffle in ("noshuffle", "shuffle", "bitshuffle"):
            v3(f"v3-blosc-{cname}-{shuffle}", False, u2, "<u2", dtype="uint16", serializer=little,
               compressors=[BloscCodec(cname=cname, clevel=5, shuffle=shuffle, typesize=2)])
    v3("v3-bool", True, np.array([True, False, True]), "|b1", dtype="bool", compressors=None)
    v3("v3-complex", True, np.array([1 + 2j, -3.5j], dtype="<c16"), "<c16", dtype="complex128", compressors=None)
    v3("v3-utf32", True, np.array(["a", "", "h\u00e9llo", "\U0001f600x"], dtype="<U5"), "<U5", dtype="<U5", compressors=None)
    v3("v3-utf32-big", True, np.array(["a", "", "h\u00e9llo", "\U0001f600x"], dtype=">U5"), ">U5", dtype=">U5",
       serializer=big, compressors=None)
    v3("v3-fixed-bytes", True, np.array([b"a", b"", b"abcd"], dtype="|S4"), "|S4", dtype="|S4", compressors=None)

    v2("v2-none", True, f4, "<f4", dtype="<f4", compressors=None)
    v2("v2-order-f", True, f4, "<f4", dtype="<f4", order="F", compressors=None)
    v2("v2-big", True, f4.astype(">f4"), ">f4", dtype=">f4", compressors=None)
    v2("v2-gzip", False, f4, "<f4", dtype="<f4", compressors=numcodecs.GZip(level=1))
    v2("v2-zlib", False, f4, "<f4", dtype="<f4", compressors=numcodecs.Zlib(level=4))
    v2("v2-zstd", False, f4, "<f4", dtype="<f4", compressors=numcodecs.Zstd(level=3))
    v2("v2-blosc", False, u2, "<u2", dtype="<u2", compressors=numcodecs.Blosc(cname="lz4", clevel=5, shuffle=1))
    v2("v2-blosc-auto", False, u2, "<u2", dtype="<u2", compressors=numcodecs.Blosc(cname="zstd", clevel=3, shuffle=-1))
    v2("v2-shuffle", True, i8, "<i8", dtype="<i8", filters=[numcodecs.Shuffle(elementsize=8)], compressors=None)
    v2("v2-shuffle-zlib", False, i8, "<i8", dtype="<i8", filters=[numcodecs.Shuffle(elementsize=8)],
       compressors=numcodecs.Zlib(level=9))
    v2("v2-crc32c", True, i8, "<i8", dtype="<i8", filters=[numcodecs.CRC32C()], compressors=None)


def variable():
    text = np.array(["", "a", "hello", "h\u00e9llo \U0001f600", "x" * 100, "z"], dtype=object)
    data = np.array([b"", b"\0\1\2", b"a", b"\xff" * 9], dtype=object)
    from zarr.codecs import GzipCodec

    v3("v3-string", True, text, "|O", dtype="string", compressors=None)
    v3("v3-string-gzip", False, text.reshape(2, 3), "|O", dtype="string", compressors=[GzipCodec()])
    for name, codec, array, dtype in (("utf8", numcodecs.VLenUTF8(), text, "|O"), ("bytes", numcodecs.VLenBytes(), data, "|Ob")):
        identifier = json.dumps([codec.get_config()], separators=(",", ":"))
        emit(f"numcodecs-vlen-{name}", True, dtype, array.shape, "v2:" + identifier, items(array, dtype),
             bytes(codec.encode(array)))
    sequences = np.empty(3, dtype=object)
    sequences[:] = [np.array([1, 2], "<i4"), np.array([], "<i4"), np.array([-1], "<i4")]
    codec = numcodecs.VLenArray("<i4")
    emit("numcodecs-vlen-array", True, "|Ob", sequences.shape, 'v2:[{"id":"vlen-array","dtype":"<i4"}]',
         ".".join(s.tobytes().hex() for s in sequences), bytes(codec.encode(sequences)))


def framings():
    """Legal bytes that our encoder never makes."""
    f4 = (np.arange(60, dtype="<f4") / 7).reshape(5, 12)
    raw = f4.tobytes()
    gz = '[{"name":"bytes","configuration":{"endian":"little"}},{"name":"gzip","configuration":{"level":1}}]'
    zs = '[{"name":"bytes","configuration":{"endian":"little"}},{"name":"zstd","configuration":{"level":1,"checksum":false}}]'
    members = gzip.compress(raw[:100], mtime=0) + gzip.compress(raw[100:], mtime=0)
    emit("gzip-members", False, "<f4", f4.shape, gz, raw.hex(), members)
    emit("gzip-padded", False, "<f4", f4.shape, gz, raw.hex(), gzip.compress(raw, mtime=0) + b"\0" * 7)
    emit("gzip-named", False, "<f4", f4.shape, gz, raw.hex(),
         b"\x1f\x8b\x08\x08\0\0\0\0\0\xffname\0" + gzip.compress(raw, mtime=0)[10:])

    def frame(data):
        """A zstd frame of one raw block, its content size not told."""
        return struct.pack("<IBB", 0xFD2FB528, 0, 0x58) + struct.pack("<I", len(data) << 3 | 1)[:3] + data

    emit("zstd-unsized", False, "<f4", f4.shape, zs, raw.hex(), frame(raw))
    emit("zstd-frames", False, "<f4", f4.shape, zs, raw.hex(), frame(raw[:50]) + frame(raw[50:]))
    text = np.array(["long" * 500, ""], dtype=object)
    encoded = bytes(numcodecs.VLenUTF8().encode(text))
    emit("vlen-zstd-unsized", False, "|O", text.shape, '[{"name":"vlen-utf8"},{"name":"zstd"}]', items(text, "|O"),
         frame(encoded))
    emit("vlen-gzip-members", False, "|O", text.shape, '["vlen-utf8","gzip"]', items(text, "|O"),
         gzip.compress(encoded[:900], mtime=0) + gzip.compress(encoded[900:], mtime=0))
    zl = '[{"name":"bytes"},{"name":"numcodecs.shuffle","configuration":{"elementsize":4}},{"name":"numcodecs.zlib","configuration":{"level":1}}]'
    emit("v3-numcodecs", False, "<f4", f4.shape, zl, raw.hex(),
         numcodecs.Zlib(1).encode(numcodecs.Shuffle(4).encode(f4)))
    nc = '["bytes",{"name":"numcodecs.%s","configuration":%s}]'
    for codec in (numcodecs.GZip(1), numcodecs.Zstd(1), numcodecs.Blosc("lz4", 5, 1), numcodecs.CRC32C()):
        conf = codec.get_config()
        emit("v3-numcodecs-" + conf["id"], False, "<f4", f4.shape,
             nc % (conf.pop("id"), json.dumps(conf, separators=(",", ":"))), raw.hex(), bytes(codec.encode(f4)))


if __name__ == "__main__":
    numbers()
    variable()
    framings()
    print(f"zarr {zarr.__version__}, numcodecs {numcodecs.__version__}", file=sys.stderr)
