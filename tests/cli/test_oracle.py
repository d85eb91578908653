"""`harsanyi interactions` on the bundled networks against the oracle (NumPy, float64, definitions).

Values may be off by the network's float32; what follows from them is compared with what the oracle
makes of the program's own stored values, almost exactly (see oracle_dataset.check_dataset).
"""
import h5py
import numpy as np

import oracle
import program
from check_dataset import faults
from oracle_dataset import Row, check_dataset
from program import DATA, ProgramTest

TOLERANCE = 1e-4  # of v, relative to the largest |v| of its row


def load(name):
    """A bundled array."""
    return np.load(DATA / f"{name}.npy")


IMAGE = (1, 8, 8)


class Case:
    """One bundled network with its samples and labels."""

    def __init__(self, network, samples, labels):
        self.path = DATA / f"{network}.onnx"
        self.network = oracle.Network(str(self.path))
        self.samples_path, self.labels_path = DATA / f"{samples}.npy", DATA / f"{labels}.npy"
        self.samples, self.labels = load(samples), load(labels)

    def options(self):
        """--model and --samples."""
        return ["--model", self.path, "--samples", self.samples_path]


class Oracle(ProgramTest):
    """The main job, from options to every number of the data set."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cnn = Case("digits_cnn", "digits_images", "digits_labels")
        cls.mlp = Case("digits_mlp", "digits_images", "digits_labels")
        cls.wine = Case("wine_mlp", "wine_features", "wine_labels")
        cls.tokens = Case("tokens_transformer", "tokens_ids", "tokens_labels")

    def rows(self, case, select, players, baseline, targets, output="log-odds", labels=False,
             network=None, samples=None):
        """Rows of the oracle. baseline: for all samples, or a function of the sample's number;
        targets: a list for all samples, "label" or "predicted"."""
        samples = case.samples if samples is None else samples
        rows = []
        for sample in select:
            wanted = targets
            if targets == "label":
                wanted = [int(case.labels[sample])]
            elif targets == "predicted":
                wanted = [oracle.predicted(case.network, case.samples[sample])]
            absent = baseline(sample) if callable(baseline) else baseline
            values = oracle.game_values(network or case.network, samples[sample], players, absent,
                                        wanted, output)
            label = int(case.labels[sample]) if labels else None
            rows += [Row(sample, target, v, label) for target, v in zip(wanted, values)]
        return rows

    def check(self, case, args, select, players, baseline=0.0, targets="label", output="log-odds",
              ranks=0, types=("and",), indices=("SV",), **rest):
        """Run, and compare the whole data set. Returns its path."""
        args = case.options() + list(args)
        args += ["--select", ",".join(map(str, select)), "--types", ",".join(types),
                 "--indices", ",".join(indices)]
        labels = targets == "label"
        if labels:
            args += ["--labels", case.labels_path]
        checks = {key: rest.pop(key) for key in ("threshold", "top", "truncated", "tolerance")
                  if key in rest}
        out, _ = self.interactions(*args, ranks=ranks)
        rows = self.rows(case, select, players, baseline, targets, output, labels, **rest)
        checks.setdefault("tolerance", TOLERANCE)
        self.assertEqual(faults(out), [])
        check_dataset(str(out), rows, types=types, indices=indices, **checks)
        return out

    # ---- every network, every kind of player ----

    def test_cnn_3x3(self):
        out = self.check(self.cnn, ["--players", "grid:3x3", "--values"], [0, 1, 7],
                         oracle.grid_map(IMAGE, 3, 3), ranks=2, types=("and", "or"),
                         indices=("SV", "BV"))
        with h5py.File(out, "r") as file:
            map_ = file["players/map"][()]
            self.assertEqual(map_.dtype, np.int32)
            np.testing.assert_array_equal(map_.reshape(IMAGE), oracle.grid_map(IMAGE, 3, 3))
            np.testing.assert_array_equal(file["players/baseline"][()].reshape(-1), np.zeros(64))
            self.assertEqual(file["interactions/and"].shape, (3, 512))
            self.assertEqual(file["players/name"].shape, (9,))

    def test_cnn_3x4(self):
        self.check(self.cnn, ["--players", "grid:3x4", "--values", "--keep", "all"], [3],
                   oracle.grid_map(IMAGE, 3, 4), ranks=3, types=("and", "or"))

    def test_mlp_2x5_with_mean(self):
        mean = load("digits_images").astype(np.float64).mean(axis=0).astype(np.float32)
        self.check(self.mlp, ["--players", "grid:2x5", "--values", "--baseline",
                              f"mean:{DATA}/digits_images.npy"], [10, 20],
                   oracle.grid_map(IMAGE, 2, 5), baseline=mean, types=("or",), ranks=5,
                   indices=("BV",))

    def test_wine_features(self):
        out = self.check(self.wine, ["--values", "--player-names", DATA / "wine_feature_names.txt",
                                     "--class-names", DATA / "wine_class_names.txt"], [0, 5],
                         oracle.element_map((13,)), ranks=2, types=("and", "or"),
                         indices=("SV", "BV"))
        with h5py.File(out, "r") as file:
            for name, path in (("players", "wine_feature_names"), ("classes", "wine_class_names")):
                names = [text.decode() for text in file[f"{name}/name"][()]]
                self.assertEqual(names, (DATA / f"{path}.txt").read_text().splitlines())

    def test_tokens(self):
        self.check(self.tokens, ["--players", "tokens", "--baseline", "token:0", "--values"],
                   [0, 1, 2], oracle.element_map((10,)), ranks=3, types=("and", "or"))

    def test_without_values_stored(self):
        """Without /values everything is compared with the oracle's own values."""
        self.check(self.wine, [], [2], oracle.element_map((13,)), types=("and", "or"))

    def test_single_precision(self):
        out = self.check(self.cnn, ["--players", "grid:3x3", "--values", "--precision", "single"],
                         [0], oracle.grid_map(IMAGE, 3, 3), types=("and", "or"), ranks=2)
        with h5py.File(out, "r") as file:
            for name in ("values", "interactions/and", "interactions/or"):
                self.assertEqual(file[name].dtype, np.float32)
            self.assertEqual(file["indices/SV"].dtype, np.float64)

    def test_map(self):
        map_ = np.full((8, 8), -1)
        map_[:4, :4], map_[4:, 4:], map_[2:6, 6:] = 0, 1, 2
        path = self.save("map.npy", map_)
        self.check(self.cnn, ["--players", f"map:{path}", "--values"], [4],
                   map_.reshape(IMAGE), types=("and", "or"), ranks=2)

    def test_map_per_sample(self):
        """Each sample has its own players."""
        maps = np.zeros((2,) + IMAGE, dtype=np.int64)
        maps[0, 0, 4:], maps[0, 0, 6:, 6:], maps[1, 0, :, 3:], maps[1, 0, :2] = 1, 2, 1, 2
        path = self.save("maps.npy", maps)
        out, _ = self.interactions(*self.cnn.options(), "--select", "0,1", "--players",
                                   f"map:{path}", "--values", "--target", "3")
        rows = [row for i in (0, 1) for row in self.rows(self.cnn, [i], maps[i], 0.0, [3])]
        check_dataset(str(out), rows, tolerance=TOLERANCE)
        with h5py.File(out, "r") as file:
            np.testing.assert_array_equal(file["players/map"][()].reshape(maps.shape), maps)

    def test_subset(self):
        for kept, text in (([0, 2, 5, 7], "0,2,5,7"), ([1, 8], "8,1")):
            players = oracle.subset_map(oracle.grid_map(IMAGE, 3, 3), kept)
            self.check(self.cnn, ["--players", "grid:3x3", "--subset", text, "--values"], [0],
                       players, types=("and", "or"))

    def test_random_subset(self):
        """Which players were chosen is read from the data set; the same seed chooses the same."""
        maps = []
        for seed in (1, 1, 2, 3, 4):
            out, _ = self.interactions(*self.cnn.options(), "--select", "0", "--players",
                                       "grid:3x3", "--subset", f"random:4:{seed}", "--values",
                                       "--target", "0")
            with h5py.File(out, "r") as file:
                maps.append(file["players/map"][()].reshape(IMAGE))
            check_dataset(str(out), self.rows(self.cnn, [0], maps[-1], 0.0, [0]),
                          tolerance=TOLERANCE)
            whole = oracle.grid_map(IMAGE, 3, 3)
            kept = sorted({int(p) for p in whole[maps[-1] >= 0]})
            self.assertEqual(len(kept), 4)
            np.testing.assert_array_equal(maps[-1], oracle.subset_map(whole, kept))
        np.testing.assert_array_equal(maps[0], maps[1])
        self.assertGreater(len({m.tobytes() for m in maps[1:]}), 1, "all seeds choose the same")

    # ---- baselines ----

    def test_baselines(self):
        grid = oracle.grid_map(IMAGE, 2, 3)
        own = load("digits_images")[[2, 9]] * 0.5
        own_path = self.save("own.npy", own)
        for text, baseline in (("value:0.5", 0.5), ("value:-1e-3", np.float32(-1e-3)),
                               (f"tensor:{DATA}/digits_mean.npy", load("digits_mean")),
                               (f"tensor:{own_path}", lambda i: own[0 if i == 2 else 1])):
            with self.subTest(baseline=text):
                self.check(self.cnn, ["--players", "grid:2x3", "--baseline", text, "--values"],
                           [2, 9], grid, baseline=baseline)

    def test_blur(self):
        """A Gaussian over rows and columns, edges repeated, cut at four sigma."""
        sigma = 1.2
        reach = int(4 * sigma + 0.5)
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma)**2)
        weights /= weights.sum()

        def blurred(sample):
            image = load("digits_images")[sample].astype(np.float64)
            for axis in (1, 2):
                wide = np.pad(image, [(0, 0)] + [(reach, reach) if a == axis else (0, 0)
                                                 for a in (1, 2)], mode="edge")
                image = np.apply_along_axis(np.convolve, axis, wide, weights, "valid")
            return image.astype(np.float32)

        out = self.check(self.cnn, ["--players", "grid:3x3", "--baseline", f"blur:{sigma}",
                                    "--values"], [0, 6], oracle.grid_map(IMAGE, 3, 3),
                         baseline=blurred)
        with h5py.File(out, "r") as file:
            stored = file["players/baseline"][()].reshape((2,) + IMAGE)
        np.testing.assert_allclose(stored, [blurred(0), blurred(6)], rtol=0, atol=1e-6)

    # ---- targets and outputs ----

    def test_targets(self):
        grid = oracle.grid_map(IMAGE, 2, 2)
        for case, players, text, targets in (
                (self.cnn, grid, "all", list(range(10))), (self.mlp, grid, "3,7", [3, 7]),
                (self.cnn, grid, "7,3", [7, 3]), (self.cnn, grid, "2:5", [2, 3, 4]),
                (self.mlp, grid, "predicted", "predicted"), (self.cnn, grid, "label", "label"),
                (self.cnn, grid, None, "label"), (self.mlp, grid, "9", [9])):
            with self.subTest(target=text):
                args = ["--players", "grid:2x2", "--values"] + (["--target", text] if text else [])
                self.check(case, args, [0, 11], players, targets=targets, ranks=2)

    def test_predicted_without_labels(self):
        """Without labels the predicted class at the unmasked input is the target."""
        for case, args, players in (
                (self.mlp, ["--players", "grid:2x2"], oracle.grid_map(IMAGE, 2, 2)),
                (self.tokens, ["--subset", "1,3,4", "--baseline", "token:0"],
                 oracle.subset_map(oracle.element_map((10,)), [1, 3, 4]))):
            self.check(case, args + ["--values"], [0, 1, 2, 3], players, targets="predicted")

    def test_outputs_of_log_probabilities(self):
        for output in ("log-odds", "logit", "probability", "log-probability", "raw"):
            with self.subTest(output=output):
                self.check(self.mlp, ["--players", "grid:2x3", "--output", output, "--values",
                                      "--target", "1,4"], [0], oracle.grid_map(IMAGE, 2, 3),
                           targets=[1, 4], output=output)

    def test_outputs_of_probabilities(self):
        players = oracle.subset_map(oracle.element_map((13,)), [0, 6, 9, 12])
        for output in ("log-odds", "logit", "probability", "log-probability", "raw"):
            with self.subTest(output=output):
                self.check(self.wine, ["--subset", "0,6,9,12", "--output", output, "--values",
                                       "--target", "all"], [3], players, targets=[0, 1, 2],
                           output=output)

    def test_outputs_of_one_sigmoid(self):
        players = oracle.subset_map(oracle.element_map((10,)), [0, 2, 3, 6])
        for output in ("log-odds", "logit", "probability", "log-probability"):
            with self.subTest(output=output):
                self.check(self.tokens, ["--subset", "0,2,3,6", "--baseline", "token:0",
                                         "--output", output, "--values", "--target", "all"],
                           [4], players, targets=[0, 1], output=output)
        self.check(self.tokens, ["--subset", "0,2,3,6", "--baseline", "token:0", "--output", "raw",
                                 "--values", "--target", "0"], [4], players, targets=[0],
                   output="raw")

    def test_scores_told(self):
        """Probabilities taken as they are: log p/(1-p) from the network's own output."""
        players = oracle.subset_map(oracle.element_map((13,)), [0, 6, 9])
        out, _ = self.interactions(*self.wine.options(), "--select", "0", "--subset", "0,6,9",
                                   "--scores", "probabilities", "--target", "all", "--values")
        rows = self.rows(self.wine, [0], players, 0.0, [0, 1, 2])
        check_dataset(str(out), rows, tolerance=1e-3)

    def test_output_node(self):
        """An inner tensor as the output: unit 5 of the dense layer."""
        name = "/head/head.2/Relu_output_0"
        v = []
        for mask in range(16):
            image = oracle.masked_inputs(self.cnn.samples[0], oracle.grid_map(IMAGE, 2, 2), 0.0,
                                         [mask])
            v.append(self.cnn.network.run(image, fetch=name).reshape(-1)[5])
        out, _ = self.interactions(*self.cnn.options(), "--select", "0", "--players", "grid:2x2",
                                   "--output-node", name, "--output", "raw", "--target", "5",
                                   "--values", ranks=2)
        check_dataset(str(out), [Row(0, 5, np.array(v))], tolerance=TOLERANCE)

    def test_mask_at(self):
        """Masks on a feature map behind a ReLU and a pool: its channels, and patches of it."""
        name = "/features/features.2/MaxPool_output_0"
        position = [list(node.output) for node in self.cnn.network.nodes].index([name])
        inner = oracle.Network(str(self.cnn.path))
        inner.input, inner.nodes = name, inner.nodes[position + 1:]
        features = self.cnn.network.run(self.cnn.samples[[0, 1]], fetch=name)[:, 0]
        for players, map_ in (("channels", oracle.channel_map((8, 4, 4))),
                              ("grid:2x4", oracle.grid_map((8, 4, 4), 2, 4))):
            with self.subTest(players=players):
                self.check(self.cnn, ["--mask-at", name, "--players", players, "--values"],
                           [0, 1], map_, types=("and", "or"), ranks=2, network=inner,
                           samples=features.astype(np.float32))

    # ---- what is kept ----

    def test_keep(self):
        grid = oracle.grid_map(IMAGE, 3, 3)
        for keep, rest in (("salient", {}), ("all", {}), ("top:7", {"top": 7}),
                           ("top:1", {"top": 1})):
            with self.subTest(keep=keep):
                out = self.check(self.cnn, ["--players", "grid:3x3", "--keep", keep, "--values",
                                            "--baseline", "value:0.3"], [0, 5], grid,
                                 baseline=0.3, types=("and", "or"), ranks=2, **rest)
                with h5py.File(out, "r") as file:
                    self.assertEqual("interactions" in file, keep == "all")

    def test_keep_more_than_there_are(self):
        """--keep top:K with a large K lists everything; the orders are still of what is salient."""
        args = [*self.cnn.options(), "--select", "0", "--players", "grid:3x3", "--target", "0",
                "--baseline", "value:0.3", "--types", "and,or"]
        top, _ = self.interactions(*args, "--keep", "top:5000", ranks=2)
        whole, _ = self.interactions(*args, "--keep", "all")
        with h5py.File(top, "r") as a, h5py.File(whole, "r") as b:
            values, kinds, masks = (a[f"salient/{name}"][()] for name in ("value", "type", "mask"))
            self.assertEqual(len(values), 2 * 511)
            for code, kind in enumerate(("and", "or")):
                found = b[f"interactions/{kind}"][0][masks[kinds == code].astype(int)]
                np.testing.assert_array_equal(found, values[kinds == code])
                for name in ("positive", "negative", "count", "all_positive", "all_negative"):
                    np.testing.assert_array_equal(a[f"orders/{kind}/{name}"],
                                                  b[f"orders/{kind}/{name}"])

    def test_default_keep(self):
        """Everything up to 2^16 masks, then what is salient."""
        for n, kept in ((16, True), (17, False)):
            out, _ = self.interactions("--closed-form", f"majority:n={n}")
            with h5py.File(out, "r") as file:
                self.assertEqual("interactions" in file, kept)

    def test_salient_limit(self):
        """The largest are kept, and counts and sums stay exact."""
        args = ["--players", "grid:3x3", "--values", "--threshold", "sample:0.01"]
        grid = oracle.grid_map(IMAGE, 3, 3)
        whole = self.check(self.cnn, args, [0], grid, types=("and", "or"), threshold="sample:0.01")
        cut = self.check(self.cnn, args + ["--salient-limit", "12"], [0], grid,
                         types=("and", "or"), threshold="sample:0.01", truncated=True, ranks=2)
        with h5py.File(whole, "r") as a, h5py.File(cut, "r") as b:
            self.assertEqual(b["salient/mask"].shape, (12,))
            for name in ("mask", "type", "order", "value"):
                np.testing.assert_array_equal(a[f"salient/{name}"][:12], b[f"salient/{name}"][()])
            for kind in ("and", "or"):
                np.testing.assert_array_equal(a[f"orders/{kind}/count"], b[f"orders/{kind}/count"])
                for name in ("positive", "negative"):
                    np.testing.assert_allclose(a[f"orders/{kind}/{name}"],
                                               b[f"orders/{kind}/{name}"], rtol=1e-12)

    def test_threshold_sample(self):
        for coefficient in (0.2, 0.0, 1.0):
            with self.subTest(coefficient=coefficient):
                self.check(self.cnn, ["--players", "grid:3x3", "--threshold",
                                      f"sample:{coefficient}", "--values"], [0, 2],
                           oracle.grid_map(IMAGE, 3, 3), types=("and", "or"),
                           threshold=f"sample:{coefficient}", ranks=2)

    def check_common_threshold(self, out, threshold, limit=10**6):
        """/salient and /orders of a data set with all interactions, by one threshold."""
        with h5py.File(out, "r") as file:
            offset = file["salient/offset"][()].astype(int)
            for k in range(len(offset) - 1):
                entries = []
                for code, kind in enumerate(("and", "or")):
                    values = file[f"interactions/{kind}"][k]
                    order = oracle.orders_of(oracle.players_of(values))
                    salient = np.flatnonzero(np.abs(values) >= threshold)
                    salient = salient[salient > 0]
                    entries += [(-abs(values[m]), code, int(m)) for m in salient]
                    counts = np.bincount(order[salient], minlength=order.max() + 1)
                    np.testing.assert_array_equal(file[f"orders/{kind}/count"][k], counts)
                    for name, part in (("positive", np.maximum), ("negative", np.minimum)):
                        np.testing.assert_allclose(
                            file[f"orders/{kind}/{name}"][k],
                            np.bincount(order[salient], part(values[salient], 0),
                                        minlength=order.max() + 1), atol=1e-9)
                part = slice(offset[k], offset[k + 1])
                listed = list(zip((-np.abs(file["salient/value"][part])).tolist(),
                                  file["salient/type"][part].tolist(),
                                  file["salient/mask"][part].tolist()))
                self.assertEqual(listed, sorted(entries)[:limit])
                self.assertEqual(bool(file["salient/truncated"][k]), len(entries) > limit)
                self.assertAlmostEqual(file["salient/threshold"][k], threshold, delta=1e-9)

    def common_threshold(self, mode, *more):
        """A run over four samples, so that a small one meets a large one."""
        out, _ = self.interactions(
            *self.cnn.options(), "--select", "0:4", "--players", "grid:3x3", "--threshold", mode,
            "--types", "and,or", "--target", "1,8", "--keep", "all", *more, ranks=2)
        with h5py.File(out, "r") as file:
            largest = max(np.abs(file[f"interactions/{kind}"][:, 1:]).max()
                          for kind in ("and", "or"))
            change = np.abs(file["samples/v_full"][()] - file["samples/v_empty"][()]).mean()
        return out, largest, change

    def test_threshold_global(self):
        out, largest, _ = self.common_threshold("global:0.1")
        self.check_common_threshold(out, 0.1 * largest)

    def test_threshold_global_with_a_limit(self):
        """Lists that were cut on the way are made anew at the end."""
        out, largest, _ = self.common_threshold("global:0.02", "--salient-limit", "9")
        self.check_common_threshold(out, 0.02 * largest, 9)

    def test_threshold_delta(self):
        """The mean change comes from evaluations of its own, of two masks each."""
        out, _, change = self.common_threshold("delta:0.5")
        with h5py.File(out, "r") as file:
            threshold = file["salient/threshold"][0]
        self.assertAlmostEqual(threshold, 0.5 * change, delta=1e-5 * change)
        self.check_common_threshold(out, threshold)

    # ---- forms of files ----

    def test_select(self):
        for text, select in (("3:6,0", [3, 4, 5, 0]), ("359", [359]), ("4,1", [4, 1])):
            with self.subTest(select=text):
                out, _ = self.interactions(*self.mlp.options(), "--select", text, "--players",
                                           "grid:1x3", "--target", "0", "--values", ranks=3)
                rows = self.rows(self.mlp, select, oracle.grid_map(IMAGE, 1, 3), 0.0, [0])
                with h5py.File(out, "r") as file:
                    self.assertEqual(file["samples/index"][()].tolist(), select)
                    np.testing.assert_allclose(file["values"][()], [row.values for row in rows],
                                               atol=TOLERANCE * 20)

    def test_forms_of_samples(self):
        """The same samples in several forms give the same data set."""
        wine = load("wine_features")[[3]]
        paths = [self.save("row.npy", wine), self.save("alone.npy", wine[0]),
                 self.save("batch.npy", wine[:, None]), self.save("f8.npy", wine.astype(float))]
        np.savez(self.folder / "wine.npz", other=np.zeros(3), rows=wine)
        with h5py.File(self.folder / "wine.h5", "w") as file:
            file["a/rows"] = wine
        paths += [f"{self.folder}/wine.npz:rows", f"{self.folder}/wine.h5:/a/rows"]
        rows = self.rows(self.wine, [0], oracle.element_map((13,)), 0.0, [1], samples=wine)
        first = None
        for path in paths:
            with self.subTest(samples=str(path)):
                out, _ = self.interactions("--model", self.wine.path, "--samples", path,
                                           "--target", "1", "--values")
                arrays = program.datasets_of(out)[0]
                if first is None:
                    check_dataset(str(out), rows, tolerance=TOLERANCE)
                    first = arrays
                for name, array in arrays.items():
                    np.testing.assert_array_equal(array, first[name], name)

    def test_one_player(self):
        """The smallest lattice."""
        self.check(self.cnn, ["--players", "grid:1x1", "--values"], [0],
                   oracle.grid_map(IMAGE, 1, 1), types=("and", "or"), indices=("SV", "BV"),
                   ranks=2)


if __name__ == "__main__":
    program.main(workers=4)
