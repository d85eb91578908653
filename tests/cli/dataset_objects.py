"""What docs/format lists of a data set, and a file that is compared with it."""
from dataclasses import dataclass

import numpy as np

FORMAT_VERSION, KIND = 2, "interactions"
LARGEST_PLAYERS = 40
# Rows of more masks than this are not transformed, curves over more not recomputed.
LARGEST_BITS = 22
LARGEST_CURVE_BITS = 12
DOUBLE, SINGLE = np.dtype("<f8"), np.dtype("<f4")
# Axes that have lengths and names, but no values.
WITHOUT_VALUES = ("mask", "salient/entry")
NO_VALUES = "This is a netCDF dimension but not a netCDF variable."

ROOT_ATTRIBUTES = {"format": "text", "format_version": "<i4", "kind": "text",
                   "program_version": "text", "git": "text", "n_players": "<i4", "n_samples": "<i8", "complete": "u1"}
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
    "salient/effect": Kind("<f8", ("row",)),
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


def as_text(value):
    """Text of an attribute or element, whichever way h5py gives it."""
    return value.decode() if isinstance(value, bytes) else str(value)


class DataSet:
    """A file, and what is found to be wrong with it."""

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

    def close(self, what, found, wanted, tolerance):
        """Two arrays agree to the tolerance."""
        error = np.max(np.abs(np.asarray(found, dtype=np.float64) - wanted), initial=0)
        self.need(error <= tolerance, f"{what}: off by {error:.3g}, allowed {tolerance:.3g}")

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
