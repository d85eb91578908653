"""A network on masked inputs by PyTorch and by NumPy, as one would write it there.

Both build the inputs of a batch of masks from the map of players, and run a batch at a time.
"""
import time

import numpy as np
import onnx
import onnx.numpy_helper

try:
    import torch
except ImportError:
    torch = None


def read_graph(path):
    """The graph of an ONNX file, and its input: old files list weights as inputs too."""
    graph = onnx.load(path).graph
    weights = {t.name for t in graph.initializer}
    return graph, next(i for i in graph.input if i.name not in weights)


class Game:
    """A sample, the players of its elements, and what stands in for an absent one.

    `plane` has a player per position of the last axes; the axes before them (channels) share it.
    """

    def __init__(self, sample, plane, baseline):
        self.sample, self.plane, self.baseline = sample, plane, baseline
        self.players = int(plane.max()) + 1
        self.keep_shape = (-1, *[1] * (sample.ndim - plane.ndim), *plane.shape)

    def inputs(self, masks):
        """An instance per mask."""
        present = (masks[:, None] >> np.arange(self.players) & 1).astype(bool)
        keep = present[:, self.plane].reshape(self.keep_shape)
        return np.where(keep, self.sample, self.sample.dtype.type(self.baseline))


class PyTorch:
    """A TorchScript file, on one thread, batch norms folded."""

    def __init__(self, path, game):
        torch.set_num_threads(1)
        self.network = torch.jit.freeze(torch.jit.load(str(path)).eval())
        self.game = game
        self.bits = torch.arange(game.players)
        self.plane = torch.from_numpy(game.plane)
        self.sample = torch.from_numpy(game.sample)
        self.baseline = torch.tensor(game.baseline, dtype=self.sample.dtype)

    def __call__(self, masks):
        with torch.no_grad():
            present = (torch.from_numpy(masks)[:, None] >> self.bits & 1).bool()
            keep = present[:, self.plane].reshape(self.game.keep_shape)
            return self.network(torch.where(keep, self.sample, self.baseline)).numpy()


class NumPy:
    """Chains of layers read off an ONNX file, with NumPy's matrix products.

    ValueError where the network is not such a chain.
    """

    def __init__(self, path, game):
        graph, value = read_graph(path)
        weights = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
        tensor = value.name
        self.game, self.layers = game, []
        for node in graph.node:
            if node.op_type == "Constant":
                continue
            if node.op_type not in LAYERS or node.input[0] != tensor:
                raise ValueError(f"{node.op_type} is not a layer of a chain")
            options = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            inputs = [weights[name] for name in node.input[1:] if name in weights]
            self.layers.append(LAYERS[node.op_type](options, *inputs))
            tensor = node.output[0]

    def __call__(self, masks):
        values = self.game.inputs(masks)
        for layer in self.layers:
            values = layer(values)
        return values


def convolution(options, kernels, bias):
    """Windows as rows of a matrix. Dilations and groups are not among the networks measured."""
    if options.get("group", 1) != 1 or set(options.get("dilations", [1])) != {1}:
        raise ValueError("a convolution with groups or dilations")
    channels, _, height, width = kernels.shape
    top, left, bottom, right = options.get("pads", [0] * 4)
    down, across = options.get("strides", [1, 1])
    matrix = np.ascontiguousarray(kernels.reshape(channels, -1).T)

    def layer(maps):
        maps = np.pad(maps, ((0, 0), (0, 0), (top, bottom), (left, right)))
        windows = np.lib.stride_tricks.sliding_window_view(maps, (height, width), (2, 3))
        windows = windows[:, :, ::down, ::across].transpose(0, 2, 3, 1, 4, 5)
        rows = windows.reshape(-1, len(matrix)) @ matrix + bias
        return rows.reshape(*windows.shape[:3], channels).transpose(0, 3, 1, 2)

    return layer


def pooling(options):
    height, width = options["kernel_shape"]
    if options.get("strides") != [height, width] or any(options.get("pads", [])):
        raise ValueError("a pooling of windows that overlap or are padded")

    def layer(maps):
        images, channels, rows, columns = maps.shape
        maps = maps[:, :, :rows // height * height, :columns // width * width]
        return maps.reshape(images, channels, rows // height, height, columns // width,
                            width).max((3, 5))

    return layer


def dense(options, matrix, bias):
    if options.get("alpha", 1) != 1 or options.get("beta", 1) != 1 or options.get("transA", 0):
        raise ValueError("a scaled or transposed product")
    matrix = matrix.T if options.get("transB", 0) else matrix
    return lambda rows: rows @ matrix + bias


def softmax(rows):
    powers = np.exp(rows - rows.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def flat(options, *shape):
    """Flatten, and the Reshape that comes before a dense layer."""
    return lambda maps: maps.reshape(len(maps), -1)


LAYERS = {"Conv": convolution, "Flatten": flat, "Gemm": dense, "MaxPool": pooling, "Reshape": flat,
          "Relu": lambda options: lambda values: np.maximum(values, 0),
          "Softmax": lambda options: softmax}


def masks_per_second(peer, batches, seconds):
    """{batch size: rate}, all masks in order."""
    count, rates = 2 ** peer.game.players, {}
    for batch in batches:
        peer(np.arange(batch))
        done, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds or not done:
            peer(np.arange(done, done + batch) % count)
            done += batch
        rates[batch] = done / elapsed
    return rates
