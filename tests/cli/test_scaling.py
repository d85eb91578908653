"""jobs/scaling: the model counts what the program counts, its times are sums that can be done by
hand, and a study takes no row whose result is another."""
import json
import math
import pathlib
import re
import subprocess
import sys
import unittest

import program
from program import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCALING = ROOT / "jobs" / "scaling"
sys.path[:0] = [str(SCALING), str(ROOT / "jobs")]

import measure  # noqa: E402
import tables  # noqa: E402
from model import Machine, Model, Partition, efficiency, fit_link  # noqa: E402

MACHINE = dict(masks=1000.0, core=1e9, memory=1e30, own=1e30, shared=1e30, alpha=0.0, beta=0.0,
               write=1e30, reduce=1e30, stream=1e30, node_ranks=1)


def model(n, ranks, **changes):
    return Model(Partition(n, ranks), Machine(**{**MACHINE, **changes}))


class Counts(program.ProgramTest):
    """What is counted, against --plan and what an exchange has counted."""

    def test_plan(self):
        for n, ranks, chunk in ((16, 3, 0), (22, 2, 1 << 16), (24, 100, 0), (26, 7, 1000),
                                (32, 4095, 0), (33, 5, 1 << 30), (40, 4096, 0), (40, 1000, 1 << 20)):
            part = Partition(n, ranks, chunk=chunk)
            plan = run("interactions", "--closed-form", f"and-or:n={n}", "--types", "and", "--plan",
                       "--plan-ranks", ranks, *(["--chunk", chunk] if chunk else []))
            self.assertEqual(plan.code, 0, plan)
            for name, counted in (("masks", part.masks), ("lattice data", part.bytes),
                                  ("sent by exchanges", part.volume()),
                                  ("messages of exchanges", part.messages())):
                self.assertEqual(int(re.search(rf"^  {name} +(\d+)", plan.out, re.M)[1]), counted,
                                 f"{name}, n = {n}, {ranks} ranks, chunk {chunk}")
            # What a plan adds for code and small arrays, it says line by line.
            total = int(re.search(r"^  memory +(\d+)", plan.out, re.M)[1])
            rest = sum(int(re.search(rf"^  {name} +(\d+)", plan.out, re.M)[1])
                       for name in ("salient lists", "interaction indices", "code, MPI, HDF5"))
            self.assertLess(abs(total - rest - Model(part, Machine(**MACHINE)).memory(1)),
                            max(0.05 * total, 64 << 20))

    def test_planned_link(self):
        """A link that is so slow that it is all there is to a transform."""
        plan = run("interactions", "--closed-form", "and-or:n=30", "--types", "and", "--plan",
                   "--plan-ranks", 64, "--plan-nodes", 4, "--plan-memory", "64GiB",
                   "--plan-bandwidth", "1000000/s")
        self.assertEqual(plan.code, 0, plan)
        seconds = re.search(r"^  transform .*\((\S+) s\), exchange between nodes", plan.out, re.M)
        self.assertTrue(seconds, plan)
        expected = model(30, 64, beta=1e-6, node_ranks=16).exchange()
        self.assertLess(abs(float(seconds[1]) / expected - 1), 0.02)

    def test_exchange(self):
        """An exchange that is really done."""
        for n, ranks, chunk in ((18, 3, 1 << 14), (16, 2, 100)):
            path = self.folder / f"exchange-{n}.json"
            result = run("bench", "lattice", "--closed-form", f"and-or:n={n}", "--shm", "off",
                         "--chunk", chunk, "--timing", path, ranks=ranks)
            self.assertEqual(result.code, 0, result)
            figures = json.loads(path.read_text(encoding="utf-8"))
            part = Partition(n, ranks, chunk=chunk)
            self.assertEqual(figures["messages of a rank, an exchange []"],
                             max(part.messages(rank) for rank in range(ranks)))
            self.assertEqual(figures["chunk [bytes]"], part.used_chunk)
            self.assertEqual(figures["sent by a rank, an exchange [bytes]"], part.volume())
            self.assertEqual(figures["lattice of a rank [bytes]"], part.bytes)

    def test_volumes(self):
        """All ranks together send all tiles but those of the diagonal squares."""
        for n in range(4, 41):
            for ranks in (1, 2, 3, 5, 7, 1000, 4095, 4096):
                if ranks > Partition(n, 1).rows:
                    continue
                part = Partition(n, ranks)
                stays = sum(part.rows_of(rank)**2 * part.tile for rank in range(ranks))
                self.assertEqual(sum(map(part.volume, range(ranks))) + stays, 8 << n)
                self.assertEqual(part.volume(), max(map(part.volume, range(ranks))))

    def test_refused(self):
        for n, ranks in ((0, 1), (41, 1), (10, 5), (40, 4097), (20, 0)):
            with self.assertRaises(ValueError):
                Partition(n, ranks)


class Times(unittest.TestCase):
    """Times with one rate at a time."""

    def test_evaluate(self):
        self.assertEqual(model(20, 4).evaluate(), 2**18 / 1000)
        self.assertEqual(model(20, 4).evaluate(targets=3), 3 * 2**18 / 1000)
        # The busiest of three ranks has 342 of 1024 rows of 2^10 masks.
        self.assertEqual(model(20, 3).evaluate(), 342 * 2**10 / 1000)

    def test_transform(self):
        self.assertEqual(model(30, 8).transform(), 2**30 / 1e9)
        # Four ranks of a node share its memory: two visits, each read and written.
        self.assertEqual(model(30, 8, node_ranks=4, memory=1e9).butterflies(), 4 * 2**30 * 4 / 1e9)
        self.assertEqual(model(30, 8, core=1e30, own=1e9).own(), 2**33 / 64 / 1e9)

    def test_exchange(self):
        part = Partition(30, 8)
        self.assertAlmostEqual(model(30, 8, alpha=1e-3).exchange(), 1e-3 * part.messages())
        self.assertAlmostEqual(model(30, 8, beta=1e-9).exchange(), 2**30 * 7 / 8 * 1e-9)
        # Four of seven partners are on the other node, whose link four ranks share.
        self.assertAlmostEqual(model(30, 8, beta=1e-9, node_ranks=4).exchange(),
                               4 * 2**30 * 4 / 8 * 1e-9)
        self.assertAlmostEqual(model(30, 8, shared=1e9, node_ranks=4).exchange(),
                               4 * 2**30 * 3 / 8 / 1e9)
        # On one node nothing goes over a link.
        self.assertEqual(model(30, 8, alpha=1, beta=1, shared=math.inf, node_ranks=8).exchange(), 0)
        self.assertEqual(model(30, 1, alpha=1, beta=1).exchange(), 0)

    def test_run(self):
        phases = model(24, 2, reduce=1e6, write=1e3).run(types=2, written=5e3)
        self.assertEqual(phases, {"evaluate": 2**23 / 1000, "transform": 2 * 2**26 / 1e9,
                                  "reduce": 3 * 2**26 / 1e6, "write": 5})
        self.assertEqual(model(20, 2, stream=1e6).split(10), 10 * (4 * 2**22 / 1e9 + 2**22 / 1e6))

    def test_efficiency(self):
        self.assertEqual(efficiency({1: 8.0, 2: 4.0, 4: 4.0}), {1: 1.0, 2: 1.0, 4: 0.5})
        self.assertEqual(efficiency({2: 6.0, 3: 6.0}), {2: 1.0, 3: 2 / 3})

    def test_link(self):
        points = [(m, b, 3e-6 * m + 2e-9 * b) for m, b in ((10, 1e6), (100, 1e6), (7, 1e8))]
        alpha, beta = fit_link(points)
        self.assertAlmostEqual(alpha / 3e-6, 1)
        self.assertAlmostEqual(beta / 2e-9, 1)
        # No negative rates, whatever noise says.
        alpha, beta = fit_link([(10, 1e6, 2e-3), (1000, 1e6, 1e-3)])
        self.assertEqual(alpha, 0)
        self.assertGreater(beta, 0)

    def test_predictions(self):
        text = tables.predictions(Machine(**MACHINE), range(24, 41, 4), [1, 64, 4096])
        self.assertEqual(len(text.splitlines()), 2 + 5 * 3 - 2)  # 24 and 28 have 1024 rows
        self.assertRegex(text, r"\| 40 \| 4096 \| 4096 \| 2 GiB \| 4 GiB \| 2 GiB \| 4095 \|")


class Studies(program.ProgramTest):
    """The driver."""

    def scaling(self, *arguments):
        return subprocess.run([sys.executable, "-B", str(SCALING / "scaling.py"),
                               *map(str, arguments)], capture_output=True, text=True, timeout=300,
                              check=False)

    def study(self, rows, *arguments, launcher="mpirun --oversubscribe -n {ranks}"):
        return self.scaling(*arguments[:2], "--program", program.PROGRAM, "--launcher", launcher,
                            "--out", rows, "--repeat", 1, *arguments[2:])

    def machine(self):
        path = self.folder / "machine.json"
        path.write_text(json.dumps({**MACHINE, "name": "here"}), encoding="utf-8")
        return path

    def test_rows(self):
        rows = self.folder / "rows.jsonl"
        for arguments in (("strong", "run", "--n", "10", "--ranks", "2,3"),
                          ("weak", "transform", "--n", "9", "--ranks", "1,2"),
                          ("strong", "split", "--n", "6", "--ranks", "1,2", "--", "--closed-form",
                           "random:n={n},seed=1")):
            done = self.study(rows, *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
        found = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
        self.assertEqual([(r["study"], r["part"], r["n"], r["ranks"]) for r in found],
                         [("strong", "run", 10, 2), ("strong", "run", 10, 3),
                          ("weak", "transform", 9, 1), ("weak", "transform", 10, 2),
                          ("strong", "split", 6, 1), ("strong", "split", 6, 2)])
        for row in found:
            if row["ranks"] > 1:
                self.assertIn("checksum of 1 rank", row["verified"])
            self.assertGreater(row["seconds"][row["phase"]]["least"], 0)
        self.assertEqual([r["bytes_sent"] for r in found[:4]],
                         [Partition(10, 2).volume(), Partition(10, 3).volume(), 0,
                          Partition(10, 2).volume()])
        self.assertTrue(found[0]["verified"][0].startswith("known"))
        self.assertGreater(found[0]["bytes_written"], 0)
        done = self.scaling("tables", rows, "--machine", self.machine())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("### Weak scaling: transform", done.stdout)
        done = self.scaling("plot", rows, "--machine", self.machine(), "--out", self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in done.stdout.split():
            self.assertEqual(pathlib.Path(path).read_bytes()[:4], b"\x89PNG")
        self.assertEqual(len(done.stdout.split()), 2)

    def test_wrong_result(self):
        """Two ranks with another checksum than one: no row, and the study ends."""
        script = self.folder / "launch.py"
        script.write_text("import re, subprocess, sys\n"
                          "subprocess.run(sys.argv[2:], check=True)\n"
                          "path = sys.argv[sys.argv.index('--timing') + 1]\n"
                          "text = open(path).read()\n"
                          "if sys.argv[1] == '2':\n"
                          "    text = re.sub(r'(checksum of v\": \".)..', r'\\g<1>00', text)\n"
                          "    text = text.replace('\"ranks\": 1', '\"ranks\": 2')\n"
                          "open(path, 'w').write(text)\n", encoding="utf-8")
        rows = self.folder / "wrong.jsonl"
        done = self.study(rows, "strong", "transform", "--n", "8", "--ranks", "1,2",
                          launcher=f"{sys.executable} {script} {{ranks}}")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("2 ranks have", done.stderr)
        self.assertEqual([json.loads(row)["ranks"] for row in
                          rows.read_text(encoding="utf-8").splitlines()], [1])

    def test_mistakes(self):
        """What is wrong is said, and no row is written."""
        rows = self.folder / "mistakes.jsonl"
        for arguments, launcher, words in (
                (("strong", "transform", "--n", "8", "--", "--closed-form", "and-or:n=9"),
                 "mpirun -n {ranks}", "does the game have {n}?"),
                (("weak", "transform", "--n", "8", "--ranks", "1,3"), "mpirun -n {ranks}",
                 "powers of two"),
                (("strong", "run", "--n", "8"), "true", "{ranks}"),
                (("strong", "run", "--n", "8"), "no-such-launcher {ranks}", "no-such-launcher"),
                (("strong", "run", "--n", "8", "--with-options=--keep nonsense"),
                 "mpirun -n {ranks}", "--keep nonsense")):
            done = self.study(rows, *arguments, launcher=launcher)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(words, done.stderr)
            self.assertIn("error", done.stderr)
        self.assertFalse(rows.exists())
        for text in ("{}\n", "no JSON\n"):
            path = self.folder / "bad.jsonl"
            path.write_text(text, encoding="utf-8")
            with self.assertRaises(measure.Failure):
                measure.read_rows([path])


if __name__ == "__main__":
    program.main(workers=2)
