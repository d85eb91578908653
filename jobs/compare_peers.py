#!/usr/bin/python3
"""Masks per second of harsanyi beside ONNX Runtime, PyTorch and NumPy, on one core, as a table.

    compare_peers.py HARSANYI FOLDER [NETWORK ...]

Started by compare_peers.sh, which says what is measured. FOLDER is make_networks.py's.
"""
import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import h5py
import numpy as np

import peers
from ort import rates

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
ROUNDS = int(os.environ.get("PEERS_ROUNDS", "8"))
SECONDS = float(os.environ.get("PEERS_SECONDS", "0.3"))
BATCHES = [16, 64, 256]
ORT_BATCHES = [1, 4, 16, 64, 256, 1024]
# One pass over a batch shall not take many times the seconds of a point.
BATCH_WORK = 5e9
# Players of the comparison of values; the others stay present.
CHOSEN = [0, 3, 6, 9, 12, 15]
TOLERANCE = 1e-4
GRID = ["--players", "grid:4x4"]
TOKENS = ["--players", "tokens", "--baseline", "token:0"]
SHARED = ["mnist_lenet_fyh"]
NETWORKS = {"lenet": GRID, "mnist_lenet_fyh": GRID, "digits_cnn": GRID, "mlp": GRID, "vgg": GRID,
            "resnet": GRID, "vit": GRID, "bert": TOKENS}


@dataclasses.dataclass
class Network:
    """Files of a network; without TorchScript, PyTorch is left out."""
    name: str
    model: pathlib.Path
    samples: pathlib.Path
    script: pathlib.Path

    @property
    def options(self):
        """How harsanyi is told."""
        return ["--model", self.model, "--samples", self.samples, "--select", "0",
                *NETWORKS[self.name]]

    def input(self):
        """Name and shape of the network's input, without the batch."""
        value = peers.read_graph(self.model)[1]
        return value.name, [d.dim_value for d in value.type.tensor_type.shape.dim][1:]

    def game(self):
        """The game of the first sample, as --players and --baseline describe it."""
        sample = np.load(self.samples)[0].reshape(self.input()[1])
        if NETWORKS[self.name] is TOKENS:
            return peers.Game(sample, np.arange(len(sample)), 0)
        rows, columns = (np.repeat(np.arange(4), np.diff(size * np.arange(5) // 4))
                         for size in sample.shape[-2:])
        return peers.Game(sample, 4 * rows[:, None] + columns, 0)


def find(name, folder):
    """Where a network is; None for one of HARSANYI_MODELS where that is not set."""
    script = folder / f"{name}.pt"
    if name == "digits_cnn":
        return Network(name, DATA / "digits_cnn.onnx", DATA / "digits_images.npy", script)
    if name not in SHARED:
        return Network(name, folder / f"{name}.onnx", folder / f"{name}.npy", script)
    models = os.environ.get("HARSANYI_MODELS")
    if not models:
        return None
    place = pathlib.Path(models) / name
    return Network(name, place / "model.onnx", place / "inputs.npy", script)


def values(program, network, scratch):
    """All outputs, for all masks of the chosen players: [mask, output]."""
    out = pathlib.Path(scratch) / "values.h5"
    subprocess.run([program, "interactions", *network.options, "--values", "--output", "raw",
                    "--subset", ",".join(map(str, CHOSEN)), "--target", "all", "--indices", "none",
                    "--quiet", "--force", "--out", out], check=True, stdout=subprocess.DEVNULL)
    with h5py.File(out) as file:
        return file["values"][()].T


def chosen_masks(players):
    """What the masks of the chosen players are among all."""
    few = np.arange(2 ** len(CHOSEN))
    others = sum(1 << p for p in range(players) if p not in CHOSEN)
    return others + sum((few >> i & 1) << p for i, p in enumerate(CHOSEN))


def feeds(network, inputs):
    """Samples for bench.mjs."""
    name, shape = network.input()
    return {name: {"dims": [1, *shape], "samples": inputs.reshape(len(inputs), -1).tolist()}}


def check(name, peer, theirs, ours):
    """Stop where a peer's outputs are not ours, for each mask relative to its largest output."""
    theirs = np.asarray(theirs, dtype=float).reshape(ours.shape)
    error = (abs(theirs - ours).max(1) / abs(theirs).max(1)).max()
    if not error <= TOLERANCE:
        sys.exit(f"error: {name}: outputs of harsanyi and {peer} differ by {error:.2g}, relatively")


def runners(network, game, present):
    """{peer: function of masks} of those that run in this process."""
    found = {}
    if "PyTorch" in present and network.script.exists():
        found["PyTorch"] = peers.PyTorch(network.script, game)
    try:
        found["NumPy"] = peers.NumPy(network.model, game)
    except ValueError:
        pass  # not a chain of layers
    return found


def measure(program, network, present, scratch):
    """All in turns: harsanyi's rates, one of each round, and {peer: its rounds}."""
    game = network.game()
    reference, masks = values(program, network, scratch), chosen_masks(game.players)
    inside = runners(network, game, present)
    for peer, run in inside.items():
        check(network.name, peer, run(masks), reference)
    samples = feeds(network, game.inputs(masks)) if "ONNX Runtime" in present else None
    ours, theirs = [], {peer: rates.Rounds(BATCHES) for peer in inside}
    if samples:
        theirs["ONNX Runtime"] = rates.Rounds(ORT_BATCHES)
    for _ in range(ROUNDS):
        ours.append(rates.masks(program, network.options, SECONDS, scratch))
        for peer, rounds in theirs.items():
            batches = rounds.fitting(BATCH_WORK / ours[0].work)
            if peer in inside:
                rounds.add(peers.masks_per_second(inside[peer], batches, SECONDS))
                continue
            images = rates.images(network.model, network.name, batches, SECONDS, scratch,
                                  feeds=samples)
            check(network.name, peer, images.values, reference)
            rounds.add(images.rates)
    return ours, theirs


def print_row(name, ours, theirs):
    """One row of the table: '-' for what is not measured."""
    full, tables = [o.full for o in ours], [o.tables for o in ours]
    cells = [f"`{name}`", f"{ours[0].work:,.0f}", f"{ours[0].table_work:,.0f}",
             f"{statistics.median(full):,.0f}", f"{statistics.median(tables):,.0f}"]
    for peer in ("ONNX Runtime", "PyTorch", "NumPy"):
        found = theirs.get(peer)
        cells += [f"{found.rate:,.0f}", str(found.batch)] if found else ["-", "-"]
    pairs = [(full, "ONNX Runtime")]
    pairs += [(tables, peer) for peer in ("ONNX Runtime", "PyTorch", "NumPy")]
    cells += [f"{theirs[peer].ratio(rate):.2f}" if peer in theirs else "-" for rate, peer in pairs]
    print("| " + " | ".join(cells) + " |", flush=True)


def present_peers():
    """The peers that can be measured; a line says which are left out."""
    here = {"NumPy"}
    for peer, found in (("ONNX Runtime", rates.can_run_onnx_runtime()), ("PyTorch", peers.torch)):
        if found:
            here.add(peer)
        else:
            print(f"{peer} is left out: it is not installed")
    return here


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    program, folder, names = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    for name in names:
        if name not in NETWORKS:
            sys.exit(f"error: unknown network '{name}': {', '.join(NETWORKS)}")
    present = present_peers()
    networks = []
    for name in names or NETWORKS:
        network = find(name, folder)
        if network and network.model.exists():
            networks.append(network)
        else:
            reason = "HARSANYI_MODELS is not set" if name in SHARED else "make_networks.py did not make it"
            print(f"{name} is left out: {reason}")
    print("\n| network | multiply-adds, full passes | with tables | masks/s, full passes "
          "| with tables | ONNX Runtime | its batch | PyTorch | its batch | NumPy | its batch "
          "| full passes / ONNX Runtime | tables / ONNX Runtime | tables / PyTorch "
          "| tables / NumPy |\n|" + "---|" * 15, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for network in networks:
            print_row(network.name, *measure(program, network, present, scratch))


if __name__ == "__main__":
    main()
