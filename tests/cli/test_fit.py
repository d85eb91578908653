"""--types and-or: the sparsest split, its certificate, and what is read off it.

The optimum comes from a linear-programming solver, sums over all masks from their definitions.
"""
import unittest

import h5py
import numpy as np

import program
from program import DATA, ProgramTest, run

try:
    import linear_program
except ImportError:
    linear_program = None

CNN = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy",
       "--labels", DATA / "digits_labels.npy"]
MLP = ["--model", DATA / "digits_mlp.onnx"]
KEEP = ["--keep", "all", "--values"]


def reconstruction(n, constant, and_, or_):
    """v(T) for all T, set by set."""
    v = np.full(2**n, constant)
    masks = np.arange(2**n)
    for s in range(1, 2**n):
        v += and_[s] * ((masks & s) == s) + or_[s] * ((masks & s) != 0)
    return v


class SplitTest(ProgramTest):
    """What the tests of splits share."""

    def needs_solver(self):
        if linear_program is None:
            self.skipTest("python3-scipy is not installed: no linear-programming solver")

    def split(self, *args, ranks=0):
        """A run with everything kept: its arrays."""
        out, result = self.interactions(*args, "--types", "and-or", *KEEP, ranks=ranks)
        with h5py.File(out) as file:
            names = ["values", "interactions/and", "interactions/or"]
            arrays = {name.split("/")[-1]: file[name][()] for name in names}
            for group in ("fit", "reconstruction"):
                arrays.update({f"{group}/{name}": item[()] for name, item in file[group].items()
                               if isinstance(item, h5py.Dataset)})
            arrays.update({f"curve/{name}": item[()] for name, item
                           in file["reconstruction/curve"].items()})
            arrays["threshold"] = file["salient/threshold"][()]
            arrays["warnings"] = result.warnings()
        return arrays

    def check_row(self, a, k, slack=1e-9):
        """What must hold for every split: it reconstructs v, and says the truth of itself."""
        v, and_, or_ = a["values"][k], a["and"][k], a["or"][k]
        n = len(v).bit_length() - 1
        off = np.abs(reconstruction(n, and_[0] + or_[0], and_, or_) - v).max()
        scale = np.abs(v).max()
        self.assertLessEqual(off, a["fit/noise_bound"][k] + slack * scale)
        self.assertAlmostEqual(off, a["fit/max_residual"][k], delta=slack * scale)
        l1 = np.abs(and_[1:]).sum() + np.abs(or_[1:]).sum()
        self.assertAlmostEqual(l1, a["fit/l1"][k], delta=1e-9 * l1)

    def check_optimum(self, a, k, best):
        """The optimum is between bound and loss, and these are as near as they say."""
        loss, bound, gap = (a[f"fit/{name}"][k] for name in ("loss", "lower_bound", "gap"))
        self.assertGreaterEqual(loss, best * (1 - 1e-7))
        self.assertLessEqual(bound, best * (1 + 1e-7))
        self.assertAlmostEqual(gap, max(0, 1 - bound / loss), delta=1e-12)
        self.assertLessEqual(gap, 1e-3)
        self.assertGreater(bound, best * (1 - 2e-3))


class Fit(SplitTest):
    """Splits of one network's values."""

    def test_optimum_without_noise(self):
        """Digits and noise against the solver, up to 8 players."""
        self.needs_solver()
        random = np.random.default_rng(1)
        for n in (1, 2, 3, 5, 7):
            a = self.split("--table", self.save(f"v{n}.npy", random.normal(size=(2, 2**n))))
            for k in range(2):
                self.check_row(a, k)
                self.check_optimum(a, k, linear_program.solve(a["values"][k]))
        a = self.split(*CNN, "--select", "0,3", "--players", "grid:4x4", "--subset", "random:8:1")
        for k in range(2):
            self.check_row(a, k)
            self.check_optimum(a, k, linear_program.solve(a["values"][k]))

    def test_optimum_with_noise(self):
        self.needs_solver()
        random = np.random.default_rng(2)
        for n, noise in ((2, 0.1), (4, 0.05), (6, 0.1)):
            a = self.split("--table", self.save(f"w{n}.npy", random.normal(size=2**n)), "--noise",
                           noise)
            bound = noise * abs(a["values"][0][-1] - a["values"][0][0])
            self.assertAlmostEqual(a["fit/noise_bound"][0], bound, delta=1e-15)
            self.check_row(a, 0)
            self.check_optimum(a, 0, linear_program.solve(a["values"][0], bound))
        a = self.split(*CNN, "--select", "0", "--players", "grid:4x4", "--subset", "random:8:1",
                       "--noise", "0.02")
        self.check_row(a, 0)
        self.check_optimum(a, 0, linear_program.solve(a["values"][0], a["fit/noise_bound"][0]))

    def test_noise_of_larger_games(self):
        """The certificate holds at 10 and 12 players, with the published noise."""
        for n, gap in ((10, 0.01), (12, 0.01)):
            a = self.split(*CNN, "--select", "0", "--players", "grid:4x4", "--subset",
                           f"random:{n}:1", "--noise", "0.02", "--fit-gap", gap)
            self.assertLessEqual(a["fit/gap"][0], gap)
            self.assertLessEqual(a["fit/max_residual"][0], a["fit/noise_bound"][0])
            exact = self.split(*CNN, "--select", "0", "--players", "grid:4x4", "--subset",
                               f"random:{n}:1")
            self.assertLess(a["fit/l1"][0], exact["fit/lower_bound"][0])

    def test_planted(self):
        """A sum of AND and OR terms with positive weights: the optimum is v(N) - v(empty)."""
        random = np.random.default_rng(3)
        for n in (6, 11):
            masks, v = np.arange(2**n), np.zeros(2**n)
            for _ in range(12):
                s, weight = random.integers(1, 2**n), random.uniform(0.1, 1)
                v += weight * ((masks & s) == s if random.integers(2) else (masks & s) != 0)
            a = self.split("--table", self.save("planted.npy", v))
            self.check_row(a, 0)
            self.check_optimum(a, 0, v[-1] - v[0])

    def test_little_noise(self):
        """Noise too small to matter: certified as soon as the exact split is."""
        random = np.random.default_rng(5)
        table = self.save("little.npy", random.normal(size=2**8))
        exact = self.split("--table", table)
        for noise in (1e-12, 1e-7, 1e-4):
            a = self.split("--table", table, "--noise", noise)
            self.assertEqual(a["warnings"], [])
            self.assertLess(a["fit/iterations"][0], 4 * exact["fit/iterations"][0] + 1000)
            self.check_row(a, 0)
            self.assertLessEqual(a["fit/lower_bound"][0], exact["fit/l1"][0])

    def test_as_far_as_it_goes(self):
        """--fit-gap 0 ends at rounding and does not drift away from the exact split."""
        random = np.random.default_rng(6)
        a = self.split("--table", self.save("far.npy", random.normal(size=2**6)), "--fit-gap", 0)
        self.assertLess(a["fit/gap"][0], 1e-9)
        self.assertLess(a["fit/max_residual"][0], 1e-11)

    def test_scales(self):
        """Values of any size; those that are no numbers are said to have no split."""
        random = np.random.default_rng(7)
        v = random.normal(size=2**6)
        plain = self.split("--table", self.save("one.npy", v))
        for scale in (2.0**500, 2.0**-500, 1e155, 1e-300):
            a = self.split("--table", self.save("scaled.npy", v * scale))
            np.testing.assert_allclose(a["fit/l1"] / scale, plain["fit/l1"], rtol=1e-3)
            self.assertLessEqual(a["fit/gap"][0], 1e-3)
        v[5] = np.nan
        a = self.split("--table", self.save("nan.npy", v), "--allow-nonfinite")
        self.assertTrue(np.isnan(a["fit/gap"][0]) and np.isnan(a["fit/l1"][0]))
        self.assertTrue(any("no split" in line for line in a["warnings"]), a["warnings"])

    def test_no_values_to_split(self):
        """Constant and additive games."""
        a = self.split("--table", self.save("constant.npy", np.full((2, 16), [[0.0], [3.0]])))
        np.testing.assert_allclose(a["fit/loss"], 0, atol=1e-12)
        np.testing.assert_allclose(a["fit/gap"], 0)
        np.testing.assert_allclose(a["and"][:, 0], [0, 3])
        weights = np.array([1.0, -2.0, 0.5, 0.0])
        v = ((np.arange(16)[:, None] >> np.arange(4)) & 1) @ weights
        a = self.split("--table", self.save("additive.npy", v))
        self.assertAlmostEqual(a["fit/loss"][0], 3.5, delta=4e-3)
        self.assertLessEqual(a["fit/lower_bound"][0], 3.5 + 1e-9)

    def test_iterations_run_out(self):
        """A warning, the gap as reached, exit 0."""
        for noise in ("0", "0.02"):
            a = self.split(*CNN, "--select", "0", "--players", "grid:4x4", "--subset",
                           "random:10:1", "--fit-iterations", "15", "--noise", noise)
            self.assertEqual(len(a["warnings"]), 1)
            self.assertIn("--fit-iterations", a["warnings"][0])
            self.assertGreater(a["fit/gap"][0], 1e-3)
            self.assertLessEqual(a["fit/iterations"][0], 15)
            self.check_row(a, 0)

    def test_any_group_is_heard(self):
        """One warning, of the worst sample, whichever ranks had it."""
        v = np.zeros((3, 2**6))
        v[1] = np.random.default_rng(1).normal(size=2**6)
        v[2] = v[1]**3
        table = self.save("last.npy", v)
        lines = set()
        for ranks in (0, 3):
            _, result = self.interactions("--table", table, "--types", "and-or",
                                          "--fit-iterations", "3", ranks=ranks)
            self.assertEqual(len(result.warnings()), 1, result)
            self.assertIn("(and 1 more)", result.warnings()[0])
            lines.add(result.warnings()[0])
        self.assertEqual(len(lines), 1, lines)

    def test_conventions(self):
        """Order 1 and the empty set, merged or as the published code has them."""
        game = [*CNN, "--select", "0", "--players", "grid:3x3", "--types", "and-or"]
        ones = 2**np.arange(9)
        merged = self.split(*game)
        self.assertTrue((merged["or"][0][ones] == 0).all())
        self.assertEqual(merged["or"][0][0], 0)
        self.assertEqual(merged["and"][0][0], merged["values"][0][0])
        apart = self.split(*game, "--fit-merge", "off", "--fit-empty", "split")
        self.assertTrue((apart["or"][0][ones] != 0).any())
        self.assertNotEqual(apart["or"][0][0], 0)
        self.check_row(apart, 0)
        np.testing.assert_allclose(apart["and"][0] + np.isin(np.arange(512), [0, *ones]) *
                                   apart["or"][0], merged["and"][0], atol=1e-12)

    def test_reconstruction(self):
        """RMSE, worst error, explained part and the curve, from their definitions."""
        a = self.split(*CNN, "--select", "0,1", "--players", "grid:3x3")
        for k in range(2):
            v, and_, or_ = a["values"][k], a["and"][k], a["or"][k]

            def check(least, found):
                kept = [np.where(np.abs(x) >= least, x, 0) for x in (and_, or_)]
                off = reconstruction(9, and_[0], *kept) - v
                size = sum(np.abs(x[1:]).sum() for x in kept)
                rest = abs(sum((x - y)[1:].sum() for x, y in zip((and_, or_), kept)))
                count = sum((x[1:] != 0).sum() for x in kept)
                expected = [np.sqrt((off**2).mean()), np.abs(off).max(), size / (size + rest), count]
                np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)

            check(a["threshold"][k], [a[f"reconstruction/{name}"][k] for name in
                                      ("rmse", "max", "explained", "kept")])
            self.assertAlmostEqual(a["reconstruction/rho_unfaith"][k],
                                   a["reconstruction/rmse"][k]**2, delta=1e-12)
            sizes = np.sort(np.abs(np.concatenate([and_[1:], or_[1:]])))[::-1]
            np.testing.assert_array_equal(a["curve/point"], 2**np.arange(11))
            for i, point in enumerate(a["curve/point"]):
                strength = a["curve/strength"][k][i]
                self.assertEqual(strength, sizes[point - 1] if point <= len(sizes) else 0)
                check(max(strength, 5e-324), [a[f"curve/{name}"][k][i] for name in
                                              ("rmse", "max", "explained", "kept")])

    def test_mean_effects(self):
        """E over sets of k players of v(S) - v(empty), for all types."""
        out, _ = self.interactions(*CNN, "--select", "0", "--players", "grid:3x3", *KEEP)
        with h5py.File(out) as file:
            v, found = file["values"][0], file["orders/mean_effect"][0]
        orders = np.array([bin(s).count("1") for s in range(512)])
        expected = [v[orders == k].mean() - v[0] for k in range(10)]
        np.testing.assert_allclose(found, expected, atol=1e-9)

    def test_thresholds_and_precision(self):
        """The global threshold prunes and reconstructs at the end; float32 files hold the split."""
        game = [*CNN, "--select", "0:3", "--players", "grid:3x3"]
        a = self.split(*game, "--threshold", "global:0.1")
        largest = max(np.abs(a[name][:, 1:]).max() for name in ("and", "or"))
        np.testing.assert_allclose(a["threshold"], 0.1 * largest)
        count = sum((np.abs(a[name][:, 1:]) >= a["threshold"][0]).sum(axis=1)
                    for name in ("and", "or"))
        np.testing.assert_array_equal(a["reconstruction/kept"], count)
        double = self.split(*game)
        for ranks in (0, 3):
            single = self.split(*game, "--precision", "single", ranks=ranks)
            self.assertEqual(single["and"].dtype, np.float32)
            np.testing.assert_allclose(single["fit/l1"], double["fit/l1"], rtol=2e-3)
            np.testing.assert_allclose(single["and"], double["and"], atol=0.05)

    def test_refused(self):
        """Options that do not go together, each with a reason."""
        game = ["--closed-form", "majority:n=5", "--out", self.output()]
        for option in (["--noise", "0"], ["--share"], ["--fit-gap", "1e-3"], ["--fit-merge", "on"],
                       ["--fit-iterations", "9"], ["--fit-empty", "merged"],
                       ["--share-alpha", "0.1"], ["--share-form=mix"], ["--share-spread", "0"]):
            for types in ([], ["--types", "or"], ["--types", "and,or"]):
                result = run("interactions", *game, *types, *option)
                self.assertEqual(result.code, 64, result)
                self.assertEqual(len(result.errors()), 1, result)
                self.assertIn(option[0].split("=")[0] + " ", result.errors()[0])
                self.assertIn("--types and-or", result.errors()[0])
        for args, word in [(["--types", "and-or", "--share-alpha", "0.1"], "--share,"),
                           (["--types", "and-or", "--noise", "-1"], "negative"),
                           (["--types", "and-or", "--share"], "2 to 8"),
                           (["--types", "and-or", "--verify"], "--verify"),
                           (["--types", "and-or", "--fit-gap", "-1"], "--fit-gap"),
                           (["--types", "and-or", "--fit-merge", "maybe"], "maybe"),
                           (["--types", "and-or", "--fit-iterations", "0"], "at least 1")]:
            result = run("interactions", *game, *args)
            self.assertEqual(result.code, 64, result)
            self.assertEqual(len(result.errors()), 1, result)
            self.assertIn(word, result.errors()[0])


class Share(SplitTest):
    """Several networks together."""

    def tables(self, count, n, seed):
        random = np.random.default_rng(seed)
        common = random.normal(size=2**n)
        args = []
        for i in range(count):
            args += ["--table", self.save(f"t{seed}-{i}.npy", common + 0.3 * random.normal(size=2**n))]
        return args + ["--share"]

    def test_optimum(self):
        """Two and three networks, both forms of the loss, with and without bounds."""
        self.needs_solver()
        for seed, (count, n, form, alpha, spread, noise) in enumerate([
                (2, 3, "mix", 0.1, 0, 0), (3, 4, "mix", 0.3, 0, 0), (2, 5, "add", 0.1, 0, 0),
                (3, 3, "add", 0.5, 0, 0.05), (2, 4, "mix", 0.1, 0.05, 0),
                (3, 4, "mix", 0.1, 0.02, 0.05), (2, 5, "mix", 0.1, 0.5, 0.02),
                (4, 3, "mix", 0.1, 0.01, 0.02)]):
            with self.subTest(count=count, n=n, form=form, spread=spread, noise=noise):
                a = self.split(*self.tables(count, n, seed), "--share-form", form, "--share-alpha",
                               alpha, "--share-spread", spread, "--noise", noise)
                v = a["values"]
                self.assertEqual(len(v), count)
                effect = np.abs(v[:, -1] - v[:, 0])
                weights = (1 - alpha, alpha) if form == "mix" else (1, alpha)
                best = linear_program.solve(v, noise * effect, weights,
                                            spread * effect.mean() if spread else np.inf)
                size = np.abs(np.stack([a["and"], a["or"]]))[:, :, 1:]
                loss = weights[0] * size.max(axis=1).sum() + weights[1] * size.sum()
                for k in range(count):
                    self.check_row(a, k, slack=1e-8)
                    self.assertAlmostEqual(loss, a["fit/loss"][k], delta=1e-9 * loss)
                    self.check_optimum(a, k, best)

    def test_network_without_noise(self):
        """v(N) = v(empty) in one of two networks: it has no noise, the other one has."""
        self.needs_solver()
        random = np.random.default_rng(8)
        v = random.normal(size=(2, 2**5))
        v[0, -1] = v[0, 0]
        args = [x for k in range(2) for x in ("--table", self.save(f"mixed{k}.npy", v[k]))]
        a = self.split(*args, "--share", "--share-spread", 0, "--noise", 0.05)
        self.assertEqual(a["fit/noise_bound"][0], 0)
        best = linear_program.solve(v, a["fit/noise_bound"], (0.9, 0.1))
        for k in range(2):
            self.check_row(a, k, slack=1e-8)
            self.check_optimum(a, k, best)

    def check_sharing(self, file):
        """/sharing from /interactions, sample by sample."""
        sizes = np.abs(np.concatenate([file["interactions/and"][:, 1:],
                                       file["interactions/or"][:, 1:]], axis=1))
        for k in range(0, len(sizes), 2):
            salient = sizes[k:k + 2] >= file["salient/threshold"][k:k + 2][:, None]
            both = salient.all(axis=0).sum()
            np.testing.assert_allclose(file["sharing/salient"][k:k + 2],
                                       both / salient.sum(axis=1))
            for i, found in enumerate(file["sharing/top"][k]):
                strongest = [{j for j in np.argsort(-row, kind="stable")[:2**i] if row[j]}
                             for row in sizes[k:k + 2]]
                self.assertEqual(found, len(strongest[0] & strongest[1]) / 2**i)
            np.testing.assert_array_equal(file["sharing/top"][k], file["sharing/top"][k + 1])

    def test_networks(self):
        """Two digit networks: rows in turn, each split exact, and more in common than apart."""
        args = [*CNN, *MLP, "--select", "0:3", "--players", "grid:3x3"]
        out, _ = self.interactions(*args, "--types", "and-or", "--share", *KEEP)
        with h5py.File(out) as file:
            np.testing.assert_array_equal(file["samples/network"], [0, 1] * 3)
            np.testing.assert_array_equal(file["samples/index"], [0, 0, 1, 1, 2, 2])
            for name in (CNN[1], MLP[1]):
                self.assertIn(str(name), str(file["run"].attrs["game"]))
            self.check_sharing(file)
            for k in range(6):
                one = ["--model", (CNN if k % 2 == 0 else MLP)[1], *CNN[2:]]
                alone, _ = self.interactions(*one, "--select", str(k // 2), "--players",
                                             "grid:3x3", *KEEP)
                with h5py.File(alone) as other:
                    np.testing.assert_array_equal(file["values"][k], other["values"][0])
        result = run("interactions", *CNN[:4], *MLP, "--players", "grid:2x2", "--types", "and-or",
                     "--share", "--out", self.output())
        self.assertEqual(result.code, 64, result)
        self.assertIn("--labels or --target", result.errors()[0])


if __name__ == "__main__":
    program.main(workers=4)
