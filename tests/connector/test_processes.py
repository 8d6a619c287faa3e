"""Files that change under a store's name, stores reached by two names, and processes that fork or are killed."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import zipfile

import h5py
import numpy as np


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)


class Identity(Case):
    def test_inodes_that_come_back(self):
        """Each flush of an archive is a new file; its old inode goes to whoever asks next."""
        for name in ("one.zip", "two.zip"):
            with h5py.File(self.path(name), "w") as f:
                f.attrs["who"] = name
        with h5py.File(self.path("one.zip"), "r+") as f:
            for i in range(20):
                f.attrs["i"] = i
                f.flush()
                shutil.copyfile(self.path("two.zip"), self.path(f"copy{i}.zip"))
                with h5py.File(self.path(f"copy{i}.zip"), "r") as g:
                    self.assertEqual(g.attrs["who"], "two.zip")

    def test_two_names_of_one_archive(self):
        with h5py.File(self.path("a.zip"), "w") as f:
            f.attrs["n"] = 0
        os.symlink(self.path("a.zip"), self.path("link.zip"))
        with h5py.File(self.path("a.zip"), "r+") as f:
            f.attrs["n"] = 1
            f.flush()
            with h5py.File(self.path("link.zip"), "r+") as g:
                g.attrs["through"] = 2
        with h5py.File(self.path("a.zip"), "r") as f:
            self.assertEqual(f.attrs["through"], 2)


class Fork(Case):
    def child(self, work):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = work() or 0
            finally:
                sys.stdout.flush()
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def check(self, name):
        with h5py.File(self.path(name), "w") as f:
            f["a"] = np.arange(1000)

            def work():
                try:
                    f["c"] = 1
                except (OSError, ValueError, RuntimeError, KeyError):
                    f.close()
                    return 0
                return 3

            self.assertEqual(self.child(work), 0)
            f["b"] = np.arange(10)
        with h5py.File(self.path(name), "r") as f:
            self.assertEqual(sorted(f), ["a", "b"])
            self.assertEqual(f["a"][...].sum(), 499500)

    def test_directory(self):
        self.check("f.zarr")

    def test_archive(self):
        self.check("f.zarr.zip")

    def test_child_that_exits(self):
        """A child that runs its exit handlers publishes nothing of its parent's."""
        script = (
            "import h5py, os, sys, numpy as np\n"
            "f = h5py.File(sys.argv[1], 'w'); f['a'] = np.arange(1000)\n"
            "pid = os.fork()\n"
            "if pid == 0: sys.exit(0)\n"
            "os.waitpid(pid, 0)\n"
            "assert not os.path.exists(sys.argv[1] + '/zarr.json') and not os.path.isfile(sys.argv[1])\n"
            "f.close()\n"
        )
        for name in ("x.zarr", "x.zarr.zip"):
            subprocess.run([sys.executable, "-c", script, self.path(name)], check=True)
            with h5py.File(self.path(name), "r") as f:
                self.assertEqual(f["a"][...].sum(), 499500)


class Killed(Case):
    SCRIPT = (
        "import h5py, os, signal, sys, numpy as np\n"
        "f = h5py.File(sys.argv[1], 'w')\n"
        "f['a'] = np.arange(100); f.flush()\n"
        "for i in range(30): f.create_dataset(f'run/d{i}', data=np.full(10, i))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    def check(self, name, options):
        env = dict(os.environ, HDF5_VOL_CONNECTOR=f"zarr {options}")
        run = subprocess.run([sys.executable, "-c", self.SCRIPT, self.path(name)], env=env)
        self.assertEqual(run.returncode, -signal.SIGKILL)
        with h5py.File(self.path(name), "r") as f:
            self.assertEqual(list(f), ["a"])  # what was flushed, and nothing half
            self.assertEqual(f["a"][...].sum(), 4950)

    def test_directory(self):
        self.check("k.zarr", "")

    def test_directory_in_small_batches(self):
        self.check("k.zarr", "batch=10")

    def test_archive(self):
        self.check("k.zarr.zip", "batch=10")
        self.assertTrue(zipfile.is_zipfile(self.path("k.zarr.zip")))


class ForeignHierarchy(Case):
    def test_nodes_below_a_group_without_a_document(self):
        """zarr-python makes such stores; a group created there takes the nodes as its members."""
        import zarr

        for fmt in (2, 3):
            path = self.path(f"v{fmt}.zarr")
            zarr.open_group(path, mode="w", zarr_format=fmt)
            a = zarr.create_array(path + "/foo/bar", shape=(4,), dtype="i4", zarr_format=fmt)
            a[...] = [1, 2, 3, 4]
            for name in ("zarr.json", ".zgroup", ".zattrs"):
                if os.path.exists(f"{path}/foo/{name}"):
                    os.unlink(f"{path}/foo/{name}")
            with h5py.File(path, "a") as f:
                self.assertEqual(list(f.require_group("foo")), ["bar"])
            with h5py.File(path, "r") as f:
                self.assertEqual(list(f["foo/bar"][...]), [1, 2, 3, 4])


if __name__ == "__main__":
    unittest.main()
