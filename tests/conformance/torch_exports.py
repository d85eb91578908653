#!/usr/bin/python3
"""Exports networks from PyTorch in its various ways and compares values: torch_exports.py RUN_MODEL

Traced and scripted, with a baked and an open batch axis, with modules as local functions, with an If
whose condition is computed from shapes. Exit 77 (skipped) where PyTorch is absent.
"""
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np

try:
    import torch
    from torch import nn
except ImportError:
    print("SKIPPED: PyTorch is not installed (apt-get install python3-torch)")
    sys.exit(77)

LIMIT = 1e-5
OPEN_BATCH = {"x": {0: "batch"}}


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)) + x)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = Block(3), Block(3)
        self.norm, self.gelu, self.elu = nn.LayerNorm(8), nn.GELU(), nn.ELU(alpha=0.5)
        self.head = nn.Linear(3 * 64, 5)

    def forward(self, x):
        x = self.second(self.first(x))
        return self.head(self.elu(self.gelu(self.norm(x))).flatten(1))


class Branching(nn.Module):
    """Scripted, its `if` becomes an If on the shape of a tensor."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = x.mean(1)
        if x.shape[0] == 1:
            x = x.squeeze(0)
        return self.head(x).mean(0)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 6, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(12, 4)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16)
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.layer(self.embed(x)).mean(1))


def cases():
    """Name, network, samples, options of the export."""
    images = torch.randn(5, 3, 8, 8)
    tokens = torch.randint(0, 20, (5, 9))
    scripted = torch.jit.script(Branching().eval())
    yield "residual", Residual(), images, {"opset_version": 9}
    yield "residual-13", Residual(), images, {"opset_version": 13, "dynamic_axes": OPEN_BATCH}
    yield "functions", Residual(), images, {
        "opset_version": 15, "export_modules_as_functions": True}
    yield "functions-some", Residual(), images, {
        "opset_version": 17, "export_modules_as_functions": {Block, nn.LayerNorm}}
    yield "if", scripted, images, {"opset_version": 13}
    yield "if-open", scripted, images, {"opset_version": 13, "dynamic_axes": OPEN_BATCH}
    yield "lstm", Recurrent(), torch.randn(5, 7, 8), {"opset_version": 14}
    yield "encoder", Encoder(), tokens, {"opset_version": 14}
    yield "encoder-open", Encoder(), tokens, {"opset_version": 17, "dynamic_axes": OPEN_BATCH}
    yield "encoder-functions", Encoder(), tokens, {
        "opset_version": 16, "export_modules_as_functions": True}


def export(folder, network, samples, options):
    """Write the network and its samples; give PyTorch's values."""
    network = network.eval()
    torch.onnx.export(network, samples[:1], os.path.join(folder, "m.onnx"), input_names=["x"],
                      **options)
    np.save(os.path.join(folder, "x.npy"), samples.numpy()[:, None])
    return torch.stack([network(sample[None]) for sample in samples]).detach().numpy()


def compare(run_model, folder, reference, batch):
    """Largest error relative to the largest output, or a message."""
    model, inputs, out = (os.path.join(folder, name) for name in ("m.onnx", "x.npy", "y.npy"))
    done = subprocess.run([run_model, "--batch", str(batch), model, out, inputs],
                          capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip() or f"exit {done.returncode}"
    values = np.load(out)
    if values.shape != reference.shape:
        return f"shape {values.shape}, expected {reference.shape}"
    return float(np.abs(values - reference).max() / np.abs(reference).max())


def main():
    warnings.filterwarnings("ignore")
    torch.manual_seed(0)
    failed = count = 0
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name, network, samples, options in cases():
            reference = export(folder, network, samples, options)
            for batch in (1, 0, 3):
                error = compare(sys.argv[1], folder, reference, batch)
                count += 1
                if isinstance(error, str) or not error <= LIMIT:
                    print(f"FAILED {name}, batch {batch}: {error}")
                    failed += 1
                else:
                    worst = max(worst, error)
    print(f"{count} comparisons, {failed} failures, largest relative error {worst:.2g}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
