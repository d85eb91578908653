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
import math
import shutil
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction

import h5py
import numpy as np

FORMAT_VERSION = 1
LARGEST_PLAYERS = 40
# Rows of more masks than this are not transformed, curves over more not recomputed.
LARGEST_BITS = 22
LARGEST_CURVE_BITS = 12
DOUBLE, SINGLE = np.dtype("<f8"), np.dtype("<f4")
# Axes that have lengths and names, but no values.
WITHOUT_VALUES = ("mask", "salient/entry")
NO_VALUES = "This is a netCDF dimension but not a netCDF variable."

ROOT_ATTRIBUTES = {"format": "text", "format_version": "<i4", "program_version": "text",
                   "git": "text", "n_players": "<i4", "n_samples": "<i8", "complete": "u1"}
GAME_ATTRIBUTES = {"kind", "v"}
NETWORK_ATTRIBUTES = {"scores", "output_node", "target", "masked", "players", "baseline",
                      "evaluator"}
SOME_NETWORKS_ATTRIBUTES = {"subset", "layout"}
GROUPS = {"run", "game", "samples", "salient", "orders", "orders/and", "orders/or", "indices",
          "interactions", "players", "classes", "fit", "reconstruction", "reconstruction/curve",
          "sharing"}


@dataclass
class Kind:
    """An object of the table in docs/format: its type, axes, and whether every file has it."""
    type: str
    axes: tuple
    always: bool = False


OBJECTS = {
    "row": Kind("<i8", ("row",), True),
    "player": Kind("<i4", ("player",), True),
    "mask": Kind("u1", ("mask",)),
    "players/name": Kind("text", ("player",)),
    "players/map": Kind("<i4", None),
    "players/baseline": Kind("number", None),
    "classes/name": Kind("text", ("class",)),
    "samples/index": Kind("<i8", ("row",), True),
    "samples/label": Kind("<i4", ("row",), True),
    "samples/target": Kind("<i4", ("row",), True),
    "samples/player_name": Kind("text", ("row", "player")),
    "samples/v_empty": Kind("<f8", ("row",), True),
    "samples/v_full": Kind("<f8", ("row",), True),
    "values": Kind("lattice", ("row", "mask")),
    "interactions/and": Kind("lattice", ("row", "mask")),
    "interactions/or": Kind("lattice", ("row", "mask")),
    "salient/offset": Kind("<u8", ("offset",), True),
    "salient/entry": Kind("u1", ("entry",), True),
    "salient/mask": Kind("<u8", ("entry",), True),
    "salient/type": Kind("u1", ("entry",), True),
    "salient/order": Kind("u1", ("entry",), True),
    "salient/value": Kind("<f8", ("entry",), True),
    "salient/threshold": Kind("<f8", ("row",), True),
    "salient/truncated": Kind("u1", ("row",), True),
    "orders/order": Kind("<i4", ("order",), True),
    "orders/mean_effect": Kind("<f8", ("row", "order"), True),
    "indices/SV": Kind("<f8", ("row", "player")),
    "indices/BV": Kind("<f8", ("row", "player")),
}
ORDER_SUMS = ("positive", "negative", "count", "all_positive", "all_negative")
for _type in ("and", "or"):
    for _sum in ORDER_SUMS:
        OBJECTS[f"orders/{_type}/{_sum}"] = Kind("<f8", ("row", "order"))

# Of a fitted split: all of these or none.
FIT = ("l1", "loss", "lower_bound", "gap", "iterations", "noise_bound", "max_residual")
RECONSTRUCTION = ("rmse", "max", "rho_unfaith", "explained", "kept")
CURVE = ("kept", "rmse", "max", "explained", "strength")
MOST_POINTS = 21
SPLIT = {**{f"fit/{_name}": Kind("<f8", ("row",)) for _name in FIT},
         **{f"reconstruction/{_name}": Kind("<f8", ("row",)) for _name in RECONSTRUCTION},
         **{f"reconstruction/curve/{_name}": Kind("<f8", ("row", "point")) for _name in CURVE},
         "fit/iterations": Kind("<i8", ("row",)),
         "reconstruction/curve/point": Kind("<i8", ("point",))}
OBJECTS.update(SPLIT)
# Of several networks: all of these or none.
SHARE = {"samples/network": Kind("<i4", ("row",)), "sharing/salient": Kind("<f8", ("row",)),
         "sharing/point": Kind("<i8", ("sharing/point",)),
         "sharing/top": Kind("<f8", ("row", "sharing/point"))}
OBJECTS.update(SHARE)

# The other indices, and whether they divide v(N) - v(empty) among all their sets.
INDICES = {"SII": False, "k-SII": True, "STII": True, "FSII": True, "FBII": False, "BII": False,
           "CHII": False, "Moebius": False, "Co-Moebius": False, "Walsh": False}
# Those of more masks than this are not recomputed.
LARGEST_INDEX_BITS = 14
for _index in INDICES:
    GROUPS.add(f"indices/{_index}")
    OBJECTS[f"indices/{_index}/mask"] = Kind("<u8", (f"indices/{_index}",))
    OBJECTS[f"indices/{_index}/value"] = Kind("<f8", ("row", f"indices/{_index}"))
    OBJECTS[f"indices/{_index}/error"] = Kind("<f8", ("row",))

# The array that is the scale of an axis.
SCALES = {"row": "row", "player": "player", "mask": "mask", "order": "orders/order",
          "class": "classes/name", "offset": "salient/offset", "entry": "salient/entry",
          "point": "reconstruction/curve/point", "sharing/point": "sharing/point",
          **{f"indices/{_index}": f"indices/{_index}/mask" for _index in INDICES}}


def bernoulli(j):
    """The Bernoulli number B_j, with B_1 = -1/2."""
    numbers = []
    for m in range(j + 1):
        numbers.append(Fraction(m == 0) - sum(math.comb(m, k) * numbers[k] / Fraction(m - k + 1)
                                              for k in range(m)))
    return numbers[j]


def coefficient(index, highest, s, t):
    """What a dividend of order t adds to an index at each of its subsets of order s."""
    k, same = highest, Fraction(s == t)
    if index in ("STII", "FSII", "FBII") and (t <= k if index != "STII" else s < k):
        return same
    return {"SII": lambda: Fraction(1, t - s + 1),
            "k-SII": lambda: sum(bernoulli(j) * math.comb(t - s, j) / (t - s - j + 1)
                                 for j in range(min(k, t) - s + 1)),
            "STII": lambda: Fraction(1, math.comb(t, k)),
            "FSII": lambda: ((-1)**(k - s) * Fraction(s, k + s) * math.comb(k, s)
                             * Fraction(math.comb(t - 1, k), math.comb(t + k - 1, k + s))),
            "FBII": lambda: ((-1)**(k - s) * math.comb(t - s - 1, k - s) * Fraction(1, 2**(t - s))),
            "BII": lambda: Fraction(1, 2**(t - s)), "CHII": lambda: Fraction(s, t),
            "Moebius": lambda: same, "Co-Moebius": lambda: Fraction(1),
            "Walsh": lambda: Fraction((-1)**s, 2**t)}[index]()


def supersets_by_order(dividends):
    """[t, S]: the sum of the dividends of order t of the supersets of S."""
    n = len(dividends).bit_length() - 1
    orders = np.array([i.bit_count() for i in range(2**n)])
    sums = np.where(orders == np.arange(n + 1)[:, None], dividends, 0.0)
    for bit in range(n):
        pairs = sums.reshape(n + 1, -1, 2, 2**bit)
        pairs[:, :, 0] += pairs[:, :, 1]
    return sums


def subsets_summed(array):
    """[T]: the sum over the subsets of T."""
    sums = array.copy()
    for bit in range(len(array).bit_length() - 1):
        pairs = sums.reshape(-1, 2, 2**bit)
        pairs[:, 1] += pairs[:, 0]
    return sums


def as_text(value):
    """Text of an attribute or element, whichever way h5py gives it."""
    return value.decode() if isinstance(value, bytes) else str(value)


class Checker:
    """Collects what is wrong with one file."""

    def __init__(self, file):
        self.file, self.faults = file, []
        self.n = self.rows = 0
        self.epsilon = np.finfo(np.float64).eps

    def fault(self, text):
        """Note a fault."""
        self.faults.append(text)

    def need(self, condition, text):
        """Note a fault where the condition does not hold; returns the condition."""
        if not condition:
            self.faults.append(text)
        return bool(condition)

    def run(self):
        """All checks; the later ones only where the structure is right."""
        if self.header():
            self.structure()
        if self.faults:
            return self.faults
        self.lattice_epsilon()
        self.game()
        self.players()
        self.samples()
        if "sharing" in self.file and not self.faults:
            self.sharing()
        for k in range(self.rows):
            self.row(k)
        return self.faults

    # Structure

    def header(self):
        attributes = self.file.attrs
        for name, kind in ROOT_ATTRIBUTES.items():
            if not self.need(name in attributes, f"attribute {name} is missing"):
                continue
            if kind == "text":
                self.need(isinstance(attributes[name], (bytes, str)),
                          f"attribute {name} is no text: {attributes[name]!r}")
            else:
                self.need(np.asarray(attributes[name]).dtype == np.dtype(kind)
                          and np.asarray(attributes[name]).shape == (),
                          f"attribute {name} is no single {kind}: {attributes[name]!r}")
        for name in set(attributes) - set(ROOT_ATTRIBUTES):
            self.fault(f"attribute {name} is not in the format")
        if self.faults:
            return False
        self.need(as_text(attributes["format"]) == "harsanyi", "format is not harsanyi")
        self.need(attributes["format_version"] == FORMAT_VERSION,
                  f"format_version {attributes['format_version']}")
        self.need(attributes["complete"] == 1, "the file is not complete")
        self.need(1 <= attributes["n_players"] <= LARGEST_PLAYERS,
                  f"{attributes['n_players']} players")
        self.n = int(attributes["n_players"])
        if self.need("samples/index" in self.file, "/samples/index is missing"):
            self.rows = len(self.file["samples/index"])
            self.need(self.rows > 0, "no rows")
        return not self.faults

    def game(self):
        """What v is: texts, for networks all of them."""
        if not self.need("game" in self.file, "/game is missing"):
            return
        attributes = self.file["game"].attrs
        for name, value in attributes.items():
            self.need(isinstance(value, (bytes, str)), f"/game: {name} is no text: {value!r}")
        needed, allowed = set(GAME_ATTRIBUTES), set(GAME_ATTRIBUTES)
        if as_text(attributes.get("kind", "")) == "network":
            needed |= NETWORK_ATTRIBUTES
            allowed = needed | SOME_NETWORKS_ATTRIBUTES
        for name in needed - set(attributes):
            self.fault(f"/game: attribute {name} is missing")
        for name in set(attributes) - allowed:
            self.fault(f"/game: attribute {name} is not in the format")

    def structure(self):
        found = {}
        self.file.visititems(lambda name, item: found.__setitem__(name, item))
        for name, kind in OBJECTS.items():
            if kind.always:
                self.need(name in found, f"/{name} is missing")
        for name, item in found.items():
            if isinstance(item, h5py.Group):
                self.need(name in GROUPS, f"/{name} is not in the format")
                self.need(name in ("run", "game") or len(item), f"/{name} is empty")
            elif self.need(name in OBJECTS, f"/{name} is not in the format"):
                self.array(name, item, OBJECTS[name])
        self.need("run" in found, "/run is missing")
        types = [t for t in ("and", "or") if f"orders/{t}" in found]
        self.need(types, "neither /orders/and nor /orders/or is there")
        for kind in types:
            for name in ORDER_SUMS:
                self.need(f"orders/{kind}/{name}" in found, f"/orders/{kind}/{name} is missing")
        for kind in ("and", "or"):
            if f"interactions/{kind}" in found:
                self.need(kind in types, f"/interactions/{kind} without /orders/{kind}")
        for index in INDICES:
            for part in ("mask", "value", "error"):
                self.need(f"indices/{index}" not in found or f"indices/{index}/{part}" in found,
                          f"/indices/{index}/{part} is missing")
        if set(SPLIT) & set(found):
            for name in SPLIT:
                self.need(name in found, f"/{name} is missing")
            self.need(len(types) == 2, "/fit without both types")
        if set(SHARE) & set(found):
            for name in (*SHARE, *SPLIT):
                self.need(name in found, f"/{name} is missing")
        stored = [found[name].dtype for name, kind in OBJECTS.items()
                  if kind.type == "lattice" and name in found]
        self.need(len(set(stored)) <= 1, "the lattice arrays have several types")
        self.need(("mask" in found) == bool(stored), "/mask goes with the lattice arrays")

    def lengths(self):
        entries = len(self.file["salient/mask"]) if "salient/mask" in self.file else 0
        return {"row": self.rows, "player": self.n, "mask": 2**self.n, "order": self.n + 1,
                "offset": self.rows + 1, "entry": entries,
                "point": min(self.n + 2, MOST_POINTS),
                "sharing/point": min(self.n + 2, MOST_POINTS)}

    def array(self, name, array, kind):
        self.type(name, array, kind.type)
        self.need(array.chunks is None and array.compression is None,
                  f"/{name} is not contiguous and plain")
        if kind.axes is None:
            return
        if not self.need(array.ndim == len(kind.axes), f"/{name} has shape {array.shape}"):
            return
        for i, axis in enumerate(kind.axes):
            length = self.lengths().get(axis, array.shape[i])
            self.need(array.shape[i] == length,
                      f"/{name}: axis {axis} has length {array.shape[i]}, not {length}")
            self.axis(name, array, i, axis)

    def type(self, name, array, kind):
        if kind == "text":
            info = h5py.check_string_dtype(array.dtype)
            good = info is not None and info.length is None and info.encoding == "utf-8"
            self.need(good, f"/{name} is {array.dtype}, not UTF-8 of any length")
        elif kind == "lattice":
            self.need(array.dtype in (DOUBLE, SINGLE), f"/{name} is {array.dtype}")
        elif kind == "number":
            self.need(array.dtype.kind in "fiu", f"/{name} is {array.dtype}")
        else:
            self.need(array.dtype == np.dtype(kind), f"/{name} is {array.dtype}, not {kind}")

    def axis(self, name, array, i, axis):
        if name in WITHOUT_VALUES:
            title = as_text(array.attrs.get("NAME", ""))
            self.need(title.startswith(NO_VALUES),
                      f"/{name} is no dimension without values: {title}")
            self.need(array.id.get_storage_size() == 0, f"/{name} has storage")
            return
        label = "set" if axis.startswith("indices/") else axis.rpartition("/")[2]
        self.need(array.dims[i].label == label, f"/{name}: axis {i} is labelled "
                  f"{array.dims[i].label!r}, not {label!r}")
        scale = SCALES[axis]
        if scale == name:
            self.need(h5py.h5ds.is_scale(array.id), f"/{name} is no dimension scale")
            return
        attached = [item.name for item in array.dims[i].values()]
        self.need(attached == ["/" + scale], f"/{name}: the scales of axis {i} are {attached}, "
                  f"not /{scale}")

    # Numbers

    def lattice_epsilon(self):
        """The precision that values were stored in; without lattice arrays the values tell."""
        stored = [self.file[name].dtype for name, kind in OBJECTS.items()
                  if kind.type == "lattice" and name in self.file]
        ends = np.concatenate([self.file["samples/v_empty"][()], self.file["samples/v_full"][()]])
        if SINGLE in stored or (not stored and np.all(ends == ends.astype(np.float32))):
            self.epsilon = float(np.finfo(np.float32).eps)

    def players(self):
        file, n = self.file, self.n
        self.need(np.array_equal(file["row"][()], np.arange(self.rows)), "/row is not 0, 1, ...")
        self.need(np.array_equal(file["player"][()], np.arange(n)), "/player is not 0, 1, ...")
        self.need(np.array_equal(file["orders/order"][()], np.arange(n + 1)),
                  "/orders/order is not 0, 1, ...")
        for name in ("players/name", "classes/name"):
            if name in file:
                try:
                    [as_text(value) for value in file[name][()]]
                except UnicodeDecodeError as error:
                    self.fault(f"/{name}: {error}")
        self.need(("players/map" in file) == ("players/baseline" in file),
                  "/players/map and /players/baseline go together")
        if "players/map" not in file:
            return
        labels = file["players/map"][()]
        self.need(labels.min() >= -1 and labels.max() < n,
                  f"/players/map holds {labels.min()} to {labels.max()}")
        missing = set(range(n)) - set(np.unique(labels).tolist())
        self.need(not missing, f"/players/map: nothing belongs to players {sorted(missing)}")
        baseline, samples = file["players/baseline"].shape, int(file.attrs["n_samples"])
        same = (labels.shape == baseline or labels.shape == (samples, *baseline)
                or (samples, *labels.shape) == baseline)
        self.need(same, f"/players/map {labels.shape} does not fit the baseline {baseline}")

    def samples(self):
        file = self.file
        index, target = file["samples/index"][()], file["samples/target"][()]
        runs = 1 + int(np.sum(index[1:] != index[:-1]))
        self.need(runs == len(set(index.tolist())), "/samples: the rows of a sample are not together")
        self.need(runs == file.attrs["n_samples"],
                  f"n_samples is {file.attrs['n_samples']}, the rows have {runs}")
        network = file["samples/network"][()] if "samples/network" in file else 0 * index
        self.need(len({*zip(index.tolist(), target.tolist(), network.tolist())}) == self.rows,
                  "/samples: a pair of sample and target (and network) stands there twice")
        count = 1 + int(network.max())
        self.need(np.array_equal(network, np.arange(self.rows) % count),
                  "/samples/network: the networks of a sample do not follow each other")
        self.need(np.all(index >= 0), "/samples/index is negative")
        self.need(np.all(file["samples/label"][()] >= -1), "/samples/label under -1")
        offset = file["salient/offset"][()].astype(np.int64)
        self.need(offset[0] == 0 and np.all(np.diff(offset) >= 0)
                  and offset[-1] == len(file["salient/mask"]), "/salient/offset does not rise to "
                  "the number of entries")
        self.need(np.all(file["salient/truncated"][()] <= 1), "/salient/truncated is not 0 or 1")
        self.need(np.all(file["salient/threshold"][()] > 0), "/salient/threshold is not positive")

    def sharing(self):
        """What the networks of a sample have in common, by their lists where these are whole."""
        group, file = self.file["salient"], self.file
        count = 1 + int(file["samples/network"][()].max())
        points = file["sharing/point"][()]
        self.need(np.array_equal(points, 2**np.arange(len(points))), "/sharing/point is not 1, 2, ...")
        offset = group["offset"][()].astype(np.int64)
        for first in range(0, self.rows, count):
            rows = range(first, first + count)
            where = f"rows {first} to {first + count - 1} of /sharing"
            top = file["sharing/top"][first:first + count]
            self.need(np.all(top == top[0]), f"{where}: top differs between the networks")
            lists = [list(zip(group["type"][offset[k]:offset[k + 1]].tolist(),
                              group["mask"][offset[k]:offset[k + 1]].tolist())) for k in rows]
            for i, found in enumerate(top[0]):
                if all(len(sets) >= 2**i for sets in lists):
                    common = set.intersection(*(set(sets[:2**i]) for sets in lists))
                    self.need(found == len(common) / 2**i, f"{where}: top {i} is {found}")
                else:
                    self.need(0 <= found <= 1 and found * 2**i % 1 == 0, f"{where}: top {i}")
            kept = file["reconstruction/kept"][first:first + count]
            found = file["sharing/salient"][first:first + count]
            salient = [{s for s, value in zip(sets, group["value"][offset[k]:offset[k + 1]])
                        if abs(value) >= group["threshold"][k]} for sets, k in zip(lists, rows)]
            if [len(sets) for sets in salient] == kept.tolist():
                with np.errstate(invalid="ignore"):
                    wanted = len(set.intersection(*salient)) / kept
                self.need(np.allclose(found, wanted, rtol=1e-12, atol=0, equal_nan=True),
                          f"{where}: salient is {found}, by the lists {wanted}")

    def row(self, k):
        """What the numbers of row k say about each other."""
        file = self.file
        types = [t for t in ("and", "or") if f"orders/{t}" in file]
        v_empty, v_full = file["samples/v_empty"][k], file["samples/v_full"][k]
        sums = {t: {s: file[f"orders/{t}/{s}"][k] for s in ORDER_SUMS} for t in types}
        size = {t: float(np.sum(sums[t]["all_positive"] - sums[t]["all_negative"])) + abs(v_empty)
                for t in types}
        off = 0
        if "fit" in file:  # Both types explain v together, and may be off.
            off = file["fit/max_residual"][k]
            size = dict.fromkeys(types, sum(size.values()) + off)
        slack = {t: 4 * (self.n + 4) * self.epsilon * size[t] for t in types}
        if not self.need(np.isfinite([v_empty, v_full, *size.values()]).all(),
                         f"row {k}: numbers that are not finite"):
            return
        entries = self.salient(k, types)
        for kind in types:
            where = f"row {k}, {kind}"
            for name in ORDER_SUMS:
                self.need(sums[kind][name][0] == 0, f"{where}: order 0 of {name} is not 0")
                sign = -1 if name.endswith("negative") else 1
                self.need(np.all(sign * sums[kind][name] >= 0), f"{where}: {name} has a wrong sign")
            self.salient_sums(k, kind, entries, sums[kind], slack[kind])
            self.whole(k, kind, entries, sums[kind], slack[kind])
        for together in [types] if "fit" in file else [[t] for t in types]:
            self.explained(k, together, sums, 2 * off + slack[together[0]])
        least = min(slack.values())
        if "indices/SV" in file:
            self.close(f"row {k}: sum of the Shapley values", file["indices/SV"][k].sum(),
                       v_full - v_empty, least)
        for index, efficient in INDICES.items():
            if f"indices/{index}" in file:
                self.index(k, index, efficient, v_full - v_empty, least)
        if "values" in file:
            v = file["values"][k].astype(np.float64)
            self.need(v[0] == v_empty and v[-1] == v_full, f"row {k}: /values does not begin and "
                      "end with v(empty) and v(N)")
            means = np.bincount(self.orders(), v) / np.bincount(self.orders()) - v_empty
            self.close(f"row {k}: mean effects of /values", file["orders/mean_effect"][k], means,
                       least)
        if "fit" in file:
            self.split(k, entries, sums, least)

    def stored(self, value):
        """As /interactions has it: splits are found in double precision, maybe stored in single."""
        single = "fit" in self.file and any(
            self.file[f"interactions/{kind}"].dtype == SINGLE for kind in ("and", "or")
            if f"interactions/{kind}" in self.file)
        return np.asarray(value, np.float32).astype(np.float64) if single else value

    def orders(self):
        """Number of players of each mask."""
        orders = np.array([0])
        for _ in range(self.n):
            orders = np.concatenate([orders, orders + 1])
        return orders

    def explained(self, k, types, sums, slack):
        """Types that explain v by themselves or together: effects and values of players."""
        file, n = self.file, self.n
        where = f"row {k}, {' and '.join(types)}"
        choose = np.array([[math.comb(size, m) for m in range(n + 1)] for size in range(n + 1)])
        means = np.zeros(n + 1)
        for kind in types:
            effect = sums[kind]["all_positive"] + sums[kind]["all_negative"]
            inside = choose / choose[-1]  # [k, m]: share of the sets of k with a set of m inside
            means += (inside if kind == "and" else 1 - inside[::-1]) @ effect
        self.close(f"{where}: mean effects by the sums over orders",
                   file["orders/mean_effect"][k], means, slack)
        self.close(f"{where}: sum over all orders", means[-1],
                   file["samples/v_full"][k] - file["samples/v_empty"][k], slack)
        if "and" not in types or "interactions/and" not in file or n > LARGEST_BITS:
            return
        both = sum(file[f"interactions/{kind}"][k].astype(np.float64) for kind in types)
        both[0] = 0
        has, size = np.arange(2**n) >> np.arange(n)[:, None] & 1, np.maximum(self.orders(), 1)
        for index, weight in (("SV", 1 / size), ("BV", 2.0**(1 - size))):
            if f"indices/{index}" in file:
                self.close(f"{where}: {index}", has @ (both * weight), file[f"indices/{index}"][k],
                           slack)

    def split(self, k, entries, sums, slack):
        """/fit and /reconstruction of a row."""
        file, relative = self.file, 4 * (self.n + 4) * self.epsilon
        fit = {name: file[f"fit/{name}"][k] for name in FIT}
        where = f"row {k} of /fit"
        l1 = sum(np.sum(part["all_positive"] - part["all_negative"]) for part in sums.values())
        self.close(f"{where}: l1", fit["l1"], l1, slack)
        self.close(f"{where}: gap", fit["gap"],
                   max(0, 1 - fit["lower_bound"] / fit["loss"]) if fit["loss"] > 0 else 0, relative)
        self.need(0 <= fit["max_residual"] <= fit["noise_bound"] + slack,
                  f"{where}: off by {fit['max_residual']}")
        self.need(fit["iterations"] >= 0, f"{where}: {fit['iterations']} iterations")
        if "samples/network" not in file:
            self.close(f"{where}: loss", fit["loss"], l1, slack)
        else:
            self.need(fit["loss"] >= l1 - slack, f"{where}: a joint loss under l1")
            for name in ("loss", "lower_bound", "gap", "iterations"):
                first = k - file["samples/network"][k]
                self.need(fit[name] == file[f"fit/{name}"][first],
                          f"{where}: {name} is not that of the other networks")
        where = f"row {k} of /reconstruction"
        one = {name: file[f"reconstruction/{name}"][k] for name in RECONSTRUCTION}
        size = sum(np.sum(part["positive"] - part["negative"]) for part in sums.values())
        rest = abs(sum(np.sum(part["all_positive"] - part["positive"] + part["all_negative"]
                              - part["negative"]) for part in sums.values()))
        self.need(one["kept"] == sum(part["count"].sum() for part in sums.values()),
                  f"{where}: kept is not what /orders counts")
        self.close(f"{where}: explained", one["explained"],
                   size / (size + rest) if size + rest > 0 else 1, slack / max(size + rest, 1e-300))
        self.close(f"{where}: rho_unfaith", one["rho_unfaith"], one["rmse"]**2,
                   relative * one["rmse"]**2)
        curve = {name: file[f"reconstruction/curve/{name}"][k] for name in CURVE}
        self.curve(where, curve, entries)
        self.need(all(np.all((0 <= x["rmse"]) & (x["rmse"] <= x["max"] * (1 + relative)))
                      for x in (one, curve)), f"{where}: rmse is not between 0 and max")
        self.reconstruction(k, fit, one, curve, slack)

    def curve(self, where, curve, entries):
        """What the columns of a curve and the salient list say of each other."""
        point, strength, kept = self.file["reconstruction/curve/point"][()], curve["strength"], \
            curve["kept"]
        self.need(np.array_equal(point, 2**np.arange(len(point))), f"{where}: points {point}")
        self.need(np.all(np.diff(kept) >= 0), f"{where}: kept falls along the curve")
        self.need(np.all(np.diff(strength) <= 0) and strength[-1] >= 0,
                  f"{where}: strength rises along the curve")
        self.need(np.all((kept >= point) | (strength == 0)), f"{where}: fewer kept than asked for")
        self.need(np.all((0 <= curve["explained"]) & (curve["explained"] <= 1)),
                  f"{where}: explained is no share")
        same = np.diff(strength) == 0
        for name in CURVE:
            self.need(np.all(np.diff(curve[name])[same] == 0),
                      f"{where}: {name} changes where the strength does not")
        listed = np.abs(entries[2])
        inside = point <= len(listed)
        self.need(np.array_equal(strength[inside], listed[point[inside] - 1]),
                  f"{where}: strength is not what the salient list has")
        counts = np.array([np.sum(listed >= x) for x in strength])
        known = inside & (counts < len(listed))
        self.need(np.array_equal(kept[known], counts[known]),
                  f"{where}: kept is not what the salient list has")

    def reconstruction(self, k, fit, one, curve, slack):
        """v from the interactions of both types, all of them and the strongest."""
        file = self.file
        if not {"values", "interactions/and", "interactions/or"} <= set(
                name for name in OBJECTS if name in file) or self.n > LARGEST_BITS:
            return
        both = [file[f"interactions/{kind}"][k].astype(np.float64) for kind in ("and", "or")]
        constant, v = both[0][0] + both[1][0], file["values"][k].astype(np.float64)
        for array in both:
            array[0] = 0

        def errors(least):
            kept = [np.where(np.abs(array) >= self.stored(least), array, 0) for array in both]
            zeta = [subsets_summed(array) for array in kept]
            off = constant + zeta[0] + zeta[1][-1] - zeta[1][::-1] - v
            size = sum(np.abs(array).sum() for array in kept)
            rest = abs(sum((x - y).sum() for x, y in zip(both, kept)))
            count = sum((array != 0).sum() for array in kept)
            return count, {"rmse": np.sqrt(np.mean(off**2)), "max": np.abs(off).max(),
                           "explained": size / (size + rest) if size + rest > 0 else 1}

        where = f"row {k} of /reconstruction"
        self.close(f"row {k}: AND and OR together against /values", errors(0)[1]["max"],
                   fit["max_residual"], slack)
        # In single precision interactions may have become as strong as the threshold, or 0.
        single = file["values"].dtype == SINGLE
        count, found = errors(file["salient/threshold"][k])
        for name, value in found.items() if count == one["kept"] or not single else ():
            self.close(f"{where}: {name}", one[name], value, slack)
        for i, strength in enumerate(curve["strength"] if self.n <= LARGEST_CURVE_BITS else []):
            count, found = errors(max(strength, 5e-324))
            for name, value in found.items() if count == curve["kept"][i] or not single else ():
                self.close(f"{where}: {name} of the curve", curve[name][i], value, slack)

    def index(self, k, name, efficient, effect, slack):
        """An interaction index: its sets, what it divides, and its values from the dividends."""
        group = self.file[f"indices/{name}"]
        masks, values = group["mask"][()], group["value"][k]
        orders = np.array([int(m).bit_count() for m in masks])
        highest = int(orders.max())
        where = f"row {k} of /indices/{name}"
        self.need(np.array_equal(np.lexsort((masks, orders)), np.arange(len(masks))),
                  f"{where}: not by order, then mask")
        self.need(np.all(masks > 0) and len(set(masks.tolist())) == len(masks)
                  and len(masks) == sum(math.comb(self.n, s) for s in range(1, highest + 1)),
                  f"{where}: not all sets up to order {highest}")
        self.need(np.isfinite(values).all(), f"{where}: numbers that are not finite")
        self.need(0 <= group["error"][k] <= 2**highest * slack,
                  f"{where}: an error of {group['error'][k]}")
        if efficient or (name == "Moebius" and highest == self.n):
            self.close(f"{where}: sum", values.sum(), effect, 2**highest * slack)
        if ("interactions/and" not in self.file or "fit" in self.file
                or self.n > LARGEST_INDEX_BITS):
            return
        sums = supersets_by_order(self.file["interactions/and"][k].astype(np.float64))
        for s in range(1, highest + 1):
            of = [float(coefficient(name, highest, s, t)) for t in range(s, self.n + 1)]
            part = orders == s
            wanted = of @ sums[s:][:, masks[part].astype(np.int64)]
            self.close(f"{where}: order {s} from the dividends", values[part], wanted,
                       slack * max(1, np.abs(of).max()))

    def close(self, what, found, wanted, tolerance):
        """Two arrays agree to the tolerance."""
        error = np.max(np.abs(np.asarray(found, dtype=np.float64) - wanted), initial=0)
        self.need(error <= tolerance, f"{what}: off by {error:.3g}, allowed {tolerance:.3g}")

    def salient(self, k, types):
        """Check the list of row k; returns its columns type, mask, value."""
        group = self.file["salient"]
        part = slice(*(int(x) for x in group["offset"][k:k + 2]))
        kind, mask, value = group["type"][part], group["mask"][part], group["value"][part]
        where = f"row {k} of /salient"
        codes = [code for code, name in enumerate(("and", "or")) if name in types]
        self.need(np.isin(kind, codes).all(), f"{where}: types {np.unique(kind)}")
        self.need(np.all(mask > 0) and np.all(mask < np.uint64(2**self.n)),
                  f"{where}: masks out of range")
        bits = np.array([int(m).bit_count() for m in mask], dtype=np.uint8)
        self.need(np.array_equal(bits, group["order"][part]), f"{where}: orders are not the masks'")
        order = np.lexsort((mask, kind, -np.abs(value)))
        self.need(np.array_equal(order, np.arange(len(mask))),
                  f"{where}: not by falling |value|, then type, then mask")
        self.need(len({*zip(kind.tolist(), mask.tolist())}) == len(mask),
                  f"{where}: a set stands there twice")
        return kind, mask, value

    def salient_sums(self, k, kind, entries, sums, slack):
        """The list against /orders."""
        types, masks, values = entries
        threshold = self.file["salient/threshold"][k]
        mine = (types == ("and", "or").index(kind)) & (np.abs(values) >= threshold)
        orders = np.array([int(m).bit_count() for m in masks[mine]], dtype=np.int64)
        listed = {"positive": np.maximum(values[mine], 0), "negative": np.minimum(values[mine], 0),
                  "count": np.ones(mine.sum())}
        for name, part in listed.items():
            mine_sums = np.bincount(orders, part, minlength=self.n + 1)
            where = f"row {k}, {kind}: {name} of the salient list"
            if self.file["salient/truncated"][k]:
                self.need(np.all(np.abs(mine_sums) <= np.abs(sums[name]) + slack),
                          f"{where} is more than /orders has")
            else:
                self.close(where, mine_sums, sums[name], 0 if name == "count" else slack)

    def whole(self, k, kind, entries, sums, slack):
        """/interactions of a type against the list, /orders, and its own /values."""
        name = f"interactions/{kind}"
        if name not in self.file or self.n > LARGEST_BITS:
            return
        n, where = self.n, f"row {k} of /{name}"
        dividends = self.file[name][k].astype(np.float64)
        v_empty, fitted = self.file["samples/v_empty"][k], "fit" in self.file
        self.need(fitted or dividends[0] == (v_empty if kind == "and" else 0),
                  f"{where}: I(empty)")
        types, masks, values = entries
        mine = (types == ("and", "or").index(kind)) & (masks < len(dividends))
        self.need(np.array_equal(dividends[masks[mine].astype(np.int64)],
                                 self.stored(values[mine])),
                  f"{where}: not what the salient list says")
        rest = dividends.copy()
        rest[0] = 0
        salient = np.abs(rest) >= self.stored(self.file["salient/threshold"][k])
        for what, part in (("all_positive", np.maximum(rest, 0)),
                           ("all_negative", np.minimum(rest, 0)), ("count", salient),
                           ("positive", np.maximum(rest, 0) * salient),
                           ("negative", np.minimum(rest, 0) * salient)):
            self.close(f"{where}: {what}", np.bincount(self.orders(), part, minlength=n + 1),
                       sums[what], 0 if what == "count" else slack)
        if "values" in self.file and not fitted:
            zeta = subsets_summed(rest)
            v = v_empty + (zeta if kind == "and" else zeta[-1] - zeta[::-1])
            self.close(f"{where}: against /values", v, self.file["values"][k], slack)


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
            found = Checker(file).run()
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
