"""A run that is to stop early: by a signal, by one rank's signal, by --max-time. All ranks stop together, one
message says why and how far, the exit code is 75, and nothing is left that looks like a result."""
import os
import signal
import subprocess

import program
from program import DATA, ProgramTest, command_line, run

CNN = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy"]
SLOW = [*CNN, "--select", "0", "--players", "grid:4x6"]  # 2^24 masks: minutes
GAME = ["--closed-form", "and-or:n=12,terms=20,seed=1"]
FIT = [*GAME, "--types", "and-or", "--noise", "0.02", "--fit-gap", "0", "--fit-iterations", "1000000"]


class Stop(ProgramTest):
    """Runs that do not come to their end."""

    def check(self, result, out, *words):
        """Stopped, with one message that has these words, and no file but a checkpoint's."""
        self.assertEqual(result.code, 75, result)
        self.assertEqual(len(result.errors()), 1, result)
        for word in ("stopped by ", *words):
            self.assertIn(word, result.errors()[0], result)
        left = sorted(path.name for path in self.folder.iterdir() if path.name.startswith(out.stem))
        kept = "--resume goes on" in result.errors()[0]
        self.assertEqual([name.removeprefix(out.name) for name in left],
                         [".checkpoint", ".part", ".part.lock"] if kept else [], result)

    def start(self, out, ranks=0, env=None):
        """Start a slow run, and wait for the line that tells how far it is."""
        process = subprocess.Popen(command_line(["interactions", *SLOW, "--out", out], ranks),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.addCleanup(process.kill)
        said = ""
        for line in process.stderr:
            said += line
            if " % " in line:
                break
        self.assertIn(" % ", said, "the run ended on its own")
        self.assertTrue(os.path.exists(f"{out}.part"))
        return process

    def end_of(self, process):
        """How it ended."""
        stdout, stderr = process.communicate(timeout=program.TIMEOUT)
        return program.Result(["signalled"], process.returncode, stdout, stderr)

    def test_alone(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            with self.subTest(signal=number.name):
                out = self.output()
                process = self.start(out)
                process.send_signal(number)
                self.check(self.end_of(process), out, number.name, "0 of 1 sample", "masks")

    def test_second_signal(self):
        """Rank 0 waits for a rank that stands still: only a second signal ends it."""
        out = self.output()
        process = self.start(out, ranks=2, env={**os.environ, "HARSANYI_PAUSE": "1:slice:9"})
        for _ in range(2 * program.TIMEOUT):
            process.send_signal(signal.SIGUSR1)  # mpirun passes it on
            try:
                process.wait(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                pass
        result = self.end_of(process)
        self.assertNotIn(result.code, (0, 75), result)
        self.assertIn("User defined signal 1", result.out + result.err, result)
        self.assertEqual(result.errors(), [], result)
        self.assertFalse(out.exists())

    def test_under_mpirun(self):
        """mpirun passes SIGUSR1 on; at SIGTERM it gives its ranks about a second. Its status is its own."""
        for number in (signal.SIGTERM, signal.SIGUSR1):
            with self.subTest(signal=number.name):
                out = self.output()
                process = self.start(out, ranks=2)
                process.send_signal(number)
                self.assertNotEqual(self.end_of(process).code, 0)
                self.assertFalse(out.exists())

    def stopped(self, where, options, ranks, *words):
        """A run in which a rank gets the wish at a place of its own."""
        out = self.output()
        result = run("interactions", *options, "--out", out, ranks=ranks,
                     env={**os.environ, "HARSANYI_STOP": where})
        self.check(result, out, "SIGUSR1", *words)

    def test_one_rank(self):
        """Its wish is that of all, in one group or several, first rank or not."""
        many = [*CNN, "--select", "0:4", "--players", "grid:3x4"]
        for where in ("0:slice:2", "2:slice:2"):
            self.stopped(where, SLOW, 3, "0 of 1 sample")
            self.stopped(where, [*many, "--ranks-per-sample", "1"], 3, "0 of 4 samples")
        self.stopped("1:slice:9", [*many, "--ranks-per-sample", "1"], 2, " of 4 samples")

    def test_idle_rank(self):
        """A rank without work waits for the others, and says so then."""
        self.stopped("2:alloc:100", [*CNN, "--select", "0:2", "--players", "grid:3x3",
                                     "--ranks-per-sample", "1"], 3, " of 2 samples")

    def test_a_failure_at_the_same_time(self):
        """The failure is what is told, or the stop; in any case nobody waits."""
        out = self.output()
        result = run("interactions", *SLOW, "--out", out, ranks=3,
                     env={**os.environ, "HARSANYI_STOP": "1:slice:3", "HARSANYI_FAIL": "2:alloc:400"})
        self.assertIn(result.code, (70, 75), result)
        self.assertEqual(len(result.errors()), 1, result)

    def test_fit(self):
        """A split stops at its next certificate."""
        self.stopped("1:exchange:200", FIT, 2, "0 of 1 sample")
        self.stopped("0:exchange:200", [*FIT, "--shm", "off"], 3, "0 of 1 sample")

    def test_max_time(self):
        for ranks in (0, 2):
            out = self.output()
            result = run("interactions", *SLOW, "--out", out, "--max-time", "0:00:03", ranks=ranks)
            self.check(result, out, "--max-time 0:00:03", "0 of 1 sample")

    def test_max_time_that_is_enough(self):
        self.interactions(*GAME, "--max-time", "10:00:00")


if __name__ == "__main__":
    program.main(workers=2)
