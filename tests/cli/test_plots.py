"""jobs/plot_interactions.py: figures of all kinds of players, and what it says where it cannot."""
import importlib.util
import resource
import subprocess
import sys
import unittest

import numpy as np

import program
from program import DATA, ProgramTest

JOBS = DATA.parent / "jobs"
DIGITS = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy"]
TOKENS = ["--model", DATA / "tokens_transformer.onnx", "--samples", DATA / "tokens_ids.npy",
          "--labels", DATA / "tokens_labels.npy", "--players", "tokens", "--baseline", "token:0",
          "--player-names", DATA / "tokens_words_0.txt", "--select", "0"]
WINE = ["--model", DATA / "wine_mlp.onnx", "--samples", DATA / "wine_features.npy", "--select",
        "0:2", "--player-names", DATA / "wine_feature_names.txt"]
FIGURES = {"overview", "interactions", "orders", "sparsity", "reconstruction", "curve", "shapley"}


@unittest.skipUnless(importlib.util.find_spec("matplotlib"), "python3-matplotlib is not installed")
class Plots(ProgramTest):
    """The command, on the bundled networks."""

    def plot(self, *args, code=0):
        """Its output; what went wrong comes as one line and no traceback."""
        done = subprocess.run([sys.executable, "-B", JOBS / "plot_interactions.py", *map(str, args)],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stderr.count("\n"), int(code != 0), done.stderr)
        return done.stdout + done.stderr

    def figures(self, *args, plot=(), missing=()):
        """All figures but those missing, each in both formats; those are named with a reason."""
        out, _ = self.interactions(*args)
        folder = out.with_suffix("")
        said = self.plot(out, *plot)
        self.assertEqual({path.name for path in folder.iterdir()},
                         {f"{name}.{kind}" for name in FIGURES - set(missing)
                          for kind in ("png", "svg")})
        for path in folder.iterdir():
            start = {".png": b"\x89PNG", ".svg": b"<?xml"}[path.suffix]
            self.assertTrue(path.read_bytes().startswith(start), path)
            self.assertGreater(path.stat().st_size, 4000, path)
        for name in missing:
            self.assertIn(f"no {name}: it needs", said)

    def test_image(self):
        self.figures(*DIGITS, "--select", "0:2", "--players", "grid:3x3", "--types", "and-or",
                     "--noise", "0.02", "--fit-gap", "0.01", "--values",
                     plot=("--samples", DATA / "digits_images.npy", "--row", 1))

    def test_subset_without_image(self):
        self.figures(*DIGITS, "--select", "0", "--players", "grid:4x4", "--subset", "random:6:1",
                     "--types", "and,or", "--indices", "none", missing=("reconstruction", "curve",
                                                                        "shapley"))

    def test_tokens(self):
        self.figures(*TOKENS, "--types", "and-or", "--values", plot=("--top", 3))

    def test_table(self):
        self.figures(*WINE, "--types", "and,or", "--values")

    def test_values_without_interactions(self):
        """The list is enough where it is whole; the curve needs all interactions."""
        self.figures(*WINE, "--types", "or", "--values", "--keep", "salient",
                     missing=("curve",))

    def test_nothing(self):
        """A constant game has no interactions to draw."""
        zeros = self.save("zeros.npy", np.zeros(8))
        for types in ("and,or", "and-or"):
            self.figures("--table", zeros, "--types", types, "--values",
                         missing=("interactions", "sparsity", "curve"))

    def test_failure_keeps_old_figures(self):
        """A figure that cannot be written is not there, and the one before is."""
        out, _ = self.interactions(*DIGITS, "--select", "0", "--players", "grid:2x2")
        folder = out.with_suffix("")
        folder.mkdir()
        for name in FIGURES:
            (folder / f"{name}.png").write_text("old")
        done = subprocess.run(
            [sys.executable, "-B", JOBS / "plot_interactions.py", out], capture_output=True,
            check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (999, 999)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"too large", done.stderr)
        self.assertEqual({path.name for path in folder.iterdir()},
                         {f"{name}.png" for name in FIGURES})
        for path in folder.iterdir():
            self.assertEqual(path.read_text(), "old")

    def test_mistakes(self):
        out, _ = self.interactions(*DIGITS, "--select", "0", "--players", "grid:2x2")
        for args, words in (((out, "--row", 1), "rows 0 to 0"),
                            ((self.folder / "none.h5",), "No such file"),
                            ((DATA / "README.md",), "error"),
                            ((out, "--samples", DATA / "wine_features.npy"), "elements")):
            self.assertIn(words, self.plot(*args, code=1))


@unittest.skipUnless(importlib.util.find_spec("matplotlib"), "python3-matplotlib is not installed")
class Pictures(unittest.TestCase):
    """A map and an image of any layout as one plane."""

    def setUp(self):
        sys.path.insert(0, str(JOBS))
        self.addCleanup(sys.path.remove, str(JOBS))
        self.picture_of = importlib.import_module("plot_players").picture_of
        self.players = np.arange(4).reshape(2, 2).repeat(3, 0).repeat(4, 1)  # [6, 8]
        self.image = np.random.default_rng(1).random((6, 8, 3))

    def test_layouts(self):
        """One channel, three channels first or last, without an image."""
        grey = self.picture_of(self.players[None, None], self.image[None, None, ..., 0])
        first = self.picture_of(np.stack([self.players] * 3)[None],
                                np.moveaxis(self.image, -1, 0)[None])
        last = self.picture_of(np.stack([self.players] * 3, axis=-1), self.image)
        blank = self.picture_of(self.players[None])
        for players, _ in (grey, first, last, blank):
            np.testing.assert_array_equal(players, self.players)
        self.assertEqual((grey[1].shape, blank[1].shape), ((6, 8), (6, 8)))
        np.testing.assert_allclose(first[1], last[1])
        self.assertEqual(first[1].shape, (6, 8, 3))

    def test_one_row_of_patches(self):
        """A map that is constant along an axis of the image as well as along the channels."""
        players = np.arange(2).repeat(4)[None].repeat(6, 0)  # [6, 8]: left and right
        last = self.picture_of(np.stack([players] * 3, axis=-1), self.image)
        np.testing.assert_array_equal(last[0], players)

    def test_players_of_channels(self):
        """Channels that are players stand side by side, in both layouts."""
        players = np.arange(3)[:, None, None].repeat(6, 1).repeat(8, 2)
        first = self.picture_of(players, np.moveaxis(self.image, -1, 0))
        last = self.picture_of(np.moveaxis(players, 0, -1), self.image)
        for plane, _ in (first, last):
            self.assertEqual(plane.shape, (13, 17))
            self.assertEqual([int((plane == p).sum()) for p in range(3)], [48] * 3)
            self.assertTrue((plane[:6, :8] == 0).all() and (plane[:6, 9:] == 1).all())
        np.testing.assert_allclose(first[1], last[1])

    def test_no_plane(self):
        """A row of numbers is no image."""
        self.assertIsNone(self.picture_of(np.arange(5)[None]))


if __name__ == "__main__":
    program.main(workers=2)
