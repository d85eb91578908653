#!/usr/bin/python3
"""Draw a row of a data set: figures into a folder, each as PNG and as SVG.

    plot_interactions.py FILE.h5 [--samples data/digits_images.npy] [--row K] [--out FOLDER]

    overview         the sample, its strongest interactions, order strengths, values of the players
    interactions     the strongest ones on the image, the row of words or the names of the players
    orders           strengths by order, and the mean of v(S) - v(empty) over the sets of k players
    sparsity         all |I|, sorted
    reconstruction   v of all masks, sorted, and what the salient interactions make of it
    curve            error of the reconstruction over the number of interactions
    shapley          values of the players

--samples is the file that was given to harsanyi: without it patches are drawn on a blank image. A
figure that the file has no data for is left out with a message. Red raises the output, blue lowers
it. The drawing itself is in plot_players.py, beside this file. Needs python3-h5py and
python3-matplotlib.
"""
import argparse
import os
import re
import sys

import h5py
import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.patheffects  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402

import plot_players as on  # noqa: E402
from plot_players import FAINT, FRAME, NEGATIVE, POSITIVE, colour, signed  # noqa: E402
from whole_file import whole_file  # noqa: E402

TYPES = ("and", "or")
TITLES = {"and": "AND: all of these together", "or": "OR: any of these"}
TONES = {"and": "#5b4a9c", "or": "#c77f1a", "both": "#3a3a3a"}
# Lattices of more players than this are not read whole; curves of more are not computed.
LARGEST_BITS, LARGEST_CURVE_BITS = 22, 16
POINTS_DRAWN = 3000


class Missing(Exception):
    """What a figure needs and the file does not have."""


class Interactions:
    """What the figures need of one row of a data set."""

    def __init__(self, path, row):
        self.path, self.row = path, row
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") not in ("harsanyi", b"harsanyi"):
                raise ValueError(f"{path} is not a data set of harsanyi's")
            if not file.attrs.get("complete"):
                raise ValueError(f"{path} is not complete: its run was stopped")
            rows = len(file["samples/index"])
            if not 0 <= row < rows:
                raise ValueError(f"--row {row}: {path} has rows 0 to {rows - 1}")
            self.n = int(file.attrs["n_players"])
            index = file["samples/index"][()]
            self.sample, self.slot = int(index[row]), int(np.sum(index[1:row + 1] != index[:row]))
            self.target = int(file["samples/target"][row])
            self.network = int(file["samples/network"][row]) if "samples/network" in file else None
            self.v_empty = float(file["samples/v_empty"][row])
            self.v_full = float(file["samples/v_full"][row])
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
            self.names = texts(file, "players/name") or [str(i) for i in range(self.n)]
            classes = texts(file, "classes/name")
            self.target_name = classes[self.target] if classes else str(self.target)
            self.map = player_map(file, self.slot)
            self.tokens = option_of(file, "players").startswith("tokens")
            self.curve = {name: item[()] if item.ndim == 1 else item[row] for name, item
                          in file["reconstruction/curve"].items()} if self.fitted else None

    def title(self):
        """What row this is."""
        network = "" if self.network is None else f", network {self.network}"
        return f"sample {self.sample}, output for class {self.target_name}{network}"

    def strongest(self, kind, count):
        """(mask, value) of the strongest of a type; the list is sorted by strength."""
        chosen = np.flatnonzero(self.kinds == TYPES.index(kind))[:count]
        return [(int(self.masks[i]), float(self.values[i])) for i in chosen]

    def lattice(self, name):
        """An array over all masks, or None."""
        if self.n > LARGEST_BITS:
            return None
        with h5py.File(self.path, "r") as file:
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


def texts(file, path):
    """Strings of a data set, or None."""
    if path not in file:
        return None
    return [x.decode() if isinstance(x, bytes) else str(x) for x in file[path][()]]


def option_of(file, name):
    """An option of the run that wrote the file, or nothing."""
    options = file["run"].attrs.get("options", b"")
    options = options.decode() if isinstance(options, bytes) else str(options)
    found = re.search(rf"--{name} (\S+)", options)
    return found.group(1) if found else ""


def player_map(file, slot):
    """The player of each element of a sample, or None. Samples may have maps of their own."""
    if "players/map" not in file:
        return None
    labels, samples = file["players/map"][()], int(file.attrs["n_samples"])
    shape = file["players/baseline"].shape
    own = labels.ndim > len(shape) or (labels.ndim >= 3 and labels.shape[0] == samples > 1)
    return labels[slot] if own else labels


def picture(data, path):
    """The plane of players and the image under it, or None."""
    if data.map is None or data.tokens:
        if path:
            print("--samples is not used: the players are not patches of an image")
        return None
    image = None
    if path:
        samples = np.load(path, mmap_mode="r")
        if data.sample >= len(samples):
            raise ValueError(f"{path} has no sample {data.sample}")
        image = samples[data.sample]
        if image.size != data.map.size:
            raise ValueError(f"{path} holds samples of {image.size} elements, the data set's "
                             f"players cover {data.map.size}")
    return on.picture_of(data.map, image)


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


def tidy(axes):
    """Thin lines on two sides."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(labelsize=9, color=FAINT, length=3)
    axes.tick_params(which="minor", length=0)


def panels(count, width=4.4, height=3.4, **rest):
    """A figure with so many axes side by side."""
    figure, axes = plt.subplots(1, count, figsize=(max(count * width, 5.5), height),
                                constrained_layout=True, squeeze=False, **rest)
    for one in axes[0]:
        tidy(one)
    return figure, axes[0]


# Parts


def same_scale(axes):
    """One range of values for all."""
    low, high = zip(*(one.get_ylim() for one in axes))
    for one in axes:
        one.set_ylim(min(low), max(high))


def draw_orders(axes, data, kind, outline=True):
    """Sums of the positive and of the negative interactions of each order."""
    order, sums = np.arange(1, data.n + 1), data.orders[kind]
    for name, tone in (("positive", POSITIVE), ("negative", NEGATIVE)):
        axes.bar(order, sums[name][1:], color=tone, width=0.75)
        if outline:
            axes.bar(order, sums["all_" + name][1:], width=0.75, facecolor="none", edgecolor=tone,
                     lw=0.9, ls=":")
    axes.axhline(0, color=FRAME, lw=0.8)
    axes.set_xticks(order[::1 + (data.n - 1) // 10])
    axes.set_xlabel("order: number of players", fontsize=9)
    axes.set_title(f"{kind.upper()}, strength by order", fontsize=11, loc="left")
    tidy(axes)


def draw_shapley(axes, data, name):
    """Bars with the players' names."""
    values, at = data.indices[name], np.arange(data.n)
    axes.barh(at, values, color=[colour(v) for v in values], height=0.7)
    axes.axvline(0, color=FRAME, lw=0.8)
    axes.set_yticks(at, data.names, fontsize=9)
    axes.invert_yaxis()
    tidy(axes)
    axes.set_title({"SV": "Shapley values", "BV": "Banzhaf values"}[name], fontsize=11, loc="left")


def draw_bars(axes, data, kind, count):
    """The strongest interactions as bars with the players' names."""
    sets = data.strongest(kind, count)[::-1]
    limit = 30 if len(data.types) == 2 else 64
    labels = [on.set_label([data.names[p] for p in range(data.n) if mask >> p & 1], limit)
              for mask, _ in sets]
    values = [value for _, value in sets]
    axes.barh(range(len(sets)), values, color=[colour(v) for v in values], height=0.7)
    axes.set_yticks(range(len(sets)), labels, fontsize=9)
    axes.axvline(0, color=FRAME, lw=0.8)
    tidy(axes)
    axes.set_title(kind.upper() + ", strongest interactions", fontsize=11, loc="left")


def draw_sample(axes, data, view):
    """The sample with its players, and v of all and of none."""
    on.show_image(axes, view[1])
    on.borders(axes, view[0], "#9a9a9a", 0.8)
    axes.set_title(data.title().replace(", network", ",\nnetwork"), fontsize=11)
    axes.set_xlabel(f"v(all players) = {signed(data.v_full, 2)}\n"
                    f"v(no player) = {signed(data.v_empty, 2)}", fontsize=10)


def draw_types_on_image(part, data, view, count):
    """For each type a line of its strongest interactions on the image."""
    for line, kind in zip(np.atleast_1d(part.subfigures(len(data.types), 1)), data.types):
        line.suptitle(TITLES[kind], fontsize=11, x=0.02, ha="left")
        sets = data.strongest(kind, count)
        for axes, entry in zip(line.subplots(1, count), sets + [None] * (count - len(sets))):
            if entry is None:
                axes.set_axis_off()
            else:
                on.draw_patches(axes, view, *entry)


# Figures


def overview_of_image(data, view, count):
    """Sample on the left, a line of patches for each type, orders and values below."""
    lines = len(data.types)
    figure = plt.figure(figsize=(10.5, 2.2 * lines + 3.0), constrained_layout=True)
    upper, lower = figure.subfigures(2, 1, height_ratios=(2.15 * lines, 3.0))
    left, right = upper.subfigures(1, 2, width_ratios=(3.0, 7.5))
    draw_sample(left.subplots(), data, view)
    draw_types_on_image(right, data, view, count)
    axes = lower.subplots(1, lines + 1, width_ratios=[6.2 / lines] * lines + [4.3])
    for i, kind in enumerate(data.types):
        draw_orders(axes[i], data, kind, outline=False)
    same_scale(axes[:lines])
    if data.indices:
        name = min(data.indices, key="SV BV".index)
        on.draw_values_map(lower, axes[-1], view, data.indices[name],
                           {"SV": "Shapley values", "BV": "Banzhaf values"}[name])
    else:
        axes[-1].set_axis_off()
    return figure


def overview(data, view, count):
    """Everything of a row in one picture."""
    if view:
        return overview_of_image(data, view, min(count, 5))
    heights = (0.9 + 0.28 * count, 0.9 + 0.2 * max(data.n, 9))
    figure = plt.figure(figsize=(10.5, 0.4 + sum(heights)), constrained_layout=True)
    figure.suptitle(f"{data.title()}: v(all) = {signed(data.v_full, 2)}, "
                    f"v(none) = {signed(data.v_empty, 2)}", fontsize=11)
    upper, lower = figure.subfigures(2, 1, height_ratios=heights)
    for part, kind in zip(np.atleast_1d(upper.subfigures(1, len(data.types))), data.types):
        draw_bars(part.subplots(), data, kind, count)
    left, right = lower.subfigures(1, 2)
    strengths = np.atleast_1d(left.subplots(len(data.types), 1))
    for axes, kind in zip(strengths, data.types):
        draw_orders(axes, data, kind, outline=False)
        if kind != data.types[-1]:
            axes.set_xlabel("")
    same_scale(strengths)
    if data.indices:
        draw_shapley(right.subplots(), data, min(data.indices, key="SV BV".index))
    return figure


def interactions(data, view, count):
    """The strongest interactions where their players are."""
    sets = [(kind, *entry) for kind in data.types for entry in data.strongest(kind, count)]
    if not sets:
        raise Missing("salient interactions")
    if view:
        figure = plt.figure(figsize=(1.55 * count + 0.2, 2.05 * len(data.types) + 0.3),
                            constrained_layout=True)
        figure.suptitle(data.title(), fontsize=11)
        draw_types_on_image(figure.subfigures(), data, view, count)
    elif data.tokens:
        wide, high = on.words_size(data.names, len(sets))
        figure = plt.figure(figsize=(wide + 0.2, high + 0.4), constrained_layout=True)
        figure.suptitle(data.title(), fontsize=11)
        on.draw_words(figure.subplots(), data.names, sets)
    else:
        heights = (2.2, 0.25 * data.n + 0.3)
        figure = plt.figure(figsize=(0.62 * len(sets) + 2.6, sum(heights) + 0.4),
                            constrained_layout=True)
        figure.suptitle(data.title(), fontsize=11)
        bars, dots = figure.subplots(2, 1, height_ratios=heights)
        on.draw_sets(bars, dots, data.names, sets)
        tidy(bars)
        bars.spines["bottom"].set_visible(False)
    return figure


def orders(data, _view, _count):
    """Strengths by order of each type, and mean effects."""
    figure, axes = panels(len(data.types) + 1, width=4.0)
    figure.suptitle(data.title(), fontsize=11)
    for i, kind in enumerate(data.types):
        draw_orders(axes[i], data, kind)
    same_scale(axes[:-1])
    axes[0].set_ylabel("sum of I (dotted: all, filled: salient)", fontsize=9)
    axes[-1].plot(np.arange(data.n + 1), data.mean_effect, "-o", ms=4, color=FRAME)
    axes[-1].axhline(0, color=FAINT, lw=0.8)
    axes[-1].set_xlabel("k: number of players present", fontsize=9)
    axes[-1].set_title("mean of v(S) \N{MINUS SIGN} v(\N{EMPTY SET}), |S| = k", fontsize=11,
                       loc="left")
    return figure


def sparsity(data, _view, _count):
    """|I| from the strongest to the weakest: the strong ones, and all on logarithmic axes."""
    strengths, whole = {}, True
    for kind in data.types:
        array = data.lattice(f"interactions/{kind}")
        whole = whole and array is not None
        strengths[kind] = data.values[data.kinds == TYPES.index(kind)] if array is None \
            else array[1:]
    if data.fitted:
        strengths = {"both": np.concatenate(list(strengths.values()))}
    if not any(np.any(x) for x in strengths.values()):
        raise Missing("interactions that are not 0")
    figure, axes = panels(2)
    figure.suptitle(f"{data.title()}: {'all' if whole else 'salient'} interactions", fontsize=11)
    most = 1
    for kind, values in strengths.items():
        sizes = np.sort(np.abs(values[values != 0]))[::-1]
        salient = int(np.sum(sizes >= data.threshold))
        most = max(most, 4 * salient)
        label = f"{'AND and OR' if kind == 'both' else kind.upper()}: {salient} salient" + \
            (f" of {len(values)}" if whole else "")
        for one in axes:
            # Equally many points for each power of two: a line through millions is as smooth.
            at = np.unique(np.geomspace(1, max(len(sizes), 1), 2000).astype(int)) - 1
            one.plot(at + 1, sizes[at] if len(sizes) else [], color=TONES[kind], lw=1.8,
                     label=label)
    for one in axes:
        one.axhline(data.threshold, color=FAINT, lw=0.9, ls="--")
        one.set_xlabel("rank of the interaction", fontsize=9)
    axes[0].set_xlim(0, most)
    axes[0].set_ylim(bottom=0)
    axes[0].set_ylabel("|I| (dashed: threshold)", fontsize=9)
    axes[0].set_title("the strongest", fontsize=11, loc="left")
    axes[0].legend(frameon=False, fontsize=9)
    axes[1].set_xscale("log")
    axes[1].set_yscale("log")
    axes[1].set_title("all" if whole else "those listed", fontsize=11, loc="left")
    return figure


def reconstruction(data, _view, _count):
    """v of all masks in rising order, and v from the salient interactions of the same masks."""
    values = data.all_values()
    models = list(data.models())
    figure, axes = panels(len(models), sharey=True)
    figure.suptitle(data.title(), fontsize=11)
    order = np.argsort(values, kind="stable")
    at = np.unique(np.linspace(0, len(values) - 1, min(len(values), POINTS_DRAWN)).astype(int))
    for one, (title, types, constant, arrays, _) in zip(axes, models):
        found = reconstructed(constant, types, arrays, data.threshold)
        kept = sum(int(np.sum(np.abs(array) >= data.threshold)) for array in arrays)
        rmse = np.sqrt(np.mean((found - values)**2))
        one.plot(at, found[order][at], ".", ms=2.2, color=TONES["and"], alpha=0.45, rasterized=True,
                 label=f"from {kept} salient interactions")
        one.plot(at, values[order][at], color=POSITIVE, lw=1.6, label="v, the network's output")
        one.set_xlabel(f"all {len(values)} masks, sorted by v", fontsize=9)
        one.set_title(f"{title}: RMSE {rmse:.3g}", fontsize=11, loc="left")
        one.legend(frameon=False, fontsize=9, markerscale=4, loc="upper left")
    axes[0].set_ylabel("v", fontsize=9)
    low, high = axes[0].get_ylim()
    axes[0].set_ylim(low, high + 0.22 * (high - low))  # room for the legends
    return figure


def computed_curves(data):
    """[(title, number kept, RMSE, largest error)] for the 1, 2, 4, ... strongest interactions."""
    if data.n > LARGEST_CURVE_BITS:
        raise Missing(f"at most {LARGEST_CURVE_BITS} players, or --types and-or")
    values = data.all_values()
    for title, types, constant, arrays, whole in data.models():
        if not whole:
            raise Missing("all interactions (--keep all), or --types and-or")
        sizes = np.sort(np.abs(np.concatenate(arrays)))[::-1]
        sizes = sizes[sizes > 0]
        points = [2**i for i in range(data.n + 2) if 2**i <= len(sizes)]
        off = [reconstructed(constant, types, arrays, sizes[p - 1]) - values for p in points]
        yield title, points, [np.sqrt(np.mean(x**2)) for x in off], [np.abs(x).max() for x in off]


def curve(data, _view, _count):
    """Errors of a reconstruction from ever more interactions."""
    if data.curve:
        curves = [("AND and OR", data.curve["kept"], data.curve["rmse"], data.curve["max"])]
    else:
        curves = list(computed_curves(data))
    if not any(np.any(np.asarray(kept) > 0) for _, kept, _, _ in curves):
        raise Missing("interactions that are not 0")
    figure, axes = panels(1, width=5.5)
    floor = 1e-9 * max(abs(data.v_full - data.v_empty), 1e-300)
    for title, kept, rmse, largest in curves:
        tone = TONES["both" if len(curves) == 1 else title.lower()]
        axes[0].plot(kept, np.maximum(rmse, floor), "-o", ms=4, color=tone, label=f"{title}: RMSE")
        axes[0].plot(kept, np.maximum(largest, floor), "--", lw=1.2, color=tone,
                     label=f"{title}: largest error")
    axes[0].axhline(abs(data.v_full - data.v_empty), color=FAINT, lw=0.9, ls=":",
                    label="|v(N) \N{MINUS SIGN} v(\N{EMPTY SET})|")
    axes[0].set_xscale("log", base=2)
    axes[0].set_yscale("log")
    axes[0].xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda x, _: f"{x:.0f}"))
    axes[0].set_xlabel("number of interactions kept, the strongest first", fontsize=9)
    axes[0].set_ylabel("error of v over all masks", fontsize=9)
    axes[0].legend(frameon=False, fontsize=9)
    axes[0].set_title(data.title(), fontsize=11, loc="left")
    return figure


def shapley(data, view, _count):
    """Values of the players as bars, and on the image."""
    if not data.indices:
        raise Missing("values of players (--indices SV)")
    high = max(2.6, 0.9 + 0.22 * data.n)
    figure = plt.figure(figsize=(10.0 if view else 6.0, high), constrained_layout=True)
    axes = np.atleast_1d(figure.subplots(1, 2 if view else 1))
    figure.suptitle(data.title(), fontsize=11)
    name = min(data.indices, key="SV BV".index)
    draw_shapley(axes[0], data, name)
    if view:
        on.draw_values_map(figure, axes[1], view, data.indices[name], "on the image")
    return figure


FIGURES = (overview, interactions, orders, sparsity, reconstruction, curve, shapley)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="data set written by harsanyi interactions")
    parser.add_argument("--samples", help="the .npy file of images given to harsanyi")
    parser.add_argument("--row", type=int, default=0, help="row of the data set (default 0)")
    parser.add_argument("--top", type=int, default=6, help="interactions per type (default 6)")
    parser.add_argument("--out", help="folder of the figures (default: FILE without .h5)")
    options = parser.parse_args()
    if options.top < 1:
        parser.error(f"--top {options.top}: at least 1 was expected")
    return options


def save(figure, folder, name):
    """PNG and SVG, the same again for the same data set."""
    figure.set_constrained_layout_pads(w_pad=0.08, h_pad=0.08)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # arranged and measured once, not for each file again
    box = figure.get_tightbbox().padded(0.1)
    for kind, metadata in (("png", {}), ("svg", {"Date": None})):
        with whole_file(os.path.join(folder, f"{name}.{kind}")) as path:
            figure.savefig(path, dpi=150, facecolor="white", bbox_inches=box, metadata=metadata)
    plt.close(figure)


def main():
    options = parse_arguments()
    matplotlib.rcParams["svg.hashsalt"] = "harsanyi"
    drawn = 0
    try:
        data = Interactions(options.file, options.row)
        view = picture(data, options.samples)
        folder = options.out or os.path.splitext(options.file)[0]
        os.makedirs(folder, exist_ok=True)
        for draw in FIGURES:
            try:
                save(draw(data, view, options.top), folder, draw.__name__)
                drawn += 1
            except Missing as missing:
                print(f"no {draw.__name__}: it needs {missing}")
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    print(f"{drawn} figures in {folder}, as PNG and SVG")


if __name__ == "__main__":
    main()
