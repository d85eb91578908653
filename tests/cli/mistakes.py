"""What rows of mistakes are made of: beginnings of command lines, and files that are wrong in one
way each.

A row is the mistake's name, the exit code, the arguments, and what the message must say (regular
expressions). In the arguments {data} is the bundled data, {plugin} the plug-in example, and {f} the
folder of the files made here.
"""
import subprocess
import zipfile

import h5py
import numpy as np

import onnx_writer as onnx
from program import DATA

CNN = "--model {data}/digits_cnn.onnx --samples {data}/digits_images.npy --select 0 "
GRID = CNN + "--players grid:2x2 "
WINE = "--model {data}/wine_mlp.onnx --samples {data}/wine_features.npy --select 0 "
TOKENS = "--model {data}/tokens_transformer.onnx --samples {data}/tokens_ids.npy --select 0 "
VOTE = "--closed-form majority:n=4 "
ON_IMAGE = " --samples {data}/digits_images.npy --select 0 --players grid:2x2"
ON_FOUR = " --samples {f}/four.npy --players features"

PLUGIN_SOURCE = """
#include <harsanyi/plugin.h>
#include <math.h>
#include <stdio.h>
static int open_game(const char *argument, int *players, void **self, char *error, size_t size) {
  (void)argument; (void)self; (void)error; (void)size;
  *players = PLAYERS;
  return 0;
}
static int evaluate(void *self, size_t count, const uint64_t *masks, double *values, char *error,
                    size_t size) {
  (void)self;
  for (size_t i = 0; i < count; i++) {
    values[i] = (double)masks[i];
    if (masks[i] != 7) continue;
    values[i] = LAST;
    if (FAILS) { snprintf(error, size, "no more tea"); return 3; }
  }
  return 0;
}
extern const hrs_plugin_v1 NAME;
const hrs_plugin_v1 NAME = {ABI, open_game, evaluate, 0};
"""


def make_plugin(folder, name, symbol="hrs_plugin", abi="HRS_PLUGIN_ABI", players=3, last="7",
                fails=0):
    """Compile a plug-in that is wrong in one way."""
    include = DATA.parent / "include"
    definitions = {"NAME": symbol, "ABI": abi, "PLAYERS": players, "LAST": last, "FAILS": fails}
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-I", str(include),
                    *[f"-D{key}={value}" for key, value in definitions.items()],
                    "-o", str(folder / name)], input=PLUGIN_SOURCE, text=True, check=True)


def make_models(test):
    """ONNX files that are wrong in one way each."""
    whole = (DATA / "digits_cnn.onnx").read_bytes()
    test.write("empty.onnx", b"")
    test.write("text.onnx", "This is no network, nor an array.\n")
    test.write("truncated.onnx", whole[:len(whole) // 2])
    test.write("pointer.onnx", "version https://git-lfs.github.com/spec/v1\n"
               f"oid sha256:{'0' * 64}\nsize 26454\n")
    with zipfile.ZipFile(test.folder / "zip.onnx", "w") as archive:
        archive.writestr("digits_cnn.onnx", whole)
    x, y = onnx.value_info("x", [1, 4]), onnx.value_info("y", [1, 4])
    test.write("operator.onnx", onnx.model([onnx.node("DFT", ["x"], ["y"])], [x], [y], opset=17))
    test.write("domain.onnx", onnx.model([onnx.node("Sparkle", ["x"], ["y"], "com.example")],
                                         [x], [y]))
    test.write("new.onnx", onnx.model([onnx.node("Relu", ["x"], ["y"])], [x], [y], opset=99))
    test.write("old.onnx", onnx.model([onnx.node("Relu", ["x"], ["y"])], [x], [y], opset=3))
    test.write("log.onnx", onnx.simple("Log"))
    product = onnx.node("MatMul", ["x", "w"], ["y"])
    for name, place in (("external", "weights.bin"), ("escape", "../../etc/passwd")):
        weights = onnx.tensor("w", [4, 4], [], external=(place, 0, 64))
        test.write(f"{name}.onnx", onnx.model([product], [x], [y], [weights]))


def make_arrays(test):
    """Arrays that fit nothing, or are no numbers."""
    map_ = np.zeros((8, 8), dtype=np.int64)
    test.save("map_none.npy", map_ - 1)
    test.save("map_shape.npy", np.arange(9).reshape(3, 3))
    test.save("map_half.npy", map_ + 0.5)
    map_[4:] = 2
    test.save("map_gap.npy", map_)
    test.save("four.npy", np.array([[1, 2, 3, 4]], dtype=np.float32))
    test.save("eight.npy", np.arange(8.0))
    test.save("seven.npy", np.arange(7.0))
    test.save("one.npy", np.ones(1))
    test.save("cube.npy", np.ones((2, 2, 2)))
    test.save("nan.npy", np.array([0, 1, 2, 3, 4, np.nan, np.inf, 7]))
    test.save("nan_second.npy", np.array([[0, 1, 2, 3], [0, 1, 2, np.nan]]))
    test.save("large.npy", np.array([0, 1, 2, 3, 4, 5, 6, 1e300]))
    test.save("labels_two.npy", np.array([1, 2]))
    test.save("labels_ten.npy", np.full(360, 10))
    test.save("labels_minus.npy", np.full(360, -1))
    test.save("eight_by_two.npy", np.zeros((360, 2), dtype=np.int64))
    test.save("float_tokens.npy", np.load(DATA / "tokens_ids.npy")[:2] + np.float32(0.25))
    test.save("strings.npy", np.full((1, 13), "one"))
    test.save("none.npy", np.zeros((0, 13), dtype=np.float32))
    test.save("nothing.npy", np.zeros((2**40, 0), dtype=np.float32))
    wine = np.load(DATA / "wine_features.npy")
    with h5py.File(test.folder / "wine.h5", "w") as file:
        file["features"] = wine
    wine[0, 3] = np.nan
    test.save("wine_nan.npy", wine)
    test.write("truncated.npy", (DATA / "wine_features.npy").read_bytes()[:1000])
    test.write("names.txt", "one\ntwo\n")
    (test.folder / "folder").mkdir()
    bits = np.arange(8)[:, None] >> np.arange(3) & 1 == 1
    np.savez(test.folder / "incomplete.npz", values=np.arange(7.0), coalitions=bits[:7],
             n_players=3)
