"""harsanyi merge: data sets of parts are, byte for byte, that of one run over all samples; what does
not fit together is refused with the difference named."""
import shutil

import h5py
import numpy as np

import check_dataset
import program
from program import DATA, ProgramTest, run, run_attributes

WINE = ("--model", DATA / "wine_mlp.onnx", "--samples", DATA / "wine_features.npy")
SEVEN = (*WINE, "--subset", "0,2,5,7,9,10,11")
DIGITS = ("--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy")
PARTS = ("0:4", "4:7", "7:12")
WHOLE = "0:12"


class Merge(ProgramTest):
    """Runs over parts, put together."""

    def runs(self, *args, parts=PARTS, command="interactions"):
        """A data set for each part."""
        paths = []
        for part in parts:
            paths.append(self.output())
            done = run(command, *args, "--select", part, "--out", paths[-1], "--quiet")
            self.assertEqual(done.code, 0, done)
        return paths

    def merge(self, *paths, ranks=0, warnings=0):
        """A merge that must succeed; the file's path."""
        out = self.output()
        done = run("merge", *paths, "--out", out, ranks=ranks)
        self.assertEqual((done.code, len(done.errors())), (0, 0), done)
        self.assertEqual(len(done.warnings()), warnings, done)
        return out

    def refused(self, code, *args, words):
        """One message, with these words, and no file."""
        out = self.output()
        done = run("merge", *args, "--out", out)
        self.assertEqual((done.code, len(done.errors())), (code, 1), done)
        for word in words:
            self.assertIn(str(word), done.err)
        self.assertFalse(out.exists())
        self.assertFalse(out.with_name(out.name + ".part").exists())

    def check_same(self, *args, ranks=(0,), parts=PARTS):
        """Parts are as the whole, for any number of ranks."""
        whole, = self.runs(*args, parts=[",".join(parts)])
        paths = self.runs(*args, parts=parts)
        for number in ranks:
            merged = self.merge(*paths, ranks=number)
            self.assertEqual(check_dataset.differences(whole, merged), [], (args, number))
        self.assertEqual(check_dataset.faults(merged), [])
        return paths, whole, merged

    def thresholds(self, paths):
        """Of the files, which have one each."""
        found = []
        for path in paths:
            with h5py.File(path) as file:
                found.append(set(file["salient/threshold"][()].tolist()))
                self.assertEqual(len(found[-1]), 1)
        return [value for one in found for value in one]

    # ---- the same bytes ----

    def test_rows_of_their_own(self):
        self.check_same(*SEVEN, "--types", "and,or", "--keep", "salient", "--values", "--indices",
                        "SV,BV,SII,STII:3,Walsh", ranks=(0, 1, 2, 3))

    def test_global(self):
        for keep in ("salient", "top:90", "all"):
            paths, whole, _ = self.check_same(*SEVEN, "--types", "and,or", "--threshold",
                                              "global:0.1", "--keep", keep)
            self.assertGreater(len({*self.thresholds(paths)}), 1)
            self.assertEqual(max(self.thresholds(paths)), self.thresholds([whole])[0])

    def test_global_where_lists_are_cut(self):
        _, _, merged = self.check_same(*SEVEN, "--types", "or", "--threshold", "global:0.02",
                                       "--precision", "single", "--keep", "all",
                                       "--salient-limit", "20", "--labels",
                                       DATA / "wine_labels.npy", "--target", "0,1", ranks=(2,))
        with h5py.File(merged) as file:
            self.assertTrue(file["salient/truncated"][()].any())

    def test_delta(self):
        for args in (("--keep", "all"), ("--keep", "all", "--precision", "single", "--blocks", "4",
                                         "--salient-limit", "20"), ("--keep", "top:254"),
                     ("--keep", "salient", "--values", "--salient-limit", "20"),
                     ("--keep", "top:9", "--values")):
            paths, whole, _ = self.check_same(*SEVEN, "--types", "and,or", "--threshold",
                                              "delta:0.3", *args)
            mine, all_rows = self.thresholds(paths), self.thresholds([whole])[0]
            self.assertLess(min(mine), all_rows)
            self.assertGreater(max(mine), all_rows)

    def test_split(self):
        args = (*SEVEN, "--types", "and-or", "--fit-iterations", "30", "--indices", "none")
        self.check_same(*args, "--noise", "0.02")
        joint = ("--model", DATA / "wine_mlp.onnx", "--share", "--share-spread", "0", "--target",
                 "0,1")
        self.check_same(*args, *joint, ranks=(2,))

    def test_per_sample(self):
        """Names, maps and baselines of each sample; one for all; files of a single sample."""
        names = self.write("names.txt", "".join("\t".join(f"{k}-{i}" for i in range(4)) + "\n"
                                                for k in range(360)))
        maps = np.zeros((360, 8, 8), dtype=np.int64)
        maps[:, :4], maps[:, :, :4] = 1, 2
        maps[::2, 6:, 6:] = 3
        maps[1::2, :2, 6:] = 3
        maps = self.save("maps.npy", maps)
        grid = (*DIGITS, "--players", "grid:2x2", "--player-names", names)
        for args in ((*grid, "--baseline", "blur:1"), (*DIGITS, "--players", f"map:{maps}")):
            for parts, samples in ((("0:2", "2:5"), 5), (("3", "0", "1"), 3), (("6", "0:2"), 3)):
                _, _, merged = self.check_same(*args, parts=parts)
                with h5py.File(merged) as file:
                    lengths = {len(file[f"players/{what}"]) for what in ("map", "baseline")}
                    self.assertEqual(lengths, {1, samples})
        _, _, merged = self.check_same(*grid[:-2], parts=("3", "0"))
        with h5py.File(merged) as file:
            self.assertEqual(len(file["players/map"]), 1)

    def test_merged_again(self):
        a, b, c = self.runs(*SEVEN, "--threshold", "delta:0.3", "--keep", "all")
        at_once = self.merge(a, b, c)
        again = self.merge(self.merge(a, b), c)
        self.assertEqual(check_dataset.differences(at_once, again), [])
        self.assertEqual(check_dataset.differences(a, self.merge(a)), [])
        attributes = run_attributes(at_once)
        self.assertEqual(attributes["sources"].decode(), f"{a}\n{b}\n{c}")
        self.assertEqual(attributes["source_options"], run_attributes(a)["options"])
        for name in ("blas_core", "simd", "program_version", "git"):
            self.assertEqual(attributes[f"source_{name}"], run_attributes(a)[name])

    def test_features(self):
        args = (*DIGITS, "--labels", DATA / "digits_labels.npy")
        whole, = self.runs(*args, parts=["0:40,50:60"], command="features")
        paths = self.runs(*args, parts=("0:13", "13:40", "50:60"), command="features")
        for ranks in (0, 2):
            self.assertEqual(check_dataset.differences(whole, self.merge(*paths, ranks=ranks)), [])
        other, = self.runs(*args, "--layers", "logits", parts=["70"], command="features")
        self.refused(65, paths[0], other, words=[paths[0], other, "--layers logits"])
        rows, = self.runs(*SEVEN, parts=["1"])
        self.refused(65, paths[0], rows, words=["'features'", "'interactions'"])

    # ---- what does not fit ----

    def test_differences(self):
        first, = self.runs(*SEVEN, parts=["0:2"])
        for args, *words in (
                ((*WINE, "--subset", "0,2,5,7,9,10,12"), "--subset 0,2,5,7,9,10,12"),
                (WINE, "--subset 0,2,5,7,9,10,11", "was not"),
                ((*SEVEN, "--types", "and,or"), "--types and,or", "--types and"),
                ((*SEVEN, "--values"), "--values", "was not"),
                ((*SEVEN, "--precision", "single"), "--precision single"),
                ((*SEVEN, "--threshold", "global"), "--threshold global"),
                ((*SEVEN, "--threshold", "sample:0.1"), "--threshold sample:0.1"),
                ((*SEVEN, "--keep", "top:5"), "--keep top:5"),
                ((*SEVEN, "--target", "0"), "--target 0", "was not"),
                ((*SEVEN, "--baseline", "value:1"), "--baseline value:1"),
                ((*SEVEN, "--output", "logit"), "--output logit"),
                ((*SEVEN, "--class-names", DATA / "wine_class_names.txt"), "/classes/name"),
                ((*SEVEN, "--indices", "SV,BV"), "--indices SV,BV")):
            other, = self.runs(*args, parts=["5:7"])
            self.refused(65, first, other, words=[first, other, *words])
        names = self.write("seven.txt", "a\nb\nc\nd\ne\nf\ng\n")
        other, = self.runs(*SEVEN, "--player-names", names, parts=["5"])
        self.refused(65, first, other, words=[other, "/players/name", "'a'"])

    def test_samples(self):
        a, b = self.runs(*SEVEN, parts=("0:3", "2:4"))
        self.refused(65, a, b, words=["sample 2", a, b, "--select"])
        self.refused(65, a, a, words=["sample 0", a])
        copy = self.folder / "copy.npy"
        shutil.copy(DATA / "wine_features.npy", copy)
        other, = self.runs(*WINE[:2], "--samples", copy, *SEVEN[4:], parts=["7"])
        self.merge(a, other, warnings=1)

    def test_too_little_is_kept(self):
        args = (*SEVEN, "--types", "and,or", "--keep", "salient", "--threshold")
        paths = self.runs(*args, "delta:0.3", parts=PARTS[:2])
        self.refused(65, *paths, words=["threshold of all rows", "--keep all", "--threshold sample"])
        fits = self.runs(*SEVEN, "--types", "and-or", "--fit-iterations", "5", "--threshold",
                         "global", parts=PARTS[:2])
        self.refused(65, *fits, words=["a split", "--threshold sample"])
        joint = self.runs(*SEVEN, "--model", WINE[1], "--share", "--types", "and-or", "--target",
                          "0", "--fit-iterations", "5", parts=("0", "1"))
        self.refused(65, *joint, words=["--share-spread 0"])

    def test_files(self):
        a, b = self.runs(*SEVEN, "--threshold", "delta:0.3", "--keep", "all", parts=PARTS[:2])

        def changed(change):
            path = self.output()
            shutil.copy(b, path)
            with h5py.File(path, "r+") as file:
                change(file)
            return path

        def set_to(name, at, value):
            def change(file):
                file[name][at] = value
            return changed(change)

        part = changed(lambda file: file.attrs.modify("complete", np.uint8(0)))
        self.refused(65, a, part, words=[part, "not complete", "--resume"])
        old = changed(lambda file: file.attrs.modify("format_version", np.int32(1)))
        self.refused(65, a, old, words=[old, "format version 1"])
        for path in (set_to("salient/threshold", 1, 1e9), set_to("salient/effect", 1, 1e9)):
            self.refused(65, a, path, words=[path, "/salient/threshold"])
        for name, value in (("mask", 2**63), ("type", 7), ("mask", 0), ("value", 1e300)):
            path = set_to(f"salient/{name}", 3, value)
            self.refused(65, a, path, words=[path, "entry 3"])
        self.refused(65, a, changed(lambda file: file.pop("salient/effect")), words=["effect"])
        self.refused(65, a, changed(lambda file: file["run"].attrs.pop("options")),
                     words=["/run", "options"])
        text = self.write("text.h5", "no data set")
        self.refused(65, a, text, words=[text])
        self.refused(65, a, self.folder / "none.h5", words=["none.h5"])

    def test_usage(self):
        a, b = self.runs(*SEVEN, parts=("0", "1"))
        before = a.read_bytes()
        for args, word in (((a, b), "--out"), (("--out", self.output()), "usage"),
                           ((a, b, "--out", b, "--force"), "reads"),
                           ((a, b, "--out", a), "reads")):
            done = run("merge", *args)
            self.assertEqual((done.code, len(done.errors())), (64, 1), done)
            self.assertIn(word, done.err)
        self.assertEqual(a.read_bytes(), before)
        foreign = self.output()
        shutil.copy(b, foreign)
        with h5py.File(foreign, "r+") as file:
            file["run"].attrs["blas_core"] = "Toaster"
        self.merge(a, foreign, warnings=1)


if __name__ == "__main__":
    program.main(workers=3)
