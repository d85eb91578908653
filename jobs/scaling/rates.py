"""The rates of a machine that the model (model.py) is given, each measured once."""
import datetime
import pathlib
import platform
import tempfile

from measure import DIGITS, PARTS, Failure, cores
from model import Partition, fit_link


def processor():
    """What the system calls it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file
                     if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def fill(options, n):
    return [text.replace("{n}", str(n)) for text in options]


def bench(launcher, ranks, *arguments):
    return launcher.figures(ranks, ["bench", *arguments], "--json")


def link_points(launcher, ranks, numbers, chunks, repeat=3):
    """[{n, chunk, messages, bytes, seconds}] of exchanges with other ranks by messages: what is
    left of an exchange without a rank's own tiles."""
    points = []
    for n in numbers:
        for chunk in chunks:
            part = Partition(n, ranks, chunk=chunk)
            figures = bench(launcher, ranks, "exchange", "--n", n, "--chunk", chunk, "--shm", "off",
                            "--repeat", repeat)
            own = figures["of it own tiles, swapped in place [s]"]
            seconds = figures["exchange [s]"] - own
            if seconds <= 0:
                raise Failure(f"n = {n}: own tiles took longer than the exchange they are part of")
            points.append({"n": n, "ranks": ranks, "chunk": part.used_chunk,
                           "messages": part.messages(), "bytes": part.volume(), "seconds": seconds,
                           "own": own})
    return points


def measure(launcher, n=26, evaluated=20, fitted=16, chunks=(1 << 16, 1 << 18, 1 << 20, 8 << 20)):
    """All of them, as Machine.load takes them, with what they were made of."""
    here = cores()
    while here & (here - 1):  # `bench exchange` wants equal shares
        here &= here - 1
    stream = bench(launcher, here, "stream", "--n", n)
    butterflies = bench(launcher, 1, "transform", "--n", n)
    masks = launcher.figures(1, ["bench", "lattice", *fill(DIGITS, evaluated), "--repeat", "3"],
                             "--timing")
    fit = launcher.figures(1, [*PARTS["split"][0], *fill(DIGITS, fitted), "--repeat", "3"],
                           "--timing")
    lattice = 8 << n
    step = (fit["a step [ms]"] - fit["rotations of a step alone (limit) [ms]"]) / 1e3
    machine = {
        "name": masks["hosts"], "processor": processor(),
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat("T", "seconds"),
        "version": masks["version"], "git": masks["git"], "node_ranks": here,
        "masks": (1 << evaluated) / masks["evaluate [s]"],
        "core": lattice / butterflies["Moebius, blocked [s]"],
        "memory": stream["read and written, all ranks [GB/s]"] * 1e9,
        "stream": (8 << fitted) / max(step, 1e-9)}
    machine.update(exchange(launcher, here, n, chunks))
    machine.update(files(launcher, n - 2))
    return machine


def exchange(launcher, here, n, chunks):
    """Own tiles, tiles swapped through memory, and messages."""
    if here == 1:  # nothing to swap with
        figures = bench(launcher, 1, "exchange", "--n", n)
        own = (8 << n) / figures["of it own tiles, swapped in place [s]"]
        return {"own": own, "shared": own, "alpha": 0.0, "beta": 0.0, "link": []}
    part = Partition(n, here)
    figures = bench(launcher, here, "exchange", "--n", n)
    own = figures["of it own tiles, swapped in place [s]"]
    points = link_points(launcher, here, [n - 2], chunks)
    alpha, beta = fit_link([(p["messages"], p["bytes"], p["seconds"]) for p in points])
    return {"own": part.busiest**2 * part.tile * here / own,
            "shared": part.volume() * here / max(figures["exchange [s]"] - own, 1e-9),
            "alpha": alpha, "beta": beta, "link": points}


def files(launcher, n):
    """Reductions of two lattices, v and AND, and one of them written to a file."""
    with tempfile.TemporaryDirectory() as folder:
        figures = launcher.figures(1, [
            "interactions", "--closed-form", f"and-or:n={n}", "--keep", "all", "--quiet", "--out",
            pathlib.Path(folder, "run.h5")], "--timing")
    tasks = figures["tasks"]
    return {"reduce": 2 * (8 << n) / max(tasks["reduce"]["seconds_max"], 1e-9),
            "write": sum(t["bytes_written"] for t in tasks.values()) /
            max(tasks["write"]["seconds_max"], 1e-9)}
