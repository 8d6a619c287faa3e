"""h5py from PyPI (whose wheel brings an HDF5 of its own) through the connector: the everyday calls, in files that are Zarr stores."""
import os
import shutil
import tempfile
import unittest

import h5py
import numpy as np


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def path(self, name="f.zarr"):
        return os.path.join(self.dir, name)


class Everyday(Case):
    def test_file_is_a_zarr_store(self):
        with h5py.File(self.path(), "w") as f:
            f.create_group("g")
        self.assertTrue(os.path.isfile(self.path("f.zarr/zarr.json")))
        self.assertTrue(os.path.isfile(self.path("f.zarr/g/zarr.json")))

    def test_groups_and_listing(self):
        with h5py.File(self.path(), "w") as f:
            g = f.create_group("b/c")
            f.create_group("a")
            self.assertEqual(g.name, "/b/c")
            self.assertEqual(list(f), ["a", "b"])
            self.assertIn("b/c", f)
            self.assertNotIn("b/d", f)
            self.assertEqual(f.require_group("a"), f["a"])
            self.assertEqual(f.require_group("new").name, "/new")
            with self.assertRaises(ValueError):
                f.create_group("a")
            with self.assertRaises(KeyError):
                f["nothing"]
            names = []
            f.visititems(lambda name, obj: names.append((name, type(obj).__name__)))
            self.assertEqual([n for n, _ in names], ["a", "b", "b/c", "new"])
            self.assertEqual(len(f), 3)
            del f["new"]
            self.assertEqual(set(f.keys()), {"a", "b"})

    def test_nested_create_and_slicing(self):
        data = np.arange(60, dtype="i4").reshape(6, 10)
        with h5py.File(self.path(), "w") as f:
            d = f.create_dataset("x/y/z", data=data, chunks=(4, 4), compression="gzip", shuffle=True)
            d[1:3, 2:5] = -1
            d[5] = np.ones(10)
            self.assertEqual(d.chunks, (4, 4))
            self.assertEqual(d.compression, "gzip")
            self.assertTrue(d.shuffle)
        data[1:3, 2:5] = -1
        data[5] = 1
        with h5py.File(self.path(), "r") as f:
            d = f["x/y/z"]
            np.testing.assert_array_equal(d[...], data)
            np.testing.assert_array_equal(d[::2, 1::3], data[::2, 1::3])
            np.testing.assert_array_equal(d[[0, 2, 5], :], data[[0, 2, 5], :])
            np.testing.assert_array_equal(d[d[...] > 20], data[data > 20])
            self.assertEqual(d[3, 4], data[3, 4])
            self.assertEqual(d.dtype, data.dtype)

    def test_types(self):
        values = {
            "bool": np.array([True, False, True]),
            "f2": np.array([0.5, -2, np.inf], "f2"),
            "f4be": np.array([0.1, np.nan], ">f4"),
            "f8": np.array(2.5),
            "u8": np.array([2**64 - 1, 0], "u8"),
            "i1": np.array([[-128, 127]], "i1"),
            "c8": np.array([1 + 2j, -1j], "c8"),
            "c16": np.array(1 - 1j),
            "S5": np.array([b"ab", b"cde", b""], "S5"),
            "empty": np.zeros((0, 3)),
        }
        with h5py.File(self.path(), "w") as f:
            for name, value in values.items():
                f.create_dataset(name, data=value)
                f.attrs[name] = value
            f["str"] = "héllo"
            f["strs"] = ["a", "", "ccc"]
        with h5py.File(self.path(), "r") as f:
            for name, value in values.items():
                got = f[name][()]
                np.testing.assert_array_equal(got, value, err_msg=name)
                self.assertEqual(f[name].dtype, value.dtype, name)
                np.testing.assert_array_equal(f.attrs[name], value, err_msg=name)
            self.assertEqual(f["str"].asstr()[()], "héllo")
            self.assertEqual(list(f["strs"].asstr()[...]), ["a", "", "ccc"])

    def test_attributes(self):
        with h5py.File(self.path(), "w") as f:
            a = f.create_dataset("d", (3,), "f4").attrs
            a["text"] = "µm"
            a["number"] = 3
            a["float"] = np.float32(0.1)
            a["list"] = [1.5, 2.5]
            a["one"] = np.array([7])
            a["matrix"] = np.arange(6).reshape(2, 3)
            a["words"] = ["x", "yy"]
            a["flag"] = True
            a["number"] = 4  # replaced: h5py writes a temporary one and renames it
            a.modify("number", 5)
            a.create("typed", 9, dtype="u2")
            del a["flag"]
        with h5py.File(self.path(), "r") as f:
            a = f["d"].attrs
            self.assertEqual(a["text"], "µm")
            self.assertEqual(a["number"], 5)
            self.assertEqual(a["float"], np.float32(0.1))
            self.assertEqual(a["float"].dtype, np.float32)
            np.testing.assert_array_equal(a["list"], [1.5, 2.5])
            self.assertEqual(a["one"].shape, (1,))
            np.testing.assert_array_equal(a["matrix"], np.arange(6).reshape(2, 3))
            self.assertEqual(list(a["words"]), ["x", "yy"])
            self.assertEqual(a["typed"].dtype, np.uint16)
            self.assertNotIn("flag", a)
            self.assertNotIn("_HDF5", a)
            self.assertEqual(len(a), 8)

    def test_modes(self):
        with self.assertRaises(FileNotFoundError):
            h5py.File(self.path("no.zarr"), "r")
        with h5py.File(self.path(), "a") as f:
            f["one"] = 1
        with h5py.File(self.path(), "a") as f:
            f["two"] = 2
        with h5py.File(self.path(), "r+") as f:
            self.assertEqual(sorted(f), ["one", "two"])
            f["one"][()] = 10
        with h5py.File(self.path(), "r") as f:
            self.assertEqual(f["one"][()], 10)
            with self.assertRaises((OSError, ValueError, RuntimeError, KeyError)):
                f["three"] = 3
        with self.assertRaises(FileExistsError):
            h5py.File(self.path(), "x")
        with h5py.File(self.path(), "w") as f:
            self.assertEqual(len(f), 0)

    def test_resize_and_fill(self):
        with h5py.File(self.path(), "w") as f:
            d = f.create_dataset("d", (2, 3), "i2", maxshape=(None, 3), chunks=(2, 2), fillvalue=7)
            d[0] = [1, 2, 3]
            d.resize((5, 3))
            d[4] = [4, 5, 6]
            d.resize((1, 3))
            d.resize((4, 3))
        with h5py.File(self.path(), "r") as f:
            d = f["d"]
            self.assertEqual(d.maxshape, (None, 3))
            self.assertEqual(d.fillvalue, 7)
            np.testing.assert_array_equal(d[...], [[1, 2, 3], [7, 7, 7], [7, 7, 7], [7, 7, 7]])

    def test_close_closes(self):
        f = h5py.File(self.path(), "w")
        g = f.create_group("g")
        d = g.create_dataset("d", data=[1])
        f.close()
        self.assertFalse(g)
        self.assertFalse(d)
        self.assertFalse(f)
        with h5py.File(self.path(), "r") as f:
            self.assertEqual(f["g/d"][0], 1)

    def test_flush_publishes(self):
        with h5py.File(self.path(), "w") as f:
            f["d"] = np.arange(5)
            f.flush()
            self.assertTrue(os.path.isfile(self.path("f.zarr/d/zarr.json")))

    def test_many_files(self):
        files = [h5py.File(self.path(f"{i}.zarr"), "w") for i in range(20)]
        for i, f in enumerate(files):
            f["i"] = i
            self.assertEqual(list(f), ["i"])  # by HDF5's 1.10 API, in each of several open files
        for f in files:
            f.close()
        for i in range(20):
            with h5py.File(self.path(f"{i}.zarr"), "r") as f:
                self.assertEqual(f["i"][()], i)

    def test_existing_hdf5_file(self):
        source = os.environ.get("VOL_ZARR_HDF5_BIN", "") + "/../share/hdf5-testfiles"
        found = [os.path.join(r, n) for r, _, names in os.walk(source) for n in names if n == "tattr.h5"]
        if not found:
            self.skipTest("no HDF5 file at hand")
        with h5py.File(found[0], "r") as f:
            self.assertGreater(len(list(f)) + len(f.attrs), 0)


if __name__ == "__main__":
    unittest.main()
