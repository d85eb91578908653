"""The libraries print nothing: what a user sees is the program's to say (mpi/program/log.h)."""
import re

import project

PRINTS = re.compile(r"\b(?:v?printf|puts|putchar|perror|p?psignal)\s*\(|\b(?:stdout|stderr)\b")

faults = []
for path in project.files("*.c", "*.h"):
    name = project.name(path)
    if not name.startswith(("include/", "src/", "mpi/")) or name.startswith("mpi/program/"):
        continue
    text = project.code(path)
    faults += [f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0].rstrip(' (')}: return a status "
               "with a message, or what the program needs to say it" for match in PRINTS.finditer(text)]
project.finish(faults)
