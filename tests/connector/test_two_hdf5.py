"""Two HDF5 libraries in one process, the wheel's and the one the plug-in was built for, both writing through the one plug-in file."""
import ctypes
import os
import shutil
import tempfile
import unittest

import h5py
import numpy as np


class TwoLibraries(unittest.TestCase):
    def test_side_by_side(self):
        d = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, d)
        other = ctypes.CDLL(os.environ["VOL_ZARR_HDF5_LIBRARY"])
        hid = ctypes.c_int64
        other.H5Fcreate.restype = other.H5Gcreate2.restype = hid
        other.H5Fcreate.argtypes = [ctypes.c_char_p, ctypes.c_uint, hid, hid]
        other.H5Gcreate2.argtypes = [hid, ctypes.c_char_p, hid, hid, hid]
        other.H5Gclose.argtypes = other.H5Fclose.argtypes = [hid]
        versions = [ctypes.c_uint() for _ in range(3)]
        other.H5get_libversion(*[ctypes.byref(v) for v in versions])
        print("wheel", h5py.version.hdf5_version, "beside", ".".join(str(v.value) for v in versions))
        with h5py.File(os.path.join(d, "wheel.zarr"), "w") as f:
            f["before"] = np.arange(3)
            self.assertGreaterEqual(other.H5open(), 0)
            file = other.H5Fcreate(os.path.join(d, "other.zarr").encode(), 2, 0, 0)
            self.assertGreater(file, 0)
            group = other.H5Gcreate2(file, b"g", 0, 0, 0)
            self.assertGreater(group, 0)
            f["between"] = 1
            self.assertEqual(other.H5Gclose(group), 0)
            self.assertEqual(other.H5Fclose(file), 0)
            f["after"] = 2
        with h5py.File(os.path.join(d, "other.zarr"), "r") as f:
            self.assertEqual(list(f), ["g"])
        with h5py.File(os.path.join(d, "wheel.zarr"), "r") as f:
            self.assertEqual(sorted(f), ["after", "before", "between"])


if __name__ == "__main__":
    unittest.main()
