"""Numbers at the edge of what can be counted: each is refused with one message, and soon."""
import numpy as np

import onnx_writer as onnx
import program
from program import ProgramTest, run

VOTE = ["interactions", "--closed-form", "majority:n=4"]
HUGE = [str(2**62 - 1), str(2**62), str(2**62 + 1), str(2**63 - 1), str(2**63), str(2**64),
        "8589934592GiB"]


class Numbers(ProgramTest):
    """Counts, sizes and ranks as options give them."""

    def check(self, code, args, *words):
        """One message with all words, within seconds."""
        result = run(*args, "--out", self.output(), timeout=60)
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors()), 1, result)
        for word in words:
            self.assertRegex(result.err, word, result)

    def test_blocks(self):
        """No power of two, one that is none of int64, and one of which there are too many."""
        for number in HUGE:
            self.check(64, [*VOTE, "--blocks", number], "--blocks", number)
        self.check(64, ["interactions", "--closed-form", "majority:n=40", "--blocks", str(2**20)],
                   "40 players", "GiB")

    def test_chunk(self):
        for number in (*HUGE, "2GiB"):
            self.check(64, [*VOTE, "--chunk", number], "--chunk")

    def test_limits_that_are_never_met(self):
        """Lists of at most so many: the plan counts what can come, not the limit."""
        for option in ("--salient-limit={}", "--keep=top:{}", "--table-memory={}"):
            out, _ = self.interactions("--closed-form", "majority:n=4",
                                       option.format(2**63 - 1))
            self.assertTrue(out.exists())
            self.check(64, [*VOTE, option.format(2**63)], option.split("=")[0])

    def test_ranks(self):
        for option in ("--ranks-per-sample", "--plan-ranks"):
            for number in ("-1", "0", *HUGE):
                self.check(64, [*VOTE, "--plan", option, number], option, number)
        self.check(64, [*VOTE, "--plan-ranks", "3"], "--plan-ranks 3", "--plan;")

    def test_steps_and_shares(self):
        fit = [*VOTE, "--types", "and-or"]
        for number in ("-1", "0", *HUGE):
            self.check(64, [*fit, "--fit-iterations", number], "--fit-iterations", number)
        for option in ("--noise", "--fit-gap"):
            for number in ("-1e-300", "nan", "inf", "1e999"):
                self.check(64, [*fit, option, number], option)

    def test_closed_forms(self):
        for key in ("n", "terms", "seed"):
            for number in ("-1", str(2**64), str(2**64 + 4)):
                text = f"and-or:n=4,{key}={number}" if key != "n" else f"and-or:n={number}"
                self.check(64, ["interactions", "--closed-form", text], "--closed-form", number)

    def test_plan_of_more_than_can_be_counted(self):
        """2^40 masks, 2^22 rows: sums stop at the largest count."""
        x, y = onnx.value_info("x", [1, 40]), onnx.value_info("y", [1, 1024])
        weights = onnx.tensor("w", [40, 1024], np.ones(40 * 1024))
        model = self.write("forty.onnx", onnx.model([onnx.node("MatMul", ["x", "w"], ["y"])],
                                                    [x], [y], [weights]))
        samples = self.save("forty.npy", np.zeros((4096, 40), dtype=np.float32))
        result = run("interactions", "--model", model, "--samples", samples, "--target", "all",
                     "--output", "raw", "--values", "--keep", f"top:{2**63 - 1}", "--plan",
                     timeout=120)
        self.assertEqual(result.code, 64, result)
        self.assertNotRegex(result.out, r" -\d", "a number overflowed")
        self.assertRegex(result.out, rf"salient lists, at most +{2**63 - 1} bytes")
        self.assertRegex(result.out, rf"data set, all ranks +{2**63 - 1} bytes")


if __name__ == "__main__":
    program.main(workers=4)
