"""What `--plan` says beforehand: figures that agree with each other and with the run."""
import os
import re

import h5py
import numpy as np

import program
from program import DATA, ProgramTest, run, run_attributes, system_with

CNN = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy"]
MIB = 2**20


class Plan(ProgramTest):
    """--plan: figures that agree with each other and with the run."""

    def plan(self, *args, ranks=0):
        """{what: first number of its line}."""
        result = run("interactions", *args, "--plan", ranks=ranks)
        self.assertEqual((result.code, result.err), (0, ""), result)
        figures = {}
        for line in result.out.splitlines():
            match = re.match(r"  (\S.*?)  +(?:n = )?(\d+)", line)
            if match:
                self.assertNotIn(match[1], figures, result)
                figures[match[1]] = int(match[2])
        return figures, result

    def test_figures(self):
        n, element = 20, 8
        for ranks in (1, 4, 16):
            with self.subTest(ranks=ranks):
                plan, _ = self.plan("--closed-form", f"random:n={n}", "--types", "and,or",
                                    "--plan-ranks", ranks)
                share = 2**n // ranks
                self.assertEqual(plan["players"], n)
                self.assertEqual(plan["masks"], share)
                # v and AND: OR takes the place of v.
                self.assertEqual(plan["lattice data"], 2 * share * element)
                sent = 2 * element * share * (ranks - 1) // ranks
                self.assertEqual(plan["sent by exchanges"], sent)
                parts = ["lattice data", "salient lists", "code, MPI, HDF5"]
                rest = plan["memory"] - sum(plan[part] for part in parts)
                chunks = 2 * 2 * min(2**20, share * element)
                self.assertLess(abs(rest - chunks), 2**18)

    def test_reading_process(self):
        """Each rank's process that reads a table in HDF5 is counted."""
        values = np.arange(32.0)
        np.save(self.folder / "table.npy", values)
        with h5py.File(self.folder / "table.h5", "w") as file:
            file["values"] = values
        memory = [self.plan("--table", f"{self.folder}/{name}")[0]["memory"]
                  for name in ("table.npy", "table.h5:/values")]
        self.assertEqual(memory[1] - memory[0], 80 * 2**20)

    def test_odd_ranks(self):
        """The busiest of seven ranks has one row more than a seventh."""
        plan, _ = self.plan("--closed-form", "random:n=20", "--plan-ranks", "7")
        row = 2**20 // plan["blocks"]
        self.assertEqual(plan["masks"], -(-plan["blocks"] // 7) * row)

    def test_precision_and_largest(self):
        double, _ = self.plan("--closed-form", "random:n=20")
        single, _ = self.plan("--closed-form", "random:n=20", "--precision", "single")
        self.assertEqual(single["lattice data"] * 2, double["lattice data"])
        self.assertIn(single["largest lattice that fits"] - double["largest lattice that fits"],
                      (0, 1))
        many, _ = self.plan("--closed-form", "random:n=20", "--plan-ranks", "4")
        self.assertIn(many["largest lattice that fits"] - double["largest lattice that fits"],
                      (1, 2, 3))

    def test_targets_and_samples(self):
        args = [*CNN, "--players", "grid:3x3", "--select", "0:6"]
        one, _ = self.plan(*args, "--target", "0")
        three, _ = self.plan(*args, "--target", "0,1,2")
        self.assertEqual(three["lattice data"], 3 * one["lattice data"])
        self.assertEqual(three["masks"], one["masks"])
        self.assertEqual(one["masks"], 6 * 512)

    def test_size_of_the_data_set(self):
        args = ["--closed-form", "random:n=14", "--types", "and,or", "--values", "--threshold",
                "sample:0.9"]
        plan, _ = self.plan(*args)
        out, _ = self.interactions(*args)
        self.assertLess(abs(plan["data set, all ranks"] - out.stat().st_size), 2**17)

    def test_does_nothing(self):
        for ranks in (0, 2):
            out = self.output()
            figures, result = self.plan("--closed-form", "majority:n=10", "--out", out,
                                        ranks=ranks)
            self.assertFalse(out.exists())
            self.assertFalse(os.path.exists(f"{out}.part"))
            self.assertEqual(result.out.count("plan:"), 1, result)
            self.assertEqual(figures["players"], 10)

    def test_aligned(self):
        _, result = self.plan("--closed-form", "majority:n=10")
        columns = {re.match(r"  \S.*?\s{2,}", line).end()
                   for line in result.out.splitlines() if line.startswith("  ")}
        self.assertEqual(len(columns), 1, result)

    def test_more_than_fits(self):
        """The plan of a lattice that is too large is printed, marked, and ends as the run would."""
        result = run("interactions", "--closed-form", "random:n=38", "--plan")
        self.assertEqual(result.code, 64, result)
        self.assertRegex(result.errors()[0], r"38 players .* [\d.]+ GiB .* ranks")
        self.assertRegex(result.out, r"  masks +274877906944\n")
        self.assertRegex(result.out, r"  fits +NO: \d+ ranks with as much memory each would do\n")
        enough = re.search(r"NO: (\d+) ranks", result.out)[1]
        result = run("interactions", "--closed-form", "random:n=38", "--plan", "--plan-ranks",
                     int(enough) + int(enough) // 4)  # memory comes and goes
        self.assertEqual((result.code, result.err), (0, ""), result)
        self.assertRegex(result.out, r"  fits +yes\n")

    def test_stated_machine(self):
        """64 ranks on 4 nodes of 16 GiB, on a machine that has neither."""
        stated = ["--plan-ranks", "64", "--plan-nodes", "4", "--plan-memory", "16GiB"]
        plan, result = self.plan("--closed-form", "random:n=30", *stated)
        self.assertEqual(plan["available to a rank"], 2**30)
        self.assertEqual(plan["nodes"], 4)
        self.assertRegex(result.out, r"limited by +--plan-memory, of 16 ranks on a node\n")
        self.assertEqual(plan["lattice data"], 2**30 * 8 // 64)
        # 2^n * 8 / 64 and 42 MiB into 95 % of 1 GiB.
        self.assertEqual(plan["largest lattice that fits"], 32)
        self.assertRegex(result.out, "exchange between nodes +not counted: --plan-bandwidth")
        times = []
        for rate in ("1MB/s", "2MB/s"):
            _, result = self.plan("--closed-form", "random:n=30", *stated, "--plan-bandwidth", rate)
            self.assertRegex(result.out, r"transform .* exchange between nodes\n")
            times.append(self.seconds(result, "transform"))
        # 16 ranks send 48/64 of their 128 MiB.
        sent = 16 * 48 / 64 * 2**27
        self.assertAlmostEqual(times[0] - times[1], sent / 1e6 - sent / 2e6, delta=0.05 * sent / 2e6)
        result = run("interactions", "--closed-form", "random:n=36", "--plan", *stated)
        self.assertEqual(result.code, 64, result)
        self.assertRegex(result.errors()[0], r"8\.\d+ GiB on each of 64 ranks, of which 0\.95 GiB "
                         r"are available \(--plan-memory")

    @staticmethod
    def seconds(result, task):
        """The predicted seconds of a task."""
        return float(re.search(rf"^  {task} +[\d:]+ \(([\d.e+-]+) s\)", result.out, re.M)[1])

    def test_times(self):
        """All tasks of a run have a time; the whole is their sum."""
        folder = self.folder / "results"
        folder.mkdir()
        for args, tasks in ((["and-or:n=16,terms=9", "--types", "and,or", "--verify"],
                             ["evaluate", "transform", "reduce", "verify", "write"]),
                            (["random:n=14", "--types", "and-or", "--noise", "0.02"],
                             ["evaluate", "reduce", "write"])):
            for ranks in (0, 2):
                _, result = self.plan("--closed-form", *args, "--out", folder / "x.h5", ranks=ranks)
                times = [self.seconds(result, task) for task in tasks]
                self.assertGreater(min(times), 0, result)
                split = "--noise" in args
                whole = self.seconds(result, "all but splits" if split else "all")
                self.assertAlmostEqual(whole, sum(times), delta=0.02 * whole)
                if split:
                    self.assertAlmostEqual(self.seconds(result, "splits, at most"),
                                           20 * self.seconds(result, "1000 steps of each split"),
                                           delta=0.1 * self.seconds(result, "splits, at most"))
        self.assertEqual(list(folder.iterdir()), [])


def random(n, *args):
    """A game of n players."""
    return ["--closed-form", f"random:n={n}", *args]


class Memory(ProgramTest):
    """Planned against used, from above and from below. Allocated is what the program counts itself,
    resident what the system counts; where ranks share memory, it counts shared pages for each, so
    those runs send messages."""
    FEW = ["--threshold", "sample:0.99"]
    FIT = ["--types", "and-or", "--fit-iterations", "15"]
    # Arguments, ranks.
    CASES = [(random(10), (0, 3)),
             (random(21, "--types", "and,or", *FEW), (0, 2, 3, 4)),
             (random(22, "--precision", "single", "--types", "or", "--values", *FEW), (0, 2)),
             (random(20, "--keep", "all", "--types", "and,or", "--values", *FEW), (3,)),
             (random(20, "--keep", "top:1000000"), (0, 2)),
             (random(18, *FIT, *FEW), (0, 2)),
             (random(18, *FIT, "--noise", "0.02", *FEW), (0, 3)),
             (random(20, "--indices", "SII:12", *FEW), (0, 2)),
             (random(20, "--indices", "Moebius:6,SV", *FEW), (0,)),
             (random(21, "--indices", "k-SII:10", *FEW), (0,)),
             (random(20, "--threshold", "global:0.99", "--chunk", "64KiB"), (2,)),
             ([*CNN, "--players", "grid:4x4", "--select", "0:3", "--target", "0,1,2", *FEW],
              (0, 2)),
             ([*CNN, "--players", "grid:4x5", "--select", "0", *FEW], (0,)),
             (["--model", DATA / "digits_cnn.onnx", "--model", DATA / "digits_mlp.onnx",
               "--samples", DATA / "digits_images.npy", "--labels", DATA / "digits_labels.npy",
               "--select", "0", "--players", "grid:4x4", "--share", *FIT, *FEW], (0, 2))]

    def check(self, what, planned, used, slack):
        """Within 5 % or so many bytes."""
        self.assertLess(abs(planned - used), max(0.05 * used, slack),
                        f"{what}: planned {planned / MIB:.1f} MiB, used {used / MIB:.1f} MiB")

    def test_planned_and_used(self):
        for args, all_ranks in self.CASES:
            for ranks in all_ranks:
                with self.subTest(args=args, ranks=ranks):
                    out, _ = self.interactions(*args, "--shm", "off", ranks=ranks)
                    found = run_attributes(out)
                    planned = found["planned_bytes_per_rank"]
                    held = found["planned_held_bytes_per_rank"]
                    self.check("allocated", planned - held, found["peak_bytes_per_rank"], 6 * MIB)
                    self.check("resident", planned, found["peak_resident_bytes_per_rank"],
                               66 * MIB)
                    out.unlink()

    def test_shared(self):
        """Ranks that share memory allocate as much: what they share is counted once."""
        for args in (random(20, "--types", "and,or", *self.FEW), random(17, *self.FIT, *self.FEW)):
            found = run_attributes(self.interactions(*args, ranks=3)[0])
            self.check("allocated", found["planned_bytes_per_rank"] -
                       found["planned_held_bytes_per_rank"], found["peak_bytes_per_rank"], 6 * MIB)

    def test_lists(self):
        """Full lists: of one row, of several, and of samples that are done again."""
        table = self.save("three.npy", np.random.default_rng(1).normal(size=(3, 2**17)))
        cases = [(random(19, "--types", "and,or", "--threshold", "sample:0"), (0, 2)),
                 (["--table", table, "--threshold", "sample:0"], (0, 2)),
                 (["--table", table, "--threshold", "global:0", "--salient-limit", "100000"], (2,)),
                 (random(18, *self.FIT, "--threshold", "sample:0"), (0,))]
        for args, all_ranks in cases:
            for ranks in all_ranks:
                with self.subTest(args=args, ranks=ranks):
                    found = run_attributes(self.interactions(*args, ranks=ranks)[0])
                    plan = run("interactions", *args, "--plan", ranks=ranks)
                    usual, most = (int(re.search(rf"  {name} +(\d+) ", plan.out)[1])
                                   for name in ("salient lists", "salient lists, at most"))
                    self.assertGreater(most, usual)
                    self.check("with full lists", found["planned_bytes_per_rank"] -
                               found["planned_held_bytes_per_rank"] - usual + most,
                               found["peak_bytes_per_rank"], 6 * MIB)


class Bench(ProgramTest):
    """Benchmarks refuse what cannot fit, before they allocate it."""

    def test_refused(self):
        game = ["--closed-form", "random:n=23"]
        for args, ranks in ((["stream", "--n", "24"], 0), (["transform", "--n", "24"], 0),
                            (["exchange", "--n", "24"], 0), (["indices", "--n", "22"], 0),
                            (["lattice", *game], 0), (["fit", *game], 0),
                            (["stream", "--n", "23"], 2), (["exchange", "--n", "20"], 2)):
            with self.subTest(args=args, ranks=ranks):
                result = run("bench", *args, ranks=ranks, env=system_with(self.folder, 100))
                self.assertEqual((result.code, result.out), (64, ""), result)
                self.assertEqual(len(result.errors()), 1, result)
                self.assertRegex(result.errors()[0], r"needs 0\.\d+ GiB on each of \d ranks?, of "
                                 r"which 0\.\d+ GiB are available \(memory.max .*job_7\)")
        result = run("bench", "stream", "--n", "20", "--repeat", "1",
                     env=system_with(self.folder, 100))
        self.assertEqual(result.code, 0, result)


if __name__ == "__main__":
    import program
    program.main(workers=2)
