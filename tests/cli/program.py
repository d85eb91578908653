"""Runs the program under test, alone or under mpirun, and looks at what it left behind.

The environment says what is tested: HARSANYI_PROGRAM (the executable), HARSANYI_DATA (the bundled
data), HARSANYI_PLUGIN (the plug-in example), HARSANYI_RUN_ROWS (its commands within one mpirun);
ctest sets all four.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback
import unittest
from dataclasses import dataclass

import h5py
import numpy as np

PROGRAM = os.environ.get("HARSANYI_PROGRAM", "")
DATA = pathlib.Path(os.environ.get("HARSANYI_DATA", ""))
PLUGIN = os.environ.get("HARSANYI_PLUGIN", "")
RUN_ROWS = os.environ.get("HARSANYI_RUN_ROWS", "")
TIMEOUT = 240

# OpenBLAS and MPI keep memory until the end; leaks of our own are what the unit tests count.
os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0")


@dataclass
class Result:
    """How a run ended."""
    command: list
    code: int
    out: str
    err: str

    def errors(self):
        """The error messages on stderr."""
        return [line for line in self.err.splitlines() if line.startswith("harsanyi: error:")]

    def warnings(self):
        """The warnings on stderr."""
        return [line for line in self.err.splitlines() if line.startswith("harsanyi: warning:")]

    def __str__(self):
        return (f"{' '.join(self.command)}\nexit code {self.code}\n--- stdout\n{self.out}"
                f"--- stderr\n{self.err}")


def command_line(args, ranks=0, program=PROGRAM):
    """The program alone (ranks 0) or under mpirun."""
    launcher = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks else []
    return launcher + [program] + [str(arg) for arg in args]


def run(*args, ranks=0, timeout=TIMEOUT, program=PROGRAM, **popen):
    """Run the program; a run that hangs is killed with its ranks and fails the test."""
    command = command_line(args, ranks, program)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, errors="replace", **popen) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                out, err = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
            raise AssertionError(f"no end within {timeout} s\n"
                                 f"{Result(command, process.returncode, out, err)}") from None
    return Result(command, process.returncode, out, err)


def run_rows(folder, rows, ranks):
    """Run command lines one after another, all within one mpirun. Returns how mpirun ended, and for
    each row the set of the ranks' exit codes, ranks that did not free memory, and the message."""
    lines, found = folder / "rows.txt", folder / "results.txt"
    lines.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    result = run(lines, found, ranks=ranks, program=RUN_ROWS, timeout=4 * TIMEOUT)
    ends = [text.split("\t", 3) for text in found.read_text().split("\0")[:-1]]
    return result, [({int(least), int(most)}, int(leaks), message)
                    for least, most, leaks, message in ends]


def shared(name, test):
    """A folder of outside data, or a test skipped for the lack of it."""
    folder = os.environ.get(name, "")
    if not folder or not os.path.isdir(folder):
        test.skipTest(f"{name} is not set to a folder")
    return pathlib.Path(folder)


def datasets_of(path):
    """{path in the file: array} of all data sets, and {(object, attribute): value}, /run left out.
    """
    arrays, attributes = {}, {}

    def visit(name, item):
        if name == "run" or name.startswith("run/"):
            return
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()]
        for key, value in item.attrs.items():
            # Links between an array and its dimension scales are addresses within the file.
            if key not in ("DIMENSION_LIST", "REFERENCE_LIST"):
                attributes[name, key] = value

    with h5py.File(path, "r") as file:
        attributes.update({("/", key): value for key, value in file.attrs.items()})
        file.visititems(visit)
    return arrays, attributes


def run_attributes(path):
    """The attributes of /run."""
    with h5py.File(path, "r") as file:
        return dict(file["run"].attrs)


def system_with(folder, mebibytes):
    """An environment in which the program finds itself in a job of Slurm with so much memory."""
    root = pathlib.Path(folder) / f"system-{mebibytes}"
    files = {"proc/meminfo": "MemAvailable: 64000000 kB\n",
             "proc/self/cgroup": "0::/slurm/job_7/step_0/task_1\n",
             "proc/self/mountinfo": "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
             "sys/fs/cgroup/slurm/job_7/memory.max": f"{mebibytes * 2**20}\n",
             "sys/fs/cgroup/slurm/job_7/memory.current": "0\n",
             "sys/fs/cgroup/slurm/job_7/step_0/task_1/memory.max": "max\n",
             "sys/fs/cgroup/slurm/job_7/step_0/task_1/memory.current": "0\n"}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return {**os.environ, "HARSANYI_SYSTEM": str(root)}


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own."""
    longMessage = True

    @classmethod
    def setUpClass(cls):
        if not os.access(PROGRAM, os.X_OK):
            raise RuntimeError("HARSANYI_PROGRAM names no executable; run this test by ctest")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="harsanyi-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.outputs = 0

    @classmethod
    def output(cls):
        """A path for a data set that does not exist yet."""
        cls.outputs += 1
        return cls.folder / f"out-{cls.outputs}.h5"

    @classmethod
    def save(cls, name, array):
        """Store an array as .npy."""
        path = cls.folder / name
        np.save(path, np.asarray(array))
        return path

    @classmethod
    def write(cls, name, content):
        """Store bytes or text."""
        path = cls.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def mounted(self, name, options):
        """A file system of its own, gone after the test; skipped where that is not allowed."""
        place = self.folder / name
        place.mkdir()
        mount = shutil.which("mount")
        if os.geteuid() != 0 or not mount or subprocess.run(
                [mount, "-t", "tmpfs", "-o", options, "harsanyi-test", place],
                stderr=subprocess.DEVNULL, check=False).returncode:
            self.skipTest("no right to mount a file system")
        self.addCleanup(subprocess.run, ["umount", place], check=True)
        return place

    def interactions(self, *args, ranks=0, out=None, **popen):
        """A run that must succeed; returns the data set's path and the result."""
        out = out or self.output()
        result = run("interactions", *args, "--out", out, ranks=ranks, **popen)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(result.errors(), [], result)
        self.assertTrue(out.exists(), result)
        self.assertFalse(pathlib.Path(f"{out}.part").exists(), result)
        return out, result


def names_of(suite):
    """Names of all tests, as the command line takes them."""
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from names_of(item)
        else:
            yield item.id().split(".", 1)[1]


def run_in_parts(workers):
    """Deal the tests to several processes; what they say is shown once all are done. Forks, because
    to load NumPy and h5py takes longer than many tests."""
    names = list(names_of(unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules["__main__"])))
    parts = []
    for i in range(min(workers, len(names))):
        said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        child = os.fork()
        if child == 0:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            code = 1
            try:
                code = run_tests(names[i::workers])
            except BaseException:  # whatever it is, this process is not the one that asked
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        parts.append((child, said))
    codes = {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child, _ in parts}
    for _, said in parts:
        said.seek(0)
        print(said.read(), end="")
        said.close()
    return 0 if codes <= {0, 77} and 0 in codes else 77 if codes == {77} else 1


def run_tests(arguments):
    """Run tests of the calling script: 0 where all is well, 77 where all are skipped, else 1."""
    ran = unittest.main(argv=[sys.argv[0], *arguments], exit=False).result
    for test, reason in ran.skipped:
        print(f"SKIPPED {test.id()}: {reason}", file=sys.stderr)
    if not ran.wasSuccessful():
        return 1
    return 77 if ran.testsRun == len(ran.skipped) else 0


def main(workers=1):
    """Run the tests of the calling script: quiet where all is well, 77 where all are skipped.
    workers: in so many processes, where no test is named: runs mostly wait for MPI to start."""
    if workers > 1 and len(sys.argv) == 1:
        sys.exit(run_in_parts(workers))
    sys.exit(run_tests(sys.argv[1:]))
