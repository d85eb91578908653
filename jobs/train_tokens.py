#!/usr/bin/python3
"""Train the bundled token transformer, a toy of sentiment with negation, and export it to ONNX.

Task: sentences of ten words, two clauses joined by "and" or "but", such as
    the film was not good but acting was very moving
The score of a clause is +1 or -1 for its adjective, doubled by very/really, its sign changed by
not/never; after "but" the second clause counts twice; the sentence is positive where the sum is.
A masked word contributes nothing (a masked "but" is an "and"), and the network is trained to put
out the score of partly masked sentences as its logit. So the dividends of the perfect network are
known: +1 for "good", -2 for {not, good}, +1 for {very, good}, ... and of no other sets.

The network has a batch of 1 baked in, int64 token ids, and ends in Sigmoid. Takes a minute or two.
"""
import os

import numpy as np
import torch
from torch import nn

import training

LENGTH = 10
MASK = 0
SPECIAL = ["[MASK]"]
DETERMINERS = ["the", "this"]
NOUNS = ["film", "plot", "acting", "music", "ending", "cast"]
VERBS = ["was", "is"]
JOINTS = ["and", "but"]
NEGATIONS = ["not", "never"]
INTENSIFIERS = ["very", "really"]
POSITIVE = ["good", "great", "moving", "funny"]
NEGATIVE = ["bad", "awful", "boring", "dull"]
VOCABULARY = (SPECIAL + DETERMINERS + NOUNS + VERBS + JOINTS + NEGATIONS + INTENSIFIERS + POSITIVE
              + NEGATIVE)
ID = {word: i for i, word in enumerate(VOCABULARY)}
# The first sample, kept out of training: it shows negation, stress and "but" at a time.
EXAMPLE = "the film was not good but acting was very moving".split()


def clause(rng, length):
    """Words of one clause of 3 to 6 words."""
    optional = [DETERMINERS, NEGATIONS, INTENSIFIERS]
    taken = set(rng.choice(3, size=length - 3, replace=False))
    words = [rng.choice(optional[0])] if 0 in taken else []
    words += [rng.choice(NOUNS), rng.choice(VERBS)]
    words += [rng.choice(optional[i]) for i in (1, 2) if i in taken]
    return words + [rng.choice(POSITIVE + NEGATIVE)]


def sentence(rng):
    """Ids of the ten words of one sentence."""
    first = int(rng.integers(3, 7))
    words = clause(rng, first) + [rng.choice(JOINTS)] + clause(rng, LENGTH - 1 - first)
    return tuple(ID[word] for word in words)


def ids(words):
    return [ID[word] for word in words]


def scores(tokens, sentences):
    """The rule: scores of (masked) tokens [N, 10]; the unmasked `sentences` say where clauses are.

    A masked joint still parts the clauses, so the place of the joint is read off the sentence.
    """
    joint = np.isin(sentences, ids(JOINTS)).argmax(axis=1)[:, None]
    second = np.arange(LENGTH)[None] > joint
    total = np.zeros(len(tokens), dtype=np.float32)
    for part, weight in ((~second, 1), (second, 1 + (tokens == ID["but"]).any(axis=1))):
        def has(words):
            return (np.isin(tokens, ids(words)) & part).any(axis=1)
        total += (weight * (has(POSITIVE).astype(np.float32) - has(NEGATIVE))
                  * (1 + has(INTENSIFIERS)) * np.where(has(NEGATIONS), -1, 1))
    return total


class Sentiment(nn.Module):
    """Embedding, two encoder layers, mean over tokens, one Sigmoid."""

    def __init__(self, width=32):
        super().__init__()
        self.embed = nn.Embedding(len(VOCABULARY), width)
        self.position = nn.Parameter(0.1 * torch.randn(1, LENGTH, width))
        layer = nn.TransformerEncoderLayer(width, 4, 64, dropout=0.0, activation="gelu",
                                           batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(width, 1)

    def logit(self, tokens):
        return self.head(self.encoder(self.embed(tokens) + self.position).mean(dim=1))

    def forward(self, tokens):
        return torch.sigmoid(self.logit(tokens))


def masked_batches(sentences, size, rng):
    """Endless batches of sentences with a random share of their words masked, and their scores."""
    while True:
        whole = sentences[rng.integers(len(sentences), size=size)]
        hidden = rng.random(whole.shape) < rng.random((size, 1))
        tokens = np.where(hidden, MASK, whole)
        yield torch.from_numpy(tokens), torch.from_numpy(scores(tokens, whole))[:, None]


def main():
    options = training.arguments(__doc__.splitlines()[0])
    rng = training.start(options.seed)
    example = tuple(ids(EXAMPLE))
    known = sorted({sentence(rng) for _ in range(24000)} - {example})
    rng.shuffle(known)
    known = np.array([example] + known, dtype=np.int64)
    known = known[scores(known, known) != 0]
    test, train = known[:2000], known[2000:]
    truth = scores(test, test)

    model = Sentiment()
    model.forward, forward = model.logit, model.forward
    seconds = training.fit(model, masked_batches(train, 128, rng), nn.SmoothL1Loss(), steps=2500,
                           rate=3e-3)
    model.forward = forward
    result = training.outputs(model, torch.from_numpy(test))
    print(f"tokens_transformer: {len(train)} training sentences, trained in {seconds:.1f} s")
    training.require("tokens_transformer test accuracy",
                     np.mean((result[:, 0] > 0.5) == (truth > 0)), 0.995)

    whole = test[rng.integers(len(test), size=20000)]
    tokens = np.where(rng.random(whole.shape) < rng.random((len(whole), 1)), MASK, whole)
    with torch.no_grad():
        logit = model.logit(torch.from_numpy(tokens)).numpy()[:, 0]
    error = np.abs(logit - scores(tokens, whole))
    print(f"masked test sentences: mean |logit - score| {error.mean():.3f}, 99 % below "
          f"{np.quantile(error, 0.99):.3f}")

    kept = test[:200]
    training.export(model, torch.from_numpy(kept[:1]),
                    os.path.join(options.out, "tokens_transformer.onnx"), "tokens", "probability")
    training.save(options.out, "tokens_transformer_reference.npy", result[:200])
    training.save(options.out, "tokens_ids.npy", kept)
    training.save(options.out, "tokens_labels.npy", (truth[:200] > 0).astype(np.int64))
    training.save_lines(options.out, "tokens_vocabulary.txt", VOCABULARY)
    training.save_lines(options.out, "tokens_class_names.txt", ["negative", "positive"])
    words = [[VOCABULARY[i] for i in row] for row in kept]
    training.save_lines(options.out, "tokens_sentences.txt", (" ".join(row) for row in words))
    training.save_lines(options.out, "tokens_words_0.txt", EXAMPLE)
    training.write_checksums(options.out)


if __name__ == "__main__":
    main()
