#!/usr/bin/python3
"""Masks per second of harsanyi beside ONNX Runtime, on one core, as a Markdown table.

    compare.py HARSANYI [NETWORK ...]

The networks are data/digits_cnn.onnx and those of the folder HARSANYI_MODELS. Both programs take
turns of COMPARE_SECONDS (0.4), COMPARE_ROUNDS (6) times; rates and ratios are medians. ONNX Runtime
goes through batch sizes up to 4096 that are no larger than the game (of large networks, up to a
pass of some tenths of a second), then on with those that may be its best.
"""
import os
import pathlib
import statistics
import sys
import tempfile

import numpy as np

import rates

DATA = pathlib.Path(__file__).resolve().parents[2] / "data"
ROUNDS = int(os.environ.get("COMPARE_ROUNDS", "6"))
SECONDS = float(os.environ.get("COMPARE_SECONDS", "0.4"))
BATCHES = [1, 4, 16, 64, 256, 1024, 4096]
# One pass over a batch shall not take many times the seconds of a turn.
BATCH_WORK = 5e9
GRID = ["--players", "grid:4x4"]
TOKENS = ["--players", "tokens", "--baseline", "token:0"]
SUBSET = ["--subset", "random:16:1"]
# How the input is divided into players, and what is read off.
NETWORKS = {
    "digits_cnn": GRID,
    "mnist_lenet_fyh": GRID,
    "mnist8_cntk": GRID,
    "mnist_burn_bn": GRID,
    "mnist_keras_nhwc": GRID,
    "mnist_leaky_5x20": GRID,
    "mnist_fc_256x2": SUBSET,
    "cifar_base_kw": GRID,
    "cifar_resnet_2b": GRID,
    "cifar_vit_pgd_2_3_16": GRID,
    "pointnet64_ibp": ["--players", "tokens", *SUBSET],
    "tinybert_untrained": [*TOKENS, "--output-node", "output_1"],
    "vespa_dummy_transformer": [*TOKENS, "--output", "raw", "--target", "0"],
    "safenlp_medical": SUBSET,
    "churn_mlp11": [],
    "lunarlander_dqn": [],
    "acasxu_1_1": [],
    "iris_mlp4": [],
}


def files_of(name):
    """The network, the options that feed it, and the length of its sequence."""
    if name == "digits_cnn":
        return DATA / "digits_cnn.onnx", ["--samples", DATA / "digits_images.npy"], 1
    folder = pathlib.Path(os.environ["HARSANYI_MODELS"]) / name
    archive = folder / "inputs.npz"
    if not archive.exists():
        return folder / "model.onnx", ["--samples", folder / "inputs.npy"], 1
    with np.load(archive) as arrays:
        feed = [word for key in arrays.files for word in ("--input", f"{key}={archive}:{key}")]
        return folder / "model.onnx", feed, arrays[arrays.files[0]].shape[-1]


def compare(program, name, folder):
    """One row of the table."""
    model, feed, length = files_of(name)
    options = ["--model", model, *feed, "--select", "0", *NETWORKS[name]]
    ours, theirs = [], rates.Rounds(BATCHES)
    for _ in range(ROUNDS):
        ours.append(rates.masks(program, options, SECONDS, folder))
        most = min(2**ours[0].players, BATCH_WORK / ours[0].work)
        theirs.add(rates.images(model, name, theirs.fitting(most), SECONDS, folder, length).rates)
    full, tables = [o.full for o in ours], [o.tables for o in ours]
    print(f"| `{name}` | {min(o.load for o in ours):.2f} | {ours[0].players} "
          f"| {ours[0].work:,.0f} | {statistics.median(full):,.0f} "
          f"| {statistics.median(tables):,.0f} | {theirs.rate:,.0f} | {theirs.batch} "
          f"| {theirs.ratio(full):.2f} | {theirs.ratio(tables):.2f} |", flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    names = sys.argv[2:] or list(NETWORKS)
    if not os.environ.get("HARSANYI_MODELS"):
        print("HARSANYI_MODELS is not set: the bundled network alone")
        names = ["digits_cnn"]
    print("| network | load, ms | n | multiply-adds per full pass | masks/s, full passes "
          "| with tables | ONNX Runtime, 1 thread | its batch | ratio, full passes "
          "| ratio, with tables |\n|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            compare(sys.argv[1], name, folder)


if __name__ == "__main__":
    main()
