#!/usr/bin/python3
"""Scaling studies: times of verified runs over ranks and players, beside a model of them.

    scaling.py strong|weak evaluate|transform|split|run [options] [-- GAME AND OPTIONS]
        appends a line of JSON for each run to --out; strong: every n on all numbers of ranks;
        weak: n players on one rank, one more with each doubling
    scaling.py rates --out machine.json       measures what the model wants to know of a machine
    scaling.py link --out link.jsonl          exchanges by messages of several sizes
    scaling.py plot ROWS.jsonl ... --machine machine.json --out FOLDER
    scaling.py tables ROWS.jsonl ... --machine machine.json
    scaling.py predict --machine machine.json [--node-ranks 64 ...]

A game is options of `harsanyi interactions`, with {n} for the number of players. A launcher is a
template: --launcher 'srun --ntasks={ranks} --cpus-per-task=1'. Needs python3-matplotlib to plot.
"""
import argparse
import dataclasses
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import measure  # noqa: E402
import rates  # noqa: E402
import tables  # noqa: E402
from model import Machine, fit_link  # noqa: E402
from whole_file import whole_file  # noqa: E402

NUMBERS = {"evaluate": [20], "transform": [24], "split": [16], "run": [24]}


def numbers(text):
    """'20,22' or '1,2,4'."""
    try:
        values = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}': numbers, with commas between them") from error
    if min(values) < 1:
        raise argparse.ArgumentTypeError(f"'{text}': numbers from 1 on")
    return values


def write(path, text):
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


def run_study(options, launcher):
    """Row after row; the first that is wrong ends it."""
    study = measure.Study(launcher, options.part, options.game, options.with_options.split(),
                          options.repeat, options.cores_per_node)
    todo = measure.sizes(options.study, options.n or NUMBERS[options.part], options.ranks)
    for n, ranks in todo:
        if options.reference and n not in study.reference and ranks != options.reference:
            study.refer(n, options.reference)
        row = study.row(options.study, n, ranks)
        with open(options.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        seconds = row["seconds"][row["phase"]]
        note = "more ranks than cores" if row["oversubscribed"] else \
            f"to {seconds['most']:.4g}"
        print(f"{options.study} {options.part}  n = {n}  ranks = {ranks}  {row['phase']} "
              f"{seconds['least']:.4g} s ({note})  {', '.join(row['verified'])}", flush=True)


def command_rates(options, launcher):
    write(options.out, json.dumps(rates.measure(launcher, options.n[0] if options.n else 26),
                                  indent=1) + "\n")


def command_link(options, launcher):
    points = rates.link_points(launcher, options.ranks[-1], options.n or [22, 24],
                               options.chunks, options.repeat)
    write(options.out, "".join(json.dumps(point) + "\n" for point in points))
    print(tables.link(points))
    if options.figure:
        import figures
        figures.draw_link(points, options.figure)


def machine_of(options):
    """The measured one, or another that is stated: tiles are swapped at its memory's rate."""
    machine = Machine.load(options.machine)
    changes = {name: getattr(options, name) for name in ("node_ranks", "memory", "alpha", "beta")
               if getattr(options, name) is not None}
    if options.link:
        with open(options.link, encoding="utf-8") as file:
            points = [json.loads(line) for line in file]
        changes["alpha"], changes["beta"] = fit_link(
            [(p["messages"], p["bytes"], p["seconds"]) for p in points])
    faster = changes.get("memory", machine.memory) / machine.memory
    return dataclasses.replace(machine, own=machine.own * faster, shared=machine.shared * faster,
                               name="a stated machine" if changes else machine.name, **changes)


def command_plot(options, _launcher):
    import figures  # matplotlib takes a while
    for path in figures.draw(measure.read_rows(options.rows), machine_of(options), options.out):
        print(path)


def command_tables(options, _launcher):
    print(tables.measured(measure.read_rows(options.rows), machine_of(options)))


def command_predict(options, _launcher):
    if options.figure:
        import figures
        figures.draw_predictions(machine_of(options), options.figure)
    print(tables.predictions(machine_of(options), options.n or range(24, 41, 4),
                             options.ranks if options.ranks != [1, 2] else
                             [1, 2, 16, 64, 256, 1024, 4096]))


def parse(argv):
    own, game = (argv[:argv.index("--")], argv[argv.index("--") + 1:]) if "--" in argv else \
        (argv, None)
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="study", required=True)
    runs = argparse.ArgumentParser(add_help=False)
    runs.add_argument("--program", default=os.environ.get("HARSANYI_PROGRAM", "harsanyi"))
    runs.add_argument("--launcher", default=os.environ.get("LAUNCHER", "mpirun -n {ranks}"))
    runs.add_argument("--timeout", type=float, default=3600, help="seconds for one run")
    runs.add_argument("--repeat", type=int, default=3)
    runs.add_argument("--out", required=True)
    sizes = argparse.ArgumentParser(add_help=False)
    sizes.add_argument("--n", type=numbers)
    sizes.add_argument("--ranks", type=numbers, default=[1, 2])
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("--machine", required=True, help="what `rates` has written")
    model.add_argument("--link", help="what `link` has written: alpha and beta of these exchanges")
    model.add_argument("--node-ranks", type=int, help="another machine: ranks on a node")
    model.add_argument("--memory", type=float, help="bytes per second of a node")
    model.add_argument("--alpha", type=float, help="seconds per message between nodes")
    model.add_argument("--beta", type=float, help="seconds per byte that leaves a node")
    for name in ("strong", "weak"):
        one = commands.add_parser(name, parents=[runs, sizes])
        one.add_argument("part", choices=list(measure.PARTS))
        one.add_argument("--with-options", default="", help="for all runs: --with-options='--shm off --chunk 1MiB'")
        one.add_argument("--cores-per-node", type=int)
        one.add_argument("--reference", type=int, default=1,
                         help="ranks of the run that others must equal; 0: the first of them")
        one.set_defaults(function=run_study)
    commands.add_parser("rates", parents=[runs, sizes]).set_defaults(function=command_rates)
    one = commands.add_parser("link", parents=[runs, sizes])
    one.add_argument("--chunks", type=numbers, default=[1 << 16, 1 << 18, 1 << 20, 8 << 20])
    one.add_argument("--figure", metavar="FOLDER", help="draw scaling_link.png there, too")
    one.set_defaults(function=command_link)
    for name, function in (("plot", command_plot), ("tables", command_tables)):
        one = commands.add_parser(name, parents=[model])
        one.add_argument("rows", nargs="+")
        one.set_defaults(function=function)
        if name == "plot":
            one.add_argument("--out", required=True)
    one = commands.add_parser("predict", parents=[model, sizes])
    one.add_argument("--figure", metavar="FOLDER", help="draw scaling_predicted.png there, too")
    one.set_defaults(function=command_predict)
    options = parser.parse_args(own)
    options.game = game
    return options


def main():
    options = parse(sys.argv[1:])
    try:
        launcher = measure.Launcher(options.program, options.launcher, options.timeout) \
            if hasattr(options, "program") else None
        options.function(options, launcher)
    except (measure.Failure, OSError, ValueError) as error:
        sys.exit(f"scaling.py: error: {error}")


if __name__ == "__main__":
    main()
