"""Interactions and values of players, drawn on a view."""
import matplotlib
import matplotlib.collections
import matplotlib.patheffects
import numpy as np

from plots.style import FAINT, FRAME, NEGATIVE, POSITIVE, Numbers, bare, colour, later

SMALLEST, LARGEST = 4.5, 9.0  # letters of numbers on patches, in points
SCALE = matplotlib.colors.LinearSegmentedColormap.from_list(
    "values", (NEGATIVE, "#ffffff", POSITIVE))


def size_of(view, height, widest):
    """Inches of a panel with the view, at most so high and wide."""
    rows, columns = view.players.shape
    if view.series:
        return widest, min(height, 0.45 + 0.3 * rows)
    scale = min(height / rows, widest / columns)
    return scale * columns, scale * rows


def borders(axes, labels, tone, width):
    """Lines between cells that differ, and around those that are not -1."""
    labels = np.pad(labels, 1, constant_values=-1)
    lines = [[(c - 1.5, r - 1.5), (c - 0.5, r - 1.5)]
             for r, c in np.argwhere(labels[1:] != labels[:-1]) + (1, 0)]
    lines += [[(c - 1.5, r - 1.5), (c - 1.5, r - 0.5)]
              for r, c in np.argwhere(labels[:, 1:] != labels[:, :-1]) + (0, 1)]
    axes.add_collection(matplotlib.collections.LineCollection(
        lines, colors=tone, linewidths=width, capstyle="round", clip_on=False))


def show(axes, view, inside=None):
    """The image in dark on light for one channel, or the curves; pale where not inside."""
    if view.series:
        show_curves(axes, view, inside)
        return
    image = view.image
    image = np.where(view.tiles < 0, 0.0, 0.08) if image is None else image
    if inside is not None:
        pale = 0.22 * image if image.ndim == 2 else 0.75 + 0.25 * image
        image = np.where(inside if image.ndim == 2 else inside[..., None], image, pale)
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    bare(axes)
    number_tiles(axes, view)


def number_tiles(axes, view):
    """Each tile's number in its corner."""
    for tile, title in enumerate(view.titles):
        row, column = np.argwhere(view.tiles == tile)[0]
        label = axes.annotate(title, (column - 0.5, row - 0.5), xytext=(2, -2), fontsize=6.5,
                              textcoords="offset points", color=FRAME, va="top", ha="left")
        label.set_path_effects([on_white(1.5)])


def on_white(width):
    """Letters that can be read on any ground."""
    return matplotlib.patheffects.withStroke(linewidth=width, foreground="white")


def show_curves(axes, view, inside=None):
    """A curve in each row, pale where not inside (an array, or False for everywhere)."""
    rows, columns = view.players.shape
    axes.imshow(np.ones((rows, columns)), cmap="gray", vmin=0, vmax=1, aspect="auto")
    bare(axes)
    if view.image is None:
        return
    at = np.arange(columns)
    for row in range(rows):
        height = row + 0.4 - 0.8 * view.image[row]
        axes.plot(at, height, color=FAINT if inside is not None else FRAME, lw=0.9)
        if inside is not None and inside is not False:
            axes.plot(at, np.where(inside[row], height, np.nan), color=FRAME, lw=1.3,
                      marker="." if columns <= 32 else "", ms=3)


def aspect_of(view):
    return "auto" if view.series else "equal"


def draw_sample(axes, view, title, below):
    """The sample with its players."""
    show(axes, view)
    borders(axes, view.players, "#9a9a9a", 0.8)
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(below, fontsize=10)


def draw_set(axes, view, mask, text, tone):
    """One interaction: its players in full, outlined; the rest pale."""
    chosen = [p for p in range(view.players.max() + 1) if mask >> p & 1]
    inside = np.isin(view.players, chosen)
    show(axes, view, inside)
    borders(axes, view.players, "#d8d8d8", 0.6)
    tint = np.zeros(inside.shape + (4,))
    tint[inside] = matplotlib.colors.to_rgba(tone, 0.16)
    axes.imshow(tint, interpolation="nearest", aspect=aspect_of(view), zorder=0.5)
    borders(axes, np.where(inside, view.players * 0, -1), tone, 2.2)
    axes.set_title(text, color=tone, fontsize=11, pad=4)


def draw_types(part, data, view, count, heading):
    """The strongest interactions of each type: patches in a line for each type, series in a
    column."""
    numbers = Numbers([value for _, _, value in data.sets(count)])
    shape = (1, len(data.types)) if view.series else (len(data.types), 1)
    for place, kind in zip(np.atleast_1d(part.subfigures(*shape)).ravel(), data.types):
        place.suptitle(heading[kind] + numbers.factor, fontsize=11, x=0.02, ha="left")
        sets = data.strongest(kind, count)
        grid = (count, 1) if view.series else (1, count)
        for axes, entry in zip(np.atleast_1d(place.subplots(*grid)), sets + [None] * count):
            if entry is None:
                axes.set_axis_off()
            else:
                draw_set(axes, view, entry[0], numbers.text(entry[1]), colour(entry[1]))


def fit_numbers(axes, view, labels):
    """Letters as large as the patches allow; a number that cannot be read there is left out."""
    figure = axes.get_figure()
    renderer = figure.canvas.get_renderer()
    to_screen = axes.transData.transform
    sizes = {}
    for player, label in labels.items():
        cells = view.cells(player)
        (top, left), (bottom, right) = cells.min(axis=0) - 0.5, cells.max(axis=0) + 0.5
        room = np.abs(to_screen((right, bottom)) - to_screen((left, top)))
        box = label.get_window_extent(renderer)
        sizes[player] = LARGEST * min(1.0, 0.92 * room[0] / box.width, 0.92 * room[1] / box.height)
    size = min([s for s in sizes.values() if s >= SMALLEST], default=0)
    for player, label in labels.items():
        label.set_fontsize(size)
        label.set_visible(sizes[player] >= SMALLEST)


def draw_values(figure, axes, view, values, title):
    """A value of each player as the colour of its cells, over the sample's shadow."""
    players, numbers = view.players, Numbers(values, 2, 1)
    texts, values = [numbers.text(v) for v in values], numbers.scaled(values)
    shown = np.where(players >= 0, values[np.maximum(players, 0)], np.nan)
    limit = np.abs(values).max() or 1.0
    if view.series:
        show_curves(axes, view, False)
    else:
        image = np.zeros(players.shape) if view.image is None else view.image
        image = 0.4 * (image if image.ndim == 2 else 1 - image.mean(axis=-1))
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        bare(axes)
        number_tiles(axes, view)
    drawn = axes.imshow(shown, cmap=SCALE, vmin=-limit, vmax=limit, alpha=0.75,
                        interpolation="nearest", aspect=aspect_of(view), zorder=0.5)
    labels = {}
    for player, text in enumerate(texts):
        cells = view.cells(player)
        if not len(cells):
            continue
        middle = cells.mean(axis=0)
        if players[tuple(middle.round().astype(int))] != player:  # bent, or in pieces
            middle = cells[np.argmin(((cells - middle)**2).sum(axis=1))]
        labels[player] = axes.text(middle[1], middle[0], text, ha="center",
                                   va="center", fontsize=LARGEST, color=FRAME)
        labels[player].set_path_effects([on_white(2.0)])
    later(figure, lambda: fit_numbers(axes, view, labels))
    borders(axes, players, "#d0d0d0", 0.6)
    axes.set_title(title + numbers.factor, fontsize=11, loc="left")
    bar = figure.colorbar(drawn, ax=axes, fraction=0.046, pad=0.03)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=2)
