"""Bad input: one message, the right exit code, nothing left behind, at one process and three ranks.

Each case is a row of CASES: its name, the exit code, the arguments, and what the message must say
(regular expressions). In the arguments {data} is the bundled data and {f} the folder of the files
made here. A lone process is given an output that does not exist; three ranks are given an existing
one and --force, and must leave it as it is.
"""
import os
import pathlib
import resource
import subprocess
import unittest
import zipfile

import h5py
import numpy as np

import onnx_writer as onnx
import program
from program import DATA, PLUGIN, ProgramTest, run

CNN = "--model {data}/digits_cnn.onnx --samples {data}/digits_images.npy --select 0 "
GRID = CNN + "--players grid:2x2 "
WINE = "--model {data}/wine_mlp.onnx --samples {data}/wine_features.npy --select 0 "
TOKENS = "--model {data}/tokens_transformer.onnx --samples {data}/tokens_ids.npy --select 0 "
VOTE = "--closed-form majority:n=4 "
ON_IMAGE = " --samples {data}/digits_images.npy --select 0 --players grid:2x2"
ON_FOUR = " --samples {f}/four.npy --players features"

CASES = [
    # Which game, and options that do not fit together.
    ("no_game", 64, "", "--model", "--table", "--closed-form", "--plugin", "exactly one"),
    ("two_games", 64, VOTE + "--table {f}/eight.npy", "more than one", "exactly one"),
    ("unknown_option", 64, VOTE + "--thershold sample:0.1", "--thershold",
     "did you mean --threshold"),
    ("unknown_option_unlike_any", 64, VOTE + "--frobnicate", "unknown option --frobnicate",
     "--help"),
    ("option_without_value", 64, VOTE + "--chunk", "--chunk needs a value"),
    ("flag_with_value", 64, VOTE + "--values=yes", "--values takes no value", "yes"),
    ("stray_argument", 64, VOTE + "more.h5", "unexpected argument 'more.h5'"),
    ("chunk_is_no_number", 64, VOTE + "--chunk many", "--chunk", "'many'", "8MiB"),
    ("samples_with_closed_form", 64, VOTE + "--samples x.npy", "--samples", "--model",
     "--closed-form"),
    ("players_with_table", 64, "--table {f}/eight.npy --players grid:2x2", "--players", "--model",
     "--table"),
    ("baseline_with_plugin", 64, "--plugin {plugin}:2/1,1,1 --baseline zero", "--baseline",
     "--model", "--plugin"),
    ("select_with_closed_form", 64, VOTE + "--select 0", "--select"),
    ("output_with_table", 64, "--table {f}/eight.npy --output raw", "--output", "--table"),
    ("verify_without_known_dividends", 64, "--table {f}/eight.npy --verify", "--verify",
     "--closed-form"),
    ("verify_random", 64, "--closed-form random:n=4 --verify", "--verify"),
    ("samples_and_input", 64, WINE + "--input features={data}/wine_features.npy", "--samples",
     "--input"),
    ("model_without_samples", 64, "--model {data}/wine_mlp.onnx", "--model", "--samples"),

    # Values of options.
    ("types", 64, VOTE + "--types xor", "--types", "'xor'", "and,or"),
    ("indices", 64, VOTE + "--indices SW", "--indices", "'SW'", "SV"),
    ("index_order_is_no_number", 64, VOTE + "--indices SII:two", "--indices", "'SII:two'",
     "highest order"),
    ("index_order_0", 64, VOTE + "--indices k-SII:0", "--indices", "'k-SII:0'", "1 to"),
    ("index_order_over_n", 64, VOTE + "--indices FSII:5", "--indices", "FSII:5", "players, 4"),
    ("index_with_order_of_players", 64, VOTE + "--indices SV:2", "--indices", "'SV:2'", "without"),
    ("index_twice", 64, VOTE + "--indices SII,SII:3", "--indices", "SII is given twice"),
    ("index_of_all_orders", 64, "--closed-form majority:n=30 --indices Moebius", "--indices",
     "1073741823", "16777216", "Moebius:8", "--keep all"),
    ("index_of_many_orders", 64, "--closed-form majority:n=40 --indices SII:9", "--indices",
     "to that order", "SII:6"),
    ("keep", 64, VOTE + "--keep some", "--keep", "'some'", "salient, top, all"),
    ("keep_top_without_number", 64, VOTE + "--keep top", "--keep", "top:K"),
    ("keep_top_word", 64, VOTE + "--keep top:few", "--keep top", "'few'"),
    ("keep_top_zero", 64, VOTE + "--keep top:0", "--keep", "top:0|'0'|at least 1"),
    ("threshold_mode", 64, VOTE + "--threshold most:0.1", "--threshold", "'most'",
     "sample, global, delta"),
    ("threshold_number", 64, VOTE + "--threshold sample:low", "--threshold", "'low'"),
    ("threshold_negative", 64, VOTE + "--threshold sample:-1", "--threshold", "-1", "negative"),
    ("precision", 64, VOTE + "--precision half", "--precision", "'half'", "double, single"),
    ("salient_limit", 64, VOTE + "--salient-limit 0", "--salient-limit", "at least 1"),
    ("output_kind", 64, GRID + "--output odds", "--output", "'odds'", "log-odds"),
    ("scores_kind", 64, GRID + "--scores odds", "--scores", "'odds'", "logits"),
    ("layout", 64, GRID + "--layout sideways", "--layout", "'sideways'", "no-channels"),
    ("bit_order", 64, "--table {f}/eight.npy --bit-order middle", "--bit-order", "'middle'",
     "lsb, msb"),
    ("blocks_no_power_of_two", 64, VOTE + "--blocks 3", "--blocks", "3", "power of two"),
    ("blocks_too_many", 64, "--closed-form majority:n=9 --blocks 1024", "--blocks", "1024|2\\^10",
     "9"),
    ("ranks_per_sample_too_many", 64, VOTE + "--ranks-per-sample 9", "--ranks-per-sample", "9"),
    ("ranks_per_sample_negative", 64, VOTE + "--ranks-per-sample -2", "--ranks-per-sample", "-2"),
    ("select_word", 64, CNN + "--players grid:2x2 --select first", "--select", "'first'",
     "0:50,77"),
    ("select_out_of_range", 64, CNN + "--players grid:2x2 --select 360", "--select", "360"),
    ("select_twice", 64, CNN + "--players grid:2x2 --select 1,0:2", "--select", "1 comes twice"),
    ("select_huge", 64, CNN + "--players grid:2x2 --select 9223372036854775807", "--select",
     "9223372036854775807"),
    ("select_backwards", 64, CNN + "--players grid:2x2 --select 5:2", "--select", "5:2"),

    # Players: none, too many, none that fit.
    ("closed_form_no_players", 64, "--closed-form majority:n=0", "--closed-form", "n '0'",
     "1 to 40"),
    ("closed_form_41_players", 64, "--closed-form majority:n=41", "--closed-form", "n '41'",
     "1 to 40"),
    ("closed_form_without_n", 64, "--closed-form majority", "--closed-form", "n=N"),
    ("closed_form_name", 64, "--closed-form minority:n=4", "--closed-form", "minority", "majority"),
    ("closed_form_key", 64, "--closed-form majority:n=4,seed=1", "--closed-form", "seed=1"),
    ("64_players", 64, CNN + "--players features", "--players", "64", "1 to 40", "grid:RxC"),
    ("map_of_background", 65, CNN + "--players map:{f}/map_none.npy", "--players",
     "map_none.npy", "no player"),
    ("map_with_gap", 65, CNN + "--players map:{f}/map_gap.npy", "--players", "map_gap.npy",
     "label 1"),
    ("map_of_other_shape", 65, CNN + "--players map:{f}/map_shape.npy", "--players",
     "map_shape.npy", r"\[3, 3\]", r"8, 8\]"),
    ("map_of_fractions", 65, CNN + "--players map:{f}/map_half.npy", "--players",
     "map_half.npy", "0.5"),
    ("map_missing", 65, CNN + "--players map:{f}/no_such.npy", "--players", "no_such.npy"),
    ("grid_too_fine", 64, CNN + "--players grid:9x3", "--players grid:9x3", "8 rows"),
    ("grid_malformed", 64, CNN + "--players grid:3", "--players grid:3", "grid:RxC"),
    ("grid_of_a_table", 64, WINE + "--players grid:2x2", "grid:2x2", "series", r"13\]"),
    ("players_unknown", 64, CNN + "--players pixels", "--players pixels", "features"),
    ("subset_out_of_range", 64, GRID + "--subset 0,4", "--subset", "player 4", "there are 4"),
    ("subset_twice", 64, GRID + "--subset 1,1", "--subset", "twice"),
    ("subset_random_too_many", 64, GRID + "--subset random:5:1", "--subset random:5:1", "4"),
    ("player_names_too_few", 65, GRID + "--player-names {f}/names.txt", "--player-names",
     "names.txt", "2 names", "4 players"),
    ("player_names_missing", 65, VOTE + "--player-names {f}/no_such.txt", "--player-names",
     "no_such.txt"),

    # Networks.
    ("model_missing", 65, "--model {f}/no_such.onnx" + ON_IMAGE, "--model", "no_such.onnx"),
    ("model_empty", 65, "--model {f}/empty.onnx" + ON_IMAGE, "--model", "empty.onnx", "empty"),
    ("model_text", 65, "--model {f}/text.onnx" + ON_IMAGE, "--model", "text.onnx", "ONNX"),
    ("model_truncated", 65, "--model {f}/truncated.onnx" + ON_IMAGE, "--model", "truncated"),
    ("model_zip", 65, "--model {f}/zip.onnx" + ON_IMAGE, "--model", "zip.onnx", "(?i)zip"),
    ("model_lfs_pointer", 65, "--model {f}/pointer.onnx" + ON_IMAGE, "--model", "pointer.onnx",
     "(?i)git.?lfs", "pull"),
    ("model_folder", 65, "--model {f}" + ON_IMAGE, "--model", "(?i)folder|directory"),
    ("operator_unsupported", 65, "--model {f}/operator.onnx" + ON_FOUR, "--model",
     "operator.onnx", "DFT", "n_y", "(opset|operator set) ?17"),
    ("operator_of_another_domain", 65, "--model {f}/domain.onnx" + ON_FOUR, "--model",
     "domain.onnx", "Sparkle", "com.example", "n_y"),
    ("operator_set_too_new", 65, "--model {f}/new.onnx" + ON_FOUR, "--model", "new.onnx", "99",
     "21"),
    ("operator_set_too_old", 65, "--model {f}/old.onnx" + ON_FOUR, "--model", "old.onnx", "3",
     "7"),
    ("weights_missing", 65, "--model {f}/external.onnx" + ON_FOUR, "--model", "external.onnx",
     "weights.bin", "'w'"),
    ("weights_outside", 65, "--model {f}/escape.onnx" + ON_FOUR, "--model", "escape.onnx",
     r"\.\."),
    ("output_node_unknown", 65, GRID + "--output-node lotgis", "--output-node", "lotgis"),
    ("mask_at_unknown", 65, GRID + "--mask-at conv7", "--mask-at", "conv7"),
    ("input_unknown", 64, "--model {data}/wine_mlp.onnx --input wine={data}/wine_features.npy",
     "--input", "wine", "features"),
    ("input_malformed", 64, "--model {data}/wine_mlp.onnx --input {data}/wine_features.npy",
     "--input", "NAME=FILE"),

    # Samples and labels.
    ("samples_missing", 65, "--model {data}/wine_mlp.onnx --samples {f}/no_such.npy", "--samples",
     "no_such.npy"),
    ("samples_text", 65, "--model {data}/wine_mlp.onnx --samples {f}/text.onnx", "--samples",
     "text.onnx", "npy"),
    ("samples_truncated", 65, "--model {data}/wine_mlp.onnx --samples {f}/truncated.npy",
     "--samples", "truncated.npy"),
    ("samples_of_other_shape", 65, "--model {data}/wine_mlp.onnx --samples {f}/four.npy",
     "--samples", "four.npy", r"\[1, 4\]", r"13\]"),
    ("images_for_a_table", 65, "--model {data}/wine_mlp.onnx --samples {data}/digits_images.npy",
     "--samples", "digits_images.npy", r"13\]"),
    ("samples_of_fractions_for_tokens", 65, "--model {data}/tokens_transformer.onnx --samples "
     "{f}/float_tokens.npy --baseline token:0", "--samples", "float_tokens.npy", r"\.25", "int64"),
    ("samples_of_text", 65, "--model {data}/wine_mlp.onnx --samples {f}/strings.npy", "--samples",
     "strings.npy"),
    ("samples_none", 65, "--model {data}/wine_mlp.onnx --samples {f}/none.npy", "none.npy|samples"),
    ("samples_of_nothing", 65, "--model {data}/wine_mlp.onnx --samples {f}/nothing.npy --select 0",
     "nothing.npy: no samples", r"\[1099511627776, 0\]"),
    ("samples_hdf5_without_name", 65, "--model {data}/wine_mlp.onnx --samples {f}/wine.h5",
     "--samples", "wine.h5", "wine.h5:", "features"),
    ("samples_hdf5_wrong_name", 65, "--model {data}/wine_mlp.onnx --samples {f}/wine.h5:/x",
     "--samples", "wine.h5", "/x", "features"),
    ("labels_missing", 65, GRID + "--labels {f}/no_such.npy", "--labels", "no_such.npy"),
    ("labels_too_few", 65, CNN + "--players grid:2x2 --select 5 --labels {f}/labels_two.npy",
     "--labels", "labels_two.npy", "2 rows", "360 samples"),
    ("labels_with_two_axes", 65, GRID + "--labels {f}/eight_by_two.npy", "--labels",
     "eight_by_two.npy"),
    ("label_out_of_range", 65, GRID + "--labels {f}/labels_ten.npy", "--labels",
     "labels_ten.npy", "label 10", "sample 0", "10 classes"),
    ("label_negative", 65, GRID + "--labels {f}/labels_minus.npy", "--labels", "label -1",
     "sample 0"),
    ("class_names_too_few", 65, GRID + "--class-names {f}/names.txt", "--class-names",
     "names.txt", "2 lines", "10 classes"),

    # Targets.
    ("target_out_of_range", 64, GRID + "--target 10", "--target", "10"),
    ("target_of_a_list_out_of_range", 64, GRID + "--target 0,12", "--target", "12"),
    ("target_twice", 64, GRID + "--target 3,7,3", "--target", "3 comes twice"),
    ("target_word", 64, GRID + "--target best", "--target", "best"),
    ("target_label_without_labels", 64, GRID + "--target label", "--target", "--labels"),
    ("target_of_two_classes", 64, TOKENS + "--baseline token:0 --target 2", "--target", "2"),

    # Baselines.
    ("baseline_unknown", 64, GRID + "--baseline black", "--baseline black", "zero"),
    ("baseline_value", 64, GRID + "--baseline value:dark", "--baseline", "'dark'"),
    ("baseline_of_other_shape", 65, GRID + "--baseline tensor:{f}/four.npy", "--baseline",
     "four.npy", r"8, 8\]"),
    ("baseline_missing", 65, GRID + "--baseline mean:{f}/no_such.npy", "--baseline",
     "no_such.npy"),
    ("baseline_token_for_images", 64, GRID + "--baseline token:0", "--baseline", "token:0",
     "value:X"),
    ("baseline_for_tokens_not_given", 64, TOKENS, "--baseline", "token:ID"),
    ("baseline_token_not_in_vocabulary", 65, TOKENS + "--baseline token:25", "25"),
    ("baseline_blur_sigma", 64, GRID + "--baseline blur:0", "--baseline", "blur:0"),

    # A lattice that does not fit. Nothing is allocated before this is known.
    ("lattice_too_large", 64, "--closed-form random:n=38", "38 players", r"[\d.]+ GiB", "ranks"),

    # Tables.
    ("table_missing", 65, "--table {f}/no_such.npy", "--table", "no_such.npy"),
    ("table_no_power_of_two", 65, "--table {f}/seven.npy", "--table", "seven.npy", "7 values",
     r"4 \(n = 2\)", r"8 \(n = 3\)"),
    ("table_of_one", 65, "--table {f}/one.npy", "--table", "one.npy", "1 value"),
    ("table_of_three_axes", 65, "--table {f}/cube.npy", "--table", "cube.npy", r"\[2, 2, 2\]"),
    ("table_text", 65, "--table {f}/names.txt", "--table", "names.txt"),
    ("table_incomplete_game", 65, "--table {f}/incomplete.npz", "--table", "incomplete.npz",
     r"2\^3|= 8"),

    # Values that are no numbers.
    ("nan_in_table", 65, "--table {f}/nan.npy", "2 values", "mask 5", "--allow-nonfinite",
     "sample 0"),
    ("nan_in_second_sample", 65, "--table {f}/nan_second.npy", "1 value is NaN", "mask 3", "sample 1"),
    ("overflow_of_single", 65, "--table {f}/large.npy --precision single", "mask 7",
     "--allow-nonfinite"),
    ("infinite_output_of_network", 65, "--model {f}/log.onnx --output raw --target 0" + ON_FOUR,
     "8 values", "mask 0", "--allow-nonfinite"),
    ("nan_in_samples", 65, WINE.replace("{data}/wine_features.npy", "{f}/wine_nan.npy"),
     "NaN|finite"),

    # Plug-ins.
    ("plugin_missing", 65, "--plugin {f}/no_such.so", "--plugin", "no_such.so"),
    ("plugin_text", 65, "--plugin {f}/names.txt", "--plugin", "names.txt", "shared object"),
    ("plugin_without_symbol", 65, "--plugin {f}/without.so", "--plugin", "without.so",
     "hrs_plugin"),
    ("plugin_of_another_abi", 65, "--plugin {f}/abi.so", "--plugin", "abi.so", "version 99",
     "version 1"),
    ("plugin_refuses_argument", 65, "--plugin {plugin}:majority", "--plugin", "majority",
     "QUOTA/WEIGHT"),
    ("plugin_of_41_players", 65, "--plugin {f}/many.so", "--plugin", "many.so", "41 players",
     "1 to 40"),
    ("plugin_fails_later", 65, "--plugin {f}/fails.so", "--plugin", "fails.so",
     "no more tea"),
    ("plugin_infinite", 65, "--plugin {f}/infinite.so", "mask 7", "--allow-nonfinite"),

    # The output's place.
    ("out_in_no_folder", 74, VOTE + "--out {f}/no/such.h5", "--out", "no"),
    ("out_behind_a_file", 74, VOTE + "--out {f}/names.txt/x.h5", "--out", "names.txt"),
    ("out_in_a_folder_without_files", 74, VOTE + "--out /proc/self/x.h5", "--out /proc/self/x.h5",
     "cannot be written"),
    ("out_is_a_folder", 64, VOTE + "--out {f}", "--out", "folder"),
    ("timing_in_no_folder", 74, VOTE + "--timing {f}/no/such.json", "--timing", "such.json"),
]

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
    bits = np.arange(8)[:, None] >> np.arange(3) & 1 == 1
    np.savez(test.folder / "incomplete.npz", values=np.arange(7.0), coalitions=bits[:7],
             n_players=3)


class BadInput(ProgramTest):
    """CASES, one test each, and what needs a place of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_models(cls)
        make_arrays(cls)
        make_plugin(cls.folder, "without.so", symbol="another_name")
        make_plugin(cls.folder, "abi.so", abi="99")
        make_plugin(cls.folder, "many.so", players=41)
        make_plugin(cls.folder, "fails.so", fails=1)
        make_plugin(cls.folder, "infinite.so", last="INFINITY")

    def check_message(self, result, code, words):
        """One message, with everything that it must say, and the exit code."""
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors()), 1, result)
        for word in words:
            self.assertRegex(result.err, word, result)
        self.assertNotRegex(result.err, r"\w\.c:\d+", f"the message speaks of the source\n{result}")
        self.assertNotIn("ERROR: AddressSanitizer", result.err, result)
        self.assertNotIn("runtime error:", result.err, result)

    def check_failure(self, args, code, words, place=None, **how):
        """The run fails as it should: alone without a previous output, as three ranks with one."""
        for ranks in (0, 3):
            with self.subTest(ranks=ranks):
                place_now = place or self.folder / f"place-{self.id().split('.')[-1]}-{ranks}"
                place_now.mkdir(exist_ok=True)
                out, before = place_now / "out.h5", []
                if ranks and not place:
                    out.write_bytes(b"an earlier result")
                    os.utime(out, ns=(10**18, 10**18))
                    before = ["out.h5"]
                own_place = "--out" in args
                extra = [] if own_place else ["--out", out] + ["--force"] * bool(before)
                result = run("interactions", *args, *extra, ranks=ranks, **how)
                self.check_message(result, code, words)
                self.assertEqual(sorted(os.listdir(place_now)), before, result)
                if before:
                    self.assertEqual(out.read_bytes(), b"an earlier result")
                    self.assertEqual(out.stat().st_mtime_ns, 10**18, "the old output was touched")

    # ---- the output's place ----

    def test_out_not_given(self):
        for ranks in (0, 3):
            with self.subTest(ranks=ranks):
                result = run("interactions", "--closed-form", "majority:n=4", ranks=ranks,
                             cwd=self.folder)
                self.check_message(result, 64, ["--out FILE.h5"])

    def test_out_exists(self):
        for ranks in (0, 3):
            with self.subTest(ranks=ranks):
                out = self.folder / f"exists-{ranks}.h5"
                out.write_bytes(b"an earlier result")
                os.utime(out, ns=(10**18, 10**18))
                result = run("interactions", "--closed-form", "majority:n=4", "--out", out,
                             ranks=ranks)
                self.check_message(result, 64, ["--out", out.name, "exists", "--force"])
                self.assertEqual(out.read_bytes(), b"an earlier result")
                self.assertEqual(out.stat().st_mtime_ns, 10**18)
                self.assertFalse(os.path.exists(f"{out}.part"))

    def test_out_in_folder_without_permission(self):
        if os.geteuid() == 0:
            place = self.mounted("read-only", "ro,size=64k")
        else:
            place = self.folder / "read-only"
            place.mkdir()
            place.chmod(0o555)
        words = ["--out", "out.h5", "(?i)read-only|permission"]
        self.check_failure(["--closed-form", "majority:n=4"], 74, words, place)

    def test_full_disk_seen_at_once(self):
        place = self.mounted("small", "size=64k")
        args = ["--closed-form", "majority:n=14", "--keep", "all"]
        self.check_failure(args, 74, ["--out", "out.h5", "[KMG]iB", "free", "--keep salient"], place)

    def test_full_disk_at_the_end(self):
        place = self.mounted("medium", "size=512k")
        args = ["--closed-form", "random:n=17", "--keep", "salient", "--threshold", "sample:0"]
        self.check_failure(args, 74, ["out.h5", "(?i)space|full"], place)

    def test_file_too_large(self):
        """A limit on the size of files, met in the middle of writing. (Smaller ones would stop
        Open MPI, which keeps its queues in files.)"""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (2**24, 2**24))
        args = ["--closed-form", "random:n=22", "--keep", "all"]
        self.check_failure(args, 74, ["out.h5", "(?i)file too large|cannot be written"],
                           preexec_fn=limit)

    # ---- what is allowed on request ----

    def test_allow_nonfinite(self):
        for ranks in (0, 3):
            with self.subTest(ranks=ranks):
                out, result = self.interactions("--table", self.folder / "nan.npy", "--values",
                                                "--allow-nonfinite", ranks=ranks)
                self.assertEqual(len(result.warnings()), 1, result)
                for word in ("2 values", "mask 5", "sample 0"):
                    self.assertIn(word, result.err)
                with h5py.File(out, "r") as file:
                    found = file["values"][0]
                np.testing.assert_array_equal(found, np.load(self.folder / "nan.npy"))

    def test_no_command(self):
        self.check_message(run(), 64, ["--help"])

    def test_unknown_command(self):
        for ranks in (0, 3):
            self.check_message(run("interaction", ranks=ranks), 64,
                               ["unknown command 'interaction'", "--help"])


def add_cases():
    """A test method for each row of CASES."""
    for name, code, text, *words in CASES:
        def test(self, text=text, code=code, words=words):
            places = {"data": DATA, "f": self.folder, "plugin": PLUGIN}
            self.check_failure([word.format(**places) for word in text.split()], code, words)
        assert not hasattr(BadInput, f"test_{name}"), f"two cases of the name {name}"
        setattr(BadInput, f"test_{name}", test)


add_cases()

if __name__ == "__main__":
    program.main(workers=4)
