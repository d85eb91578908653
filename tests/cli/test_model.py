"""`harsanyi model`: what it says of a network, against what Python's onnx reads in the file."""
import collections
import math
import re

import numpy as np
import onnx
import onnx.numpy_helper

import onnx_writer
import program
from program import DATA, ProgramTest, run, shared

TYPES = {1: "float32", 7: "int64"}


class Model(ProgramTest):
    """The first look at a file."""

    def look(self, path, *args, ranks=0):
        """The text about a network that is supported."""
        result = run("model", path, *args, ranks=ranks)
        self.assertEqual((result.code, result.err), (0, ""), result)
        self.assertEqual([line for line in result.out.splitlines() if line != line.rstrip()], [])
        return result.out

    def check(self, path):
        """Inputs, outputs, operators and parameters."""
        text = self.look(path)
        network = onnx.load(str(path))
        weights = {tensor.name: tensor for tensor in network.graph.initializer}
        operators = collections.Counter(
            node.op_type for node in network.graph.node
            if node.op_type not in ("Constant", "Identity"))
        said = {name: int(count) for count, name in
                re.findall(r"^ +(\d+)  (\w+)(?: {2,}\S.*)?$", text, re.M)}
        for name in ("Constant", "Identity"):
            said.pop(name, None)
        self.assertEqual(said, dict(operators), text)
        for kind, values in (("input", network.graph.input), ("output", network.graph.output)):
            for value in values:
                if value.name in weights:
                    continue
                tensor = value.type.tensor_type
                dims = [dim.dim_value or r"\w+" for dim in tensor.shape.dim]
                shape = ", ".join(map(str, dims))
                pattern = rf"^  {kind} +{re.escape(value.name)} +{TYPES[tensor.elem_type]} +\["
                self.assertRegex(text, re.compile(pattern + (shape if kind == "input" else ""),
                                                  re.M))
        floats = sum(math.prod(tensor.dims) for tensor in weights.values() if tensor.data_type == 1)
        found = int(re.search(r"parameters +(\d+)", text)[1])
        self.assertLessEqual(abs(found - floats), 0.02 * floats + 64, text)
        self.assertRegex(text, rf"operator set {network.opset_import[0].version}\b")

    def test_bundled(self):
        for name in ("digits_cnn", "digits_mlp", "wine_mlp", "tokens_transformer"):
            with self.subTest(network=name):
                self.check(DATA / f"{name}.onnx")

    def test_of_others(self):
        for path in sorted(shared("HARSANYI_MODELS", self).glob("*/model.onnx")):
            with self.subTest(network=path.parent.name):
                self.check(path)

    def test_cost(self):
        """Multiply-adds of the two convolutions and the two dense layers of the bundled CNN."""
        wanted = 8 * 9 * 64 + 16 * 8 * 9 * 16 + 256 * 64 + 64 * 10
        text = self.look(DATA / "digits_cnn.onnx")
        self.assertEqual(int(re.search(r"multiply-adds +(\d+)", text)[1]), wanted)

    def test_one_rank_speaks(self):
        self.assertEqual(self.look(DATA / "wine_mlp.onnx", ranks=3),
                         self.look(DATA / "wine_mlp.onnx"))

    def test_unsupported(self):
        """Everything that is not supported is named at once."""
        x, y = onnx_writer.value_info("x", [1, 4]), onnx_writer.value_info("y", [1, 4])
        nodes = [onnx_writer.node("DFT", ["x"], ["z"]),
                 onnx_writer.node("Sparkle", ["z"], ["y"], "com.example")]
        path = self.write("two.onnx", onnx_writer.model(nodes, [x], [y], opset=17))
        for ranks in (0, 3):
            result = run("model", path, ranks=ranks)
            self.assertEqual(result.code, 65, result)
            self.assertEqual(len(result.errors()), 1, result)
            for word in ("DFT", "Sparkle", "com.example", "n_z", "n_y", "in PyTorch: torch.fft"):
                self.assertIn(word, result.out)

    def test_other_operator_sets(self):
        """Files of other domains alone, or of a newer set, list what they use."""
        x, y = onnx_writer.value_info("x", [1, 4]), onnx_writer.value_info("y", [1, 4])
        for domain, op in (("ai.onnx.ml", "LinearRegressor"), ("com.vendor", "Blend")):
            content = onnx_writer.model([onnx_writer.node(op, ["x"], ["y"], domain)], [x], [y])
            start = content.rindex(onnx_writer.text(8, onnx_writer.integer(2, 13)))
            imported = onnx_writer.text(1, domain) + onnx_writer.integer(2, 1)
            path = self.write("other.onnx", content[:start] + onnx_writer.text(8, imported))
            result = run("model", path)
            self.assertEqual((result.code, len(result.errors())), (65, 1), result)
            self.assertRegex(result.out, rf"(?m)^ +1  {domain}\.{op} +NOT SUPPORTED, node n_y")
            result = run("interactions", "--model", path, "--samples",
                         self.save("x.npy", np.zeros((1, 4), np.float32)), "--out", self.output())
            self.assertEqual((result.code, len(result.errors())), (65, 1), result)
            self.assertIn(f"'{domain}.{op}'", result.errors()[0])
        nodes = [onnx_writer.node("Relu", ["x"], ["z"]), onnx_writer.node("Swish", ["z"], ["y"])]
        for opset in (6, 24):
            path = self.write("newer.onnx", onnx_writer.model(nodes[:1], [x], [
                onnx_writer.value_info("z", [1, 4])], opset=opset))
            result = run("model", path)
            self.assertEqual((result.code, len(result.errors())), (65, 1), result)
            self.assertRegex(result.out, r"(?m)^ +1  Relu +nn\.ReLU$")
            self.assertIn(f"operator set {opset}; 7 to 21", result.errors()[0])
        path = self.write("newer.onnx", onnx_writer.model(nodes, [x], [y], opset=24))
        self.assertRegex(run("model", path).out, r"(?m)^ +1  Swish +NOT SUPPORTED, node n_y")

    def test_types(self):
        """What is no tensor, or of a type that is not supported, is named, and the rest listed."""
        def sequence(name):
            tensor = onnx_writer.text(1, onnx_writer.integer(1, 1))
            return onnx_writer.text(1, name) + onnx_writer.text(
                2, onnx_writer.text(4, onnx_writer.text(1, tensor)))
        x, y = onnx_writer.value_info("x", [1, 4]), onnx_writer.value_info("y", [1, 4])
        for odd, word in ((onnx_writer.value_info("odd", [4], 17), "FLOAT8E4M3FN"),
                          (onnx_writer.value_info("odd", [4], 22), "INT4"),
                          (onnx_writer.value_info("odd", [4], 8), "STRING"),
                          (sequence("odd"), "a sequence")):
            path = self.write("odd.onnx", onnx_writer.model(
                [onnx_writer.node("Relu", ["x"], ["y"])], [x, odd], [y], opset=19))
            result = run("model", path)
            self.assertEqual((result.code, len(result.errors())), (65, 1), result)
            self.assertIn("'odd'", result.errors()[0])
            self.assertIn(word, result.errors()[0])
            self.assertRegex(result.out, r"(?m)^ +1  Relu")

    def test_open_sizes(self):
        """Where open sizes do not fit as 1, the message names the input and --shape."""
        x, y = onnx_writer.value_info("x", ["N", "width"]), onnx_writer.value_info("y", [1, 2])
        path = self.write("open.onnx", onnx_writer.model(
            [onnx_writer.node("MatMul", ["x", "w"], ["y"])], [x], [y],
            [onnx_writer.tensor("w", [3, 2], [1] * 6)]))
        result = run("model", path)
        self.assertEqual((result.code, len(result.errors())), (65, 1), result)
        self.assertIn("--shape x=1,16,...", result.errors()[0])
        self.assertIn("[1, 1] and [3, 2]", result.errors()[0])
        self.assertRegex(self.look(path, "--shape", "x=1,3"), r"multiply-adds +6 per sample\n")

    def test_torch_names(self):
        """Operators go by the names that users of PyTorch know, too: listed, and in messages."""
        self.assertRegex(self.look(DATA / "digits_cnn.onnx"), r"(?m)^ +2  Gemm +nn\.Linear$")
        x, y = onnx_writer.value_info("x", [1, 4]), onnx_writer.value_info("y", [1, 4])
        weight = onnx_writer.tensor("w", [3, 4], [0] * 12)
        samples = self.save("x.npy", np.zeros((1, 4), np.float32))
        for op, inputs, words in (
                ("DFT", ["x"], ("'DFT' (node 'n_y', operator set 17) is not supported",
                                "(in PyTorch: torch.fft)", "harsanyi model", "docs/models")),
                ("Gemm", ["x", "w"], ("Gemm node 'n_y'", "[1, 4] and [3, 4]",
                                      "(in PyTorch: nn.Linear)"))):
            path = self.write(f"{op}.onnx", onnx_writer.model(
                [onnx_writer.node(op, inputs, ["y"])], [x], [y], [weight], opset=17))
            result = run("interactions", "--model", path, "--samples", samples,
                         "--out", self.output())
            self.assertEqual((result.code, len(result.errors())), (65, 1), result)
            for word in words:
                self.assertIn(word, result.errors()[0])

    def test_bad_files(self):
        for name, content in (("empty.onnx", b""), ("text.onnx", b"no network at all\n"),
                              ("missing.onnx", None),
                              ("half.onnx", (DATA / "digits_cnn.onnx").read_bytes()[:9000])):
            path = self.write(name, content) if content is not None else self.folder / name
            for ranks in (0, 3):
                with self.subTest(file=name, ranks=ranks):
                    result = run("model", path, ranks=ranks)
                    self.assertEqual(result.code, 65, result)
                    self.assertEqual(len(result.errors()), 1, result)
                    self.assertIn(name, result.errors()[0])

    def test_wrong_usage(self):
        for args in ([], ["--shape"], [DATA / "wine_mlp.onnx", "--shape", "features"],
                     [DATA / "wine_mlp.onnx", "again"]):
            result = run("model", *args)
            self.assertEqual(result.code, 64, result)
            self.assertEqual(len(result.errors()), 1, result)


if __name__ == "__main__":
    program.main(workers=4)
