"""The data set and `harsanyi show`: files are as docs/format says, damage is found, and what is
shown is what is stored."""
import json
import pathlib
import shutil

import h5py
import numpy as np

import check_dataset
import program
from program import DATA, ProgramTest, run

CNN = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy",
       "--labels", DATA / "digits_labels.npy"]


class Format(ProgramTest):
    """Every kind of file passes the checker, at several numbers of ranks."""

    RUNS = {
        "everything": ["--closed-form", "and-or:n=10,terms=5,seed=1", "--types", "and,or",
                       "--indices", "SV,BV,SII,k-SII:3,STII:4,FSII,CHII:10,Walsh", "--values",
                       "--keep", "all"],
        "little": ["--closed-form", "random:n=9,seed=2", "--keep", "salient"],
        "or alone": ["--closed-form", "majority:n=7", "--types", "or", "--values"],
        "the largest": ["--closed-form", "random:n=8,seed=4", "--keep", "top:7"],
        "a short list": ["--closed-form", "random:n=8,seed=4", "--salient-limit", "3",
                         "--threshold", "sample:0.01", "--types", "and,or"],
        "nothing salient": ["--closed-form", "random:n=5,seed=1", "--threshold", "delta:1000000"],
        "one player": ["--closed-form", "additive:n=1", "--types", "and,or", "--values",
                       "--indices", "SV,SII,k-SII,STII,FSII,FBII,BII,CHII,Moebius,Walsh"],
        "two players": ["--closed-form", "random:n=2,seed=9", "--values", "--indices",
                        "SII,k-SII,STII,FSII,FBII,BII,CHII,Moebius,Co-Moebius,Walsh"],
        "indices": ["--closed-form", "random:n=12,seed=3", "--keep", "all", "--indices",
                    "SII:12,k-SII:7,STII:5,FSII:6,FBII:8,BII:12,CHII:9,Moebius,Co-Moebius:2,"
                    "Walsh:3"],
        "single precision": ["--closed-form", "random:n=11,seed=3", "--types", "and,or", "--values",
                             "--precision", "single", "--indices", "SV,BV"],
        "samples and targets": CNN + ["--select", "0:3", "--players", "grid:3x3", "--target", "1,7",
                                      "--class-names", DATA / "digits_class_names.txt"],
        "a network in single": CNN + ["--select", "5", "--players", "grid:3x3", "--types", "and,or",
                                      "--precision", "single", "--values", "--keep", "all"],
        "a split": CNN + ["--select", "0:2", "--players", "grid:3x3", "--types", "and-or",
                          "--values", "--keep", "all", "--indices", "SV,BV,SII"],
        "a split within noise": CNN + ["--select", "0", "--players", "grid:3x3", "--types",
                                       "and-or", "--noise", "0.02", "--fit-gap", "0.01",
                                       "--values", "--keep", "all", "--indices", "SV,BV"],
        "a split apart": ["--closed-form", "and-or:n=7,terms=5,seed=1", "--types", "and-or",
                          "--fit-merge", "off", "--fit-empty", "split", "--values"],
        "a split in single": CNN + ["--select", "0", "--players", "grid:3x3", "--types", "and-or",
                                    "--precision", "single", "--values", "--keep", "all"],
        "a split, salient": CNN + ["--select", "0", "--players", "grid:3x3", "--types", "and-or",
                                   "--keep", "salient", "--salient-limit", "5"],
        "splits of targets": CNN + ["--select", "0:2", "--players", "grid:2x2", "--types",
                                    "and-or", "--target", "1,2", "--keep", "top:9",
                                    "--threshold", "global:0.2"],
        "a split of one player": ["--closed-form", "additive:n=1", "--types", "and-or",
                                  "--values"],
        "networks": CNN + ["--model", DATA / "digits_mlp.onnx", "--select", "0:2", "--players",
                           "grid:3x3", "--types", "and-or", "--share", "--noise", "0.02",
                           "--fit-gap", "0.01", "--values", "--keep", "all"],
        "networks with nothing salient": CNN + [
            "--model", DATA / "digits_mlp.onnx", "--select", "0", "--players", "grid:2x2",
            "--types", "and-or", "--share", "--threshold", "delta:1000000"],
    }

    def test_runs(self):
        zeros = self.save("zeros.npy", np.zeros((2, 8)))
        nothing = ["--table", zeros, "--types", "and-or", "--values"]
        for name, args in {**self.RUNS, "a split of nothing": nothing}.items():
            for ranks in (0, 3):
                with self.subTest(name, ranks=ranks):
                    out, _ = self.interactions(*args, ranks=ranks)
                    self.assertEqual(check_dataset.faults(out), [])
                    shown = run("show", out, "--check")
                    self.assertEqual(shown.code, 0, shown)
                    self.assertNotIn("FAILED", shown.out)

    def test_same(self):
        """differences() sees a bit, and does not see /run."""
        args = self.RUNS["everything"]
        first, _ = self.interactions(*args)
        second, _ = self.interactions(*args, ranks=2)
        self.assertEqual(check_dataset.differences(first, second), [])
        with h5py.File(second, "r+") as file:
            file["orders/and/count"][0, 3] += 1
        self.assertEqual(check_dataset.differences(first, second), ["/orders/and/count differs"])


def swap(array, i, j):
    """Exchange two elements of an array in a file."""
    values = array[()]
    values[..., [i, j]] = values[..., [j, i]]
    array[...] = values


def add(path, where, amount):
    """A change that adds to one element."""
    def change(file):
        file[path][where] += amount
    return change


def put(path, where, value):
    """A change that sets one element."""
    def change(file):
        file[path][where] = value
    return change


class Damage(ProgramTest):
    """A file that is changed in one place fails both checkers."""

    # Name: (change, whether `show --check` sees it, too).
    CHANGES = {
        "v(empty)": (add("samples/v_empty", 0, 0.01), True),
        "v(N)": (add("samples/v_full", 0, 0.01), True),
        "a value": (add("values", (0, 77), 1e-6), True),
        "a dividend": (add("interactions/and", (0, 77), 1e-6), True),
        "an OR dividend": (add("interactions/or", (0, 200), 1e-6), True),
        "I_or(empty)": (add("interactions/or", (0, 0), 1e-6), True),
        "SV": (add("indices/SV", (0, 2), 1e-6), True),
        "BV": (add("indices/BV", (0, 2), 1e-6), True),
        "an index": (add("indices/SII/value", (0, 12), 1e-6), True),
        "a sum of an index": (add("indices/k-SII/value", (0, 0), 1e-6), True),
        "a set of an index": (put("indices/FSII/mask", 3, 7), True),
        "sets in another order": (lambda file: swap(file["indices/Walsh/mask"], 3, 4), True),
        "the error of an index": (put("indices/CHII/error", 0, 0.1), False),
        "a missing part": (lambda file: file.__delitem__("indices/STII/error"), True),
        "a count": (add("orders/or/count", (0, 2), 1), True),
        "a positive sum": (add("orders/and/positive", (0, 1), 1e-3), True),
        "a sum of all": (add("orders/and/all_negative", (0, 3), -1e-3), True),
        "an entry's value": (add("salient/value", 3, 1e-9), True),
        "an entry's order": (add("salient/order", 3, 1), True),
        "an entry's type": (put("salient/type", 0, 2), True),
        "an entry's mask": (put("salient/mask", 0, 2**10), True),
        "the empty set": (put("salient/mask", 0, 0), True),
        "the order of entries": (lambda file: swap(file["salient/value"], 0, 5), True),
        "an offset": (put("salient/offset", 0, 1), True),
        "not a number": (put("salient/value", 0, np.nan), True),
        "the threshold": (put("salient/threshold", 0, 1e-9), True),
        "the version": (lambda file: file.attrs.__setitem__("format_version", np.int32(3)), True),
        "the kind": (lambda file: file.attrs.__setitem__("kind", np.bytes_("features of old")), True),
        "the format": (lambda file: file.attrs.__setitem__("format", np.bytes_("other")), True),
        "complete": (lambda file: file.attrs.__setitem__("complete", np.uint8(0)), True),
        "the players": (lambda file: file.attrs.__setitem__("n_players", np.int32(9)), True),
        "a missing array": (lambda file: file.__delitem__("samples/target"), True),
        "a missing list": (lambda file: file.__delitem__("salient/mask"), True),
        "an unknown array": (lambda file: file.create_dataset("more", data=[1.0]), False),
        "a scale": (lambda file: file["indices/SV"].dims[1].detach_scale(file["player"]), False),
        "a coordinate": (put("player", 0, 5), False),
        "the samples": (lambda file: file.attrs.__setitem__("n_samples", np.int64(2)), False),
    }

    # The same of a fitted split, within noise.
    SPLIT_CHANGES = {
        "v(N)": (add("samples/v_full", 0, 1), True),
        "a value": (add("values", (0, 77), 1e-6), True),
        "a dividend": (add("interactions/and", (0, 77), 1e-6), True),
        "an OR dividend": (add("interactions/or", (0, 200), 1e-6), True),
        "I_and(empty)": (add("interactions/and", (0, 0), 1e-6), True),
        "SV": (add("indices/SV", (0, 2), 1), True),
        "BV": (add("indices/BV", (0, 2), 1), True),
        "a mean effect": (add("orders/mean_effect", (0, 4), 1e-6), True),
        "a sum of all": (add("orders/or/all_positive", (0, 3), 1e-6), True),
        "an entry's value": (add("salient/value", 3, 1e-9), True),
        "L1": (add("fit/l1", 0, 1e-6), True),
        "the loss": (add("fit/loss", 0, 1e-6), True),
        "the bound": (add("fit/lower_bound", 0, -1e-6), True),
        "the gap": (add("fit/gap", 0, 1e-6), True),
        "the residual": (add("fit/max_residual", 0, -1e-6), True),
        "a residual beyond the noise": (put("fit/max_residual", 0, 2), True),
        "no residual": (put("fit/max_residual", 0, np.nan), True),
        "the noise": (put("fit/noise_bound", 0, 1e-3), True),
        "a missing gap": (lambda file: file.__delitem__("fit/gap"), True),
        "RMSE": (add("reconstruction/rmse", 0, 1e-6), True),
        "the largest error": (add("reconstruction/max", 0, 1e-6), True),
        "unfaithfulness": (add("reconstruction/rho_unfaith", 0, 1e-6), True),
        "the explained share": (add("reconstruction/explained", 0, -1e-6), True),
        "how many are kept": (add("reconstruction/kept", 0, 1), True),
        "a point": (put("reconstruction/curve/point", 2, 5), True),
        "a number on the curve": (add("reconstruction/curve/kept", (0, 3), 1), True),
        "an error on the curve": (add("reconstruction/curve/rmse", (0, 3), 1e-6), True),
        "a largest error on the curve": (add("reconstruction/curve/max", (0, 3), 1e-6), True),
        "a share on the curve": (add("reconstruction/curve/explained", (0, 3), -1e-6), True),
        "a strength on the curve": (add("reconstruction/curve/strength", (0, 3), 1e-6), True),
    }

    def test_changes(self):
        self.check_changes("everything", self.CHANGES)

    def test_changes_of_a_split(self):
        self.check_changes("a split within noise", self.SPLIT_CHANGES)

    def test_changes_of_networks(self):
        """What networks that were fitted together have in common."""
        joint = {name: (add(f"fit/{name}", 1, amount), True)
                 for name, amount in (("loss", 1e-6), ("lower_bound", -1e-6), ("iterations", 1))}
        joint |= {"salient": (add("sharing/salient", 1, 1e-6), True),
                  "all networks": (add("sharing/salient", slice(0, 2), 1), False),
                  "top": (add("sharing/top", (0, 3), 1 / 8), True),
                  "no number": (add("sharing/top", (slice(0, 2), 3), 1e-3), True),
                  "the networks": (put("samples/network", 1, 0), False)}
        self.check_changes("networks", joint)

    def check_changes(self, run_name, changes):
        good, _ = self.interactions(*Format.RUNS[run_name])
        self.assertEqual(check_dataset.faults(good), [])
        for name, (change, shown) in changes.items():
            with self.subTest(name):
                bad = self.folder / "bad.h5"
                shutil.copy(good, bad)
                with h5py.File(bad, "r+") as file:
                    change(file)
                self.assertNotEqual(check_dataset.faults(bad), [])
                if shown:
                    result = run("show", bad, "--check")
                    self.assertEqual(result.code, 65, result)
                    self.assertEqual(len(result.errors()), 1, result)
                    self.assertIn("bad.h5", result.err)

    def test_no_data_set(self):
        """Files that are none: one message that says so, exit 65."""
        good, _ = self.interactions(*Format.RUNS["everything"])
        whole = good.read_bytes()
        other = self.folder / "other.h5"
        with h5py.File(other, "w") as file:
            file["x"] = np.zeros(3)
        cases = {
            "No such file": self.folder / "missing.h5",
            "is a folder": self.folder,
            "is no HDF5 file": self.write("text.h5", "hello"),
            "is no HDF5 file (0 bytes)": self.write("empty.h5", ""),
            "cut off?": self.write("half.h5", whole[:len(whole) // 2]),
            "no data set of harsanyi": other,
        }
        for words, path in cases.items():
            with self.subTest(words):
                result = run("show", path)
                self.assertEqual(result.code, 65, result)
                self.assertEqual(len(result.errors()), 1, result)
                self.assertIn(words, result.err)

    def test_random_bytes(self):
        """Whatever stands in the file, `show` ends with a message or an answer, never by a signal.
        """
        good, _ = self.interactions(*Format.RUNS["little"])
        whole = np.frombuffer(good.read_bytes(), dtype=np.uint8)
        random = np.random.default_rng(7)
        for turn in range(24):
            bytes_ = whole.copy()
            # Most of HDF5's own data is at the front.
            where = random.integers(0, min(len(bytes_), 16384 if turn % 2 else len(bytes_)), 8)
            bytes_[where] = random.integers(0, 256, 8)
            bad = self.write("random.h5", bytes_.tobytes())
            result = run("show", bad, "--check")
            self.assertIn(result.code, (0, 65, 70, 74), f"turn {turn}\n{result}")

    def test_incomplete(self):
        """The header is shown, the rest refused."""
        good, _ = self.interactions(*Format.RUNS["everything"])
        with h5py.File(good, "r+") as file:
            file.attrs["complete"] = np.uint8(0)
            del file["salient/mask"], file["salient/offset"], file["salient/value"]
        result = run("show", good)
        self.assertEqual(result.code, 65, result)
        self.assertIn("INCOMPLETE", result.out)
        self.assertIn("players  10", result.out)
        self.assertIn("is not complete", result.err)


class Show(ProgramTest):
    """What is shown is what is stored."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.file = cls.output()
        args = ["interactions", *CNN, "--select", "2,0", "--players", "grid:3x3", "--target", "7,1",
                "--types", "and,or", "--indices", "SV,BV", "--class-names",
                DATA / "digits_class_names.txt", "--out", cls.file]
        result = run(*args, ranks=2)
        if result.code:
            raise RuntimeError(str(result))

    def shown(self, *args, code=0):
        result = run("show", self.file, *args)
        self.assertEqual(result.code, code, result)
        return result

    def test_json(self):
        data = json.loads(self.shown("--json", "--check", "--top", "1000000").out)
        self.assertEqual((data["n_players"], data["n_rows"], data["complete"]), (9, 4, True))
        self.assertTrue(all(check["failed"] == 0 for check in data["checks"]), data["checks"])
        with h5py.File(self.file) as file:
            self.assertEqual(data["players"], file["players/name"].asstr()[()].tolist())
            offset = file["salient/offset"][()].astype(int)
            for k, row in enumerate(data["rows"]):
                part = slice(offset[k], offset[k + 1])
                top = row["top"]
                self.assertEqual(row["sample"], file["samples/index"][k])
                self.assertEqual(row["target"], file["samples/target"][k])
                self.assertEqual(row["v_full"], file["samples/v_full"][k])
                self.assertEqual([e["mask"] for e in top], file["salient/mask"][part].tolist())
                self.assertEqual([e["value"] for e in top], file["salient/value"][part].tolist())
                self.assertEqual([("AND", "OR").index(e["type"]) for e in top],
                                 file["salient/type"][part].tolist())
                for entry in top:
                    self.assertEqual(sum(1 << p for p in entry["players"]), entry["mask"])
                    self.assertEqual(len(entry["players"]), entry["order"])
                for kind, sums in row["orders"].items():
                    for name, values in sums.items():
                        self.assertEqual(values, file[f"orders/{kind}/{name}"][k].tolist())
                for name in ("SV", "BV"):
                    self.assertEqual(row[name], file[f"indices/{name}"][k].tolist())

    def test_split(self):
        """Of a fitted split: /fit, /reconstruction with its curve, networks, mean effects."""
        for name in ("a split within noise", "networks"):
            out, _ = self.interactions(*Format.RUNS[name])
            text = run("show", out, "--row", "0")
            self.assertEqual(text.code, 0, text)
            for words in ("v split between them", "Split of v into AND and OR", "no split has less",
                          "Reconstruction of v", "rho_unfaith", "Sparsity: v from", "Mean of v(S)"):
                self.assertIn(words, text.out)
            self.assertEqual("common" in text.out, name == "networks")
            self.assertEqual([line for line in text.out.splitlines()[3:] if len(line) > 100], [])
            rows = json.loads(run("show", out, "--json").out)["rows"]
            with h5py.File(out) as file:
                for k, row in enumerate(rows):
                    self.assertEqual(row["mean_effect"], file["orders/mean_effect"][k].tolist())
                    self.assertEqual(row["fit"], {x: file["fit"][x][k] for x in file["fit"]})
                    one, curve = row["reconstruction"], row["reconstruction"].pop("curve")
                    self.assertEqual(one, {x: file["reconstruction"][x][k] for x in one})
                    stored = file["reconstruction/curve"]
                    self.assertEqual(curve.pop("point"), stored["point"][()].tolist())
                    self.assertEqual(curve, {x: stored[x][k].tolist() for x in curve})
                    self.assertEqual(set(curve) | {"point"}, set(stored))
                    if name == "networks":
                        self.assertEqual(row["network"], file["samples/network"][k])
                        self.assertEqual(row["sharing"]["salient"], file["sharing/salient"][k])
                        self.assertEqual(row["sharing"]["top"], file["sharing/top"][k].tolist())

    def test_mean_effects(self):
        """Where they fall is said: v is 0, 1, 1, 0.5 for 0 to 3 players."""
        v = np.array([0, 1, 1, 0.5])[[bin(s).count("1") for s in range(8)]]
        out, _ = self.interactions("--table", self.save("falling.npy", v))
        self.assertIn("It falls at k = 3\n", run("show", out).out)
        out, _ = self.interactions("--closed-form", "majority:n=5")
        self.assertIn("It does not fall", run("show", out).out)

    def test_rows(self):
        """--row and --sample with --target lead to the same row."""
        rows = json.loads(self.shown("--json").out)["rows"]
        for k, row in enumerate(rows):
            by_row = json.loads(self.shown("--json", "--row", k).out)["rows"]
            by_sample = json.loads(self.shown("--json", "--sample", row["sample"], "--target",
                                              row["target"]).out)["rows"]
            self.assertEqual(by_row, [row])
            self.assertEqual(by_sample, [row])
        first = json.loads(self.shown("--json", "--sample", 0).out)["rows"][0]
        self.assertEqual((first["sample"], first["target"]), (0, rows[2]["target"]))

    def test_types(self):
        for kind in ("and", "or"):
            top = json.loads(self.shown("--json", "--type", kind, "--row", 0).out)["rows"][0]["top"]
            self.assertTrue(top)
            self.assertEqual({e["type"] for e in top}, {kind.upper()})

    def test_text(self):
        out = self.shown("--orders", "--check", "--top", "5").out
        for words in ("Rows", "Largest interactions (5 of", "Where they are", "Shapley values",
                      "Strength by order, salient", "Strength by order, all", "Checks", "good"):
            self.assertIn(words, out)
        self.assertNotIn("\033", out, "colours in a pipe")
        long = [line for line in out.splitlines() if len(line) > 100]
        self.assertEqual([line for line in long if str(self.file) not in line], [])
        with h5py.File(self.file) as file:
            mask, names = int(file["salient/mask"][0]), file["players/name"].asstr()[()]
        lines = out.splitlines()
        first = lines[next(i for i, line in enumerate(lines) if "rank  type" in line) + 1]
        self.assertTrue(first.endswith(", ".join(names[i] for i in range(9) if mask >> i & 1)))
        # The picture of the first: three lines of three marks.
        at = next(i for i, line in enumerate(lines) if line.startswith("Where")) + 2
        picture = "".join(line.split("   ")[0].replace(" ", "") for line in lines[at:at + 3])
        self.assertEqual([i for i in range(9) if picture[i] == "#"],
                         [i for i in range(9) if mask >> i & 1])

    def test_usage(self):
        cases = {("--row", 4): "rows 0 to 3", ("--row", "x"): "--row", ("--row", -1): "--row",
                 ("--sample", 9): "no such sample", ("--sample", 0, "--target", 3): "no row",
                 ("--target", 3): "needs --sample", ("--row", 0, "--sample", 0): "exclude",
                 ("--type", "xor"): "and, or, both", ("--top", -3): "--top",
                 ("--nonsense",): "--nonsense"}
        for args, words in cases.items():
            with self.subTest(args):
                result = self.shown(*args, code=64)
                self.assertEqual(len(result.errors()), 1, result)
                self.assertIn(words, result.err)
        self.assertEqual(run("show").code, 64)

    def test_many_ranks(self):
        """Under mpirun it is shown once."""
        alone, many = self.shown("--json").out, run("show", self.file, "--json", ranks=3)
        self.assertEqual((many.code, many.out), (0, alone))

    def test_as_input(self):
        """The values of one run are the table of the next; a missing array is named."""
        first, _ = self.interactions("--closed-form", "random:n=6,seed=2", "--values")
        again, _ = self.interactions("--table", f"{first}:/values", "--values", ranks=2)
        with h5py.File(first) as a, h5py.File(again) as b:
            np.testing.assert_array_equal(a["interactions/and"], b["interactions/and"])
        for path, words in ((f"{first}:/nothing", "/values"), (first, "say which"),
                            (f"{first}:/players/name", "strings"), (f"{first}:/salient", "group")):
            out = self.output()
            result = run("interactions", "--table", path, "--out", out)
            self.assertEqual(result.code, 65, result)
            self.assertIn(words, result.err)
            self.assertFalse(pathlib.Path(out).exists())


if __name__ == "__main__":
    program.main(workers=4)
