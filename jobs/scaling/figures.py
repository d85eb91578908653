"""Figures of a study: times and efficiency beside the model, dashed beyond the machine at hand."""
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator, ScalarFormatter  # noqa: E402

from model import Model, Partition, fit_link  # noqa: E402
from plots.style import FAINT, FRAME, tidy  # noqa: E402
from tables import calibrated, efficiencies, groups, modelled  # noqa: E402
from whole_file import whole_file  # noqa: E402

COLOURS = ["#2f6db5", "#c77f1a", "#5b4a9c", "#c8402f", "#3a7d44"]
BEYOND = 64  # ranks that the model is drawn up to


def logarithmic(axes, along, ticks=None):
    """Plain numbers at powers of two; else at powers of ten, or between them where there are few.
    """
    axis = getattr(axes, f"{along}axis")
    getattr(axes, f"set_{along}scale")("log", base=2 if ticks else 10)
    low, high = getattr(axes, f"get_{along}lim")()
    if ticks:
        axis.set_ticks(ticks)
        axis.set_major_formatter(ScalarFormatter())
    elif high < 300 * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def save(figure, folder, name):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)
    plt.close(figure)
    return path


def model_line(machine, study, part, sizes):
    """Ranks and seconds of the model for the n of a series; what a row adds is the first one's."""
    least = min(sizes)
    row, here = sizes[least], calibrated(machine, sizes)
    ranks, count = [], least
    while count <= BEYOND:
        n = row["n"] + (count // least).bit_length() - 1 if study == "weak" else row["n"]
        if n <= 40 and count <= Partition(n, 1).rows:
            ranks.append((count, n))
        count *= 2
    return [(count, modelled(here, part, n, count, row.get("steps", 0), row["bytes_written"]))
            for count, n in ranks]


def draw_series(axes, study, part, n, timed, machine, colour):
    """Times above, efficiency below: what was measured, the model here, the model beyond."""
    row = next(iter(timed.values()))
    phases = [one["seconds"][one["phase"]] for one in timed.values()]
    least = [phase["least"] for phase in phases]
    label = f"n = {n}" + (" on one rank" if study == "weak" else "")
    axes[0].errorbar(list(timed), least, yerr=[[0] * len(phases),
                                               [p["most"] - p["least"] for p in phases]],
                     fmt="o", ms=5, capsize=3, color=colour, label=label, zorder=3)
    share = efficiencies(study, timed)
    axes[1].plot(list(share), list(share.values()), "o", ms=5, color=colour, zorder=3)
    line = model_line(machine, study, part, timed)
    first, seconds = line[0]
    edge = max(row["cores_per_node"] * len(row["hosts"].split(",")), first)
    rates = [(ranks, seconds / value * (first / ranks if study == "strong" else 1))
             for ranks, value in line]
    for one, points in ((axes[0], line), (axes[1], rates)):
        inside = [point for point in points if point[0] <= edge]
        outside = [point for point in points if point[0] >= edge]
        one.plot(*zip(*inside), color=colour, lw=1.5)
        if outside:
            one.plot(*zip(*outside), "--", color=colour, lw=1)


def draw_study(rows, machine, study, folder):
    """One column for each part."""
    timed = [row for row in rows if row["study"] == study and not row["oversubscribed"]]
    parts = {part: by_n for (_, part), by_n in groups(timed).items()}
    if not parts:
        return None
    figure, axes = plt.subplots(2, len(parts), figsize=(3.3 * len(parts) + 0.6, 5.6), squeeze=False,
                                sharex=True, constrained_layout=True)
    ticks = [1 << k for k in range(BEYOND.bit_length())]
    for column, (part, by_n) in enumerate(parts.items()):
        pair = axes[0][column], axes[1][column]
        for (n, sizes), colour in zip(by_n.items(), COLOURS):
            draw_series(pair, study, part, n, sizes, machine, colour)
        for one in pair:
            tidy(one)
            logarithmic(one, "x", ticks)
        logarithmic(pair[0], "y")
        pair[0].set_title(part, fontsize=11, color=FRAME)
        pair[0].legend(frameon=False, fontsize=8)
        pair[1].set_ylim(0, 1.25)
        pair[1].axhline(1, color=FAINT, lw=0.8)
        pair[1].set_xlabel("ranks")
    axes[0][0].set_ylabel("seconds, slowest rank")
    axes[1][0].set_ylabel("efficiency")
    hosts = ", ".join(sorted({row["hosts"] for row in timed}))
    figure.suptitle(f"{study.capitalize()} scaling on {hosts}, {machine.node_ranks} cores a node. "
                    "Dots: least of the repeats, bars to the longest. Lines: model; dashed beyond "
                    "this machine, not measured", fontsize=9, color=FRAME)
    return save(figure, folder, f"scaling_{study}.png")


def draw_predictions(machine, folder, numbers=(28, 32, 36, 40)):
    """Seconds of AND and OR of one row, and what of an exchange costs what, by the model alone."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), constrained_layout=True)
    ranks = [1 << k for k in range(13)]
    for n, colour in zip(numbers, COLOURS):
        models = [(p, Model(Partition(n, p), machine)) for p in ranks if p <= Partition(n, 1).rows]
        counts = [p for p, _ in models]
        axes[0].plot(counts, [sum(m.run().values()) for _, m in models], "--", color=colour,
                     label=f"n = {n}")
        axes[1].plot(counts, [m.exchange() / m.transform() for _, m in models], "--", color=colour,
                     label=f"n = {n}")
    for one in axes:
        tidy(one)
        logarithmic(one, "x", ranks[::2])
        one.set_xlabel("ranks")
        one.legend(frameon=False, fontsize=8)
    logarithmic(axes[0], "y")
    axes[0].set_ylabel("seconds")
    axes[0].set_title("v, AND and OR of one row", fontsize=10, color=FRAME)
    axes[1].set_ylim(0, 1)
    axes[1].set_title("share of the exchange in a transform", fontsize=10, color=FRAME)
    figure.suptitle(f"PREDICTED, not measured: {machine.name}, {machine.node_ranks} ranks a node",
                    fontsize=9, color=FRAME)
    return save(figure, folder, "scaling_predicted.png")


def draw_link(points, folder):
    """Exchanges by messages against alpha per message and beta per byte."""
    alpha, beta = fit_link([(p["messages"], p["bytes"], p["seconds"]) for p in points])
    figure, axes = plt.subplots(figsize=(5, 4), constrained_layout=True)
    tidy(axes)
    for n, colour in zip(sorted({p["n"] for p in points}), COLOURS):
        here = [p for p in points if p["n"] == n]
        axes.plot([alpha * p["messages"] + beta * p["bytes"] for p in here],
                  [p["seconds"] for p in here], "o", color=colour, label=f"n = {n}")
    ends = [f(p["seconds"] for p in points) for f in (min, max)]
    axes.plot(ends, ends, color=FAINT, lw=1, zorder=0)
    logarithmic(axes, "x")
    logarithmic(axes, "y")
    axes.set_xlabel(f"model, s: {alpha * 1e6:.3g} µs a message, {beta * 1e9:.3g} ns a byte")
    axes.set_ylabel("measured, s")
    axes.set_title(f"Exchange of {points[0]['ranks']} ranks by messages", fontsize=10, color=FRAME)
    axes.legend(frameon=False, fontsize=8)
    return save(figure, folder, "scaling_link.png")


def draw(rows, machine, folder):
    """Paths of the figures there are."""
    paths = [draw_study(rows, machine, study, folder) for study in ("strong", "weak")]
    return [path for path in paths if path]
