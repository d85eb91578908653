"""The same bits, whatever the ranks, the blocks' owners, the chunks and the groups.

Everything of a data set but /run is compared byte by byte with that of a lone process.
"""
import numpy as np

import program
from check_dataset import bits
from program import DATA, ProgramTest, datasets_of

CNN = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy",
       "--labels", DATA / "digits_labels.npy"]
TOKENS = ["--model", DATA / "tokens_transformer.onnx", "--samples", DATA / "tokens_ids.npy",
          "--baseline", "token:0"]
# Low orders are folded, high ones transformed: both in one run.
INDICES = "SV,BV,SII,k-SII:3,STII,FSII,FBII,BII,CHII,Moebius,Co-Moebius:7,Walsh"
EVERYTHING = ["--types", "and,or", "--indices", INDICES, "--values", "--keep", "all"]


class SameBits(ProgramTest):
    """Runs that must not differ."""

    def check_same(self, args, variants):
        """variants: (ranks, more options); ranks 0 is a lone process."""
        reference, _ = self.interactions(*args)
        arrays, attributes = datasets_of(reference)
        self.assertGreater(len(arrays), 15)
        for ranks, *more in variants:
            with self.subTest(ranks=ranks, more=more):
                out, _ = self.interactions(*args, *more, ranks=ranks)
                found, found_attributes = datasets_of(out)
                self.assertEqual(sorted(found), sorted(arrays))
                for name, array in arrays.items():
                    self.assertEqual(found[name].dtype, array.dtype, name)
                    self.assertEqual(found[name].shape, array.shape, name)
                    if bits(found[name]) != bits(array):
                        where = np.flatnonzero(found[name].ravel() != array.ravel())
                        self.fail(f"{name} differs at {len(where)} of {array.size} places, first "
                                  f"at {where[:1]}: {array.ravel()[where[:1]]}, then "
                                  f"{found[name].ravel()[where[:1]]}")
                self.assertEqual(sorted(found_attributes), sorted(attributes))
                for key, value in attributes.items():
                    np.testing.assert_array_equal(found_attributes[key], value, str(key))

    def test_ranks(self):
        """A convolutional network, two samples, one group of all ranks."""
        self.check_same(CNN + ["--select", "0,1", "--players", "grid:3x4", *EVERYTHING],
                        [(p, "--ranks-per-sample", p) for p in (1, 2, 3, 4, 5, 7, 8)])

    def test_single_precision(self):
        self.check_same(CNN + ["--select", "0", "--players", "grid:3x4", "--precision", "single",
                               *EVERYTHING], [(p,) for p in (2, 3, 8)])

    def test_chunks(self):
        """Chunks smaller than a tile, larger, and no divisor of anything."""
        self.check_same(["--closed-form", "random:n=16,seed=5", *EVERYTHING],
                        [(3, "--chunk", "1000"), (2, "--chunk", "8"), (5, "--chunk", "64KiB"),
                         (4, "--chunk", "4099"), (0, "--chunk", "1000")])

    def test_split(self):
        """The fitted split and its certificate: exact, with noise, of two networks."""
        game = CNN + ["--select", "0", "--players", "grid:3x3", "--types", "and-or"]
        self.check_same(game, [(p,) for p in (1, 2, 3, 4)])
        self.check_same(game + ["--noise", "0.02"], [(p,) for p in (2, 3)])
        tables = [x for k in range(3) for x in
                  ("--table", self.save(f"split{k}.npy", np.random.default_rng(k).normal(size=256)))]
        self.check_same([*tables, "--types", "and-or", "--share", "--share-spread", "0",
                         "--fit-gap", "0.05"], [(p,) for p in (1, 2, 3)])
        self.check_same(game + ["--model", DATA / "digits_mlp.onnx", "--share", "--noise", "0.02",
                                "--fit-gap", "0.01"], [(p,) for p in (2, 4)])

    def test_odd_players(self):
        """An odd n: the bits in the middle of no block."""
        self.check_same(["--closed-form", "and-or:n=15,terms=9,seed=2", *EVERYTHING],
                        [(2,), (3,), (7,)])

    def test_groups(self):
        """Five samples in groups of ranks, some of them idle."""
        args = CNN + ["--select", "0:5", "--players", "grid:3x3", "--target", "1,4", *EVERYTHING]
        self.check_same(args, [(5,), (5, "--ranks-per-sample", "1"),
                               (5, "--ranks-per-sample", "2"), (5, "--ranks-per-sample", "3"),
                               (3, "--ranks-per-sample", "3")])

    def test_salient_lists(self):
        """Lists that are cut, and thresholds over several samples."""
        args = CNN + ["--select", "0:4", "--players", "grid:3x3", "--types", "and,or", "--keep",
                      "salient", "--salient-limit", "20"]
        for threshold in ("sample:0.01", "global:0.02", "delta:0.03"):
            self.check_same(args + ["--threshold", threshold],
                            [(3, "--ranks-per-sample", "1"), (4, "--ranks-per-sample", "2")])
        self.check_same(args + ["--keep", "top:30"], [(3,)])

    def test_transformer(self):
        self.check_same(TOKENS + ["--select", "0", *EVERYTHING], [(2,), (3,), (5,)])

    def test_blocks(self):
        """The order in which bits are transformed follows the blocks: the same blocks give the same
        bits, other blocks the same up to rounding."""
        args = ["--closed-form", "random:n=14,seed=3", "--types", "and,or", "--values"]
        usual, _ = self.interactions(*args)
        for blocks, ranks in (("1", (1,)), ("4", (2, 3, 4)), ("128", (3, 8))):
            with self.subTest(blocks=blocks):
                self.check_same(args + ["--blocks", blocks], [(p,) for p in ranks])
                other, _ = self.interactions(*args, "--blocks", blocks)
                a, b = datasets_of(usual)[0], datasets_of(other)[0]
                self.assertEqual(a["values"].tobytes(), b["values"].tobytes())
                for name in ("interactions/and", "interactions/or"):
                    np.testing.assert_allclose(a[name], b[name], rtol=0, atol=1e-11)


if __name__ == "__main__":
    program.main(workers=4)
