"""The picture of the rooms in docs/design shows the arrows that the code has, no others, and the
page names every room. `check_rooms.py --draw` makes the picture anew (package graphviz).

An arrow that follows from others is left out: what is drawn is enough to know what may use what.
"""
import html
import re
import subprocess
import sys

import project
from rooms import PROGRAM, arrows

PICTURE = project.ROOT / "docs" / "design" / "rooms.svg"
PAGE = project.ROOT / "docs" / "design" / "README.md"
# Public headers that are made of those of several rooms, or stand alone.
UNDRAWN = {"harsanyi", "plugin"}
# What rooms belong to, and where that stands, out of the way of arrows.
FRAMES = [("libharsanyi: no MPI, no HDF5", "b", "l",
           lambda room: "/" not in room and room not in PROGRAM),
          ("libharsanyi_mpi", "b", "r", lambda room: room.startswith("mpi/")),
          ("the program", "t", "l", lambda room: room in PROGRAM)]


def drawn():
    """The arrows of the code without those that others imply."""
    pairs = {pair for pair in arrows() if not UNDRAWN & set(pair)}
    above = {}
    for room, other in pairs:
        above.setdefault(room, set()).add(other)

    def reaches(room, other):
        return other in above.get(room, ()) or any(reaches(x, other) for x in above.get(room, ()))

    return {(a, b) for a, b in pairs
            if not any(reaches(x, b) for x in above[a] if x != b)}


def graph(pairs):
    """What graphviz draws: who uses stands above what is used."""
    rooms = sorted({room for pair in pairs for room in pair})
    lines = ["digraph rooms {", "rankdir=TB; nodesep=0.35; ranksep=0.45;",
             'node [shape=box style="filled,rounded" fillcolor="#f4efe4" color="#8a7f66" '
             'fontname="Helvetica" fontsize=13 height=0.42];',
             'edge [color="#5a6f8a" arrowsize=0.7];',
             'graph [fontname="Helvetica" fontsize=12 fontcolor="#666666" bgcolor="white"];']
    for number, (title, loc, just, holds) in enumerate(FRAMES):
        names = " ".join(f'"{room}";' for room in rooms if holds(room))
        lines.append(f'subgraph cluster_{number} {{ label="{title}"; labelloc={loc}; '
                     f'labeljust={just}; style=rounded; color="#cccccc"; {names} }}')
    lines += [f'"{a}" -> "{b}";' for a, b in sorted(pairs)]
    return "\n".join(lines + ["}"])


def shown(svg):
    """The arrows of a picture that graphviz made."""
    titles = [html.unescape(title) for title in re.findall(r"<title>(.*?)</title>", svg)]
    return {tuple(title.split("->")) for title in titles if "->" in title}


wanted = drawn()
if "--draw" in sys.argv:
    svg = subprocess.run(["dot", "-Tsvg"], input=graph(wanted), capture_output=True, text=True,
                         check=True).stdout
    PICTURE.write_text(svg)
have = shown(PICTURE.read_text()) if PICTURE.exists() else set()
again = f"{project.name(PICTURE)}: make it anew by tests/lint/check_rooms.py --draw"
faults = [f"{again}: {a} -> {b} is not in it" for a, b in sorted(wanted - have)]
faults += [f"{again}: the code has no {a} -> {b}" for a, b in sorted(have - wanted)]
page = PAGE.read_text()
faults += [f"{project.name(PAGE)}: says nothing of the room `{room}`"
           for room in sorted({room for pair in wanted for room in pair})
           if f"| `{room}` |" not in page]
project.finish(faults)
