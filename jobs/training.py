"""What the training scripts share: seeds, optimisation, export to ONNX, files and checksums.

Everything runs on one CPU thread from a fixed seed, so that two runs on one machine give the same
weights. On another machine the bytes may differ; the accuracy asked for must not, and each script
fails where it is missed.
"""
import argparse
import hashlib
import os
import sys
import time
import warnings

import numpy as np
import torch

from whole_file import whole_file

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "data")
OPSET = 13


def arguments(description):
    """Parse the options that all training scripts have, and make the output folder."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", default=os.path.normpath(DATA), metavar="FOLDER",
                        help="where the networks and samples go (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="random seed (default: %(default)s)")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    return options


def start(seed):
    """Fix every source of randomness; call it before each network is made."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    return np.random.default_rng(seed)


def fit(model, batches, loss, steps, rate, decay=0.0):
    """Train with AdamW and a one-cycle learning rate; `batches` yields (inputs, targets)."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    began = time.monotonic()
    model.train()
    for _, (inputs, targets) in zip(range(steps), batches):
        optimiser.zero_grad()
        loss(model(inputs), targets).backward()
        optimiser.step()
        schedule.step()
    model.eval()
    return time.monotonic() - began


def shuffled_batches(inputs, targets, size, rng):
    """Endless batches, each epoch in a new order."""
    while True:
        order = torch.from_numpy(rng.permutation(len(inputs)))
        for part in order.split(size):
            yield inputs[part], targets[part]


def outputs(model, inputs):
    """A network's outputs as an array."""
    with torch.no_grad():
        return model(inputs).numpy()


def require(name, reached, wanted):
    """Print a figure, and stop where it misses what is promised."""
    print(f"{name}: {100 * reached:.2f} % (at least {100 * wanted:g} % wanted)")
    if reached < wanted:
        sys.exit(f"error: {name} missed its aim; nothing was written for it")


def export(model, example, path, input_name, output_name, dynamic=False):
    """Write a network to ONNX, with the batch of `example` baked in unless `dynamic`.

    Gradients stay enabled: PyTorch 1.12 and 1.13 otherwise take a fused path through
    TransformerEncoder that has no ONNX counterpart.
    """
    axes = {input_name: {0: "batch"}, output_name: {0: "batch"}} if dynamic else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with whole_file(path) as temporary:
            torch.onnx.export(model, example, temporary, opset_version=OPSET,
                              input_names=[input_name], output_names=[output_name],
                              dynamic_axes=axes)
    print(f"wrote {os.path.relpath(path)} ({os.path.getsize(path):,} bytes)")


def save(folder, name, array):
    """Write an array in C order, little-endian."""
    with whole_file(os.path.join(folder, name)) as path:
        np.save(path, np.ascontiguousarray(array))


def save_lines(folder, name, lines):
    """Write a text file of one entry per line."""
    with whole_file(os.path.join(folder, name)) as path, open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def write_checksums(folder):
    """Renew SHA256SUMS over all data files of a folder."""
    names = sorted(name for name in os.listdir(folder)
                   if name.endswith((".npy", ".onnx", ".txt")))
    with whole_file(os.path.join(folder, "SHA256SUMS")) as path, open(
            path, "w", encoding="ascii") as sums:
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                sums.write(f"{hashlib.sha256(file.read()).hexdigest()}  {name}\n")
