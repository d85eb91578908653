"""Networks and games of others, from HARSANYI_MODELS and HARSANYI_GOLDEN; skipped without them."""
import json

import h5py
import numpy as np

import oracle
import program
from oracle_dataset import Row, check_dataset
from program import ProgramTest, shared

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
    "tinybert_untrained": ["--players", "tokens", "--baseline", "token:0", "--subset", "1:10"],
    "vespa_dummy_transformer": ["--players", "tokens", "--baseline", "token:0"],
}
SAMPLES = 2


def load(folder, name):
    """An array, or the first output's of an archive."""
    path = folder / f"{name}.npy"
    if path.exists():
        return np.load(path)
    with np.load(folder / f"{name}.npz") as archive:
        return archive["output_0"]


class Models(ProgramTest):
    """v(N) is the network's output at the sample itself, as ONNX Runtime has it; and the whole data
    set is consistent."""

    def check(self, name, options):
        """One network, its output's first elements as targets."""
        folder = shared("HARSANYI_MODELS", self) / name
        if not folder.is_dir():
            self.skipTest(f"{folder} is missing")
        reference = load(folder, "outputs_ort").astype(np.float64)
        reference = reference.reshape(len(reference), -1)
        targets = range(min(3, reference.shape[1]))
        feed = ["--samples", folder / "inputs.npy"]
        if not feed[1].exists():
            archive = folder / "inputs.npz"
            feed = [word for key in np.load(archive).files
                    for word in ("--input", f"{key}={archive}:{key}")]
        out, _ = self.interactions(
            "--model", folder / "model.onnx", *feed, "--select", f"0:{SAMPLES}", *options,
            "--output", "raw", "--target", ",".join(map(str, targets)), "--types", "and,or",
            "--values", ranks=2)
        with h5py.File(out, "r") as file:
            values = file["values"][()]
            full = file["samples/v_full"][()].reshape(SAMPLES, -1)
        wanted = reference[:SAMPLES, list(targets)]
        scale = np.abs(reference).max()
        self.assertLess(np.abs(full - wanted).max(), 1e-4 * scale)
        rows = [Row(sample, target, values[sample * len(targets) + target])
                for sample in range(SAMPLES) for target in targets]
        check_dataset(str(out), rows, types=("and", "or"))


def add_models():
    """A test for each network."""
    for name, options in MODELS.items():
        def test(self, name=name, options=options):
            rows, columns = np.divmod(np.arange(784), 28)
            map_ = self.save("map.npy", (rows * 3 // 28 * 3 + columns * 3 // 28).reshape(784, 1))
            subset = ["1,2,3,4,5,6,7,8,9" if word == "1:10" else word for word in options]
            self.check(name, [word.format(map=map_) for word in subset])
        setattr(Models, f"test_{name}", test)


add_models()


class Golden(ProgramTest):
    """Games and indices by shapiq."""

    def golden(self, index):
        """Values of an index of the tree ensemble on California housing: {players: value}."""
        folder = shared("HARSANYI_GOLDEN", self) / "shapiq_california_tree"
        path = folder / f"iv_california_housing_tree_index={index}.json"
        data = json.loads(path.read_text())["data"]
        return {tuple() if key == "Empty" else tuple(map(int, key.split(","))): value
                for key, value in data.items()}

    def test_california_tree(self):
        n = 8
        dividends = np.zeros(2**n)
        for players, value in self.golden("Moebius_order=8").items():
            dividends[sum(1 << p for p in players)] = value
        values = np.array([sum(dividends[s] for s in range(2**n) if s & ~mask == 0)
                           for mask in range(2**n)])
        out, _ = self.interactions("--table", self.save("tree.npy", values), "--indices", "SV,BV",
                                   ranks=3)
        with h5py.File(out, "r") as file:
            np.testing.assert_allclose(file["interactions/and"][0], dividends, atol=1e-13)
            for index in ("SV", "BV"):
                golden = self.golden(f"{index}_order=1")
                np.testing.assert_allclose(file[f"indices/{index}"][0],
                                           [golden[i,] for i in range(n)], atol=1e-12)

    def test_games(self):
        """Archives of shapiq as they are, with their coalitions in order of size."""
        for name in ("adult14_1", "sentiment14_1"):
            path = shared("HARSANYI_GOLDEN", self) / "games" / f"{name}.npz"
            with np.load(path) as game:
                masks = game["coalitions"] @ (1 << np.arange(14))
                values = np.empty(2**14)
                values[masks] = game["values"]
            out, _ = self.interactions("--table", path, "--types", "and,or", "--values",
                                       "--indices", "SV,BV", ranks=2)
            check_dataset(str(out), [Row(0, 0, values)], types=("and", "or"), tolerance=1e-13,
                          indices=("SV", "BV"))


if __name__ == "__main__":
    program.main(workers=4)
