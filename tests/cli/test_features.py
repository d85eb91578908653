"""harsanyi features: layers of networks against the oracle's float64, the same bytes for any number
of ranks, what show says of them, and mistakes."""
import json
import unittest

import h5py
import numpy as np

import oracle_network
import program
from program import DATA, ProgramTest, datasets_of, run, system_with

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    onnx = None

CNN = ("--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy")
WINE = ("--model", DATA / "wine_mlp.onnx", "--samples", DATA / "wine_features.npy")
TOKENS = ("--model", DATA / "tokens_transformer.onnx", "--samples", DATA / "tokens_ids.npy")


def layers_of(path):
    """{name: activations} of a file."""
    with h5py.File(path) as file:
        names = file["layers/name"].asstr()[()]
        return {name: file[f"layers/{l}/activations"][()] for l, name in enumerate(names)}


class Features(ProgramTest):
    """What is written, shown and refused."""

    def features(self, *args, ranks=0):
        """A run that must succeed; the file's path."""
        out = self.output()
        done = run("features", *args, "--out", out, "--quiet", ranks=ranks)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.err, "", done)
        self.assertEqual(done.out, "", done)
        return out

    def refused(self, code, *args, words, ranks=0):
        """One message, with these words, and no file."""
        out = self.output()
        done = run("features", *args, "--out", out, ranks=ranks)
        self.assertEqual(done.code, code, done)
        self.assertEqual(len(done.errors()), 1, done)
        for word in words:
            self.assertIn(word, done.err)
        self.assertFalse(out.exists())
        self.assertFalse(out.with_name(out.name + ".part").exists())

    def check_layers(self, path, model, samples, select):
        """Every layer, against NumPy in float64."""
        network = oracle_network.Network(str(model))
        found = layers_of(path)
        self.assertGreater(len(found), 2)
        for name, values in found.items():
            wanted = network.run(samples[select], fetch=name)
            self.assertEqual(values.dtype, np.float32)
            self.assertEqual(values.size, wanted.size)
            # The model's own batch axis is left out.
            shape = wanted.shape[1:]
            self.assertEqual(values.shape[1:], shape[1:] if shape and shape[0] == 1 else shape)
            scale = np.abs(wanted).max()
            self.assertGreater(scale, 0)
            error = np.abs(values.reshape(wanted.shape) - wanted).max()
            self.assertLessEqual(error, 1e-5 * scale, name)

    def test_against_the_oracle(self):
        for args, select in ((CNN, slice(0, 20)), (WINE, slice(None)), (TOKENS, slice(3, 30, 3))):
            model, samples = args[1], np.load(args[3])
            chosen = np.arange(len(samples))[select]
            path = self.features(*args, "--select", ",".join(map(str, chosen)), "--layers", "all")
            self.check_layers(path, model, samples, chosen)
            with h5py.File(path) as file:
                self.assertEqual(file["samples/index"][()].tolist(), chosen.tolist())
                self.assertNotIn("label", file["samples"])

    def test_file(self):
        path = self.features(*CNN, "--labels", DATA / "digits_labels.npy", "--select", "5,2:4")
        with h5py.File(path) as file:
            attributes = dict(file.attrs)
            self.assertEqual(attributes["kind"], b"features")
            self.assertEqual(attributes["complete"], 1)
            self.assertEqual(attributes["n_samples"], 3)
            self.assertEqual(attributes["n_layers"], 5)
            self.assertEqual(attributes["network"].decode(), str(DATA / "digits_cnn.onnx"))
            self.assertEqual(file["samples/index"][()].tolist(), [5, 2, 3])
            labels = np.load(DATA / "digits_labels.npy")
            self.assertEqual(file["samples/label"][()].tolist(), labels[[5, 2, 3]].tolist())
            self.assertEqual(file["layers/depth"][()].tolist(), [1, 1, 2, 3, 4])
            self.assertEqual(file["layers/relative_depth"][()].tolist(), [.25, .25, .5, .75, 1])
            self.assertEqual(file["layers/units"][()].tolist(), [512, 128, 256, 64, 10])
            self.assertEqual(file["layers/name"].asstr()[-1], "logits")
            for layer, shape in enumerate([(8, 8, 8), (8, 4, 4), (16, 4, 4), (64,), (10,)]):
                self.assertEqual(file[f"layers/{layer}/activations"].shape, (3, *shape))
            self.assertEqual(file["layers/0/activations"].dims[0].label, "sample")
            for name in ("command_line", "options", "ranks", "seconds_total"):
                self.assertIn(name, file["run"].attrs)

    def test_same_bytes(self):
        def contents(ranks):
            arrays, attributes = datasets_of(self.features(*CNN, "--select", "0:100", ranks=ranks))
            return ({name: array.tolist() if array.dtype == object else array.tobytes()
                     for name, array in arrays.items()},
                    {key: np.asarray(value).tolist() for key, value in attributes.items()})

        alone = contents(0)
        self.assertEqual(len(alone[0]), 10)
        for ranks in (1, 2, 3, 5):
            self.assertEqual(contents(ranks), alone, ranks)

    def test_named_tensors(self):
        names = "probabilities,features,/logits/logits.0/Gemm_output_0"
        found = layers_of(self.features(*WINE, "--layers", names))
        self.assertEqual(list(found), names.split(","))
        self.assertEqual(found["features"].tobytes(),
                         np.load(DATA / "wine_features.npy").tobytes())
        np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, rtol=1e-5)

    def test_list(self):
        done = run("features", "--model", DATA / "digits_cnn.onnx", "--layers", "list")
        self.assertEqual(done.code, 0, done)
        lines = done.out.splitlines()
        self.assertEqual(len(lines), 6)
        self.assertEqual(lines[0].split(), ["layer", "depth", "relative", "units", "shape",
                                            "tensor"])
        self.assertEqual(lines[2].split(), ["1", "1", "0.25", "128", "[8,", "4,", "4]",
                                            "/features/features.2/MaxPool_output_0"])
        self.assertEqual(lines[5].split(), ["4", "4", "1.00", "10", "[10]", "logits"])

    def test_plan(self):
        out = self.output()
        done = run("features", *CNN, "--plan", "--out", out)
        self.assertEqual(done.code, 0, done)
        self.assertFalse(out.exists())
        for word in ("5 layers", "360 in batches of", "multiply-adds", "available to a rank",
                     "time to evaluate"):
            self.assertIn(word, done.out)
        size = int(next(line for line in done.out.splitlines() if line.startswith("  file "))
                   .split()[1])
        written = self.features(*CNN).stat().st_size
        self.assertLess(abs(size - written), .1 * written + 2**17)

    def test_plan_of_a_stated_machine(self):
        done = run("features", *CNN, "--plan", "--plan-ranks", "10", "--plan-nodes", "5",
                   "--plan-memory", "6GiB")
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.out, r"ranks +10, \d+ batches for the busiest")
        self.assertRegex(done.out, rf"available to a rank +{3 * 2**30} ")

    def test_show(self):
        path = self.features(*CNN, "--select", "0:30")
        values = list(layers_of(path).values())
        done = run("show", path)
        self.assertEqual(done.code, 0, done)
        self.assertIn("features of 30 samples at 5 layers", done.out)
        self.assertIn("/head/head.2/Relu_output_0", done.out)
        done = run("show", path, "--json")
        self.assertEqual(done.code, 0, done)
        said = json.loads(done.out)
        self.assertEqual((said["kind"], said["n_samples"], said["n_layers"]), ("features", 30, 5))
        for layer, array in zip(said["layers"], values):
            array = array.astype(np.float64)
            self.assertEqual(layer["shape"], list(array.shape[1:]))
            self.assertEqual(layer["units"], array[0].size)
            self.assertAlmostEqual(layer["mean"] / array.mean(), 1, 9)
            self.assertAlmostEqual(layer["deviation"] / array.std(), 1, 9)
            self.assertEqual(layer["zero"], np.count_nonzero(array == 0) / array.size)
            self.assertEqual(layer["not_finite"], 0)
        self.assertGreater(said["layers"][0]["zero"], 0)

    def test_damaged_files_are_refused(self):
        def shorten(file):
            values = file["layers/0/activations"][:-1]
            del file["layers/0/activations"]
            file["layers/0/activations"] = values

        def lose(file):
            del file["layers/2/activations"]

        def count(file):
            file.attrs["n_layers"] = 2

        def multiply(file):
            file.attrs["n_samples"] = 2**40

        def exceed(file):
            file.attrs["n_samples"] = 2.0**63

        def widen(file):
            file["layers/units"][1] += 1

        path = self.features(*WINE, "--select", "0:5")
        for damage, words in ((shorten, ["/layers/0/activations"]), (lose, ["layer 2"]),
                              (count, ["3", "2"]), (exceed, ["n_samples is 9.22"]),
                              (multiply, ["n_samples", str(2**40)]),
                              (widen, ["/layers/1/activations", "/layers/units"])):
            damaged = self.write("damaged.h5", path.read_bytes())
            with h5py.File(damaged, "r+") as file:
                damage(file)
            done = run("show", damaged)
            self.assertEqual(done.code, 65, done)
            self.assertEqual(len(done.errors()), 1, done)
            for word in [*words, "damaged.h5"]:
                self.assertIn(word, done.err)

    def test_other_commands_refuse_the_file(self):
        path = self.features(*WINE, "--select", "0")
        for args in (("export", path, "--out", self.folder / "x.csv"),
                     ("show", path, "--row", "0")):
            done = run(*args)
            self.assertNotEqual(done.code, 0, done)
            self.assertEqual(len(done.errors()), 1, done)
            self.assertIn("features", done.err)

    def test_refused(self):
        model = ("--model", DATA / "wine_mlp.onnx")
        self.refused(64, *WINE[2:], words=["--model"])
        self.refused(64, *model, words=["--samples"])
        self.refused(65, "--model", DATA / "wine_features.npy", *WINE[2:],
                     words=["--model", "wine_features.npy"])
        self.refused(64, *WINE, "--layers", "nowhere", words=["--layers", "'nowhere'"])
        self.refused(64, *WINE, "--layers", "features,,probabilities",
                     words=["--layers", "a name is missing"])
        self.refused(64, *WINE, "--layers", "features,features", words=["--layers", "twice"])
        self.refused(65, *TOKENS, "--layers", "tokens", words=["--layers", "'tokens'", "int64"])
        self.refused(64, *CNN, "--layers", "/Constant_output_0",
                     words=["--layers", "the same for all samples"])
        self.refused(65, *model, "--samples", DATA / "digits_images.npy", words=["--samples"])
        self.refused(64, *WINE, "--select", "60", words=["--select", "60"])
        self.refused(64, *WINE, "--layers", "nowhere", ranks=3, words=["--layers", "'nowhere'"])

    def test_existing_file(self):
        out = self.write("mine.h5", "not to be lost")
        done = run("features", *WINE, "--out", out)
        self.assertEqual(done.code, 64, done)
        self.assertIn("--force", done.err)
        self.assertEqual(out.read_text(), "not to be lost")
        done = run("features", *WINE, "--out", out, "--force", "--quiet")
        self.assertEqual(done.code, 0, done)
        self.assertGreater(len(layers_of(out)), 2)

    def test_small_disk(self):
        out = self.mounted("small", "size=128k") / "out.h5"
        done = run("features", *CNN, "--out", out)
        self.assertEqual((done.code, len(done.errors())), (74, 1), done)
        self.assertIn("fewer layers or samples (--layers, --select)", done.err)
        self.assertFalse(out.exists())

    def test_little_memory(self):
        """Samples that do not fit are refused before they are read; a few of them are not."""
        path = self.folder / "many.npy"
        np.lib.format.open_memmap(path, "w+", "f4", (400000, 1, 8, 8))  # a hole of 98 MiB
        args = ("features", "--model", DATA / "digits_cnn.onnx", "--samples", path)
        little = system_with(self.folder, 90)
        for ranks in (0, 2):
            done = run(*args, "--out", self.output(), env=little, ranks=ranks)
            self.assertEqual((done.code, len(done.errors())), (64, 1), done)
            for word in ("--samples", "many.npy", "0.10 GiB", "are available", "--select"):
                self.assertIn(word, done.errors()[0])
        done = run(*args, "--select", "7,399999", "--out", self.output(), env=little)
        self.assertEqual(done.code, 0, done)

    def test_nonfinite(self):
        samples = np.load(DATA / "wine_features.npy")
        samples[13, 4] = np.inf
        path = self.save("infinite.npy", samples)
        args = ("--model", DATA / "wine_mlp.onnx", "--samples", path)
        layer = "/logits/logits.0/Gemm_output_0"
        for ranks in (0, 2):
            self.refused(65, *args, "--layers", layer, ranks=ranks,
                         words=[f"'{layer}'", "sample 13", "--allow-nonfinite"])
        out = self.output()
        done = run("features", *args, "--layers", layer, "--allow-nonfinite", "--out", out)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(len(done.warnings()), 1, done)
        self.assertIn("16 of them", done.warnings()[0])
        self.assertFalse(np.isfinite(layers_of(out)[layer][13]).any())
        said = json.loads(run("show", out, "--json").out)
        self.assertEqual(said["layers"][0]["not_finite"], 16)


@unittest.skipIf(onnx is None, "python3-onnx is not installed")
class MadeNetworks(ProgramTest):
    """Several inputs, open sizes, half precision."""

    def network(self, name, inputs, nodes, constants, kind=TensorProto.FLOAT if onnx else None):
        """A network whose output is y."""
        weights = [numpy_helper.from_array(value, key) for key, value in constants.items()]
        graph = helper.make_graph(
            nodes, name, [helper.make_tensor_value_info(*i) for i in inputs],
            [helper.make_tensor_value_info("y", kind, None)], weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        path = self.folder / f"{name}.onnx"
        onnx.save(model, str(path))
        return path

    def run_features(self, *args):
        """The layers of a run that must succeed."""
        out = self.output()
        done = run("features", *args, "--out", out, "--quiet")
        self.assertEqual(done.code, 0, done)
        return layers_of(out)

    def test_token_ids_and_mask(self):
        rng = np.random.default_rng(3)
        table = rng.normal(size=(7, 4)).astype(np.float32)
        weight = rng.normal(size=(4, 2)).astype(np.float32)
        path = self.network(
            "masked", [("ids", TensorProto.INT64, ["batch", "length"]),
                       ("mask", TensorProto.FLOAT, ["batch", "length"])],
            [helper.make_node("Gather", ["table", "ids"], ["e"]),
             helper.make_node("Unsqueeze", ["mask", "last"], ["m"]),
             helper.make_node("Mul", ["e", "m"], ["k"]),
             helper.make_node("MatMul", ["k", "w"], ["h"]),
             helper.make_node("Relu", ["h"], ["r"]),
             helper.make_node("ReduceMean", ["r"], ["p"], axes=[1], keepdims=0),
             helper.make_node("Identity", ["p"], ["y"])],
            {"table": table, "w": weight, "last": np.array([2])})
        ids = rng.integers(0, 7, size=(11, 5))
        mask = rng.integers(0, 2, size=(11, 5)).astype(np.float32)
        found = self.run_features(
            "--model", path, "--input", f"ids={self.save('ids.npy', ids)}",
            "--input", f"mask={self.save('mask.npy', mask)}")
        hidden = np.maximum((table[ids] * mask[..., None]).astype(np.float64) @ weight, 0)
        self.assertEqual(list(found), ["k", "r", "p"])
        np.testing.assert_allclose(found["r"], hidden, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found["p"], hidden.mean(axis=1), rtol=1e-5, atol=1e-6)
        # One mask for all samples.
        found = self.run_features(
            "--model", path, "--input", f"ids={self.save('ids.npy', ids)}",
            "--input", f"mask={self.save('one.npy', mask[:1])}", "--layers", "r")
        hidden = np.maximum((table[ids] * mask[:1, :, None]).astype(np.float64) @ weight, 0)
        np.testing.assert_allclose(found["r"], hidden, rtol=1e-5, atol=1e-6)

    def test_half_precision(self):
        weight = np.arange(-3, 3, dtype=np.float16).reshape(3, 2)
        path = self.network("half", [("x", TensorProto.FLOAT16, ["batch", 3])],
                            [helper.make_node("MatMul", ["x", "w"], ["h"]),
                             helper.make_node("Relu", ["h"], ["y"])],
                            {"w": weight}, TensorProto.FLOAT16)
        samples = np.random.default_rng(2).normal(size=(9, 3)).astype(np.float32)
        found = self.run_features("--model", path, "--samples", self.save("x.npy", samples))
        self.assertEqual(found["y"].dtype, np.float32)
        wanted = np.maximum(samples.astype(np.float64) @ weight.astype(np.float64), 0)
        np.testing.assert_allclose(found["y"], wanted, rtol=1e-3, atol=1e-3)

    def test_tensors_where_there_are_no_layers(self):
        path = self.network("bare", [("x", TensorProto.FLOAT, ["batch", 3])],
                            [helper.make_node("Relu", ["x"], ["y"])], {})
        args = ("features", "--model", path, "--samples",
                self.save("x.npy", np.array([[-1, 2, 3]], np.float32)), "--out", self.output())
        done = run(*args)
        self.assertEqual(done.code, 65, done)
        self.assertEqual(len(done.errors()), 1, done)
        for word in ("--layers", "bare.onnx", "no layers", "name tensors"):
            self.assertIn(word, done.err)
        done = run(*args, "--layers", "y")
        self.assertEqual(done.code, 0, done)
        self.assertIn("1 sample, 1 layer,", done.out)
        np.testing.assert_array_equal(layers_of(args[-1])["y"], [[0, 2, 3]])


if __name__ == "__main__":
    program.main(workers=2)
