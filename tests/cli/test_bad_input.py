"""Bad input: one message, the right exit code, nothing left behind, at one process and three ranks.

The mistakes are rows of mistakes_*.py. A lone process is given an output that does not exist; three
ranks are given an existing one and --force, and must leave it as it is. The rows on three ranks
share one mpirun; what needs a place of its own has one for itself.
"""
import os
import resource

import h5py
import numpy as np

import mistakes_games
import mistakes_networks
import mistakes_options
import program
from mistakes import make_arrays, make_models, make_plugin
from program import DATA, PLUGIN, ProgramTest, run, run_rows

ROWS = mistakes_options.ROWS + mistakes_networks.ROWS + mistakes_games.ROWS
# Rows that three ranks also meet in an mpirun of their own: found by all, by one, in the middle.
APART = ("stray_argument", "samples_hdf5_wrong_name", "plugin_fails_later")
EARLIER, EARLIER_TIME = b"an earlier result", 10**18


class BadInput(ProgramTest):
    """ROWS, one test each, and what needs a place of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models(cls)
        make_arrays(cls)
        make_plugin(cls.folder, "without.so", symbol="another_name")
        make_plugin(cls.folder, "abi.so", abi="99")
        make_plugin(cls.folder, "many.so", players=41)
        make_plugin(cls.folder, "fails.so", fails=1)
        make_plugin(cls.folder, "infinite.so", last="INFINITY")

    def check_text(self, err, words, context):
        """A message has everything that it must say, and nothing else went wrong."""
        for word in words:
            self.assertRegex(err, word, context)
        self.assertNotRegex(err, r"\w\.c:\d+", f"the message speaks of the source\n{context}")
        self.assertNotIn("ERROR: AddressSanitizer", err, context)
        self.assertNotIn("runtime error:", err, context)

    def check_message(self, result, code, words):
        """One message, with everything that it must say, and the exit code."""
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors()), 1, result)
        self.check_text(result.err, words, result)

    def put_earlier(self, out):
        """An earlier result, which must stay as it is."""
        out.write_bytes(EARLIER)
        os.utime(out, ns=(EARLIER_TIME, EARLIER_TIME))

    def check_earlier(self, out):
        """It is as it was."""
        self.assertEqual(out.read_bytes(), EARLIER)
        self.assertEqual(out.stat().st_mtime_ns, EARLIER_TIME, "the old output was touched")

    def check_failure(self, args, code, words, place=None, ranks=(0, 3), **how):
        """The run fails as it should: alone without a previous output, as three ranks with one."""
        for number in ranks:
            with self.subTest(ranks=number):
                place_now = place or self.folder / f"place-{self.id().split('.')[-1]}-{number}"
                place_now.mkdir(exist_ok=True)
                out, before = place_now / "out.h5", []
                if number and not place:
                    self.put_earlier(out)
                    before = ["out.h5"]
                extra = [] if "--out" in args else ["--out", out] + ["--force"] * bool(before)
                result = run("interactions", *args, *extra, ranks=number, **how)
                self.check_message(result, code, words)
                self.assertEqual(sorted(os.listdir(place_now)), before, result)
                if before:
                    self.check_earlier(out)

    def words_of(self, text):
        """The arguments of a row."""
        places = {"data": DATA, "f": self.folder, "plugin": PLUGIN}
        return [word.format(**places) for word in text.split()]

    def test_three_ranks(self):
        """All rows on three ranks: all of them fail alike, free their memory, and leave what was."""
        places, lines = [], []
        for name, _, text, *_ in ROWS:
            places.append(self.folder / f"three-{name}")
            places[-1].mkdir()
            out = places[-1] / "out.h5"
            self.put_earlier(out)
            args = self.words_of(text)
            extra = [] if "--out" in args else ["--out", out, "--force"]
            lines.append(["interactions", *args, *extra])
        result, ends = run_rows(self.folder, lines, ranks=3)
        self.assertEqual((result.code, len(ends)), (0, len(ROWS)), result)
        self.check_text(result.err, (), result)
        for (name, code, _, *words), place, (codes, leaks, message) in zip(ROWS, places, ends):
            with self.subTest(name):
                self.assertEqual((codes, leaks), ({code}, 0), message)
                self.check_text(message, words, message)
                self.assertEqual(os.listdir(place), ["out.h5"])
                self.check_earlier(place / "out.h5")

    # ---- the output's place ----

    def test_out_not_given(self):
        for ranks in (0, 3):
            with self.subTest(ranks=ranks):
                result = run("interactions", "--closed-form", "majority:n=4", ranks=ranks,
                             cwd=self.folder)
                self.check_message(result, 64, ["--out FILE.h5"])

    def test_out_exists(self):
        for ranks in (0, 3):
            with self.subTest(ranks=ranks):
                out = self.folder / f"exists-{ranks}.h5"
                self.put_earlier(out)
                result = run("interactions", "--closed-form", "majority:n=4", "--out", out,
                             ranks=ranks)
                self.check_message(result, 64, ["--out", out.name, "exists", "--force"])
                self.check_earlier(out)
                self.assertFalse(os.path.exists(f"{out}.part"))

    def test_out_in_folder_without_permission(self):
        if os.geteuid() == 0:
            place = self.mounted("read-only", "ro,size=64k")
        else:
            place = self.folder / "read-only"
            place.mkdir()
            place.chmod(0o555)
        words = ["--out", "out.h5", "(?i)read-only|permission"]
        self.check_failure(["--closed-form", "majority:n=4"], 74, words, place)

    def test_full_disk_seen_at_once(self):
        place = self.mounted("small", "size=64k")
        args = ["--closed-form", "majority:n=14", "--keep", "all"]
        self.check_failure(args, 74, ["--out", "out.h5", "[KMG]iB", "free", "--keep salient"], place)

    def test_full_disk_at_the_end(self):
        place = self.mounted("medium", "size=512k")
        args = ["--closed-form", "random:n=17", "--keep", "salient", "--threshold", "sample:0"]
        self.check_failure(args, 74, ["out.h5", "(?i)space|full"], place)

    def test_file_too_large(self):
        """A limit on the size of files, met in the middle of writing. (Smaller ones would stop
        Open MPI, which keeps its queues in files.)"""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (2**24, 2**24))
        args = ["--closed-form", "random:n=22", "--keep", "all"]
        self.check_failure(args, 74, ["out.h5", "(?i)file too large|cannot be written"],
                           preexec_fn=limit)

    # ---- what is allowed on request ----

    def test_allow_nonfinite(self):
        for ranks in (0, 3):
            with self.subTest(ranks=ranks):
                out, result = self.interactions("--table", self.folder / "nan.npy", "--values",
                                                "--allow-nonfinite", ranks=ranks)
                self.assertEqual(len(result.warnings()), 1, result)
                for word in ("2 values", "mask 5", "sample 0"):
                    self.assertIn(word, result.err)
                with h5py.File(out, "r") as file:
                    found = file["values"][0]
                np.testing.assert_array_equal(found, np.load(self.folder / "nan.npy"))

    def test_no_command(self):
        self.check_message(run(), 64, ["--help"])

    def test_unknown_command(self):
        for ranks in (0, 3):
            self.check_message(run("interaction", ranks=ranks), 64,
                               ["unknown command 'interaction'", "--help"])


def add_rows():
    """A test method for each of ROWS: alone, a few also under an mpirun of their own."""
    for name, code, text, *words in ROWS:
        def test(self, text=text, code=code, words=words, ranks=(0, 3) if name in APART else (0,)):
            self.check_failure(self.words_of(text), code, words, ranks=ranks)
        assert not hasattr(BadInput, f"test_{name}"), f"two rows of the name {name}"
        setattr(BadInput, f"test_{name}", test)


add_rows()

if __name__ == "__main__":
    program.main(workers=4)
