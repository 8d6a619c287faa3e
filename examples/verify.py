#!/usr/bin/env python3
"""Compares a Zarr store with the HDF5 file that it should equal.

    verify.py REFERENCE.h5 STORE        STORE is a directory or a .zip

The HDF5 file is read by h5py, natively.  The store is read by zarr-python alone, so that what is checked is what any
Zarr reader sees.  Every group, dataset and attribute must be there with the same value, and nothing else may be.
The attribute _HDF5, in which the connector keeps what only HDF5 needs, is looked through.
"""

import argparse
import os
import sys
import warnings

for variable in ("HDF5_VOL_CONNECTOR", "HDF5_DRIVER"):  # read when the HDF5 library starts, so before h5py does
    os.environ.pop(variable, None)

import h5py
import numpy as np
import zarr
import zarr.storage

HDF5_ATTRIBUTE = "_HDF5"


class NotCovered(Exception):
    """The reference has something that this script cannot compare."""


# ---- the HDF5 side ----


def hdf5_nodes(file):
    """Lists (object, its paths) for every group and dataset; an object with several hard links has several paths."""
    nodes, links = {}, []

    def visit(path, node):
        place = h5py.h5o.get_info(node.id).addr
        if place in nodes:
            nodes[place][1].append(path)
            return
        if not isinstance(node, (h5py.Group, h5py.Dataset)):
            return
        nodes[place] = (node, [path])
        if isinstance(node, h5py.Group):
            for name in node:
                if isinstance(node.get(name, getlink=True), h5py.HardLink):
                    visit(f"{path}/{name}".lstrip("/"), node[name])
                else:
                    links.append(f"{path}/{name}")

    visit("", file["/"])
    return list(nodes.values()), links


def strip_padding(values, type_id):
    """Fixed strings as text, without what filled them up."""

    def strip(raw):
        if type_id.get_strpad() == h5py.h5t.STR_SPACEPAD:
            return raw.rstrip(b" \0").decode()
        if type_id.get_strpad() == h5py.h5t.STR_NULLPAD:
            return raw.rstrip(b"\0").decode()
        return raw.split(b"\0", 1)[0].decode()

    array = np.asarray(values)
    texts = [strip(bytes(raw)) for raw in array.ravel()]
    return np.array(texts, dtype=object).reshape(array.shape)


def text_values(values):
    array = np.asarray(values, dtype=object)
    texts = [raw.decode() if isinstance(raw, bytes) else raw for raw in array.ravel()]
    return np.array(texts, dtype=object).reshape(array.shape)


def hdf5_values(values, type_id):
    """What h5py read, as a native array of bool, integers, floats, complex numbers or (dtype object) texts."""
    kind = type_id.get_class()
    if kind == h5py.h5t.STRING:
        return text_values(values) if type_id.is_variable_str() else strip_padding(values, type_id)
    array = np.asarray(values)
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > 16:
        raise NotCovered(f"type {type_id.dtype}")
    return array.astype(array.dtype.newbyteorder("="))


# ---- comparisons: each returns a text that says what differs, or None ----


def compare_arrays(want, got):
    if isinstance(got, zarr.Group):
        return "is a group in the store"
    if want.dtype.kind == "O":
        have = got[...] if got.ndim else np.asarray(got[()])
        if have.dtype.kind == "S":  # format 2 keeps fixed strings as bytes
            have = np.char.rstrip(np.char.decode(have))
        elif have.dtype.kind not in "TUO":
            return f"has type {have.dtype}, not a string type"
        have = np.asarray(have, dtype=object)
        same = want.shape == have.shape and all(str(a) == str(b) for a, b in zip(want.ravel(), have.ravel()))
        return None if same else f"shapes {want.shape}, {have.shape}; first texts {want.ravel()[:4]}, {have.ravel()[:4]}"
    dtype = got.dtype.newbyteorder("=")
    if want.dtype != dtype:
        return f"has type {dtype}, not {want.dtype}"
    if want.shape != got.shape:
        return f"has shape {got.shape}, not {want.shape}"
    have = np.ascontiguousarray(got[...], dtype=dtype)
    if want.tobytes() == have.tobytes():
        return None
    differing = [i for i, (a, b) in enumerate(zip(want.ravel(), have.ravel())) if a.tobytes() != b.tobytes()]
    where = [int(i) for i in np.unravel_index(differing[0], want.shape)]
    return f"differs in {len(differing)} of {want.size} values, the first at {where}"


def compare_dataset(dataset, array):
    if dataset.shape is None:  # H5S_NULL: no value on either side
        return None if array.shape == () else f"has shape {array.shape}, but has no space in HDF5"
    type_id = dataset.id.get_type()
    if type_id.get_class() == h5py.h5t.ARRAY:
        type_id = type_id.get_super()
    return compare_arrays(hdf5_values(dataset[()], type_id), array)


def compare_number(want, got):
    """One element against its JSON value."""
    if isinstance(want, str):
        same = isinstance(got, str) and want == got
    elif want.dtype.kind == "b":
        same = isinstance(got, bool) and bool(want) == got
    elif want.dtype.kind in "iu":
        same = isinstance(got, int) and not isinstance(got, bool) and int(want) == got
    elif want.dtype.kind == "c":
        same = isinstance(got, list) and len(got) == 2
        same = same and not compare_number(want.real, got[0]) and not compare_number(want.imag, got[1])
    elif np.isnan(want):
        same = got == "NaN"
    elif np.isinf(want):
        same = got == ("Infinity" if want > 0 else "-Infinity")
    else:
        same = isinstance(got, float) and want.dtype.type(got).tobytes() == want.tobytes()
    return None if same else f"is {got!r}, not {want!r}"


def compare_attribute(want, got):
    """An array against its JSON value: nested lists; an array of one element may stand as that element."""
    if want.shape == () or want.shape == (1,):
        return compare_number(want.reshape(())[()], got)
    if want.size == 1 and not isinstance(got, list):
        return compare_number(want.reshape(())[()], got)
    if not isinstance(got, list) or len(got) != len(want):
        return f"is {got!r}, not {want.tolist()!r}"
    if want.size == 0:
        return None
    for want_part, got_part in zip(want, got):
        problem = compare_attribute(np.asarray(want_part, dtype=want.dtype), got_part)
        if problem:
            return problem
    return None


def hdf5_attribute(node, name):
    """The attribute as an array; None where it has no space."""
    attribute = h5py.h5a.open(node.id, name.encode())
    type_id = attribute.get_type()
    value = node.attrs[name]
    if isinstance(value, h5py.Empty):
        return None
    if type_id.get_class() == h5py.h5t.ARRAY:
        type_id = type_id.get_super()
    return hdf5_values(value, type_id)


# ---- the walk ----


class Comparison:
    def __init__(self):
        self.counts = {"groups": 0, "datasets": 0, "values": 0, "attributes": 0}
        self.problems = []

    def problem(self, path, text):
        self.problems.append(f"/{path}: {text}")

    def attributes(self, path, node, attributes):
        got = {name: value for name, value in attributes.items() if name != HDF5_ATTRIBUTE}
        for name in set(got) - set(node.attrs):
            self.problem(path, f"attribute '{name}' is in the store only")
        for name in node.attrs:
            self.counts["attributes"] += 1
            if name not in got:
                self.problem(path, f"attribute '{name}' is not in the store")
                continue
            try:
                want = hdf5_attribute(node, name)
            except NotCovered as error:
                self.problem(path, f"attribute '{name}' cannot be compared: {error}")
                continue
            if want is None:
                text = None if got[name] is None else f"is {got[name]!r}, but has no space in HDF5"
            else:
                text = compare_attribute(want, got[name])
            if text:
                self.problem(path, f"attribute '{name}' {text}")

    def node(self, path, node, other):
        self.attributes(path, node, other.attrs.asdict())
        if isinstance(node, h5py.Group):
            self.counts["groups"] += 1
            if not isinstance(other, zarr.Group):
                self.problem(path, "is an array in the store")
            return
        self.counts["datasets"] += 1
        self.counts["values"] += node.size or 0
        try:
            text = compare_dataset(node, other)
        except NotCovered as error:
            text = f"cannot be compared: {error}"
        if text:
            self.problem(path, text)

    def files(self, file, root):
        stored = {"": root, **dict(root.members(max_depth=None))}
        nodes, links = hdf5_nodes(file)
        for node, paths in nodes:
            path = next((path for path in paths if path in stored), None)
            if path is None:
                self.problem(paths[0], "is not in the store")
            else:
                self.node(path, node, stored.pop(path))
        for path in stored:
            self.problem(path, "is in the store only")
        if links:
            print(f"verify: {len(links)} soft and external links have no counterpart to compare with")


def open_store(path):
    if os.path.isdir(path):
        store = zarr.storage.LocalStore(path, read_only=True)
    else:
        store = zarr.storage.ZipStore(path, mode="r")
    return zarr.open_group(store, mode="r", use_consolidated=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reference")
    parser.add_argument("store")
    arguments = parser.parse_args()

    comparison = Comparison()
    with warnings.catch_warnings(record=True) as caught, h5py.File(arguments.reference, "r") as file:
        warnings.simplefilter("always")
        try:
            root = open_store(arguments.store)
        except Exception as error:  # what a store or its documents can be wrong in is zarr's to say
            print(f"verify: {arguments.store} is no Zarr store: {error}", file=sys.stderr)
            return 1
        comparison.files(file, root)
    for warning in caught:
        if "not recognized as a component of a Zarr hierarchy" in str(warning.message):
            comparison.problem("", str(warning.message))

    for problem in comparison.problems:
        print(f"verify: {problem}", file=sys.stderr)
    counted = ", ".join(f"{count} {what}" for what, count in comparison.counts.items())
    verdict = f"{len(comparison.problems)} differences" if comparison.problems else "equal"
    print(f"verify: {arguments.store} (format {root.metadata.zarr_format}): {counted}: {verdict}")
    return 1 if comparison.problems else 0


if __name__ == "__main__":
    sys.exit(main())
