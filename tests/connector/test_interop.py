"""The same content written by h5py through the connector, both formats, and read by zarr-python alone."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings

import numpy as np
import zarr

warnings.simplefilter("ignore")

WRITER = r"""
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], "w") as f:
    rng = np.random.default_rng(3)
    for dtype in ("i1", "u1", "<i2", ">i2", "<u4", ">u8", "f2", "<f4", ">f8", "c8", "c16", "?"):
        data = (rng.random((9, 11)) * 100).astype(dtype)
        name = dtype.strip("<>?") or "bool"
        name = ("be" if dtype[0] == ">" else "") + name
        f.create_dataset("plain/" + name, data=data)
        f.create_dataset("chunked/" + name, data=data, chunks=(4, 5))
        f.create_dataset("gzip/" + name, data=data, chunks=(4, 5), compression="gzip", compression_opts=4)
        f.create_dataset("shuffled/" + name, data=data, chunks=(4, 5), compression="gzip", shuffle=True)
        np.save(sys.argv[2] + "/" + name + ".npy", data)
    d = f.create_dataset("filled", (6,), "f8", chunks=(2,), fillvalue=np.nan)
    d[0] = 1
    f.create_dataset("untouched", (6,), "i4", chunks=(2,))
    f.create_dataset("fixed", data=np.array([b"one", b"", b"three"]))
    f["variable"] = ["eins", "", "drei"]
    f["variable"].attrs["list"] = ["p", "q"]
    f.attrs["i"] = 7
    f.attrs["f"] = 0.1
    f.attrs["nan"] = float("nan")
    f.attrs["one"] = np.array([5])
    f.attrs["grid"] = np.arange(4.0).reshape(2, 2)
    f.attrs["text"] = "grün"
    f.attrs["fixed"] = np.bytes_(b"abc")
    f.attrs["yes"] = True
"""


class Interop(unittest.TestCase):
    def write(self, fmt):
        d = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, d)
        out = os.path.join(d, "out.zarr")
        env = dict(os.environ, HDF5_VOL_CONNECTOR=f"zarr format={fmt}")
        subprocess.run([sys.executable, "-c", WRITER, out, d], check=True, env=env)
        return out, d

    def check(self, fmt):
        out, d = self.write(fmt)
        root = zarr.open_group(out, mode="r", zarr_format=fmt)
        for kind in ("plain", "chunked", "gzip", "shuffled"):
            for name, a in root[kind].arrays():
                expected = np.load(os.path.join(d, name + ".npy"))
                np.testing.assert_array_equal(a[...], expected, err_msg=f"{kind}/{name}")
                self.assertEqual(a.shape, expected.shape)
                if kind != "plain":
                    self.assertEqual(a.chunks, (4, 5))
        np.testing.assert_array_equal(root["filled"][...], [1] + [np.nan] * 5)
        np.testing.assert_array_equal(root["untouched"][...], np.zeros(6))
        decode = lambda v: v.decode() if isinstance(v, bytes) else v
        self.assertEqual([decode(v) for v in root["fixed"][...]], ["one", "", "three"])
        self.assertEqual(list(root["variable"][...]), ["eins", "", "drei"])
        self.assertEqual(root["variable"].attrs["list"], ["p", "q"])
        a = {k: v for k, v in root.attrs.items() if k != "_HDF5"}
        self.assertEqual(a, {"i": 7, "f": 0.1, "nan": "NaN", "one": 5, "grid": [[0.0, 1.0], [2.0, 3.0]], "text": "grün",
                             "fixed": "abc", "yes": True})
        return root

    def test_v3(self):
        root = self.check(3)
        self.assertEqual(root["gzip/f4"].metadata.codecs[-1].to_dict()["name"], "gzip")
        self.assertEqual(root["gzip/f4"].metadata.dimension_names, ("phony_dim_9", "phony_dim_11"))

    def test_a_name_that_is_lost_is_noticed(self):
        """h5repack passes over the second name of an object; examples/repack.sh does not."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/repack.sh")
        d = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, d)
        path = os.path.join(d, "in.h5")
        for second in (False, True):
            code = "import sys, h5py; f = h5py.File(sys.argv[1], 'w'); f['a'] = [1, 2]; " + ("f['g/b'] = f['a']" if second else "f.create_group('g')")
            env = {k: v for k, v in os.environ.items() if k != "HDF5_VOL_CONNECTOR"}
            subprocess.run([sys.executable, "-c", code, path], check=True, env=env)
            run = subprocess.run([script, os.path.join(d, "out"), path], capture_output=True, text=True)
            self.assertEqual(run.returncode, 1 if second else 0, run.stdout + run.stderr)
            self.assertEqual("has other names than" in run.stderr and "/g/b" in run.stderr, second, run.stderr)

    def test_v2(self):
        self.check(2)


if __name__ == "__main__":
    unittest.main()
