"""What is too much: numbers at the edge of what can be counted, and memory that is limited. Each ends
with one message, and soon."""
import os
import re
import resource

import numpy as np

import onnx_writer as onnx
import program
from program import ProgramTest, run, system_with

VOTE = ["interactions", "--closed-form", "majority:n=4"]
HUGE = [str(2**62 - 1), str(2**62), str(2**62 + 1), str(2**63 - 1), str(2**63), str(2**64),
        "8589934592GiB"]


class Numbers(ProgramTest):
    """Counts, sizes and ranks as options give them."""

    def check(self, code, args, *words):
        """One message with all words, within seconds."""
        result = run(*args, "--out", self.output(), timeout=60)
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors()), 1, result)
        for word in words:
            self.assertRegex(result.err, word, result)

    def test_blocks(self):
        """No power of two, one that is none of int64, and one of which there are too many."""
        for number in HUGE:
            self.check(64, [*VOTE, "--blocks", number], "--blocks", number)
        self.check(64, ["interactions", "--closed-form", "majority:n=40", "--blocks", str(2**20)],
                   "40 players", "GiB")

    def test_chunk(self):
        for number in (*HUGE, "2GiB"):
            self.check(64, [*VOTE, "--chunk", number], "--chunk")

    def test_limits_that_are_never_met(self):
        """Lists of at most so many: the plan counts what can come, not the limit."""
        for option in ("--salient-limit={}", "--keep=top:{}", "--table-memory={}"):
            out, _ = self.interactions("--closed-form", "majority:n=4",
                                       option.format(2**63 - 1))
            self.assertTrue(out.exists())
            self.check(64, [*VOTE, option.format(2**63)], option.split("=")[0])

    def test_ranks(self):
        for option in ("--ranks-per-sample", "--plan-ranks"):
            for number in ("-1", "0", *HUGE):
                self.check(64, [*VOTE, "--plan", option, number], option, number)
        self.check(64, [*VOTE, "--plan-ranks", "3"], "--plan-ranks 3", "--plan;")

    def test_steps_and_shares(self):
        fit = [*VOTE, "--types", "and-or"]
        for number in ("-1", "0", *HUGE):
            self.check(64, [*fit, "--fit-iterations", number], "--fit-iterations", number)
        for option in ("--noise", "--fit-gap"):
            for number in ("-1e-300", "nan", "inf", "1e999"):
                self.check(64, [*fit, option, number], option)

    def test_words(self):
        """What is given is nearly right: the message has the right form. Nothing is said twice."""
        self.check(64, [*VOTE, "--threshold", "0.1"], "'0.1'", "sample:0.1", "delta:0.1")
        table = ["interactions", "--table", self.save("eight.npy", np.arange(8.0))]
        self.check(64, [*table, "--select", "3:1"], "3:1", "empty", "1:3 is 1,2")
        for content in (np.arange(7.0), np.ones(1)):
            result = run("interactions", "--table", self.save("odd.npy", content), "--out",
                         self.output())
            self.assertEqual(result.err.count("--table"), 1, result)
            self.assertRegex(result.err, r"7 values per|1 value per", result)
        self.assertIn("evaluate|lattice|fit", run("bench", "--help").out)
        result = run("model", program.DATA / "wine_mlp.onnx", "--shape", "features=0:2147483647")
        self.assertEqual(result.code, 64, result)
        self.assertIn("--shape features=0:2147483647", result.err)

    def test_closed_forms(self):
        for key in ("n", "terms", "seed"):
            for number in ("-1", str(2**64), str(2**64 + 4)):
                text = f"and-or:n=4,{key}={number}" if key != "n" else f"and-or:n={number}"
                self.check(64, ["interactions", "--closed-form", text], "--closed-form", number)

    def test_plan_of_more_than_can_be_counted(self):
        """2^40 masks, 2^22 rows: sums stop at the largest count."""
        x, y = onnx.value_info("x", [1, 40]), onnx.value_info("y", [1, 1024])
        weights = onnx.tensor("w", [40, 1024], np.ones(40 * 1024))
        model = self.write("forty.onnx", onnx.model([onnx.node("MatMul", ["x", "w"], ["y"])],
                                                    [x], [y], [weights]))
        samples = self.save("forty.npy", np.zeros((4096, 40), dtype=np.float32))
        result = run("interactions", "--model", model, "--samples", samples, "--target", "all",
                     "--output", "raw", "--values", "--keep", f"top:{2**63 - 1}", "--plan",
                     timeout=120)
        self.assertEqual(result.code, 64, result)
        self.assertNotRegex(result.out, r" -\d", "a number overflowed")
        self.assertRegex(result.out, rf"salient lists, at most +{2**63 - 1} bytes")
        self.assertRegex(result.out, rf"data set, all ranks +{2**63 - 1} bytes")


class Memory(ProgramTest):
    """Limits of batch systems, containers and shells, and files that are larger than they seem."""

    def test_npz_in_pieces(self):
        """A sample out of an archive of 0.2 MB, which holds 200 MB: they are never in memory."""
        path = self.folder / "packed.npz"
        wine = np.zeros((2**22, 13), dtype=np.float32)
        wine[3] = np.load(program.DATA / "wine_features.npy")[3]
        np.savez_compressed(path, features=wine)
        model = ["--model", program.DATA / "wine_mlp.onnx", "--target", "0", "--values"]
        out, _ = self.interactions(*model, "--samples", f"{path}:features", "--select", "3")
        self.assertLess(program.run_attributes(out)["peak_bytes_per_rank"], 2**26)
        plain, _ = self.interactions(*model, "--samples", program.DATA / "wine_features.npy",
                                     "--select", "3")
        np.testing.assert_array_equal(program.datasets_of(out)[0]["values"],
                                      program.datasets_of(plain)[0]["values"])

    def test_job_of_a_batch_system(self):
        """The limit stands two groups above the own one; ranks of a node share it."""
        game = ["interactions", "--closed-form", "random:n=23", "--plan"]
        for ranks, code in ((0, 0), (2, 64)):
            result = run(*game, "--chunk", "1MiB", env=system_with(self.folder, 130), ranks=ranks)
            self.assertEqual(result.code, code, result)
            self.assertRegex(result.out, rf"available to a rank +{130 * 2**20 // max(ranks, 1)} ")
            self.assertRegex(result.out, r"limited by +memory.max of the control group "
                                         r"/sys/fs/cgroup/slurm/job_7\n")
        self.assertRegex(result.errors()[0], "memory.max of the control group .*/job_7")

    def test_ulimit(self):
        """By ulimit -v a run is refused before it begins, or ends well; both is said."""
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
        result = run("interactions", "--closed-form", "random:n=29", "--out", self.output(),
                     preexec_fn=limit)
        self.assertEqual(result.code, 64, result)
        self.assertRegex(result.errors()[0], r"29 players .* available \(ulimit -v\)")
        out, _ = self.interactions("--closed-form", "random:n=20", preexec_fn=limit)
        self.assertTrue(out.exists())


class FileSize(ProgramTest):
    """ulimit -f: shared memory counts as a file. Ranks send messages then; a data set that is too
    large is an error like a full disk."""

    @staticmethod
    def limit():
        """20 MiB: MPI's own files fit, the half of a lattice of 23 players does not."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (20 * 2**20, 20 * 2**20))

    def test_lattice(self):
        self.interactions("--closed-form", "random:n=23", "--threshold", "sample:0.9", ranks=2,
                          preexec_fn=self.limit)

    def test_data_set(self):
        out = self.output()
        result = run("interactions", "--closed-form", "random:n=22", "--keep", "all", "--threshold",
                     "sample:0.9", "--out", out, preexec_fn=self.limit)
        self.assertEqual(result.code, 74, result)
        self.assertRegex(result.errors()[0], "File too large")
        self.assertEqual(list(self.folder.glob(f"{out.name}*")), [])


class WithoutMPI(ProgramTest):
    """show, model, export and --plan work where MPI cannot start."""

    @staticmethod
    def broken():
        """An environment in which MPI cannot start."""
        return {**os.environ, "OMPI_MCA_pml": "no_such_component", "OMPI_MCA_btl": "none_of_them",
                "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"}

    def test_alone(self):
        broken = self.broken()
        table = self.save("four.npy", np.arange(4.0))
        out, _ = self.interactions("--table", table)
        needs = run("interactions", "--table", table, "--out", self.output(), env=broken)
        self.assertNotEqual(needs.code, 0, "MPI starts all the same: the test says nothing")
        model = ["--model", program.DATA / "digits_cnn.onnx", "--samples",
                 program.DATA / "digits_images.npy", "--select", "0", "--players", "grid:2x2"]
        for command in (["show", out], ["show", out, "--check"], ["model", model[1]],
                        ["export", out, "--out", self.folder / "x.json"],
                        ["interactions", "--table", table, "--plan"],
                        ["interactions", *model, "--plan", "--plan-ranks", "7"],
                        ["interactions", "--closed-form", "majority:n=20", "--plan"]):
            result = run(*command, env=broken)
            self.assertEqual((result.code, result.err), (0, ""), result)
        result = run("show", self.folder / "none.h5", env=broken)
        self.assertEqual((result.code, len(result.errors())), (65, 1), result)

    def test_plan_of_other_ranks(self):
        """A step of four tasks where MPI cannot start: one of them tells of seven ranks with as
        much memory each as it has itself, a quarter of the node's."""
        model = ["interactions", "--closed-form", "majority:n=20", "--plan"]
        step = {**self.broken(), "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_TASKS_PER_NODE": "4(x2)"}
        for words in (["--plan-ranks", "7"], ["--plan-ranks=7"]):
            first = run(*model, *words, env={**step, "SLURM_PROCID": "0"})
            self.assertEqual((first.code, first.err), (0, ""), first)
            self.assertRegex(first.out, r"ranks +7 in 1 group of 7")
        other = run(*model, "--plan-ranks", "7", env={**step, "SLURM_PROCID": "1"})
        self.assertEqual((other.code, other.out, other.err), (0, "", ""), other)
        available = {}
        for ranks in (0, 2):
            result = run(*model, "--plan-ranks", "7", ranks=ranks)
            self.assertEqual((result.code, result.out.count("plan:")), (0, 1), result)
            available[ranks] = int(re.search(r"available to a rank +(\d+) ", result.out)[1])
        available[4] = int(re.search(r"available to a rank +(\d+) ", first.out)[1])
        for ranks in (2, 4):
            self.assertLess(0.7, available[ranks] * ranks / available[0])
            self.assertLess(available[ranks] * ranks / available[0], 1.4)

    def test_under_a_launcher(self):
        """One rank of several speaks; a plan is one for all of them."""
        table = self.save("two.npy", np.arange(2.0))
        out, _ = self.interactions("--table", table)
        result = run("show", out, ranks=3)
        self.assertEqual((result.code, result.err), (0, ""), result)
        self.assertEqual(result.out.count("Largest interactions"), 1, result)
        result = run("interactions", "--closed-form", "majority:n=12", "--plan", ranks=3)
        self.assertEqual((result.code, result.err), (0, ""), result)
        self.assertEqual(len(re.findall(r"^plan:", result.out, re.M)), 1, result)
        self.assertRegex(result.out, r"ranks +3 in 1 group of 3")


if __name__ == "__main__":
    program.main(workers=4)
