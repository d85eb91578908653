"""What the program does to files: nothing of anybody's is replaced unasked or destroyed, one run
writes a data set at a time, and what is written is there as a whole or not at all."""
import os
import pathlib
import random
import signal
import socket
import stat
import subprocess
import time

import h5py

import check_dataset
import gate
import program
from gate import V_FULL, Gate
from program import ProgramTest, command_line, run

VOTE = ["--closed-form", "majority:n=4"]
RACES = int(os.environ.get("HARSANYI_RACES", "4"))


class FilesTest(ProgramTest):
    """A folder for each test, and the game that stands still."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gate = gate.compile_c(gate.SOURCE, cls.folder / "gate.so")

    def setUp(self):
        self.place = self.folder / self.id().rsplit(".", maxsplit=1)[-1]
        self.place.mkdir()
        self.out = self.place / "out.h5"

    def start(self, *args, **how):
        """A run to self.out that stands still in the middle."""
        return Gate(self, self.gate, self.out, *args, **how)

    def left(self):
        """Names in the test's folder."""
        return sorted(os.listdir(self.place))

    def refused(self, result, code, *words):
        """One message with these words, and its exit code."""
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors()), 1, result)
        for word in words:
            self.assertIn(str(word), result.errors()[0])

    def assert_complete(self, path, v_full):
        """A whole data set of the game that has this v(N)."""
        self.assertEqual(list(check_dataset.faults(path)), [])
        with h5py.File(path, "r") as file:
            self.assertEqual(int(file.attrs["complete"]), 1)
            self.assertEqual(file["samples/v_full"][0], v_full)


class OneRun(FilesTest):
    """The unfinished file belongs to one run."""

    def test_second_run_is_refused(self):
        first = self.start()
        (self.folder / "alias").symlink_to(self.place)
        for ranks, out, force in ((0, self.out, []), (3, self.out, ["--force"]),
                                  (0, self.folder / "alias" / "out.h5", [])):
            with self.subTest(ranks=ranks, out=out):
                self.refused(run("interactions", *VOTE, "--out", out, *force, ranks=ranks), 74,
                             "--out", "out.h5", f"process {first.process.pid} on "
                             f"{socket.gethostname()} writes it since 20")
        result = first.end()
        self.assertEqual((result.code, result.errors(), result.warnings()), (0, [], []), result)
        self.assert_complete(self.out, V_FULL)
        self.assertEqual(self.left(), ["out.h5"])

    def test_remains_are_replaced(self):
        """A killed run's, with a word; the new file is another one."""
        first = self.start()
        first.kill()
        self.assertEqual(self.left(), ["out.h5.part", "out.h5.part.lock"])
        _, result = self.interactions(*VOTE, out=self.out, ranks=2)
        self.assertEqual(len(result.warnings()), 1, result)
        for word in (f"{self.out}.part", str(first.process.pid), "did not finish"):
            self.assertIn(word, result.warnings()[0])
        self.assert_complete(self.out, 1)
        self.assertEqual(self.left(), ["out.h5"])

    def test_own_file_in_place_of_remains(self):
        """The lock of a dead run does not speak for another file of that name."""
        self.start().kill()
        part = pathlib.Path(f"{self.out}.part")
        part.rename(self.place / "saved")
        part.write_text("mine")
        self.refused(run("interactions", *VOTE, "--out", self.out, "--force"), 64, part, "move it")
        self.assertEqual(part.read_text(), "mine")

    def test_own_files_in_the_way(self):
        """Of whatever kind: refused at once, untouched."""
        precious = self.write("precious", "mine")
        makers = {"text": lambda path: path.write_text("mine"), "empty": lambda path: path.touch(),
                  "link": lambda path: path.symlink_to(precious),
                  "dangling": lambda path: path.symlink_to("nowhere"), "pipe": os.mkfifo,
                  "folder": os.mkdir}
        for end in (".part", ".part.lock"):
            for kind, make in makers.items():
                if (end, kind) == (".part.lock", "empty"):
                    continue
                with self.subTest(end=end, kind=kind):
                    path = self.place / f"{kind}.h5{end}"
                    make(path)
                    before = path.lstat()
                    result = run("interactions", *VOTE, "--out", self.place / f"{kind}.h5",
                                 "--force", timeout=60)
                    self.refused(result, 74 if (end, kind) == (".part.lock", "folder") else 64,
                                 "--out", path)
                    self.assertEqual(self.left(), [path.name])
                    after = path.lstat()
                    self.assertEqual((after.st_ino, after.st_mode, after.st_mtime_ns),
                                     (before.st_ino, before.st_mode, before.st_mtime_ns))
                    self.assertEqual(precious.read_text(), "mine")
                    os.rmdir(path) if kind == "folder" else path.unlink()

    def test_part_taken_away(self):
        """A run whose unfinished file is another one now ends, and leaves that alone."""
        first = self.start(ranks=2)
        part = pathlib.Path(f"{self.out}.part")
        part.unlink()
        part.write_text("mine")
        self.refused(first.end(), 74, part, "replaced while the run went on")
        self.assertEqual(part.read_text(), "mine")
        self.assertEqual(self.left(), ["out.h5.part"])

    def test_races(self):
        """Runs that begin together: the file is one run's, whole; HARSANYI_RACES sets how many."""
        chance = random.Random(1)
        games = ["majority:n=4", "additive:n=5", "airport:n=6"]
        for race in range(RACES):
            out, force = self.place / f"{race}.h5", ["--force"] * (race % 2)
            processes = []
            for game in games:
                time.sleep(chance.uniform(0, 0.3))
                processes.append(subprocess.Popen(
                    command_line(["interactions", "--closed-form", game, "--out", out, *force]),
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True))
            ends = [process.communicate(timeout=240)[1] for process in processes]
            codes = [process.returncode for process in processes]
            with self.subTest(race=race, codes=codes, messages=ends):
                self.assertIn(0, codes)
                self.assertLessEqual(set(codes), {0, 64, 74})
                if not force:
                    self.assertEqual(codes.count(0), 1)
                self.assertEqual(list(check_dataset.faults(out)), [])
                with h5py.File(out, "r") as file:
                    played = file["run"].attrs["game"]
                winners = [game for game, code in zip(games, codes) if code == 0]
                self.assertTrue(any(game in str(played) for game in winners), played)
        self.assertEqual(self.left(), [f"{race}.h5" for race in range(RACES)])


class PlaceTaken(FilesTest):
    """What appears at the file's place while the run goes on."""

    def check_taken(self, first):
        """Theirs stays, the result is whole under the name that the message tells, and is not
        taken for remains."""
        theirs, part = self.out.lstat(), pathlib.Path(f"{self.out}.part")
        self.refused(first.end(), 74, "--out", self.out, "is not replaced", part)
        self.assert_complete(part, V_FULL)
        self.assertEqual(self.left(), ["out.h5", "out.h5.part"])
        self.assertEqual(self.out.lstat().st_ino, theirs.st_ino)
        self.out.rename(self.place / "theirs")
        result = run("interactions", *VOTE, "--out", self.out, "--force")
        self.refused(result, 64, part, "move it")
        self.assert_complete(part, V_FULL)

    def test_file_appears(self):
        first = self.start(ranks=2)
        self.out.write_text("theirs")
        self.check_taken(first)
        self.assertEqual((self.place / "theirs").read_text(), "theirs")

    def test_link_appears(self):
        first = self.start()
        self.out.symlink_to("nowhere")
        self.check_taken(first)
        self.assertEqual(os.readlink(self.place / "theirs"), "nowhere")

    def test_replaced_on_request(self):
        first = self.start("--force")
        self.out.write_text("theirs")
        self.assertEqual(first.end().code, 0)
        self.assert_complete(self.out, V_FULL)

    def test_folder_appears(self):
        first = self.start("--force")
        self.out.mkdir()
        self.refused(first.end(), 74, "is not replaced", f"{self.out}.part")
        self.assert_complete(pathlib.Path(f"{self.out}.part"), V_FULL)

    def test_links(self):
        """--force replaces what a link leads to; the unfinished file lies beside that."""
        inner = self.place / "inner"
        inner.mkdir()
        (inner / "old.h5").write_text("old")
        (inner / "old.h5").chmod(0o604)
        self.out.symlink_to("inner/old.h5")
        self.refused(run("interactions", *VOTE, "--out", self.out), 64, "exists", "--force")
        first = self.start("--force", ranks=2)
        self.assertTrue((inner / "old.h5.part").exists())
        self.assertEqual(first.end().code, 0)
        self.assertTrue(self.out.is_symlink())
        self.assert_complete(inner / "old.h5", V_FULL)
        self.assertEqual(stat.S_IMODE((inner / "old.h5").stat().st_mode), 0o604)
        self.assertEqual(os.listdir(inner), ["old.h5"])

    def test_links_to_nothing(self):
        for target in ("nowhere", "out.h5"):
            with self.subTest(target=target):
                self.out.symlink_to(target)
                self.refused(run("interactions", *VOTE, "--out", self.out, "--force"), 64, "--out",
                             "symbolic link")
                self.assertEqual(self.left(), ["out.h5"])
                self.out.unlink()

    def test_long_name(self):
        """One that leaves no room for that of the unfinished file is refused."""
        out = self.place / ("x" * 248 + ".h5")
        self.refused(run("interactions", *VOTE, "--out", out), 74, "--out", "File name too long")
        self.assertEqual(self.left(), [])


HIDING = """
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define HIDES(name) (getenv("HIDE") && strstr(getenv("HIDE"), name))
#define NEXT(result, name, ...) ((result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))
void *dlsym(void *, const char *);
#define RTLD_NEXT ((void *)-1l)
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  if (HIDES("renameat2")) { errno = EINVAL; return -1; }
  return NEXT(int, "renameat2", int, const char *, int, const char *, unsigned)(a, from, b, to,
                                                                                flags);
}
int link(const char *from, const char *to) {
  if (HIDES("link")) { errno = EPERM; return -1; }
  return NEXT(int, "link", const char *, const char *)(from, to);
}
int flock(int file, int operation) {
  if (HIDES("flock")) { errno = ENOLCK; return -1; }
  return NEXT(int, "flock", int, int)(file, operation);
}
"""


class FileSystems(FilesTest):
    """File systems that lack a call: it fails as there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hiding = gate.compile_c(HIDING, cls.folder / "hiding.so")

    def environment(self, *hidden):
        """Variables for a run that does without these calls."""
        return {**os.environ, "LD_PRELOAD": str(self.hiding), "HIDE": ",".join(hidden)}

    def test_naming(self):
        """Without renameat2 (NFS), and without hard links too (FAT)."""
        for hidden in (["renameat2"], ["renameat2", "link"]):
            with self.subTest(hidden=hidden):
                env = self.environment(*hidden)
                self.interactions(*VOTE, out=self.out, env=env)
                self.assert_complete(self.out, 1)
                self.assertEqual(self.left(), ["out.h5"])
                self.out.unlink()
                first = self.start(env=env)
                self.out.write_text("theirs")
                self.refused(first.end(), 74, "is not replaced", f"{self.out}.part")
                self.assertEqual(self.out.read_text(), "theirs")
                self.assert_complete(pathlib.Path(f"{self.out}.part"), V_FULL)
                for name in self.left():
                    (self.place / name).unlink()

    def test_no_locks(self):
        """The first that makes the lock's file has it; a dead run's is removed by hand."""
        env = self.environment("flock")
        self.interactions(*VOTE, out=self.out, env=env)
        self.assertEqual(self.left(), ["out.h5"])
        first = self.start("--force", env=env)
        first.kill()
        lock = pathlib.Path(f"{self.out}.part.lock")
        self.refused(run("interactions", *VOTE, "--out", self.out, "--force", env=env), 74,
                     f"process {first.process.pid} on", "knows no locks", f"remove {lock}")
        self.assert_complete(self.out, 1)


class Signals(FilesTest):
    """A signal that ends a run leaves no unfinished file, unless there is a checkpoint."""

    def test_hang_up(self):
        for number in (signal.SIGHUP, signal.SIGXCPU):
            with self.subTest(signal=number.name):
                # The tests may be running under nohup themselves.
                first = self.start("--checkpoint-every", "0",
                                   preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
                first.process.send_signal(number)
                self.refused(first.end(), 75, "stopped")
                self.assertEqual(self.left(), [])

    def test_nohup(self):
        """A run that is to outlive its terminal does."""
        first = self.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        first.process.send_signal(signal.SIGHUP)
        self.assertEqual(first.end().code, 0)
        self.assert_complete(self.out, V_FULL)


if __name__ == "__main__":
    program.main(workers=2)
