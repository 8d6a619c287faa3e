"""Zip stores made by HDF5 programs: Python's zipfile and zarr-python read them, no name stands twice, nothing is published before the close."""
import os
import shutil
import subprocess
import tempfile
import unittest
import zipfile

import h5py
import numpy as np
import zarr


class Zip(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.path = os.path.join(self.dir, "out.zarr.zip")

    def fill(self):
        with h5py.File(self.path, "w") as f:
            d = f.create_dataset("g/d", (100, 10), "f4", chunks=(10, 10), compression="gzip")
            for i in range(100):
                d[i] = i  # chunks are written to many times over
            f["g"].attrs["n"] = 1
            f.flush()
            f["g"].attrs["n"] = 2
            f["late"] = np.arange(5)

    def check(self):
        with zipfile.ZipFile(self.path) as z:
            self.assertIsNone(z.testzip())
            names = z.namelist()
            self.assertEqual(len(names), len(set(names)))
            self.assertEqual(names[0], "zarr.json")
            self.assertTrue(all(i.compress_type == zipfile.ZIP_STORED for i in z.infolist()))
        self.assertEqual(subprocess.run(["unzip", "-tq", self.path], capture_output=True).returncode, 0)
        root = zarr.open_group(zarr.storage.ZipStore(self.path, mode="r"), mode="r")
        self.assertEqual(root["g"].attrs["n"], 2)
        np.testing.assert_array_equal(root["g/d"][...], np.repeat(np.arange(100, dtype="f4")[:, None], 10, 1))
        np.testing.assert_array_equal(root["late"][...], np.arange(5))

    def test_written_and_read(self):
        self.fill()
        self.check()
        with h5py.File(self.path, "r") as f:
            self.assertEqual(f["g/d"][42, 3], 42)
            self.assertEqual(sorted(f), ["g", "late"])

    def test_appended(self):
        self.fill()
        with h5py.File(self.path, "r+") as f:
            f["g/d"][0] = 0
            f["more"] = 1
        self.check()
        with h5py.File(self.path, "r") as f:
            self.assertEqual(f["more"][()], 1)

    def test_nothing_before_close(self):
        with h5py.File(self.path, "w") as f:
            f["d"] = np.arange(10)
            self.assertFalse(os.path.exists(self.path))
        self.assertTrue(zipfile.is_zipfile(self.path))
        self.assertEqual(os.listdir(self.dir), ["out.zarr.zip"])

    def test_foreign_archive(self):
        store = zarr.storage.ZipStore(self.path, mode="w")
        root = zarr.create_group(store, zarr_format=3)
        a = root.create_array("a", shape=(10,), dtype="i4", chunks=(5,))
        a[...] = np.arange(10)
        store.close()
        with h5py.File(self.path, "r") as f:
            np.testing.assert_array_equal(f["a"][...], np.arange(10))


if __name__ == "__main__":
    unittest.main()
