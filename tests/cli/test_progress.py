"""Progress on stderr: a bar on a terminal, lines in a log, for whatever takes long."""
import os
import pty
import re
import subprocess

import numpy as np

import onnx_writer as onnx
import program
from program import DATA, ProgramTest, command_line, run

CNN = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy"]
ALWAYS = {**os.environ, "HARSANYI_PROGRESS_SECONDS": "0"}


class Progress(ProgramTest):
    """What is said while a run is under way."""

    def test_on_a_terminal(self):
        """A bar with rate and time left, on stderr, gone at the end."""
        ours, theirs = pty.openpty()
        out = self.output()
        # Full passes over many samples: long enough for a line.
        command = command_line(["interactions", *CNN, "--select", "0:10", "--players", "grid:4x4",
                                "--evaluator", "brute", "--keep", "salient", "--out", out])
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs) as process:
            os.close(theirs)
            seen = b""
            try:
                while chunk := os.read(ours, 4096):
                    seen += chunk
            except OSError:
                pass  # the terminal is closed with the last writer
        os.close(ours)
        self.assertEqual(process.returncode, 0, seen)
        self.assertRegex(seen.decode(), r"\r\[#*-*\] *[\d.]+ %  [\d.e+]+ masks/s  \d+:\d\d:\d\d left")
        self.assertRegex(seen.decode(), r"\r *\r\Z")

    def test_splits_in_a_log(self):
        """Not on a terminal, as under mpirun: a line soon, for evaluating and for splitting."""
        game = ["--closed-form", "and-or:n=19,terms=300", "--types", "and-or", "--fit-gap", "0"]
        with subprocess.Popen(command_line(["interactions", *game, "--out", self.output()], 2),
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True) as process:
            for line in process.stderr:
                if "splitting" in line:
                    break
            process.terminate()
            process.communicate(timeout=60)
        self.assertRegex(line, r"\Aharsanyi: splitting: step \d+, gap (not known yet|[\de.-]+) "
                               r"\(0 ends it\), at most \d+:\d\d:\d\d left\n\Z")

    def test_before_the_first_masks(self):
        """Where the first masks take seconds, a line comes before they are done."""
        width = 2048
        x, y = onnx.value_info("x", [1, 12]), onnx.value_info("y", [1, 2])
        ones = np.ones(width * width, dtype=np.float32) / width
        weights = [onnx.tensor("first", [12, width], ones[:12 * width]),
                   onnx.tensor("inner", [width, width], ones),
                   onnx.tensor("last", [width, 2], ones[:2 * width])]
        nodes = [onnx.node("MatMul", ["x", "first"], ["a"]), onnx.node("Sigmoid", ["a"], ["b"]),
                 onnx.node("MatMul", ["b", "inner"], ["c"]), onnx.node("Sigmoid", ["c"], ["d"]),
                 onnx.node("MatMul", ["d", "last"], ["y"])]
        model = self.write("wide.onnx", onnx.model(nodes, [x], [y], weights))
        samples = self.save("wide.npy", np.arange(12, dtype=np.float32)[None])
        _, result = self.interactions("--model", model, "--samples", samples, "--target", "0")
        self.assertRegex(result.err, r"\Aharsanyi:   0\.0 %  the first of \d+ masks")

    def test_tasks(self):
        """Every task that takes long, how much of it is done, and the time left."""
        for ranks in (0, 2):
            _, result = self.interactions(
                "--closed-form", "and-or:n=19,terms=30", "--types", "and,or", "--values", "--verify",
                "--timing", self.folder / f"timing-{ranks}.json", ranks=ranks, env=ALWAYS)
            for task in ("transforming", "reducing", "writing", "verifying", "adding up bits"):
                shares = [float(share) for share in re.findall(
                    rf"^harsanyi: {task}: ([\d.]+) %, \d+:\d\d:\d\d left$", result.err, re.M)]
                self.assertTrue(shares, f"{task}\n{result}")
                self.assertTrue(all(0 < share <= 100 for share in shares), f"{task}\n{result}")
            self.assertRegex(result.err, r"(?m)^harsanyi: +[\d.]+ %  [\d.e+]+ masks/s +\S+ left$")
            self.assertEqual((result.errors(), result.warnings()), ([], []))

    def test_samples(self):
        """Which sample a task is about; evaluating goes through all of them, and a second pass."""
        _, result = self.interactions(
            *CNN, "--select", "0:3", "--players", "grid:4x4", "--threshold", "global:1e-9",
            "--salient-limit", "10", env=ALWAYS)
        for sample in (1, 2, 3):
            self.assertIn(f"reducing sample {sample} of 3", result.err)
        shares = [float(share) for share in re.findall(r"^harsanyi: +([\d.]+) %", result.err, re.M)]
        falls = [i for i in range(1, len(shares)) if shares[i] < shares[i - 1]]
        self.assertEqual(len(falls), 1, result)  # where the second pass adds to what is to be done
        self.assertLess(shares[falls[0]], 60, result)

    def test_steps_of_a_split(self):
        _, result = self.interactions("--closed-form", "and-or:n=16,terms=30", "--types", "and-or",
                                      "--fit-gap", "0.5", env=ALWAYS)
        self.assertIn("splitting: the first step, 0:00:00 so far", result.err)
        self.assertRegex(result.err, r"splitting: step 1, gap not known yet")

    def test_seconds(self):
        """Silence, where that is wished; and what is no number of seconds."""
        game = ["--closed-form", "and-or:n=19,terms=30"]
        _, result = self.interactions(*game, env={**ALWAYS, "HARSANYI_PROGRESS_SECONDS": "1e9"})
        self.assertEqual(result.err, "")
        _, result = self.interactions(*game, "--quiet", env=ALWAYS)
        self.assertEqual(result.err, "")
        _, result = self.interactions(*game, env={**ALWAYS, "HARSANYI_PROGRESS_SECONDS": "-1"})
        self.assertEqual(len(result.warnings()), 1, result)

    def test_features(self):
        out = self.output()
        result = run("features", *CNN, "--out", out, env=ALWAYS)
        self.assertEqual(result.code, 0, result)
        self.assertRegex(result.err, r"(?m)^harsanyi: +[\d.]+ %  [\d.e+]+ samples/s")


if __name__ == "__main__":
    program.main(workers=2)
