"""Interaction indices of a data set, by their definitions from the dividends."""
import functools
import math
from fractions import Fraction

import numpy as np

from dataset_objects import LARGEST_INDEX_BITS


@functools.cache
def bernoulli(j):
    """The Bernoulli number B_j, with B_1 = -1/2."""
    numbers = []
    for m in range(j + 1):
        numbers.append(Fraction(m == 0) - sum(math.comb(m, k) * numbers[k] / Fraction(m - k + 1)
                                              for k in range(m)))
    return numbers[j]


@functools.cache
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


def check_index(data, k, name, efficient, effect, slack):
    """An interaction index: its sets, what it divides, and its values from the dividends."""
    group = data.file[f"indices/{name}"]
    masks, values = group["mask"][()], group["value"][k]
    orders = np.array([int(m).bit_count() for m in masks])
    highest = int(orders.max())
    where = f"row {k} of /indices/{name}"
    data.need(np.array_equal(np.lexsort((masks, orders)), np.arange(len(masks))),
              f"{where}: not by order, then mask")
    data.need(np.all(masks > 0) and len(set(masks.tolist())) == len(masks)
              and len(masks) == sum(math.comb(data.n, s) for s in range(1, highest + 1)),
              f"{where}: not all sets up to order {highest}")
    data.need(np.isfinite(values).all(), f"{where}: numbers that are not finite")
    data.need(0 <= group["error"][k] <= 2**highest * slack,
              f"{where}: an error of {group['error'][k]}")
    if efficient or (name == "Moebius" and highest == data.n):
        data.close(f"{where}: sum", values.sum(), effect, 2**highest * slack)
    if ("interactions/and" not in data.file or "fit" in data.file
            or data.n > LARGEST_INDEX_BITS):
        return
    sums = supersets_by_order(data.file["interactions/and"][k].astype(np.float64))
    for s in range(1, highest + 1):
        of = [float(coefficient(name, highest, s, t)) for t in range(s, data.n + 1)]
        part = orders == s
        wanted = of @ sums[s:][:, masks[part].astype(np.int64)]
        data.close(f"{where}: order {s} from the dividends", values[part], wanted,
                   slack * max(1, np.abs(of).max()))
