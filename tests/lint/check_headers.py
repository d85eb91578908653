"""Every header compiles alone: as C11 and, the public ones, as C++17. Arguments: the C compiler,
the C++ compiler, the folder of generated headers."""
import subprocess
import sys
import tempfile

import project

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]


def flags(package):
    """Compiler flags of a package."""
    return subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True,
                          check=True).stdout.split()


def compiles(compiler, standard, language, header, more):
    """What the compiler says, or an empty text. Twice, for the guard against that."""
    with tempfile.NamedTemporaryFile("w", suffix=f".{language}") as file:
        file.write(f'#include "{header}"\n#include "{header}"\ntypedef int not_empty;\n')
        file.flush()
        command = [compiler, f"-std={standard}", "-fsyntax-only", *WARNINGS, *more,
                   "-I", str(project.ROOT / "include"), file.name]
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr


c, cxx, generated = sys.argv[1:]
mpi = [flag.replace("-I", "-isystem", 1) for flag in flags("ompi-c") + flags("hdf5-openmpi")]
inside = [f"-I{project.ROOT}", f"-I{project.ROOT / 'src'}", f"-isystem{generated}",
          "-D_POSIX_C_SOURCE=200809L", "-D_DEFAULT_SOURCE", *mpi]
# Pieces of others, which say what has to be defined.
pieces = ("each_type", "one_type")
faults = []
for header in project.files("*.h"):
    room = header.relative_to(project.ROOT).parts[0]
    said = ""
    if room == "include":
        more = mpi if header.name in project.MPI_HEADERS else []
        said = compiles(c, "c11", "c", header, more) + compiles(cxx, "c++17", "cc", header, more)
    elif room in ("src", "mpi") and not header.stem.endswith(("_template", *pieces)):
        said = compiles(c, "c11", "c", header, inside)
    if said:
        faults.append(f"{project.name(header)} does not compile alone:\n{said}")
project.finish(faults)
