"""Where the players are: on the plane of an image, on the slices of a volume, along a series.

A view is a plane of cells [rows, columns] with the player of each, -1 for none. Images are that
plane. Channels that are players, and slices of a volume, stand side by side as *tiles* of it, with
gaps between them. A series has a row for each channel, and its curves in them.
"""
from dataclasses import dataclass, field

import numpy as np

# More channels than this are not set side by side.
MOST_CHANNELS = 64


@dataclass
class View:
    """A plane of players, what is drawn under them, and its tiles."""
    players: np.ndarray
    image: np.ndarray = None  # [rows, columns] or [rows, columns, 3]; a series: [rows, columns]
    tiles: np.ndarray = None  # the tile of each cell, -1 for gaps; all 0 for a single one
    titles: list = field(default_factory=list)  # of the tiles: numbers of channels or slices
    series: bool = False

    def __post_init__(self):
        if self.tiles is None:
            self.tiles = np.zeros(self.players.shape, int)

    def cells(self, player):
        """Those of a player in the tile that has most of them: of equals, the middle one."""
        mine = self.players == player
        counts = np.bincount(self.tiles[mine & (self.tiles >= 0)], minlength=1)
        most = np.flatnonzero(counts == counts.max())
        return np.argwhere(mine & (self.tiles == most[(len(most) - 1) // 2]))


def scaled(image):
    """Values from 0 to 1."""
    image = np.asarray(image, dtype=np.float64)
    low, high = image.min(), image.max()
    return (image - low) / (high - low if high > low else 1)


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
    """[tiles, rows, columns] as one plane, the tiles in lines with gaps between them."""
    count, rows, columns = array.shape
    across = int(np.ceil(np.sqrt(count * rows / columns))) if count > 4 else count
    down = -(-count // across)
    plane = np.full((down * (rows + 1) - 1, across * (columns + 1) - 1), fill, array.dtype)
    for i in range(count):
        r, c = i // across * (rows + 1), i % across * (columns + 1)
        plane[r:r + rows, c:c + columns] = array[i]
    return plane


def tiled(players, image, titles):
    """A view of [tiles, rows, columns]."""
    numbers = np.broadcast_to(np.arange(len(players))[:, None, None], players.shape)
    return View(side_by_side(players, -1), None if image is None else side_by_side(image, 0.0),
                side_by_side(numbers, -1), titles)


def image_view(players, image=None):
    """Of [a, b, c], where channels are first or last, or [rows, columns]."""
    image = None if image is None else scaled(image).reshape(players.shape)
    if players.ndim == 2:
        return View(players, image)
    axis, same = channel_axis(players)
    players = np.moveaxis(players, axis, 0)
    image = None if image is None else np.moveaxis(image, axis, 0)
    channels = len(players)
    if same:
        if image is not None:
            image = np.moveaxis(image, 0, -1) if channels == 3 else image.mean(axis=0)
        return View(players[0], image)
    if channels > MOST_CHANNELS:
        return None
    return tiled(players, image, [str(i) for i in range(channels)])


def volume_view(players, image=None):
    """Of [a, b, c, d]: channels, which share their players, first or last. Neighbouring slices
    with the same players are one tile, with the middle one's image."""
    axis = 0 if np.all(players == players[:1]) else 3
    if not np.all(players == players.take([0], axis)):
        return None
    image = None if image is None else scaled(image).reshape(players.shape).mean(axis=axis)
    players = players.take(0, axis)
    begins = [0] + [i for i in range(1, len(players))
                    if np.any(players[i] != players[i - 1])] + [len(players)]
    if len(begins) > MOST_CHANNELS:
        return None
    middle = [(a + b - 1) // 2 for a, b in zip(begins, begins[1:])]
    titles = [str(a) if b == a + 1 else f"{a}\N{EN DASH}{b - 1}"
              for a, b in zip(begins, begins[1:])]
    return tiled(players[middle], None if image is None else image[middle], titles)


def series_view(players, image=None):
    """Of [a, b]: the axis along which the players do not change is that of the channels, else the
    shorter one. Each channel has a row; without curves one row is enough for all that share it."""
    constant = [np.all(players == players.take([0], axis)) for axis in (0, 1)]
    last = constant[1] and not constant[0] or \
        (constant[0] == constant[1] and players.shape[1] < players.shape[0])
    image = None if image is None else np.asarray(image, np.float64).reshape(players.shape)
    if last:
        players, image = players.T, None if image is None else image.T
    if len(players) > MOST_CHANNELS:
        return None
    if image is None:
        players = players[np.r_[True, np.any(players[1:] != players[:-1], axis=1)]]
    else:
        image = np.stack([scaled(row) for row in image])
    return View(players, image, series=True)


def view_of(players, image=None, patches=False):
    """A view for the map of a sample (without its batch axis) and the sample, if there is one;
    None where the players do not lie in a view. patches: two axes are those of an image."""
    if players.ndim == 2 and patches:
        return View(players, None if image is None else scaled(image))
    kinds = {2: series_view, 3: image_view, 4: volume_view}
    return kinds[players.ndim](players, image) if players.ndim in kinds else None
