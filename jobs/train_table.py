#!/usr/bin/python3
"""Train the bundled table network, wine cultivars from 13 measurements, and export it to ONNX.

Data: scikit-learn's wine (UCI; 178 rows, 13 columns, 3 classes), standardised by the training part,
so that the baseline `zero` is the average wine. The network has a batch of 1 baked in and ends in
Softmax. Takes a few seconds.
"""
import os

import numpy as np
import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from torch import nn

import training


class Wine(nn.Module):
    """13 features -> 16 -> 16 -> 3 probabilities; trained on the logits before the Softmax."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Sequential(nn.Linear(13, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(),
                                    nn.Linear(16, 3))

    def forward(self, features):
        return torch.softmax(self.logits(features), dim=-1)


def main():
    options = training.arguments(__doc__.splitlines()[0])
    wine = load_wine()
    labels = wine.target.astype(np.int64)
    train_x, test_x, train_y, test_y = train_test_split(
        wine.data, labels, test_size=0.3, stratify=labels, random_state=options.seed)
    mean, scale = train_x.mean(axis=0), train_x.std(axis=0)
    train_x, test_x = (torch.from_numpy(((x - mean) / scale).astype(np.float32))
                       for x in (train_x, test_x))

    rng = training.start(options.seed)
    model = Wine()
    batches = training.shuffled_batches(train_x, torch.from_numpy(train_y), 32, rng)
    seconds = training.fit(model.logits, batches, nn.CrossEntropyLoss(), steps=600, rate=1e-2,
                           decay=5e-2)
    result = training.outputs(model, test_x)
    print(f"wine_mlp: trained in {seconds:.1f} s")
    training.require("wine_mlp test accuracy", np.mean(result.argmax(1) == test_y), 0.95)
    training.export(model, test_x[:1], os.path.join(options.out, "wine_mlp.onnx"), "features",
                    "probabilities")
    training.save(options.out, "wine_mlp_reference.npy", result)
    training.save(options.out, "wine_features.npy", test_x.numpy())
    training.save(options.out, "wine_labels.npy", test_y)
    training.save_lines(options.out, "wine_feature_names.txt", wine.feature_names)
    training.save_lines(options.out, "wine_class_names.txt",
                        (f"cultivar {1 + i}" for i in range(3)))
    training.write_checksums(options.out)


if __name__ == "__main__":
    main()
