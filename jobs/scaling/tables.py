"""Tables of a study in Markdown: what was measured beside the model, and what the model predicts."""
import dataclasses

from model import Model, Partition, efficiency, fit_link

ORDER = ["evaluate", "transform", "split", "run"]


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def time_text(seconds):
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def size_text(size):
    for unit, one in (("TiB", 2.0**40), ("GiB", 2.0**30), ("MiB", 2.0**20), ("KiB", 2.0**10)):
        if size >= one:
            return f"{size / one:.3g} {unit}"
    return f"{size:.0f} B"


def groups(rows):
    """{(study, part): {n of a strong study, or of one rank in a weak one: {ranks: row}}}"""
    out = {}
    for row in rows:
        n = row["n"] - (row["ranks"].bit_length() - 1 if row["study"] == "weak" else 0)
        out.setdefault((row["study"], row["part"]), {}).setdefault(n, {})[row["ranks"]] = row
    return {key: {n: dict(sorted(sizes.items())) for n, sizes in sorted(value.items())}
            for key, value in sorted(out.items(), key=lambda item: (item[0][0],
                                                                    ORDER.index(item[0][1])))}


def seconds_of(row):
    return row["seconds"][row["phase"]]["least"]


def calibrated(machine, sizes):
    """The machine with the rate of this game: masks per second are the game's as much as the
    machine's, so they are those of the fewest ranks."""
    row = sizes[min(sizes)]
    evaluate = row["seconds"].get("evaluate")
    if not evaluate:
        return machine
    masks = Partition(row["n"], row["ranks"]).masks
    return dataclasses.replace(machine, masks=masks / max(evaluate["least"], 1e-9))


def modelled(machine, part, n, ranks, steps=0, written=0):
    """Seconds of what a study of this part measures."""
    model = Model(Partition(n, ranks), machine)
    return {"evaluate": model.evaluate, "transform": model.transform,
            "split": lambda: model.split(steps),
            "run": lambda: sum(model.run(written=written).values())}[part]()


def modelled_row(machine, row):
    return modelled(machine, row["part"], row["n"], row["ranks"], row.get("steps", 0),
                    row["bytes_written"])


def efficiencies(study, sizes):
    """Of rows that had a core for each rank. Weak: time of the fewest ranks over this one's, the
    work of a rank being the same."""
    times = {ranks: seconds_of(row) for ranks, row in sizes.items() if not row["oversubscribed"]}
    if not times:
        return {}
    if study == "strong":
        return efficiency(times)
    least = min(times)
    return {ranks: times[least] / seconds for ranks, seconds in times.items()}


def measured(rows, machine):
    out = []
    for (study, part), by_n in groups(rows).items():
        lines = []
        for sizes in by_n.values():
            here, share = calibrated(machine, sizes), efficiencies(study, sizes)
            for ranks, row in sizes.items():
                phase = row["seconds"][row["phase"]]
                timed = not row["oversubscribed"]
                lines.append([
                    row["n"], ranks, f"{phase['least']:.4g}" if timed else "",
                    f"{phase['most']:.4g}" if timed else "",
                    f"{share[ranks]:.2f}" if timed else "",
                    f"{modelled_row(here, row):.4g}" if timed else "",
                    size_text(row["bytes_sent"]) if "bytes_sent" in row else "",
                    size_text(row["bytes_written"]) if row["bytes_written"] else "",
                    f"`{next(iter(reversed(row['checksums'].values())))[:8]}`",
                    "; ".join(row["verified"])])
        out.append(f"### {study.capitalize()} scaling: {part}\n\n" + table(
            ["n", "ranks", "seconds", "longest repeat", "efficiency", "model, s",
             "sent in an exchange", "written", "checksum", "verified by"], lines))
    return "\n\n".join(out)


def predictions(machine, numbers, ranks):
    lines = []
    for n in numbers:
        for count in ranks:
            if count > Partition(n, 1).rows:
                continue
            part = Partition(n, count)
            model = Model(part, machine)
            phases = model.run()
            lines.append([n, count, model.nodes, size_text(part.bytes),
                          size_text(model.memory(2)), size_text(part.volume()), part.messages(),
                          time_text(phases["evaluate"]), time_text(phases["transform"] / 2),
                          time_text(sum(phases.values()))])
    return table(["n", "ranks", "nodes", "lattice of a rank", "two lattices and chunks",
                  "sent by a rank, an exchange", "messages", "evaluate", "a transform",
                  "AND and OR, all of it"], lines)


def link(points):
    """Exchanges by messages against alpha per message and beta per byte."""
    alpha, beta = fit_link([(p["messages"], p["bytes"], p["seconds"]) for p in points])
    lines = []
    for p in points:
        expected = alpha * p["messages"] + beta * p["bytes"]
        lines.append([p["n"], p["ranks"], size_text(p["chunk"]), p["messages"],
                      size_text(p["bytes"]), f"{p['seconds']:.4g}", f"{expected:.4g}",
                      f"{p['seconds'] / expected:.2f}"])
    return (f"alpha = {alpha * 1e6:.3g} µs per message, beta = {beta * 1e9:.3g} ns per byte\n\n" +
            table(["n", "ranks", "chunk", "messages", "sent by a rank", "seconds", "model, s",
                   "measured / model"], lines))
