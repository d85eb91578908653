"""Damaged HDF5 files: makes some of every kind and has replay_hdf5 change and read them.

    hdf5.py REPLAY ROUNDS          HARSANYI_PROGRAM: the program, which makes data sets
    hdf5.py --make FOLDER          makes the files alone, as seeds of fuzz_hdf5
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np


def store(path, version):
    """Arrays stored in every way that libhdf5 has code for."""
    values = np.random.default_rng(1).normal(size=(24, 17))
    with h5py.File(path, "w", libver=version) as file:
        file["plain"] = values
        file.create_dataset("gzip", data=values, chunks=(5, 4), compression="gzip", shuffle=True)
        file.create_dataset("sums", data=values, chunks=(24, 3), fletcher32=True)
        file.create_dataset("growing", data=np.arange(40, dtype=">i2"), maxshape=(None,))
        file.create_dataset("two", data=values, chunks=(3, 3), maxshape=(None, None))
        file.create_dataset("none", (10, 10), "f4", chunks=(2, 2), fillvalue=3)
        file.create_dataset("small", data=np.arange(9), track_times=False)
        file["true"] = np.array([True, False])
        file["names"] = np.array(["one", "three", ""], h5py.string_dtype())
        file["pairs"] = np.zeros(3, [("a", "i4"), ("b", "f8", (2,))])
        lists = file.create_dataset("lists", (2,), h5py.vlen_dtype(np.int32))
        lists[0] = [1, 2, 3]
        file["group/inner/scalar"] = 3.5
        file["soft"] = h5py.SoftLink("/group/inner/scalar")
        file["hard"] = file["plain"]
        file["reference"] = file["plain"].ref
        file.attrs["text"] = "x" * 3000
        file["plain"].attrs["numbers"] = np.arange(20.0)
        for i in range(12):
            file["group"].attrs[f"a{i}"] = i
            file[f"group/many{i}"] = np.arange(i + 1)
        layout = h5py.VirtualLayout((24, 17), float)
        layout[:] = h5py.VirtualSource(".", "plain", (24, 17))
        file.create_virtual_dataset("virtual", layout)
    return path


def data_sets(program, folder):
    """Some of the program's own."""
    table = folder / "table.npy"
    np.save(table, np.random.default_rng(2).normal(size=(2, 16)))
    names = folder / "names.txt"
    names.write_text("one\ntwo\nthree\nfour\n", encoding="utf-8")
    runs = {"little.h5": [], "much.h5": ["--types", "and-or", "--values", "--keep", "all",
                                         "--indices", "SV,SII:2", "--player-names", names]}
    for name, options in runs.items():
        subprocess.run([program, "interactions", "--table", table, *options, "--out",
                        folder / name], check=True, stdout=subprocess.DEVNULL)
        yield folder / name
    data = pathlib.Path(__file__).parents[2] / "data"
    subprocess.run([program, "features", "--model", data / "wine_mlp.onnx", "--samples",
                    data / "wine_features.npy", "--select", "0:3", "--out", folder / "layers.h5"],
                   check=True, stdout=subprocess.DEVNULL)
    yield folder / "layers.h5"


def make(folder):
    """One of each kind."""
    return [store(folder / "old.h5", "earliest"), store(folder / "new.h5", ("v108", "v110")),
            *data_sets(os.environ["HARSANYI_PROGRAM"], folder)]


def main():
    """Make the files and read them."""
    replay, rounds = sys.argv[1:]
    if replay == "--make":
        make(pathlib.Path(rounds))
        return
    with tempfile.TemporaryDirectory(prefix="harsanyi-test-") as name:
        folder = pathlib.Path(name)
        done = subprocess.run([replay, folder / "changed.h5", rounds, *make(folder)], check=False,
                              capture_output=True, text=True, timeout=3600)
    print(done.stdout, done.stderr, sep="", end="")
    if done.returncode != 0:
        print(f"ended with status {done.returncode}")
    sys.exit(done.returncode != 0)


main()
