"""Names of players and classes: their encoding, names per sample, and what is printed of them."""
import csv
import io
import json
import os
import pathlib
import subprocess
import sys

import h5py
import numpy as np

import check_dataset
import program
from program import DATA, ProgramTest, run

TABLE = "majority:n=3"
# What a terminal would obey or be misled by, and how it is printed.
HOSTILE = ["a\x1b[31mred", "b\u202eright\x9bto left", "c\x07\x7f"]
SHOWN = ["a\\x1b[31mred", "b\\u202eright\\u009bto left", "c\\x07\\x7f"]


class Names(ProgramTest):
    """--player-names and --class-names."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.words = [line.split() for line in
                     (DATA / "tokens_sentences.txt").read_text().splitlines()]

    def refused(self, words, *args, code=65):
        """One message with all these words."""
        result = run("interactions", *args, "--out", self.output())
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors()), 1, result)
        for word in words:
            self.assertIn(word, result.err, result)

    def assert_harmless(self, text):
        """Nothing in it commands a terminal."""
        self.assertEqual([c for c in text if not c.isprintable() and c != "\n"], [], repr(text))

    # ---- encoding ----

    def test_no_utf8(self):
        """Refused by file and line, for players and classes."""
        latin = self.write("latin.txt", "one\nä\nthree\n".encode("latin-1"))
        self.refused(["--player-names", "latin.txt", "line 2", "0xe4", "UTF-8", "iconv"],
                     "--closed-form", TABLE, "--player-names", latin)
        self.refused(["--class-names", "latin.txt", "line 2", "UTF-8"], "--model",
                     DATA / "wine_mlp.onnx", "--samples", DATA / "wine_features.npy", "--select",
                     "0", "--subset", "0,1", "--class-names", latin)
        for name, text in (("surrogate", b"a\xed\xa0\x80"), ("overlong", b"\xc0\xaf"),
                           ("cut", b"one\ntwo\nthr\xe2\x82"), ("beyond", b"\xf4\x90\x80\x80")):
            path = self.write(f"{name}.txt", text)
            self.refused([f"{name}.txt", "UTF-8"], "--closed-form", TABLE, "--player-names", path)
        wide = self.write("wide.txt", "one\ntwo\nthree\n".encode("utf-16"))
        self.refused(["wide.txt", "UTF-16"], "--closed-form", TABLE, "--player-names", wide)

    def test_marks_and_line_ends(self):
        """A byte order mark and Windows' line ends are no part of a name."""
        names = ["größe", "面", "x"]
        path = self.write("windows.txt", "\r\n".join(names).encode("utf-8-sig"))
        out, _ = self.interactions("--closed-form", TABLE, "--player-names", path)
        with h5py.File(out, "r") as file:
            self.assertEqual(list(file["players/name"].asstr()), names)

    # ---- printing ----

    def test_control_characters(self):
        """Stored as they are, and escaped wherever they are printed."""
        path = self.write("hostile.txt", "\n".join(HOSTILE))
        out, _ = self.interactions("--closed-form", TABLE, "--player-names", path)
        with h5py.File(out, "r") as file:
            self.assertEqual(list(file["players/name"].asstr()), HOSTILE)
        for args in (["show", out], ["export", out]):
            result = run(*args)
            self.assertEqual(result.code, 0, result)
            self.assert_harmless(result.out)
            for name in SHOWN:
                self.assertIn(name, result.out)
        result = run("show", out, "--json")
        self.assert_harmless(result.out)
        self.assertEqual(json.loads(result.out)["players"], HOSTILE)
        result = run("interactions", "--closed-form", TABLE, "--player-names", "no\x1b[2Jfile",
                     "--out", self.output())
        self.assertEqual(result.code, 65)
        self.assert_harmless(result.err)
        self.assertIn("no\\x1b[2Jfile", result.err)

    def test_names_of_other_programs(self):
        """A file whose names are no UTF-8 is shown, and its JSON is JSON."""
        out, _ = self.interactions("--closed-form", TABLE)
        with h5py.File(out, "r+") as file:
            del file["players/name"]
            file["players"]["name"] = np.array([b"one", b"\xe4\x1b", b"three"])
        result = run("show", out)
        self.assertEqual(result.code, 0, result)
        self.assertIn("\\xe4\\x1b", result.out)
        self.assertEqual(json.loads(run("show", out, "--json").out)["players"][1], "\ufffd\x1b")

    # ---- names per sample ----

    def tokens(self, names, *args, select="7,2", players=("--subset", "0,1,2,3")):
        """Sentences, by the first of their tokens."""
        return self.interactions("--model", DATA / "tokens_transformer.onnx", "--samples",
                                 DATA / "tokens_ids.npy", "--players", "tokens", *players,
                                 "--baseline", "token:0", "--select", select, "--player-names",
                                 self.write("names.txt", names), *args)

    def test_names_per_sample(self):
        """A line for each sample, or for each chosen one; in every place where names are."""
        lines = ["\t".join(words[:4]) for words in self.words]
        for chosen in (lines, [lines[7], lines[2]]):
            out, result = self.tokens("\n".join(chosen), "--target", "0,1")
            self.assertEqual(result.warnings(), [], result)
            self.assertEqual(check_dataset.faults(out), [])
            with h5py.File(out, "r") as file:
                self.assertEqual(["\t".join(row) for row in file["samples/player_name"].asstr()],
                                 [lines[7], lines[7], lines[2], lines[2]])
                self.assertEqual(file["players/name"].asstr()[3], "token 3")
        rows = json.loads(run("show", out, "--json").out)["rows"]
        self.assertEqual([row["players"] for row in rows],
                         [self.words[i][:4] for i in (7, 7, 2, 2)])
        shown = run("show", out, "--row", "2").out
        for word in self.words[2][:4]:
            self.assertIn(word, shown)
        table = list(csv.DictReader(io.StringIO(run("export", out).out)))
        self.assertEqual([row["players"] for row in table if row["row"] == "2"],
                         self.words[2][:4])

    def test_plots_name_the_row(self):
        """jobs/plot_interactions.py uses the names of its row."""
        out, _ = self.tokens("a\tb\tc\td\ne\tf\tg\th\n")
        script = ("import sys; sys.path.insert(0, sys.argv[1]); import plot_interactions as p; "
                  "print(p.Interactions(sys.argv[2], 1).names)")
        jobs = pathlib.Path(__file__).resolve().parents[2] / "jobs"
        done = subprocess.run([sys.executable, "-c", script, jobs, out], text=True, check=False,
                              capture_output=True, env={**os.environ, "MPLBACKEND": "agg"})
        if "No module named" in done.stderr:
            self.skipTest(done.stderr.strip().splitlines()[-1])
        self.assertEqual(done.stdout.strip(), "['e', 'f', 'g', 'h']", done.stderr)

    def test_tables(self):
        """Of tables, by the samples that they hold; and where there is one player."""
        table = self.save("table.npy", np.arange(12.0).reshape(3, 4))
        path = self.write("per.txt", "a\tb\nc\td\ne\tf\n")
        out, _ = self.interactions("--table", table, "--select", "2", "--player-names", path)
        with h5py.File(out, "r") as file:
            self.assertEqual(list(file["samples/player_name"].asstr()[0]), ["e", "f"])
        table = self.save("one.npy", np.arange(6.0).reshape(3, 2))
        path = self.write("single.txt", "a\nb\nc\n")
        out, _ = self.interactions("--table", table, "--select", "2,0", "--player-names", path)
        with h5py.File(out, "r") as file:
            self.assertEqual(list(file["samples/player_name"].asstr()[:, 0]), ["c", "a"])

    def test_lines_that_do_not_fit(self):
        """Number of lines, number of names in a line, and order."""
        table = self.save("table.npy", np.arange(12.0).reshape(3, 4))
        for text, words in (("a\tb\nc\td\n", ["2 rows", "3 samples"]),
                            ("a\tb\nc\ne\tf\n", ["line 2", "1 name", "2 players"]),
                            ("a\tb\nc\td\te\ne\tf\n", ["line 2", "3 names"]),
                            ("a\nb\nc\n", ["3 names", "2 players", "tabs"])):
            with self.subTest(text=text):
                path = self.write("bad.txt", text)
                self.refused(["--player-names", "bad.txt", *words], "--table", table,
                             "--player-names", path)
        path = self.write("order.txt", "a\tb\nc\td\ne\tf\n")
        self.refused(["order.txt", "--per-sample"], "--table", table, "--select", "2,1,0",
                     "--player-names", path, code=64)

    def test_words_named_once(self):
        """One list of words for several sentences gets a warning, for one or for features none."""
        _, result = self.tokens("a\nb\nc\nd\n")
        self.assertEqual(len(result.warnings()), 1, result)
        for word in ("names.txt", "once for 2 samples", "line for each sample"):
            self.assertIn(word, result.err)
        _, result = self.tokens("a\nb\nc\nd\n", select="2")
        self.assertEqual(result.warnings(), [], result)
        _, result = self.interactions("--model", DATA / "wine_mlp.onnx", "--samples",
                                      DATA / "wine_features.npy", "--select", "0,1", "--subset",
                                      "0,1", "--player-names", self.write("two.txt", "a\nb\n"))
        self.assertEqual(result.warnings(), [], result)


if __name__ == "__main__":
    program.main(workers=2)
