"""An evaluation that ends early goes on where its ranks had kept its values: with other ranks,
after kills and damage, to the same bits; and what was kept is really taken up."""
import os

import numpy as np

import program
from program import run, run_attributes
from resume import ALWAYS, CNN, ResumeTest, table

N = 12  # 16 rows of 256 masks, each a piece


class ResumeValues(ResumeTest):
    """Values of an evaluation under way."""

    def values(self, out):
        return sorted((out.parent / f"{out.name}.checkpoint").glob("values-*"))

    def check_values(self, args, accidents, reference=None, least=1):
        """accidents: (ranks, accident, ranks of the rest, more options)."""
        reference = reference or self.interactions(*args)[0]
        for ranks, accident, rest, *more in accidents:
            with self.subTest(ranks=ranks, accident=accident, rest=rest, more=more):
                out = self.output()
                self.cut(*args, out=out, ranks=ranks, **accident)
                self.assertTrue(self.values(out))
                self.interactions(*args, "--resume", *more, ranks=rest, out=out)
                self.assertGreaterEqual(run_attributes(out)["masks_resumed"], least)
                self.assertEqual(self.left(out), [])
                self.assert_same(out, reference)
        return reference

    def test_one_sample(self):
        args = ["--table", self.save("one.npy", table(1, N)), "--types", "and,or", "--values"]
        self.check_values(args, [
            (0, {"STOP": "0:slice:9"}, 2), (2, {"STOP": "1:slice:5"}, 0),
            (3, {"STOP": "2:slice:4"}, 5), (5, {"STOP": "0:slice:3"}, 3), (0, {"KILL": "0:slice:16"}, 8),
            (2, {"KILL": "1:slice:6"}, 3, "--chunk", "64", "--shm", "off")], least=256)

    def test_networks(self):
        """Several targets; single precision; v is evaluated twice for lack of memory or not."""
        for more in (["--target", "0,7", "--select", "1"], ["--precision", "single", "--select", "2"]):
            args = [*CNN[:-4], "--players", "grid:3x4", "--types", "and,or", *more]
            self.check_values(args, [(0, {"STOP": "0:slice:9"}, 3), (3, {"KILL": "2:slice:3"}, 0)],
                              least=256)

    def test_several_samples(self):
        """Some samples are done, one is on its way; then groups of other ranks."""
        args = ["--table", self.save("some.npy", table(4, N)), "--threshold", "global"]
        self.check_values(args, [(0, {"STOP": "0:slice:40"}, 3, "--ranks-per-sample", "1"),
                                 (2, {"KILL": "1:slice:20", }, 5)], least=256)

    def test_nonfinite(self):
        """What is warned of is that of all values, kept or not."""
        values = table(1, N)
        values[0, [3, 900, 4000]] = np.nan
        args = ["--table", self.save("nan.npy", values), "--allow-nonfinite"]
        reference, whole = self.interactions(*args)
        out = self.output()
        self.cut(*args, out=out, STOP="0:slice:9")
        _, rest = self.interactions(*args, "--resume", out=out)
        self.assertIn("3 values are NaN or infinite, first at mask 3", whole.err)
        self.assertIn("3 values are NaN or infinite, first at mask 3", rest.err)
        self.assert_same(out, reference)

    def test_twice(self):
        """A run that is resumed ends early, too; now and then, until it is done."""
        args = ["--table", self.save("twice.npy", table(1, N)), "--types", "or"]
        reference = self.interactions(*args)[0]
        out = self.output()
        for ranks in (0, 2, 3):
            self.cut(*args, "--resume", out=out, ranks=ranks, STOP="0:slice:2")
        self.interactions(*args, "--resume", ranks=2, out=out)
        self.assertGreaterEqual(run_attributes(out)["masks_resumed"], 3 * 256)
        self.assert_same(out, reference)

    def test_damage(self):
        """Pieces that are changed, cut off or of another run are evaluated again."""
        args = ["--table", self.save("damage.npy", table(1, N))]
        other = ["--table", self.save("other.npy", table(1, N, seed=1))]
        reference = self.interactions(*args)[0]
        foreign = self.output()
        self.cut(*other, out=foreign, STOP="0:slice:12")
        for name, change in (
                ("bit", lambda data: data[:5000] + bytes([data[5000] ^ 16]) + data[5001:]),
                ("cut", lambda data: data[:-3000]), ("empty", lambda data: b""),
                ("moved", lambda data: data[8:]), ("zeros", lambda data: bytes(len(data))),
                ("foreign", lambda data: self.values(foreign)[0].read_bytes())):
            with self.subTest(name):
                out = self.output()
                self.cut(*args, out=out, STOP="0:slice:12")
                (path,) = self.values(out)
                path.write_bytes(change(path.read_bytes()))
                self.interactions(*args, "--resume", out=out)
                masks = run_attributes(out)["masks_resumed"]
                self.assertEqual(masks > 0, name in ("bit", "cut"), masks)
                self.assert_same(out, reference)

    def test_full_disk(self):
        """A piece that cannot be written is warned of once; the run goes on."""
        args = ["--table", self.save("full.npy", table(1, N))]
        reference = self.interactions(*args)[0]
        out = self.output()
        # The first writes are those of arrays; the folder's come with the first piece.
        for k in range(1, 40):
            result = run("interactions", *args, *ALWAYS, "--out", out, "--force",
                         env={**os.environ, "HARSANYI_FAIL": f"0:write:{k}"})
            if result.code == 0 and "a checkpoint could not be written" in result.err:
                self.assertEqual(result.err.count("could not be written"), 1, result)
                self.assert_same(out, reference)
                return
        self.fail("no write of a checkpoint failed")


if __name__ == "__main__":
    program.main()
