#!/usr/bin/env python3
"""The builder beside zarr-python 3's create_hierarchy, on generated cases.

usage: side_by_side.py LIBZH [CASES] [SEED]

A case is a store made by zarr-python, a map of nodes, and a way to create it. Both libraries get the same, each a copy of
the store of its own. Compared are the outcome (and the kind of the error), what was reported as created, and what
zarr-python reads from the store afterwards: every node, its metadata and attributes, so siblings that were to survive too.

Where the two differ on purpose the case carries the number of the weakness of zarr-python, and what ours must do instead is
checked: W1 the root as an array with members, W2 an array over nodes without a document, W4 documents of the other format,
W6 an implicit group where an array is, with overwrite, W8 names that leave the store, W12 to W14 the keys of a rooted
hierarchy, W15 groups above the group (not told of), W22 names that the format keeps for itself; "order" where both refuse and each
begins with another check; and what overwriting leaves: documents of the other kind there, what is below no node here. Each
such case is listed.
"""
import asyncio
import collections
import json
import os
import random
import shutil
import sys
import tempfile
import warnings

import zarr
from zarr.core.group import GroupMetadata, create_nodes, create_rooted_hierarchy
from zarr.core.metadata import ArrayV2Metadata, ArrayV3Metadata
from zarr.errors import ContainsArrayError, ContainsGroupError

from libzh import Library, ZhError

warnings.simplefilter("ignore")
TYPES = {"int32": ("<i4", 0), "float64": ("<f8", 0.0), "bool": ("|b1", False), "uint8": ("|u1", 7), "float32": (">f4", 1.5)}


def group(fmt, attributes):
    return {"zarr_format": fmt, "node_type": "group", "attributes": attributes} if fmt == 3 else {
        "zarr_format": 2, "attributes": attributes}


def array(fmt, attributes, name, rank):
    shape, chunk = [4] * rank, [3] * rank
    if fmt == 2:
        dtype, fill = TYPES[name]
        return {"zarr_format": 2, "shape": shape, "chunks": chunk, "dtype": dtype, "compressor": None, "fill_value": fill,
                "order": "C", "filters": None, "attributes": attributes}
    codec = {"name": "bytes"} if name in ("bool", "uint8") else {"name": "bytes", "configuration": {"endian": "little"}}
    return {"zarr_format": 3, "node_type": "array", "shape": shape, "data_type": name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": TYPES[name][1], "codecs": [codec], "attributes": attributes}


def is_array(metadata):
    return "shape" in metadata


def to_zarr(metadata):
    if not is_array(metadata):
        return GroupMetadata(zarr_format=metadata["zarr_format"], attributes=metadata["attributes"])
    return (ArrayV3Metadata if metadata["zarr_format"] == 3 else ArrayV2Metadata).from_dict(dict(metadata))


# --- cases ---

Case = collections.namedtuple("Case", "fmt existing bare nodes how group overwrite")
# existing: {path: metadata}, made first. bare: groups of it whose document is removed again.


def make_node(rng, fmt):
    attributes = {f"k{i}": rng.choice([1, 2.5, "x", [1, 2], None, True, {"a": "b"}]) for i in range(rng.randint(0, 2))}
    if rng.random() < 0.55:
        return group(fmt, attributes)
    return array(fmt, attributes, rng.choice(list(TYPES)), rng.randint(0, 2))


def spell(rng, path):
    """One of the spellings of a path."""
    r = rng.random()
    if r < 0.8:
        return path
    if r < 0.87:
        return "/" + path
    if r < 0.94:
        return path + "/"
    return path.replace("/", "//")


def make_path(rng, names="abc"):
    return "/".join(rng.choice(names) for _ in range(rng.randint(1, 3)))


def make_existing(rng, fmt):
    existing = {}
    if rng.random() < 0.3:
        return existing, []
    existing[""] = group(fmt, {"root": 1})
    for _ in range(rng.randint(0, 5)):
        path = make_path(rng)
        parents = [path[:i] for i in range(len(path)) if path[i] == "/"]
        if any(is_array(existing[p]) for p in parents if p in existing) or any(k.startswith(path + "/") for k in existing):
            continue
        for p in parents:
            existing.setdefault(p, group(fmt, {"made": "between"}))
        existing.setdefault(path, make_node(rng, fmt))
    bare = [p for p in existing if p and not is_array(existing[p]) and rng.random() < 0.12]
    return existing, bare


def make_case(rng):
    fmt = rng.choice([2, 3])
    existing, bare = make_existing(rng, fmt)
    how = rng.choices(["hierarchy", "under", "rooted", "nodes"], [60, 20, 14, 6])[0]
    nodes, taken = {}, set()
    valid = rng.random() < 0.75
    for _ in range(rng.randint(0, 6)):
        path = make_path(rng, "abcd")
        if valid and (path in taken or any(is_array(nodes[k]) and path.startswith(k.strip("/").replace("//", "/") + "/")
                                           for k in nodes)):
            continue
        metadata = make_node(rng, fmt)
        if valid and is_array(metadata) and any(t.startswith(path + "/") for t in taken):
            metadata = group(fmt, {})
        taken.add(path)
        nodes[spell(rng, path) if how != "nodes" else path] = metadata
    if how == "hierarchy" and rng.random() < 0.25:
        nodes[rng.choice(["", "/"])] = make_node(rng, fmt) if rng.random() < 0.3 else group(fmt, {"root": 2})
    if how == "rooted" and rng.random() < 0.85:
        nodes = {("top/" + k.strip("/")): v for k, v in nodes.items()}
        nodes["top"] = group(fmt, {"top": 1})
    if not valid:
        spoil(rng, fmt, nodes, how)
    groups = [p for p in existing if not is_array(existing[p]) and p not in bare]
    if how == "under" and not groups:
        existing, bare, groups = {"": group(fmt, {"root": 1})}, [], [""]
    return Case(fmt, existing, bare, nodes, how, rng.choice(groups) if how == "under" else "", rng.random() < 0.4)


def spoil(rng, fmt, nodes, how):
    kind = rng.randrange(6)
    if kind == 0:
        nodes["a/../b"] = group(fmt, {})
    elif kind == 1 and how != "nodes":
        nodes["dup"] = group(fmt, {})
        nodes["/dup/"] = group(fmt, {})
    elif kind == 2:
        nodes["other"] = group(5 - fmt, {})
    elif kind == 3 and how == "under":
        nodes[""] = group(fmt, {})
    elif kind == 4:
        nodes["arr"] = array(fmt, {}, "int32", 1)
        nodes["arr/in"] = make_node(rng, fmt)
    elif kind == 5 and how != "nodes":
        nodes[rng.choice(["__x", "...", "zarr.json" if fmt == 3 else ".zgroup"])] = group(fmt, {})


# --- running ---

def prepare(case, path):
    store = zarr.storage.LocalStore(path)
    if case.existing:
        list(create_nodes_sync(store, {k: to_zarr(v) for k, v in case.existing.items()}))
    for p in case.bare:
        for name in ("zarr.json", ".zgroup", ".zattrs"):
            if os.path.exists(os.path.join(path, p, name)):
                os.remove(os.path.join(path, p, name))


def create_nodes_sync(store, nodes):
    async def run():
        return [item async for item in create_nodes(store=store, nodes=nodes)]
    return asyncio.run(run())


def snapshot(path):
    """Every document in the store, by key, as zarr-python and we may write the same thing in two ways."""
    found = {}
    for folder, _, files in os.walk(path):
        relative = os.path.relpath(folder, path).replace(os.sep, "/")
        key = "" if relative == "." else relative
        for fmt, names in ((3, ["zarr.json"]), (2, [".zarray", ".zgroup"])):
            for name in names:
                if name in files:
                    found[key, fmt] = read_node(path, key, fmt)
    return found


def read_node(path, key, fmt):
    node = zarr.open(zarr.storage.LocalStore(path), path=key, mode="r", zarr_format=fmt)
    text = json.loads(json.dumps(node.metadata.to_dict(), default=str))
    text.pop("consolidated_metadata", None)
    text.setdefault("node_type", "array" if "shape" in text else "group")
    return text


def with_zarr(case, path):
    store = zarr.storage.LocalStore(path)
    nodes = {k: to_zarr(v) for k, v in case.nodes.items()}
    if case.how == "nodes":
        made = create_nodes_sync(store, nodes)
    elif case.how == "under":
        made = list(zarr.open_group(store, path=case.group, mode="r+", zarr_format=case.fmt).create_hierarchy(
            nodes, overwrite=case.overwrite))
    elif case.how == "rooted":
        async def run():
            return await create_rooted_hierarchy(store=store, nodes=nodes, overwrite=case.overwrite)
        asyncio.run(run())
        return None
    else:
        made = list(zarr.create_hierarchy(store=store, nodes=nodes, overwrite=case.overwrite))
    return {(k, "array" if hasattr(n.metadata, "shape") else "group") for k, n in made}


def kind_of(error):
    text = str(error)
    if isinstance(error, ContainsGroupError):
        return {"ZH_CONTAINS_GROUP"}
    if isinstance(error, ContainsArrayError):
        return {"ZH_CONTAINS_ARRAY"}
    for part, names in (("'.' or '..'", {"ZH_KEY_DOT"}), ("path segments", {"ZH_KEY_DOT"}), ("map to the same", {"ZH_KEY_DUPLICATE"}),
                        ("not unique", {"ZH_KEY_DUPLICATE"}), ("collides", {"ZH_KEY_DUPLICATE"}),
                        ("same zarr_format", {"ZH_MIXED_FORMAT"}), ("same Zarr format", {"ZH_MIXED_FORMAT"}),
                        ("Only Zarr groups can contain", {"ZH_NODE_INSIDE_ARRAY"}),
                        ("to create a root node", {"ZH_NESTED_ROOT"}),
                        ("zarr_format of the nodes", {"ZH_FORMAT_MISMATCH"}), ("Zarr format of the nodes", {"ZH_FORMAT_MISMATCH", "ZH_MIXED_FORMAT"}),
                        ("does not specify a root", {"ZH_NO_ROOT", "ZH_MANY_ROOTS"}), ("empty", {"ZH_NO_ROOT"})):
        if part in text:
            return names
    return {f"{type(error).__name__}: {text}"}


# --- differences on purpose: (weakness, what ours answers) ---

def normal(key):
    return "/".join(s for s in key.split("/") if s)


def plan_is_wrong(case, given):
    return (len(given) < len(case.nodes) or len({v["zarr_format"] for v in given.values()}) > 1 or
            any(s in (".", "..") for k in given for s in k.split("/")) or
            any(k != j and is_array(given[j]) and k.startswith(j + "/") for k in given for j in given))


def expected_difference(case):
    fmt, how = case.fmt, case.how
    given = {normal(k): v for k, v in case.nodes.items()}
    segments = {s for k in given for s in k.split("/")}
    prefix = case.group + "/" if case.group else ""
    if any(s.startswith("__") and fmt == 3 or s == "..." or s in ("zarr.json", ".zgroup") for s in segments):
        return "W22", "ZH_KEY_RESERVED"
    if how == "nodes":
        if any(s in (".", "..") for s in segments):
            return "W8", "ZH_KEY_DOT"
        if fmt == 2 and any(p in case.existing and p not in case.bare and is_array(case.existing[p]) != is_array(v)
                            for p, v in given.items()):
            return "the other kind's document", None  # zarr-python leaves it beside the new one
        return None
    wrong_plan = plan_is_wrong(case, given)
    if how == "rooted" and wrong_plan:
        return "order", None  # zarr-python looks for the root first, we at the plan
    if len({v["zarr_format"] for v in given.values()}) > 1 or any(s in (".", "..") for s in segments):
        if how == "under":  # zarr-python looks at the format first, we at the keys
            return "order", None
        return None
    if "" in given and is_array(given[""]) and len(given) > 1 and how != "under":
        return "W1", "ZH_NODE_INSIDE_ARRAY"
    if how == "rooted":
        raw = list(case.nodes)
        if not raw:
            return "W14", "ZH_NO_ROOT"
        shortest = min(k.count("/") for k in given)
        tops = [k for k in given if k.count("/") == shortest]
        if len(tops) == 1 and any(k != tops[0] and not k.startswith(tops[0] + "/") for k in given):
            return "W13", "ZH_MANY_ROOTS"
        if any(k != normal(k) for k in raw):
            return "W12", None
    if wrong_plan:
        return None
    explicit = {prefix + k: v for k, v in given.items()}
    implicit = {p[:i] for p in explicit for i in range(len(p)) if p[i] == "/"} - set(explicit)
    there = {p: v for p, v in case.existing.items() if p not in case.bare}
    gone = [p for p in explicit if case.overwrite and (p in case.existing or any(q.startswith(p + "/") for q in case.existing))]
    under_gone = [p for p in implicit | set(explicit) if any(p.startswith(g + "/") or not g for g in gone)]
    if how != "under" and given and next(iter(given.values()))["zarr_format"] != fmt and case.existing and (
            not case.overwrite or "" not in given):
        if "" in there or any(p in there for p in explicit):
            return "W4", "ZH_CONTAINS_OTHER_FORMAT"
    if any(p in there and not is_array(there[p]) and p in under_gone for p in implicit):
        # zarr-python finds the group, removes it with the node above, and does not make it again
        return "implicit group below an overwritten one", None
    if case.overwrite and any(p in there and is_array(there[p]) and p not in under_gone for p in implicit):
        return "W6", "ZH_CONTAINS_ARRAY"
    if not case.overwrite and any(p not in there and is_array(v) and any(q.startswith(p + "/") for q in there)
                                  for p, v in explicit.items()):
        return "W2", "ZH_CONTAINS_CHILDREN"
    if "" in explicit and case.overwrite and any("/" in p and p.split("/")[0] not in there and p.split("/")[0] not in
                                                 {q.split("/")[0] for q in explicit} for p in there):
        return "below no node", None  # zarr-python empties the whole store
    if how == "under" and any(p not in there for p in ancestors(case.group)):
        return "W15", None
    return None


def ancestors(path):
    return [path[:i] for i in range(len(path)) if path[i] == "/"] + ([""] if path else [])


def compare(case, library, root):
    a, b = os.path.join(root, "zarr"), os.path.join(root, "ours")
    os.mkdir(a)
    prepare(case, a)
    shutil.copytree(a, b)
    before = snapshot(b)
    theirs = ours = their_error = our_error = None
    try:
        theirs = with_zarr(case, a)
    except Exception as e:  # noqa: BLE001: any of them is the outcome
        their_error = e
    try:
        ours = library.create(b, case.nodes, how=case.how, group=case.group, overwrite=case.overwrite)
    except ZhError as e:
        our_error = e
    after = snapshot(b)
    leftovers = [f for folder, dirs, files in os.walk(b) for f in dirs + files if f.endswith(".zh-tmp")]
    if leftovers and not (os.listdir(b) == leftovers):
        return f"leftovers {leftovers}"
    if our_error is not None and after != before:
        return f"failed with {our_error}, and the store has changed"
    difference = expected_difference(case)
    if difference is not None:
        name, code = difference
        if code is not None and (our_error is None or code not in our_error.names):
            return f"{name}: {code} was expected of ours, not {our_error}"
        return None
    if (their_error is None) != (our_error is None):
        return f"zarr-python: {their_error!r}; ours: {our_error}"
    if our_error is not None:
        if not (kind_of(their_error) & our_error.names):
            return f"error {kind_of(their_error)}, ours {our_error.names}"
        return None
    if theirs is not None and theirs != ours:
        return f"reported {sorted(theirs - ours)} only by zarr-python, {sorted(ours - theirs)} only by ours"
    if snapshot(a) != after:
        return f"stores differ: {diff(snapshot(a), after)}"
    return None


def diff(x, y):
    return {k: (x.get(k), y.get(k)) for k in set(x) | set(y) if x.get(k) != y.get(k)}


def main():
    library = Library(sys.argv[1])
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 2665
    rng = random.Random(seed)
    on_purpose, outcomes, failures = collections.Counter(), collections.Counter(), 0
    for i in range(cases):
        case = make_case(rng)
        with tempfile.TemporaryDirectory() as root:
            problem = compare(case, library, root)
        difference = expected_difference(case)
        if difference is not None:
            on_purpose[difference[0]] += 1
            print(f"case {i}: differs on purpose, {difference[0]}: {case.how} of {sorted(case.nodes)}")
        outcomes[case.how] += 1
        if problem:
            failures += 1
            print(f"case {i} FAILED: {problem}\n  {case}")
    print(f"{cases} cases ({dict(outcomes)}), {sum(on_purpose.values())} differ on purpose {dict(on_purpose)}, "
          f"{failures} failed; zarr-python {zarr.__version__}, seed {seed}")
    sys.exit(1 if failures else 0)


main()
