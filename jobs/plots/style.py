"""Colours, numbers and axes that all figures share."""
import math

import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator

POSITIVE, NEGATIVE, FRAME, FAINT = "#c8402f", "#2f6db5", "#3a3a3a", "#b0b0b0"
TITLES = {"and": "AND: all of these together", "or": "OR: any of these"}
TONES = {"and": "#5b4a9c", "or": "#c77f1a", "both": "#3a3a3a"}
POWERS = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")


def colour(value):
    """Red raises the output, blue lowers it."""
    return POSITIVE if value > 0 else NEGATIVE


class Numbers:
    """Texts of numbers that are shown together: as many digits as the largest of them needs, and a
    common power of ten where they are very large or small; decimals: at least so many, below 100.
    """

    def __init__(self, values, digits=3, decimals=0):
        largest = max((abs(float(v)) for v in values if math.isfinite(v)), default=0.0)
        order = math.floor(math.log10(largest)) if largest > 0 else 0
        self.power = 0 if -3 <= order < 4 else order
        self.decimals = max(decimals if order < 2 else 0, digits - 1 - (order - self.power))

    def scaled(self, value):
        """A number, or an array, without the common power of ten."""
        half = self.power // 2  # 10^-310 is no number to divide by
        return value / 10.0**half / 10.0**(self.power - half)

    def text(self, value):
        """With its sign, the minus as long as the plus, and no negative zero."""
        text = f"{self.scaled(value):+.{self.decimals}f}"
        if float(text) == 0:
            text = text[1:]
        return text.replace("-", "\N{MINUS SIGN}")

    @property
    def factor(self):
        """What the texts are to be multiplied by, for a title."""
        return f" (\N{MULTIPLICATION SIGN}10{str(self.power).translate(POWERS)})" \
            if self.power else ""


def number(value):
    """A number by itself."""
    one = Numbers([value])
    return one.text(value) + one.factor.replace(" (", "").replace(")", "")


def tidy(axes):
    """Thin lines on two sides."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(labelsize=9, color=FAINT, length=3)
    axes.tick_params(which="minor", length=0)


def bare(axes):
    """No ticks, no frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def count_players(axes):
    """Ticks of an axis that counts players: whole numbers."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))


def panels(count, width=4.4, height=3.4, **rest):
    """A figure with so many axes side by side."""
    figure, axes = plt.subplots(1, count, figsize=(max(count * width, 5.5), height),
                                constrained_layout=True, squeeze=False, **rest)
    for one in axes[0]:
        tidy(one)
    return figure, axes[0]


def same_scale(axes, along="y"):
    """One range of values for all."""
    limits = [getattr(one, f"get_{along}lim")() for one in axes]
    low, high = min(min(pair) for pair in limits), max(max(pair) for pair in limits)
    for one in axes:
        getattr(one, f"set_{along}lim")(low, high)


def later(figure, function):
    """Call a function once the figure's parts have their places."""
    top = figure.get_figure() if hasattr(figure, "get_figure") and figure.get_figure() else figure
    top.later = getattr(top, "later", []) + [function]
