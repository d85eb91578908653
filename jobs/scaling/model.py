"""The model of a run's time: what a rank holds, sends and does, from a few rates.

Counts follow mpi/lattice exactly: rows, tiles, swaps and messages of an exchange (schedule.c).
Times are sums of phases, with nothing hidden behind anything else:

    evaluate    masks of the busiest rank / rate of a core
    butterflies bytes of a rank, at what a core does alone or at its share of the node's memory
    own tiles   the 1/P of them that stay on a rank, transposed in place
    exchange    to ranks of the node through its memory; to others alpha for each message and beta
                for each byte, of which the ranks of a node share one link
    write       bytes / what the file system takes

A step of a split is four transforms and passes over lattices. tables.py and figures.py set this beside
what was measured.
"""
import dataclasses
import json
import math

HOOKS = 16
WRITING = 1 << 20           # a chunk is not smaller for the sake of the exchange alone: files are
DEFAULT_CHUNK = 8 << 20     # written through it, too
VISITS = 2                  # of memory that a transform makes at least, each a read and a write
LARGEST_N = 40


def default_bits(n):
    """v, where V = 2^v rows hold the lattice of n players."""
    most = 12 if n >= 32 else 11 if n >= 30 else 10
    return min(max(n - 8, 2), most, n // 2)


@dataclasses.dataclass(frozen=True)
class Partition:
    """n players on so many ranks; `element` bytes each."""
    n: int
    ranks: int
    element: int = 8
    chunk: int = 0

    def __post_init__(self):
        if not (1 <= self.n <= LARGEST_N and 1 <= self.ranks <= self.rows):
            raise ValueError(f"n = {self.n} on {self.ranks} ranks")

    @property
    def bits(self):
        return default_bits(self.n)

    @property
    def rows(self):
        return 1 << self.bits

    @property
    def tile(self):
        """Bytes of a tile."""
        return self.element << (self.n - 2 * self.bits)

    def first(self, rank):
        return self.rows * rank // self.ranks

    def rows_of(self, rank):
        return self.first(rank + 1) - self.first(rank)

    @property
    def busiest(self):
        """The last rank has as many rows as any."""
        return self.rows_of(self.ranks - 1)

    @property
    def masks(self):
        """Of the busiest rank."""
        return self.busiest << (self.n - self.bits)

    @property
    def bytes(self):
        """Of the busiest rank's part of one lattice."""
        return self.masks * self.element

    def volume(self, rank=-1):
        """Bytes that a rank sends in an exchange; the busiest one if none is given."""
        rows = self.rows_of(rank % self.ranks)
        return rows * (self.rows - rows) * self.tile

    @property
    def used_chunk(self):
        """The chunk that all ranks use."""
        least, most = self.rows // self.ranks, -(-self.rows // self.ranks)
        hook = -(-most // HOOKS) * most * self.tile
        of_use = max(2 * hook, WRITING) if self.ranks > 1 else WRITING
        chunk = min(self.chunk or DEFAULT_CHUNK, of_use, least * self.rows * self.tile)
        return max(chunk // self.element, 1) * self.element

    def pair_messages(self, rows, columns):
        """Messages each way between two ranks with so many rows, the lower one's first."""
        messages, half = 0, self.used_chunk // 2 // self.tile
        for hook in range(HOOKS):
            top, bottom = rows * hook // HOOKS, rows * (hook + 1) // HOOKS
            left, right = columns * hook // HOOKS, columns * (hook + 1) // HOOKS
            for high, wide in ((bottom - top, columns - left), (rows - bottom, right - left)):
                if high * wide == 0:
                    continue
                step = half // wide * wide if half > wide else half
                pieces = -(-self.tile // self.used_chunk)
                messages += -(-high * wide // step) if step else high * wide * pieces
        return messages

    def messages(self, rank=-1):
        """Messages that a rank sends in an exchange, were every rank on a node of its own."""
        rank, shapes, total = rank % self.ranks, {}, 0
        for other in range(self.ranks):
            if other == rank:
                continue
            shape = (self.rows_of(min(rank, other)), self.rows_of(max(rank, other)))
            if shape not in shapes:
                shapes[shape] = self.pair_messages(*shape)
            total += shapes[shape]
        return total


@dataclasses.dataclass(frozen=True)
class Machine:
    """Rates; seconds, bytes and masks. What is None has not been measured."""
    masks: float                # of a rank, per second
    core: float                 # a core's butterflies alone: bytes of lattice per second
    memory: float               # of a node, all cores at once: bytes read and written per second
    own: float                  # bytes of tiles transposed in place per second, by a node
    shared: float               # bytes swapped through a node's memory per second, by a node
    alpha: float                # seconds per message to another node
    beta: float                 # seconds per byte that leaves a node
    write: float                # bytes per second, all ranks
    reduce: float               # bytes of lattice per second, a rank: order strengths, salience, SV
    stream: float               # bytes of lattice per second, a rank, of the passes of a split's step
    node_ranks: int             # cores of a node, a rank each
    name: str = ""

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
        names = {field.name for field in dataclasses.fields(Machine)}
        missing = names - {"name"} - set(values)
        if missing:
            raise ValueError(f"{path}: no {', '.join(sorted(missing))}")
        return Machine(**{name: values[name] for name in names & set(values)})


@dataclasses.dataclass(frozen=True)
class Model:
    """A lattice on a machine."""
    part: Partition
    machine: Machine

    @property
    def here(self):
        """Ranks on a node."""
        return min(self.part.ranks, self.machine.node_ranks)

    @property
    def nodes(self):
        return -(-self.part.ranks // self.machine.node_ranks)

    def outside(self):
        """The part of other ranks that are on other nodes."""
        others = self.part.ranks - 1
        return (self.part.ranks - self.here) / others if others else 0.0

    def evaluate(self, targets=1):
        return self.part.masks * targets / self.machine.masks

    def butterflies(self):
        shared = 2 * VISITS * self.part.bytes * self.here / self.machine.memory
        return max(self.part.bytes / self.machine.core, shared)

    def own(self):
        return self.part.busiest**2 * self.part.tile * self.here / self.machine.own

    def exchange(self):
        volume, outside = self.part.volume(), self.outside()
        inside = volume * (1 - outside) * self.here / self.machine.shared
        if not outside:
            return inside
        messages = self.part.messages() * outside
        return inside + self.machine.alpha * messages + self.machine.beta * volume * outside * \
            self.here

    def transform(self):
        return self.butterflies() + self.own() + self.exchange()

    def split(self, steps, lattices=1):
        """Steps of an exact split: two rotations of two lattices each, there and back."""
        passes = self.part.bytes / self.machine.stream
        return steps * lattices * (4 * self.transform() + passes)

    def run(self, types=2, targets=1, written=0):
        """AND, OR or both of every target, with their order strengths; {phase: seconds}."""
        lattice = self.part.bytes * targets
        return {"evaluate": self.evaluate(targets),
                "transform": types * targets * self.transform(),
                "reduce": (1 + types) * lattice / self.machine.reduce,
                "write": written / self.machine.write}

    def memory(self, lattices=2):
        """Bytes of a rank for so many lattices and their chunks; code and MPI come on top."""
        return lattices * (self.part.bytes + 2 * self.part.used_chunk)


def efficiency(times):
    """{ranks: seconds} of one size -> {ranks: time of the fewest ranks, per rank, over this one's}.
    """
    least = min(times)
    return {ranks: times[least] * least / (seconds * ranks) for ranks, seconds in times.items()}


def fit_link(points):
    """alpha and beta from [(messages, bytes, seconds)]: least squares of the relative errors, none
    of them negative."""
    def solve(columns):
        """Normal equations of one or two unknowns."""
        rows = [[point[c] / point[2] for c in columns] for point in points]
        if len(columns) == 1:
            square = sum(row[0]**2 for row in rows)
            return [sum(row[0] for row in rows) / square] if square else [0.0]
        a, b, d = (sum(row[i] * row[j] for row in rows) for i, j in ((0, 0), (0, 1), (1, 1)))
        x, y = (sum(row[i] for row in rows) for i in (0, 1))
        determinant = a * d - b * b
        if determinant <= 1e-12 * a * d:
            return [math.nan, math.nan]
        return [(x * d - y * b) / determinant, (y * a - x * b) / determinant]

    alpha, beta = solve((0, 1))
    if not alpha >= 0:  # too small to be seen, or not to be told apart
        alpha, beta = 0.0, solve((1,))[0]
    elif not beta >= 0:
        alpha, beta = solve((0,))[0], 0.0
    return alpha, beta
