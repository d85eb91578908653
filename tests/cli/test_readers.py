"""What others read data sets with: h5py, netCDF4, h5netcdf, and xarray with its default engine and
with h5netcdf. Every group of a file of every shape opens, axes have their names, and all of them
see what h5py sees. Each runs in a process of its own: netCDF 4.9 ends it where it does not like a
file."""
import hashlib
import json
import subprocess
import sys

import h5py
import numpy as np

import program
from program import DATA, ProgramTest, run

AXES = {"samples": {"row"}, "salient": {"row", "offset", "entry"}, "orders/and": {"row", "order"},
        "interactions": {"row", "mask"}, "indices": {"row", "player"},
        "indices/SII": {"row", "mask"}, "fit": {"row"}, "reconstruction/curve": {"row", "point"}}
AXES_OF_FEATURES = {"samples": {"index"}, "layers": {"name"}}
NAMES = "né\n\nplayer number three\n四\n"


def digest(values):
    """A short text that is the same for equal numbers or names, in whatever type they come."""
    values = np.ma.getdata(values)
    if values.dtype.kind in "OSU":
        content = "\n".join(x.decode() if isinstance(x, bytes) else str(x)
                            for x in values.ravel()).encode()
    else:
        content = values.astype(values.dtype.newbyteorder("<")).tobytes()
    return f"{values.shape} {hashlib.sha256(content).hexdigest()[:16]}"


def without_values(item):
    """Dimensions that netCDF does not show as variables."""
    return h5py.h5ds.get_scale_name(item.id).startswith(b"This is a netCDF dimension")


def read_h5py(path):
    """{variable: digest}, {group: names of its axes}."""
    found, groups = {}, {}

    def visit(name, item):
        if isinstance(item, h5py.Group):
            groups[name] = []
        elif not (h5py.h5ds.is_scale(item.id) and without_values(item)):
            found[name] = digest(item[()])
    with h5py.File(path) as file:
        file.visititems(visit)
    return found, groups


def read_tree(group, name, found, groups):
    """The same of a group of netCDF4 or h5netcdf and of those below it."""
    groups[name] = sorted({axis for item in group.variables.values() for axis in item.dimensions})
    for key, item in group.variables.items():
        found[f"{name}/{key}".lstrip("/")] = digest(item[...])
    for key, below in group.groups.items():
        read_tree(below, f"{name}/{key}".lstrip("/"), found, groups)
    return found, groups


def read_netcdf4(path):
    """netCDF's own reader."""
    import netCDF4  # pylint: disable=import-outside-toplevel
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        return read_tree(file, "", {}, {})


def read_h5netcdf(path):
    """The reader of netCDF on top of h5py."""
    import h5netcdf  # pylint: disable=import-outside-toplevel
    with h5netcdf.File(path, "r", phony_dims="sort") as file:
        return read_tree(file, "", {}, {})


def read_xarray(path, **options):
    """All groups by xarray."""
    import xarray  # pylint: disable=import-outside-toplevel
    with h5py.File(path) as file:
        groups = [""]
        file.visititems(lambda name, item: groups.append(name)
                        if isinstance(item, h5py.Group) else None)
    found, axes = {}, {}
    for name in groups:
        with xarray.open_dataset(path, group=name or None, decode_cf=False, **options) as data:
            data.load()
            axes[name] = sorted(data.sizes)
            for key, item in data.variables.items():
                found[f"{name}/{key}".lstrip("/")] = digest(item.values)
    return found, axes


READERS = {"netCDF4": read_netcdf4, "h5netcdf": read_h5netcdf, "xarray": read_xarray,
           "xarray on h5netcdf": lambda path: read_xarray(path, engine="h5netcdf",
                                                          phony_dims="sort")}


class Readers(ProgramTest):
    """Files of every shape."""

    def files(self):
        """{name: path}"""
        words = self.write("words.txt", NAMES)
        cnn = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy",
               "--labels", DATA / "digits_labels.npy"]
        runs = {
            "everything": cnn + ["--select", "0,3", "--players", "grid:3x2", "--class-names",
                                 DATA / "digits_class_names.txt", "--types", "and,or",
                                 "--indices", "SV,BV,SII,k-SII:2,STII:2,FSII:2,FBII:2,BII,CHII,"
                                 "Moebius:2,Co-Moebius:2,Walsh:2", "--values", "--keep", "all"],
            "names, single": cnn + ["--select", "0", "--players", "grid:2x2", "--player-names",
                                    words, "--precision", "single", "--keep", "all"],
            "a split of networks": cnn + [
                "--model", DATA / "digits_mlp.onnx", "--select", "0:2", "--players", "grid:2x2",
                "--types", "and-or", "--share", "--values", "--keep", "all"],
            "an empty list": ["--table", self.save("zeros.npy", np.zeros((2, 16)))],
        }
        files = {name: self.interactions(*args)[0] for name, args in runs.items()}
        files["features"] = self.output()
        done = run("features", *cnn, "--select", "0:3", "--out", files["features"], "--quiet")
        self.assertEqual(done.code, 0, done)
        return files

    def test_readers(self):
        files = self.files()
        for reader in READERS:
            command = [sys.executable, "-B", __file__, "--read", reader, *map(str, files.values())]
            done = subprocess.run(command, capture_output=True, text=True, timeout=240,
                                  check=False)
            self.assertEqual(done.returncode, 0, f"{reader}: {done.stderr}")
            for name, (found, groups) in zip(files, json.loads(done.stdout)):
                with self.subTest(reader=reader, file=name):
                    expected, below = read_h5py(files[name])
                    self.assertEqual(found, expected)
                    self.assertEqual(set(groups), {"", *below})
                    expected_axes = AXES_OF_FEATURES if name == "features" else AXES
                    for group, axes in expected_axes.items():
                        self.assertLessEqual(set(groups.get(group, ())), axes, group)
                    if name != "features":
                        self.assertIn("entry", groups["salient"])

    def test_names_of_fixed_length(self):
        """Names as programs of before wrote them are shown as those of today."""
        words = self.write("words.txt", NAMES)
        path, _ = self.interactions("--table", self.save("zeros.npy", np.zeros((2, 16))),
                                    "--player-names", words)
        before = run("show", path, "--json")
        with h5py.File(path, "r+") as file:
            texts = file["players/name"][()]
            self.assertEqual(b"\n".join(texts).decode() + "\n", NAMES)
            width = max(len(text) for text in texts)
            del file["players/name"]
            file["players"].create_dataset("name", data=np.array(texts, f"S{width}"))
        after = run("show", path, "--json")
        self.assertEqual((before.code, after.code), (0, 0), after)
        self.assertEqual(json.loads(after.out)["players"], json.loads(before.out)["players"])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        print(json.dumps([READERS[sys.argv[2]](path) for path in sys.argv[3:]]))
    else:
        program.main()
