#!/usr/bin/python3
"""Compares whole networks with reference outputs: models.py RUN_MODEL [FOLDER]

FOLDER (default: the environment variable HARSANYI_MODELS) holds one folder per network: model.onnx,
inputs.npy or inputs.npz (keyed by input), outputs_ort.npy or .npz (keyed by output), first axis =
samples. Each network is evaluated sample by sample, in batches, and with all inputs but the first
shared by a batch; the largest error may be 1e-4 of the largest output. Exit 77 (skipped) where
there are no networks.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

LIMIT = 1e-4
MODES = [["--batch", "1"], ["--batch", "0"], ["--batch", "3"], ["--share", "--batch", "4"]]


def arguments(folder):
    """Input arguments of run_model for a network's folder."""
    path = os.path.join(folder, "inputs.npy")
    if os.path.exists(path):
        return [path]
    path = os.path.join(folder, "inputs.npz")
    return [f"{name}={path}:{name}" for name in np.load(path)]


def references(folder):
    """Pairs of an output's name (None: the first) and its reference."""
    path = os.path.join(folder, "outputs_ort.npy")
    if os.path.exists(path):
        return [(None, np.load(path))]
    with np.load(os.path.join(folder, "outputs_ort.npz")) as file:
        return [(name, file[name]) for name in file]


def compare(run_model, folder, mode, name, reference, out):
    """Error relative to the largest output, or a message."""
    fetch = ["--fetch", name] if name else []
    command = [run_model, *mode, *fetch, os.path.join(folder, "model.onnx"), out]
    done = subprocess.run(command + arguments(folder), capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip() or f"exit {done.returncode}"
    values = np.load(out)
    if values.shape != reference.shape:
        return f"shape {values.shape}, expected {reference.shape}"
    if not np.isfinite(values).all():
        return "values that are not finite"
    return float(np.abs(values - reference).max() / np.abs(reference).max())


def main():
    run_model = sys.argv[1]
    root = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("HARSANYI_MODELS")
    if not root or not os.path.isdir(root):
        print("SKIPPED: HARSANYI_MODELS names no folder of networks with reference outputs")
        return 77
    folders = sorted(
        os.path.join(root, name)
        for name in os.listdir(root)
        if os.path.exists(os.path.join(root, name, "model.onnx"))
    )
    failed = worst = 0
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "out.npy")
        for folder in folders:
            for name, reference in references(folder):
                for mode in MODES:
                    error = compare(run_model, folder, mode, name, reference, out)
                    if isinstance(error, str) or not error <= LIMIT:
                        print(f"FAILED {os.path.basename(folder)} {name or ''} {' '.join(mode)}: {error}")
                        failed += 1
                    else:
                        worst = max(worst, error)
    print(f"{len(folders)} networks, {failed} failures, largest relative error {worst:.2g}")
    return 1 if failed or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
