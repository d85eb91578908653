"""What a network's outputs are taken for: a warning where they look like something else, at all
samples; class numbers refused; and silence on ordinary logits and numbers."""
import h5py
import numpy as np

import program
from onnx_writer import INT64, model, node, tensor, value_info
from program import ProgramTest

X = value_info("x", [1, 3])
WEIGHTS = np.array([[2.0, -1.0, 0.5, 1.0], [-1.5, 0.25, 1.0, -2.0], [0.5, 1.0, -0.75, 0.25]])
SAMPLES = np.random.default_rng(5).normal(size=(5, 3)).astype(np.float32)


def network(nodes, outputs=("y",), classes=4, kinds=None, weights=()):
    """z = x @ W, and what is made of it."""
    matrix = WEIGHTS[:, :classes]
    weights = [tensor("w", matrix.shape, matrix.ravel()), *weights]
    outputs = [value_info(name, [1, "k"], (kinds or {}).get(name, 1)) for name in outputs]
    return model([node("MatMul", ["x", "w"], ["z"]), *nodes], [X], outputs, weights)


def number(name, value):
    """A constant of one number."""
    return tensor(name, [], [value])


SOFTMAX = node("Softmax", ["z"], ["p"], axis=1)
CLIP = [number("low", 1e-7), number("high", 1.0)]
# A binary head: p of class 1 alone, or with 1 - p in front of it.
HEAD = [node("Sigmoid", ["z"], ["p"])]
PAIR = HEAD + [node("Sub", ["one", "p"], ["q"]), node("Concat", ["q", "p"], ["y"], axis=1)]

PROBABILITIES = {
    "softmax, then clip": network([SOFTMAX, node("Clip", ["p", "low", "high"], ["y"])],
                                  weights=CLIP),
    "p and 1-p": network(PAIR, classes=1, weights=[number("one", 1.0)]),
    "exponentials over their sum": network(
        [node("Exp", ["z"], ["e"]), node("MatMul", ["e", "ones"], ["s"]),
         node("Div", ["e", "s"], ["y"])], weights=[tensor("ones", [4, 1], [1.0] * 4)]),
    "mean of two": network(
        [SOFTMAX, node("Mul", ["z", "half"], ["z2"]), node("Softmax", ["z2"], ["p2"], axis=1),
         node("Add", ["p", "p2"], ["sum"]), node("Mul", ["sum", "half"], ["y"])],
        weights=[number("half", 0.5)]),
}


class Scores(ProgramTest):
    """Warnings and refusals about outputs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.samples = cls.save("samples.npy", SAMPLES)
        cls.zeros_and_ones = cls.save("labels.npy", np.array([0, 1, 1, 0, 1]))

    def warnings(self, content, *args, ranks=0):
        """A run's warnings; it succeeds."""
        path = self.write("net.onnx", content)
        out, result = self.interactions("--model", path, "--samples", self.samples, *args,
                                        ranks=ranks)
        return result.warnings(), out

    def check(self, content, args, *words, ranks=0):
        """One warning with these words, or none."""
        warnings, out = self.warnings(content, *args, ranks=ranks)
        self.assertEqual(len(warnings), 1 if words else 0, warnings)
        for word in words:
            self.assertIn(word, warnings[0])
        return out

    def test_probabilities(self):
        """Taken for logits: said once, whatever the ranks; not where the user said what they are.
        """
        for name, content in PROBABILITIES.items():
            with self.subTest(network=name):
                self.check(content, [], "net.onnx", "'y'", "sums to 1", "--scores probabilities",
                           "--scores logits", ranks=0 if name != "p and 1-p" else 3)
        for args in (["--scores", "probabilities"], ["--scores", "logits"], ["--output", "raw"]):
            with self.subTest(args=args):
                self.check(PROBABILITIES["softmax, then clip"], args)

    def test_every_sample_counts(self):
        """Ordinary logits, of which all samples but one look like probabilities."""
        mostly = np.array([[0.25, 0.75, 0], [0.5, 0.5, 0], [1.0, 0, 0], [0.125, 0.875, 0],
                           [0.25, 0.5, 0]], np.float32)
        identity = model([node("Mul", ["x", "one"], ["y"])], [X], [value_info("y", [1, 3])],
                         [number("one", 1.0)])
        path = self.write("same.onnx", identity)
        for count, warned in ((4, 1), (5, 0)):
            for ranks in (0, 2):
                with self.subTest(count=count, ranks=ranks):
                    _, result = self.interactions(
                        "--model", path, "--samples", self.save("mostly.npy", mostly[:count]),
                        ranks=ranks)
                    self.assertEqual(len(result.warnings()), warned, result)

    def test_ordinary(self):
        """No false alarms: logits, scores before Softmax or Sigmoid, log-probabilities, ReLUs."""
        for content in (network([node("Mul", ["z", "one"], ["y"])], weights=[number("one", 1.0)]),
                        network([node("Softmax", ["z"], ["y"], axis=1)]),
                        network([node("LogSoftmax", ["z"], ["y"], axis=1)]),
                        network([node("Relu", ["z"], ["y"])]),
                        network([node("Sigmoid", ["z"], ["y"])]),
                        network([node("Sigmoid", ["z"], ["y"])], classes=1),
                        network([node("Mul", ["z", "one"], ["y"])], classes=1,
                                weights=[number("one", 1.0)])):
            self.check(content, [])

    def test_other_scores(self):
        """One-hot decisions; log-probabilities that --output logit takes for logits."""
        decisions = network([node("Hardmax", ["z"], ["y"], axis=1)])
        self.check(decisions, [], "single 1 among zeros", "--output-node")
        clipped = network([SOFTMAX, node("Clip", ["p", "low", "high"], ["q"]),
                           node("Log", ["q"], ["y"])], weights=CLIP)
        self.check(clipped, ["--output", "logit"], "--output log-odds", "--scores logits")
        self.check(clipped, [])

    def test_one_number(self):
        """A probability of class 1 alone; a logit beside labels of two classes."""
        probability = network(HEAD + [node("Clip", ["p", "low", "high"], ["y"])], classes=1,
                              weights=CLIP)
        logit = network([node("Mul", ["z", "one"], ["y"])], classes=1,
                        weights=[number("one", 1.0)])
        labels = ["--labels", self.zeros_and_ones]
        for content, args, words in (
                (probability, [], ["between 0 and 1", "--scores probabilities", "--output raw"]),
                (probability, ["--output", "log-odds"], ["taken for a logit",
                                                         "--scores probabilities",
                                                         "--scores logits"]),
                (probability, labels, ["--labels", "0 and 1", "--scores probabilities"]),
                (probability, ["--output", "raw"], []),
                (probability, ["--scores", "probabilities"], []),
                (logit, labels, ["'y' is one number", "--labels", "--output log-odds",
                                 "--output raw"]),
                (logit, [*labels, "--output", "raw"], []),
                (logit, [*labels, "--target", "0"], []),
                (logit, ["--labels", self.save("three.npy", np.array([0, 1, 2, 1, 0]))], [])):
            with self.subTest(args=args):
                self.check(content, args, *words)
        # What the warning names makes two classes of the number.
        out = self.check(logit, [*labels, "--output", "log-odds"])
        z = SAMPLES.astype(np.float64) @ WEIGHTS[:, 0]
        with h5py.File(out) as file:
            np.testing.assert_array_equal(file["samples/target"][()], [0, 1, 1, 0, 1])
            np.testing.assert_allclose(file["samples/v_full"][()],
                                       np.where([0, 1, 1, 0, 1], z, -z), rtol=1e-5, atol=1e-6)

    def test_class_numbers(self):
        """Refused, whatever type they were cast to, with the tensors that may hold scores; raw
        takes them."""
        argmax = node("ArgMax", ["z"], ["label"], axis=1, keepdims=1)
        kinds = {"label": INT64}
        named = network([SOFTMAX, argmax], ["label", "p"], kinds=kinds)
        alone = network([argmax], ["label"], kinds=kinds)
        cast = network([argmax, node("Cast", ["label"], ["y"], to=1)])
        table = network([argmax, node("Gather", ["called", "label"], ["y"], axis=0)],
                        weights=[tensor("called", [4], [10.0, 20.0, 30.0, 40.0])])
        for content, words in ((named, ["'label'", "'p'", "'z'", "class numbers (int64)"]),
                               (alone, ["'label'", "'z'"]),
                               (cast, ["'y'", "'z'", "class numbers (float32)"]),
                               (table, ["'y'", "'z'"])):
            path, out = self.write("net.onnx", content), self.output()
            result = program.run("interactions", "--model", path, "--samples", self.samples,
                                 "--out", out, ranks=2 if content is named else 0)
            self.assertEqual(result.code, 64, result)
            self.assertEqual(len(result.errors()), 1, result)
            for word in [*words, "net.onnx", "--output-node", "--output raw"]:
                self.assertIn(word, result.errors()[0])
            self.assertFalse(out.exists())
        self.check(named, ["--output-node", "p"])
        self.check(named, ["--output", "raw", "--target", "0"])


if __name__ == "__main__":
    program.main(workers=3)
