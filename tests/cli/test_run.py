"""How `harsanyi interactions` behaves: help, stops, games of every kind."""
import os
import pathlib
import re
import subprocess

import h5py
import numpy as np

import oracle
import program
from oracle_dataset import Row, check_dataset
from program import DATA, PLUGIN, ProgramTest, run, run_attributes

CNN = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy"]


def beside_progress(result):
    """What a run said on stderr besides its progress, which slow machines see."""
    return re.sub(r"^harsanyi: (?!error|warning).*\n", "", result.err, flags=re.M)


class Talk(ProgramTest):
    """What is printed, and where."""

    def test_version(self):
        for ranks in (0, 3):
            result = run("--version", ranks=ranks)
            self.assertEqual(result.code, 0, result)
            self.assertRegex(result.out, r"\Aharsanyi \d+\.\d+\.\d+ \(\w+\+?\)\n\Z", result)

    def test_help(self):
        for args in (["--help"], ["-h"], ["help"]):
            result = run(*args)
            self.assertEqual((result.code, result.err), (0, ""), result)
            for word in ("interactions", "model", "show", "bench", "64", "65", "70", "74", "75"):
                self.assertIn(word, result.out)

    def test_help_of_commands(self):
        """Every option has a line; nothing is wider than 100 columns; printed by one rank."""
        for ranks in (0, 3):
            result = run("interactions", "--help", ranks=ranks)
            self.assertEqual((result.code, result.err), (0, ""), result)
            for option in ("--model", "--samples", "--input", "--labels", "--select", "--table",
                           "--bit-order", "--closed-form", "--plugin", "--players",
                           "--player-names", "--class-names", "--subset", "--baseline",
                           "--mask-at", "--target", "--output", "--output-node", "--scores",
                           "--types", "--indices", "--keep", "--threshold", "--salient-limit",
                           "--values", "--out", "--force", "--precision", "--blocks", "--chunk",
                           "--ranks-per-sample", "--plan", "--allow-nonfinite", "--timing",
                           "--quiet"):
                self.assertEqual(len(re.findall(rf"^  {option}\b(?!-)", result.out, re.M)), 1,
                                 f"{option}\n{result}")
            self.assertLessEqual(max(map(len, result.out.splitlines())), 100)
        for command in ("model", "show", "bench"):
            result = run(command, "--help")
            self.assertEqual((result.code, result.err), (0, ""), result)
            self.assertIn(f"harsanyi {command}", result.out)

    def test_a_few_lines(self):
        out, result = self.interactions(*CNN, "--select", "0:3", "--players", "grid:3x3", ranks=2)
        self.assertEqual(beside_progress(result), "", result)
        lines = result.out.splitlines()
        self.assertLessEqual(len(lines), 5, result)
        self.assertIn(str(out), lines[-1])
        self.assertIn("1536 masks", lines[-1])
        self.assertIn("9 players, 3 samples, 1 target; 2 ranks", result.out)

    def test_quiet(self):
        for ranks in (0, 3):
            _, result = self.interactions("--closed-form", "majority:n=8", "--quiet", ranks=ranks)
            self.assertEqual((result.out, result.err), ("", ""), result)

    def test_run_group(self):
        """What the data set remembers of the run."""
        out, result = self.interactions(*CNN, "--select", "0", "--players", "grid:2x2", ranks=3)
        attributes = {key: value.decode() if isinstance(value, bytes) else value
                      for key, value in run_attributes(out).items()}
        self.assertIn("interactions", attributes["command_line"])
        self.assertIn("grid:2x2", attributes["command_line"])
        self.assertIn("--threshold sample:0.05", attributes["options"])
        self.assertEqual(int(attributes["ranks"]), 3)
        for key in ("hosts", "mpi_version", "blas_core", "program_version", "git"):
            self.assertTrue(attributes[key], f"{key} is empty")
        with h5py.File(out, "r") as file:
            self.assertEqual(int(file.attrs["complete"]), 1)
            self.assertEqual(int(file.attrs["n_players"]), 4)
            self.assertEqual(int(file.attrs["n_samples"]), 1)
        self.assertEqual(beside_progress(result), "", result)

    def test_show_reads_it(self):
        out, _ = self.interactions(*CNN, "--select", "0", "--players", "grid:2x2", "--labels",
                                   DATA / "digits_labels.npy")
        result = run("show", out)
        self.assertEqual((result.code, result.err), (0, ""), result)
        self.assertIn("patch r0c1", result.out)

    def test_surplus_ranks(self):
        """A small game keeps few ranks busy; the others wait, and one line says so."""
        out, result = self.interactions("--closed-form", "majority:n=2", ranks=5)
        idle = [line for line in result.out.splitlines() if "idle" in line]
        self.assertEqual(len(idle), 1, result)
        self.assertIn("3 ranks are idle", idle[0])
        self.assertEqual(beside_progress(result), "", result)
        with h5py.File(out, "r") as file:
            self.assertEqual(file["interactions/and"][0].tolist(), [0, 0, 0, 1])

    def test_force_replaces(self):
        out = self.write("earlier.h5", "an earlier result")
        self.interactions("--closed-form", "majority:n=4", "--force", out=out, ranks=2)
        with h5py.File(out, "r") as file:
            self.assertEqual(int(file.attrs["n_players"]), 4)


class Games(ProgramTest):
    """Games of every kind but networks."""

    def check(self, out, values, types=("and", "or"), **how):
        """Compare a data set with rows of values."""
        rows = [Row(sample, 0, np.asarray(v, dtype=float)) for sample, v in enumerate(values)]
        check_dataset(str(out), rows, types=types, tolerance=1e-13, **how)

    def test_two_players(self):
        """v = (0,1,2,5): AND (0,1,2,2); OR 3, 4 and -2."""
        path = self.save("two.npy", [0.0, 1, 2, 5])
        out, _ = self.interactions("--table", path, "--types", "and,or", "--indices", "SV,BV")
        with h5py.File(out, "r") as file:
            self.assertEqual(file["interactions/and"][0].tolist(), [0, 1, 2, 2])
            self.assertEqual(file["interactions/or"][0].tolist(), [0, 3, 4, -2])
            self.assertEqual(file["indices/SV"][0].tolist(), [2, 3])
            self.assertEqual(file["indices/BV"][0].tolist(), [2, 3])

    def test_closed_forms(self):
        """Every dividend is verified by the program against its known value."""
        for ranks, text in ((0, "and-or:n=1"), (3, "and-or:n=12,terms=30,seed=7"),
                            (0, "additive:n=11,seed=3"), (2, "majority:n=13"),
                            (5, "airport:n=12"), (2, "and-or:n=20,terms=50")):
            for precision in ("double", "single"):
                with self.subTest(game=text, precision=precision, ranks=ranks):
                    _, result = self.interactions("--closed-form", text, "--types", "and,or",
                                                  "--verify", "--precision", precision,
                                                  "--keep", "salient", ranks=ranks)
                    self.assertIn("verified", result.out)

    def test_majority(self):
        """And against the definition, by the oracle."""
        n = 7
        out, _ = self.interactions("--closed-form", f"majority:n={n}", "--types", "and,or",
                                   "--indices", "SV,BV", "--values", ranks=3)
        self.check(out, [oracle.orders_of(n) > n / 2], indices=("SV", "BV"))

    def test_airport(self):
        """The cost game of Littlechild and Owen: player i pays sum over k <= i of 1/(n-k)."""
        n = 9
        out, _ = self.interactions("--closed-form", f"airport:n={n}", ranks=2)
        with h5py.File(out, "r") as file:
            np.testing.assert_allclose(file["indices/SV"][0],
                                       np.cumsum(1 / np.arange(n, 0, -1)), rtol=1e-12)

    def test_tables(self):
        """Samples, element types, files; least significant bit first."""
        values = np.random.default_rng(1).normal(size=(50, 64))
        whole = np.rint(values * 1000).astype(np.int32)
        with h5py.File(self.folder / "games.h5", "w") as file:
            file["deep/table"] = values
        np.savez(self.folder / "games.npz", table=values, other=np.zeros(3))
        for path, wanted, ranks in (
                (self.save("f8.npy", values), values, 4), (self.save("i4.npy", whole), whole, 3),
                (self.save("one.npy", values[0]), values[:1], 2),
                (self.save("f4.npy", values.astype("f4")), values.astype("f4"), 0),
                (f"{self.folder}/games.h5:/deep/table", values, 2),
                (f"{self.folder}/games.npz:table", values, 3)):
            with self.subTest(path=str(path)):
                out, _ = self.interactions("--table", path, "--types", "and,or", "--values",
                                           "--indices", "SV,BV", ranks=ranks)
                self.check(out, wanted, indices=("SV", "BV"))

    def test_select_from_a_table(self):
        values = np.random.default_rng(2).normal(size=(9, 16))
        out, _ = self.interactions("--table", self.save("nine.npy", values), "--select", "8,2:4",
                                   "--values", ranks=2)
        check_dataset(str(out), [Row(i, 0, values[i]) for i in (8, 2, 3)], tolerance=1e-13)

    def test_most_significant_bit_first(self):
        """The index read backwards: the usual order where players are the digits of a number."""
        n = 6
        values = np.random.default_rng(3).normal(size=(3, 2**n))
        backwards = [int(f"{mask:0{n}b}"[::-1], 2) for mask in range(2**n)]
        path = self.save("msb.npy", values)
        for ranks in (0, 3):
            out, _ = self.interactions("--table", path, "--bit-order", "msb", "--types", "and,or",
                                       "--values", ranks=ranks)
            self.check(out, values[:, backwards])

    def test_shapiq_archive(self):
        """Coalitions in any order."""
        n, random = 7, np.random.default_rng(4)
        values = random.normal(size=2**n)
        masks = random.permutation(2**n)
        path = self.folder / "shapiq.npz"
        np.savez(path, values=values[masks], coalitions=(masks[:, None] >> np.arange(n) & 1) == 1,
                 n_players=n, normalization_value=values[0])
        out, _ = self.interactions("--table", path, "--types", "and,or", "--values", ranks=2)
        self.check(out, [values])

    def test_plugin(self):
        """The worked example: weighted votes [51; 50, 49, 1] have Shapley values 2/3, 1/6, 1/6."""
        for ranks in (0, 3):
            out, _ = self.interactions("--plugin", f"{PLUGIN}:51/50,49,1", "--indices", "SV,BV",
                                       ranks=ranks)
            with h5py.File(out, "r") as file:
                np.testing.assert_allclose(file["indices/SV"][0], [2 / 3, 1 / 6, 1 / 6],
                                           atol=1e-15)
                np.testing.assert_allclose(file["indices/BV"][0], [3 / 4, 1 / 4, 1 / 4],
                                           atol=1e-15)
                self.assertEqual(file["interactions/and"][0].tolist(),
                                 [0, 0, 0, 1, 0, 1, 0, -1])

    def test_plugin_beside(self):
        """A plug-in named without a folder is looked for here, not among the system's."""
        name = pathlib.Path(PLUGIN).name
        self.write(name, pathlib.Path(PLUGIN).read_bytes())
        out = self.output()
        result = run("interactions", "--plugin", f"{name}:2/1,1,1", "--out", out, cwd=self.folder)
        self.assertEqual(result.code, 0, result)

    def test_player_names(self):
        path = self.write("names.txt", "Zoë\nα\nthree words here\n")
        out, _ = self.interactions("--plugin", f"{PLUGIN}:51/50,49,1", "--player-names", path)
        with h5py.File(out, "r") as file:
            names = [name.decode() for name in file["players/name"][()]]
        self.assertEqual(names, ["Zoë", "α", "three words here"])

    def test_groups_of_many(self):
        """More samples than ranks, in groups; every row is in its place."""
        values = np.random.default_rng(5).normal(size=(23, 32))
        path = self.save("many.npy", values)
        for ranks, more in ((7, []), (4, ["--ranks-per-sample", "2"]), (5, ["--types", "or"])):
            types = ("or",) if more == ["--types", "or"] else ("and", "or")
            out, _ = self.interactions("--table", path, "--types", ",".join(types), "--values",
                                       *more, ranks=ranks)
            self.check(out, values, types)


if __name__ == "__main__":
    program.main(workers=4)
