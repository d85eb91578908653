"""What is read of others' files, and what is not: pipes and devices, arrays in either order, HDF5
that leads elsewhere, lacks a filter, or is not what it says."""
import os
import pathlib

import h5py
import numpy as np

import check_dataset
import program
from program import DATA, ProgramTest, run

CNN = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy"]
VALUES = np.array([min(k & 1, (k >> 1).bit_count()) for k in range(16)], float)


class Files(ProgramTest):
    """Every kind of input."""

    def refused(self, words, *args, code=65, **popen):
        """One message with these words, and the exit code."""
        out = self.output()
        if args[0] not in ("show", "export", "model"):
            args = ["interactions", *args, "--out", out]
        result = run(*args, timeout=60, **popen)
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors()), 1, result)
        for word in words:
            self.assertIn(word, result.err)
        self.assertFalse(pathlib.Path(out).exists())

    def test_pipes(self):
        """A pipe that nobody writes is refused at once, whatever it is given for."""
        pipe, pipe_h5 = self.folder / "pipe", self.folder / "pipe.h5"
        os.mkfifo(pipe)
        os.mkfifo(pipe_h5)
        said = ["is a pipe; a regular file was expected", str(pipe)]
        grid = CNN + ["--select", "0", "--players", "grid:2x2"]
        for args in (["--model", pipe, "--samples", DATA / "digits_images.npy"],
                     ["--model", CNN[1], "--samples", pipe],
                     ["--model", CNN[1], "--samples", f"{pipe_h5}:/a"],
                     ["--table", pipe], ["--table", f"{pipe_h5}:/a"], ["--plugin", pipe],
                     grid + ["--labels", pipe], grid + ["--player-names", pipe],
                     grid + ["--class-names", pipe], grid + ["--baseline", f"tensor:{pipe}"],
                     CNN + ["--select", "0", "--players", f"map:{pipe}"],
                     ["show", pipe], ["export", pipe_h5], ["model", pipe]):
            with self.subTest(args=args):
                self.refused(said, *args)
        for path in ("/dev/zero", "/dev/stdin"):
            with self.subTest(path):
                self.refused([path, "regular file"], "--table", path)

    def test_fortran_order(self):
        """Arrays in Fortran order give what the same ones in C order give."""
        images = np.load(DATA / "digits_images.npy")
        random = np.random.default_rng(5)
        halves = np.repeat([[0] * 4 + [1] * 4], 8, axis=0).astype(np.int32)
        arrays = {"images": images, "mean": random.normal(size=images.shape[1:]).astype("f4"),
                  "map": halves, "table": random.normal(size=(3, 32))}
        paths = {}
        for order in "CF":
            stored = {name: np.asarray(array, order=order) for name, array in arrays.items()}
            paths[order] = {name: self.save(f"{name}{order}.npy", array)
                            for name, array in stored.items()}
            np.savez_compressed(self.folder / f"all{order}.npz", **stored)
        self.assertIn(b"'fortran_order': True", paths["F"]["table"].read_bytes()[:100])
        for names in ("{table}", "{folder}/all{order}.npz:table"):
            found = [self.interactions("--table", names.format(
                folder=self.folder, order=order, **paths[order]))[0] for order in "CF"]
            self.assertEqual(check_dataset.differences(*found), [], names)
        found = [self.interactions(
            "--model", CNN[1], "--samples", paths[order]["images"], "--select", "3,1", "--players",
            f"map:{paths[order]['map']}", "--baseline", f"tensor:{paths[order]['mean']}",
            "--values", "--target", "0")[0] for order in "CF"]
        # The files' names stand in the record of the game.
        self.assertEqual(check_dataset.differences(*found),
                         ["/game@baseline differs", "/game@players differs"])

    def test_missing_filter(self):
        """A filter that is not there is named, with what to do."""
        path = self.folder / "filter.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("lzf", data=VALUES, chunks=(4,), compression="lzf")
            file.create_dataset("gzip", data=VALUES, chunks=(4,), compression="gzip", shuffle=True)
        self.refused([f"{path}:/lzf", "filter lzf (number 32000)", "HDF5_PLUGIN_PATH", "h5repack"],
                     "--table", f"{path}:/lzf")
        self.interactions("--table", f"{path}:/gzip")

    def test_other_files(self):
        """Links, virtual sources and external storage are followed beside the file alone."""
        inner, outer = self.folder / "inner", self.folder / "secret.h5"
        inner.mkdir()
        for path in (outer, inner / "beside.h5"):
            with h5py.File(path, "w") as file:
                file["a"] = VALUES
        for path in (self.folder / "raw", inner / "raw"):
            path.write_bytes(VALUES.tobytes())
        os.mkfifo(inner / "pipe")
        os.symlink(outer, inner / "link.h5")
        path = inner / "file.h5"
        links = {"link_beside": "beside.h5", "link_up": "../secret.h5", "link_absolute": str(outer),
                 "link_symbolic": "link.h5", "link_nowhere": "none.h5", "link_pipe": "pipe"}
        raw = {"raw_beside": "raw", "raw_up": "../raw", "raw_absolute": "/etc/hostname",
               "raw_pipe": "pipe"}
        sources = {"virtual_beside": ("beside.h5", "a"), "virtual_up": ("../secret.h5", "a"),
                   "virtual_absolute": (str(outer), "a"), "virtual_symbolic": ("link.h5", "a"),
                   "virtual_nowhere": ("none.h5", "a"), "virtual_here": (".", "raw_beside"),
                   "virtual_storage": (".", "raw_up"), "virtual_self": (".", "virtual_self"),
                   "virtual_circle": ("file.h5", "virtual_circle")}
        with h5py.File(path, "w") as file:
            for name, target in links.items():
                file[name] = h5py.ExternalLink(target, "/a")
            file["soft"] = h5py.SoftLink("/link_up")
            for name, target in raw.items():
                file.create_dataset(name, (16,), float, external=[(target, 0, 128)])
            for name, (target, array) in sources.items():
                layout = h5py.VirtualLayout((16,), float)
                layout[:] = h5py.VirtualSource(target, array, (16,))
                file.create_virtual_dataset(name, layout)
        expected, _ = self.interactions("--table", f"{outer}:/a")
        for name in ("link_beside", "raw_beside", "virtual_beside"):
            with self.subTest(name):
                out, _ = self.interactions("--table", f"{path}:/{name}", cwd="/")
                self.assertEqual(check_dataset.differences(out, expected), [])
        only, leads = "only files in its own folder", "a link that leads out of its own folder"
        cases = {"link_up": only, "link_absolute": only, "link_symbolic": leads, "soft": only,
                 "link_nowhere": "No such file", "link_pipe": "is a pipe", "raw_up": only,
                 "raw_absolute": only, "raw_pipe": "is a pipe", "virtual_up": only,
                 "virtual_absolute": only, "virtual_symbolic": leads,
                 "virtual_nowhere": "No such file", "virtual_here": "store the source in one file",
                 "virtual_storage": "store the source in one file",
                 "virtual_self": "takes its values from itself",
                 "virtual_circle": "takes its values from itself"}
        for name, words in cases.items():
            with self.subTest(name):
                self.refused([str(path), words], "--table", f"{path}:/{name}")


class Attributes(ProgramTest):
    """Attributes and arrays of a data set that are not what their place says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.table = cls.save("table.npy", VALUES)

    def test_attributes(self):
        """Of any type and size: a message from every command that reads them."""
        values = {"large": np.zeros(300000), "two": np.zeros(2), "none": np.zeros(0), "text": "x",
                  "texts": np.array([b"x"] * 3), "pair": np.zeros((), "i4,f8"),
                  "list": np.array([np.arange(3), np.arange(2)], object), "fraction": 0.5, "nan": np.nan, "huge": 1e300,
                  "negative": -1}
        types = {"list": h5py.vlen_dtype(np.int32)}
        cases = [(name, kind) for name in ("format_version", "n_players", "n_samples", "complete")
                 for kind in ("large", "text", "pair", "fraction", "nan")]
        cases += [("n_players", kind) for kind in ("two", "none", "texts", "list", "huge",
                                                   "negative")]
        cases += [("format", "large"), ("git", "two"), ("program_version", "pair")]
        good, _ = self.interactions("--table", self.table)
        for name, kind in cases:
            with self.subTest(name, kind=kind):
                bad = self.write("bad.h5", good.read_bytes())
                with h5py.File(bad, "r+") as file:
                    del file.attrs[name]
                    file.attrs.create(name, values[kind], dtype=types.get(kind))
                for command in ("show", "export"):
                    result = run(command, bad)
                    self.assertEqual(result.code, 65, result)
                    self.assertEqual(len(result.errors()), 1, result)
                    self.assertIn("bad.h5", result.err)

    def test_arrays(self):
        """Integers that would be cut, floats for integers, text for numbers, other shapes."""
        cases = {"samples/target": np.array([2**40]), "samples/index": np.array([0.5]),
                 "samples/label": np.array([b"x"]), "salient/offset": np.array([-1, 2]),
                 "salient/type": np.zeros(3, "i8"), "players/name": np.zeros(4),
                 "samples/v_full": np.zeros((1, 1)), "orders/and/count": np.zeros((1, 7)),
                 "salient/threshold": np.zeros(1, "i4,f8"), "salient/truncated": np.zeros(())}
        good, _ = self.interactions("--table", self.table)
        for name, array in cases.items():
            with self.subTest(name):
                bad = self.write("bad.h5", good.read_bytes())
                with h5py.File(bad, "r+") as file:
                    del file[name]
                    file[name] = array
                result = run("show", bad)
                self.assertEqual(result.code, 65, result)
                self.assertEqual(len(result.errors()), 1, result)
                self.assertIn(name, result.err)

    def test_claim_of_many_rows(self):
        """A few bytes claim 2^40 rows, which no other array has: no memory is asked for."""
        good, _ = self.interactions("--table", self.table)
        bad = self.write("many.h5", good.read_bytes())
        with h5py.File(bad, "r+") as file:
            del file["samples/index"]
            file.create_dataset("samples/index", (2**40,), "i8", chunks=(1024,))
        for command in ("show", "export"):
            result = run(command, bad)
            self.assertEqual(result.code, 65, result)
            self.assertIn(str(2**40), result.errors()[0], result)


if __name__ == "__main__":
    program.main(workers=4)
