"""Arrows between the rooms go one way, as seen from the #include lines:

base <- lattice <- analysis, base <- network, {lattice, network} <- tables <- game;
these <- mpi/lattice <- {mpi/split, mpi/dataset} <- the program: options <- problem <- engine,
{engine, kinds} <- commands, of which none knows another.
"""
import project
from rooms import BELOW, PROGRAM, command_of, includes, room_of, sources

MPI = {"mpi", "mpi/lattice", "mpi/split", "mpi/dataset"} | PROGRAM
HDF5 = {"mpi/dataset"} | PROGRAM
SYSTEM = {  # what only these rooms may include
    "mpi.h": MPI, "hdf5.h": HDF5, "hdf5_hl.h": HDF5,
    "cblas.h": {"base", "network", "tables", "game", "probe", "machine"}, "zip.h": {"base"},
    "lbfgs.h": {"probe"},
    "dlfcn.h": {"game"}, "protobuf-c/protobuf-c.h": {"network"}, "onnx.pb-c.h": {"network"},
    "harsanyi_git.h": {"base"},
}


def check(path):
    """Faults of one file's #include lines."""
    room = room_of(path)
    for number, included, quoted, target in includes(path):
        where = f"{project.name(path)}:{number}"
        if target is None:
            if room not in SYSTEM.get(included, {room}):
                yield f"{where}: {included} is not for {room}"
            if included.startswith("harsanyi/"):
                yield f"{where}: there is no {included}"
            continue
        other = room_of(target)
        if other != room and other not in BELOW.get(room, set()):
            yield f"{where}: {room} must not know {other} ({included})"
        mine, its = command_of(path), command_of(target)
        if mine and its and mine != its:
            yield f"{where}: command {mine} must not know {its} ({included})"
        if path.parts[-3:-1] == ("include", "harsanyi") and quoted:
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


faults = [fault for path in sources() for fault in check(path)]
graph = {path: [target for *_, target in includes(path) if target] for path in sources()}
faults += [f"a circle of headers: {circle}" for circle in cycles(graph)]
project.finish(faults)
