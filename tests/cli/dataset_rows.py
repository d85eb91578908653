"""What the numbers of a row of a data set say about each other."""
import math

import numpy as np

from dataset_fit import check_split
from dataset_indices import check_index, subsets_summed
from dataset_objects import INDICES, LARGEST_BITS, OBJECTS, ORDER_SUMS, SINGLE


def lattice_epsilon(data):
    """The precision that values were stored in; without lattice arrays the values tell."""
    stored = [data.file[name].dtype for name, kind in OBJECTS.items()
              if kind.type == "lattice" and name in data.file]
    ends = np.concatenate([data.file["samples/v_empty"][()], data.file["samples/v_full"][()]])
    if SINGLE in stored or (not stored and np.all(ends == ends.astype(np.float32))):
        data.epsilon = float(np.finfo(np.float32).eps)


def check_row(data, k):
    """What the numbers of row k say about each other."""
    file = data.file
    types = [t for t in ("and", "or") if f"orders/{t}" in file]
    v_empty, v_full = file["samples/v_empty"][k], file["samples/v_full"][k]
    sums = {t: {s: file[f"orders/{t}/{s}"][k] for s in ORDER_SUMS} for t in types}
    size = {t: float(np.sum(sums[t]["all_positive"] - sums[t]["all_negative"])) + abs(v_empty)
            for t in types}
    off = 0
    if "fit" in file:  # Both types explain v together, and may be off.
        off = file["fit/max_residual"][k]
        size = dict.fromkeys(types, sum(size.values()) + off)
    slack = {t: 4 * (data.n + 4) * data.epsilon * size[t] for t in types}
    if not data.need(np.isfinite([v_empty, v_full, *size.values()]).all(),
                     f"row {k}: numbers that are not finite"):
        return
    entries = check_list(data, k, types)
    for kind in types:
        where = f"row {k}, {kind}"
        for name in ORDER_SUMS:
            data.need(sums[kind][name][0] == 0, f"{where}: order 0 of {name} is not 0")
            sign = -1 if name.endswith("negative") else 1
            data.need(np.all(sign * sums[kind][name] >= 0), f"{where}: {name} has a wrong sign")
        check_list_sums(data, k, kind, entries, sums[kind], slack[kind])
        check_lattice(data, k, kind, entries, sums[kind], slack[kind])
    for together in [types] if "fit" in file else [[t] for t in types]:
        check_effects(data, k, together, sums, 2 * off + slack[together[0]])
    least = min(slack.values())
    if "indices/SV" in file:
        data.close(f"row {k}: sum of the Shapley values", file["indices/SV"][k].sum(),
                   v_full - v_empty, least)
    for index, efficient in INDICES.items():
        if f"indices/{index}" in file:
            check_index(data, k, index, efficient, v_full - v_empty, least)
    if "values" in file:
        v = file["values"][k].astype(np.float64)
        data.need(v[0] == v_empty and v[-1] == v_full, f"row {k}: /values does not begin and "
                  "end with v(empty) and v(N)")
        means = np.bincount(data.orders(), v) / np.bincount(data.orders()) - v_empty
        data.close(f"row {k}: mean effects of /values", file["orders/mean_effect"][k], means,
                   least)
    if "fit" in file:
        check_split(data, k, entries, sums, least)


def check_effects(data, k, types, sums, slack):
    """Types that explain v by themselves or together: effects and values of players."""
    file, n = data.file, data.n
    where = f"row {k}, {' and '.join(types)}"
    choose = np.array([[math.comb(size, m) for m in range(n + 1)] for size in range(n + 1)])
    means = np.zeros(n + 1)
    for kind in types:
        effect = sums[kind]["all_positive"] + sums[kind]["all_negative"]
        inside = choose / choose[-1]  # [k, m]: share of the sets of k with a set of m inside
        means += (inside if kind == "and" else 1 - inside[::-1]) @ effect
    data.close(f"{where}: mean effects by the sums over orders",
               file["orders/mean_effect"][k], means, slack)
    data.close(f"{where}: sum over all orders", means[-1],
               file["samples/v_full"][k] - file["samples/v_empty"][k], slack)
    if "and" not in types or "interactions/and" not in file or n > LARGEST_BITS:
        return
    both = sum(file[f"interactions/{kind}"][k].astype(np.float64) for kind in types)
    both[0] = 0
    has, size = np.arange(2**n) >> np.arange(n)[:, None] & 1, np.maximum(data.orders(), 1)
    for index, weight in (("SV", 1 / size), ("BV", 2.0**(1 - size))):
        if f"indices/{index}" in file:
            data.close(f"{where}: {index}", has @ (both * weight), file[f"indices/{index}"][k],
                       slack)


def check_list(data, k, types):
    """Check the list of row k; returns its columns type, mask, value."""
    group = data.file["salient"]
    part = slice(*(int(x) for x in group["offset"][k:k + 2]))
    kind, mask, value = group["type"][part], group["mask"][part], group["value"][part]
    where = f"row {k} of /salient"
    codes = [code for code, name in enumerate(("and", "or")) if name in types]
    data.need(np.isin(kind, codes).all(), f"{where}: types {np.unique(kind)}")
    data.need(np.all(mask > 0) and np.all(mask < np.uint64(2**data.n)),
              f"{where}: masks out of range")
    bits = np.array([int(m).bit_count() for m in mask], dtype=np.uint8)
    data.need(np.array_equal(bits, group["order"][part]), f"{where}: orders are not the masks'")
    order = np.lexsort((mask, kind, -np.abs(value)))
    data.need(np.array_equal(order, np.arange(len(mask))),
              f"{where}: not by falling |value|, then type, then mask")
    data.need(len({*zip(kind.tolist(), mask.tolist())}) == len(mask),
              f"{where}: a set stands there twice")
    return kind, mask, value


def check_list_sums(data, k, kind, entries, sums, slack):
    """The list against /orders."""
    types, masks, values = entries
    threshold = data.file["salient/threshold"][k]
    mine = (types == ("and", "or").index(kind)) & (np.abs(values) >= threshold)
    orders = np.array([int(m).bit_count() for m in masks[mine]], dtype=np.int64)
    listed = {"positive": np.maximum(values[mine], 0), "negative": np.minimum(values[mine], 0),
              "count": np.ones(mine.sum())}
    for name, part in listed.items():
        mine_sums = np.bincount(orders, part, minlength=data.n + 1)
        where = f"row {k}, {kind}: {name} of the salient list"
        if data.file["salient/truncated"][k]:
            data.need(np.all(np.abs(mine_sums) <= np.abs(sums[name]) + slack),
                      f"{where} is more than /orders has")
        else:
            data.close(where, mine_sums, sums[name], 0 if name == "count" else slack)


def check_lattice(data, k, kind, entries, sums, slack):
    """/interactions of a type against the list, /orders, and its own /values."""
    name = f"interactions/{kind}"
    if name not in data.file or data.n > LARGEST_BITS:
        return
    n, where = data.n, f"row {k} of /{name}"
    dividends = data.file[name][k].astype(np.float64)
    v_empty, fitted = data.file["samples/v_empty"][k], "fit" in data.file
    data.need(fitted or dividends[0] == (v_empty if kind == "and" else 0),
              f"{where}: I(empty)")
    types, masks, values = entries
    mine = (types == ("and", "or").index(kind)) & (masks < len(dividends))
    data.need(np.array_equal(dividends[masks[mine].astype(np.int64)],
                             data.stored(values[mine])),
              f"{where}: not what the salient list says")
    rest = dividends.copy()
    rest[0] = 0
    salient = np.abs(rest) >= data.stored(data.file["salient/threshold"][k])
    for what, part in (("all_positive", np.maximum(rest, 0)),
                       ("all_negative", np.minimum(rest, 0)), ("count", salient),
                       ("positive", np.maximum(rest, 0) * salient),
                       ("negative", np.minimum(rest, 0) * salient)):
        data.close(f"{where}: {what}", np.bincount(data.orders(), part, minlength=n + 1),
                   sums[what], 0 if what == "count" else slack)
    if "values" in data.file and not fitted:
        zeta = subsets_summed(rest)
        v = v_empty + (zeta if kind == "and" else zeta[-1] - zeta[::-1])
        data.close(f"{where}: against /values", v, data.file["values"][k], slack)
