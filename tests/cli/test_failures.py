"""One rank fails, or has other inputs than the rest: one message, the right exit code, nothing left
behind, and nobody waits. (Each place where a rank can fail: tests/fault.)"""
import os
import shutil
import subprocess

import numpy as np

import program

GAME = ["--closed-form", "and-or:n=8,terms=5,seed=1"]
# By rank: mpirun's own variable, or a launcher's that PMIx knows.
RANK = "${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-$PMI_RANK}}"


class Failures(program.ProgramTest):
    """Runs of three ranks, one of which is not as the others."""

    def check(self, result, code, *words, left=()):
        """One message with these words; no file but those."""
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors()), 1, result)
        for word in words:
            self.assertIn(word, result.errors()[0], result)
        self.assertEqual(sorted(path.name for path in self.work.iterdir()), sorted(left), result)

    def setUp(self):
        self.work = self.folder / self.id().rsplit(".", 1)[-1]
        self.work.mkdir()

    def failing(self, where, *options, ranks=3):
        """A run with a failure on purpose."""
        return program.run("interactions", *options, "--out", self.work / "out.h5", ranks=ranks,
                           env={**os.environ, "HARSANYI_FAIL": where})

    def by_rank(self, text, folder="."):
        """A run of three ranks whose folder and options the shell fills in, rank by rank."""
        script = f'cd {self.work}/{folder} && exec "$0" interactions {text}'.replace("RANK", RANK)
        command = ["mpirun", "--oversubscribe", "-n", "3", "sh", "-c", script, program.PROGRAM]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=program.TIMEOUT,
                               check=False)
        return program.Result(command, ended.returncode, ended.stdout, ended.stderr)

    def test_memory(self):
        self.check(self.failing("1:alloc:30", *GAME), 70, "no memory", "rank 1 on ")
        self.check(self.failing("0:alloc:30", *GAME), 70, "no memory")

    def test_write(self):
        self.check(self.failing("0:write:5", *GAME, "--types", "and,or"), 74, "out.h5")
        self.check(self.failing("2:write:1", *GAME, "--values"), 74, "out.h5", "rank 2 on ")

    def test_hdf5(self):
        self.check(self.failing("2:hdf5:2", *GAME), 74, "out.h5")

    def test_read_of_a_network(self):
        model, samples = program.DATA / "wine_mlp.onnx", program.DATA / "wine_features.npy"
        self.check(self.failing("0:read:2", "--model", model, "--samples", samples, "--select", "0"),
                   74, "wine_features.npy")

    def test_malformed(self):
        for text in ("1", "1:alloc", "1:alloc:0", "1:disk:1", "-1:alloc:1", "1:alloc:1x", ""):
            self.check(self.failing(text, *GAME), 64, "HARSANYI_FAIL=" + text)

    def folders(self, tables):
        """A folder for each rank, as nodes have them: t.npy with these values, or without."""
        left = []
        for rank, table in enumerate(tables):
            (self.work / f"node-{rank}").mkdir()
            left.append(f"node-{rank}")
            if table is not None:
                np.save(self.work / f"node-{rank}" / "t.npy", table)
        return left

    def test_table_missing_on_a_node(self):
        left = self.folders([np.arange(16.0), np.arange(16.0), None])
        self.check(self.by_rank(f"--table t.npy --out {self.work}/out.h5", "node-RANK"), 65,
                   "t.npy", "rank 2 on ", left=left)

    def test_tables_that_differ(self):
        """In their numbers of samples, or in values."""
        for odd, word in ((np.zeros((2, 16)), "samples"), (np.arange(16.0) + 1, "values")):
            left = self.folders([np.arange(16.0), odd, np.arange(16.0)])
            self.check(self.by_rank(f"--table t.npy --out {self.work}/out.h5", "node-RANK"), 65,
                       "rank 1", word, left=left)
            for name in left:
                shutil.rmtree(self.work / name)

    def test_values_that_differ_by_rounding(self):
        """What cancels to 0 on one processor need not on another."""
        table = np.arange(16.0)
        left = self.folders([table, table + np.where(table == 0, 1e-16, 0), table * (1 + 1e-15)])
        result = self.by_rank(f"--table t.npy --out {self.work}/out.h5", "node-RANK")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(sorted(path.name for path in self.work.iterdir()), left + ["out.h5"])

    def test_plugin_missing_on_a_node(self):
        left = self.folders([None, None, None])
        for name in left[:2]:
            shutil.copy(program.PLUGIN, self.work / name / "vote.so")
        self.check(self.by_rank(f"--plugin ./vote.so:5/4,3,2 --out {self.work}/out.h5",
                                "node-RANK"), 65, "vote.so", "rank 2 on ", left=left)

    def test_plugins_that_differ(self):
        """The same argument, but on one rank an older build with another rule."""
        left = self.folders([None, None, None])
        source = (program.DATA.parent / "tests" / "plugin_example.c").read_text()
        older = source.replace("sum >= vote->quota", "sum > vote->quota")
        self.assertNotEqual(older, source)
        for name in left:
            shutil.copy(program.PLUGIN, self.work / name / "vote.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-I",
                        program.DATA.parent / "include", "-o", self.work / left[1] / "vote.so"],
                       input=older, text=True, check=True)
        self.check(self.by_rank(f"--plugin ./vote.so:9/4,3,2 --out {self.work}/out.h5",
                                "node-RANK"), 65, "vote.so", "rank 1", "values", left=left)

    def test_options_that_differ(self):
        out = self.work / "out.h5"
        result = self.by_rank(f"--closed-form majority:n=$((4+(RANK)/2)) --out {out}")
        self.check(result, 64, "rank 2", "options", "majority:n=5", "majority:n=4")


class Nodes(program.ProgramTest):
    """One machine as several nodes: copies of tables by node, exchanged by their leaders."""

    def test_same_bits(self):
        images = ["--samples", program.DATA / "digits_images.npy", "--select", "0,1"]
        options = ["interactions", "--model", program.DATA / "digits_cnn.onnx", *images,
                   "--players", "grid:2x4", "--types", "and,or", "--values"]
        wanted = None
        for node_ranks, ranks, more in ((0, 1, []), (1, 3, []), (2, 4, []), (2, 3, []),
                                        (2, 4, ["--shm", "off"])):
            out = self.output()
            environment = {**os.environ, "HARSANYI_NODE_RANKS": str(node_ranks)}
            result = program.run(*options, *more, "--out", out, ranks=ranks, env=environment)
            self.assertEqual(result.code, 0, result)
            arrays = program.datasets_of(out)[0]
            wanted = wanted or arrays
            for name, array in wanted.items():
                np.testing.assert_array_equal(arrays[name], array, f"{name}, {node_ranks} a node")


if __name__ == "__main__":
    program.main(workers=2)
