#!/usr/bin/python3
"""Is a file a data set exactly as docs/format describes it, and does it agree with itself?

    check_dataset.py FILE.h5 ...            one line per fault; exit status 1 if there is any
    check_dataset.py --same A.h5 B.h5 ...   also: equal to the bit, /run left out

    faults = check_dataset.faults("out.h5")         # a list of texts, empty where all is well
    faults = check_dataset.differences("a.h5", "b.h5")

Everything is checked: each object's path, type, shape, layout, scales and labels, and that there is
no other object; then what the numbers say about each other, recomputed with NumPy.
"""
import argparse
import shutil
import subprocess
import sys

import h5py
import numpy as np

from dataset_fit import check_sharing
from dataset_objects import DataSet
from dataset_rows import check_row, lattice_epsilon
from dataset_structure import (check_game, check_header, check_objects, check_players,
                               check_samples)


def checked(file):
    """All checks; the later ones only where the structure is right."""
    data = DataSet(file)
    if check_header(data):
        check_objects(data)
    if data.faults:
        return data.faults
    lattice_epsilon(data)
    check_game(data)
    check_players(data)
    check_samples(data)
    if "sharing" in file and not data.faults:
        check_sharing(data)
    for k in range(data.rows):
        check_row(data, k)
    return data.faults


def readable_by_h5dump(path):
    """What h5dump has to say against the file, if it is installed."""
    if not shutil.which("h5dump"):
        return []
    done = subprocess.run(["h5dump", "-H", str(path)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=False)
    return [f"h5dump -H: {done.stderr.strip()}"] if done.returncode or done.stderr else []


def faults(path):
    """Everything that is wrong with a file, as texts."""
    try:
        with h5py.File(path, "r") as file:
            found = checked(file)
    except OSError as error:
        return [str(error)]
    return found + readable_by_h5dump(path)


def bits(values):
    """What an array holds; names are objects, of which NumPy knows the addresses alone."""
    values = np.asarray(values)
    return values.tobytes() if values.dtype != object else repr(values.tolist())


def contents(path):
    """{object: bytes and type} of all but /run; links to scales are addresses, and left out."""
    result = {}

    def attributes(name, item):
        for key, value in item.attrs.items():
            if key not in ("DIMENSION_LIST", "REFERENCE_LIST"):
                value = np.asarray(value)
                result[f"{name}@{key}"] = (str(value.dtype), value.shape, bits(value))

    def visit(name, item):
        if name == "run" or name.startswith("run/"):
            return
        if isinstance(item, h5py.Dataset):
            stored = item[()] if item.id.get_storage_size() else np.zeros(0)
            result[name] = (str(item.dtype), item.shape, bits(stored))
        attributes(name, item)

    with h5py.File(path, "r") as file:
        attributes("/", file)
        file.visititems(visit)
    return result


def differences(path, other):
    """Objects of two files that are not equal to the bit, /run left out, as texts."""
    a, b = contents(path), contents(other)
    found = [f"/{name} is in one of them alone" for name in sorted(set(a) ^ set(b))]
    return found + [f"/{name} differs" for name in sorted(set(a) & set(b)) if a[name] != b[name]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="+", metavar="FILE.h5")
    parser.add_argument("--same", action="store_true", help="the files must be equal to the bit")
    options = parser.parse_args()
    found = [f"{path}: {text}" for path in options.files for text in faults(path)]
    if options.same:
        first, *others = options.files
        found += [f"{other} is not {first}: {text}" for other in others
                  for text in differences(first, other)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
