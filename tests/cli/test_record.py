"""/game says what v is where defaults were used, and `show` prints it."""
import json

import h5py
import numpy as np

import check_dataset
import onnx_writer as onnx
import program
from program import DATA, ProgramTest, run

DIGITS = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy",
          "--players", "grid:2x2", "--select", "0"]


class Record(ProgramTest):
    """Attributes of /game."""

    def game(self, *args):
        """The record of a run, which must be a data set as it should be."""
        out, _ = self.interactions(*args)
        self.assertEqual(check_dataset.faults(out), [])
        with h5py.File(out, "r") as file:
            found = {name: value.decode() if isinstance(value, bytes) else value
                     for name, value in file["game"].attrs.items()}
        self.assertEqual(json.loads(run("show", out, "--json").out)["game"], found)
        shown = run("show", out).out
        self.assertIn(found["v"], shown)
        return found, shown

    def test_defaults_of_a_classifier(self):
        """What --output, --scores, --target, --baseline and --layout became."""
        found, shown = self.game(*DIGITS)
        node = found.pop("output_node")
        self.assertIn(f"v        log-odds, target predicted, of logits at {node}", shown)
        masked = found.pop("masked")
        self.assertIn(f"masked   {masked}, players grid:2x2, absent zero", shown)
        self.assertEqual(found, {"kind": "network", "v": "log-odds", "scores": "logits",
                                 "target": "predicted", "players": "grid:2x2", "baseline": "zero",
                                 "layout": "channels-first", "evaluator": "lattice"})

    def test_what_is_given(self):
        """Given words stand as they are; labels change the target's rule."""
        found, _ = self.game(*DIGITS, "--labels", DATA / "digits_labels.npy", "--output", "logit",
                             "--baseline", "value:0.5", "--subset", "0,2", "--evaluator", "brute")
        self.assertEqual([found[name] for name in ("v", "target", "baseline", "subset",
                                                   "evaluator")],
                         ["logit", "label", "value:0.5", "0,2", "brute"])

    def test_regression(self):
        """One unbounded number is raw, its target 0."""
        model = self.write("sum.onnx", onnx.model(
            [onnx.node("ReduceSum", ["x"], ["y"], axes=[1])], [onnx.value_info("x", [1, 3])],
            [onnx.value_info("y", [1, 1])], opset=11))
        samples = self.save("x.npy", np.array([[5, -2, 1]], dtype=np.float32))
        found, shown = self.game("--model", model, "--samples", samples)
        self.assertIn("v        raw, target 0, of y\n", shown)
        self.assertEqual((found["v"], found["target"], found["masked"], found["output_node"],
                          found["players"]), ("raw", "0", "x", "y", "features"))

    def test_games_that_are_no_networks(self):
        """Their kind, and what they are."""
        found, _ = self.game("--closed-form", "majority:n=3")
        self.assertEqual(found, {"kind": "closed-form", "v": "majority:n=3"})
        found, _ = self.game("--table", self.save("t.npy", np.arange(8.0)))
        self.assertEqual(found, {"kind": "table", "v": "the game's values"})


if __name__ == "__main__":
    program.main()
