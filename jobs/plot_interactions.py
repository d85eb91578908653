#!/usr/bin/python3
"""Draw rows of a data set: figures into a folder, each as PNG and as SVG.

    plot_interactions.py FILE.h5 [--samples data/digits_images.npy] [--row K] [--out FOLDER]

    overview         the sample, its strongest interactions, order strengths, values of the players
    interactions     the strongest ones on the image, volume or series, the row of words, or the
                     names of the players
    orders           strengths by order, and the mean of v(S) - v(empty) over the sets of k players
    sparsity         all |I|, sorted
    reconstruction   v of all masks, sorted, and what the salient interactions make of it
    curve            error of the reconstruction over the number of interactions
    shapley          values of the players, sorted

--samples is the file that was given to harsanyi: without it players are drawn on a blank ground.
--row all draws every row, each into a folder row-K; --figures chooses among the figures. A figure that the file has no data for is left
out with a message. Red raises the output, blue lowers it. The drawing itself is in plots/, beside
this file. Needs python3-h5py and python3-matplotlib.
"""
import argparse
import os
import sys

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from plots import views  # noqa: E402
from plots.data import Interactions, Missing, rows_of  # noqa: E402
from plots.figures import FIGURES  # noqa: E402
from whole_file import whole_file  # noqa: E402

NAMES = [draw.__name__ for draw in FIGURES]


def sample_of(data, path):
    """The sample of a row from the file of samples."""
    try:
        samples = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"--samples {path}: {error}") from None
    if not isinstance(samples, np.ndarray):
        raise ValueError(f"--samples {path}: an array (.npy) was expected")
    if data.sample >= len(samples):
        raise ValueError(f"--samples {path} has no sample {data.sample}")
    sample = samples[data.sample]
    if sample.size != data.map.size:
        raise ValueError(f"--samples {path} holds samples of {sample.size} elements, the players "
                         f"of {data.path} cover {data.map.size}")
    return sample.reshape(data.map.shape)


def view_of(data, path):
    """Where the players are, or None."""
    if data.map is None or data.words or data.map.ndim < 2:
        if path:
            print(f"--samples is not used: the players of {data.path} lie on no image, volume or "
                  "series")
        return None
    return views.view_of(data.map, sample_of(data, path) if path else None, data.patches)


def save(figure, folder, name):
    """PNG and SVG, the same again for the same data set."""
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # arranged and measured once, not for each file again
    for function in getattr(figure, "later", []):
        function()
    box = figure.get_tightbbox().padded(0.1)
    for kind, metadata in (("png", {}), ("svg", {"Date": None})):
        with whole_file(os.path.join(folder, f"{name}.{kind}")) as path:
            figure.savefig(path, dpi=150, facecolor="white", bbox_inches=box, metadata=metadata)
    plt.close(figure)


def draw_row(options, row, folder):
    """All figures of a row; their number."""
    data, drawn = Interactions(options.file, row), 0
    view = view_of(data, options.samples)
    os.makedirs(folder, exist_ok=True)
    for draw in FIGURES:
        if draw.__name__ not in options.figures:
            continue
        try:
            save(draw(data, view, options.top), folder, draw.__name__)
            drawn += 1
        except Missing as missing:
            print(f"no {draw.__name__}: it needs {missing}")
    return drawn


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="data set written by harsanyi interactions")
    parser.add_argument("--samples", help="the .npy file of samples given to harsanyi")
    parser.add_argument("--row", default="0", help="row of the data set, or all (default 0)")
    parser.add_argument("--top", type=int, default=6, help="interactions per type (default 6)")
    parser.add_argument("--out", help="folder of the figures (default: FILE without .h5)")
    parser.add_argument("--figures", default=",".join(NAMES), help="which, by commas (default: all)")
    options = parser.parse_args()
    options.figures = options.figures.split(",")
    for name in options.figures:
        if name not in NAMES:
            parser.error(f"--figures {name}: any of {', '.join(NAMES)} was expected")
    if options.top < 1:
        parser.error(f"--top {options.top}: at least 1 was expected")
    if options.row != "all" and not (options.row.isascii() and options.row.isdigit()):
        parser.error(f"--row {options.row}: the number of a row or all was expected")
    return options


def main():
    options = parse_arguments()
    matplotlib.rcParams["svg.hashsalt"] = "harsanyi"
    folder = options.out or os.path.splitext(options.file)[0]
    try:
        rows = rows_of(options.file)
        if options.row == "all":
            drawn = sum(draw_row(options, row, os.path.join(folder, f"row-{row}"))
                        for row in range(rows))
        elif int(options.row) < rows:
            drawn = draw_row(options, int(options.row), folder)
        else:
            raise ValueError(f"--row {options.row}: {options.file} has rows 0 to {rows - 1}")
    except OSError as error:
        sys.exit(f"error: {error.filename or options.file}: {error.strerror or error}")
    except ValueError as error:
        sys.exit(f"error: {error}")
    print(f"{drawn} figures in {folder}, as PNG and SVG")


if __name__ == "__main__":
    main()
