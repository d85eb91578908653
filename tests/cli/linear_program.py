"""Sparsest splits by a linear-programming solver (SciPy's HiGHS): an oracle for --types and-or.

Nothing here knows of butterflies: v(T) is written out as a sum over all sets, and the program's loss
and bounds as rows of a linear program over the interactions of all networks.
"""
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, csr_matrix, hstack, identity, vstack


def matching(n):
    """v(T) from [constant, I_and(S) for S != {}, I_or(S) for S != {}]: [2^n, 2^(n+1) - 1]."""
    sets = np.arange(1, 2**n)
    masks = np.arange(2**n)[:, None]
    return np.hstack([np.ones((2**n, 1)), (masks & sets) == sets, (masks & sets) != 0])


def and_part(n):
    """(v_and - v_or)/2 from the same unknowns and one more, the constant of v_or."""
    sets = np.arange(1, 2**n)
    masks = np.arange(2**n)[:, None]
    return 0.5 * np.hstack([np.ones((2**n, 1)), (masks & sets) == sets,
                            -1.0 * ((masks & sets) != 0), -2.0 * np.ones((2**n, 1))])


def solve(v, noise=0.0, weights=(0.0, 1.0), spread=np.inf):
    """Least loss of splitting v[networks, 2^n], |off| <= noise[networks], spread of (v_and - v_or)/2
    around a common middle. weights: of the maximum over networks, and of their sum."""
    v = np.atleast_2d(np.asarray(v, float))
    networks, size = v.shape
    n = size.bit_length() - 1
    noise = np.broadcast_to(noise, networks)
    ours = 2 * (size - 1)               # interactions of a network
    wide = ours + 2                     # constant, interactions, constant of v_or
    # Unknowns: per network `wide`; per network |I| (ours); max over networks (ours); middle (size).
    count = networks * (wide + ours) + ours + size
    first_size, first_max = networks * wide, networks * (wide + ours)
    first_middle = first_max + ours
    cost = np.zeros(count)
    cost[first_size:first_max] = weights[1]
    cost[first_max:first_middle] = weights[0]
    rows, limits = [], []

    def add(block, at, other, other_at, limit):
        """block x[at:] + other x[other_at:] <= limit"""
        first, second = csr_matrix(block), csr_matrix(other)
        parts = [part.tocoo() for part in (first, second)]
        entries = [(p.data, p.row, p.col + a) for p, a in zip(parts, (at, other_at))]
        data, row, column = (np.concatenate(e) for e in zip(*entries))
        rows.append(coo_matrix((data, (row, column)), shape=(first.shape[0], count)))
        limits.append(np.broadcast_to(limit, first.shape[0]))

    match = np.hstack([matching(n), np.zeros((size, 1))])
    difference, nothing = and_part(n), csr_matrix((size, size))
    pick = hstack([csr_matrix((ours, 1)), identity(ours), csr_matrix((ours, 1))])
    for i in range(networks):
        for sign in (1, -1):
            add(sign * match, i * wide, nothing, first_middle, sign * v[i] + noise[i])
            add(sign * pick, i * wide, -identity(ours), first_size + i * ours, 0)
            if np.isfinite(spread):
                add(sign * difference, i * wide, -sign * identity(size), first_middle, spread)
        add(identity(ours), first_size + i * ours, -identity(ours), first_max, 0)
    free = np.ones(count, bool)
    free[first_size:first_middle] = False
    bounds = [(None, None) if f else (0, None) for f in free]
    result = linprog(cost, A_ub=vstack(rows).tocsr(), b_ub=np.concatenate(limits), bounds=bounds,
                     method="highs")
    assert result.status == 0, result.message
    return result.fun
