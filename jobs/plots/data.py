"""A row of a data set: what the figures need of it."""
import re

import h5py
import numpy as np

TYPES = ("and", "or")
# Lattices of more players than this are not read whole.
LARGEST_BITS = 22


class Missing(Exception):
    """What a figure needs and the file does not have."""


def rows_of(path):
    """Number of rows of a data set that is complete."""
    with open_file(path) as file:
        return len(file["samples/index"])


def open_file(path):
    """A data set of ours; what is wrong with it is said with its name."""
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(f"{path}: {error}") from None
    if file.attrs.get("format") not in ("harsanyi", b"harsanyi"):
        raise ValueError(f"{path} is not a data set of harsanyi's")
    kind = file.attrs.get("kind", "interactions")
    kind = kind.decode(errors="replace") if isinstance(kind, bytes) else str(kind)
    if kind != "interactions":
        raise ValueError(f"{path} is a data set of kind {kind}; those of interactions are drawn")
    if not file.attrs.get("complete"):
        raise ValueError(f"{path} is not complete: its run was stopped")
    return file


class Interactions:
    """One row."""

    def __init__(self, path, row):
        self.path, self.row = path, row
        with open_file(path) as file:
            self.n = int(file.attrs["n_players"])
            self.read_samples(file, row)
            begin, end = (int(x) for x in file["salient/offset"][row:row + 2])
            self.masks = file["salient/mask"][begin:end]
            self.kinds = file["salient/type"][begin:end]
            self.values = file["salient/value"][begin:end]
            self.threshold = float(file["salient/threshold"][row])
            self.truncated = bool(file["salient/truncated"][row])
            self.types = [kind for kind in TYPES if f"orders/{kind}" in file]
            self.fitted = "fit" in file
            self.noise = float(file["fit/noise_bound"][row]) if self.fitted else 0.0
            self.orders = {kind: {name: item[row] for name, item in file[f"orders/{kind}"].items()}
                           for kind in self.types}
            self.mean_effect = file["orders/mean_effect"][row]
            self.indices = {name: file[f"indices/{name}"][row] for name in ("SV", "BV")
                            if f"indices/{name}" in file}
            self.read_players(file)
            self.curve = {name: item[()] if item.ndim == 1 else item[row] for name, item
                          in file["reconstruction/curve"].items()} if self.fitted else None

    def read_samples(self, file, row):
        """Which sample and output the row is of, and v of all and of no players."""
        index, targets = file["samples/index"][()], file["samples/target"][()]
        self.sample, self.slot = int(index[row]), int(np.sum(index[1:row + 1] != index[:row]))
        self.network = int(file["samples/network"][row]) if "samples/network" in file else None
        self.v_empty = float(file["samples/v_empty"][row])
        self.v_full = float(file["samples/v_full"][row])
        classes, target = texts(file, "classes/name"), int(targets[row])
        game = file["game"].attrs if "game" in file else {}
        what = game["v"] if "scores" in game else ""
        what = what.decode() if isinstance(what, bytes) else str(what)
        self.unit = f" [{what}]" if what not in ("", "raw") else ""
        labels = file["samples/label"][()]
        if classes:
            self.output = f"{what} for class {classes[target]}".lstrip()
        elif "players/map" not in file or (not np.any(targets) and np.all(labels < 0)):
            self.output = ""  # a game, or a network that may have no classes at all
        else:
            self.output = f"{what} for output {target}" if what else f"output {target}"

    def read_players(self, file):
        """Their names, and where they are in the masked tensor, whose batch axis is left out."""
        self.names = (texts(file, "samples/player_name", self.row) or texts(file, "players/name")
                      or [str(i) for i in range(self.n)])
        self.map, self.words, self.patches = None, False, False
        if "players/map" not in file:
            return
        self.map = player_map(file, self.slot)
        whole = file["players/baseline"].dtype.kind in "iu"
        chosen = option_of(file, "players")
        self.patches = bool(re.fullmatch(r"grid:\d+x\d+", chosen))
        self.words = chosen.startswith("tokens") or (whole and self.map.ndim == 1)

    def title(self):
        """What row this is."""
        network = "" if self.network is None else f"network {self.network}"
        return ", ".join(x for x in (f"sample {self.sample}", self.output, network) if x)

    def strongest(self, kind, count):
        """(mask, value) of the strongest of a type; the list is sorted by strength."""
        chosen = np.flatnonzero(self.kinds == TYPES.index(kind))[:count]
        return [(int(self.masks[i]), float(self.values[i])) for i in chosen]

    def sets(self, count):
        """(type, mask, value) of the strongest of each type."""
        return [(kind, *entry) for kind in self.types for entry in self.strongest(kind, count)]

    def order_of_words(self):
        """The players by their first place in the sentence."""
        flat = self.map.reshape(len(self.map), -1)[:, 0]
        places = {int(p): i for i, p in reversed(list(enumerate(flat))) if p >= 0}
        return sorted(range(self.n), key=lambda p: places.get(p, self.n))

    def lattice(self, name):
        """An array over all masks, or None."""
        if self.n > LARGEST_BITS:
            return None
        with open_file(self.path) as file:
            return file[name][self.row].astype(np.float64) if name in file else None

    def listed(self, kind):
        """The list's interactions of a type as a lattice."""
        array, mine = np.zeros(2**self.n), self.kinds == TYPES.index(kind)
        array[self.masks[mine].astype(np.int64)] = self.values[mine]
        return array

    def models(self):
        """What explains v by itself: (title, types, constant, their interactions, all of them?)."""
        for types in [self.types] if self.fitted else [[kind] for kind in self.types]:
            arrays = [self.lattice(f"interactions/{kind}") for kind in types]
            whole = all(array is not None for array in arrays)
            constant = self.v_empty
            if whole:
                constant = sum(a[0] for a in arrays) if self.fitted else self.v_empty
            elif self.noise > 0:
                raise Missing("the interactions of a split within noise (--keep all)")
            elif self.truncated:
                raise Missing("all salient interactions (--salient-limit, or --keep all)")
            else:
                arrays = [self.listed(kind) for kind in types]
            for array in arrays:
                array[0] = 0
            yield " and ".join(t.upper() for t in types), types, constant, arrays, whole

    def all_values(self):
        """v of all masks."""
        if self.n > LARGEST_BITS:
            raise Missing(f"at most {LARGEST_BITS} players")
        values = self.lattice("values")
        if values is None:
            raise Missing("v of all masks (--values)")
        return values


def texts(file, path, row=()):
    """Strings of a data set, or of a row of it, with control characters escaped; or None."""
    if path not in file:
        return None
    return ["".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
            for text in (x.decode(errors="replace") if isinstance(x, bytes) else str(x)
                         for x in file[path][row])]


def option_of(file, name):
    """An option of the run that wrote the file, or nothing."""
    options = file["run"].attrs.get("options", b"")
    options = options.decode() if isinstance(options, bytes) else str(options)
    found = re.search(rf"--{name} (\S+)", options)
    return found.group(1) if found else ""


def player_map(file, slot):
    """The player of each element of a sample, without the batch axis. Samples may have maps of
    their own."""
    labels, samples = file["players/map"][()], int(file.attrs["n_samples"])
    if labels.ndim > file["players/baseline"].ndim:
        return labels[slot][0]
    return labels[slot if len(labels) == samples else 0]


def reconstructed(constant, types, arrays, least):
    """v of all masks from the interactions that are at least so strong."""
    v = np.full(len(arrays[0]), constant)
    for kind, array in zip(types, arrays):
        zeta = np.where(np.abs(array) >= least, array, 0)
        for bit in range(len(zeta).bit_length() - 1):
            pairs = zeta.reshape(-1, 2, 2**bit)
            pairs[:, 1] += pairs[:, 0]
        v += zeta if kind == "and" else zeta[-1] - zeta[::-1]
    return v
