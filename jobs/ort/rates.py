"""Rates of harsanyi and of ONNX Runtime on one core, for the scripts that set them side by side."""
import dataclasses
import json
import os
import pathlib
import subprocess

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
    """ONNX Runtime: images per second at the best batch; outputs of the samples of `feeds`."""
    rate: float
    batch: int
    values: list


def masks(program, options, folder):
    """`harsanyi bench evaluate` on one rank. Where tables would not help, there is one rate."""
    out = pathlib.Path(folder) / "masks.json"
    subprocess.run([program, "bench", "evaluate", *options, "--timing", out], check=True,
                   stdout=subprocess.DEVNULL)
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
    subprocess.run([HERE / "bench_ort.sh", model], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, **environment})
    result = json.loads((settings["JSON"] / f"{name}.json").read_text(encoding="utf-8"))
    return Images(result["best"]["images_per_second"], result["best"]["batch"],
                  result.get("values", []))
