#!/usr/bin/python3
"""Compare tables in the docs with what the libraries say.

    check_tables.py --source FOLDER --core libharsanyi.so --mpi libharsanyi_mpi.so
"""
import argparse
import ctypes
import pathlib
import re
import unittest


class Kernel(ctypes.Structure):
    _fields_ = [("k", ctypes.c_double * 4)]


def table_after(page, text):
    """Cells of the first table after `text`, without its ruler."""
    content = (SOURCE / page).read_text(encoding="utf-8")
    lines = content[content.index(text):].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not all(re.fullmatch(r":?-+:?", c) for c in cells):
            rows.append(cells)
    return rows


def expand(cell):
    """"4–10" or "2, 3" as numbers."""
    for part in cell.split(","):
        ends = [int(x) for x in part.split("–")]
        yield from range(ends[0], ends[-1] + 1)


def rows_of_macro(header, name):
    """Number of X(...) rows of a table in a public header."""
    text = (SOURCE / "include/harsanyi" / header).read_text(encoding="utf-8")
    lines = text[text.index(f"#define {name}(X)"):].splitlines()[1:]
    return next(i for i, line in enumerate(lines) if not line.startswith("  X("))


class Tables(unittest.TestCase):
    def test_rows_of_the_lattice(self):
        players, bits = table_after("docs/design/lattice.md", "v is a function of n alone")
        said = {n: int(v) for cell, v in zip(players[1:], bits[1:]) for n in expand(cell)}
        self.assertEqual(said, {n: MPI.hrs_partition_default_bits(n) for n in range(1, 41)})

    def test_exit_codes(self):
        rows = table_after("docs/guide/README.md", "## Messages and exit codes")
        count = rows_of_macro("base.h", "HRS_STATUS_TABLE")
        codes = {CORE.hrs_status_exit_code(s) for s in range(count)}
        self.assertEqual({int(row[0]) for row in rows if row[0].isdigit()}, codes)

    def test_kernels(self):
        CORE.hrs_kernel_get.restype = Kernel
        CORE.hrs_kernel_text.restype = ctypes.c_char_p
        rows = table_after("docs/theory/README.md", "## Kronecker powers")[1:]
        said = [(name, [float(x) for x in re.findall(r"-?\d", matrix)]) for name, matrix, _ in rows]
        known = [(CORE.hrs_kernel_text(i).decode(), list(CORE.hrs_kernel_get(i).k))
                 for i in range(len(rows))]
        self.assertEqual(said, known)
        self.assertEqual(rows_of_macro("lattice.h", "HRS_KERNEL_TABLE"), len(rows))

    def test_closed_forms(self):
        CORE.hrs_game_closed_form_help.restype = ctypes.c_char_p
        help_text = CORE.hrs_game_closed_form_help().decode()
        rows = table_after("docs/guide/README.md", "**A closed form**")
        said = [re.match(r"`([a-z-]+):(.*)`", row[0]).groups() for row in rows if row[0]]
        known = [re.sub(r"[][]", "", line.split()[0]).split(":")
                 for line in help_text.splitlines() if line.strip()]
        self.assertEqual([list(pair) for pair in said], known)

    def test_lattice_sizes(self):
        players, sizes = table_after("docs/guide/README.md", "The network, its activations")
        units = {"KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40}
        for n, size in zip(players[1:], sizes[1:]):
            number, unit = size.split()
            self.assertEqual(int(number) << units[unit], 8 << int(n))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--core", required=True)
    parser.add_argument("--mpi", required=True)
    options = parser.parse_args()
    SOURCE = options.source
    CORE, MPI = ctypes.CDLL(options.core), ctypes.CDLL(options.mpi)
    unittest.main(argv=["check_tables.py"], verbosity=0)
