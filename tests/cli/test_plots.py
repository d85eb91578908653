"""jobs/plot_interactions.py: figures of all kinds of players, and what it says where it cannot."""
import contextlib
import importlib.util
import io
import re
import resource
import subprocess
import sys
import unittest
from types import SimpleNamespace
from unittest import mock

import h5py
import numpy as np

import onnx_writer as onnx
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
ON_VIEWS = ["overview", "interactions", "shapley"]


@unittest.skipUnless(importlib.util.find_spec("matplotlib"), "python3-matplotlib is not installed")
class Plots(ProgramTest):
    """The command, on the bundled networks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sys.path.insert(0, str(JOBS))
        cls.addClassCleanup(sys.path.remove, str(JOBS))
        cls.command = importlib.import_module("plot_interactions")

    def plot(self, *args, code=0):
        """Its output; what went wrong comes as one line. In this process: to load matplotlib takes
        as long as some figures."""
        out, err, ended = io.StringIO(), io.StringIO(), 0
        with (mock.patch.object(sys, "argv", ["plot_interactions.py", *map(str, args)]),
              contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)):
            try:
                self.command.main()
            except SystemExit as end:  # which the interpreter prints where it is a text
                ended = 1 if isinstance(end.code, str) else end.code
                err.write(f"{end.code}\n" if ended == 1 else "")
        self.assertEqual(ended, code, err.getvalue())
        self.assertEqual(err.getvalue().count("\n"), int(code != 0), err.getvalue())
        return out.getvalue() + err.getvalue()

    def test_as_a_command(self):
        """A mistake: one line, and no traceback."""
        done = subprocess.run([sys.executable, "-B", JOBS / "plot_interactions.py", "none.h5"],
                              capture_output=True, text=True, check=False, cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"\Aerror: none\.h5: .*No such file.*\n\Z")

    def figures(self, *args, plot=(), missing=(), chosen=FIGURES):
        """All figures chosen but those missing, each in both formats; those are named with a
        reason."""
        out, _ = self.interactions(*args)
        folder = out.with_suffix("")
        said = self.plot(out, "--figures", ",".join(chosen), *plot)
        self.assertEqual({path.name for path in folder.iterdir()},
                         {f"{name}.{kind}" for name in set(chosen) - set(missing)
                          for kind in ("png", "svg")})
        self.check_files(folder)
        for name in missing:
            self.assertIn(f"no {name}: it needs", said)
        return folder

    def check_files(self, folder):
        """They are what their names say, and not empty."""
        for path in folder.iterdir():
            start = {".png": b"\x89PNG", ".svg": b"<?xml"}[path.suffix]
            self.assertTrue(path.read_bytes().startswith(start), path)
            self.assertGreater(path.stat().st_size, 4000, path)

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
        lacking = {"interactions", "sparsity", "curve"}
        for types, chosen in (("and-or", FIGURES), ("and,or", lacking | {"overview"})):
            self.figures("--table", zeros, "--types", types, "--values", chosen=chosen,
                         missing=lacking)

    def texts(self, folder, name):
        """What is written in a figure: matplotlib leaves each text in the SVG as a comment."""
        return re.findall(r"<!-- (.*?) -->", (folder / f"{name}.svg").read_text())

    def network(self, name, shape, outputs=2):
        """A network of one dense layer behind an input of any shape."""
        size = int(np.prod(shape))
        weights = np.random.default_rng(4).normal(size=(size, outputs))
        nodes = [onnx.node("Flatten", ["x"], ["f"], axis=1),
                 onnx.node("MatMul", ["f", "w"], ["y"])]
        return self.write(name, onnx.model(
            nodes, [onnx.value_info("x", [1, *shape])], [onnx.value_info("y", [1, outputs])],
            [onnx.tensor("w", weights.shape, weights.ravel())]))

    def test_series_and_volume(self):
        """Players that are bands, or blocks of slices."""
        series = self.save("series.npy", np.random.default_rng(1).normal(size=(1, 2, 12)))
        bands = self.save("bands.npy", np.repeat([[0, 1, 2, 3]], 3, axis=1).repeat(2, axis=0))
        self.figures("--model", self.network("series.onnx", (2, 12)), "--samples", series,
                     "--players", f"map:{bands}", chosen=ON_VIEWS, plot=("--samples", series))
        volume = self.save("volume.npy", np.random.default_rng(1).random(size=(1, 1, 4, 4, 6)))
        blocks = np.indices((4, 4, 6)) // np.array([2, 4, 3])[:, None, None, None]
        blocks = self.save("blocks.npy", (blocks[0] * 2 + blocks[2])[None])
        self.figures("--model", self.network("volume.onnx", (1, 4, 4, 6)), "--samples", volume,
                     "--players", f"map:{blocks}", "--types", "and,or", chosen=ON_VIEWS,
                     plot=("--samples", volume))

    def test_words_of_several_tokens(self):
        """A map on a sentence: the words are written out, in the order of the sentence."""
        words = ["very moving", "the film", "was"]
        tokens = [1, 1, 2, -1, -1, -1, -1, -1, 0, 0]
        folder = self.figures("--model", DATA / "tokens_transformer.onnx", "--samples",
                              DATA / "tokens_ids.npy", "--baseline", "token:0", "--select", "0",
                              "--players", f"map:{self.save('words.npy', [tokens])}",
                              "--player-names", self.write("words.txt", "\n".join(words)),
                              chosen=["interactions", "orders"])
        self.assertIn("sum of I [log-odds] (dotted: all, filled: salient)",
                      self.texts(folder, "orders"))
        written = self.texts(folder, "interactions")
        first = [text for text in written if text in words][:3]
        self.assertEqual(first, ["the film", "was", "very moving"])
        self.assertIn("sample 0, log-odds for output 1", written)

    def test_numbers(self):
        """As many digits as the values have; Shapley values sorted; no class where there is none;
        whole numbers of players."""
        v = 1e-12 * np.array([0, 1, 2, 3, 4, 5, 6, 9])
        folder = self.figures("--table", self.save("small.npy", v), chosen=["shapley", "orders"])
        written = self.texts(folder, "shapley")
        bars = [text for text in written if text.startswith("+")]
        self.assertEqual(bars, ["+4.67", "+2.67", "+1.67"])
        self.assertIn("Shapley values (×10⁻¹²)", written)
        self.assertEqual([text for text in written if text.startswith("player")],
                         ["player 2", "player 1", "player 0"])
        self.assertIn("sample 0", written)
        ticks = [text for text in self.texts(folder, "orders") if re.fullmatch(r"[\d.]+", text)]
        self.assertTrue({"0", "1", "2", "3"} <= set(ticks), ticks)
        self.assertFalse({"0.5", "1.5", "2.5"} & set(ticks), ticks)

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

    def test_all_rows(self):
        out, _ = self.interactions(*WINE)
        folder = self.folder / "rows"
        self.plot(out, "--row", "all", "--figures", "shapley", "--out", folder)
        self.assertEqual({path.name for path in folder.iterdir()}, {"row-0", "row-1"})
        for path in folder.iterdir():
            self.check_files(path)

    def test_mistakes(self):
        out, _ = self.interactions(*DIGITS, "--select", "0", "--players", "grid:2x2")
        text = self.write("text.npy", "no array")
        other = self.write("other.h5", out.read_bytes())
        with h5py.File(other, "r+") as file:
            file.attrs["kind"] = np.bytes_("dreams")
        for args, words in (((out, "--row", 1), ("--row 1", out.name, "rows 0 to 0")),
                            ((self.folder / "none.h5",), ("none.h5", "No such file")),
                            ((DATA / "README.md",), ("README.md",)),
                            ((other,), ("other.h5", "kind dreams")),
                            ((out, "--samples", text), ("--samples", "text.npy")),
                            ((out, "--samples", self.folder / "no.npy"), ("--samples", "no.npy")),
                            ((out, "--samples", DATA / "wine_features.npy"),
                             ("wine_features.npy", "13 elements", "64"))):
            said = self.plot(*args, code=1)
            for word in words:
                self.assertIn(word, said)


@unittest.skipUnless(importlib.util.find_spec("matplotlib"), "python3-matplotlib is not installed")
class Views(unittest.TestCase):
    """A map and a sample of any layout as one plane."""

    def setUp(self):
        sys.path.insert(0, str(JOBS))
        self.addCleanup(sys.path.remove, str(JOBS))
        self.views = importlib.import_module("plots.views")
        self.players = np.arange(4).reshape(2, 2).repeat(3, 0).repeat(4, 1)  # [6, 8]
        self.image = np.random.default_rng(1).random((6, 8, 3))

    def test_ranks_of_interactions(self):
        """The axis of ranks ends with the interactions, however many of them are salient."""
        figures = importlib.import_module("plots.figures")
        data = SimpleNamespace(types=["and"], fitted=False, threshold=1., unit="",
                               title=lambda: "",
                               lattice=lambda _: np.arange(16.))
        self.assertEqual(figures.sparsity(data, None, 6).axes[0].get_xlim(), (0, 15))

    def test_layouts(self):
        """One channel, three channels first or last, without an image."""
        view_of = self.views.view_of
        grey = view_of(self.players[None], self.image[None, ..., 0])
        first = view_of(np.stack([self.players] * 3), np.moveaxis(self.image, -1, 0))
        last = view_of(np.stack([self.players] * 3, axis=-1), self.image)
        blank = view_of(self.players[None])
        plane = view_of(self.players, patches=True)
        for view in (grey, first, last, blank, plane):
            np.testing.assert_array_equal(view.players, self.players)
            self.assertFalse(view.series)
        self.assertEqual(grey.image.shape, (6, 8))
        self.assertIsNone(blank.image)
        np.testing.assert_allclose(first.image, last.image)
        self.assertEqual(first.image.shape, (6, 8, 3))

    def test_one_row_of_patches(self):
        """A map that is constant along an axis of the image as well as along the channels."""
        players = np.arange(2).repeat(4)[None].repeat(6, 0)  # [6, 8]: left and right
        last = self.views.view_of(np.stack([players] * 3, axis=-1), self.image)
        np.testing.assert_array_equal(last.players, players)

    def test_players_of_channels(self):
        """Channels that are players stand side by side with their numbers, in both layouts."""
        players = np.arange(3)[:, None, None].repeat(6, 1).repeat(8, 2)
        first = self.views.view_of(players, np.moveaxis(self.image, -1, 0))
        last = self.views.view_of(np.moveaxis(players, 0, -1), self.image)
        for view in (first, last):
            self.assertEqual(view.players.shape, (6, 26))
            self.assertEqual(view.titles, ["0", "1", "2"])
            for p in range(3):
                self.assertTrue((view.players[:, 9 * p:9 * p + 8] == p).all())
                self.assertTrue((view.tiles[:, 9 * p:9 * p + 8] == p).all())
        np.testing.assert_allclose(first.image, last.image)

    def test_volumes(self):
        """Slices with the same players are one tile; a number stands in one of its slices."""
        upper, lower = np.zeros((6, 8), int), np.arange(1, 3).repeat(4)[None].repeat(6, 0)
        lower[0, 0] = 0
        view = self.views.view_of(np.stack([upper, upper, lower, lower, lower])[None])
        self.assertEqual(view.titles, ["0–1", "2–4"])
        tiles = [set(view.tiles[tuple(view.cells(p).T)]) for p in range(3)]
        self.assertEqual(tiles, [{0}, {1}, {1}])

    def test_series(self):
        """Channels are rows, whichever axis they have; players in all of them are bands."""
        bands = np.arange(3).repeat(4)
        curves = np.random.default_rng(2).normal(size=(2, 12))
        first = self.views.view_of(np.stack([bands] * 2), curves)
        last = self.views.view_of(np.stack([bands] * 2, axis=-1), curves.T)
        for view in (first, last):
            self.assertTrue(view.series)
            np.testing.assert_array_equal(view.players, [bands, bands])
        np.testing.assert_allclose(first.image, last.image)
        self.assertEqual((first.image.min(), first.image.max()), (0, 1))
        own = np.stack([bands, bands + 3])
        np.testing.assert_array_equal(self.views.view_of(own).players, own)
        self.assertEqual(self.views.view_of(np.stack([bands] * 2)).players.shape, (1, 12))

    def test_no_view(self):
        """A row of numbers is no image."""
        self.assertIsNone(self.views.view_of(np.arange(5)))


if __name__ == "__main__":
    program.main(workers=2)
