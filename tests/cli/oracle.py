"""An independent oracle in NumPy: games on networks, interactions and values from the definitions.

Nothing here shares code or method with the program: networks are run in float64 by a small
interpreter over the exported graph (oracle_network.py), each mask is expanded to the players it
keeps, interactions are sums over subsets (up to 10 players; beyond, a butterfly in long double),
values are weighted sums of marginal contributions. oracle_dataset.py compares a whole data set.
"""
import math

import numpy as np

from oracle_network import Network

__all__ = [
    "Network", "element_map", "channel_map", "places_map", "grid_map", "subset_map", "blurred",
    "masked_inputs", "output_values", "game_values", "predicted", "and_interactions",
    "or_interactions", "INTERACTIONS", "shapley_values", "banzhaf_values", "interaction_value",
    "orders_of", "players_of"]

# ---- players, masks, outputs ---------------------------------------------------------------------


def element_map(shape):
    """Each element is a player: table columns, tokens."""
    return np.arange(math.prod(shape)).reshape(shape)


def channel_map(shape):
    """Each channel of [channels, height, width] is a player."""
    return np.broadcast_to(np.arange(shape[0])[:, None, None], shape)


def places_map(shape, axes, parts):
    """Parts of some axes, part i of R from floor(size*i/R) on; numbered with the last axis first."""
    players = np.zeros(shape, dtype=int)
    for axis, count in zip(axes, parts):
        size = shape[axis]
        part = np.concatenate([np.full(size * (i + 1) // count - size * i // count, i)
                               for i in range(count)])
        along = [1] * len(shape)
        along[axis] = size
        players = players * count + part.reshape(along)
    return players


def grid_map(shape, rows, columns):
    """Patches of [channels, height, width] over all channels, row i from floor(H*i/rows) on."""
    return places_map(shape, (-2, -1), (rows, columns))


def subset_map(players, kept):
    """Only the listed players, renumbered in rising order; the others become background."""
    result = np.full(players.shape, -1)
    for new, old in enumerate(sorted(kept)):
        result[players == old] = new
    return result


def blurred(image, sigma, axes=(-2, -1)):
    """An array under a Gaussian of radius 4 sigma along some axes, edges replicated."""
    radius = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma)**2)
    weights /= weights.sum()
    result = image.astype(np.float64)
    for axis in axes:
        length = image.shape[axis]
        total = np.zeros_like(result)
        for offset, weight in zip(range(-radius, radius + 1), weights):
            index = np.clip(np.arange(length) + offset, 0, length - 1)
            total += weight * np.take(result, index, axis=axis)
        result = total
    return result.astype(image.dtype)


def masked_inputs(sample, players, baseline, masks):
    """x_T for each mask: the sample where the player is in T or there is none, else the baseline.
    """
    baseline = np.broadcast_to(np.asarray(baseline, dtype=sample.dtype), sample.shape)
    n = players.max() + 1
    # One more column, always present, for the label -1 of the background.
    present = np.array([[int(mask) >> p & 1 for p in range(n)] + [1] for mask in masks], dtype=bool)
    return np.where(present[:, players], sample, baseline)


def _log_sum_exp(x):
    top = x.max(axis=1, keepdims=True)
    return (top + np.log(np.exp(x - top).sum(axis=1, keepdims=True)))[:, 0]


def output_values(kind, scores, target, output="log-odds"):
    """v from scores [masks, classes] for one target class."""
    if kind == "sigmoid":
        scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        if output == "logit":
            return scores[:, 1] if target == 1 else -scores[:, 1]
    wanted = scores[:, target]
    if output == "logit":
        return wanted
    if output == "log-odds":
        return wanted - _log_sum_exp(np.delete(scores, target, axis=1))
    log_probability = wanted - _log_sum_exp(scores)
    return {"log-probability": log_probability, "probability": np.exp(log_probability)}[output]


def game_values(network, sample, players, baseline=0.0, targets=(0,), output="log-odds",
                chunk=1024, output_node=None, mask_at=None):
    """v of all 2^n masks for each target: [targets, 2^n].

    `sample` and `players` have the input's shape, without the batch axis of the network's own or
    with it; `output` "raw" is the target's element of the output as it is. With `mask_at`, the
    inner tensor of that name is masked: players and baseline have its shape, batch axis included.
    """
    n = int(players.max()) + 1
    if mask_at:
        sample = network.run(sample[None], fetch=mask_at)[0]
    parts = []
    for first in range(0, 2**n, chunk):
        masks = range(first, min(first + chunk, 2**n))
        inputs = masked_inputs(sample, players, baseline, masks)
        if output == "raw":
            result = network.run(inputs, output_node, mask_at)
            result = result.reshape(len(inputs), -1)[:, list(targets)].T
        else:
            kind, scores = network.scores(inputs, output_node, mask_at)
            result = np.stack([output_values(kind, scores, t, output) for t in targets])
        parts.append(result)
    return np.concatenate(parts, axis=1)


def predicted(network, sample):
    """The class of an unmasked sample."""
    kind, scores = network.scores(sample[None])
    return int(scores[0, 0] > 0) if kind == "sigmoid" else int(scores[0].argmax())


# ---- interactions and values ---------------------------------------------------------------------

DENSE_PLAYERS = 10


def players_of(v):
    """n of an array of 2^n values."""
    n = len(v).bit_length() - 1
    assert len(v) == 2**n, f"{len(v)} values are no power of two"
    return n


def orders_of(n):
    """|S| of every mask."""
    return np.array([int(mask).bit_count() for mask in range(2**n)])


def and_interactions(v):
    """I_and(S) = sum over T in S of (-1)^(s-t) v(T)."""
    n = players_of(v)
    wide = np.asarray(v, dtype=np.longdouble)
    if n <= DENSE_PLAYERS:
        masks, order = np.arange(2**n), orders_of(n)
        result = np.empty(2**n, dtype=np.longdouble)
        for s in range(2**n):
            inside = masks[masks & ~s == 0]
            result[s] = np.sum(np.where((order[s] - order[inside]) % 2, -wide[inside],
                                        wide[inside]))
        return result.astype(np.float64)
    cube = wide.reshape((2,) * n).copy()
    for axis in range(n):
        upper = (slice(None),) * axis + (1,)
        lower = (slice(None),) * axis + (0,)
        cube[upper] -= cube[lower]
    return cube.reshape(-1).astype(np.float64)


def or_interactions(v):
    """I_or(S) = - sum over T in S of (-1)^(s-t) v(N without T), I_or(empty) = 0."""
    result = -and_interactions(np.asarray(v)[::-1])
    result[0] = 0.0
    return result


INTERACTIONS = {"and": and_interactions, "or": or_interactions}


def shapley_values(v):
    """phi_i = sum over T without i of t! (n-t-1)! / n! (v(T with i) - v(T))."""
    n = players_of(v)
    weights = [math.factorial(t) * math.factorial(n - t - 1) / math.factorial(n) for t in range(n)]
    return _marginals(v, np.array(weights))


def banzhaf_values(v):
    """beta_i = mean over T without i of v(T with i) - v(T)."""
    n = players_of(v)
    return _marginals(v, np.full(n, 0.5**(n - 1)))


def _marginals(v, weights):
    v, n = np.asarray(v, dtype=np.longdouble), players_of(v)
    masks, order = np.arange(2**n), orders_of(n)
    result = np.empty(n)
    for player in range(n):
        without = masks[masks >> player & 1 == 0]
        result[player] = np.sum(weights[order[without]] * (v[without | 1 << player] - v[without]))
    return result


def interaction_value(interactions, mask):
    """v(mask) from AND and OR interactions: universal matching. `interactions` maps types."""
    total = 0.0
    for kind, values in interactions.items():
        for s, value in enumerate(values):
            fires = s & ~mask == 0 if kind == "and" else s & mask != 0
            total += value if fires else 0.0
    return total
