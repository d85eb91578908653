#!/usr/bin/python3
"""Draw one row of a data set: the sample, its strongest interactions, order strengths, values.

    plot_interactions.py FILE.h5 [--samples data/digits_images.npy] [--row K] [--out PICTURE.png]

With --samples (the file that was given to harsanyi) and players that are patches of an image, the
patches of each interaction are shown in place; otherwise interactions are bars with the players'
names. Red raises the output, blue lowers it. Needs python3-h5py and python3-matplotlib.
"""
import argparse
import os
import sys

import h5py
import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.patheffects as effects  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402

POSITIVE, NEGATIVE, FRAME = "#c8402f", "#2f6db5", "#3a3a3a"
TYPES = ("and", "or")
TITLES = {"and": "AND: all of these patches together", "or": "OR: any of these patches"}


class Interactions:
    """What a picture needs of one row of a data set."""

    def __init__(self, path, row):
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") not in ("harsanyi", b"harsanyi"):
                raise ValueError(f"{path} is not a data set of harsanyi's")
            if not file.attrs.get("complete"):
                raise ValueError(f"{path} is not complete: its run was stopped")
            rows = len(file["samples/index"])
            if not 0 <= row < rows:
                raise ValueError(f"--row {row}: {path} has rows 0 to {rows - 1}")
            self.n = int(file.attrs["n_players"])
            self.sample = int(file["samples/index"][row])
            self.target = int(file["samples/target"][row])
            self.v_empty = float(file["samples/v_empty"][row])
            self.v_full = float(file["samples/v_full"][row])
            begin, end = (int(x) for x in file["salient/offset"][row:row + 2])
            self.masks = file["salient/mask"][begin:end]
            self.kinds = file["salient/type"][begin:end]
            self.values = file["salient/value"][begin:end]
            self.types = [kind for kind in TYPES if f"orders/{kind}" in file]
            self.orders = {kind: (file[f"orders/{kind}/positive"][row],
                                  file[f"orders/{kind}/negative"][row]) for kind in self.types}
            self.shapley = file["indices/SV"][row] if "indices/SV" in file else None
            self.names = texts(file, "players/name") or [str(i) for i in range(self.n)]
            classes = texts(file, "classes/name")
            self.target_name = classes[self.target] if classes else str(self.target)
            self.map = file["players/map"][()] if "players/map" in file else None

    def strongest(self, kind, count):
        """(mask, value) of the strongest of a type; the list is sorted by strength."""
        chosen = np.flatnonzero(self.kinds == TYPES.index(kind))[:count]
        return [(int(self.masks[i]), float(self.values[i])) for i in chosen]


def texts(file, path):
    """Strings of a data set, or None."""
    if path not in file:
        return None
    return [x.decode() if isinstance(x, bytes) else str(x) for x in file[path][()]]


def colour(value):
    return POSITIVE if value > 0 else NEGATIVE


def signed(value, digits):
    """A number with its sign, the minus as long as the plus, and no negative zero."""
    text = f"{value:+.{digits}f}"
    if float(text) == 0:
        text = text[1:]
    return text.replace("-", "\N{MINUS SIGN}")


def image_and_players(data, samples):
    """The sample as [rows, columns] or [rows, columns, 3], and the patch of each pixel."""
    players = data.map
    image = samples[data.sample]
    if players.size == image.size * len(samples):
        players = players.reshape((len(samples),) + image.shape)[data.sample]
    if players.size != image.size:
        raise ValueError(f"--samples holds samples of {image.size} elements, the data set's "
                         f"players cover {players.size}")
    image, players = np.squeeze(image), np.squeeze(players.reshape(image.shape))
    if image.ndim == 3 and image.shape[0] <= 4:
        image, players = np.moveaxis(image, 0, -1), players[0]
    elif image.ndim == 3 and image.shape[-1] <= 4:
        players = players[..., 0]
    elif image.ndim != 2:
        raise ValueError(f"--samples: samples of shape {samples[0].shape} are no images")
    low, high = image.min(), image.max()
    return (image - low) / (high - low if high > low else 1), players


def outlines(axes, players, chosen, tone, width):
    """Lines around the chosen patches."""
    inside = np.pad(np.isin(players, chosen), 1)
    rows, columns = inside.shape
    for r in range(1, rows):
        for c in range(1, columns):
            if inside[r, c] != inside[r - 1, c]:
                axes.plot([c - 1.5, c - 0.5], [r - 1.5] * 2, color=tone, lw=width,
                          solid_capstyle="round", clip_on=False)
            if inside[r, c] != inside[r, c - 1]:
                axes.plot([c - 1.5] * 2, [r - 1.5, r - 0.5], color=tone, lw=width,
                          solid_capstyle="round", clip_on=False)


def show_image(axes, image):
    """The image in dark on light for one channel, and no ticks."""
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def draw_patches(axes, image, players, mask, value):
    """One interaction: its patches in full, outlined; the rest of the image pale."""
    n = players.max() + 1
    chosen = [p for p in range(n) if mask >> p & 1]
    inside = np.isin(players, chosen)
    pale = 0.22 * image if image.ndim == 2 else 0.75 + 0.25 * image
    shown = np.where(inside if image.ndim == 2 else inside[..., None], image, pale)
    show_image(axes, shown)
    outlines(axes, players, list(range(n)), "#d8d8d8", 0.6)
    tint = np.zeros(inside.shape + (4,))
    tint[inside] = matplotlib.colors.to_rgba(colour(value), 0.16)
    axes.imshow(tint, interpolation="nearest")
    outlines(axes, players, chosen, colour(value), 2.2)
    axes.set_title(signed(value, 2), color=colour(value), fontsize=11, pad=4)


def draw_sample(axes, data, image, players):
    show_image(axes, image)
    for player in range(data.n):
        outlines(axes, players, [player], "#9a9a9a", 0.8)
    axes.set_title(f"sample {data.sample}, output for class {data.target_name}", fontsize=11)
    axes.set_xlabel(f"v(all patches) = {signed(data.v_full, 2)}\n"
                    f"v(no patch) = {signed(data.v_empty, 2)}", fontsize=10)


def set_label(names, limit):
    """{a, b, c}, or {a, b, ... +3} where that is longer than the limit."""
    kept = len(names)
    while kept > 1 and sum(len(name) + 2 for name in names[:kept]) > limit:
        kept -= 1
    more = [] if kept == len(names) else [f"... +{len(names) - kept}"]
    return "{" + ", ".join(names[:kept] + more) + "}"


def draw_bars(axes, data, kind, count):
    """The strongest interactions as bars with the players' names."""
    sets = data.strongest(kind, count)[::-1]
    limit = 30 if len(data.types) == 2 else 64
    labels = [set_label([data.names[p] for p in range(data.n) if mask >> p & 1], limit)
              for mask, _ in sets]
    values = [value for _, value in sets]
    axes.barh(range(len(sets)), values, color=[colour(v) for v in values], height=0.7)
    axes.set_yticks(range(len(sets)), labels, fontsize=9)
    axes.axvline(0, color=FRAME, lw=0.8)
    tidy(axes)
    axes.set_title(kind.upper() + ", strongest interactions", fontsize=11, loc="left")


def draw_orders(axes, data):
    """Sums of the positive and of the negative salient interactions of each order."""
    order = np.arange(1, data.n + 1)
    width = 0.8 / len(data.types)
    for i, kind in enumerate(data.types):
        positive, negative = (sums[1:] for sums in data.orders[kind])
        at = order + (i - (len(data.types) - 1) / 2) * width
        hatch = "" if i == 0 else "////"
        style = dict(width=0.92 * width, hatch=hatch, edgecolor="white", linewidth=0)
        axes.bar(at, positive, color=POSITIVE, **style)
        axes.bar(at, negative, color=NEGATIVE, **style)
    axes.axhline(0, color=FRAME, lw=0.8)
    axes.set_xticks(order)
    axes.set_xlabel("order: number of players in the interaction", fontsize=9)
    tidy(axes)
    axes.set_title("order strengths", fontsize=11, loc="left")
    if len(data.types) > 1:
        handles = [matplotlib.patches.Patch(facecolor="#777777", hatch=h, edgecolor="white",
                                            label=kind.upper())
                   for kind, h in zip(data.types, ("", "////"))]
        axes.legend(handles=handles, frameon=False, fontsize=9, loc="best")


def draw_shapley_map(figure, axes, data, image, players):
    """Shapley values as colours of the patches, over the image's outline."""
    known = players >= 0
    values = np.where(known, data.shapley[np.maximum(players, 0)], np.nan)
    limit = np.abs(data.shapley).max() or 1.0
    scale = matplotlib.colors.LinearSegmentedColormap.from_list(
        "values", (NEGATIVE, "#ffffff", POSITIVE))
    grey = image if image.ndim == 2 else 1 - image.mean(axis=-1)
    show_image(axes, 0.4 * grey)
    shown = axes.imshow(values, cmap=scale, vmin=-limit, vmax=limit, alpha=0.75,
                        interpolation="nearest")
    for player in range(data.n):
        at = np.argwhere(players == player).mean(axis=0)
        label = axes.text(at[1], at[0], signed(data.shapley[player], 1), ha="center",
                          va="center", fontsize=9 if data.n <= 16 else 6, color=FRAME)
        label.set_path_effects([effects.withStroke(linewidth=2.5, foreground="white")])
        outlines(axes, players, [player], "#d0d0d0", 0.6)
    axes.set_title("Shapley values", fontsize=11, loc="left")
    bar = figure.colorbar(shown, ax=axes, fraction=0.046, pad=0.03)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=2)


def draw_shapley_bars(axes, data):
    at = np.arange(data.n)
    axes.barh(at, data.shapley, color=[colour(v) for v in data.shapley], height=0.7)
    axes.axvline(0, color=FRAME, lw=0.8)
    axes.set_yticks(at, data.names)
    axes.invert_yaxis()
    tidy(axes)
    axes.set_title("Shapley values", fontsize=11, loc="left")


def tidy(axes):
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#b0b0b0")
    axes.tick_params(labelsize=9, color="#b0b0b0", length=3)


def picture_of_image(data, image, players, count):
    """Sample on the left, a line of patches for each type, orders and values below."""
    lines = len(data.types)
    figure = plt.figure(figsize=(10.5, 2.2 * lines + 3.0), constrained_layout=True)
    upper, lower = figure.subfigures(2, 1, height_ratios=(2.15 * lines, 3.0))
    left, right = upper.subfigures(1, 2, width_ratios=(3.0, 7.5))
    draw_sample(left.subplots(), data, image, players)
    for part, kind in zip(np.atleast_1d(right.subfigures(lines, 1)), data.types):
        part.suptitle(TITLES[kind], fontsize=11, x=0.02, ha="left")
        sets = data.strongest(kind, count)
        for axes, entry in zip(part.subplots(1, count), sets + [None] * (count - len(sets))):
            if entry is None:
                axes.set_axis_off()
            else:
                draw_patches(axes, image, players, *entry)
    axes = lower.subplots(1, 2, width_ratios=(6.2, 4.3))
    draw_orders(axes[0], data)
    if data.shapley is None:
        axes[1].set_axis_off()
    else:
        draw_shapley_map(lower, axes[1], data, image, players)
    return figure


def picture_of_names(data, count):
    """For tables and sentences: bars with names."""
    heights = (0.9 + 0.28 * count, 0.9 + 0.2 * max(data.n, 9))
    figure = plt.figure(figsize=(10.5, 0.4 + sum(heights)), constrained_layout=True)
    figure.suptitle(f"sample {data.sample}, output for class {data.target_name}: "
                    f"v(all) = {signed(data.v_full, 2)}, v(none) = {signed(data.v_empty, 2)}",
                    fontsize=11)
    upper, lower = figure.subfigures(2, 1, height_ratios=heights)
    parts = np.atleast_1d(upper.subfigures(1, len(data.types)))
    for part, kind in zip(parts, data.types):
        draw_bars(part.subplots(), data, kind, count)
    left, right = lower.subfigures(1, 2)
    draw_orders(left.subplots(), data)
    if data.shapley is not None:
        draw_shapley_bars(right.subplots(), data)
    return figure


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="data set written by harsanyi interactions")
    parser.add_argument("--samples", help="the .npy file of images given to harsanyi")
    parser.add_argument("--row", type=int, default=0, help="row of the data set (default 0)")
    parser.add_argument("--top", type=int, help="interactions per type (default 5, or 8 as bars)")
    parser.add_argument("--out", help="picture to write (default: FILE.png; .pdf and .svg work)")
    return parser.parse_args()


def main():
    options = parse_arguments()
    try:
        data = Interactions(options.file, options.row)
        if options.samples:
            samples = np.load(options.samples)
            if data.map is None:
                raise ValueError(f"{options.file} has no /players/map: leave --samples out")
            if data.sample >= len(samples):
                raise ValueError(f"{options.samples} has no sample {data.sample}")
            figure = picture_of_image(data, *image_and_players(data, samples), options.top or 5)
        else:
            figure = picture_of_names(data, options.top or 8)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    out = options.out or os.path.splitext(options.file)[0] + ".png"
    figure.set_constrained_layout_pads(w_pad=0.08, h_pad=0.08)
    figure.savefig(out, dpi=200, facecolor="white", bbox_inches="tight", pad_inches=0.1)
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
