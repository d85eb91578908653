"""Units do not need each other in a circle. A unit is X.c with X.h, of one folder. It needs another
unit where it uses a function or an object that the other defines, as the compiled objects tell, or a
type, a constant or an inline function that stands in the other's header. Arguments: the objects.

A circle that is no mistake has two parts that are made together, and is one file too many; or some
types, or a function, that belong into a header or a file below both."""
import collections
import re
import subprocess
import sys

import project
from rooms import includes, sources

NAME = re.compile(r"\b(?:hrs_|HRS_)\w+")
OBJECT = re.compile(r"/(src|mpi)/CMakeFiles/\w+[.]dir/(?:[.]/)?(.+)[.]c[.]o$")


def unit_of(path):
    """The unit of a file: its path without the ending."""
    return project.name(path.with_suffix(""))


def symbols(objects):
    """{symbol: the unit that defines it}, {unit: symbols that it uses and does not define}."""
    owner, used = {}, collections.defaultdict(set)
    lines = subprocess.run(["nm", "-A", "-g", *objects], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    for line in lines:
        file, rest = line.split(":", 1)
        folder, unit = OBJECT.search(file).groups()
        kind, symbol = rest.split()[-2:]
        if kind == "U":
            used[f"{folder}/{unit}"].add(symbol)
        else:
            owner[symbol] = f"{folder}/{unit}"
    return owner, used


class Text:
    """A file's names, and what it includes, directly or not."""

    def __init__(self, path):
        self.unit = unit_of(path)
        self.names = set(NAME.findall(project.code(path)))
        self.includes = [target for *_, target in includes(path) if target]

    def headers(self, texts):
        """All headers that are included."""
        found, new = set(), set(self.includes)
        while new:
            found |= new
            new = {header for path in new for header in texts[path].includes} - found
        return found


def needs(objects):
    """{unit: {another one: the names that it takes of it}}."""
    owner, used = symbols(objects)
    edges = collections.defaultdict(lambda: collections.defaultdict(set))
    for unit, names in used.items():
        for name in names & set(owner):
            edges[unit][owner[name]].add(name)
    texts = {path: Text(path) for path in sources()}
    headers = {path: text.headers(texts) for path, text in texts.items()}
    own = {path: {name for name in text.names if name not in owner}
           .difference(*(texts[header].names for header in headers[path]))
           for path, text in texts.items() if path.suffix == ".h"}
    for path, text in texts.items():
        for header in headers[path]:
            if names := text.names & own[header]:
                edges[text.unit][texts[header].unit] |= names
    return edges


def circles(edges):
    """Sets of units that reach each other."""
    reach = {}
    for unit in list(edges):
        found, new = set(), set(edges[unit]) - {unit}
        while new:
            found |= new
            new = {other for one in new for other in edges.get(one, ())} - found
        reach[unit] = found
    return sorted({tuple(sorted({other for other in found if unit in reach.get(other, ())}))
                   for unit, found in reach.items() if unit in found})


edges = needs(sys.argv[1:])
faults = []
for circle in circles(edges):
    faults.append(f"a circle: {', '.join(circle)}")
    for unit in circle:
        faults += [f"    {unit} needs {other}: {', '.join(sorted(edges[unit][other]))}"
                   for other in sorted(set(edges[unit]) & set(circle) - {unit})]
project.finish(faults)
