"""Mistakes in tables and plug-ins, values that are no numbers, and places that cannot be written."""
from mistakes import ON_FOUR, VOTE, WINE

ROWS = [
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
    ("out_is_a_folder", 64, VOTE + "--out {f}/folder", "--out", "a folder"),
    ("timing_in_no_folder", 74, VOTE + "--timing {f}/no/such.json", "--timing", "such.json"),
]
