"""What `export`, `--timing`, `bench` and standard output do where writing goes wrong: nothing that
was there is lost, and no failure is silent."""
import json
import os
import signal
import stat
import subprocess

import gate
import program
from gate import Gate
from program import DATA, ProgramTest, command_line, run

VOTE = ["interactions", "--closed-form", "majority:n=4"]
WINE = ["interactions", "--samples", DATA / "wine_features.npy", "--select", "0"]


class OutputsTest(ProgramTest):
    """A data set of 2^12 interactions, and a folder for each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set = cls.folder / "set.h5"
        done = run("interactions", "--closed-form", "random:n=12", "--out", cls.set)
        assert done.code == 0, done
        cls.all = ["export", cls.set, "--interactions", "and"]

    def setUp(self):
        self.place = self.folder / self.id().rsplit(".", maxsplit=1)[-1]
        self.place.mkdir()

    def refused(self, result, code, *words):
        """One message with these words, and its exit code."""
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors()), 1, result)
        for word in words:
            self.assertIn(str(word), result.errors()[0])

    def old_file(self, name):
        """A file that was there before."""
        path = self.place / name
        path.write_text("old")
        return path

    def left(self):
        """Names in the test's folder."""
        return sorted(os.listdir(self.place))


class Export(OutputsTest):
    """harsanyi export --out."""

    def test_data_set_as_target(self):
        """Under any name, with --force too."""
        before = self.set.read_bytes()
        hard, soft = self.place / "hard.csv", self.place / "soft.csv"
        os.link(self.set, hard)
        soft.symlink_to(self.set)
        for target in (self.set, hard, soft):
            with self.subTest(target=target):
                self.refused(run("export", self.set, "--out", target, "--force"), 64, "--out",
                             target, "another name")
        self.assertEqual(self.set.read_bytes(), before)
        self.assertEqual(self.left(), ["hard.csv", "soft.csv"])

    def test_replaced_as_a_whole(self):
        """The old file's readers keep it; its permissions stay; a link leads to the new one."""
        old, link = self.old_file("old.csv"), self.place / "link.csv"
        old.chmod(0o640)
        link.symlink_to("old.csv")
        with open(old, encoding="ascii") as reader:
            self.assertEqual(run(*self.all, "--out", link, "--force").code, 0)
            self.assertEqual(reader.read(), "old")
        self.assertTrue(link.is_symlink())
        self.assertEqual(len(old.read_text().splitlines()), 4097)
        self.assertEqual(stat.S_IMODE(old.stat().st_mode), 0o640)
        self.assertEqual(self.left(), ["link.csv", "old.csv"])

    def test_full_disk(self):
        place = self.mounted("disk", "size=16k")
        (place / "old.csv").write_text("old")
        for name, force in (("old.csv", ["--force"]), ("new.csv", [])):
            self.refused(run(*self.all, "--out", place / name, *force), 74, "--out", name,
                         "No space left")
        self.assertEqual((place / "old.csv").read_text(), "old")
        self.assertEqual(os.listdir(place), ["old.csv"])

    def test_no_regular_file(self):
        pipe, null = self.place / "pipe", self.place / "null"
        os.mkfifo(pipe)
        targets = [pipe]
        if os.geteuid() == 0:
            os.mknod(null, stat.S_IFCHR | 0o600, os.makedev(1, 3))
            targets.append(null)
        before = self.left()
        for target in targets:
            with self.subTest(target=target):
                self.refused(run(*self.all, "--out", target, "--force", timeout=60), 64, "--out",
                             target, "no regular file")
        self.assertEqual(self.left(), before)
        self.assertTrue(stat.S_ISFIFO(pipe.stat().st_mode))


class Timing(OutputsTest):
    """--timing, and bench --json."""

    def test_existing_file(self):
        old, out = self.old_file("old.json"), self.place / "out.h5"
        for ranks in (0, 3):
            self.refused(run(*VOTE, "--out", out, "--timing", old, ranks=ranks), 64, "--timing", old,
                         "exists", "--force")
            self.assertEqual((old.read_text(), self.left()), ("old", ["old.json"]))
        self.refused(run("bench", "stream", "--n", "10", "--json", old), 64, "--json", old, "exists")
        self.refused(run("bench", "evaluate", *VOTE[1:], "--timing", old), 64, "--timing", "exists")
        self.assertEqual(old.read_text(), "old")
        self.assertEqual(run(*VOTE, "--out", out, "--timing", old, "--force").code, 0)
        self.assertEqual(json.loads(old.read_text())["masks"], 16)
        self.assertEqual(run("bench", "stream", "--n", "10", "--json", old, "--force").code, 0)
        self.assertEqual(json.loads(old.read_text())["kind"], "stream")
        self.assertEqual(self.left(), ["old.json", "out.h5"])

    def test_data_set_as_target(self):
        (self.folder / "alias").symlink_to(self.place)
        for out, timing in (("x", "x"), ("x", "./x"), ("x", self.folder / "alias" / "x")):
            result = run(*VOTE, "--out", out, "--timing", timing, "--force", cwd=self.place)
            self.refused(result, 64, "--timing", "is --out too")
        self.assertEqual(self.left(), [])

    def test_inputs_as_targets(self):
        """What the run reads is not replaced, --force or not."""
        model, link = self.place / "model.onnx", self.place / "link"
        model.write_bytes((DATA / "wine_mlp.onnx").read_bytes())
        link.symlink_to(model)
        out = self.place / "out.h5"
        for options in (["--out", model], ["--out", link], ["--out", out, "--timing", link]):
            with self.subTest(options=options):
                self.refused(run(*WINE, "--model", model, *options, "--force"), 64, options[-2],
                             options[-1], "that this run reads")
        self.assertEqual(model.read_bytes(), (DATA / "wine_mlp.onnx").read_bytes())
        self.assertEqual(self.left(), ["link", "model.onnx"])

    def test_place_taken_meanwhile(self):
        """The data set is complete, the times are kept."""
        plugin = gate.compile_c(gate.SOURCE, self.folder / "gate.so")
        out, timing = self.place / "out.h5", self.place / "timing.json"
        first = Gate(self, plugin, out, "--timing", timing)
        timing.write_text("theirs")
        result = first.end()
        self.refused(result, 74, "--timing", timing, "is not replaced")
        left = result.errors()[0].split("is called ")[1]
        with open(left, encoding="ascii") as file:
            self.assertEqual(json.load(file)["masks"], 16)
        self.assertEqual(timing.read_text(), "theirs")
        self.assertEqual(run("show", out).code, 0)


class StandardOutput(OutputsTest):
    """Text that cannot be written ends any command with 74 and a message."""

    def commands(self):
        """A command of each kind that prints."""
        return [["--help"], ["--version"], ["show", "--help"], ["interactions", "--help"],
                ["show", self.set], ["show", self.set, "--json"], self.all,
                ["model", DATA / "wine_mlp.onnx"], [*VOTE, "--plan"],
                ["bench", "stream", "--n", "10"]]

    def ended(self, args, **how):
        """The result of a command whose standard output is given."""
        command = command_line(args)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=program.TIMEOUT, check=False, **how)
        return program.Result(command, done.returncode, "", done.stderr)

    def test_full_disk(self):
        for args in self.commands():
            with self.subTest(args=args), open("/dev/full", "wb") as full:
                self.refused(self.ended(args, stdout=full), 74, "standard output cannot be written")

    def test_closed_pipe(self):
        """The reader's end is closed before the first byte. (Python's children have SIGPIPE as it
        was for Python: here, as shells leave it.)"""
        for args in self.commands():
            reader, writer = os.pipe()
            os.close(reader)
            with self.subTest(args=args):
                result = self.ended(args, stdout=writer, preexec_fn=lambda: signal.signal(
                    signal.SIGPIPE, signal.SIG_DFL))
                self.refused(result, 74, "standard output", "pipe")
            os.close(writer)

    def test_closed_stream(self):
        """No file takes the descriptor of a closed stream, and with it what is printed."""
        out = self.place / "out.h5"
        for args in (["show", self.set], [*VOTE, "--out", out, "--values"]):
            with self.subTest(args=args):
                result = self.ended(args, preexec_fn=lambda: os.close(1))
                self.refused(result, 74, "standard output cannot be written")
        self.assertEqual(run("show", out, "--check").code, 0)


if __name__ == "__main__":
    program.main(workers=2)
