"""Runs of a scaling study: started, verified, and only then a row of figures."""
import datetime
import json
import os
import pathlib
import shlex
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIGITS = ["--model", f"{ROOT}/data/digits_cnn.onnx", "--samples",
          f"{ROOT}/data/digits_images.npy", "--select", "0", "--players", "grid:8x8", "--subset",
          "random:{n}:1"]
PLANTED = ["--closed-form", "and-or:n={n}"]
# What is measured: its command, the game if none is given, the phase that the study is about.
PARTS = {
    "evaluate": (["bench", "lattice"], DIGITS, "evaluate"),
    "transform": (["bench", "lattice"], PLANTED, "transform"),
    "split": (["bench", "fit", "--fit-iterations", "200"], DIGITS, "fit"),
    "run": (["interactions", "--types", "and,or"], PLANTED, "work"),
}


class Failure(Exception):
    """A run that failed, or whose result is not what it must be: no row."""


class Launcher:
    """How a program is started on so many ranks: a template such as 'srun --ntasks={ranks}'."""

    def __init__(self, program, template="mpirun -n {ranks}", timeout=3600):
        self.program, self.template, self.timeout = str(program), template, timeout
        if "{ranks}" not in template:
            raise Failure(f"--launcher '{template}': it must have {{ranks}}")

    def run(self, ranks, arguments):
        """Standard output; 1 rank goes by the launcher, too, for the same binding."""
        command = [*shlex.split(self.template.format(ranks=ranks)), self.program,
                   *map(str, arguments)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=self.timeout,
                                  check=False)
        except FileNotFoundError as error:
            raise Failure(f"{command[0]}: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise Failure(f"no end after {self.timeout} s: {shlex.join(command)}") from error
        if done.returncode != 0:
            raise Failure(f"exit code {done.returncode}: {shlex.join(command)}\n"
                          f"{done.stderr.strip()}")
        return done.stdout

    def figures(self, ranks, arguments, option):
        """What the command writes as JSON for `option`."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "figures.json")
            self.run(ranks, [*arguments, option, path])
            try:
                return json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise Failure(f"{shlex.join(map(str, arguments))}: {error}") from error


def cores():
    """Of this machine, that this process may use."""
    return len(os.sched_getaffinity(0))


def bench_row(figures, phases):
    """Seconds, volumes and checksums of harsanyi bench."""
    seconds = {phase: {"least": figures[f"{phase} [s]"],
                       "most": figures[f"{phase}, longest repeat [s]"],
                       "fastest": figures[f"{phase}, fastest rank [s]"]} for phase in phases}
    row = {"seconds": seconds, "bytes_written": 0,
           "checksums": {name: figures[name] for name in figures if name.startswith("checksum")}}
    for name, key in (("chunk", "chunk [bytes]"), ("steps", "steps []"),
                      ("bytes_sent", "sent by a rank, an exchange [bytes]"),
                      ("messages", "messages of a rank, an exchange []")):
        if key in figures:
            row[name] = int(figures[key])
    return row


def run_row(repeats):
    """The same of `harsanyi interactions --timing`, several times; of the shortest of them."""
    def work(one):
        """All but what the study itself asks for."""
        return one["total"] - one["verify"] - one["checksums"]

    shortest = min(repeats, key=work)
    seconds = {"work": {"least": work(shortest), "fastest": work(shortest),
                        "most": max(map(work, repeats))}}
    for task, figures in shortest["tasks"].items():
        seconds[task] = {"least": figures["seconds_max"], "fastest": figures["seconds_min"],
                         "most": max(one["tasks"][task]["seconds_max"] for one in repeats)}
    exchange = shortest["tasks"]["transform"]
    count = max(exchange["exchanges"], 1)
    return {"seconds": seconds, "chunk": shortest["chunk"],
            "bytes_sent": exchange["bytes_sent_max"] // count,
            "messages": exchange["messages_max"] // count,
            "bytes_written": sum(t["bytes_written"] for t in shortest["tasks"].values()),
            "checksums": {"checksum": {one["checksum"] for one in repeats}}}


class Study:
    """Rows of one part: the command, its game and options."""

    def __init__(self, launcher, part, game=None, options=(), repeat=3, cores_per_node=None):
        self.launcher, self.part, self.repeat = launcher, part, repeat
        self.command, default, self.phase = PARTS[part]
        self.game, self.options = list(game or default), list(options)
        self.cores_per_node = cores_per_node or cores()
        self.reference = {}  # n: checksums of the first run

    def arguments(self, n):
        return [*self.command, *(text.replace("{n}", str(n)) for text in self.game), *self.options]

    def measure(self, n, ranks, repeat):
        """One row, whose own checks the command has made."""
        if self.part == "run":
            # Every dividend against its known value, where there is one.
            arguments = self.arguments(n) + ["--verify"] * ("--closed-form" in self.game)
            repeats = []
            with tempfile.TemporaryDirectory() as folder:
                for _ in range(repeat):
                    out = ["--out", pathlib.Path(folder, "run.h5"), "--force", "--quiet"]
                    repeats.append(self.launcher.figures(ranks, arguments + out, "--timing"))
            row, figures = run_row(repeats), repeats[0]
            sums = row["checksums"]["checksum"]
            if len(sums) != 1:
                raise Failure(f"n = {n}, {ranks} ranks: checksums {', '.join(sorted(sums))} of the "
                              "same run")
            row["checksums"]["checksum"] = sums.pop()
        else:
            figures = self.launcher.figures(ranks, [*self.arguments(n), "--repeat", repeat],
                                            "--timing")
            phases = ["fit"] if self.part == "split" else ["evaluate", "transform"]
            row = bench_row(figures, phases)
        if figures["n"] != n or figures["ranks"] != ranks:
            raise Failure(f"asked for n = {n} on {ranks} ranks, got n = {figures['n']} on "
                          f"{figures['ranks']}: does the game have {{n}}?")
        own = "command's own checks"
        if self.game[0] == "--closed-form" and self.part != "split":
            own = "known dividends"
        return {**{name: figures[name] for name in ("version", "git", "hosts")}, **row,
                "verified": [own]}

    def refer(self, n, ranks):
        """A run whose checksums others have to have; no row."""
        self.reference[n] = (ranks, self.measure(n, ranks, 1)["checksums"])

    def row(self, study, n, ranks):
        """A verified row."""
        load = os.getloadavg()[0]
        row = self.measure(n, ranks, self.repeat)
        crowded = ranks > self.cores_per_node * len(row["hosts"].split(","))
        known = self.reference.setdefault(n, (ranks, row["checksums"]))
        if row["checksums"] != known[1]:
            raise Failure(f"{self.part}, n = {n}: {ranks} ranks have {row['checksums']}, {known[0]} "
                          f"have {known[1]}")
        if known[0] != ranks:
            row["verified"].append(f"checksum of {known[0]} rank{'s' * (known[0] > 1)}")
        return {"study": study, "part": self.part, "phase": self.phase, "n": n, "ranks": ranks,
                "oversubscribed": crowded, "cores_per_node": self.cores_per_node,
                "time": datetime.datetime.now(datetime.timezone.utc).isoformat("T", "seconds"),
                "load": round(load, 2), "launcher": self.launcher.template.replace(f"{ROOT}/", ""),
                "command": shlex.join(str(text).replace(f"{ROOT}/", "")
                                      for text in self.arguments(n)), **row}


def sizes(study, numbers, ranks):
    """(n, ranks) in the order in which they are run."""
    ranks = sorted(set(ranks))
    if study == "strong":
        return [(n, count) for n in numbers for count in ranks]
    if any(count & (count - 1) for count in ranks):
        raise Failure("weak scaling doubles the ranks with each player: powers of two alone")
    return [(n + count.bit_length() - 1, count) for n in numbers for count in ranks]


def read_rows(paths):
    """The last row of each size, of files with a row in each line."""
    rows = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    row = json.loads(line)
                    key = tuple(row[name] for name in ("study", "part", "n", "ranks", "command"))
                except (ValueError, KeyError, TypeError) as error:
                    raise Failure(f"{path}:{number}: no row of a study ({error})") from error
                rows[key] = row
    return list(rows.values())
