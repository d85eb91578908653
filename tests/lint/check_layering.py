"""Arrows between the rooms go one way: base <- lattice <- game, network <- game, analysis on
lattice alone, mpi on top of all, commands on top of mpi. Seen from the #include lines."""
import re

import project

BELOW = {  # room: the rooms that it may include, besides itself
    "base": set(),
    "lattice": {"base"},
    "network": {"base", "lattice"},
    "game": {"base", "lattice", "network", "plugin"},
    "analysis": {"base", "lattice"},
    "plugin": set(),
    "harsanyi": {"base", "lattice", "network", "game", "analysis"},
    "mpi": {"base", "lattice", "network", "game", "analysis"},
    "commands": {"base", "lattice", "network", "game", "analysis", "mpi"},
}
# Of the network room, the lattice's simd.h alone is of use: loops for more than one processor.
ONLY = {("network", "lattice"): {"lattice/simd.h"}}
SYSTEM = {  # what only these rooms may include
    "mpi.h": {"mpi", "commands"}, "hdf5.h": {"mpi", "commands"}, "hdf5_hl.h": {"mpi", "commands"},
    "cblas.h": {"base", "network", "game", "commands"}, "zip.h": {"base"}, "dlfcn.h": {"game"},
    "protobuf-c/protobuf-c.h": {"network"}, "onnx.pb-c.h": {"network"}, "harsanyi_git.h": {"base"},
}


def room_of(path):
    """The room that a file of include/, src/ or mpi/ belongs to."""
    parts = path.relative_to(project.ROOT).parts
    if parts[0] == "include":
        return "mpi" if path.name in project.MPI_HEADERS else path.stem
    if parts[0] == "src":
        return parts[1]
    return "commands" if "commands" in parts or path.name == "main.c" else "mpi"


def find(path, included, quoted):
    """The project's file behind an #include, or None for the system's and generated ones."""
    if not quoted and not included.startswith("harsanyi/"):
        return None
    folders = [path.parent, project.ROOT / "include", project.ROOT / "src"]
    if project.ROOT / "mpi" in path.parents:
        folders.append(project.ROOT / "mpi")
    for folder in folders:
        candidate = (folder / included).resolve()
        if candidate.is_file() and project.ROOT in candidate.parents:
            return candidate
    return None


def check(path):
    """Faults of one file's #include lines."""
    room = room_of(path)
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])(.+?)[>"]', line)
        if not match:
            continue
        where, included = f"{project.name(path)}:{number}", match[2]
        target = find(path, included, match[1] == '"')
        if target is None:
            if room not in SYSTEM.get(included, {room}):
                yield f"{where}: {included} is not for {room}"
            if included.startswith("harsanyi/"):
                yield f"{where}: there is no {included}"
            continue
        other = room_of(target)
        if other != room and other not in BELOW.get(room, set()):
            yield f"{where}: {room} must not know {other} ({included})"
        elif included not in ONLY.get((room, other), {included}):
            yield f"{where}: {room} must not know {included}"
        if path.parts[-3:-1] == ("include", "harsanyi") and match[1] == '"':
            yield f"{where}: public headers include <harsanyi/...> alone"


def cycles(edges):
    """Headers that include each other."""
    state = {}

    def visit(path, trail):
        state[path] = "open"
        for target in edges.get(path, ()):
            if state.get(target) == "open":
                yield " -> ".join(map(project.name, trail + [path, target]))
            elif target not in state:
                yield from visit(target, trail + [path])
        state[path] = "done"

    for path in edges:
        if path not in state:
            yield from visit(path, [])


sources = [path for path in project.files("*.c", "*.h")
           if path.relative_to(project.ROOT).parts[0] in ("include", "src", "mpi")]
faults = [fault for path in sources for fault in check(path)]
graph = {path: [target for kind, included in re.findall(
    r'^\s*#\s*include\s*([<"])(.+?)[>"]', path.read_text(), re.M)
    if (target := find(path, included, kind == '"'))] for path in sources}
faults += [f"a circle of headers: {circle}" for circle in cycles(graph)]
project.finish(faults)
