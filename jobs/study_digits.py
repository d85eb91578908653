#!/usr/bin/python3
"""The tables and pictures of docs/studies/digits, from what jobs/study_digits.sh has computed.

    study_digits.py FOLDER [--out FOLDER]

FOLDER has files exact-cnn-0-10.h5 and so on: without noise (exact) or with (noise), of one network
or of both jointly, of samples 0 to 9. Tables are printed, in Markdown; study_digits.png (how many
interactions reconstruct v) and study_digits_shared.png (what the networks share) go to --out.
Needs python3-h5py and python3-matplotlib.
"""
import argparse
import glob
import os
import re
import sys

import h5py
import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from whole_file import whole_file  # noqa: E402

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "data")
NETWORKS = ("cnn", "mlp")
COLOURS = {"cnn": "#2f6db5", "mlp": "#c8402f"}
MODES = {"exact": "κ = 0", "noise": "noise 0.02"}
LEVEL = 0.05          # the relative RMSE that counts as reconstructed
STRONGEST = (10, 50)  # overlaps of so many of the strongest


class Row:
    """One split: a sample and a network."""

    def __init__(self, file, k):
        self.sample = int(file["samples/index"][k])
        self.delta = abs(file["samples/v_full"][k] - file["samples/v_empty"][k])
        begin, end = (int(x) for x in file["salient/offset"][k:k + 2])
        self.sets = list(zip(file["salient/type"][begin:end].tolist(),
                             file["salient/mask"][begin:end].tolist()))
        self.signs = dict(zip(self.sets, np.sign(file["salient/value"][begin:end]).tolist()))
        self.count = {kind: file[f"orders/{kind}/count"][k] for kind in ("and", "or")}
        self.l1, self.gap = file["fit/l1"][k] / self.delta, file["fit/gap"][k]
        self.steps = int(file["fit/iterations"][k])
        self.rmse = file["reconstruction/rmse"][k] / self.delta
        self.explained = file["reconstruction/explained"][k]
        self.point = file["reconstruction/curve/point"][:]
        self.curve = file["reconstruction/curve/rmse"][k] / self.delta
        reached = np.flatnonzero(self.curve <= LEVEL)
        self.enough = int(self.point[reached[0]]) if len(reached) else 2 * int(self.point[-1])


def read(folder):
    """{(mode, way, network): {sample: Row}}, way being "alone" or "joint"."""
    rows = {}
    for path in glob.glob(os.path.join(folder, "*.h5")):
        mode, who = re.match(r"(exact|noise)-(cnn|mlp|joint)-", os.path.basename(path)).groups()
        with h5py.File(path, "r") as file:
            for k in range(len(file["samples/index"])):
                joint = who == "joint"
                network = NETWORKS[file["samples/network"][k]] if joint else who
                row = Row(file, k)
                rows.setdefault((mode, "joint" if joint else "alone", network), {})[
                    row.sample] = row
    return rows


def column(rows, name):
    return np.array([getattr(row, name) for row in rows.values()], float)


def spread(values, form):
    """Median and quartiles."""
    low, middle, high = (form.format(x) for x in np.percentile(values, (25, 50, 75)))
    return f"{middle} ({low} to {high})"


def table(head, lines):
    print("\n| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for line in lines:
        print("| " + " | ".join(str(cell) for cell in line) + " |")
    print()


def accuracy(rows):
    """Of the networks on the samples of the study, from PyTorch's outputs in data/."""
    labels = np.load(os.path.join(DATA, "digits_labels.npy"))
    samples = sorted(rows["exact", "alone", "cnn"])
    for network in NETWORKS:
        scores = np.load(os.path.join(DATA, f"digits_{network}_reference.npy"))
        right = (scores.argmax(1) == labels)[samples]
        print(f"digits_{network}: {right.sum()} of {len(samples)} right; wrong: samples "
              f"{[s for s, ok in zip(samples, right) if not ok]}")


def by_split(rows):
    return [(key, rows[key]) for mode in MODES for way in ("alone", "joint")
            for network in NETWORKS for key in [(mode, way, network)] if key in rows]


def print_splits(rows):
    table(("", "fitted", "network", "samples", "gap, largest", "steps", "L1 / \\|Δv\\|",
           "salient AND", "salient OR"),
          [(MODES[mode], way, network, len(some), f"{column(some, 'gap').max():.3f}",
            spread(column(some, "steps"), "{:.0f}"), spread(column(some, "l1"), "{:.1f}"),
            spread([row.count["and"][1:].sum() for row in some.values()], "{:.0f}"),
            spread([row.count["or"][1:].sum() for row in some.values()], "{:.0f}"))
           for (mode, way, network), some in by_split(rows)])


def print_reconstruction(rows):
    table(("", "fitted", "network", "RMSE / \\|Δv\\|", "explained", f"for {LEVEL:.0%}",
           "salient ones within"),
          [(MODES[mode], way, network, spread(column(some, "rmse"), "{:.3f}"),
            spread(100 * column(some, "explained"), "{:.1f} %"),
            spread(column(some, "enough"), "{:.0f}"),
            f"{np.mean(column(some, 'rmse') <= LEVEL):.0%} of samples")
           for (mode, way, network), some in by_split(rows)])


def print_orders(rows, orders):
    """Mean numbers of salient interactions by order, fitted alone."""
    lines = []
    for (mode, way, network), some in by_split(rows):
        if way == "alone":
            for kind in ("and", "or"):
                mean = np.mean([row.count[kind] for row in some.values()], axis=0)[1:]
                lines.append([MODES[mode], network, kind.upper()]
                             + [f"{x:.1f}" for x in mean[:orders]] + [f"{mean[orders:].sum():.1f}"])
    table(["", "network", "type"] + [str(i + 1) for i in range(orders)] + ["more"], lines)


def shared(first, second):
    """What two splits have in common: shares of either's salient sets, of the strongest, signs."""
    common = set(first.sets) & set(second.sets)
    same = sum(first.signs[s] == second.signs[s] for s in common)
    strongest = [len(set(first.sets[:k]) & set(second.sets[:k]))
                 / min(k, len(first.sets), len(second.sets)) for k in STRONGEST]
    return [len(common), len(common) / len(first.sets), len(common) / len(second.sets),
            *strongest, same / max(1, len(common))]


def sharing(rows, mode, way, shift=0):
    """A row of shared() for each sample; shift pairs the MLP on another sample, as a control."""
    first, second = (rows.get((mode, way, network), {}) for network in NETWORKS)
    samples = sorted(set(first) & set(second))
    return np.array([shared(first[s], second[samples[(i + shift) % len(samples)]])
                     for i, s in enumerate(samples)])


def print_sharing(rows):
    lines = []
    for mode in MODES:
        for name, way, shift in (("alone", "alone", 0), ("joint", "joint", 0),
                                 ("alone, control", "alone", 1)):
            found = sharing(rows, mode, way, shift)
            if len(found) > shift:
                lines.append([MODES[mode], name, len(found), spread(found[:, 0], "{:.0f}")]
                             + [spread(100 * x, "{:.0f} %") for x in found[:, 1:5].T]
                             + [f"{found[:, 5].mean():.0%}"])
    table(["", "fitted", "samples", "common", "of the CNN's", "of the MLP's"]
          + [f"of the {k} strongest" for k in STRONGEST] + ["same sign"], lines)


def tidy(axes):
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=9)


def draw_curves(rows, path):
    """Relative RMSE against the number of interactions: median, and quartiles as a band."""
    modes = [mode for mode in MODES if (mode, "alone", "cnn") in rows]
    figure, parts = plt.subplots(1, len(modes), figsize=(1.4 + 3.6 * len(modes), 3.3), sharey=True,
                                 squeeze=False, constrained_layout=True)
    for axes, mode in zip(parts[0], modes):
        for network in NETWORKS:
            for way, dashes in (("alone", "-"), ("joint", "--")):
                some = rows.get((mode, way, network))
                if not some:
                    continue
                points = min((row.point for row in some.values()), key=len)
                curves = np.array([row.curve[:len(points)] for row in some.values()])
                low, middle, high = np.percentile(curves, (25, 50, 75), axis=0)
                axes.plot(points, middle, dashes, color=COLOURS[network], lw=1.6,
                          label=f"{network.upper()}, {way}")
                if way == "alone":
                    axes.fill_between(points, low, high, color=COLOURS[network], alpha=0.15, lw=0)
        axes.axhline(LEVEL, color="#777777", lw=0.8, ls=":")
        axes.set(xscale="log", yscale="log", ylim=(2e-3, None), xlim=(1, 2**14),
                 title=f"{MODES[mode]}, {len(rows[mode, 'alone', 'cnn'])} samples",
                 xlabel="strongest interactions (of 2 · 65,535)")
        tidy(axes)
    parts[0][0].set_ylabel("RMSE / |v(N) - v(∅)|")
    parts[0][0].legend(frameon=False, fontsize=9)
    with whole_file(path) as temporary:
        figure.savefig(temporary, dpi=130)
    print(f"wrote {path}")


def draw_sharing(rows, path):
    """Shares of the salient interactions that are common: each sample, alone against jointly."""
    modes = [mode for mode in MODES if len(sharing(rows, mode, "joint"))]
    if not modes:
        return
    figure, parts = plt.subplots(1, len(modes), figsize=(1.4 + 3.3 * len(modes), 3.6),
                                 squeeze=False, constrained_layout=True)
    for axes, mode in zip(parts[0], modes):
        count = len(sharing(rows, mode, "joint"))
        alone, joint = (100 * sharing(rows, mode, way)[:count] for way in ("alone", "joint"))
        axes.plot((0, 100), (0, 100), color="#777777", lw=0.8, ls=":")
        for i, network in enumerate(NETWORKS):
            axes.plot(alone[:, 1 + i], joint[:, 1 + i], "o", ms=4, alpha=0.6,
                      color=COLOURS[network], mew=0, label=f"of the {network.upper()}'s")
        axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal", xlabel="shared, fitted alone, %",
                 title=f"{MODES[mode]}, {count} samples")
        tidy(axes)
    parts[0][0].set_ylabel("shared, fitted jointly, %")
    parts[0][0].legend(frameon=False, fontsize=9, loc="lower right")
    with whole_file(path) as temporary:
        figure.savefig(temporary, dpi=130)
    print(f"wrote {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="with the data sets of jobs/study_digits.sh")
    parser.add_argument("--out", help="where the pictures go (default: the same folder)")
    options = parser.parse_args()
    rows = read(options.folder)
    if ("exact", "alone", "cnn") not in rows:
        sys.exit(f"error: {options.folder} has no exact-cnn-*.h5: run jobs/study_digits.sh")
    accuracy(rows)
    print_splits(rows)
    print_orders(rows, 8)
    print_reconstruction(rows)
    print_sharing(rows)
    out = options.out or options.folder
    draw_curves(rows, os.path.join(out, "study_digits.png"))
    draw_sharing(rows, os.path.join(out, "study_digits_shared.png"))


if __name__ == "__main__":
    main()
