"""The files of the project, for the checks in this folder, and how a check ends."""
import pathlib
import re
import subprocess
import sys

# Public headers that need MPI.
MPI_HEADERS = ("mpi.h", "fit.h")
ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*patterns):
    """Files that are tracked, or new and not ignored; outside a checkout: all but build folders."""
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-co",
               "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        paths = {ROOT / name for name in listed.split("\0") if name}
    except (OSError, subprocess.CalledProcessError):
        paths = {path for path in ROOT.rglob("*") if path.is_file()
                 and not path.relative_to(ROOT).parts[0].startswith(("build", ".git"))}
    return sorted(path for path in paths
                  if path.is_file() and (not patterns or any(path.match(p) for p in patterns)))


def name(path):
    """A path as messages show it."""
    return str(path.relative_to(ROOT))


def code(path):
    """A C file without comments and what strings hold, in as many lines."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'',
                  lambda match: '""' if match[0][0] == '"' else "\n" * match[0].count("\n"),
                  path.read_text(), flags=re.S)


def is_text(path):
    """No zero byte among the first ones."""
    return b"\0" not in path.read_bytes()[:8000]


def finish(faults):
    """Print faults and exit: 0 where there are none."""
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
