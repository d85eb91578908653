"""Where the time of a run goes: --timing's JSON, the table of --verbose, /run. Times are compared
with each other alone; volumes are those of the formulas, for any number of ranks."""
import json
import re

import h5py

import program
from program import DATA, ProgramTest, run_attributes

CNN = ["--model", DATA / "digits_cnn.onnx", "--samples", DATA / "digits_images.npy", "--players",
       "grid:3x3"]
GAME = ["--closed-form", "and-or:n=14,terms=50", "--types", "and,or", "--values"]


def volumes(n, block_bits, ranks, element=8):
    """Bytes that each rank sends in one exchange: the tiles of its rows in the others' columns."""
    blocks = 1 << block_bits
    rows = [blocks * (r + 1) // ranks - blocks * r // ranks for r in range(ranks)]
    return [(count * (blocks - count) << (n - 2 * block_bits)) * element for count in rows]


class Timing(ProgramTest):
    """--timing, --verbose, and the attributes of /run."""

    def timing(self, *args, ranks=0):
        """What --timing writes, the data set and the run."""
        path = self.folder / f"timing-{self.outputs}.json"
        out, result = self.interactions(*args, "--timing", path, ranks=ranks)
        return json.loads(path.read_text()), out, result

    def check_times(self, timing, ranks):
        """The seconds of the tasks are all there are, on each rank and so for the most and least of
        the ranks."""
        tasks = timing["tasks"]
        for name, task in tasks.items():
            self.assertEqual(timing[name], task["seconds_max"], name)
            for what in ("seconds", "busy"):
                self.assertLessEqual(0, task[f"{what}_min"], name)
                self.assertLessEqual(task[f"{what}_min"], task[f"{what}_max"], name)
            self.assertLessEqual(task["busy_max"], task["seconds_max"], name)
            self.assertLessEqual(task["wait_max"], task["seconds_max"], name)
        rounding = 1e-6 * (len(tasks) + 1)
        total = timing["total"]
        self.assertGreaterEqual(sum(t["seconds_max"] for t in tasks.values()), total - rounding)
        self.assertLessEqual(sum(t["seconds_min"] for t in tasks.values()), total + rounding)
        if ranks < 2:
            self.assertAlmostEqual(sum(t["seconds_max"] for t in tasks.values()), total,
                                   delta=rounding)

    def test_tasks(self):
        """All keys; the data set says the same, as far as it could."""
        timing, out, _ = self.timing(*CNN, "--select", "0:2", "--evaluator", "brute", ranks=2)
        self.check_times(timing, 2)
        self.assertEqual([timing[key] for key in ("n", "samples", "targets", "ranks", "nodes",
                                                  "precision", "shm", "masks")],
                         [9, 2, 1, 2, 1, "double", "auto", 2 * 512])
        attributes = run_attributes(out)
        self.assertEqual(timing["hosts"], attributes["hosts"].decode())
        self.assertEqual(timing["blocks"], attributes["blocks"])
        self.assertGreater(timing["memory_limit"], 0)
        self.assertGreater(timing["multiply_adds_limit"], 0)
        stored = json.loads(attributes["tasks"])
        self.assertEqual(set(stored), set(timing["tasks"]))
        for name in ("evaluate", "transform", "reduce", "write"):
            self.assertEqual(stored[name], timing["tasks"][name])
            self.assertAlmostEqual(attributes[f"seconds_{name}"], timing[name], delta=1e-6)
        self.assertLessEqual(attributes["seconds_total"], timing["total"] + 1e-6)
        self.assertEqual([timing[name] for name in ("fit", "verify", "checkpoint")], [0, 0, 0])

    def test_multiply_adds(self):
        timing, _, result = self.timing(*CNN, "--select", "0:2", "--evaluator", "brute")
        each = int(re.search(r"(\d+) multiply-adds per mask", result.out)[1])
        self.assertEqual(timing["tasks"]["evaluate"]["multiply_adds"], 2 * 512 * each)

    def test_volumes(self):
        """What is sent, passed over and written, and the checksum, on any number of ranks."""
        checksums = set()
        for ranks in (1, 2, 3, 4):
            for shm in ("auto", "off"):
                timing, out, _ = self.timing(*GAME, "--shm", shm, "--chunk", "4KiB", ranks=ranks)
                self.check_times(timing, ranks)
                transform, write = timing["tasks"]["transform"], timing["tasks"]["write"]
                sent = volumes(14, timing["blocks"].bit_length() - 1, ranks)
                self.assertEqual((transform["calls"], transform["exchanges"]), (2, 2))
                self.assertEqual(transform["bytes_sent"], 2 * sum(sent), (ranks, shm))
                self.assertEqual(transform["bytes_sent_max"], 2 * max(sent), (ranks, shm))
                if shm == "off":
                    self.assertEqual(transform["messages_max"] > 0, ranks > 1)
                # Two passes of each transform, that read and write; and the copy of v.
                self.assertEqual(transform["bytes_passed"], (2 * 4 + 2) * 8 << 14)
                with h5py.File(out) as file:
                    arrays = [file[path].nbytes for path in
                              ("values", "interactions/and", "interactions/or")]
                    lists = [file[f"salient/{name}"].nbytes for name in
                             ("mask", "type", "value", "order", "offset", "truncated")]
                self.assertEqual(write["bytes_written"], sum(arrays) + sum(lists))
                checksums.add(timing["checksum"])
        self.assertEqual(len(checksums), 1, checksums)
        other, *_ = self.timing("--closed-form", "and-or:n=14,terms=51", "--types", "and,or")
        self.assertNotIn(other["checksum"], checksums)

    def test_groups(self):
        """Samples one after the other on all ranks, or each on a rank of its own."""
        checksums = set()
        for ranks, each in ((1, 1), (3, 1), (3, 3)):
            timing, *_ = self.timing(*CNN, "--select", "0:4", "--ranks-per-sample", each,
                                     ranks=ranks)
            self.check_times(timing, ranks)
            self.assertEqual(timing["ranks_per_sample"], each)
            self.assertEqual(timing["masks"], 4 * 512)
            checksums.add(timing["checksum"])
        self.assertEqual(len(checksums), 1, checksums)

    def test_fit(self):
        timing, *_ = self.timing("--closed-form", "and-or:n=8,terms=20", "--types", "and-or")
        self.assertEqual(timing["tasks"]["fit"]["calls"], 1)
        self.assertGreater(timing["tasks"]["fit"]["bytes_passed"], 0)
        self.assertNotIn("transform", timing["tasks"])

    def table(self, result):
        """[first word of each row] of the one table."""
        self.assertEqual(len(re.findall(r"^  task +calls +seconds +max/min", result.out, re.M)), 1,
                         result)
        rows = [row for row in result.out.split("  task ", 1)[1].splitlines()[1:]
                if row.startswith("  ")]
        self.assertTrue(all(len(row) <= 100 for row in rows), result)
        names = [row.split()[0] for row in rows]
        self.assertEqual(names.count("total"), 1, result)
        return names

    def test_table(self):
        """Once, with the same rows on any number of ranks; with --verbose, or --timing."""
        tasks = ["prepare", "evaluate", "transform", "reduce", "write", "close"]
        for ranks in (0, 2, 4):
            _, result = self.interactions(*GAME, "--verbose", ranks=ranks)
            exchange = ["(exchange)"] if ranks > 1 else []
            self.assertEqual(self.table(result), [*tasks, *exchange, "total"], result)
        _, _, result = self.timing(*CNN, "--select", "0")
        self.assertEqual(self.table(result), [*tasks[:-1], "checksums", "close", "total"], result)

    def test_no_table(self):
        _, result = self.interactions(*CNN, "--select", "0")
        self.assertNotIn("max/min", result.out)
        _, _, result = self.timing(*CNN, "--select", "0", "--quiet")
        self.assertEqual(result.out, "", result)


if __name__ == "__main__":
    program.main(workers=2)
