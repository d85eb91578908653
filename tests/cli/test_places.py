"""Players and blurs on series, images and volumes: maps, names, baselines and values against NumPy.

Networks are made here. Each ends in products with weights, and shows before that how it reads its
input, or hides it behind a Flatten.
"""
import math

import h5py
import numpy as np

import oracle
import program
from onnx_writer import model, node, tensor, value_info
from program import ProgramTest

FIRST, LAST = ["--layout", "channels-first"], ["--layout", "channels-last"]
NONE = ["--layout", "no-channels"]
# How a network reads its input before all else: axis 1, the last axis, or unknown.
CONVOLVES, TURNS, FLAT = "convolves", "turns", "flat"


def network(shape, reads):
    """y [1, 2] = tanh(x) @ weights behind what `reads` says, and the function in NumPy."""
    rng = np.random.default_rng(sum(shape))
    rank, nodes, weights, name = len(shape), [], [], "h"
    turned = [0, rank - 1, *range(1, rank - 1)]
    moved = [shape[i] for i in turned] if reads == TURNS else list(shape)
    nodes.append(node("Tanh", ["x"], ["h"]))
    if reads == TURNS:
        nodes.append(node("Transpose", ["h"], ["turned"], perm=turned))
        name = "turned"
    kernel = np.eye(moved[1])
    if reads != FLAT:
        kernel = rng.normal(size=(2, moved[1]))
        weights.append(tensor("kernel", [2, moved[1]] + [1] * (rank - 2), kernel.ravel()))
        nodes.append(node("Conv", [name, "kernel"], ["conv"]))
        name = "conv"
    inner = len(kernel) * math.prod(moved[2:])
    dense = rng.normal(size=(inner, 2))
    weights.append(tensor("dense", [inner, 2], dense.ravel()))
    nodes += [node("Flatten", [name], ["flat"], axis=1), node("MatMul", ["flat", "dense"], ["y"])]

    def function(x):
        h = np.tanh(np.asarray(x, dtype=np.float64))
        if reads == TURNS:
            h = h.transpose([0] + [i for i in turned if i])
        h = np.moveaxis(np.tensordot(kernel, h, (1, 1)), 0, 1)
        return h.reshape(len(h), -1) @ dense

    return model(nodes, [value_info("x", shape)], [value_info("y", [1, 2])], weights), function


class Places(ProgramTest):
    """--players grid:, tokens, channels and --baseline blur:, by number of axes and layout."""

    def check(self, shape, reads, options, players, names, axes, mask_at=None):
        """One sample on one network; the map, the names, and v with a blur along `axes`."""
        content, function = network(shape, reads)
        path = self.write("net.onnx", content)
        sample = np.random.default_rng(3).normal(size=shape).astype(np.float32)
        if mask_at:
            options = options + ["--mask-at", mask_at]
        out, result = self.interactions(
            "--model", path, "--samples", self.save("x.npy", sample), "--target", "1", "--output",
            "raw", "--values", "--baseline", "blur:0.9", *options)
        self.assertEqual(result.warnings(), [], result)
        masked = np.tanh(sample) if mask_at else sample
        blurred = oracle.blurred(masked, 0.9, axes)
        inputs = oracle.masked_inputs(masked[0], players[0], blurred[0],
                                      range(2**(players.max() + 1)))
        if mask_at:
            inputs = np.arctanh(np.clip(inputs.astype(np.float64), -1 + 1e-12, 1 - 1e-12))
        wanted = function(inputs)[:, 1]
        with h5py.File(out) as file:
            np.testing.assert_array_equal(file["players/map"][()].reshape(shape), players)
            np.testing.assert_allclose(file["players/baseline"][()].reshape(shape), blurred,
                                       rtol=0, atol=1e-6)
            stored = [name.decode() for name in file["players/name"][()]]
            np.testing.assert_allclose(file["values"][0], wanted, rtol=0, atol=2e-5)
        self.assertEqual([stored[0], stored[-1]], names)

    def run_all(self, cases):
        """(shape, reads, options, axes that are divided, parts, names, axes that are blurred)"""
        for shape, reads, options, axes, parts, names, places in cases:
            with self.subTest(shape=shape, reads=reads, options=options):
                self.check(shape, reads, options, oracle.places_map(shape, axes, parts), names,
                           places)

    def test_series(self):
        names, tokens = ["segment 0", "segment 2"], ["token 0", "token 6"]
        self.run_all([
            ((1, 3, 7), CONVOLVES, ["--players", "grid:3"], [2], [3], names, [2]),
            ((1, 7, 3), TURNS, ["--players", "grid:3"], [1], [3], names, [1]),
            ((1, 3, 7), FLAT, ["--players", "grid:3", *FIRST], [2], [3], names, [2]),
            ((1, 7, 3), FLAT, ["--players", "grid:3", *LAST], [1], [3], names, [1]),
            ((1, 1, 7), FLAT, ["--players", "grid:3"], [2], [3], names, [2]),
            ((1, 7), FLAT, ["--players", "grid:3"], [1], [3], names, [1]),
            ((1, 3, 7), CONVOLVES, ["--players", "tokens"], [2], [7], tokens, [2]),
            ((1, 7, 3), FLAT, ["--players", "tokens", *LAST], [1], [7], tokens, [1]),
            ((1, 7, 3), TURNS, ["--players", "channels"], [2], [3], ["channel 0", "channel 2"],
             [1]),
        ])

    def test_images(self):
        names = ["patch r0c0", "patch r1c2"]
        self.run_all([
            ((1, 5, 4, 4), CONVOLVES, ["--players", "grid:2x3"], [2, 3], [2, 3], names, [2, 3]),
            ((1, 6, 5, 3), FLAT, ["--players", "grid:2x3"], [1, 2], [2, 3], names, [1, 2]),
            ((1, 6, 5, 2), TURNS, ["--players", "grid:2x3"], [1, 2], [2, 3], names, [1, 2]),
            ((1, 6, 5), FLAT, ["--players", "grid:2x3", *NONE], [1, 2], [2, 3], names, [1, 2]),
        ])

    def test_volumes(self):
        names = ["patch d0r0c0", "patch d1r1c1"]
        grid = ["--players", "grid:2x2x2"]
        self.run_all([
            ((1, 2, 4, 5, 3), FLAT, grid, [2, 3, 4], [2, 2, 2], names, [2, 3, 4]),
            ((1, 16, 3, 4, 2), CONVOLVES, grid, [2, 3, 4], [2, 2, 2], names, [2, 3, 4]),
            ((1, 4, 3, 5, 2), TURNS, grid, [1, 2, 3], [2, 2, 2], names, [1, 2, 3]),
            ((1, 4, 5, 3), FLAT, [*grid, *NONE], [1, 2, 3], [2, 2, 2], names, [1, 2, 3]),
        ])

    def test_inner_tensors(self):
        """--mask-at: as the network goes on to read the inner tensor."""
        for shape, reads, spec, axes, parts, places in (
                ((1, 3, 7), CONVOLVES, "grid:3", [2], [3], [2]),
                ((1, 7, 3), TURNS, "channels", [2], [3], [1]),
                ((1, 5, 4, 3), FLAT, "grid:2x2", [2, 3], [2, 2], [2, 3])):
            with self.subTest(shape=shape, reads=reads):
                players = oracle.places_map(shape, axes, parts)
                kind = {"grid:3": "segment", "grid:2x2": "patch", "channels": "channel"}[spec]
                ends = ["patch r0c0", "patch r1c1"] if kind == "patch" else [
                    f"{kind} 0", f"{kind} {parts[0] - 1}"]
                self.check(shape, reads, ["--players", spec], players, ends, places, mask_at="h")

    def test_left_open(self):
        """A shape that does not tell, of a network that does not: refused, with the ways out."""
        for shape, option, value in (((1, 3, 7), "--players", "grid:3"),
                                     ((1, 6, 5), "--players", "grid:2x3"),
                                     ((1, 3, 7), "--players", "channels"),
                                     ((1, 9, 3, 3), "--players", "grid:2x2"),
                                     ((1, 16, 3, 4, 5), "--players", "grid:2x2x2"),
                                     ((1, 3, 2), "--baseline", "blur:1")):
            with self.subTest(shape=shape, option=option):
                content, _ = network(shape, FLAT)
                out = self.output()
                result = program.run(
                    "interactions", "--model", self.write("net.onnx", content), "--samples",
                    self.save("x.npy", np.ones(shape, np.float32)), option, value, "--out", out)
                self.assertEqual(result.code, 64, result)
                self.assertEqual(len(result.errors()), 1, result)
                for word in (option, value, str(list(shape)), "--layout channels-first"):
                    self.assertIn(word, result.errors()[0])
                self.assertFalse(out.exists())


if __name__ == "__main__":
    program.main(workers=2)
