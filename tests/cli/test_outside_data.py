"""Networks and games of others, from HARSANYI_MODELS and HARSANYI_GOLDEN; skipped without them."""
import json

import h5py
import numpy as np

import oracle
import program
from check_dataset import faults
from oracle_dataset import Row, check_dataset
from program import ProgramTest, run, shared

# folder: how its input is divided into players.
MODELS = {
    "acasxu_1_1": [],
    "churn_mlp11": [],
    "cifar_base_kw": ["--players", "grid:3x3"],
    "cifar_resnet_2b": ["--players", "grid:3x3"],
    "cifar_vit_pgd_2_3_16": ["--players", "grid:3x3"],
    "iris_mlp4": [],
    "lunarlander_dqn": [],
    "mnist8_cntk": ["--players", "grid:3x3"],
    "mnist_burn_bn": ["--players", "grid:3x3"],
    "mnist_fc_256x2": ["--players", "map:{map}"],
    "mnist_keras_nhwc": ["--players", "grid:3x3"],
    "mnist_leaky_5x20": ["--players", "grid:3x3"],
    "mnist_lenet_fyh": ["--players", "grid:3x3"],
    "pointnet64_ibp": ["--players", "tokens", "--subset", "random:9:1"],
    "safenlp_medical": ["--subset", "0,3,5,8,13,20,25,27,29"],
    "tinybert_untrained": ["--players", "tokens", "--baseline", "token:0", "--subset",
                           "1,2,3,4,5,6,7,8,9"],
    "vespa_dummy_transformer": ["--players", "tokens", "--baseline", "token:0"],
}
SAMPLES = 2
PATCHES = oracle.grid_map((1, 28, 28), 3, 3).reshape(784, 1)
# folder: the player of each element, where the oracle knows all operators of the network.
PLAYERS = {
    "acasxu_1_1": oracle.element_map((1, 1, 5)),
    "churn_mlp11": oracle.element_map((11,)),
    "cifar_base_kw": oracle.grid_map((3, 32, 32), 3, 3),
    "iris_mlp4": oracle.element_map((4,)),
    "lunarlander_dqn": oracle.element_map((8,)),
    "mnist8_cntk": oracle.grid_map((1, 28, 28), 3, 3),
    "mnist_burn_bn": oracle.grid_map((1, 28, 28), 3, 3),
    "mnist_fc_256x2": PATCHES,
    "mnist_keras_nhwc": oracle.grid_map((1, 28, 28), 3, 3).reshape(28, 28, 1),
    "mnist_leaky_5x20": oracle.grid_map((1, 28, 28), 3, 3),
    "mnist_lenet_fyh": oracle.grid_map((1, 28, 28), 3, 3),
    "safenlp_medical": oracle.subset_map(oracle.element_map((30,)),
                                         [0, 3, 5, 8, 13, 20, 25, 27, 29]),
}


def load(folder, name, key="output_0"):
    """An array, or one of an archive."""
    path = folder / f"{name}.npy"
    if path.exists():
        return np.load(path)
    with np.load(folder / f"{name}.npz") as archive:
        return archive[key]


def feed_of(folder):
    """The options that feed a network its stored inputs."""
    if (folder / "inputs.npy").exists():
        return ["--samples", folder / "inputs.npy"]
    archive = folder / "inputs.npz"
    return [word for key in np.load(archive).files
            for word in ("--input", f"{key}={archive}:{key}")]


class Outside(ProgramTest):
    """A test that needs a folder of HARSANYI_MODELS."""

    def model(self, name):
        """The network's folder, or the test skipped."""
        folder = shared("HARSANYI_MODELS", self) / name
        if not folder.is_dir():
            self.skipTest(f"{folder} is missing")
        return folder

    def full(self, folder, *options, feed=None):
        """v(N) of all samples and targets."""
        out, _ = self.interactions("--model", folder / "model.onnx", *(feed or feed_of(folder)),
                                   *options)
        with h5py.File(out, "r") as file:
            return file["samples/v_full"][()]


class Models(Outside):
    """v(N) is the network's output at the sample itself, as ONNX Runtime has it; the other masks are
    the oracle's; and the whole data set is consistent."""

    def check(self, name, options):
        """One network, its output's first elements as targets."""
        folder = self.model(name)
        reference = load(folder, "outputs_ort").astype(np.float64)
        reference = reference.reshape(len(reference), -1)
        targets = range(min(3, reference.shape[1]))
        out, _ = self.interactions(
            "--model", folder / "model.onnx", *feed_of(folder), "--select", f"0:{SAMPLES}",
            *options, "--output", "raw", "--target", ",".join(map(str, targets)), "--types",
            "and,or", "--values", ranks=2)
        with h5py.File(out, "r") as file:
            values = file["values"][()]
            full = file["samples/v_full"][()].reshape(SAMPLES, -1)
        wanted = reference[:SAMPLES, list(targets)]
        scale = np.abs(reference).max()
        self.assertLess(np.abs(full - wanted).max(), 1e-4 * scale)
        rows = [Row(sample, target, values[sample * len(targets) + target])
                for sample in range(SAMPLES) for target in targets]
        if name in PLAYERS:
            inputs = np.load(folder / "inputs.npy")[0, 0]
            network = oracle.Network(str(folder / "model.onnx"))
            masked = oracle.game_values(network, inputs, PLAYERS[name], targets=targets,
                                        output="raw")
            self.assertLess(np.abs(values[:len(targets)] - masked).max(), 1e-4 * scale)
        check_dataset(str(out), rows, types=("and", "or"))

    def test_log_odds(self):
        """The default for classifiers, from a last sigmoid, softmax or logits."""
        for name, kind in (("churn_mlp11", "sigmoid"), ("iris_mlp4", "softmax"),
                           ("safenlp_medical", "logits"), ("lunarlander_dqn", "logits"),
                           ("cifar_vit_pgd_2_3_16", "logits"), ("mnist_burn_bn", "logits")):
            with self.subTest(network=name):
                folder = self.model(name)
                scores = load(folder, "outputs_ort").astype(np.float64)
                scores = scores.reshape(len(scores), -1)[:8]
                if kind == "sigmoid":
                    wanted = np.abs(np.log(scores / (1 - scores)))[:, 0]
                else:
                    scores = np.log(scores) if kind == "softmax" else scores
                    top = scores.max(axis=1, keepdims=True)
                    others = np.where(scores < top, np.exp(scores - top), 0).sum(axis=1)
                    wanted = -np.log(others)
                found = self.full(folder, "--select", "0:8", "--players", "map:" + str(
                    self.save("one.npy", np.zeros(np.load(folder / "inputs.npy").shape[2:], int))))
                np.testing.assert_allclose(found.ravel(), wanted, rtol=1e-3, atol=1e-3)


def add_models():
    """A test for each network."""
    for name, options in MODELS.items():
        def test(self, name=name, options=options):
            map_ = self.save("map.npy", PATCHES)
            self.check(name, [word.format(map=map_) for word in options])
        setattr(Models, f"test_{name}", test)


add_models()


class Inputs(Outside):
    """Several inputs, token ids, other outputs, images with channels last, and what goes wrong with
    them."""

    def check_masks(self, name, options, replace):
        """v(T) is v(N) of a sample in which `replace` has put the baseline where T has no players.
        """
        folder = self.model(name)
        out, _ = self.interactions("--model", folder / "model.onnx", *feed_of(folder), *options,
                                   "--select", "3", "--values", ranks=2)
        with h5py.File(out, "r") as file:
            values = file["values"][0]
        masks = [0, 1, len(values) - 1, *np.random.default_rng(1).integers(len(values), size=5)]
        feed = []
        for index, word in enumerate(feed_of(folder)[1::2]):
            key, _, path = str(word).rpartition("=")
            array = load(folder, "inputs", key)[[3] * len(masks)]
            if index == 0:
                for instance, mask in zip(array, masks):
                    replace(instance, mask)
            saved = self.save(f"{key or 'samples'}.npy", array)
            feed += ["--input", f"{key}={saved}"] if key else ["--samples", saved]
            self.assertTrue(path)
        full = self.full(folder, *options, feed=feed)
        self.assertLess(np.abs(full.ravel() - values[masks]).max(), 1e-5 * np.abs(values).max())
        return values

    @staticmethod
    def replace_tokens(instance, mask):
        """Token ids [1, tokens] with 5 for absent ones."""
        for player in range(instance.shape[1]):
            if not mask >> player & 1:
                instance[0, player] = 5

    TOKENS = ["--players", "tokens", "--baseline", "token:5"]

    def test_second_output(self):
        """Three inputs, one of them masked; scores in the second output."""
        options = [*self.TOKENS, "--output-node", "output_1", "--output", "raw", "--target", "7"]
        self.check_masks("tinybert_untrained", options, self.replace_tokens)
        folder = self.model("tinybert_untrained")
        wanted = load(folder, "outputs_ort", "output_1")[:, 0, [0, 49]]
        found = self.full(folder, *options[:-1], "0,49")
        np.testing.assert_allclose(found.reshape(wanted.shape), wanted, atol=2e-5)

    def test_inner_output(self):
        """The tensor before the last Tanh, and one with an axis of tokens."""
        folder = self.model("tinybert_untrained")
        found = self.full(folder, *self.TOKENS, "--output-node", "178", "--output", "raw",
                          "--target", "3", "--subset", "0,1,2")
        wanted = np.arctanh(load(folder, "outputs_ort", "output_1").astype(float)[:, 0, 3])
        np.testing.assert_allclose(found.ravel(), wanted, atol=1e-4)

    def test_tokens_alone(self):
        """A network that attends over the batch, as nn.Transformer does without batch_first: each
        mask is an instance of its own all the same, and no token sees another."""
        values = self.check_masks("vespa_dummy_transformer", [
            *self.TOKENS, "--output", "raw", "--target", "0"], self.replace_tokens)
        np.testing.assert_allclose(values, values[np.arange(len(values)) & 1], atol=1e-6)

    def test_grid(self):
        """A vision transformer whose patches are not the players."""
        def replace(instance, mask):
            for player in range(6):
                if not mask >> player & 1:
                    instance[:, oracle.grid_map((3, 32, 32), 3, 2) == player] = 0
        self.check_masks("cifar_vit_pgd_2_3_16", [
            "--players", "grid:3x2", "--output", "raw", "--target", "2"], replace)

    def test_channels_last(self):
        """Images [rows, columns, channels], said or seen; as a grid of 16."""
        folder = self.model("mnist_keras_nhwc")
        players = oracle.grid_map((1, 28, 28), 4, 4).reshape(28, 28, 1)
        network = oracle.Network(str(folder / "model.onnx"))
        sample = np.load(folder / "inputs.npy")[5, 0]
        masks = np.random.default_rng(2).integers(2**16, size=300)
        wanted = network.run(oracle.masked_inputs(sample, players, 0.0, masks)).reshape(300, 10)
        for layout in ("auto", "channels-last"):
            out, _ = self.interactions(
                "--model", folder / "model.onnx", *feed_of(folder), "--select", "5", "--players",
                "grid:4x4", "--layout", layout, "--output", "raw", "--target", "4", "--values")
            with h5py.File(out, "r") as file:
                np.testing.assert_allclose(file["values"][0][masks], wanted[:, 4],
                                           atol=1e-4 * np.abs(wanted).max())

    def refused(self, code, words, folder, *args):
        """A message with these words, and no data set."""
        out = self.output()
        result = run("interactions", "--model", folder / "model.onnx", *args, "--out", out)
        self.assertEqual((result.code, len(result.errors())), (code, 1), result)
        for word in words:
            self.assertIn(word, result.errors()[0])
        self.assertFalse(out.exists())

    def test_wrong_names(self):
        """A message says which names there are."""
        folder = self.model("tinybert_untrained")
        archive = folder / "inputs.npz"
        feed = feed_of(folder)
        one = [*self.TOKENS, "--output-node", "output_1"]
        names = "input_ids, attention_mask, token_type_ids"
        for code, words, args in (
                (64, (names, "--input NAME=FILE for each"),
                 ["--samples", f"{archive}:input_ids", *one]),
                (64, ("'token_type_ids'",), [*feed[:4], *one]),
                (64, ("'ids'", names), ["--input", f"ids={archive}:input_ids", *feed[2:], *one]),
                (65, (names, ":NAME"), ["--input", f"input_ids={archive}", *feed[2:], *one]),
                (65, ("'ids'", names), ["--input", f"input_ids={archive}:ids", *feed[2:], *one]),
                (65, ("output_2", "harsanyi model"),
                 [*feed, *self.TOKENS, "--output-node", "output_2"]),
                (64, ("[1, 12, 50]", "--output-node", "--output raw --target"),
                 [*feed, *self.TOKENS]),
                (64, ("token:ID", "[MASK]"), [*feed, "--players", "tokens", *one[4:]])):
            with self.subTest(words=words):
                self.refused(code, words, folder, *args)

    def test_wrong_types(self):
        """Numbers, texts and shapes that do not fit an input."""
        folder = self.model("tinybert_untrained")
        feed = feed_of(folder)
        one = [*self.TOKENS, "--output-node", "output_1"]
        for words, array in (
                (("1.5", "'attention_mask'", "int64"), np.full((8, 1, 12), 1.5)),
                (("text", "numbers"), np.array(["a", "b"])),
                (("3 rows for 8 samples",), np.ones((3, 1, 12), int)),
                (("[1, 1, 12, 12]", "[1, 1, 1, 5]"), np.ones((8, 1, 5), int))):
            with self.subTest(words=words):
                wrong = self.save("wrong.npy", array)
                self.refused(65, words, folder, *feed[:2], "--input", f"attention_mask={wrong}",
                             *feed[4:], *one)
        self.refused(65, ("index 5000", "1656", "nn.Embedding"), folder, *feed, "--players",
                     "tokens", "--baseline", "token:5000", *one[4:])

    def test_wrong_images(self):
        """Images of another layout or size."""
        folder = self.model("mnist_keras_nhwc")
        first = self.save("first.npy", np.zeros((2, 1, 28, 28), np.float32))
        own = feed_of(folder)
        for code, words, args in (
                (65, ("[2, 1, 28, 28]", "28, 28, 1]"),
                 ["--samples", first, "--players", "grid:4x4"]),
                (64, ("1 columns", "channels first"),
                 [*own, "--players", "grid:4x4", "--layout", "channels-first"]),
                (64, ("784 players", "grid:RxC"), own)):
            with self.subTest(words=words):
                self.refused(code, words, folder, *args)


class Golden(ProgramTest):
    """Games and indices by shapiq."""

    def golden(self, index):
        """Values of an index of the tree ensemble on California housing: {players: value}."""
        folder = shared("HARSANYI_GOLDEN", self) / "shapiq_california_tree"
        path = folder / f"iv_california_housing_tree_index={index}.json"
        data = json.loads(path.read_text())["data"]
        return {tuple() if key == "Empty" else tuple(map(int, key.split(","))): value
                for key, value in data.items()}

    def tree(self):
        """The game itself, and its dividends."""
        n = 8
        dividends = np.zeros(2**n)
        for players, value in self.golden("Moebius_order=8").items():
            dividends[sum(1 << p for p in players)] = value
        values = np.array([sum(dividends[s] for s in range(2**n) if s & ~mask == 0)
                           for mask in range(2**n)])
        return self.save("tree.npy", values), dividends

    def test_california_tree(self):
        table, dividends = self.tree()
        out, _ = self.interactions("--table", table, "--indices", "SV,BV", ranks=3)
        with h5py.File(out, "r") as file:
            np.testing.assert_allclose(file["interactions/and"][0], dividends, atol=1e-13)
            for index in ("SV", "BV"):
                golden = self.golden(f"{index}_order=1")
                np.testing.assert_allclose(file[f"indices/{index}"][0],
                                           [golden[i,] for i in range(8)], atol=1e-12)

    def test_interaction_indices(self):
        """Every file of shapiq's, all indices at orders 1 to 8, and back into its format."""
        table, _ = self.tree()
        for highest in range(1, 9):
            names = ("SII", "k-SII", "STII", "FSII", "FBII", "BII")
            out, _ = self.interactions("--table", table, "--indices",
                                       ",".join(f"{name}:{highest}" for name in names),
                                       ranks=highest % 3)
            for name in names:
                golden = self.golden(f"{name}_order={highest}")
                wanted = {sum(1 << p for p in players): value
                          for players, value in golden.items() if players}
                # FSII is what their solver leaves of it.
                slack = 5e-9 if name == "FSII" else 1e-11
                with self.subTest(index=name, highest=highest), h5py.File(out, "r") as file:
                    group = file[f"indices/{name}"]
                    masks = [int(m) for m in group["mask"]]
                    self.assertEqual(sorted(masks), sorted(wanted))
                    np.testing.assert_allclose(group["value"][0], [wanted[m] for m in masks],
                                               rtol=0, atol=slack)
                    self.assertLess(group["error"][0], 1e-12)
                    self.check_export(out, name, highest, golden, slack)

    def check_export(self, out, name, highest, golden, slack):
        """The exported file has the layout of shapiq's own, and its numbers."""
        folder = shared("HARSANYI_GOLDEN", self) / "shapiq_california_tree"
        theirs = json.loads((folder / f"iv_california_housing_tree_index={name}_order={highest}"
                                      ".json").read_text())
        done = run("export", out, "--index", name, "--format", "shapiq")
        self.assertEqual(done.code, 0, done)
        ours = json.loads(done.out)
        self.assertEqual(list(ours), list(theirs))
        self.assertEqual(list(ours["metadata"]), list(theirs["metadata"]))
        for key in ("n_players", "max_order", "min_order", "estimated", "estimation_budget"):
            self.assertEqual(ours["metadata"][key], theirs["metadata"][key], key)
        # Up to order 1 shapiq calls SII, k-SII, STII and FSII by their common name.
        self.assertEqual(ours["metadata"]["index"],
                         name if highest == 1 else theirs["metadata"]["index"])
        keys = [key for key in theirs["data"] if key != "Empty"]
        self.assertEqual(sorted(key for key in ours["data"] if key != "Empty"), sorted(keys))
        for key in keys:
            players = tuple(map(int, key.split(",")))
            self.assertLess(abs(ours["data"][key] - golden[players]), slack, key)

    def test_moebius_in_the_format_of_shapiq(self):
        table, dividends = self.tree()
        out, _ = self.interactions("--table", table, "--indices", "Moebius")
        for what in (("--index", "Moebius"), ("--interactions", "and"),
                     ("--interactions", "salient")):
            data = json.loads(run("export", out, *what, "--format", "shapiq").out)["data"]
            found = np.zeros(256)
            for key, value in data.items():
                found[sum(1 << int(p) for p in key.split(",")) if key != "Empty" else 0] = value
            missing = np.abs(found - dividends)[found == 0]
            slack = 0.05 * np.abs(dividends[1:]).max() if "salient" in what else 1e-12
            self.assertLess(missing.max(initial=0), slack)
            np.testing.assert_allclose(found[found != 0], dividends[found != 0], atol=1e-13)
            self.assertEqual(list(data)[0], "Empty")

    def test_games(self):
        """Archives of shapiq as they are, with their coalitions in order of size."""
        for name in ("adult14_1", "sentiment14_1"):
            path = shared("HARSANYI_GOLDEN", self) / "games" / f"{name}.npz"
            with np.load(path) as game:
                masks = game["coalitions"] @ (1 << np.arange(14))
                values = np.empty(2**14)
                values[masks] = game["values"]
            out, _ = self.interactions("--table", path, "--types", "and,or", "--values",
                                       "--indices", "SV,BV,k-SII:3,FSII,CHII:4,Moebius", ranks=2)
            self.assertEqual(faults(out), [])
            check_dataset(str(out), [Row(0, 0, values)], types=("and", "or"), tolerance=1e-13,
                          indices=("SV", "BV"))


if __name__ == "__main__":
    program.main(workers=4)
