#!/usr/bin/python3
"""Make the networks of the evaluation benchmark: common shapes, random weights, fixed seeds.

    make_networks.py FOLDER

Rates depend on shapes, not on weights, so nothing is trained. For each network there are
NAME.onnx, two inputs in NAME.npy, and NAME.pt, the same network in TorchScript; of the bundled CNN
only the last, from the weights of its ONNX file. All have 16 players: a grid of 4x4, or 16 tokens.
"""
import argparse
import os

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch import nn

import training

VOCABULARY = 1000
TOKENS = 16


def lenet():
    """The classic one: 5x5 convolutions to 6 and 16 channels, dense 120-84-10."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def mlp():
    """784 pixels -> 512 -> 256 -> 10."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256),
                         nn.ReLU(), nn.Linear(256, 10))


def vgg():
    """Pairs of 3x3 convolutions to 32, 64 and 128 channels, a pooling after each; dense 128-10."""
    layers, channels = [], 3
    for width in (32, 64, 128):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(),
                   nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, 128), nn.ReLU(),
                         nn.Linear(128, 10))


class Block(nn.Module):
    """A basic block of a ResNet; a 1x1 convolution beside it where the shape changes."""

    def __init__(self, channels, width, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))
        self.beside = nn.Identity() if channels == width and stride == 1 else nn.Sequential(
            nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, maps):
        return torch.relu(self.body(maps) + self.beside(maps))


def resnet():
    """One basic block each of 16, 32 and 64 channels, batch norm, global average pool."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class ViT(nn.Module):
    """32x32 in patches of 8x8, 2 layers of width 64 with 4 heads, mean over patches, 10 classes."""

    def __init__(self, width=64):
        super().__init__()
        self.embed = nn.Conv2d(3, width, 8, 8)
        self.position = nn.Parameter(0.1 * torch.randn(1, 16, width))
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.0, activation="gelu",
                                           batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 10))

    def forward(self, image):
        maps = self.embed(image)
        patches = maps.reshape(-1, maps.shape[1], 16).transpose(1, 2)
        return self.head(self.encoder(patches + self.position).mean(dim=1))


class Bert(nn.Module):
    """Embeddings of ids and places, 2 layers of width 128 with 4 heads, a pooler, 2 classes."""

    def __init__(self, width=128):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, width)
        self.position = nn.Parameter(0.1 * torch.randn(1, TOKENS, width))
        self.norm = nn.LayerNorm(width)
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, activation="gelu",
                                           batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.pooler, self.head = nn.Linear(width, width), nn.Linear(width, 2)

    def forward(self, tokens):
        hidden = self.encoder(self.norm(self.embed(tokens) + self.position))
        return self.head(torch.tanh(self.pooler(hidden[:, 0])))


def digits_cnn():
    """The bundled CNN, without the dropout that it was trained with."""
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.Flatten(),
        nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10))
    weights = onnx.load(os.path.join(training.DATA, "digits_cnn.onnx")).graph.initializer
    named = zip(network.state_dict(), weights, strict=True)
    network.load_state_dict({name: torch.from_numpy(onnx.numpy_helper.to_array(weight).copy())
                             for name, weight in named})
    return network


NETWORKS = {"lenet": (lenet, (1, 28, 28)), "mlp": (mlp, (1, 28, 28)), "vgg": (vgg, (3, 32, 32)),
            "resnet": (resnet, (3, 32, 32)), "vit": (ViT, (3, 32, 32)), "bert": (Bert, (TOKENS,))}


def vary_norms(network):
    """Give batch norms other statistics than 0 and 1, with which they would compute nothing."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)


def trace(network, example, path):
    """Write the network in TorchScript, by the fused paths that PyTorch takes without gradients."""
    with torch.no_grad():
        torch.jit.save(torch.jit.trace(network, example), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="where the networks go")
    folder = parser.parse_args().folder
    os.makedirs(folder, exist_ok=True)
    for name, (make, shape) in NETWORKS.items():
        rng = training.start(1)
        network = make().eval()
        vary_norms(network)
        inputs = (rng.random((2, *shape), dtype=np.float32) if len(shape) > 1
                  else rng.integers(1, VOCABULARY, (2, *shape)))
        example = torch.from_numpy(inputs)
        path = os.path.join(folder, name)
        training.export(network, example[:1], f"{path}.onnx", "input", "output")
        training.save(folder, f"{name}.npy", inputs)
        trace(network, example, f"{path}.pt")
    trace(digits_cnn().eval(), torch.zeros(2, 1, 8, 8), os.path.join(folder, "digits_cnn.pt"))


if __name__ == "__main__":
    main()
