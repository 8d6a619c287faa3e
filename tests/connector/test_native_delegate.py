"""HDF5 files through the connector by h5py: each scene runs in two processes, one with the connector for all files and one without any, which
have to print the same. What h5py writes this way has to be HDF5, and the plug-in has to have been there."""
import os
import subprocess
import sys
import tempfile
import unittest


class Scenes:
    """Each in an empty folder; what it returns is compared."""

    def objects(self):
        seen = []
        with h5py.File("a.h5", "w") as f:
            d = f.create_dataset("x/y/d", data=np.arange(12).reshape(3, 4), chunks=(2, 2), compression="gzip")
            d.attrs["unit"] = "K"
            d.attrs["range"] = [1.0, 2.0]
            f["type"] = np.dtype("i4")
            f.create_dataset("typed", (3,), dtype=f["type"])
            f["typed"].attrs.create("t", 5, dtype=f["type"])
            f.create_dataset("strings", data=["a", "bb"], dtype=h5py.string_dtype())
            f.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype("i4"))[0] = [1, 2, 3]
            f["hard"] = d
            f["soft"] = h5py.SoftLink("/x/y")
            f.visititems(lambda name, obj: seen.append((name, type(obj).__name__)))
        with h5py.File("a.h5", "r+") as f:
            seen += [list(f), f["soft/d"][1].tolist(), f["strings"][:].tolist(), f["ragged"][0].tolist()]
            seen += [f["typed"].id.get_type().committed(), f["typed"].attrs["t"], dict(f["x/y/d"].attrs)["unit"]]
            seen += [f["hard"] == f["x/y/d"], f["x"].file == f, f["x/y/d"].parent.name, f.id.get_filesize()]
            f.copy("x", "copy")
            f.move("copy", "moved")
            del f["moved/y"]
            seen += [sorted(f["moved"]), f["x/y/d"].id.get_num_chunks(), f["x/y/d"].id.get_offset()]
        return seen

    def references(self):
        with h5py.File("r.h5", "w") as f:
            d = f.create_dataset("d", data=np.arange(12).reshape(3, 4))
            f["object"] = d.ref
            f.create_dataset("regions", data=np.array([d.regionref[0:2, 1:3]], dtype=h5py.regionref_dtype))
            f["scale"] = np.arange(3)
            f["scale"].make_scale("time")
            d.dims[0].attach_scale(f["scale"])
        with h5py.File("r.h5") as f:
            return [f[f["object"][()]].name, f["d"][f["regions"][0]].tolist(), f["d"].dims[0][0].name]

    def drivers(self):
        seen = []
        for options in ({"driver": "core", "backing_store": False}, {"driver": "core"}, {"driver": "stdio"}, {"driver": "split"},
                        {"driver": "family", "memb_size": 1 << 20}):
            name = "d-%s%s" % (options["driver"], "-%d.h5" if options["driver"] == "family" else ".h5")
            with h5py.File(name, "w", **options) as f:
                f["a"] = np.arange(3)
                f.flush()
                seen.append((name, f["a"][:].tolist()))
        image = io.BytesIO()
        with h5py.File(image, "w") as f:
            f["a"] = np.arange(3)
        with h5py.File(image) as f:
            seen += [image.getvalue()[:8], f["a"][:].tolist(), f.driver]
        return seen

    def other_files(self):
        with h5py.File("b.h5", "w") as f:
            f["q"] = np.arange(4.0)
        with h5py.File("a.h5", "w") as f:
            f["external"] = h5py.ExternalLink("b.h5", "/q")
            layout = h5py.VirtualLayout((2, 4), "f8")
            layout[0] = layout[1] = h5py.VirtualSource("b.h5", "q", (4,))
            f.create_virtual_dataset("virtual", layout)
            with h5py.File("b.h5", "r") as other:
                other.copy("q", f, "copied")
        with h5py.File("a.h5") as f:
            external = f["external"]
            return [external[:].tolist(), os.path.basename(external.file.filename), f["virtual"][:].tolist(), f["copied"][:].tolist()]

    def errors(self):
        seen = []
        with h5py.File("here.h5", "w") as f:
            f.create_group("g")
        with open("text.h5", "w") as text:
            text.write("not HDF5")
        for name, mode in (("missing.h5", "r"), ("missing.h5", "r+"), ("here.h5", "x"), ("text.h5", "r")):
            try:
                h5py.File(name, mode)
            except Exception as e:
                seen.append((type(e).__name__, str(e)))
        with h5py.File("here.h5", "r") as f:
            for call in (lambda: f["nothing"], lambda: f.create_group("x"), lambda: f["g"].attrs["nothing"]):
                try:
                    call()
                except Exception as e:
                    seen.append((type(e).__name__, str(e)))
        with h5py.File("new.h5", "a") as f:
            f["k"] = 1
        return seen + [h5py.is_hdf5("new.h5"), h5py.is_hdf5("text.h5")]

    def objects_outlive_the_file(self):
        f = h5py.File("a.h5", "w")
        d = f.create_dataset("d", data=np.arange(3))
        inner = d.file
        name = inner.filename
        f.id.close()
        kept = d[:].tolist()
        return [name, kept, d.file.filename]

    def swmr(self):
        with h5py.File("s.h5", "w", libver="latest") as f:
            d = f.create_dataset("d", (0,), maxshape=(None,), chunks=(4,), dtype="f4")
            f.swmr_mode = True
            with h5py.File("s.h5", "r", libver="latest", swmr=True) as reader:
                seen = reader["d"]
                d.resize((4,))
                d[:] = 7
                d.flush()
                seen.refresh()
                return seen[:].tolist()


SCENES = [name for name in vars(Scenes) if not name.startswith("_")]


class NativeDelegate(unittest.TestCase):
    def run_scene(self, name, connector):
        environment = dict(os.environ)
        if connector:
            environment["HDF5_VOL_CONNECTOR"] = connector
        else:
            del environment["HDF5_VOL_CONNECTOR"], environment["HDF5_PLUGIN_PATH"]
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, os.path.abspath(__file__), "--scene", name], cwd=folder, env=environment,
                                  capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            written = {}
            for file in sorted(os.listdir(folder)):
                with open(os.path.join(folder, file), "rb") as f:
                    written[file] = f.read(8)
        return done.stdout, done.stderr, written

    def test_scenes(self):
        for name in SCENES:
            with self.subTest(name):
                delegated, plain = self.run_scene(name, "zarr native=*.h5"), self.run_scene(name, None)
                self.assertEqual(delegated, plain)

    def test_existing_files_need_no_option(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "no-suffix")
            make = "import h5py, sys; h5py.File(sys.argv[1], 'w')['a'] = 5"
            read = ("import h5py, sys; print(h5py.File(sys.argv[1], 'r+')['a'][()], "
                    "'vol_zarr' in open('/proc/self/maps').read())")
            environment = dict(os.environ, HDF5_VOL_CONNECTOR="zarr")
            plain = {k: v for k, v in os.environ.items() if k not in ("HDF5_VOL_CONNECTOR", "HDF5_PLUGIN_PATH")}
            subprocess.run([sys.executable, "-c", make, path], env=plain, check=True)
            printed = subprocess.run([sys.executable, "-c", read, path], env=environment, check=True, capture_output=True, text=True)
            self.assertEqual(printed.stdout.split(), ["5", "True"])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--scene"]:
        import io

        import h5py
        import numpy as np

        for value in getattr(Scenes(), sys.argv[2])():
            print(value)
    else:
        unittest.main()
