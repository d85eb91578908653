"""What leaves the shared libraries: hrs_ symbols alone, none in both, no MPI in the core, and every
public function is really there. Arguments: libharsanyi.so, libharsanyi_mpi.so."""
import re
import subprocess
import sys

import project


def lines(*command):
    """Standard output of a command, by lines."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def symbols(library, which):
    """Names of dynamic symbols: which = --defined-only or --undefined-only."""
    return {line.split()[-1].split("@")[0] for line in lines("nm", "-D", which, library)}


def needed(library):
    """Libraries that a library asks for."""
    return re.findall(r"\(NEEDED\).*\[(.+?)\]", "\n".join(lines("readelf", "-d", library)))


def declared(header):
    """Functions that a public header declares; those defined there are nobody's symbols."""
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    text = re.sub(r"^\s*#(?:.*\\\n)*.*$", "", text, flags=re.M)
    text = re.sub(r"^static inline[^{]*\{.*?^\}", "", text, flags=re.S | re.M)
    return set(re.findall(r"^(?!typedef)\w[\w *]*\b(hrs_\w+)\(", text, re.M))


core, mpi = sys.argv[1:]
faults = []
for library in (core, mpi):
    for symbol in sorted(symbols(library, "--defined-only")):
        if not symbol.startswith("hrs_"):
            faults.append(f"{library}: {symbol} leaves the library")
for symbol in sorted(symbols(core, "--defined-only") & symbols(mpi, "--defined-only")):
    faults.append(f"{symbol} is defined in both libraries")
for symbol in sorted(symbols(core, "--undefined-only")):
    if re.match(r"P?MPI_|ompi_|H5", symbol):
        faults.append(f"{core}: needs {symbol}")
for library in needed(core):
    if re.match(r"libmpi|libopen-|libhdf5", library):
        faults.append(f"{core}: needs {library}")

public = project.ROOT / "include" / "harsanyi"
for header in sorted(public.glob("*.h")):
    library = mpi if header.name in project.MPI_HEADERS else core
    if not declared(header) and header.name not in ("harsanyi.h", "plugin.h", "team.h"):
        faults.append(f"{project.name(header)}: no function is found in it")
    for function in sorted(declared(header) - symbols(library, "--defined-only")):
        faults.append(f"{project.name(header)}: {function} is not in {library}")
project.finish(faults)
