"""What leaves the shared libraries is what the public headers declare, no more and no less; that is
enough for libharsanyi_mpi; the core needs no MPI. (The program is linked with archives, and would
not notice.) Arguments: libharsanyi.so, libharsanyi_mpi.so."""
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
public = {core: {}, mpi: {}}  # name: the header that declares it
for header in sorted((project.ROOT / "include" / "harsanyi").glob("*.h")):
    found = declared(header)
    if not found and header.name not in ("harsanyi.h", "plugin.h", "team.h"):
        faults.append(f"{project.name(header)}: no function is found in it")
    library = mpi if header.name in project.MPI_HEADERS else core
    public[library] |= {function: project.name(header) for function in found}
for library, functions in public.items():
    exported = symbols(library, "--defined-only")
    faults += [f"{library}: {symbol} leaves the library, and no public header declares it"
               for symbol in sorted(exported - set(functions))]
    faults += [f"{functions[function]}: {function} is not in {library}"
               for function in sorted(set(functions) - exported)]
faults += [f"{mpi}: needs {symbol}, which does not leave {core}"
           for symbol in sorted(symbols(mpi, "--undefined-only") - symbols(core, "--defined-only"))
           if symbol.startswith("hrs_")]
for symbol in sorted(symbols(core, "--undefined-only")):
    if re.match(r"P?MPI_|ompi_|H5", symbol):
        faults.append(f"{core}: needs {symbol}")
for library in needed(core):
    if re.match(r"libmpi|libopen-|libhdf5", library):
        faults.append(f"{core}: needs {library}")
project.finish(faults)
