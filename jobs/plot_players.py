"""Interactions drawn where their players are: on an image, on a row of words, on names."""
import matplotlib
import matplotlib.collections
import matplotlib.patheffects
import numpy as np
from matplotlib.textpath import TextPath

POSITIVE, NEGATIVE, FRAME, FAINT = "#c8402f", "#2f6db5", "#3a3a3a", "#b0b0b0"
# More channels than this are not set side by side.
MOST_CHANNELS = 64


def colour(value):
    """Red raises the output, blue lowers it."""
    return POSITIVE if value > 0 else NEGATIVE


def signed(value, digits):
    """A number with its sign, the minus as long as the plus, and no negative zero."""
    text = f"{value:+.{digits}f}"
    if float(text) == 0:
        text = text[1:]
    return text.replace("-", "\N{MINUS SIGN}")


def set_label(names, limit):
    """{a, b, c}, or {a, b, ... +3} where that is longer than the limit."""
    kept = len(names)
    while kept > 1 and sum(len(name) + 2 for name in names[:kept]) > limit:
        kept -= 1
    more = [] if kept == len(names) else [f"... +{len(names) - kept}"]
    return "{" + ", ".join(names[:kept] + more) + "}"


# Images


def channel_axis(players):
    """Where the channels of [a, b, c] are: first or last; and whether all have the same players.

    An axis of up to 4 along which the players do not change is that of the channels. Channels that
    are players themselves, of which there may be many, change along no other axis.
    """
    def constant(*axes):
        return all(np.all(players == players.take([0], axis)) for axis in axes)

    same = sorted((axis for axis in (0, 2) if constant(axis)), key=lambda i: players.shape[i])
    if same and players.shape[same[0]] <= 4:
        return same[0], True
    for axis in (0, 2):
        if constant(*{0, 1, 2} - {axis}):
            return axis, False
    return (same[0], True) if same else (min((0, 2), key=lambda i: players.shape[i]), False)


def side_by_side(array, fill):
    """[channels, rows, columns] as one plane, the channels in lines with gaps between them."""
    count, rows, columns = array.shape
    across = int(np.ceil(np.sqrt(count)))
    down = -(-count // across)
    plane = np.full((down * (rows + 1) - 1, across * (columns + 1) - 1), fill, array.dtype)
    for i in range(count):
        r, c = i // across * (rows + 1), i % across * (columns + 1)
        plane[r:r + rows, c:c + columns] = array[i]
    return plane


def scaled(image):
    """Values from 0 to 1."""
    image = np.asarray(image, dtype=np.float64)
    low, high = image.min(), image.max()
    return (image - low) / (high - low if high > low else 1)


def picture_of(players, image=None):
    """A plane of players, -1 for none, and the image [rows, columns] or [rows, columns, 3] under
    it; blank where there is none. None where the players do not lie in a plane."""
    shape = [d for d in players.shape if d != 1]
    players = players.reshape(shape)
    image = None if image is None else scaled(image).reshape(shape)
    if players.ndim == 3:
        axis, same = channel_axis(players)
        channels = players.shape[axis]
        players = np.moveaxis(players, axis, 0)
        image = None if image is None else np.moveaxis(image, axis, 0)
        if same:
            players = players[0]
            if image is not None:
                image = np.moveaxis(image, 0, -1) if channels == 3 else image.mean(axis=0)
        elif channels <= MOST_CHANNELS:
            players = side_by_side(players, -1)
            image = None if image is None else side_by_side(image, 0.0)
    if players.ndim != 2:
        return None
    return players, np.full(players.shape, 0.08) if image is None else image


def borders(axes, labels, tone, width):
    """Lines between pixels that differ, and around those that are not -1."""
    labels = np.pad(labels, 1, constant_values=-1)
    lines = [[(c - 1.5, r - 1.5), (c - 0.5, r - 1.5)]
             for r, c in np.argwhere(labels[1:] != labels[:-1]) + (1, 0)]
    lines += [[(c - 1.5, r - 1.5), (c - 1.5, r - 0.5)]
              for r, c in np.argwhere(labels[:, 1:] != labels[:, :-1]) + (0, 1)]
    axes.add_collection(matplotlib.collections.LineCollection(
        lines, colors=tone, linewidths=width, capstyle="round", clip_on=False))


def show_image(axes, image):
    """The image in dark on light for one channel, and no ticks."""
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def draw_patches(axes, picture, mask, value):
    """One interaction: its patches in full, outlined; the rest of the image pale."""
    players, image = picture
    chosen = [p for p in range(players.max() + 1) if mask >> p & 1]
    inside = np.isin(players, chosen)
    pale = 0.22 * image if image.ndim == 2 else 0.75 + 0.25 * image
    show_image(axes, np.where(inside if image.ndim == 2 else inside[..., None], image, pale))
    borders(axes, players, "#d8d8d8", 0.6)
    tint = np.zeros(inside.shape + (4,))
    tint[inside] = matplotlib.colors.to_rgba(colour(value), 0.16)
    axes.imshow(tint, interpolation="nearest")
    borders(axes, np.where(inside, 0, -1), colour(value), 2.2)
    axes.set_title(signed(value, 2), color=colour(value), fontsize=11, pad=4)


def draw_values_map(figure, axes, picture, values, title):
    """A value of each player as the colour of its patch, over the image's shadow."""
    players, image = picture
    shown = np.where(players >= 0, values[np.maximum(players, 0)], np.nan)
    limit = np.abs(values).max() or 1.0
    scale = matplotlib.colors.LinearSegmentedColormap.from_list(
        "values", (NEGATIVE, "#ffffff", POSITIVE))
    show_image(axes, 0.4 * (image if image.ndim == 2 else 1 - image.mean(axis=-1)))
    drawn = axes.imshow(shown, cmap=scale, vmin=-limit, vmax=limit, alpha=0.75,
                        interpolation="nearest")
    for player, value in enumerate(values):
        where = np.argwhere(players == player)
        # The middle of a patch may lie outside of it, where it is bent or in pieces.
        at = where[np.argmin(((where - where.mean(axis=0))**2).sum(axis=1))] \
            if players[tuple(where.mean(axis=0).round().astype(int))] != player \
            else where.mean(axis=0)
        label = axes.text(at[1], at[0], signed(value, 1), ha="center", va="center",
                          fontsize=9 if len(values) <= 16 else 6, color=FRAME)
        label.set_path_effects([matplotlib.patheffects.withStroke(linewidth=2.5,
                                                                  foreground="white")])
    borders(axes, players, "#d0d0d0", 0.6)
    axes.set_title(title, fontsize=11, loc="left")
    bar = figure.colorbar(drawn, ax=axes, fraction=0.046, pad=0.03)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=2)


# Words and names


def width_of(text, size):
    """Of a text in points."""
    return TextPath((0, 0), text or " ", size=size).get_extents().x1


def words_layout(names):
    """Size of the letters, and where each word begins, in points; the last number is the end."""
    size, gap = 11.0, 13.0
    total = sum(width_of(name, size) + gap for name in names)
    size *= min(1.0, 760 / total)
    gap *= min(1.0, 760 / total)
    starts = [0.0]
    for name in names:
        starts.append(starts[-1] + width_of(name, size) + gap)
    return size, gap, starts


def draw_words(axes, names, sets):
    """A line for each (type, mask, value): the words of the set stand out of the row."""
    size, gap, starts = words_layout(names)
    left = 96
    for line, (kind, mask, value) in enumerate(sets):
        y = len(sets) - 1 - line
        axes.text(0, y, kind.upper(), fontsize=9, color=FRAME, va="center_baseline")
        axes.text(left - 14, y, signed(value, 2), fontsize=11, color=colour(value), ha="right",
                  va="center_baseline")
        for player, name in enumerate(names):
            x, end = left + starts[player], left + starts[player + 1] - gap
            chosen = mask >> player & 1
            if chosen:
                axes.add_patch(matplotlib.patches.FancyBboxPatch(
                    (x - 3, y - 0.28), end - x + 6, 0.56, boxstyle="round,pad=0.0,rounding_size=0.1",
                    mutation_aspect=0.04, facecolor=matplotlib.colors.to_rgba(colour(value), 0.18),
                    edgecolor=colour(value), linewidth=1.2))
            axes.text((x + end) / 2, y, name, fontsize=size, ha="center", va="center_baseline",
                      color="black" if chosen else FAINT)
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
    values = [value for _, _, value in sets]
    bars.bar(at, values, color=[colour(v) for v in values], width=0.62)
    reach = max(np.abs(values))
    for x, value in zip(at, values):
        bars.annotate(signed(value, 2), (x, value), xytext=(0, 3 if value > 0 else -3),
                      textcoords="offset points", ha="center", va="bottom" if value > 0 else "top",
                      fontsize=8, color=colour(value))
    bars.set_ylim(min(0, min(values)) - 0.16 * reach, max(0, max(values)) + 0.16 * reach)
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
    dots.set_yticks(range(len(names)), names, fontsize=9)
    dots.set_xticks([])
    for axes in (bars, dots):
        axes.set_xlim(at[0] - 0.6, at[-1] + 0.6)
    for spine in dots.spines.values():
        spine.set_visible(False)
    dots.tick_params(length=0)
