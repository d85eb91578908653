"""Comparison of a whole data set with the oracle.

    network = oracle.Network("data/digits_cnn.onnx")
    players = oracle.grid_map((1, 8, 8), 3, 3)
    v = oracle.game_values(network, image, players, baseline=0.0, targets=[label])[0]
    check_dataset("out.h5", [Row(sample=0, target=label, values=v)], types=("and", "or"))
"""
from dataclasses import dataclass

import h5py
import numpy as np

from oracle import INTERACTIONS, banzhaf_values, orders_of, players_of, shapley_values

TYPE_CODES = {"and": 0, "or": 1}


@dataclass
class Row:
    """What one row of a data set must hold: a (sample, target) pair and its 2^n values."""
    sample: int
    target: int
    values: np.ndarray
    label: int = None


def _close(what, found, wanted, tolerance):
    found, wanted = np.asarray(found, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    assert found.shape == wanted.shape, f"{what}: shape {found.shape}, expected {wanted.shape}"
    assert np.all(np.isfinite(found)), f"{what}: {np.sum(~np.isfinite(found))} values not finite"
    if found.size:
        error = np.abs(found - wanted)
        worst = np.unravel_index(error.argmax(), error.shape)
        assert error[worst] <= tolerance, (
            f"{what}: {found[worst]!r} at {tuple(int(i) for i in worst)}, expected "
            f"{wanted[worst]!r}; off by {error[worst]:.3g}, tolerance {tolerance:.3g}")


def check_dataset(path, rows, types=("and",), threshold="sample:0.05", top=None, tolerance=2e-5,
                  indices=("SV",), truncated=False):
    """Compare a whole data set with the oracle; an AssertionError says what differs and where.

    threshold: as --threshold; top: the K of --keep top:K; truncated: whether --salient-limit cut
    the lists of salient sets.
    tolerance: allowed error of v, relative to the largest |v| of its row (networks run in float32).
    What is derived from v is compared with the oracle's derivation from the *stored* v where
    /values is there, then almost exactly; otherwise within the tolerance times what the sums of up
    to 2^n terms amplify.
    """
    with h5py.File(path, "r") as file:
        _check_header(file, players_of(rows[0].values), rows)
        if top is None:
            flags = file["salient/truncated"][()].tolist()
            assert flags == [int(truncated)] * len(rows), f"/salient/truncated {flags}"
        wanted = [_Wanted(file, path, k, row, types, tolerance) for k, row in enumerate(rows)]
        limits = thresholds(threshold, wanted)
        for row, limit in zip(wanted, limits):
            _check_interactions(file, row)
            # The mean of |v(N) - v(empty)| comes from evaluations of its own.
            room = row.network_error if threshold.startswith("delta") else row.amplified
            entries = _check_salient(file, row, limit, top, room)
            _check_orders(file, row, entries)
            for name, of in (("SV", shapley_values), ("BV", banzhaf_values)):
                if name in indices:
                    _close(f"{row.where} /indices/{name}", file[f"indices/{name}"][row.k],
                           of(row.v), row.slack)


class _Wanted:
    """What one row must hold, derived from the stored values where there are any."""

    def __init__(self, file, path, k, row, types, tolerance):
        self.k, self.n = k, players_of(row.values)
        self.where = f"{path} row {k} (sample {row.sample}, target {row.target})"
        scale = np.abs(row.values).max()
        self.v, self.slack, self.network_error = row.values, tolerance * scale, tolerance * scale
        self.amplified = self.slack * 2**(self.n / 2)
        for name, index in (("v_empty", 0), ("v_full", -1)):
            _close(f"{self.where} /samples/{name}", file[f"samples/{name}"][k], row.values[index],
                   self.slack)
        if "values" in file:
            stored = file["values"][k]
            _close(f"{self.where} /values", stored, row.values, self.slack)
            single = stored.dtype == np.float32
            self.v = stored.astype(np.float64)
            self.slack = scale * (2e-6 if single else 1e-12)
            self.amplified = 8 * 2**(self.n / 2) * scale * (1.2e-7 if single else 2.3e-16)
        self.interactions = {kind: INTERACTIONS[kind](self.v) for kind in types}


def largest(interactions):
    """Largest |I(S)| of all types, the empty set left out."""
    return max(np.abs(values[1:]).max() for values in interactions.values())


def thresholds(spec, rows):
    """The threshold of each row for `sample:C`, `global:C` or `delta:C`. Rows have the values `v`
    and their `interactions`."""
    mode, coefficient = spec.split(":")
    sizes = [largest(row.interactions) for row in rows]
    if mode == "global":
        sizes = [max(sizes)] * len(rows)
    elif mode == "delta":
        sizes = [np.mean([abs(row.v[-1] - row.v[0]) for row in rows])] * len(rows)
    return [float(coefficient) * size for size in sizes]


def _check_header(file, n, rows):
    attributes = file.attrs
    text = attributes["format"]
    assert (text.decode() if isinstance(text, bytes) else text) == "harsanyi", f"format {text!r}"
    assert int(attributes["n_players"]) == n, f"n_players {attributes['n_players']}, not {n}"
    samples = len({row.sample for row in rows})
    assert int(attributes["n_samples"]) == samples, f"n_samples {attributes['n_samples']}"
    assert bool(attributes["complete"]), "the data set is not marked complete"
    assert file["samples/index"][()].tolist() == [row.sample for row in rows], "/samples/index"
    assert file["samples/target"][()].tolist() == [row.target for row in rows], "/samples/target"
    labels = [row.label for row in rows]
    if None not in labels:
        assert file["samples/label"][()].tolist() == labels, "/samples/label"


def _check_interactions(file, row):
    for kind, values in row.interactions.items():
        if f"interactions/{kind}" in file:
            _close(f"{row.where} /interactions/{kind}", file[f"interactions/{kind}"][row.k], values,
                   row.amplified)


def _check_salient(file, row, threshold, top, room):
    """Check the row of /salient; returns its entries as (type, mask, order, value) columns."""
    group, where = file["salient"], row.where
    offset = group["offset"][()].astype(np.int64)
    assert offset.shape == (len(file["samples/index"]) + 1,), "/salient/offset"
    assert offset[0] == 0 and offset[-1] == len(group["mask"]), "/salient/offset"
    part = slice(offset[row.k], offset[row.k + 1])
    masks, kinds = group["mask"][part].astype(np.int64), group["type"][part].astype(int)
    orders, values = group["order"][part].astype(int), group["value"][part]
    names = {code: kind for kind, code in TYPE_CODES.items()}

    unknown = set(kinds.tolist()) - {TYPE_CODES[kind] for kind in row.interactions}
    assert not unknown, f"{where} /salient/type has {unknown}"
    if masks.size:
        assert masks.min() > 0, f"{where} /salient lists the empty set"
        assert masks.max() < 2**row.n, f"{where} /salient/mask: {masks.max()}"
    pairs = list(zip(kinds.tolist(), masks.tolist()))
    assert len(set(pairs)) == len(pairs), f"{where} /salient lists a set twice"
    keys = [(-abs(value), kind, mask) for value, (kind, mask) in zip(values.tolist(), pairs)]
    assert keys == sorted(keys), f"{where} /salient is not by falling |value|, type, mask"
    assert orders.tolist() == [int(mask).bit_count() for mask in masks], f"{where} /salient/order"
    _close(f"{where} /salient/value", values,
           np.array([row.interactions[names[kind]][mask] for kind, mask in pairs]), row.amplified)

    sizes = np.concatenate([np.abs(values[1:]) for values in row.interactions.values()])
    if top is not None:
        assert len(pairs) == min(top, len(sizes)), f"{where} /salient: {len(pairs)} entries"
        _close(f"{where} /salient/value, the largest", np.abs(values),
               np.sort(sizes)[::-1][:len(pairs)], row.amplified)
        return kinds, orders, values
    _close(f"{where} /salient/threshold", group["threshold"][row.k], threshold, room)
    sure = np.sum(sizes >= threshold + room)
    possible = np.sum(sizes >= threshold - room)
    if group["truncated"][row.k]:
        assert len(pairs) < possible, f"{where} /salient is marked as truncated, but is whole"
    else:
        assert sure <= len(pairs) <= possible, (
            f"{where} /salient: {len(pairs)} entries, expected {sure} to {possible}")
    return kinds, orders, values


def _check_orders(file, row, entries):
    """Order strengths: exactly those of the salient list where it is whole, and those of all sets.
    """
    kinds, orders, values = entries
    whole = not file["salient/truncated"][row.k]
    order = orders_of(row.n)
    for kind, interactions in row.interactions.items():
        group, where = file[f"orders/{kind}"], f"{row.where} /orders/{kind}"
        room = row.amplified * np.sqrt(2.0**row.n) + 1e-12
        for name, sign in (("all_positive", 1), ("all_negative", -1)):
            sums = np.bincount(order, np.where(interactions * sign > 0, interactions, 0),
                               minlength=row.n + 1)
            _close(f"{where}/{name}", group[name][row.k][1:], sums[1:], room)
        if not whole:
            continue
        mine = kinds == TYPE_CODES[kind]
        for name, part in (("positive", np.maximum(values, 0)), ("negative", np.minimum(values, 0)),
                           ("count", np.ones_like(values))):
            sums = np.bincount(orders[mine], part[mine], minlength=row.n + 1)
            _close(f"{where}/{name}", group[name][row.k], sums, 1e-12 * (1 + np.abs(sums).max()))
