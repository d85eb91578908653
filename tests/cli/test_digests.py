"""Stored digests: closed-form and table data sets hold the bits that they held when the digests
were made, so that work on the program's inside shows at once where it changes a result.

Neither BLAS nor a network has a part in these runs, and bits depend on neither ranks nor the
program's instruction sets; every second case runs under mpirun. Random games take logarithms from
the C library, whose last bits are those of processors with fused multiply-adds. A change that is meant to change bits makes
the digests anew, and says why: `test_digests.py --write`.
"""
import hashlib
import json
import pathlib
import sys

import numpy as np

import program
from check_dataset import bits
from program import ProgramTest, datasets_of

STORED = pathlib.Path(__file__).with_name("digests.json")
INDICES = "SV,BV,SII:3,k-SII,STII,FSII,FBII,BII,CHII,Moebius,Co-Moebius:3,Walsh"
EVERYTHING = ["--types", "and,or", "--indices", INDICES, "--values", "--keep", "all"]
SALIENT = ["--types", "and,or", "--keep", "salient", "--select", "1,2,4", "--threshold"]
# What `/` says of the program and its format is no result.
UNCOUNTED = {"git", "program_version", "format_version", "kind"}


def table(samples, n, seed):
    """Values of a linear congruential generator: exact in double precision on every machine."""
    state, numbers = seed, []
    for _ in range(samples * 2**n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        numbers.append((state >> 40) / 2**20 - 8)
    return np.array(numbers).reshape(samples, 2**n)


def content(value):
    """What an array or an attribute holds, in characters."""
    held = bits(value)
    return held.hex() if isinstance(held, bytes) else held


class Digests(ProgramTest):
    """One data set per case."""
    WRITE = False

    def cases(self):
        """(name, options)"""
        five = self.save("five.npy", table(5, 8, 1))
        joint = [x for k in range(2) for x in
                 ("--table", self.save(f"joint{k}.npy", table(2, 6, k + 2)))]
        names = self.write("names.txt", "".join(f"column {i}\n" for i in range(8)))
        for form in ("and-or:n=12,terms=9,seed=2", "additive:n=11,seed=4", "majority:n=9",
                     "airport:n=10", "random:n=13,seed=5", "random:n=4",
                     "random:n=3,seed=1"):
            yield form, ["--closed-form", form, *EVERYTHING]
        yield "single", ["--closed-form", "random:n=11,seed=9", "--precision", "single",
                         *EVERYTHING]
        yield "blocks", ["--closed-form", "random:n=12,seed=3", "--blocks", "4", *EVERYTHING]
        yield "top", ["--closed-form", "random:n=17", "--keep", "top:50", "--types", "and,or"]
        yield "table", ["--table", five, "--player-names", names, *EVERYTHING]
        yield "order of bits", ["--table", five, "--bit-order", "msb", "--select", "3", *EVERYTHING]
        for threshold in ("sample:0.2", "global:0.2", "delta:0.3"):
            yield threshold, ["--table", five, *SALIENT, threshold, "--salient-limit", "40"]
        split = ["--table", five, "--select", "0,3", "--types", "and-or", "--values"]
        yield "split", split
        yield "split within noise", split + ["--noise", "0.04", "--fit-gap", "0.01"]
        yield "split in two parts", split + ["--fit-merge", "off", "--fit-empty", "split"]
        yield "shared", joint + ["--types", "and-or", "--share", "--fit-gap", "0.05"]

    def digests(self, path):
        """{object: digest of its type, shape, bits and attributes}"""
        arrays, attributes = datasets_of(path)
        texts = {name: f"{array.dtype} {array.shape} {content(array)} "
                 for name, array in arrays.items()}
        for (name, key), value in sorted(attributes.items()):
            if name != "/" or key not in UNCOUNTED:
                texts[name] = texts.get(name, "") + f"{key}={content(value)} "
        return {name: hashlib.sha256(text.encode()).hexdigest()[:16]
                for name, text in sorted(texts.items())}

    def test_stored(self):
        """Every object of every case, and no other."""
        stored = json.loads(STORED.read_text()) if STORED.exists() else {}
        found = {}
        for number, (name, args) in enumerate(self.cases()):
            out, _ = self.interactions(*args, "--quiet", ranks=3 * (number % 2))
            found[name] = self.digests(out)
            if not self.WRITE:
                with self.subTest(name):
                    self.assertEqual(found[name], stored.get(name))
        if self.WRITE:
            STORED.write_text(json.dumps(found, indent=1) + "\n")
        self.assertEqual(set(found), set(stored) | (set(found) if self.WRITE else set()))


if __name__ == "__main__":
    Digests.WRITE = "--write" in sys.argv
    sys.argv = [arg for arg in sys.argv if arg != "--write"]
    program.main()
