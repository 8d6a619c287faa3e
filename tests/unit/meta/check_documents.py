"""Opens every document of documents.tsv with zarr-python, writes and reads a chunk.

    python check_documents.py [documents.tsv]        (zarr >= 3.1)

A quick look from the other side; not part of the unit tests, which need no Python.
"""
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import zarr

warnings.simplefilter("ignore")
table = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("documents.tsv"))
failures = 0
for line in table.read_text().splitlines():
    if not line or line.startswith("#"):
        continue
    version, text = line.split("\t")
    with tempfile.TemporaryDirectory() as root:
        pathlib.Path(root, "zarr.json" if version == "3" else ".zarray").write_text(text)
        try:
            z = zarr.open_array(root, mode="r+")
            fill = z[...]
            if z.size and z.dtype.kind in "iufc":
                z[...] = np.ones(z.shape, z.dtype)
                assert (z[...] == 1).all()
            print("ok  ", z.dtype, z.shape, np.ravel(fill)[:1])
        except Exception as e:
            failures += 1
            print("FAIL", type(e).__name__, str(e)[:200], "\n     ", text)
sys.exit(failures > 0)
