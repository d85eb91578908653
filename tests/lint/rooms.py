"""The rooms of the code and the arrows between them, for the checks in this folder."""
import re

import project

CORE = {"base", "lattice", "network", "tables", "game", "analysis", "probe"}
LIBRARY = CORE | {"mpi/lattice", "mpi/split", "mpi/dataset"}
BELOW = {  # room: the rooms that it may include, besides itself
    "base": set(),
    "lattice": {"base"},
    "network": {"base"},
    "tables": {"base", "lattice", "network"},
    "game": {"base", "lattice", "network", "tables", "plugin"},
    "analysis": {"base", "lattice"},
    "probe": {"base"},
    "plugin": set(),
    "harsanyi": CORE,
    "mpi/lattice": CORE,
    "mpi/split": CORE | {"mpi/lattice"},
    "mpi/dataset": CORE | {"mpi/lattice"},
    "program": {"base"},  # what all of it uses, but for main.c
    "options": {"base", "program"},
    "machine": LIBRARY,
    "kinds": LIBRARY,
    "problem": LIBRARY | {"program", "options", "machine"},
    "engine": LIBRARY | {"program", "options", "machine", "problem"},
    "commands": LIBRARY | {"program", "options", "machine", "kinds", "problem", "engine"},
}
PROGRAM = {"program", "options", "machine", "kinds", "problem", "engine", "commands"}
# Public headers of a room with another name; mpi.h also has what mpi/dataset reads arrays with.
PUBLIC = {"team": "base", "sums": "base", "mpi": "mpi/lattice", "fit": "mpi/split"}


def room_of(path):
    """The room that a file of include/, src/ or mpi/ belongs to."""
    parts = path.relative_to(project.ROOT).parts
    if parts[0] == "include":
        return PUBLIC.get(path.stem, path.stem)
    if parts[0] == "src":
        return parts[1]
    if parts[1] == "program":
        alone = "commands" if path.name == "main.c" else "program"
        return parts[2] if len(parts) > 3 else alone
    return f"mpi/{parts[1]}"


def command_of(path):
    """The subcommand that a file is of: its folder, or the file alone; None for all others'."""
    parts = path.relative_to(project.ROOT).parts
    if parts[:3] != ("mpi", "program", "commands") or path.stem == "commands":
        return None
    return parts[3].removesuffix(path.suffix)


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


def sources():
    """All headers and sources of the libraries and the program."""
    return [path for path in project.files("*.c", "*.h")
            if path.relative_to(project.ROOT).parts[0] in ("include", "src", "mpi")]


def includes(path):
    """(line, name, quoted, the project's file or None) for each #include line."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if match := re.match(r'\s*#\s*include\s*([<"])(.+?)[>"]', line):
            quoted = match[1] == '"'
            yield number, match[2], quoted, find(path, match[2], quoted)


def arrows():
    """{(room, room that it includes)}, itself left out."""
    pairs = {(room_of(path), room_of(target)) for path in sources()
             for *_, target in includes(path) if target}
    return {pair for pair in pairs if pair[0] != pair[1]}
