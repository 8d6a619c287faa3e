#!/usr/bin/env python3
"""zarr-python's create_hierarchy on the map that bench_hierarchy.c makes.

usage: bench_hierarchy_peer.py PATH FORMAT GROUPS ARRAYS   (PATH "memory": a store in memory)
Prints the seconds that creation took, metadata objects made before and imports not counted."""
import sys
import time
import warnings

import zarr
from zarr.core.group import GroupMetadata
from zarr.core.metadata import ArrayV2Metadata, ArrayV3Metadata

warnings.simplefilter("ignore")
path, fmt, groups, arrays = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
attributes = {"units": "m s-1", "valid": [0, 100]}

if fmt == 3:
    array = ArrayV3Metadata.from_dict({
        "zarr_format": 3, "node_type": "array", "shape": (100, 200), "data_type": "float64",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": (50, 200)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}}, "fill_value": 0.0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}},
                   {"name": "gzip", "configuration": {"level": 4}}], "attributes": attributes})
else:
    array = ArrayV2Metadata.from_dict({
        "zarr_format": 2, "shape": (100, 200), "chunks": (50, 200), "dtype": "<f8", "fill_value": None, "order": "C",
        "filters": None, "compressor": {"id": "zlib", "level": 4}, "attributes": attributes})
nodes = {"": GroupMetadata(zarr_format=fmt)}
for g in range(groups):
    nodes[f"group{g:04d}"] = GroupMetadata(zarr_format=fmt)
    for a in range(arrays):
        nodes[f"group{g:04d}/dataset{a:04d}"] = array
store = zarr.storage.MemoryStore() if path == "memory" else zarr.storage.LocalStore(path)
start = time.perf_counter()
made = sum(1 for _ in zarr.create_hierarchy(store=store, nodes=nodes))
seconds = time.perf_counter() - start
assert made == len(nodes), (made, len(nodes))
print(seconds)
