#!/usr/bin/python3
"""Check the oracle itself: bundled networks against PyTorch's stored outputs, known facts."""
import hashlib
import os
import sys
import tempfile
from types import SimpleNamespace

import h5py
import numpy as np

import oracle
from oracle_dataset import TYPE_CODES, Row, check_dataset, thresholds

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, "data")


def load(name):
    return np.load(os.path.join(DATA, name + ".npy"))


def close(a, b, tolerance):
    error = np.max(np.abs(np.asarray(a) - np.asarray(b)))
    assert error <= tolerance, f"off by {error:.3g}, tolerance {tolerance:.3g}"


def checksums():
    """SHA256SUMS names every data file, and the files are what it says."""
    with open(os.path.join(DATA, "SHA256SUMS"), encoding="ascii") as file:
        sums = dict(reversed(line.split()) for line in file)
    names = {name for name in os.listdir(DATA) if name.endswith((".npy", ".onnx", ".txt"))}
    assert names == set(sums), f"listed or present alone: {sorted(names ^ set(sums))}"
    for name, expected in sums.items():
        with open(os.path.join(DATA, name), "rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == expected, f"{name} has changed"


def bundled_networks():
    """Outputs equal PyTorch's to float32 rounding, and the accuracy is what the README promises."""
    for name, samples, labels, accuracy in (
            ("digits_cnn", "digits_images", "digits_labels", 0.97),
            ("digits_mlp", "digits_images", "digits_labels", 0.95),
            ("wine_mlp", "wine_features", "wine_labels", 0.95),
            ("tokens_transformer", "tokens_ids", "tokens_labels", 0.99)):
        network = oracle.Network(os.path.join(DATA, name + ".onnx"))
        inputs, reference = load(samples), load(name + "_reference")
        outputs = network.run(inputs).reshape(reference.shape)
        close(outputs, reference, 1e-5 * max(1.0, np.abs(reference).max()))
        close(network.run(inputs[:1])[0], network.run(inputs)[0], 1e-12)
        if reference.shape[1] == 1:
            right = (outputs[:, 0] > 0.5) == load(labels)
        else:
            right = outputs.argmax(axis=1) == load(labels)
        assert right.mean() >= accuracy, f"{name}: accuracy {right.mean():.4f}"


def shared_models():
    """More graphs, where the environment has them: reference outputs by ONNX Runtime."""
    folder = os.environ.get("HARSANYI_MODELS")
    if not folder:
        print("skipped: HARSANYI_MODELS is not set, the oracle is checked on bundled networks only")
        return
    for name in ("mnist_lenet_fyh", "mnist_fc_256x2", "mnist_keras_nhwc", "mnist8_cntk",
                 "cifar_resnet_2b", "mnist_burn_bn", "churn_mlp11", "acasxu_1_1", "iris_mlp4"):
        network = oracle.Network(os.path.join(folder, name, "model.onnx"))
        inputs = np.load(os.path.join(folder, name, "inputs.npy"))
        reference = np.load(os.path.join(folder, name, "outputs_ort.npy"))
        outputs = network.run(inputs).reshape(reference.shape)
        close(outputs, reference, 1e-5 * max(1.0, np.abs(reference).max()))


def inner_tensors():
    """Cutting a network at an inner tensor changes nothing."""
    network = oracle.Network(os.path.join(DATA, "digits_cnn.onnx"))
    images = load("digits_images")[:3]
    inner = next(node.output[0] for node in network.nodes if node.op_type == "MaxPool")
    maps = network.run(images, fetch=inner)
    assert maps.shape == (3, 1, 8, 4, 4), f"shape {maps.shape}"
    close(network.run(maps, feed=inner), network.run(images), 1e-12)
    players = np.broadcast_to(oracle.grid_map((8, 4, 4), 2, 2), (1, 8, 4, 4))
    v = oracle.game_values(network, images[0], players, targets=[3], mask_at=inner)[0]
    close(v[-1], oracle.output_values(*network.scores(images[:1]), 3), 1e-12)


def salience():
    """The threshold's three modes."""
    rows = [SimpleNamespace(v=v, interactions={"and": oracle.and_interactions(v)})
            for v in (np.array([0.0, 1, 2, 5]), np.array([1.0, 1, 1, -2]))]
    close(thresholds("sample:0.5", rows), [1, 1.5], 1e-12)
    close(thresholds("global:0.5", rows), [1.5, 1.5], 1e-12)
    close(thresholds("delta:0.1", rows), [0.4, 0.4], 1e-12)


def two_players():
    v = np.array([0.0, 1, 2, 5])
    close(oracle.and_interactions(v), [0, 1, 2, 2], 0)
    close(oracle.or_interactions(v), [0, 3, 4, -2], 0)


def single_terms():
    """v = c [T0 in T] has one AND dividend; its OR dividends alternate below T0, and vice versa."""
    n, t0, c = 5, 0b10110, 2.5
    masks, order = np.arange(2**n), oracle.orders_of(n)
    below = (masks & ~t0 == 0) & (masks != 0)
    alternating = np.where(below, c * (-1.0)**(order + 1), 0)
    single = np.where(masks == t0, c, 0)
    for v, ours, other in (
            (c * (masks & t0 == t0), oracle.and_interactions, oracle.or_interactions),
            (c * (masks & t0 != 0), oracle.or_interactions, oracle.and_interactions)):
        close(ours(v), single, 1e-12)
        close(other(v), alternating, 1e-12)


def matching_and_values():
    """Universal matching by AND alone and by OR alone; efficiency, both forms of Shapley values."""
    n = 6
    v = np.random.default_rng(3).normal(size=2**n)
    ands, ors, order = oracle.and_interactions(v), oracle.or_interactions(v), oracle.orders_of(n)
    for mask in range(2**n):
        close(oracle.interaction_value({"and": ands}, mask), v[mask], 1e-12)
        close(v[0] + oracle.interaction_value({"or": ors}, mask), v[mask], 1e-12)
        above = [u for u in range(2**n) if u & mask == mask]
        if mask:
            close(ors[mask], (-1.0)**(order[mask] + 1) * ands[above].sum(), 1e-12)
    shapley = oracle.shapley_values(v)
    close(shapley.sum(), v[-1] - v[0], 1e-12)
    for player in range(n):
        members = [s for s in range(2**n) if s >> player & 1]
        close(shapley[player], (ands[members] / order[members]).sum(), 1e-12)
        close(shapley[player], (ors[members] / order[members]).sum(), 1e-12)
        close(oracle.banzhaf_values(v)[player],
              (ands[members] * 0.5**(order[members] - 1)).sum(), 1e-12)
    wide = np.random.default_rng(4).normal(size=2**oracle.DENSE_PLAYERS)
    dense, oracle.DENSE_PLAYERS = oracle.DENSE_PLAYERS, 0
    butterfly = oracle.and_interactions(wide)
    oracle.DENSE_PLAYERS = dense
    close(oracle.and_interactions(wide), butterfly, 1e-12)


def known_games():
    """Textbook games; players 1, 2, 3 are bits 0, 1, 2."""
    def lattice(v1, v2, v3, v12, v13, v23, v123):
        return np.array([0.0, v1, v2, v12, v3, v13, v23, v123])
    close(oracle.and_interactions(lattice(0, 0, 0, 60, 48, 30, 72)),
          lattice(0, 0, 0, 60, 48, 30, -66), 0)
    close(oracle.and_interactions(lattice(3, 4, 1, 8, 4, 6, 10)), lattice(3, 4, 1, 1, 0, 1, 0), 0)
    close(oracle.shapley_values(lattice(2, 4, 5, 18, 14, 9, 24)), [9.5, 8, 6.5], 1e-12)
    votes, weights = np.zeros(8), (50, 49, 1)
    for mask in range(8):
        votes[mask] = sum(w for i, w in enumerate(weights) if mask >> i & 1) >= 51
    close(oracle.shapley_values(votes), [2 / 3, 1 / 6, 1 / 6], 1e-12)
    gloves = np.array([float(m & 1 and m >> 1 != 0) for m in range(2**10)])
    close(oracle.shapley_values(gloves), [9 / 10] + [1 / 90] * 9, 1e-12)


def masks_and_outputs():
    """Grids cut as promised, backgrounds stay, log-odds are stable and agree with probabilities."""
    players = oracle.grid_map((2, 5, 7), 2, 3)
    assert players[0].tolist() == players[1].tolist()
    assert players[0].tolist() == [[0, 0, 1, 1, 2, 2, 2]] * 2 + [[3, 3, 4, 4, 5, 5, 5]] * 3
    background = oracle.subset_map(players, [5, 1])
    sample = np.arange(70.0).reshape(2, 5, 7) + 1
    inputs = oracle.masked_inputs(sample, background, 0.0, range(4))
    assert np.array_equal(inputs[3], sample)
    assert np.array_equal(inputs[0] == 0, (players == 1) | (players == 5))
    assert np.array_equal(inputs[2] == 0, players == 1)

    image = np.random.default_rng(6).random((2, 6, 7))
    close(oracle.blurred(np.ones_like(image), 1.3), 1, 1e-12)
    sigma, radius = 0.8, 3
    weight = {o: np.exp(-0.5 * (o / sigma)**2) for o in range(-radius, radius + 1)}
    expected = sum(weight[a] * weight[b] * image[1, min(max(2 + a, 0), 5), min(max(6 + b, 0), 6)]
                   for a in weight for b in weight) / sum(weight.values())**2
    close(oracle.blurred(image, sigma)[1, 2, 6], expected, 1e-12)

    scores = np.random.default_rng(5).normal(size=(20, 4)) * 3
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    for target in range(4):
        close(oracle.output_values("logits", scores, target),
              np.log(p[:, target] / (1 - p[:, target])), 1e-9)
        close(oracle.output_values("logits", scores, target, "probability"), p[:, target], 1e-12)
    huge = np.array([[1000.0, -1000.0, 0.0]])
    close(oracle.output_values("logits", huge, 0), [1000.0], 1e-9)
    close(oracle.output_values("logits", huge, 1), [-2000.0], 1e-9)
    z = np.array([[0.7]])
    close(oracle.output_values("sigmoid", z, 1), [0.7], 1e-15)
    close(oracle.output_values("sigmoid", z, 0), [-0.7], 1e-15)


def sentiment():
    """The token network has learnt its grammar: dividends are those of the rule."""
    network = oracle.Network(os.path.join(DATA, "tokens_transformer.onnx"))
    with open(os.path.join(DATA, "tokens_vocabulary.txt"), encoding="utf-8") as file:
        ids = {word: i for i, word in enumerate(file.read().split())}
    words = "the film was not good but acting was very moving".split()
    tokens = np.array([ids[word] for word in words])
    v = oracle.game_values(network, tokens, oracle.element_map(tokens.shape), ids["[MASK]"], [1])[0]
    ands = oracle.and_interactions(v)
    expected = {("good",): 1, ("not", "good"): -2, ("moving",): 1, ("very", "moving"): 1,
                ("but", "moving"): 1, ("but", "very", "moving"): 1}
    found = {tuple(words[i] for i in range(10) if s >> i & 1): ands[s] for s in range(1, 2**10)}
    for names, value in expected.items():
        close(found[names], value, 0.4)
    top = sorted(found, key=lambda names: -abs(found[names]))[:len(expected)]
    assert set(top) == set(expected), f"strongest interactions {top}"


def write_dataset(path, rows, types, players, coefficient=0.05):
    """A data set as the program should write it, by the oracle; for a check of the checks."""
    n = oracle.players_of(rows[0].values)
    names = sorted(types, key=lambda kind: TYPE_CODES[kind])
    interactions = {kind: np.stack([oracle.INTERACTIONS[kind](row.values) for row in rows])
                    for kind in names}
    entries, offsets, thresholds = [], [0], []
    for k in range(len(rows)):
        limit = coefficient * max(np.abs(interactions[kind][k][1:]).max() for kind in names)
        found = [(interactions[kind][k][s], TYPE_CODES[kind], s)
                 for kind in names for s in range(1, 2**n)
                 if abs(interactions[kind][k][s]) >= limit]
        entries += sorted(found, key=lambda e: (-abs(e[0]), e[1], e[2]))
        offsets.append(len(entries))
        thresholds.append(limit)
    order = oracle.orders_of(n)
    with h5py.File(path, "w") as file:
        file.attrs.update(format="harsanyi", format_version=2, kind="interactions",
                          program_version="0", git="unknown", n_players=n, n_samples=len({row.sample for row in rows}), complete=1)
        file["values"] = np.stack([row.values for row in rows])
        file["players/map"] = np.asarray(players, dtype=np.int32)
        for name, column, kind in (
                ("index", [row.sample for row in rows], "i8"),
                ("label", [row.label for row in rows], "i4"),
                ("target", [row.target for row in rows], "i4"),
                ("v_empty", [row.values[0] for row in rows], "f8"),
                ("v_full", [row.values[-1] for row in rows], "f8")):
            file["samples/" + name] = np.array(column, dtype=kind)
        for name, column, kind in (
                ("offset", offsets, "u8"), ("threshold", thresholds, "f8"),
                ("truncated", [0] * len(rows), "u1"), ("value", [e[0] for e in entries], "f8"),
                ("type", [e[1] for e in entries], "u1"), ("mask", [e[2] for e in entries], "u8"),
                ("order", [order[e[2]] for e in entries], "u1")):
            file["salient/" + name] = np.array(column, dtype=kind)
        for kind in names:
            file["interactions/" + kind] = interactions[kind]
            sums = {name: np.zeros((len(rows), n + 1)) for name in
                    ("positive", "negative", "count", "all_positive", "all_negative")}
            for k in range(len(rows)):
                for value, code, s in entries[offsets[k]:offsets[k + 1]]:
                    if code == TYPE_CODES[kind]:
                        sums["positive" if value > 0 else "negative"][k, order[s]] += value
                        sums["count"][k, order[s]] += 1
                for s, value in enumerate(interactions[kind][k]):
                    sums["all_positive" if value > 0 else "all_negative"][k, order[s]] += value
            for name, array in sums.items():
                file[f"orders/{kind}/{name}"] = array
        file["indices/SV"] = np.stack([oracle.shapley_values(row.values) for row in rows])
        file["indices/BV"] = np.stack([oracle.banzhaf_values(row.values) for row in rows])


def digit_rows(count=2, rows=2, columns=2):
    """Rows of a few bundled digits, and their players."""
    images, labels = load("digits_images"), load("digits_labels")
    network = oracle.Network(os.path.join(DATA, "digits_cnn.onnx"))
    players = oracle.grid_map(images[0].shape, rows, columns)
    return players, [
        Row(k, int(labels[k]), oracle.game_values(network, images[k], players, 0.0,
                                                         [labels[k]])[0], int(labels[k]))
        for k in range(count)]


def dataset_checks():
    """check_dataset takes a right data set, and any single wrong number fails it."""
    players, rows = digit_rows()
    types = ("and", "or")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "set.h5")
        write_dataset(path, rows, types, players)
        check_dataset(path, rows, types, indices=("SV", "BV"))
        with h5py.File(path) as file:
            arrays = []
            file.visititems(lambda name, item: arrays.append(name)
                            if isinstance(item, h5py.Dataset) and item.size
                            and not name.startswith("players") else None)
        unchecked = []
        for name in arrays:
            with h5py.File(path, "r+") as file:
                item = file[name]
                at = (len(item) - 1,) + tuple(d - 1 for d in item.shape[1:])
                old = item[at]
                item[at] = 1 - old if name == "salient/truncated" else old + 1
            try:
                check_dataset(path, rows, types, indices=("SV", "BV"))
                unchecked.append(name)
            except AssertionError:
                pass
            with h5py.File(path, "r+") as file:
                file[name][at] = old
        check_dataset(path, rows, types, indices=("SV", "BV"))
        assert not unchecked, f"wrong numbers pass in {unchecked}"


def main():
    tests = (checksums, bundled_networks, shared_models, inner_tensors, salience, two_players,
             single_terms, matching_and_values, known_games, masks_and_outputs, sentiment,
             dataset_checks)
    failures = 0
    for test in tests:
        try:
            test()
        except AssertionError as error:
            failures += 1
            print(f"FAILED {test.__name__}: {error}")
    print(f"oracle: {len(tests) - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
