"""--evaluator lattice against brute: the same values to rounding, on all kinds of networks.

Networks are made here layer by layer, so that each kind of step that the tables know, and each that
ends them, is met: strides, paddings, dilations, groups, pools, residual sums, concatenations, means.
"""
import json
import os
import re
import unittest

import h5py
import numpy as np

import program
from program import DATA, ProgramTest, run, shared

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    onnx = None


class Layers:
    """An ONNX graph that grows by one tensor at a time."""

    def __init__(self, shape, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights, self.shape, self.count = [], [], shape, 0

    def weight(self, *shape, scale=1.0):
        name = f"w{len(self.weights)}"
        values = scale * self.random.normal(size=shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def constant(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def add(self, op, *inputs, **attributes):
        self.count += 1
        self.nodes.append(helper.make_node(op, list(inputs), [f"t{self.count}"], **attributes))
        return f"t{self.count}"

    def conv(self, x, channels, wanted, size=3, group=1, **attributes):
        scale = 1 / np.sqrt(size * size * channels / group)
        return self.add("Conv", x, self.weight(wanted, channels // group, size, size, scale=scale),
                        self.weight(wanted, scale=0.1), group=group, **attributes)

    def saved(self, path, make):
        return self.save(path, make(self))

    def save(self, path, last):
        graph = helper.make_graph(
            self.nodes, "layers", [helper.make_tensor_value_info("x", TensorProto.FLOAT,
                                                                 [1, *self.shape])],
            [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.save(model, path)
        return path


def dense(n, x, elements, units, transposed=True):
    """Flatten and a dense layer."""
    flat = n.add("Flatten", x, axis=1)
    shape = (units, elements) if transposed else (elements, units)
    return n.add("Gemm", flat, n.weight(*shape, scale=1 / np.sqrt(elements)), n.weight(units),
                 transB=int(transposed), alpha=0.7, beta=1.3)


def lenet(n):
    x = n.add("Relu", n.conv("x", 1, 4, 5, pads=[2, 2, 2, 2]))
    x = n.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = n.add("Relu", n.conv(x, 4, 6, 3))
    x = n.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = n.add("Relu", dense(n, x, 6 * 4, 20))
    return n.add("Gemm", x, n.weight(20, 5), n.weight(5))


def residual(n):
    x = n.add("Relu", n.conv("x", 1, 4, pads=[1, 1, 1, 1], strides=[2, 2]))
    y = n.add("BatchNormalization", n.conv(x, 4, 4, pads=[1, 1, 1, 1]), n.weight(4), n.weight(4),
              n.weight(4), n.constant(np.full(4, 1.5, np.float32)))
    x = n.add("Relu", n.add("Add", x, y))
    x = n.add("Concat", x, n.conv(x, 4, 3, 1), axis=1)
    x = n.add("PRelu", x, n.weight(7, 1, 1))
    x = n.add("GlobalAveragePool", x)
    return n.add("Gemm", n.add("Flatten", x, axis=1), n.weight(7, 4), n.weight(4))


def odd_windows(n):
    x = n.conv("x", 1, 6, 3, dilations=[2, 2], pads=[1, 2, 0, 3])
    x = n.add("LeakyRelu", x, alpha=0.2)
    x = n.conv(x, 6, 4, 3, group=2, auto_pad="SAME_UPPER", strides=[2, 1])
    x = n.add("AveragePool", x, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1],
              count_include_pad=1)
    x = n.add("MaxPool", n.add("Tanh", x), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    x = n.add("LRN", x, size=3)
    x = n.add("Mul", x, n.weight(4, 1, 1))
    x = n.add("Clip", x, n.constant(np.float32(-1)), n.constant(np.float32(1)))
    x = n.add("Flatten", x, axis=1)
    return n.add("MatMul", x, n.weight(4 * 2 * 4, 3))


def softmax_over_positions(n):
    """Ends the tables: every position needs all others."""
    x = n.add("Relu", n.conv("x", 1, 3, 3, strides=[2, 2]))
    x = n.add("Reshape", x, n.constant(np.array([1, 3, -1], np.int64)))
    x = n.add("Softmax", x, axis=2)
    return dense(n, x, 3 * 25, 4)


def two_branches(n):
    """Two tensors with tables are read side by side: no single cut but the sum of both."""
    x = n.add("Relu", n.conv("x", 1, 3, 3))
    y = n.add("Sigmoid", n.conv("x", 1, 3, 3))
    z = n.add("Mul", x, y)
    x = dense(n, x, 3 * 100, 4, transposed=False)
    return n.add("Add", x, dense(n, z, 3 * 100, 4))


def deep(n):
    """Sites soon depend on all players: with little memory, tables are made block by block."""
    x = n.add("Relu", n.conv("x", 1, 4, pads=[1, 1, 1, 1]))
    y = n.add("Relu", n.conv(x, 4, 4, pads=[1, 1, 1, 1]))
    x = n.add("Add", n.conv(y, 4, 4, pads=[1, 1, 1, 1]), x)
    x = n.add("MaxPool", n.add("Relu", x), kernel_shape=[2, 2], strides=[2, 2])
    x = n.add("AveragePool", n.conv(x, 4, 6, pads=[1, 1, 1, 1]), kernel_shape=[3, 3],
              count_include_pad=1, pads=[1, 1, 1, 1])
    return n.add("Flatten", n.add("GlobalAveragePool", n.conv(x, 6, 5, 1)), axis=1)


def channels_last(n):
    """Rows of a transposed image, padded, cut, split and joined again."""
    x = n.add("Transpose", "x", perm=[0, 2, 3, 1])
    x = n.add("MatMul", x, n.weight(1, 6))
    x = n.add("Add", x, n.weight(12, 12, 6))
    n.count += 1
    n.nodes.append(helper.make_node("Split", [x], ["half1", "half2"], axis=3))
    x = n.add("Concat", "half2", n.constant(np.ones((1, 12, 12, 1), np.float32)), "half1", axis=3)
    x = n.add("LogSoftmax", x, axis=3)
    x = n.add("Pad", x, n.constant(np.array([0, 1, 0, 0, 0, 0, 2, 0], np.int64)), mode="reflect")
    x = n.add("Slice", x, n.constant(np.array([11], np.int64)), n.constant(np.array([0], np.int64)),
              n.constant(np.array([1], np.int64)), n.constant(np.array([-2], np.int64)))
    x = n.add("Transpose", x, perm=[0, 3, 1, 2])
    x = n.add("Tanh", n.conv(x, 7, 3, 3, group=1))
    return dense(n, x, 3 * 4 * 12, 4)


def attended(n):
    """Positions that read each other, two heads, and what leads past them."""
    x = n.add("Reshape", "x", n.constant(np.array([1, 12, 12], np.int64)))
    x = n.add("Add", n.add("MatMul", x, n.weight(12, 16, scale=0.3)), n.weight(12, 16))
    mean = n.add("ReduceMean", x, axes=[-1])
    x = n.add("Sub", x, mean)
    x = n.add("Div", x, n.add("Sqrt", n.add("ReduceMean", n.add("Mul", x, x), axes=[2])))
    q, k, v = (n.add("Reshape", n.add("MatMul", x, n.weight(16, 16, scale=0.2)),
                     n.constant(np.array([1, 12, 2, 8], np.int64))) for _ in range(3))
    q, v = (n.add("Transpose", t, perm=[0, 2, 1, 3]) for t in (q, v))
    scores = n.add("Softmax", n.add("MatMul", q, n.add("Transpose", k, perm=[0, 2, 3, 1])), axis=3)
    y = n.add("Transpose", n.add("MatMul", scores, v), perm=[0, 2, 1, 3])
    return n.add("Add", x, n.add("Reshape", y, n.constant(np.array([1, 12, 16], np.int64))))


def attention(n):
    """Tables end at four tensors side by side: queries, keys, values and what leads past them."""
    x = n.add("ReduceMean", attended(n), axes=[1], keepdims=0)
    return n.add("MatMul", x, n.weight(16, 3))


def one_position(n):
    """The same, but queries and what leads past them are there for the one position that is read."""
    x = n.add("Gather", attended(n), n.constant(np.array(5, np.int64)), axis=1)
    return n.add("MatMul", x, n.weight(16, 3))


class EvaluatorTest(ProgramTest):
    """Values of both evaluators."""

    def values(self, args, evaluator, ranks=0):
        out, _ = self.interactions(*args, "--values", "--keep", "salient", "--evaluator", evaluator,
                                   ranks=ranks)
        with h5py.File(out) as file:
            return file["values"][()]

    def check(self, *args):
        brute, lattice = (self.values(args, evaluator) for evaluator in ("brute", "lattice"))
        self.assertGreater(brute.std(), 0)
        np.testing.assert_allclose(lattice, brute, atol=1e-5 * np.abs(brute).max(), rtol=0)
        return lattice


class Evaluator(EvaluatorTest):
    """Networks made here, and the bundled ones."""

    def test_layers(self):
        if onnx is None:
            self.skipTest("python3-onnx is not installed")
        images = self.save("images.npy", np.random.default_rng(0).normal(size=(2, 1, 12, 12))
                           .astype(np.float32))
        mapped = np.random.default_rng(1).integers(-1, 7, size=(1, 12, 12)).astype(np.int32)
        players = [["--players", "grid:3x4"], ["--players", "grid:2x3", "--subset", "0,2,5"],
                   ["--players", f"map:{self.save('map.npy', mapped)}", "--baseline", "value:0.5"]]
        for seed, make in enumerate((lenet, residual, odd_windows, softmax_over_positions,
                                     two_branches, deep, channels_last, attention, one_position)):
            with self.subTest(make=make.__name__):
                layers = Layers((1, 12, 12), seed)
                model = layers.save(self.folder / f"{make.__name__}.onnx", make(layers))
                for chosen in players:
                    self.check("--model", model, "--samples", images, "--target", "all", *chosen)

    def network(self, make, seed=7):
        return Layers((1, 12, 12), seed).saved(self.folder / f"{make.__name__}.onnx", make)

    def test_blocks(self):
        """Tables that do not fit are made for one block of masks after the other."""
        if onnx is None:
            self.skipTest("python3-onnx is not installed")
        args = ["--model", self.network(deep), "--samples", self.images(), "--target", "all",
                "--players", "grid:3x4"]
        whole = self.check(*args)
        for memory in ("1MiB", "100KiB", "20KiB"):
            values = self.check(*args, "--table-memory", memory)
            np.testing.assert_allclose(values, whole, atol=1e-5 * np.abs(whole).max(), rtol=0)
        plan = run("interactions", *args, "--plan", "--table-memory", "1MiB")
        self.assertRegex(plan.out, r"tables of blocks +\d+, for \d+ masks at a time")

    def test_other_ways_to_mask(self):
        """Maps of their own for each sample, inner tensors, tokens with a second input."""
        if onnx is None:
            self.skipTest("python3-onnx is not installed")
        model, images = self.network(deep), self.images()
        maps = np.random.default_rng(3).integers(-1, 8, size=(2, 1, 12, 12)).astype(np.int32)
        maps[:, 0, 0, :8] = np.arange(8)
        self.check("--model", model, "--samples", images, "--target", "all",
                   "--players", f"map:{self.save('maps.npy', maps)}")
        inner = np.random.default_rng(4).integers(0, 9, size=(1, 4, 12, 12)).astype(np.int32)
        self.check("--model", model, "--samples", images, "--target", "all", "--mask-at", "t2",
                   "--players", f"map:{self.save('inner.npy', inner)}")

    def images(self):
        return self.save("images.npy", np.random.default_rng(0).normal(size=(2, 1, 12, 12))
                         .astype(np.float32))

    def test_ranks_share_tables(self):
        """The same bits whether ranks share a copy of the tables, have their own, or are alone."""
        if onnx is None:
            self.skipTest("python3-onnx is not installed")
        for make, extra in ((deep, []), (lenet, []), (deep, ["--table-memory", "300KiB"])):
            args = ["--model", self.network(make), "--samples", self.images(), "--target", "all",
                    "--players", "grid:3x4", *extra]
            alone = self.values(args, "lattice")
            for ranks, shm in ((2, "auto"), (2, "off"), (3, "off"), (4, "auto")):
                np.testing.assert_array_equal(self.values([*args, "--shm", shm], "lattice", ranks),
                                              alone)

    def test_bundled(self):
        images = ["--samples", DATA / "digits_images.npy", "--select", "0,4"]
        for model in ("digits_cnn", "digits_mlp"):
            for chosen in (["--players", "grid:4x4"], ["--players", "grid:3x3"],
                           ["--players", "features", "--subset", "random:11:2"],
                           ["--players", "grid:2x5", "--baseline", "blur:1"]):
                self.check("--model", DATA / f"{model}.onnx", *images, *chosen)
        self.check("--model", DATA / "wine_mlp.onnx", "--samples", DATA / "wine_features.npy",
                   "--select", "0:3")
        self.check("--model", DATA / "tokens_transformer.onnx", "--samples",
                   DATA / "tokens_ids.npy", "--select", "0,1", "--baseline", "token:0")

    def test_same_bits(self):
        args = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy",
                "--select", "0:3", "--players", "grid:3x4"]
        alone = self.values(args, "lattice")
        for ranks in (2, 3, 5):
            np.testing.assert_array_equal(self.values(args, "lattice", ranks), alone)

    def test_refused(self):
        result = run("interactions", "--model", DATA / "wine_mlp.onnx", "--samples",
                     DATA / "wine_features.npy", "--evaluator", "magic", "--out", self.output())
        self.assertEqual(result.code, 64, result)
        self.assertIn("magic", result.errors()[0])

    def test_work_saved(self):
        """A convolutional network evaluated by full masks throughout fails."""
        out = self.folder / "work.json"
        result = run("bench", "evaluate", "--model", DATA / "digits_cnn.onnx", "--samples",
                     DATA / "digits_images.npy", "--select", "0", "--players", "grid:4x4",
                     "--timing", out, env={**os.environ, "HARSANYI_BENCH_SECONDS": "0.1"})
        self.assertEqual(result.code, 0, result)
        figures = json.loads(out.read_text())
        brute = figures["multiply-adds per mask, full passes []"]
        self.assertEqual(brute, 40064)
        self.assertLess(figures["multiply-adds per mask, with tables []"], brute / 3)
        plan = run("interactions", "--model", DATA / "digits_cnn.onnx", "--samples",
                   DATA / "digits_images.npy", "--players", "grid:4x4", "--plan")
        self.assertRegex(plan.out, r"full passes +40064 per mask")
        self.assertRegex(plan.out, r"tables end at +.+Relu")

    def test_seconds_refused(self):
        for seconds in ("0", "-1", "nan", "2s", ""):
            result = run("bench", "evaluate", "--closed-form", "majority:n=6",
                         env={**os.environ, "HARSANYI_BENCH_SECONDS": seconds})
            self.assertEqual(result.code, 64, result)
            self.assertIn(f"HARSANYI_BENCH_SECONDS={seconds}:", result.errors()[0])

    def test_instruction_set_refused(self):
        result = run("bench", "evaluate", "--model", DATA / "digits_cnn.onnx", "--samples",
                     DATA / "digits_images.npy", "--players", "grid:2x2", ranks=2,
                     env={**os.environ, "HARSANYI_SIMD": "mmx"})
        self.assertEqual(result.code, 64, result)
        self.assertEqual(len(result.errors()), 1, result)
        self.assertIn("HARSANYI_SIMD=mmx", result.errors()[0])

    def test_work_of_ranks(self):
        """Multiply-adds of a rank fall with the number of ranks, tables and all."""
        args = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy",
                "--select", "0", "--players", "grid:4x4", "--plan"]
        work = []
        for ranks in (1, 2, 8):
            plan = run("interactions", *args, ranks=ranks)
            self.assertEqual(plan.code, 0, plan)
            work.append(float(re.search(r"of the busiest rank +(\d+) a sample", plan.out)[1]))
        each = float(re.search(r"with tables +(\d+) per mask", plan.out)[1])
        self.assertLess(work[0], 40064 * 2**16 / 3)
        np.testing.assert_allclose(work, np.array([1, 1 / 2, 1 / 8]) * each * 2**16, rtol=1e-3)

    def test_planned_tables(self):
        """Tables that the ranks of a node share are planned once, not for each of them."""
        args = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy",
                "--select", "0", "--players", "grid:4x4", "--plan"]
        planned = {}
        for shm in ("auto", "off"):
            plan = run("interactions", *args, "--shm", shm, ranks=2)
            self.assertEqual(plan.code, 0, plan)
            planned[shm] = int(re.search(r"  memory +(\d+) bytes", plan.out)[1])
        tables = int(re.search(r" tables +(\d+) bytes", plan.out)[1])
        self.assertEqual(planned["off"] - planned["auto"], tables // 2)


class Models(EvaluatorTest):
    """Networks of others."""

    def test_models(self):
        folder = shared("HARSANYI_MODELS", self)
        for name, players in [("mnist_lenet_fyh", "grid:4x3"), ("mnist8_cntk", "grid:3x4"),
                              ("mnist_burn_bn", "grid:3x3"), ("mnist_leaky_5x20", "grid:3x4"),
                              ("mnist_keras_nhwc", "grid:3x3"), ("cifar_base_kw", "grid:3x4"),
                              ("cifar_resnet_2b", "grid:3x3"),
                              ("cifar_vit_pgd_2_3_16", "grid:2x4"), ("churn_mlp11", "features"),
                              ("lunarlander_dqn", "features"), ("acasxu_1_1", "features"),
                              ("iris_mlp4", "features")]:
            with self.subTest(model=name):
                self.check("--model", folder / name / "model.onnx", "--samples",
                           folder / name / "inputs.npy", "--select", "0,1", "--players", players)
        for name in ("mnist_fc_256x2", "safenlp_medical", "pointnet64_ibp"):
            with self.subTest(model=name):
                self.check("--model", folder / name / "model.onnx", "--samples",
                           folder / name / "inputs.npy", "--select", "0", "--players", "features",
                           "--subset", "random:8:3", "--baseline", "value:0.7")


if __name__ == "__main__":
    program.main(workers=4)
