"""Arrays with a row for each sample (labels, maps, baselines, further inputs): which row is of which
sample, and numbers that have to be whole.

The network adds up its input, so that the Shapley value of a player is the sum of x - baseline over
its elements.
"""
import h5py
import numpy as np

import onnx_writer as onnx
import program
from program import ProgramTest, run

ALL, CHOSEN = 5, [4, 1]


def rows_of(array, chosen=CHOSEN):
    """The two arrays that mean the same: a row for every sample, a row for each chosen one."""
    return {len(array): array, len(chosen): array[chosen]}


class PerSample(ProgramTest):
    """What belongs to which sample."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        y = onnx.value_info("y", [1, 1])
        for channels in (1, 3):
            x = onnx.value_info("x", [1, channels, 2, 3])
            m = onnx.value_info("m", [1, channels, 2, 3])
            tail = [onnx.node("Flatten", ["p"], ["f"]),
                    onnx.node("ReduceSum", ["f"], ["y"], axes=[1])]
            cls.write(f"sum{channels}.onnx", onnx.model(
                [onnx.node("Identity", ["x"], ["p"])] + tail, [x], [y], opset=11))
            cls.write(f"two{channels}.onnx", onnx.model(
                [onnx.node("Mul", ["x", "m"], ["p"])] + tail, [x, m], [y], opset=11))
        random = np.random.default_rng(13)
        cls.x = random.normal(size=(ALL, 1, 2, 3)).astype(np.float32)
        cls.b = random.normal(size=(ALL, 1, 2, 3)).astype(np.float32)
        cls.map = np.array([random.permutation([0, 0, 1, 1, 2, -1]) for _ in range(ALL)]
                           ).reshape(ALL, 1, 2, 3)
        cls.save("x.npy", cls.x)
        cls.save("x3.npy", np.repeat(cls.x, 3, axis=1))
        cls.base = ["--model", cls.folder / "sum1.onnx", "--samples", cls.folder / "x.npy"]

    def shapley(self, *args, base=None, select="4,1"):
        """/indices/SV and /samples/label of a run."""
        out, _ = self.interactions(*(base or self.base), "--select", select, *args)
        with h5py.File(out, "r") as file:
            return file["indices/SV"][:], file["samples/label"][:]

    def expected(self, chosen, maps=None, baselines=None, x=None):
        """The sum of x - baseline over each player's elements, for each chosen sample."""
        x = self.x if x is None else x
        values = []
        for i in chosen:
            low = 0 if baselines is None else baselines[i].astype(float)
            label = np.arange(6).reshape(1, 2, 3) if maps is None else maps[i]
            gap = x[i].astype(float) - low
            values.append([gap[label == p].sum() for p in range(label.max() + 1)])
        return np.array(values)

    def refused(self, code, words, *args, ranks=0):
        """One message with all these words."""
        result = run("interactions", *args, "--out", self.output(), ranks=ranks)
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors()), 1, result)
        for word in words:
            self.assertIn(word, result.err, result)

    # ---- order ----

    def test_baselines(self):
        """By their number of rows, whatever the number of axes of length 1."""
        wanted = self.expected(CHOSEN, baselines=self.b)
        for rows, array in rows_of(self.b).items():
            for shape in ((2, 3), (1, 2, 3), (1, 1, 2, 3)):
                with self.subTest(rows=rows, shape=shape):
                    path = self.save("b.npy", array.reshape(rows, *shape))
                    found, _ = self.shapley("--baseline", f"tensor:{path}")
                    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)

    def test_maps(self):
        """Of the tensor, or of rows and columns alone."""
        wanted = self.expected(CHOSEN, maps=self.map)
        for rows, array in rows_of(self.map).items():
            for shape in ((2, 3), (1, 2, 3), (1, 1, 2, 3)):
                with self.subTest(rows=rows, shape=shape):
                    path = self.save("m.npy", array.reshape(rows, *shape))
                    found, _ = self.shapley("--players", f"map:{path}")
                    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)

    def test_planes_of_several_channels(self):
        """[N, rows, columns] and [N, 1, rows, columns] are the same for every number of channels."""
        base = ["--model", self.folder / "sum3.onnx", "--samples", self.folder / "x3.npy"]
        wanted = 3 * self.expected(CHOSEN, maps=self.map)
        for rows, array in rows_of(self.map).items():
            for shape in ((2, 3), (1, 2, 3)):
                with self.subTest(rows=rows, shape=shape):
                    path = self.save("m3.npy", array.reshape(rows, *shape))
                    found, _ = self.shapley("--players", f"map:{path}", base=base)
                    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)

    def test_channels_or_samples(self):
        """[3, rows, columns] is a map of three channels or maps of three samples."""
        base = ["--model", self.folder / "sum3.onnx", "--samples", self.folder / "x3.npy"]
        path = self.save("three.npy", self.map[[2, 0, 1], 0])
        self.refused(65, ["three.npy", "[3, 2, 3]", "[1, 3, 2, 3]", "[3, 1, 2, 3]"],
                     *base, "--select", "2,0,1", "--players", f"map:{path}")
        np.save(path, self.map[[2, 0, 1]])
        found, _ = self.shapley("--players", f"map:{path}", base=base, select="2,0,1")
        np.testing.assert_allclose(found, 3 * self.expected([2, 0, 1], maps=self.map), rtol=1e-5,
                                   atol=1e-6)

    def test_labels(self):
        """Also as a column."""
        labels = np.arange(ALL) + 7
        for rows, array in rows_of(labels).items():
            for shape in ((rows,), (rows, 1)):
                with self.subTest(shape=shape):
                    path = self.save("l.npy", array.reshape(shape))
                    _, found = self.shapley("--labels", path, "--target", "0")
                    np.testing.assert_array_equal(found, labels[CHOSEN])

    def test_inputs(self):
        """A further input by its rows, or one row for all samples."""
        base = ["--model", self.folder / "two1.onnx", "--input", f"x={self.folder / 'x.npy'}"]
        both = self.x * self.b
        for rows, array in rows_of(self.b).items():
            path = self.save("m.npy", array)
            found, _ = self.shapley("--input", f"m={path}", base=base)
            np.testing.assert_allclose(found, self.expected(CHOSEN, x=both), rtol=1e-5, atol=1e-6)
        for array in (self.b[3], self.b[3:4]):
            path = self.save("m.npy", array)
            found, _ = self.shapley("--input", f"m={path}", base=base)
            np.testing.assert_allclose(found, self.expected(CHOSEN, x=self.x * self.b[3]),
                                       rtol=1e-5, atol=1e-6)

    def test_all_samples_in_another_order(self):
        """Rows and chosen samples are as many, in two orders: --per-sample says which."""
        order = [4, 3, 2, 1, 0]
        select = ",".join(map(str, order))
        path = self.save("b.npy", self.b)
        args = ["--baseline", f"tensor:{path}"]
        for ranks in (0, 3):
            self.refused(64, ["b.npy", "--select 4,3,2,1,0", "--per-sample file",
                              "--per-sample select"], *self.base, "--select", select, *args,
                         ranks=ranks)
        found, _ = self.shapley(*args, "--per-sample", "file", select=select)
        np.testing.assert_allclose(found, self.expected(order, baselines=self.b), rtol=1e-5,
                                   atol=1e-6)
        found, _ = self.shapley(*args, "--per-sample", "select", select=select)
        np.testing.assert_allclose(found, self.expected(order, baselines=self.b[::-1]), rtol=1e-5,
                                   atol=1e-6)
        found, _ = self.shapley(*args, select="0:5")
        np.testing.assert_allclose(found, self.expected(range(5), baselines=self.b), rtol=1e-5,
                                   atol=1e-6)

    def test_number_of_rows(self):
        """Neither as many as there are samples nor as are chosen."""
        for rows in (3, 6):
            labels = self.save("l.npy", np.zeros(rows, dtype=int))
            array = self.save("a.npy", np.zeros((rows, 1, 2, 3), dtype=int))
            two = ["--model", self.folder / "two1.onnx", "--input", f"x={self.folder / 'x.npy'}"]
            for args in ([*self.base, "--labels", labels],
                         [*self.base, "--players", f"map:{array}"],
                         [*self.base, "--baseline", f"tensor:{array}"],
                         [*two, "--input", f"m={array}"]):
                with self.subTest(args=args):
                    self.refused(65, [f"{rows} rows", "5", "2"], *args, "--select", "4,1")
        labels = self.save("l.npy", np.zeros(5, dtype=int))
        self.refused(65, ["5 rows", "--per-sample select", "2"], *self.base, "--select", "4,1",
                     "--labels", labels, "--per-sample", "select")
        self.refused(64, ["--per-sample", "'both'"], *self.base, "--labels", labels,
                     "--per-sample", "both")

    # ---- whole numbers ----

    def test_labels_that_are_none(self):
        """No fraction, no NaN and no large number becomes a class."""
        for value, said in ((0.5, "0.5"), (np.nan, "nan"), (-0.4, "-0.4"), (3.999999, "3.999999"),
                            (np.int64(2**32 + 1), "4294967297"), (np.int64(-2), "-2"),
                            (np.uint64(2**63), "9223372036854775808")):
            with self.subTest(value=value):
                labels = np.zeros(ALL, dtype=np.asarray(value).dtype)
                labels[3] = value
                path = self.save("labels.npy", labels)
                self.refused(65, ["--labels", "labels.npy", "sample 3", said], *self.base,
                             "--labels", path, "--select", "2,3", "--target", "0")
        with h5py.File(self.folder / "labels.h5", "w") as file:
            file["labels"] = [0, 1, 2, 2.5, 4]
        self.refused(65, ["labels.h5:/labels", "sample 3", "2.5"], *self.base, "--labels",
                     f"{self.folder / 'labels.h5'}:/labels", "--target", "0", ranks=3)

    def test_whole_floats(self):
        """Whole numbers of any type are labels, and -1 stands for none."""
        for kind in (np.float16, np.float64, np.int8):
            path = self.save("labels.npy", np.array([0, 1, -1, 3, 4], dtype=kind))
            _, found = self.shapley("--labels", path, "--target", "0", select="2,3")
            np.testing.assert_array_equal(found, [-1, 3])

    def test_maps_that_are_none(self):
        """Player numbers, of the sample that they are wrong for."""
        for value, said in ((0.5, "0.5"), (2**32 + 0.0, "4294967296"), (np.nan, "nan")):
            maps = self.map.astype(float)
            maps[1, 0, 1, 1] = value
            path = self.save("map.npy", maps)
            self.refused(65, ["map.npy", "sample 1", "element 4", said], *self.base, "--players",
                         f"map:{path}", "--select", "4,1")

    def test_integer_inputs(self):
        """Ids of another type, in samples and in baselines."""
        for kind, stored in ((6, np.int64), (7, np.uint64)):
            x, y = onnx.value_info("x", [1, 4], kind), onnx.value_info("y", [1, 1])
            model = self.write("ids.onnx", onnx.model(
                [onnx.node("Cast", ["x"], ["c"], to=1),
                 onnx.node("ReduceSum", ["c"], ["y"], axes=[1])], [x], [y], opset=11))
            ids = np.arange(12).reshape(3, 4).astype(stored)
            good = self.save("good.npy", ids)
            ids[1, 2] = 2**32 + 1 if kind == 6 else 2**63
            bad = self.save("bad.npy", ids)
            words = ["bad.npy", "sample 1", "element 2", str(ids[1, 2])]
            base = ["--model", model, "--select", "2,1", "--output", "raw", "--target", "0"]
            self.refused(65, words, *base, "--samples", bad, "--baseline", "token:0")
            self.refused(65, words, *base, "--samples", good, "--baseline", f"tensor:{bad}")
        self.save("half.npy", np.array([[0, 1, 2.5, 3]]))
        self.refused(65, ["half.npy", "sample 0", "element 2", "2.5"], "--model", model,
                     "--samples", self.folder / "half.npy", "--baseline", "token:0")

    def test_coalitions(self):
        """shapiq's games: memberships of 0 and 1, a whole number of players."""
        bits = (np.arange(8)[:, None] >> np.arange(3) & 1).astype(float)
        for name, member, players in (("bits", 0.5, 3), ("twos", 2, 3), ("players", 1, 3.25)):
            bits[5, 2] = member
            path = self.folder / f"{name}.npz"
            np.savez(path, values=np.arange(8.0), coalitions=bits, n_players=players)
            words = ["n_players", "3.25"] if players != 3 else ["coalitions", "element 17"]
            self.refused(65, [f"{name}.npz", *words], "--table", path)


if __name__ == "__main__":
    program.main(workers=2)
