"""Files of format version 1, which programs of before wrote, are read as those of today; files of
later versions and of kinds that are not known are refused by name."""
import gzip
import pathlib
import re

import h5py
import numpy as np

import program
from program import ProgramTest, datasets_of, run

# Written by the last program of version 1, each with the command line in its /run.
FILES = pathlib.Path(__file__).with_name("version1")
RUNS = {"plain": ["--indices", "none", "--keep", "salient"],
        "split": ["--types", "and-or", "--values", "--indices", "SV,BV,SII:2,Moebius"]}
TABLE = [[0, 1, 2, 4.5, -1, 3, 2, 7], [1, 0, -3, 2, 2, 8, 1, 6]]
SHOWN = [["--check"], ["--orders", "--row", "0", "--top", "3"], ["--json", "--check"]]
EXPORTED = {"plain": [["--interactions", "salient"]],
            "split": [[], ["--index", "SII"], ["--index", "Moebius", "--row", "1", "--format", "shapiq"],
                      ["--interactions", "and"], ["--interactions", "or"]],
            "network": [[], ["--interactions", "and"], ["--interactions", "salient"]]}
# What says which program wrote a file.
WRITTEN = [(r"^written .*$", ""), (r'"format_version": \d+', ""), (r'"git": "\w+\+?"', "")]


def without_version(text):
    """The text of a file, whichever program wrote it."""
    for pattern, replacement in WRITTEN:
        text = re.sub(pattern, replacement, text, flags=re.M)
    return text


class Versions(ProgramTest):
    """One file each, in a folder of its own, since its text begins with its name."""

    def old(self, name):
        """A file of version 1."""
        folder = self.folder / f"{name}-1"
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}.h5"
        path.write_bytes(gzip.decompress((FILES / f"{name}.h5.gz").read_bytes()))
        with h5py.File(path) as file:
            self.assertEqual(file.attrs["format_version"], 1)
            self.assertNotIn("kind", file.attrs)
        return path

    def new(self, name):
        """What the same run makes today."""
        folder = self.folder / f"{name}-2"
        folder.mkdir(exist_ok=True)
        np.save(folder / "table.npy", np.array(TABLE))
        result = run("interactions", "--table", "table.npy", *RUNS[name], "--out", f"{name}.h5",
                     "--quiet", cwd=folder)
        self.assertEqual(result.code, 0, result)
        return folder / f"{name}.h5"

    def texts(self, name, path):
        """Everything that commands say of a file."""
        for command in [["show", f"{name}.h5", *args] for args in SHOWN] + [
                ["export", f"{name}.h5", *args] for args in EXPORTED[name]]:
            result = run(*command, cwd=path.parent)
            self.assertEqual((result.code, result.err), (0, ""), result)
            self.assertGreater(len(result.out), 50, result)
            yield command, without_version(result.out)

    def test_the_same_run(self):
        """The same objects, the same text."""
        for name in RUNS:
            old, new = self.old(name), self.new(name)
            arrays, attributes = datasets_of(old)
            arrays_now, attributes_now = datasets_of(new)
            self.assertEqual(set(arrays), set(arrays_now))
            self.assertEqual(set(attributes_now) - set(attributes), {("/", "kind")})
            self.assertEqual(attributes_now["/", "kind"], b"interactions")
            for array, values in arrays.items():
                np.testing.assert_array_equal(values, arrays_now[array], array)
            for (command, before), (_, after) in zip(self.texts(name, old), self.texts(name, new)):
                with self.subTest(command):
                    self.assertEqual(after, before)

    def test_the_same_content(self):
        """Of a network, whose numbers differ by processor: the file itself, as version 2."""
        old = self.old("network")
        before = list(self.texts("network", old))
        with h5py.File(old, "r+") as file:
            file.attrs["format_version"] = np.int32(2)
            file.attrs["kind"] = np.bytes_("interactions")
        for (command, text), (_, after) in zip(before, self.texts("network", old)):
            with self.subTest(command):
                self.assertEqual(after, text)
        self.assertIn("masked   image, players grid:2x2", before[0][1])

    def test_refused(self):
        """Later versions, and kinds that this program, or this command, does not know."""
        path = self.old("plain")
        with h5py.File(path, "r+") as file:
            file.attrs["format_version"] = np.int32(3)
        for command in ("show", "export"):
            result = run(command, path)
            self.assertEqual((result.code, len(result.errors())), (65, 1), result)
            self.assertIn("format version 3; this program knows versions up to 2", result.err)
        with h5py.File(path, "r+") as file:
            file.attrs["format_version"] = np.int32(2)
            file.attrs["kind"] = np.bytes_("dreams")
        for command in ("show", "export"):
            result = run(command, path)
            self.assertEqual((result.code, len(result.errors())), (65, 1), result)
            self.assertIn("kind 'dreams'", result.err)
            self.assertIn("interactions", result.err)


if __name__ == "__main__":
    program.main()
