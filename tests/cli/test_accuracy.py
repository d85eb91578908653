#!/usr/bin/env python3
"""How exact the numbers are: interactions against NumPy's longer type, and what is said where a
precision does not do."""
import json

import h5py
import numpy as np
from program import ProgramTest, datasets_of, main, run, system_with

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

    def test_same_bits_without_memory_for_v(self):
        """Where v has no place beside AND it is evaluated again, to the same numbers."""
        args = ["--closed-form", "random:n=22", "--types", "and,or", "--keep", "top:50"]
        plenty, result = self.interactions(*args)
        self.assertNotIn("evaluated 2 times", result.out)
        out = self.output()
        codes = []
        for mebibytes in range(50, 210, 20):  # from too little on; v takes 32 MiB with its chunks
            result = run("interactions", *args, "--out", out,
                         env=system_with(self.folder, mebibytes))
            codes.append(result.code)
            if result.code == 0:
                break
        self.assertEqual(codes, [64] * (len(codes) - 1) + [0], result)
        self.assertGreater(len(codes), 1)
        self.assertIn("evaluated 2 times", result.out)
        (arrays, _), (wanted, _) = datasets_of(out), datasets_of(plenty)
        self.assertEqual(set(arrays), set(wanted))
        for path, array in wanted.items():
            self.assertTrue(np.array_equal(arrays[path], array), path)


class Scales(ProgramTest):
    """Values of any size: right, or said."""
    INDICES = "SV,BV,SII,k-SII,STII,FSII,FBII,BII,CHII,Moebius,Co-Moebius,Walsh"

    def check(self, path):
        result = run("show", "--check", path)
        self.assertEqual(result.code, 0, result)

    def test_offset_is_said(self):
        """1e8 + v in single precision: a warning, and an error that covers what is lost."""
        v = np.random.default_rng(7).normal(size=(3, 2**6))
        v[1] += 1e8
        table = self.save("offset.npy", v)
        args = ["--table", table, "--indices", "SV,SII:2", "--types", "and"]
        exact, result = self.interactions(*args)
        self.assertEqual(result.warnings(), [], result)
        for ranks, groups in ((0, 1), (3, 3)):
            with self.subTest(ranks=ranks):
                out, result = self.interactions(*args, "--precision", "single", "--ranks-per-sample",
                                                "1", ranks=ranks)
                self.assertEqual(len(result.warnings()), 1, result)
                for word in ("--precision single", "sample 1:", "--precision double"):
                    self.assertIn(word, result.warnings()[0])
                with h5py.File(exact) as e, h5py.File(out) as f:
                    off = np.abs(f["indices/SII/value"][:] - e["indices/SII/value"][:]).max(axis=1)
                    error = f["indices/SII/error"][:]
                self.assertTrue((off <= error).all(), (off, error))
                self.assertGreater(off[1], 0.1)
                self.assertTrue((error[[0, 2]] < 1e-5).all(), error)

    def test_exact_values_lose_nothing(self):
        """An offset that single precision holds is none of its business; a constant neither."""
        v = np.random.default_rng(7).integers(0, 9, size=(2, 2**6)) + 2.**20
        v[1] = 0.1
        out, result = self.interactions("--table", self.save("whole.npy", v), "--indices", "SII:2",
                                        "--precision", "single")
        self.assertEqual(result.warnings(), [], result)
        with h5py.File(out) as f:
            self.assertLess(f["indices/SII/error"][0], 1e-6)

    def test_overflow_is_said(self):
        """Finite values whose interactions, sums or indices are not."""
        sign = np.where(np.arange(2**6) % 2, 1, -1)
        cases = [(1e308 * sign, "double", "and,or"), (1e308 * sign, "double", "and-or"),
                 (3e38 * sign, "single", "or"), (3e38 * sign, "single", "and-or"),
                 (1e300 * sign, "single", "and")]
        for values, precision, types in cases:
            with self.subTest(precision=precision, types=types, largest=values.max()):
                out = self.output()
                args = ["interactions", "--table", self.save("huge.npy", values), "--precision",
                        precision, "--types", types, "--keep", "all", "--out", out]
                result = run(*args)
                self.assertEqual(result.code, 65, result)
                self.assertEqual(len(result.errors()), 1, result)
                for word in ("sample 0", f"range of {precision} precision", "--allow-nonfinite",
                             "--precision double" if precision == "single" else "constant"):
                    self.assertIn(word, result.errors()[0])
                self.assertFalse(out.exists())
                self.assertEqual(run(*args, "--allow-nonfinite").code, 0)

    def test_checks_hold_at_any_scale(self):
        """What was written is what `show --check` finds, from the smallest numbers to the largest."""
        random = np.random.default_rng(2)
        normal, few = random.normal(size=2**6), random.integers(-3, 4, size=2**6)
        rows = [normal, np.full(2**6, 0.1), 0 * normal, 1e-30 * normal, 1e-40 * normal,
                1e-310 * normal, 5e-324 * few, 1e30 * normal, 1e8 + normal]
        small = self.save("scales.npy", rows)
        large = self.save("large.npy", rows + [1e200 * normal, 1e300 * normal])
        for precision, table in (("double", large), ("single", small)):
            for types, indices in (("and,or", self.INDICES), ("and-or", "SV,BV")):
                with self.subTest(precision=precision, types=types):
                    out, _ = self.interactions(
                        "--table", table, "--precision", precision, "--types", types, "--indices",
                        indices, "--keep", "all", "--values", "--fit-gap" if "-" in types else
                        "--salient-limit", "0.01" if "-" in types else "1000")
                    self.check(out)

    def test_splits_scale(self):
        """A power of two changes exponents alone, where squares are beyond all numbers too."""
        v = np.random.default_rng(5).normal(size=2**6)
        scales = [1, 2.**900, 2.**-900]
        out, _ = self.interactions("--table", self.save("powers.npy", [s * v for s in scales]),
                                   "--types", "and-or", "--threshold", "sample:0.3")
        with h5py.File(out) as f:
            for path in ("fit/l1", "fit/lower_bound", "reconstruction/rmse", "reconstruction/max",
                         "reconstruction/curve/rmse"):
                with self.subTest(path=path):
                    one, large, small = f[path][:]
                    self.assertTrue(np.all(large == one * scales[1]))
                    self.assertTrue(np.all(small == one * scales[2]))
                    self.assertTrue(np.all(np.isfinite(one)) and np.max(one) > 0)


class Indices(ProgramTest):
    """`harsanyi show` has the strongest sets of every index of a file."""

    def test_strongest_sets(self):
        orders = {"SII": 2, "STII": 3, "Moebius": 6}
        out, _ = self.interactions("--closed-form", "random:n=6", "--indices", ",".join(
            f"{name}:{order}" for name, order in orders.items()))
        said = run("show", out, "--top", "4")
        self.assertEqual(said.code, 0, said)
        row = json.loads(run("show", out, "--top", "4", "--json").out)["rows"][0]
        with h5py.File(out) as f:
            for name, order in orders.items():
                with self.subTest(index=name):
                    self.assertIn(f"{name} up to order {order}, largest values", said.out)
                    mask, value = f[f"indices/{name}/mask"][:], f[f"indices/{name}/value"][0]
                    best = np.argsort(-np.abs(value), kind="stable")[:4]
                    self.assertEqual([s["mask"] for s in row[name]["top"]], mask[best].tolist())
                    self.assertEqual([s["value"] for s in row[name]["top"]], value[best].tolist())
                    self.assertEqual(row[name]["orders"], order)
                    self.assertEqual(row[name]["error"], f[f"indices/{name}/error"][0])
                    for s in row[name]["top"]:
                        self.assertEqual(sum(2**p for p in s["players"]), s["mask"])


if __name__ == "__main__":
    main()
