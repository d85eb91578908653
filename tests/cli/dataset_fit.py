"""Fitted splits of a data set: /fit, /reconstruction, and /sharing of several networks."""
import numpy as np

from dataset_indices import subsets_summed
from dataset_objects import (CURVE, FIT, LARGEST_BITS, LARGEST_CURVE_BITS, OBJECTS, RECONSTRUCTION,
                             SINGLE)


def check_sharing(data):
    """What the networks of a sample have in common, by their lists where these are whole."""
    group, file = data.file["salient"], data.file
    count = 1 + int(file["samples/network"][()].max())
    points = file["sharing/point"][()]
    data.need(np.array_equal(points, 2**np.arange(len(points))), "/sharing/point is not 1, 2, ...")
    offset = group["offset"][()].astype(np.int64)
    for first in range(0, data.rows, count):
        rows = range(first, first + count)
        where = f"rows {first} to {first + count - 1} of /sharing"
        top = file["sharing/top"][first:first + count]
        data.need(np.all(top == top[0]), f"{where}: top differs between the networks")
        lists = [list(zip(group["type"][offset[k]:offset[k + 1]].tolist(),
                          group["mask"][offset[k]:offset[k + 1]].tolist())) for k in rows]
        for i, found in enumerate(top[0]):
            if all(len(sets) >= 2**i for sets in lists):
                common = set.intersection(*(set(sets[:2**i]) for sets in lists))
                data.need(found == len(common) / 2**i, f"{where}: top {i} is {found}")
            else:
                data.need(0 <= found <= 1 and found * 2**i % 1 == 0, f"{where}: top {i}")
        kept = file["reconstruction/kept"][first:first + count]
        found = file["sharing/salient"][first:first + count]
        salient = [{s for s, value in zip(sets, group["value"][offset[k]:offset[k + 1]])
                    if abs(value) >= group["threshold"][k]} for sets, k in zip(lists, rows)]
        if [len(sets) for sets in salient] == kept.tolist():
            with np.errstate(invalid="ignore"):
                wanted = len(set.intersection(*salient)) / kept
            data.need(np.allclose(found, wanted, rtol=1e-12, atol=0, equal_nan=True),
                      f"{where}: salient is {found}, by the lists {wanted}")


def check_split(data, k, entries, sums, slack):
    """/fit and /reconstruction of a row."""
    file, relative = data.file, 4 * (data.n + 4) * data.epsilon
    fit = {name: file[f"fit/{name}"][k] for name in FIT}
    where = f"row {k} of /fit"
    l1 = sum(np.sum(part["all_positive"] - part["all_negative"]) for part in sums.values())
    data.close(f"{where}: l1", fit["l1"], l1, slack)
    data.close(f"{where}: gap", fit["gap"],
               max(0, 1 - fit["lower_bound"] / fit["loss"]) if fit["loss"] > 0 else 0, relative)
    data.need(0 <= fit["max_residual"] <= fit["noise_bound"] + slack,
              f"{where}: off by {fit['max_residual']}")
    data.need(fit["iterations"] >= 0, f"{where}: {fit['iterations']} iterations")
    if "samples/network" not in file:
        data.close(f"{where}: loss", fit["loss"], l1, slack)
    else:
        data.need(fit["loss"] >= l1 - slack, f"{where}: a joint loss under l1")
        for name in ("loss", "lower_bound", "gap", "iterations"):
            first = k - file["samples/network"][k]
            data.need(fit[name] == file[f"fit/{name}"][first],
                      f"{where}: {name} is not that of the other networks")
    where = f"row {k} of /reconstruction"
    one = {name: file[f"reconstruction/{name}"][k] for name in RECONSTRUCTION}
    size = sum(np.sum(part["positive"] - part["negative"]) for part in sums.values())
    rest = abs(sum(np.sum(part["all_positive"] - part["positive"] + part["all_negative"]
                          - part["negative"]) for part in sums.values()))
    data.need(one["kept"] == sum(part["count"].sum() for part in sums.values()),
              f"{where}: kept is not what /orders counts")
    data.close(f"{where}: explained", one["explained"],
               size / (size + rest) if size + rest > 0 else 1, slack / max(size + rest, 1e-300))
    data.close(f"{where}: rho_unfaith", one["rho_unfaith"], one["rmse"]**2,
               relative * one["rmse"]**2)
    curve = {name: file[f"reconstruction/curve/{name}"][k] for name in CURVE}
    check_curve(data, where, curve, entries)
    data.need(all(np.all((0 <= x["rmse"]) & (x["rmse"] <= x["max"] * (1 + relative)))
                  for x in (one, curve)), f"{where}: rmse is not between 0 and max")
    check_reconstruction(data, k, fit, one, curve, slack)


def check_curve(data, where, curve, entries):
    """What the columns of a curve and the salient list say of each other."""
    point, strength, kept = data.file["reconstruction/curve/point"][()], curve["strength"], \
        curve["kept"]
    data.need(np.array_equal(point, 2**np.arange(len(point))), f"{where}: points {point}")
    data.need(np.all(np.diff(kept) >= 0), f"{where}: kept falls along the curve")
    data.need(np.all(np.diff(strength) <= 0) and strength[-1] >= 0,
              f"{where}: strength rises along the curve")
    data.need(np.all((kept >= point) | (strength == 0)), f"{where}: fewer kept than asked for")
    data.need(np.all((0 <= curve["explained"]) & (curve["explained"] <= 1)),
              f"{where}: explained is no share")
    same = np.diff(strength) == 0
    for name in CURVE:
        data.need(np.all(np.diff(curve[name])[same] == 0),
                  f"{where}: {name} changes where the strength does not")
    listed = np.abs(entries[2])
    inside = point <= len(listed)
    data.need(np.array_equal(strength[inside], listed[point[inside] - 1]),
              f"{where}: strength is not what the salient list has")
    counts = np.array([np.sum(listed >= x) for x in strength])
    known = inside & (counts < len(listed))
    data.need(np.array_equal(kept[known], counts[known]),
              f"{where}: kept is not what the salient list has")


def check_reconstruction(data, k, fit, one, curve, slack):
    """v from the interactions of both types, all of them and the strongest."""
    file = data.file
    if not {"values", "interactions/and", "interactions/or"} <= set(
            name for name in OBJECTS if name in file) or data.n > LARGEST_BITS:
        return
    both = [file[f"interactions/{kind}"][k].astype(np.float64) for kind in ("and", "or")]
    constant, v = both[0][0] + both[1][0], file["values"][k].astype(np.float64)
    for array in both:
        array[0] = 0

    def errors(least):
        kept = [np.where(np.abs(array) >= data.stored(least), array, 0) for array in both]
        zeta = [subsets_summed(array) for array in kept]
        off = constant + zeta[0] + zeta[1][-1] - zeta[1][::-1] - v
        size = sum(np.abs(array).sum() for array in kept)
        rest = abs(sum((x - y).sum() for x, y in zip(both, kept)))
        count = sum((array != 0).sum() for array in kept)
        return count, {"rmse": np.sqrt(np.mean(off**2)), "max": np.abs(off).max(),
                       "explained": size / (size + rest) if size + rest > 0 else 1}

    where = f"row {k} of /reconstruction"
    data.close(f"row {k}: AND and OR together against /values", errors(0)[1]["max"],
               fit["max_residual"], slack)
    # In single precision interactions may have become as strong as the threshold, or 0.
    single = file["values"].dtype == SINGLE
    count, found = errors(file["salient/threshold"][k])
    for name, value in found.items() if count == one["kept"] or not single else ():
        data.close(f"{where}: {name}", one[name], value, slack)
    for i, strength in enumerate(curve["strength"] if data.n <= LARGEST_CURVE_BITS else []):
        count, found = errors(max(strength, 5e-324))
        for name, value in found.items() if count == curve["kept"][i] or not single else ():
            data.close(f"{where}: {name} of the curve", curve[name][i], value, slack)
