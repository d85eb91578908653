"""Rates of harsanyi and of ONNX Runtime on one core, for the scripts that set them side by side."""
import dataclasses
import functools
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Masks:
    """harsanyi: masks per second, multiply-adds per mask, milliseconds to load the network."""
    players: int
    full: float
    tables: float
    work: float
    table_work: float
    load: float


@dataclasses.dataclass
class Images:
    """ONNX Runtime: images per second by batch size; outputs of the samples of `feeds`."""
    rates: dict
    values: list


class Rounds:
    """A peer's rates by batch size, a round after the other, beside ours of the same rounds.

    A machine's speed changes by a third within seconds. Turns a few seconds apart see more or less
    the same machine, so ratios are medians over rounds of the ratios within a round, and not the
    quotients of the medians. Batch sizes go on as long as a slow turn may have been to blame; the
    first round, which has them all and takes longest, is left out of ratios where there are more.
    """

    def __init__(self, batches):
        self.batches, self.rates = batches, []

    def add(self, rates):
        """{batch: rate} of a round for `batches`."""
        self.rates.append(rates)
        best = max(self.median(batch) for batch in rates)
        self.batches = [batch for batch in rates if self.median(batch) > 0.7 * best]

    def fitting(self, most):
        """The batch sizes that go on, up to `most`; the smallest, if it alone is larger."""
        return [batch for batch in self.batches if batch <= most] or self.batches[:1]

    @property
    def batch(self):
        """The best batch size."""
        return max(self.batches, key=self.median)

    def median(self, batch):
        """Of the rates of all rounds."""
        return statistics.median(rates[batch] for rates in self.rates)

    @property
    def rate(self):
        """At the best batch size."""
        return self.median(self.batch)

    def ratio(self, ours):
        """Ours to the peer's; `ours` are rates, one of each round."""
        ratios = [own / theirs[self.batch]
                  for own, theirs in zip(ours, self.rates, strict=True)]
        return statistics.median(ratios[1:] or ratios)


def masks(program, options, seconds, folder):
    """`harsanyi bench evaluate` on one rank. Where tables would not help, there is one rate."""
    out = pathlib.Path(folder) / "masks.json"
    subprocess.run([program, "bench", "evaluate", *options, "--timing", out, "--force"],
                   check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "HARSANYI_BENCH_SECONDS": str(seconds)})
    figures = json.loads(out.read_text(encoding="utf-8"))
    tables = figures["masks, one rank [per second]"]
    return Masks(players=figures["n"], tables=tables,
                 full=figures.get("masks by full passes, one rank [per second]", tables),
                 work=figures["multiply-adds per mask, full passes []"],
                 table_work=figures["multiply-adds per mask, with tables []"],
                 load=figures["load of the network's file [ms]"])


def can_run_onnx_runtime():
    """Whether ONNX Runtime is there or could be installed; stderr says what is missing."""
    return subprocess.run([HERE / "bench_ort.sh", "--install"], check=False).returncode == 0


@functools.cache
def tell(message):
    """Once, not in every round."""
    if message:
        print(message, end="", file=sys.stderr)


def images(model, name, batches, seconds, folder, length=1, feeds=None):
    """ONNX Runtime over batch sizes. `feeds` are samples as bench.mjs wants them."""
    folder = pathlib.Path(folder)
    settings = {"JSON": folder / "ort", "PROCESSES": 1, "SECONDS": seconds, "LENGTH": length,
                "BATCHES": ",".join(map(str, batches))}
    if feeds:
        settings["FEEDS"] = folder / "feeds"
        settings["FEEDS"].mkdir(exist_ok=True)
        (settings["FEEDS"] / f"{name}.json").write_text(json.dumps(feeds), encoding="utf-8")
    environment = {f"ORT_{key}": str(value) for key, value in settings.items()}
    done = subprocess.run([HERE / "bench_ort.sh", model], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=False,
                          env={**os.environ, **environment})
    tell(done.stderr)
    done.check_returncode()
    result = json.loads((settings["JSON"] / f"{name}.json").read_text(encoding="utf-8"))
    return Images({point["batch"]: point["images_per_second"] for point in result["points"]},
                  result.get("values", []))
