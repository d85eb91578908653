"""Kills of runs: of one process at each place in turn (kills.c), and under mpirun of one rank, of
mpirun, of all at once. After each kill nothing stands under the final name that is not complete,
nobody goes on, a checkpoint that was kept opens, and the same command with --resume, on another
number of ranks, ends with the bits of the undisturbed run. What was tried is counted in the last
lines.

HARSANYI_FAULT_CASES=m tries m passings of each place, 0 all of them. HARSANYI_FAULT_KILLS is the
program of kills.c."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "cli"))
import program  # noqa: E402
import h5py  # noqa: E402
import processes  # noqa: E402

CASES = os.environ.get("HARSANYI_FAULT_CASES")
WORKERS = 4
SECONDS = 300  # within which all must have ended: a hang is longer, however slow the machine is
RUNS = (
    ["--closed-form", "and-or:n=9,terms=6,seed=1", "--types", "and,or", "--values", "--chunk", "4K",
     "--shm", "off", "--keep", "all"],
    ["--closed-form", "random:n=8,seed=2", "--types", "and-or", "--noise", "0.02", "--threshold",
     "global:0.1", "--fit-iterations", "20", "--keep", "top:5"],
)
SIZES = ((0, 2), (1, 3))  # which of these runs, and on how many ranks
# Places of src/base/fault.h. Only rank 0 makes the file.
OF_FIRST = ("alloc", "hdf5", "write", "slice", "exchange", "claim", "build", "flush", "extend",
            "seal", "rename")
OF_LAST = ("alloc", "hdf5", "write", "slice", "exchange")
OF_OTHERS = (("slice", -1), ("exchange", -1), ("hdf5", 0), ("flush", 0), ("seal", 0), ("rename", 0))
WHO = {"rank": "one rank of several", "mpirun": "mpirun", "all": "mpirun and all ranks"}
LEAST = 1000  # kills in all, where the environment does not say how many

class Wrong(Exception):
    """What should not be after a kill."""


def results(path):
    """All that a file holds but /run, to be compared."""
    arrays, attributes = program.datasets_of(path)
    return ({name: (array.dtype.str, array.shape, array.tobytes() if array.dtype != object else
                    array.tolist()) for name, array in arrays.items()},
            {key: str(value) for key, value in attributes.items()})


def start(options, out, ranks, variable=None, where=""):
    """Begin a run, with an accident."""
    environment = {**os.environ, **({variable: where} if variable else {})}
    command = ["interactions", *options, "--checkpoint-every", "1e-9", "--out", out, "--quiet"]
    return subprocess.Popen(program.command_line(command, ranks), env=environment,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)


def end(process):
    """How a run ends, and what it says."""
    try:
        said = process.communicate(timeout=SECONDS)[1]
    except subprocess.TimeoutExpired:
        for number in processes.below(process.pid):
            os.kill(number, signal.SIGKILL)
        raise Wrong(f"no end within {SECONDS} s") from None
    return process.returncode, said


def kill_one(options, out, ranks, where):
    """A rank kills itself. False: it has not come to that place."""
    process = start(options, out, ranks, "HARSANYI_KILL", where)
    code, said = end(process)
    if code not in (0, 128 + signal.SIGKILL):
        raise Wrong(f"exit code {code}: {said}")
    return code != 0


def kill_others(options, out, ranks, where, everybody):
    """mpirun is killed, or all are, while a rank stands at a place."""
    process = start(options, out, ranks, "HARSANYI_PAUSE", where)
    paused = processes.wait_for_pause(process)
    if paused is None:
        code, said = end(process)
        if code:
            raise Wrong(f"exit code {code}: {said}")
        return False
    numbers = processes.below(process.pid)
    for number in numbers if everybody else [process.pid]:
        os.kill(number, signal.SIGKILL)
    if not everybody:
        os.kill(paused, signal.SIGCONT)
    left = processes.wait_for_end(numbers, SECONDS)
    for number in left:
        os.kill(number, signal.SIGKILL)
    process.communicate()
    if left:
        raise Wrong(f"{len(left)} processes go on")
    return True


def check(options, out, again, wanted):
    """What a kill has left, and what the same command makes of it. Was the file complete, was there
    a checkpoint?"""
    checkpoint = pathlib.Path(f"{out}.checkpoint")
    allowed = {out.name, f"{out.name}.part", f"{out.name}.part.lock", checkpoint.name}
    left = set(os.listdir(out.parent))
    if not left <= allowed:
        raise Wrong(f"left: {left - allowed}")
    complete, kept = out.exists(), (checkpoint / "identity").exists()
    if complete and results(out) != wanted:
        raise Wrong("under the final name is something else than the whole result")
    for path in checkpoint.glob("*.h5"):
        h5py.File(path, "r").close()
    code, said = end(start([*options, "--resume"], out, again))
    if code:
        raise Wrong(f"--resume: exit code {code}: {said}")
    if results(out) != wanted or os.listdir(out.parent) != [out.name]:
        raise Wrong("--resume: another result, or something is left")
    return complete, kept


class Kills:
    """All kills of one run on so many ranks."""

    def __init__(self, folder, number, ranks):
        self.folder, self.ranks, self.options = folder, ranks, RUNS[number]
        self.name = f"{number}-{ranks}"
        out = self.place("undisturbed")
        code, said = end(start(self.options, out, 0))
        if code:
            raise Wrong(f"undisturbed: exit code {code}: {said}")
        self.wanted = results(out)

    def place(self, name):
        """A folder for one case."""
        folder = self.folder / f"{self.name}-{name}".replace(":", "-")
        folder.mkdir()
        return folder / "out.h5"

    def case(self, who, where):
        """One kill: (who, was there one, was the file complete, a checkpoint, what is wrong)."""
        out = self.place(f"{who}-{where}")
        try:
            if who == "rank":
                killed = kill_one(self.options, out, self.ranks, where)
            else:
                killed = kill_others(self.options, out, self.ranks, where, who == "all")
            # Now and then on several ranks, which is dearer.
            again = 5 - self.ranks if where.endswith(":4") else 0
            left = check(self.options, out, again, self.wanted) if killed else (False, False)
            return who, killed, *left, None
        except (Wrong, AssertionError, OSError) as error:
            return who, True, False, False, (f"{self.ranks} ranks, {who}, {where}: {error}: "
                                             f"{' '.join(self.options)}")
        finally:
            shutil.rmtree(out.parent)

    def series(self, who, rank, place):
        """Kills at a place's passings until the run does not come so far: at all of them, at the
        first so many, or at some with growing distances."""
        found, k = [], 1
        most = int(CASES) if CASES else 0
        while not most or len(found) < most:
            found.append(self.case(who, f"{rank}:{place}:{k}"))
            if not found[-1][1]:
                break
            k = k + 1 if CASES else 2 * k
        return found


def main():
    """0 where all is as it should be."""
    alone = subprocess.run([os.environ["HARSANYI_FAULT_KILLS"]], stdout=subprocess.PIPE, text=True,
                           check=False)
    print(alone.stdout, end="", flush=True)
    total = int(re.search(r"^(\d+) kills of one process", alone.stdout, re.M)[1])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="harsanyi-kills-"))
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as workers:
        waiting = []
        for number, ranks in SIZES:
            kills = Kills(folder, number, ranks)
            waiting += [workers.submit(kills.series, who, rank % ranks, place)
                        for who, rank, place in
                        [("rank", 0, place) for place in OF_FIRST] +
                        [("rank", -1, place) for place in OF_LAST] +
                        [(who, rank, place) for who in ("mpirun", "all")
                         for place, rank in OF_OTHERS]]
        found = [case for series in waiting for case in series.result()]
    shutil.rmtree(folder)
    kills = [case for case in found if case[1]]
    wrong = [case[4] for case in kills if case[4]]
    for text in wrong:
        print("WRONG:", text)
    for who in ("rank", "mpirun", "all"):
        of_them = [case for case in kills if case[0] == who]
        complete, kept = (sum(case[i] for case in of_them) for i in (2, 3))
        print(f"{len(of_them)} kills of {WHO[who]}: {complete} left a complete file under the "
              f"final name, the others none; {kept} left a checkpoint; "
              f"{sum(not case[4] for case in of_them)} resumed with equal bits")
    total += len(kills)
    print(f"{total} kills in all")
    enough = CASES is not None or total >= LEAST
    return 1 if alone.returncode or wrong or not enough else 0


if __name__ == "__main__":
    sys.exit(main())
