"""What ranks do together begins with an agreement: mpi/lattice/comm.c alone calls MPI's collectives. The
exceptions stand here, each with what makes it safe, and each is still needed."""
import re

import project

LOCAL = {"MPI_Get_processor_name", "MPI_Get_library_version"}  # not collective
EXCEPTIONS = {
    # Tiles between two ranks, behind the header of hrs_lattice_exchange; nothing between can fail.
    "mpi/lattice/exchange.c": {"MPI_Sendrecv", "MPI_Irecv", "MPI_Isend", "MPI_Testall", "MPI_Waitall"},
    # Pieces of a fold to rank 0, which takes all of them in, whatever fails there.
    "mpi/lattice/indices.c": {"MPI_Send", "MPI_Recv"},
    # Pieces of a sum to the rank that adds them, which takes all of them in.
    "mpi/lattice/sums.c": {"MPI_Send", "MPI_Recv"},
    # A wish to stop, told to whoever asks; at the end all know what is still to be received.
    "mpi/lattice/wish.c": {"MPI_Comm_dup", "MPI_Irecv", "MPI_Send", "MPI_Test", "MPI_Wait", "MPI_Cancel",
                           "MPI_Allreduce"},
    # The bare loop that the exchange is measured against.
    "mpi/program/commands/bench/bench.c": {"MPI_Sendrecv"},
    # Before there is a guarded communicator, and after its last agreement.
    "mpi/program/main.c": {"MPI_Init", "MPI_Barrier", "MPI_Finalize"},
}


def calls(path):
    """(line, function) of each call of MPI, outside of comments and strings."""
    text = project.code(path)
    for match in re.finditer(r"\b(MPI_[A-Z][A-Za-z_]*[a-z])\s*\(", text):
        yield text.count("\n", 0, match.start()) + 1, match[1]


faults, used = [], set()
for file in project.files("*.c", "*.h"):
    name = project.name(file)
    if not name.startswith(("include/", "src/", "mpi/")) or name == "mpi/lattice/comm.c":
        continue
    for line, function in calls(file):
        if function in EXCEPTIONS.get(name, ()):
            used.add((name, function))
        elif function not in LOCAL:
            faults.append(f"{name}:{line}: {function} belongs into mpi/lattice/comm.c, behind a header")
faults += [f"{name}: {function} is no longer called: take the exception away"
           for name, functions in EXCEPTIONS.items() for function in sorted(functions)
           if (name, function) not in used]
project.finish(faults)
