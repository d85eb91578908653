"""Inputs that are fed but not masked are constants of a run: branches and shapes that they decide
are decided, as NumPy computes them; samples that decide otherwise are refused, all at the start."""
import unittest

import h5py
import numpy as np

import program
from program import ProgramTest, run

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    onnx = None

RANDOM = np.random.default_rng(5)
WEIGHT = RANDOM.normal(size=(6, 3)).astype(np.float32)
SAMPLES = RANDOM.normal(size=(2, 6)).astype(np.float32)
MASKS = (np.arange(64)[:, None] >> np.arange(6) & 1).astype(np.float32)


def graph(name, output, op, *inputs):
    """A branch of one node."""
    return helper.make_graph([helper.make_node(op, list(inputs), [output])], name, [],
                             [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)])


@unittest.skipIf(onnx is None, "python3-onnx is not installed")
class UnmaskedInputs(ProgramTest):
    """If and shapes."""

    def network(self, name, nodes, extra=None, constants=()):
        """z = x w, then the nodes, which make y."""
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 6])]
        if extra:
            inputs.append(helper.make_tensor_value_info(*extra))
        weights = [numpy_helper.from_array(np.asarray(value), key)
                   for key, value in (("w", WEIGHT), *constants)]
        made = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["z"]), *nodes], name,
                                 inputs,
                                 [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                                 weights)
        path = self.folder / f"{name}.onnx"
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.save(model, str(path))
        return path

    def branches(self):
        """Decided by an input, through another node: y = -z if rate is 16, else |z|."""
        nodes = [helper.make_node("Equal", ["rate", "sixteen"], ["flag"]),
                 helper.make_node("If", ["flag"], ["y"], name="choice",
                                  then_branch=graph("then", "minus", "Neg", "z"),
                                  else_branch=graph("else", "size", "Abs", "z"))]
        return self.network("branches", nodes, ("rate", TensorProto.INT64, []),
                            [("sixteen", np.int64(16))])

    def values(self, model, rate, *args, samples=SAMPLES):
        out, _ = self.interactions(
            "--model", model, "--input", f"x={self.save('x.npy', samples)}", "--input",
            f"rate={self.save('rate.npy', np.array(rate))}", "--output", "raw", "--target", "all",
            "--values", *args)
        with h5py.File(out) as file:
            return file["values"][()]

    def refused(self, model, rate, *words):
        result = run("interactions", "--model", model, "--input",
                     f"x={self.save('x.npy', SAMPLES)}", "--input",
                     f"rate={self.save('rate.npy', np.array(rate))}", "--out", self.output())
        self.assertEqual((result.code, len(result.errors())), (65, 1), result)
        for word in words:
            self.assertIn(word, result.errors()[0])

    def test_branches(self):
        model = self.branches()
        z = MASKS * SAMPLES[:, None] @ WEIGHT
        for rate, wanted in ((16, -z), (8, abs(z))):
            found = self.values(model, [rate, rate]).reshape(2, 3, 64)
            np.testing.assert_allclose(found, wanted.transpose(0, 2, 1), atol=1e-5)
        self.refused(model, [16, 8], "sample 1", "If node 'choice'", "--select")
        for sample, wanted in ((0, -z[0]), (1, abs(z[1]))):
            found = self.values(model, [16, 8], "--select", str(sample)).reshape(3, 64)
            np.testing.assert_allclose(found, wanted.T, atol=1e-5)

    def test_shapes(self):
        """The first `rate` numbers of z."""
        nodes = [helper.make_node("Slice", ["z", "zero", "rate", "one"], ["part"]),
                 helper.make_node("ReduceSum", ["part", "one"], ["y"])]
        model = self.network("shapes", nodes, ("rate", TensorProto.INT64, [1]),
                             [("zero", np.array([0])), ("one", np.array([1]))])
        z = MASKS * SAMPLES[:, None] @ WEIGHT
        found = self.values(model, [[2], [2]]).reshape(2, 64)
        np.testing.assert_allclose(found, z[..., :2].sum(axis=2), atol=1e-5)
        self.refused(model, [[2], [3]], "sample 1", "Slice node", "--select")

    def test_masked_behind(self):
        """With --mask-at no input is masked: the first one may decide as well."""
        nodes = [helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
                 helper.make_node("Greater", ["sum", "zero"], ["flag"]),
                 helper.make_node("If", ["flag"], ["y"],
                                  then_branch=graph("then", "minus", "Neg", "z"),
                                  else_branch=graph("else", "size", "Abs", "z"))]
        model = self.network("behind", nodes, constants=[("zero", np.float32(0))])
        for sign in (1, -1):
            x = sign * abs(SAMPLES[:1])
            args = ["--model", model, "--samples", self.save("x.npy", x)]
            out, _ = self.interactions(*args, "--mask-at", "z", "--output", "raw", "--target", "all",
                                       "--values")
            z = (np.arange(8)[:, None] >> np.arange(3) & 1) * (x @ WEIGHT)
            with h5py.File(out) as file:
                np.testing.assert_allclose(file["values"][()].reshape(3, 8),
                                           (-z if sign > 0 else abs(z)).T, atol=1e-5)
        result = run("interactions", *args, "--out", self.output())
        self.assertEqual((result.code, len(result.errors())), (65, 1), result)
        self.assertIn("depends on an input that is masked", result.errors()[0])

    def test_model(self):
        """`harsanyi model` asks for values, and takes them."""
        model = self.branches()
        result = run("model", model)
        self.assertEqual((result.code, len(result.errors())), (65, 1), result)
        self.assertIn("--input NAME=FILE", result.errors()[0])
        rate = self.save("rate.npy", np.array([16]))
        result = run("model", model, "--input", f"rate={rate}")
        self.assertEqual(result.code, 0, result)
        self.assertRegex(result.out, r"multiply-adds +18 per sample")
        for wrong in (f"speed={rate}", "rate"):
            result = run("model", model, "--input", wrong)
            self.assertEqual((result.code, len(result.errors())), (64, 1), result)
        result = run("model", model, "--input", f"rate={self.folder / 'none.npy'}")
        self.assertEqual((result.code, len(result.errors())), (65, 1), result)


if __name__ == "__main__":
    program.main(workers=4)
