"""Interactions and values of players that have names alone: rows of words, dots, bars."""
import matplotlib
import numpy as np
from matplotlib.textpath import TextPath

from plots.style import FAINT, FRAME, Numbers, colour, tidy

LINE = 760.0  # points that a row of words may take


def set_label(names, limit):
    """{a, b, c}, or {a, b, ... +3} where that is longer than the limit."""
    kept = len(names)
    while kept > 1 and sum(len(name) + 2 for name in names[:kept]) > limit:
        kept -= 1
    more = [] if kept == len(names) else [f"... +{len(names) - kept}"]
    return "{" + ", ".join(names[:kept] + more) + "}"


def width_of(text, size):
    """Of a text in points."""
    return TextPath((0, 0), text.replace("$", r"\$") or " ", size=size).get_extents().x1


def words_layout(names):
    """Size of the letters, and where each word begins, in points; the last number is the end."""
    size, gap = 11.0, 13.0
    total = sum(width_of(name, size) + gap for name in names)
    size *= min(1.0, LINE / total)
    gap *= min(1.0, LINE / total)
    starts = [0.0]
    for name in names:
        starts.append(starts[-1] + width_of(name, size) + gap)
    return size, gap, starts


def draw_words(axes, names, order, sets):
    """A line for each (type, mask, value): the words of the set stand out of the row. order: the
    players as they follow each other."""
    numbers = Numbers([value for _, _, value in sets])
    size, gap, starts = words_layout([names[player] for player in order])
    left = 96
    for line, (kind, mask, value) in enumerate(sets):
        y = len(sets) - 1 - line
        axes.text(0, y, kind.upper(), fontsize=9, color=FRAME, va="center_baseline")
        axes.text(left - 14, y, numbers.text(value), fontsize=11, color=colour(value), ha="right",
                  va="center_baseline")
        for place, player in enumerate(order):
            x, end = left + starts[place], left + starts[place + 1] - gap
            chosen = mask >> player & 1
            if chosen:
                axes.add_patch(matplotlib.patches.FancyBboxPatch(
                    (x - 3, y - 0.28), end - x + 6, 0.56, boxstyle="round,pad=0.0,rounding_size=0.1",
                    mutation_aspect=0.04, facecolor=matplotlib.colors.to_rgba(colour(value), 0.18),
                    edgecolor=colour(value), linewidth=1.2))
            axes.text((x + end) / 2, y, names[player], fontsize=size, ha="center",
                      va="center_baseline", color="black" if chosen else FAINT, parse_math=False)
    if numbers.factor:
        axes.text(left - 14, len(sets) - 0.45, numbers.factor.strip(), fontsize=9, ha="right",
                  color=FRAME)
    axes.set_xlim(-2, left + starts[-1])
    axes.set_ylim(-0.6, len(sets) - 0.4)
    axes.set_axis_off()


def words_size(names, lines):
    """Inches that draw_words needs."""
    return (words_layout(names)[2][-1] + 110) / 72, 0.36 * lines + 0.2


def draw_sets(bars, dots, names, sets):
    """Interactions side by side: their values as bars, their players as dots beside the names."""
    at = np.arange(len(sets)) + np.array([kind == "or" and sets[0][0] == "and"
                                          for kind, _, _ in sets]) * 0.8
    values = np.array([value for _, _, value in sets])
    numbers = Numbers(values)
    texts, values = [numbers.text(v) for v in values], numbers.scaled(values)
    bars.bar(at, values, color=[colour(v) for v in values], width=0.62)
    reach = max(np.abs(values))
    for x, value, text in zip(at, values, texts):
        bars.annotate(text, (x, value), xytext=(0, 3 if value > 0 else -3),
                      textcoords="offset points", ha="center", va="bottom" if value > 0 else "top",
                      fontsize=8, color=colour(value))
    bars.set_ylim(min(0, min(values)) - 0.16 * reach, max(0, max(values)) + 0.16 * reach)
    bars.set_ylabel(f"I{numbers.factor}", fontsize=9)
    bars.axhline(0, color=FRAME, lw=0.8)
    bars.set_xticks([])
    for i in range(len(names)):
        dots.axhspan(i - 0.5, i + 0.5, color="#f5f5f5" if i % 2 else "white", lw=0)
    for x, (kind, mask, value) in zip(at, sets):
        inside = [i for i in range(len(names)) if mask >> i & 1]
        dots.plot([x] * len(names), range(len(names)), "o", ms=5, color="#dddddd")
        dots.plot([x] * len(inside), inside, "-o", ms=7, lw=1.8, color=colour(value))
        dots.text(x, len(names) - 0.3, kind.upper(), ha="center", va="top", fontsize=8, color=FRAME)
    dots.set_ylim(len(names) + 0.3, -0.5)
    name_ticks(dots, range(len(names)), names)
    dots.set_xticks([])
    for axes in (bars, dots):
        axes.set_xlim(at[0] - 0.6, at[-1] + 0.6)
    for spine in dots.spines.values():
        spine.set_visible(False)
    dots.tick_params(length=0)


def name_ticks(axes, places, labels):
    """Names beside an axis, as they are: a dollar begins no formula."""
    axes.set_yticks(places, labels, fontsize=9)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)


def draw_named_bars(axes, labels, values, title, numbers=None):
    """Horizontal bars with their values, the first on top."""
    numbers, at = numbers or Numbers(values), np.arange(len(values))
    texts, values = [numbers.text(v) for v in values], numbers.scaled(np.asarray(values))
    axes.barh(at, values, color=[colour(v) for v in values], height=0.7)
    for y, value, text in zip(at, values, texts):
        axes.annotate(text, (value, y), xytext=(3 if value >= 0 else -3, 0),
                      textcoords="offset points", ha="left" if value >= 0 else "right",
                      va="center", fontsize=8, color=colour(value))
    low, high = min(0, *values, 0), max(0, *values, 0)
    room = 0.22 * (high - low or 1)
    axes.set_xlim(low - room * (low < 0), high + room * (high > 0 or low == 0))
    axes.axvline(0, color=FRAME, lw=0.8)
    name_ticks(axes, at, labels)
    axes.set_ylim(max(len(values), 3) - 0.4, -0.6)
    tidy(axes)
    axes.set_title(title + numbers.factor, fontsize=11, loc="left")
