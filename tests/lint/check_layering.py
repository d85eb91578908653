"""Arrows between the rooms go one way, as seen from the #include lines:

base <- lattice <- analysis, base <- network, {lattice, network} <- tables <- game;
these <- mpi/lattice <- {mpi/split, mpi/dataset} <- mpi/program <- commands.
"""
import re

import project

CORE = {"base", "lattice", "network", "tables", "game", "analysis"}
BELOW = {  # room: the rooms that it may include, besides itself
    "base": set(),
    "lattice": {"base"},
    "network": {"base"},
    "tables": {"base", "lattice", "network"},
    "game": {"base", "lattice", "network", "tables", "plugin"},
    "analysis": {"base", "lattice"},
    "plugin": set(),
    "harsanyi": CORE,
    "mpi": CORE,  # the public headers of the library for MPI
    "mpi/lattice": CORE | {"mpi"},
    "mpi/split": CORE | {"mpi", "mpi/lattice"},
    "mpi/dataset": CORE | {"mpi", "mpi/lattice"},
    "program": CORE | {"mpi", "mpi/lattice", "mpi/split", "mpi/dataset"},
    "commands": CORE | {"mpi", "mpi/lattice", "mpi/split", "mpi/dataset", "program"},
}
PUBLIC = {"team": "base"}  # public headers of a room with another name
MPI = {"mpi", "mpi/lattice", "mpi/split", "mpi/dataset", "program", "commands"}
HDF5 = {"mpi/dataset", "program", "commands"}
SYSTEM = {  # what only these rooms may include
    "mpi.h": MPI, "hdf5.h": HDF5, "hdf5_hl.h": HDF5,
    "cblas.h": {"base", "network", "tables", "game", "program", "commands"}, "zip.h": {"base"},
    "dlfcn.h": {"game"}, "protobuf-c/protobuf-c.h": {"network"}, "onnx.pb-c.h": {"network"},
    "harsanyi_git.h": {"base"},
}


def room_of(path):
    """The room that a file of include/, src/ or mpi/ belongs to."""
    parts = path.relative_to(project.ROOT).parts
    if parts[0] == "include":
        return "mpi" if path.name in project.MPI_HEADERS else PUBLIC.get(path.stem, path.stem)
    if parts[0] == "src":
        return parts[1]
    if parts[1] == "program":
        return "commands" if "commands" in parts or path.name == "main.c" else "program"
    return f"mpi/{parts[1]}"


def find(path, included, quoted):
    """The project's file behind an #include, or None for the system's and generated ones."""
    if not quoted and not included.startswith("harsanyi/"):
        return None
    folders = [path.parent, project.ROOT / "include", project.ROOT / "src"]
    if project.ROOT / "mpi" in path.parents:
        folders.append(project.ROOT)
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
