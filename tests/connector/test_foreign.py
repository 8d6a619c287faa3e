"""Stores written by zarr-python, both formats, read through HDF5: h5py and HDF5's tools."""
import os
import shutil
import subprocess
import tempfile
import unittest
import warnings

import h5py
import numcodecs
import numpy as np
import zarr

warnings.simplefilter("ignore")
TOOLS = os.environ["VOL_ZARR_HDF5_BIN"]


def arrays(rng):
    yield "b1", rng.random((5, 7)) > 0.5
    for kind in ("i", "u"):
        for size in (1, 2, 4, 8):
            yield f"{kind}{size}", rng.integers(0, 100, (5, 7)).astype(f"{kind}{size}")
    for dtype in ("f2", "f4", "f8", ">f8", ">i4", "c8", "c16"):
        yield dtype.replace(">", "be"), rng.random((5, 7)).astype(dtype)
    yield "scalar", np.array(4.5)
    yield "big", np.arange(10000, dtype="i8").reshape(100, 100)


class Foreign(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def make(self, fmt, **options):
        path = os.path.join(self.dir, f"v{fmt}.zarr")
        root = zarr.create_group(path, zarr_format=fmt, attributes={"title": "foreign", "n": 3, "pi": 3.5, "list": [1, 2], "deep": {"a": [1]}})
        data = dict(arrays(np.random.default_rng(1)))
        group = root.create_group("sub", attributes={"flag": True})
        for name, value in data.items():
            chunks = tuple(max(1, n // 2) for n in value.shape)
            a = group.create_array(name, shape=value.shape, dtype=value.dtype, chunks=chunks, **options)
            a[...] = value
            a.attrs["units"] = "m"
        words = np.array(["alpha", "", "γάμμα"], dtype=object)
        a = group.create_array("words", shape=(3,), dtype=str, chunks=(2,))
        a[...] = words
        missing = group.create_array("missing", shape=(4,), dtype="f4", chunks=(2,), fill_value=np.float32("nan"))
        missing[:2] = 1
        return path, data

    def check(self, path, data):
        with h5py.File(path, "r") as f:
            self.assertEqual(f.attrs["title"], "foreign")
            self.assertEqual(f.attrs["n"], 3)
            self.assertEqual(f.attrs["pi"], 3.5)
            self.assertEqual(list(f.attrs["list"]), [1, 2])
            self.assertIn('"a"', f.attrs["deep"])
            self.assertTrue(f["sub"].attrs["flag"])
            self.assertEqual(set(f["sub"]), set(data) | {"words", "missing"})
            for name, value in data.items():
                got = f["sub"][name]
                self.assertEqual(got.shape, value.shape, name)
                np.testing.assert_array_equal(got[()], value, err_msg=name)
                if not (name.startswith("be") and os.path.exists(os.path.join(path, "zarr.json"))):
                    self.assertEqual(got.dtype, value.dtype, name)  # zarr-python writes v3 little-endian
                self.assertEqual(got.attrs["units"], "m")
            self.assertEqual(list(f["sub/words"].asstr()[...]), ["alpha", "", "γάμμα"])
            np.testing.assert_array_equal(f["sub/missing"][...], np.array([1, 1, np.nan, np.nan], "f4"))
        for tool in (["h5ls", "-r"], ["h5dump"], ["h5dump", "-p", "-H"]):
            run = subprocess.run([os.path.join(TOOLS, tool[0]), *tool[1:], path], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, f"{tool}: {run.stdout[-500:]} {run.stderr[-2000:]}")
            self.assertIn("words", run.stdout)

    def test_v3(self):
        self.check(*self.make(3))

    def test_v2(self):
        self.check(*self.make(2))

    def test_v3_gzip(self):
        self.check(*self.make(3, compressors=zarr.codecs.GzipCodec(level=3)))

    def test_v3_blosc(self):
        self.check(*self.make(3, compressors=zarr.codecs.BloscCodec(cname="lz4", shuffle="shuffle")))

    def test_tools_do_not_pass_over_filters_that_hdf5_lacks(self):
        for fmt in (2, 3):  # zarr-python's default is zstd, or blosc
            a, _ = self.make(fmt)
            b = os.path.join(self.dir, f"other{fmt}.zarr")
            shutil.copytree(a, b)
            zarr.open_group(b, mode="r+")["sub/i4"][0, 0] = 101
            back = os.path.join(self.dir, f"back{fmt}.h5")
            run = subprocess.run([os.path.join(TOOLS, "h5repack"), "--src-vol-name=zarr", "--dst-vol-name=native", a, back],
                                 capture_output=True, text=True)
            self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)
            with h5py.File(a, "r") as f, h5py.File(back, "r") as g:
                self.assertEqual(set(f["sub"]), set(g["sub"]))
                np.testing.assert_array_equal(f["sub/i4"][...], g["sub/i4"][...])
            run = subprocess.run([os.path.join(TOOLS, "h5diff"), a, b], capture_output=True, text=True)
            self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
            self.assertIn("sub/i4", run.stdout)
            again = os.path.join(self.dir, f"again{fmt}.zarr")
            run = subprocess.run([os.path.join(TOOLS, "h5repack"), "-f", "GZIP=4", "--src-vol-name=zarr", "--dst-vol-name=zarr", a, again],
                                 capture_output=True, text=True)
            self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)
            copy = zarr.open_group(again, mode="r")["sub"]
            np.testing.assert_array_equal(copy["i4"][...], zarr.open_group(a, mode="r")["sub/i4"][...])
            self.assertEqual([type(c).__name__ for c in copy["i4"].compressors], ["GzipCodec"])

    def test_v3_checksum(self):
        path, data = self.make(3, compressors=[zarr.codecs.ZstdCodec(), zarr.codecs.Crc32cCodec()])
        words = zarr.open_group(path, mode="r+")["sub"].create_array(
            "sums", shape=(3,), dtype=str, chunks=(2,), compressors=[zarr.codecs.Crc32cCodec()])
        words[...] = np.array(["a", "", "ccc"], dtype=object)
        data["sums"] = np.array([b"a", b"", b"ccc"], dtype=object)
        with h5py.File(path, "r") as f:
            self.assertFalse(f["sub/sums"].fletcher32)  # HDF5 refuses it for such strings
            self.assertTrue(f["sub/i4"].fletcher32)
            self.assertEqual(list(f["sub/sums"]), [b"a", b"", b"ccc"])
        back = os.path.join(self.dir, "back.h5")
        run = subprocess.run([os.path.join(TOOLS, "h5repack"), "--src-vol-name=zarr", "--dst-vol-name=native", path, back],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        with h5py.File(back, "r") as f:
            self.assertEqual(list(f["sub/sums"]), [b"a", b"", b"ccc"])

    def test_v2_order_f(self):
        path = os.path.join(self.dir, "f.zarr")
        a = zarr.create_array(os.path.join(path, "a"), shape=(6, 7), dtype="i4", chunks=(4, 3), zarr_format=2, order="F")
        zarr.create_group(path, zarr_format=2)
        a = zarr.open_array(os.path.join(path, "a"), mode="r+")
        a[...] = np.arange(42).reshape(6, 7)
        with h5py.File(path, "r") as f:
            np.testing.assert_array_equal(f["a"][...], np.arange(42).reshape(6, 7))

    def test_arrays_that_cannot_be_decoded(self):
        """They are datasets all the same, and do not keep the others from anybody."""
        data = np.arange(12, dtype="i4").reshape(3, 4)
        kinds = {
            2: {"bz2": {"compressors": numcodecs.BZ2()}, "lz4": {"compressors": numcodecs.LZ4()},
                "delta": {"filters": [numcodecs.Delta(dtype="<i4")], "compressors": None}},
            3: {"sharding_indexed": {"shards": (2, 4)}},
        }
        for fmt, arrays in kinds.items():
            path, copy = (os.path.join(self.dir, f"{name}{fmt}.zarr") for name in ("odd", "copy"))
            root = zarr.create_group(path, zarr_format=fmt)
            for name, options in {"zplain": {"compressors": None}, **arrays}.items():
                a = root.create_array(name, shape=(3, 4), dtype="i4", chunks=(1, 2), **options)
                a[...] = data
                a.attrs["units"] = "m"
            shutil.copytree(path, copy)
            with h5py.File(path, "r+") as f:
                np.testing.assert_array_equal(f["zplain"][...], data)
                for name in arrays:
                    d = f[name]
                    self.assertEqual((d.shape, d.dtype, d.attrs["units"]), ((3, 4), np.dtype("i4"), "m"))
                    for access in (lambda: d[...], lambda: d.__setitem__((0, 0), 5)):
                        with self.assertRaisesRegex(OSError, f"odd{fmt}.zarr: /{name}: .*'{name}' is not supported"):
                            access()
                    d.attrs["added"] = 5
            root = zarr.open_group(path, mode="r")
            for name in arrays:  # its codec was not lost when its document was written again
                np.testing.assert_array_equal(root[name][...], data)
                self.assertEqual(root[name].attrs["added"], 5)
            run = subprocess.run([os.path.join(TOOLS, "h5ls"), "-r", path], capture_output=True, text=True)
            self.assertNotIn("ERROR", run.stdout)
            run = subprocess.run([os.path.join(TOOLS, "h5dump"), path], capture_output=True, text=True)
            self.assertIn("(2,0): 8, 9, 10, 11", run.stdout)  # of zplain, the last one
            self.assertEqual(run.returncode, 1)
            run = subprocess.run([os.path.join(TOOLS, "h5diff"), path, copy], capture_output=True, text=True)
            self.assertNotEqual(run.returncode, 0)

    def test_arrays_of_unknown_types(self):
        path = os.path.join(self.dir, "types.zarr")
        root = zarr.create_group(path, zarr_format=2)
        root.create_array("pairs", shape=(3,), dtype=[("a", "i4"), ("b", "f8")], chunks=(3,))
        root.create_array("plain", shape=(3,), dtype="i4", chunks=(3,))
        run = subprocess.run([os.path.join(TOOLS, "h5ls"), path], capture_output=True, text=True)
        self.assertRegex(run.stdout, r"pairs +Dataset")
        self.assertRegex(run.stdout, r"plain +Dataset \{3\}")
        with h5py.File(path, "r") as f:
            self.assertEqual(h5py.h5o.get_info(f.id, b"pairs").type, h5py.h5o.TYPE_DATASET)
            with self.assertRaisesRegex(KeyError, "types.zarr: /pairs: a structured data type is not supported"):
                f["pairs"]

    def test_stores_that_are_one_array(self):
        data = np.arange(24, dtype="i4").reshape(4, 6)
        for fmt in (2, 3):
            path = os.path.join(self.dir, f"one{fmt}.zarr")
            a = zarr.create_array(path, shape=(4, 6), chunks=(2, 3), dtype="i4", zarr_format=fmt, attributes={"units": "m"})
            a[...] = data
            with h5py.File(path, "r+") as f:
                self.assertEqual(list(f), ["data"])
                np.testing.assert_array_equal(f["data"][...], data)
                self.assertEqual(dict(f["data"].attrs), {"units": "m"})
                f["data"][1, 1] = 99
                f["data"].attrs["added"] = 5
                changes = (lambda: f.create_group("g"), lambda: f.create_dataset("d", data=1), lambda: f.pop("data"),
                           lambda: f.attrs.create("a", 1))
                for change in changes:
                    with self.assertRaisesRegex((ValueError, KeyError, OSError), "the store is one array"):
                        change()
            a = zarr.open(path, mode="r")
            self.assertIsInstance(a, zarr.Array)
            self.assertEqual((a[1, 1], dict(a.attrs)), (99, {"units": "m", "added": 5}))
            self.assertEqual(subprocess.run([os.path.join(TOOLS, "h5dump"), path], capture_output=True).returncode, 0)
        path = os.path.join(self.dir, "one.zarr.zip")
        with zarr.storage.ZipStore(path, mode="w") as store:
            zarr.create_array(store, data=data)
        with h5py.File(path, "r") as f:
            np.testing.assert_array_equal(f["data"][...], data)

    def test_appending_keeps_what_was_there(self):
        path, data = self.make(3)
        with h5py.File(path, "r+") as f:
            f["sub"].attrs["added"] = 5
            f["sub/i4"][0, 0] = 99
            f["new"] = [1, 2, 3]
        root = zarr.open_group(path, mode="r")
        self.assertEqual(dict(root.attrs)["deep"], {"a": [1]})
        self.assertEqual(root["sub"].attrs["added"], 5)
        self.assertIs(root["sub"].attrs["flag"], True)
        data["i4"][0, 0] = 99
        np.testing.assert_array_equal(root["sub/i4"][...], data["i4"])
        np.testing.assert_array_equal(root["new"][...], [1, 2, 3])


if __name__ == "__main__":
    unittest.main()
