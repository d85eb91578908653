#!/usr/bin/env python3
"""How exact the numbers are: interactions against NumPy's longer type, and what is said where a
precision does not do."""
import h5py
import numpy as np
from program import ProgramTest, datasets_of, main

N = 16
TYPES = {"and": [[1, 0], [-1, 1]], "or": [[0, 1], [1, -1]]}


def transformed(kind, v):
    """Interactions from v, in NumPy's longest type."""
    (a, b), (c, d) = TYPES[kind]
    x, stride = np.array(v, np.longdouble), 1
    while stride < len(x):
        pairs = x.reshape(-1, 2, stride)
        low, high = pairs[:, 0].copy(), pairs[:, 1].copy()
        pairs[:, 0], pairs[:, 1] = a * low + b * high, c * low + d * high
        stride *= 2
    return -x if kind == "or" else x


class Types(ProgramTest):
    """AND and OR are as exact beside each other as alone: 2^(n/2) roundings, not 3^(n/2)."""

    def test_against_a_longer_type(self):
        v = np.random.default_rng(3).normal(size=2**N)
        table = self.save("normal.npy", v)
        for precision, kind in (("double", np.float64), ("single", np.float32)):
            out, _ = self.interactions("--table", table, "--types", "and,or", "--keep", "all",
                                       "--precision", precision)
            allowed = 2**(N / 2) * np.finfo(kind).eps * np.abs(v).max()
            with h5py.File(out) as f:
                for name in TYPES:
                    with self.subTest(precision=precision, type=name):
                        known = transformed(name, v.astype(kind))
                        error = np.abs(f["interactions"][name][0][1:] - known[1:])
                        self.assertLess(error.max(), allowed)
                        self.assertGreater(error.max(), 0)

    def test_same_bits_as_alone(self):
        for precision, ranks in (("double", 0), ("single", 3)):
            args = ["--closed-form", "random:n=13", "--keep", "all", "--precision", precision]
            both, _ = self.interactions(*args, "--types", "and,or", ranks=ranks)
            both, _ = datasets_of(both)
            for name in TYPES:
                with self.subTest(precision=precision, type=name):
                    alone, _ = datasets_of(self.interactions(*args, "--types", name)[0])
                    path = f"interactions/{name}"
                    self.assertTrue(np.array_equal(both[path], alone[path]))


if __name__ == "__main__":
    main()
