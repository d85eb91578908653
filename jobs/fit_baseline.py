#!/usr/bin/python3
"""Adam on the values of a data set, beside the split that harsanyi found of them.

    harsanyi interactions ... --types and-or --keep all --values --out FILE.h5
    fit_baseline.py FILE.h5 [--row K] [--steps 5000] [--rates 0.1,0.03,0.01,0.003,0.001] [--anneal]

The published way to split v sparsely: v_and = (v + q)/2 + g and v_or = (v + q)/2 - g, and Adam
minimises the sum of |I_and| + |I_or| over all sets but the empty one, over g, and with --noise also
over q, clamped to the bound of the file after each step. It starts at g = q = 0. What counts is the
best L1 on the way, with an OR interaction of one player added to its AND interaction (which only
lowers it), of the best learning rate; its seconds are processor time, of that rate alone, and those
of harsanyi what its run took, divided by the rows. --anneal lets the rate fall to 0 by a cosine,
which helps Adam.

Transforms are exact, in double precision, 4 bits at a time, on one thread; the gradient comes from
PyTorch. Needs python3-torch and python3-h5py.
"""
import argparse
import functools
import math
import sys
import time

import h5py
import numpy as np
import torch

KERNELS = {"mobius": [[1, 0], [-1, 1]], "or": [[0, 1], [1, -1]], "zeta": [[1, 0], [1, 1]]}
BITS = 4


@functools.lru_cache(maxsize=None)
def power(name, bits):
    """A small Kronecker power as a dense matrix."""
    factors = [torch.tensor(KERNELS[name], dtype=torch.float64)] * bits
    return functools.reduce(torch.kron, factors)


def transform(name, x):
    """A Kronecker power of all bits: the highest ones are transformed and become the lowest."""
    left = x.numel().bit_length() - 1
    while left > 0:
        bits = min(BITS, left)
        x = (power(name, bits) @ x.reshape(2**bits, -1)).T
        left -= bits
    return x.reshape(-1)


class Split:
    """v, what is optimised, and the interactions that follow."""

    def __init__(self, values, bound):
        self.v, self.bound = values, bound
        self.g = torch.zeros_like(values, requires_grad=True)
        self.q = torch.zeros_like(values, requires_grad=True) if bound > 0 else None
        self.single = 2 ** torch.arange(values.numel().bit_length() - 1)

    def parameters(self):
        return [self.g] if self.q is None else [self.g, self.q]

    def losses(self):
        """The published loss, and L1 with OR interactions of one player moved to the AND ones."""
        half = (self.v if self.q is None else self.v + self.q) / 2
        a = transform("mobius", half + self.g)
        b = -transform("or", half - self.g)
        loss = a[1:].abs().sum() + b[1:].abs().sum()
        with torch.no_grad():
            first, other = a[self.single], b[self.single]
            saved = first.abs() + other.abs() - (first + other).abs()
            return loss, loss.item() - saved.sum().item()

    def clamp(self):
        if self.q is not None:
            with torch.no_grad():
                self.q.clamp_(-self.bound, self.bound)


def adam(values, bound, steps, rate, anneal):
    """The best L1 on the way, and processor seconds."""
    split = Split(values, bound)
    optimiser = torch.optim.Adam(split.parameters(), lr=rate)
    began, best = time.process_time(), math.inf
    for step in range(steps):
        if anneal:
            optimiser.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimiser.zero_grad()
        loss, merged = split.losses()
        best = min(best, merged)
        loss.backward()
        optimiser.step()
        split.clamp()
    return min(best, split.losses()[1]), time.process_time() - began


def check(values, file, row):
    """The interactions of the file belong to its values, by the transforms of this script."""
    a = torch.from_numpy(file["interactions/and"][row].astype(float))
    b = torch.from_numpy(file["interactions/or"][row].astype(float))
    l1 = (a[1:].abs().sum() + b[1:].abs().sum()).item()
    # v_or(T) is the sum of b over what meets T: all but the subsets of the others.
    v_and = transform("zeta", a)
    v_or = b.sum() - transform("zeta", b).flip(0)
    off = (v_and + v_or - values).abs().max().item()
    allowed = file["fit/noise_bound"][row] + 1e-8 * (1 + values.abs().max().item())
    if off > allowed or abs(l1 - file["fit/l1"][row]) > 1e-8 * l1:
        sys.exit(f"error: row {row}: its interactions are off by {off:.3g} (at most {allowed:.3g}) "
                 f"and have L1 {l1:.6g} (stored: {file['fit/l1'][row]:.6g})")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="data set with /values and a fitted split")
    parser.add_argument("--row", type=int, help="this row alone (default: all)")
    parser.add_argument("--steps", type=int, default=5000, help="of Adam (default: %(default)s)")
    parser.add_argument("--rates", default="0.1,0.03,0.01,0.003,0.001",
                        help="learning rates, of which the best counts (default: %(default)s)")
    parser.add_argument("--anneal", action="store_true", help="rates fall to 0 by a cosine")
    return parser.parse_args()


def main():
    options = parse_arguments()
    torch.set_num_threads(1)
    rates = [float(rate) for rate in options.rates.split(",")]
    with h5py.File(options.file, "r") as file:
        if "fit/l1" not in file or "values" not in file or "interactions/or" not in file:
            sys.exit(f"error: {options.file} needs --types and-or --values --keep all")
        rows = range(len(file["fit/l1"])) if options.row is None else [options.row]
        seconds = file["run"].attrs["seconds_fit"] / len(file["fit/l1"])
        print("| n | row | noise bound | L1, Adam | its rate | L1, harsanyi | lower bound "
              "| gap, Adam | gap, harsanyi | Adam, CPU s | harsanyi, s | steps |")
        print("|---" * 12 + "|")
        for row in rows:
            values = torch.from_numpy(file["values"][row].astype(np.float64))
            check(values, file, row)
            bound = float(file["fit/noise_bound"][row])
            runs = [adam(values, bound, options.steps, rate, options.anneal) + (rate,)
                    for rate in rates]
            l1, time_adam, rate = min(runs)
            lower, ours = file["fit/lower_bound"][row], file["fit/l1"][row]
            print(f"| {file.attrs['n_players']} | {row} | {bound:.3g} | {l1:.2f} | {rate:g} "
                  f"| {ours:.2f} | {lower:.2f} | {1 - lower / l1:.2%} | {1 - lower / ours:.2%} "
                  f"| {time_adam:.1f} | {seconds:.2f} | {file['fit/iterations'][row]} |",
                  flush=True)


if __name__ == "__main__":
    main()
