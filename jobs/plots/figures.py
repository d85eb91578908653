"""The figures of a row, each made anew: figure(data, view, count). `view` is where its players are,
or None; `count` is how many interactions of each type are shown."""
import matplotlib
import matplotlib.pyplot as plt
import numpy as np

from plots import draw, names
from plots.data import TYPES, Missing, reconstructed
from plots.style import (FAINT, FRAME, NEGATIVE, POSITIVE, TITLES, TONES, Numbers, count_players,
                         number, panels, same_scale, tidy)

LARGEST_CURVE_BITS = 16  # curves of more players are not computed
POINTS_DRAWN = 3000
INDICES = {"SV": "Shapley values", "BV": "Banzhaf values"}
EMPTY = "\N{EMPTY SET}"


# Parts


def draw_orders(axes, data, kind, outline=True):
    """Sums of the positive and of the negative interactions of each order."""
    order, sums = np.arange(1, data.n + 1), data.orders[kind]
    for name, tone in (("positive", POSITIVE), ("negative", NEGATIVE)):
        axes.bar(order, sums[name][1:], color=tone, width=0.75)
        if outline:
            axes.bar(order, sums["all_" + name][1:], width=0.75, facecolor="none", edgecolor=tone,
                     lw=0.9, ls=":")
    axes.axhline(0, color=FRAME, lw=0.8)
    axes.set_xlim(0.4, data.n + 0.6)
    count_players(axes)
    axes.set_xlabel("order: number of players", fontsize=9)
    axes.set_title(f"{kind.upper()}, strength by order", fontsize=11, loc="left")
    tidy(axes)


def draw_players(axes, data):
    """Values of the players, the largest first, as bars with their names."""
    name = min(data.indices, key="SV BV".index)
    values = data.indices[name]
    order = np.argsort(-values, kind="stable")
    names.draw_named_bars(axes, [data.names[i] for i in order], values[order],
                          INDICES[name])
    axes.set_xlabel(data.unit.strip(), fontsize=9)


def draw_strongest(axes, data, kind, count, numbers):
    """The strongest interactions as bars with the players' names."""
    sets = data.strongest(kind, count)
    limit = 30 if len(data.types) == 2 else 64
    labels = [names.set_label([data.names[p] for p in range(data.n) if mask >> p & 1], limit)
              for mask, _ in sets]
    names.draw_named_bars(axes, labels, [value for _, value in sets],
                          kind.upper() + ", strongest interactions", numbers)
    axes.set_xlabel(data.unit.strip(), fontsize=9)


def ends(data, between):
    """v of all players and of none."""
    return f"v(all players) = {number(data.v_full)}{between}v(no player) = {number(data.v_empty)}"


# Figures


def overview_of_view(data, view, count):
    """The sample, its strongest interactions, orders and values below."""
    lines = len(data.types)
    if view.series:
        sample = draw.size_of(view, 2.0, 9.0)[1] + 0.9
        sets = count * (draw.size_of(view, 1.2, 4.0)[1] + 0.35) + 0.4
        figure = plt.figure(figsize=(10.5, sample + sets + 3.2), constrained_layout=True)
        left, right, lower = figure.subfigures(3, 1, height_ratios=(sample, sets, 3.2))
    else:
        figure = plt.figure(figsize=(10.5, 2.2 * lines + 3.0), constrained_layout=True)
        upper, lower = figure.subfigures(2, 1, height_ratios=(2.15 * lines, 3.0))
        left, right = upper.subfigures(1, 2, width_ratios=(3.0, 7.5))
    draw.draw_sample(left.subplots(), view, data.title().replace(", network", ",\nnetwork"),
                     ends(data, "   " if view.series else "\n"))
    draw.draw_types(right, data, view, count, TITLES)
    axes = lower.subplots(1, lines + 1, width_ratios=[6.2 / lines] * lines + [4.3])
    for i, kind in enumerate(data.types):
        draw_orders(axes[i], data, kind, outline=False)
    same_scale(axes[:lines])
    if data.indices:
        name = min(data.indices, key="SV BV".index)
        draw.draw_values(lower, axes[-1], view, data.indices[name], INDICES[name])
    else:
        axes[-1].set_axis_off()
    return figure


def overview(data, view, count):
    """Everything of a row in one picture."""
    if view:
        return overview_of_view(data, view, min(count, 5))
    heights = (0.9 + 0.28 * count, 0.9 + 0.2 * max(data.n, 9))
    figure = plt.figure(figsize=(10.5, 0.4 + sum(heights)), constrained_layout=True)
    figure.suptitle(f"{data.title()}: {ends(data, ', ')}", fontsize=11)
    upper, lower = figure.subfigures(2, 1, height_ratios=heights)
    bars = [part.subplots() for part in np.atleast_1d(upper.subfigures(1, len(data.types)))]
    numbers = Numbers([value for _, _, value in data.sets(count)])
    for axes, kind in zip(bars, data.types):
        draw_strongest(axes, data, kind, count, numbers)
    same_scale(bars, "x")
    left, right = lower.subfigures(1, 2)
    strengths = np.atleast_1d(left.subplots(len(data.types), 1))
    for axes, kind in zip(strengths, data.types):
        draw_orders(axes, data, kind, outline=False)
        if kind != data.types[-1]:
            axes.set_xlabel("")
    same_scale(strengths)
    if data.indices:
        draw_players(right.subplots(), data)
    return figure


def interactions(data, view, count):
    """The strongest interactions where their players are."""
    sets = data.sets(count)
    if not sets:
        raise Missing("salient interactions")
    if view:
        wide, high = draw.size_of(view, 1.5 if len(view.titles) < 5 else 2.4, 4.0)
        if view.series:
            size = (wide * len(data.types) + 0.4, (high + 0.35) * count + 0.7)
        else:
            size = ((wide + 0.15) * count + 0.2, (high + 0.65) * len(data.types) + 0.4)
        figure = plt.figure(figsize=size, constrained_layout=True)
        figure.suptitle(data.title(), fontsize=11)
        draw.draw_types(figure.subfigures(), data, view, count, TITLES)
    elif data.words:
        wide, high = names.words_size(data.names, len(sets))
        figure = plt.figure(figsize=(wide + 0.2, high + 0.4), constrained_layout=True)
        figure.suptitle(data.title(), fontsize=11)
        names.draw_words(figure.subplots(), data.names, data.order_of_words(), sets)
    else:
        heights = (2.2, 0.25 * data.n + 0.3)
        figure = plt.figure(figsize=(0.62 * len(sets) + 2.6, sum(heights) + 0.4),
                            constrained_layout=True)
        figure.suptitle(data.title(), fontsize=11)
        bars, dots = figure.subplots(2, 1, height_ratios=heights)
        names.draw_sets(bars, dots, data.names, sets)
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
    axes[0].set_ylabel(f"sum of I{data.unit} (dotted: all, filled: salient)", fontsize=9)
    axes[-1].plot(np.arange(data.n + 1), data.mean_effect, "-o", ms=4, color=FRAME)
    axes[-1].axhline(0, color=FAINT, lw=0.8)
    count_players(axes[-1])
    axes[-1].set_xlabel("k: number of players present", fontsize=9)
    axes[-1].set_ylabel(data.unit.strip(), fontsize=9)
    axes[-1].set_title(f"mean of v(S) \N{MINUS SIGN} v({EMPTY}), |S| = k", fontsize=11, loc="left")
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
        most = max(most, min(4 * salient, len(sizes)))
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
    count_players(axes[0])
    axes[0].set_ylim(bottom=0)
    axes[0].set_ylabel(f"|I|{data.unit} (dashed: threshold)", fontsize=9)
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
    axes[0].set_ylabel(f"v{data.unit}", fontsize=9)
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
                    label=f"|v(N) \N{MINUS SIGN} v({EMPTY})|")
    axes[0].set_xscale("log", base=2)
    axes[0].set_yscale("log")
    axes[0].xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda x, _: f"{x:.0f}"))
    axes[0].set_xlabel("number of interactions kept, the strongest first", fontsize=9)
    axes[0].set_ylabel(f"error of v{data.unit} over all masks", fontsize=9)
    axes[0].legend(frameon=False, fontsize=9)
    axes[0].set_title(data.title(), fontsize=11, loc="left")
    return figure


def shapley(data, view, _count):
    """Values of the players as bars, and on the view."""
    if not data.indices:
        raise Missing("values of players (--indices SV)")
    high = max(2.6, 0.9 + 0.22 * data.n)
    figure = plt.figure(figsize=(10.0 if view else 6.0, high), constrained_layout=True)
    axes = np.atleast_1d(figure.subplots(1, 2 if view else 1))
    figure.suptitle(data.title(), fontsize=11)
    draw_players(axes[0], data)
    if view:
        name = min(data.indices, key="SV BV".index)
        draw.draw_values(figure, axes[1], view, data.indices[name], "where the players are")
    return figure


FIGURES = (overview, interactions, orders, sparsity, reconstruction, curve, shapley)
