"""Runs that end early, on purpose at given places, and are gone on with: everything of the data set
but /run is that of an undisturbed run, whatever the ranks of either part; and what is refused."""
import os
import shutil

import numpy as np

import program
from program import DATA, run, run_attributes
from resume import ALWAYS, CNN, ResumeTest, table


class Resume(ResumeTest):
    """Runs in parts."""

    def check(self, args, accidents, reference=None):
        """accidents: (ranks, accident, ranks of the rest, more options)."""
        reference = reference or self.interactions(*args)[0]
        for ranks, accident, rest, *more in accidents:
            with self.subTest(ranks=ranks, accident=accident, rest=rest, more=more):
                out = self.output()
                self.cut(*args, out=out, ranks=ranks, **accident)
                self.assertEqual(self.left(out), [".checkpoint", ".part", ".part.lock"])
                _, result = self.interactions(*args, "--resume", *more, ranks=rest, out=out)
                self.assertIn("done before", result.out)
                self.assertEqual(self.left(out), [])
                self.assert_same(out, reference)
                self.assertEqual(run_attributes(out)["resumed"], 1)

    def test_rows(self):
        """Rows that are done are not done again, with other ranks, groups and messages."""
        args = ["--table", self.save("rows.npy", table(7, 8)), "--types", "and,or", "--values",
                "--indices", "SV,BV,STII", "--keep", "all"]
        self.check(args, [(0, {"STOP": "0:slice:22"}, 3), (2, {"STOP": "1:slice:13"}, 0),
                          (3, {"KILL": "2:slice:5"}, 5, "--ranks-per-sample", "2",
                           "--chunk", "64", "--shm", "off")])
        out = self.output()
        self.cut(*args, out=out, STOP="0:slice:22")
        _, result = self.interactions(*args, "--resume", out=out)
        self.assertIn("5 of 7 rows were done before", result.out)
        kept = 2**6  # a slice of the next sample
        self.assertEqual(run_attributes(out)["masks_resumed"], kept)
        self.assertIn(f"{2 * 2**8 - kept} masks evaluated", result.out)

    def test_thresholds(self):
        """What waits for all rows is kept, too: lists, results, and the largest of all."""
        games = self.save("thresholds.npy", table(5, 8) * [[1], [9], [2], [1], [1]])
        for more in (["--threshold", "global:0.2"], ["--threshold", "delta:0.5"],
                     ["--threshold", "global:0.01", "--salient-limit", "9", "--keep", "salient"],
                     ["--keep", "top:5", "--precision", "single"]):
            self.check(["--table", games, "--types", "and,or", *more],
                       [(0, {"KILL": "0:slice:13"}, 3)])

    def test_targets(self):
        """A sample of which some rows are done; warnings are said once, for all rows."""
        args = CNN + ["--target", "all", "--types", "and,or"]
        self.check(args, [(2, {"KILL": "0:write:80"}, 3)])

    def test_splits(self):
        """Rows that are fitted together are done together."""
        games = [self.save(f"split{i}.npy", table(3, 6, i)) for i in range(2)]
        self.check(["--table", games[0], "--table", games[1], "--types", "and-or", "--share"],
                   [(2, {"KILL": "1:slice:3"}, 3)])

    def test_the_end(self):
        """Killed while the file gets its last arrays, its mark and its name."""
        args = ["--table", self.save("end.npy", table(3, 8))]
        reference = self.interactions(*args)[0]
        self.check(args, [(0, {"KILL": f"0:{place}"}, rest) for place, rest in
                          (("extend:1", 2), ("seal:1", 0), ("rename:1", 3))], reference)
        out = self.output()
        result = run("interactions", *args, *ALWAYS, "--out", out,
                     env={**os.environ, "HARSANYI_KILL": "0:rename:2"})
        self.assertNotEqual(result.code, 0, result)
        self.assertEqual(self.left(out), [".checkpoint", ".part.lock"])
        before = out.read_bytes()
        _, result = self.interactions(*args, "--resume", out=out)
        self.assertIn("complete", result.out)
        self.assertEqual(out.read_bytes(), before)
        self.assertEqual(self.left(out), [])
        self.assert_same(out, reference)

    def test_damage(self):
        """What is cut off or changed is done again; a file that is too short is refused."""
        args = ["--table", self.save("damage.npy", table(5, 8))]
        reference = self.interactions(*args)[0]
        for name, change in (("cut", lambda data: data[:-1]), ("empty", lambda data: b""),
                             ("bit", lambda data: data[:300] + bytes([data[300] ^ 1]) + data[301:]),
                             ("lengths", lambda data: data[:8] + b"\xff" * 16 + data[24:])):
            with self.subTest(name):
                out = self.output()
                self.cut(*args, out=out, STOP="0:slice:20")
                (log,) = out.parent.glob(f"{out.name}.checkpoint/rows-*")
                log.write_bytes(change(log.read_bytes()))
                self.interactions(*args, "--resume", out=out)
                self.assert_same(out, reference)
        out = self.output()
        self.cut(*args, out=out, STOP="0:slice:20")
        part = out.with_name(out.name + ".part")
        os.truncate(part, 1000)
        result = run("interactions", *args, "--resume", "--out", out)
        self.assertEqual(result.code, 65, result)
        self.assertIn(".part is shorter", result.err)

    def test_remains(self):
        """What a run has left whose identity is gone is not taken for another's."""
        args = ["--table", self.save("first.npy", table(6, 8))]
        other = ["--table", self.save("second.npy", table(6, 8, seed=1))]
        reference = self.interactions(*other)[0]
        out = self.output()
        self.cut(*args, "--ranks-per-sample", "1", out=out, ranks=2, STOP="0:slice:9")
        folder = out.with_name(out.name + ".checkpoint")
        self.assertTrue((folder / "rows-0-1").exists())
        (folder / "identity").unlink()
        self.cut(*other, out=out, STOP="0:slice:6")
        self.interactions(*other, "--resume", out=out)
        self.assert_same(out, reference)

    def test_refused(self):
        """Another run is not gone on with, and the message says what differs."""
        model, samples = self.folder / "net.onnx", self.folder / "images.npy"
        shutil.copy(DATA / "digits_cnn.onnx", model)
        images = np.load(DATA / "digits_images.npy")
        np.save(samples, images)
        args = ["--model", model, "--samples", samples, "--players", "grid:2x4", "--select", "0:4"]
        out = self.output()
        self.cut(*args, out=out, STOP="0:slice:5")

        def refused(said, *args, code=65, **environment):
            result = run("interactions", *args, "--out", out, env={**os.environ, **environment})
            self.assertEqual(result.code, code, result)
            self.assertEqual(len(result.errors()), 1, result)
            for word in said:
                self.assertIn(word, result.errors()[0])

        refused(["--resume", "--force"], *args, code=64)
        refused(["--types is or here and was and"], *args, "--types", "or", "--resume")
        refused(["--values is given here and was not given"], *args, "--values", "--resume")
        refused(["--select"], *args[:-1], "1:5", "--resume")
        refused(["OPENBLAS_CORETYPE", "Haswell"], *args, "--resume", OPENBLAS_CORETYPE="Haswell")
        refused(["HARSANYI_SIMD", "portable"], *args, "--resume", HARSANYI_SIMD="portable")
        np.save(samples, images + 1e-3)
        refused(["--samples: the content of the file is another"], *args, "--resume")
        np.save(samples, images)
        identity = out.with_name(out.name + ".checkpoint") / "identity"
        text = identity.read_bytes()
        identity.write_bytes(text.replace(b"double", b"single"))
        refused(["identity is damaged"], *args, "--resume")
        identity.write_bytes(b"")
        refused(["identity is damaged"], *args, "--resume")
        identity.write_bytes(text)
        # The same content under other names is the same run.
        moved = self.folder / "moved.onnx"
        model.rename(moved)
        self.interactions("--model", moved, *args[2:], "--resume", out=out)

    def test_begin(self):
        """--resume where there is nothing begins, --force removes a checkpoint; 0 keeps nothing."""
        args = ["--table", self.save("begin.npy", table(3, 6))]
        reference, result = self.interactions(*args, "--resume")
        self.assertIn("nothing to go on with", result.out)
        out = self.output()
        self.cut(*args, out=out, STOP="0:slice:3")
        self.interactions(*args, "--force", out=out)
        self.assertEqual(self.left(out), [])
        self.assert_same(out, reference)
        out = self.output()
        result = run("interactions", *args, "--checkpoint-every", "0", "--out", out,
                     env={**os.environ, "HARSANYI_STOP": "0:slice:3"})
        self.assertEqual(result.code, 75, result)
        self.assertEqual(self.left(out), [])


if __name__ == "__main__":
    program.main()
