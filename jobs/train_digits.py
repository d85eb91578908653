#!/usr/bin/python3
"""Train the bundled digit classifiers, a CNN and an MLP, and export them to ONNX.

Data: scikit-learn's digits (1797 images, 8x8, 10 classes), scaled to [0, 1], a fifth kept for
testing. The CNN has a batch of 1 baked in, a Reshape with a constant shape, and puts out logits;
the MLP has a symbolic batch and ends in LogSoftmax. Takes about half a minute.
"""
import os

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

import training


class DigitsCNN(nn.Module):
    """A small LeNet: two 3x3 convolutions, one pooling, two dense layers; 10 logits.

    The dropout is for training alone: it is not in the exported graph.
    """

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU())
        self.head = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(16 * 4 * 4, 64), nn.ReLU(),
            nn.Dropout(0.3), nn.Linear(64, 10))

    def forward(self, image):
        maps = self.features(image)
        return self.head(maps.reshape(maps.size(0), -1))


def digits_mlp():
    """64 pixels -> 64 -> 32 -> 10 log-probabilities."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(),
                         nn.Linear(32, 10), nn.LogSoftmax(dim=1))


def main():
    options = training.arguments(__doc__.splitlines()[0])
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[:, None]
    labels = digits.target.astype(np.int64)
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels, test_size=0.2, stratify=labels, random_state=options.seed)
    train_x, test_x = torch.from_numpy(train_x), torch.from_numpy(test_x)
    train_y = torch.from_numpy(train_y)

    networks = (("digits_cnn", DigitsCNN, nn.CrossEntropyLoss(), 0.97, "logits", False),
                ("digits_mlp", digits_mlp, nn.NLLLoss(), 0.95, "log_probabilities", True))
    for name, make, loss, wanted, output, dynamic in networks:
        rng = training.start(options.seed)
        model = make()
        batches = training.shuffled_batches(train_x, train_y, 64, rng)
        seconds = training.fit(model, batches, loss, steps=1500, rate=3e-3, decay=1e-2)
        result = training.outputs(model, test_x)
        print(f"{name}: trained in {seconds:.1f} s")
        training.require(f"{name} test accuracy", np.mean(result.argmax(1) == test_y), wanted)
        example = test_x[:1]
        training.export(model, example, os.path.join(options.out, f"{name}.onnx"), "image", output,
                        dynamic)
        training.save(options.out, f"{name}_reference.npy", result)
    training.save(options.out, "digits_images.npy", test_x.numpy())
    training.save(options.out, "digits_labels.npy", test_y)
    training.save(options.out, "digits_mean.npy", train_x.numpy().mean(axis=0))
    training.save_lines(options.out, "digits_class_names.txt", range(10))
    training.write_checksums(options.out)


if __name__ == "__main__":
    main()
