"""What tests of --resume share: runs that end early on purpose, and what must come of them."""
import os

import numpy as np

from check_dataset import bits
from program import DATA, ProgramTest, datasets_of, run

ALWAYS = ["--checkpoint-every", "1e-9"]  # after every row
CNN = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy",
       "--labels", DATA / "digits_labels.npy", "--select", "0:4", "--players", "grid:2x4"]


def table(rows, n, seed=0):
    """Values of games."""
    return np.random.default_rng(seed).normal(size=(rows, 2**n))


class ResumeTest(ProgramTest):
    """Runs in parts."""

    def assert_same(self, found, reference):
        """Byte for byte, but for /run."""
        arrays, attributes = datasets_of(reference)
        others, other_attributes = datasets_of(found)
        self.assertEqual(sorted(others), sorted(arrays))
        for name, array in arrays.items():
            self.assertEqual(bits(others[name]), bits(array), name)
        self.assertEqual(sorted(other_attributes), sorted(attributes))
        for key, value in attributes.items():
            np.testing.assert_array_equal(other_attributes[key], value, str(key))

    def cut(self, *args, out, ranks=0, **accident):
        """A run that ends early, by accidents such as STOP="0:slice:9"."""
        environment = {f"HARSANYI_{name}": value for name, value in accident.items()}
        result = run("interactions", *args, *ALWAYS, "--out", out, ranks=ranks,
                     env={**os.environ, **environment})
        self.assertNotEqual(result.code, 0, result)
        self.assertFalse(out.exists(), result)
        return result

    def left(self, out):
        """Files of the run that there are beside the data set."""
        return sorted(path.name[len(out.name):] for path in out.parent.glob(f"{out.name}?*"))
