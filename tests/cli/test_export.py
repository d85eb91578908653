"""harsanyi export: what is written is what the data set holds, in both formats."""
import csv
import io
import json

import h5py
import numpy as np

import program
from program import ProgramTest, run

INDICES = "SV,BV,SII,k-SII:3,Moebius:2,Walsh"
COLUMNS = ["row", "sample", "target", "order", "mask", "players", "value"]


class Export(ProgramTest):
    """One data set of two samples and AND and OR interactions, one of AND alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = cls.write("names.txt", "\n".join(['plain', 'with "quotes"', 'a, comma', 'Größe']))
        rows = np.random.default_rng(5).normal(size=(3, 16))
        table = cls.save("table.npy", rows)
        for name, types in (("both", "and,or"), ("single", "and")):
            select = "0,2" if name == "both" else "1"
            done = run("interactions", "--table", table, "--select", select, "--types", types,
                       "--indices", INDICES, "--player-names", names, "--keep",
                       "all", "--out", cls.dataset(name), "--force", "--quiet")
            assert done.code == 0, done

    @classmethod
    def dataset(cls, name):
        """Path of a data set."""
        return cls.folder / f"{name}.h5"

    def table(self, *args, code=0):
        """The rows of a CSV on standard output."""
        done = run("export", *args)
        self.assertEqual(done.code, code, done)
        return list(csv.DictReader(io.StringIO(done.out)))

    def refused(self, code, *args, words):
        """One message, with these words, and nothing on standard output."""
        done = run("export", *args)
        self.assertEqual(done.code, code, done)
        self.assertEqual(len(done.errors()), 1, done)
        self.assertEqual(done.out, "")
        for word in words:
            self.assertIn(word, done.err)

    def test_indices_as_tables(self):
        with h5py.File(self.dataset("both")) as file:
            names = file["players/name"].asstr()[()]
            for index in ("SV", "BV", "SII", "k-SII", "Moebius", "Walsh"):
                rows = self.table(self.dataset("both"), "--index", index)
                self.assertEqual(list(rows[0]), COLUMNS)
                if index in ("SV", "BV"):
                    masks, values = 1 << np.arange(4), file[f"indices/{index}"][()]
                else:
                    masks = file[f"indices/{index}/mask"][()]
                    values = file[f"indices/{index}/value"][()]
                self.assertEqual(len(rows), values.size)
                wanted = [(k, sample, int(mask), value)
                          for k, sample in enumerate(file["samples/index"][()].tolist())
                          for mask, value in zip(masks, values[k].tolist())]
                self.assertEqual(wanted, [(int(r["row"]), int(r["sample"]), int(r["mask"]),
                                           float(r["value"])) for r in rows])
                for r in rows:
                    members = [names[i] for i in range(4) if int(r["mask"]) >> i & 1]
                    self.assertEqual(r["players"], "; ".join(members))
                    self.assertEqual(int(r["order"]), len(members))

    def test_default_is_the_first_index(self):
        self.assertEqual(self.table(self.dataset("both")),
                         self.table(self.dataset("both"), "--index", "SV", "--format", "csv"))

    def test_interactions_as_tables(self):
        with h5py.File(self.dataset("both")) as file:
            for kind, empty in (("and", True), ("or", False)):
                rows = self.table(self.dataset("both"), "--interactions", kind, "--row", "1")
                stored = file[f"interactions/{kind}"][1]
                found = {int(r["mask"]): float(r["value"]) for r in rows}
                self.assertEqual(found, dict(enumerate(stored)) if empty
                                 else dict(list(enumerate(stored))[1:]))
                self.assertEqual({r["type"] for r in rows}, {kind.upper()})
                self.assertEqual({r["row"] for r in rows}, {"1"})
            rows = self.table(self.dataset("both"), "--interactions", "salient")
            self.assertEqual([float(r["value"]) for r in rows], file["salient/value"][()].tolist())
            self.assertEqual([("AND", "OR").index(r["type"]) for r in rows],
                             file["salient/type"][()].tolist())

    def test_shapiq(self):
        for index in ("SV", "SII", "k-SII", "Moebius"):
            out = self.folder / f"{index}.json"
            done = run("export", self.dataset("both"), "--index", index, "--row", "1", "--out", out)
            self.assertEqual((done.code, done.out), (0, ""), done)
            content = json.loads(out.read_text())
            with h5py.File(self.dataset("both")) as file:
                group = file[f"indices/{index}"]
                masks = group["mask"][()] if index != "SV" else 1 << np.arange(4)
                values = group["value"][1] if index != "SV" else group[1]
                wanted = {",".join(str(i) for i in range(4) if int(m) >> i & 1): v
                          for m, v in zip(masks, values)}
                if index == "Moebius":
                    wanted["Empty"] = file["samples/v_empty"][1]
                self.assertEqual(content["metadata"]["baseline_value"], file["samples/v_empty"][1])
            self.assertEqual(content["data"], wanted)
            highest = max(key.count(",") + 1 for key in wanted)
            self.assertEqual([content["metadata"][key] for key in
                              ("n_players", "index", "max_order", "min_order", "estimated")],
                             [4, index, highest, 0 if index == "Moebius" else 1, False])

    def test_files_are_not_replaced(self):
        out = self.write("kept.csv", "kept")
        self.refused(64, self.dataset("both"), "--out", out, words=["kept.csv exists", "--force"])
        self.assertEqual(out.read_text(), "kept")
        self.assertEqual(run("export", self.dataset("both"), "--out", out, "--force").code, 0)
        self.assertIn("row,sample", out.read_text())

    def test_mistakes(self):
        both, single = self.dataset("both"), self.dataset("single")
        self.refused(64, words=["harsanyi export FILE.h5"])
        self.refused(65, "none.h5", words=["none.h5"])
        self.refused(65, both, "--index", "FSII", words=["FSII", "SV BV SII k-SII Moebius Walsh"])
        self.refused(64, both, "--index", "SV", "--interactions", "and", words=["exclude"])
        self.refused(64, both, "--interactions", "xor", words=["xor", "and, or, salient"])
        self.refused(65, single, "--interactions", "or", words=["--keep all", "salient"])
        self.refused(64, both, "--format", "json", words=["--format", "json", "shapiq, csv"])
        self.refused(64, both, "--format", "shapiq", words=["one row", "--row"])
        self.refused(64, both, "--row", "2", words=["--row 2", "rows 0 to 1"])
        self.refused(64, both, "--row", "one", words=["--row", "'one'"])
        self.refused(64, both, "--interactions", "or", "--row", "0", "--format", "shapiq",
                     words=["no OR interactions", "csv"])
        self.refused(64, both, "--row", "0", "--format", "shapiq", "--out",
                     self.folder / "name.txt", words=["name.txt", ".json"])
        self.refused(74, both, "--out", self.folder / "missing" / "x.csv",
                     words=["x.csv", "written"])
        self.assertFalse((self.folder / "name.txt").exists())

    def test_ranks(self):
        """Under mpirun one rank writes."""
        alone = run("export", self.dataset("single"), "--interactions", "and", "--format", "shapiq")
        three = run("export", self.dataset("single"), "--interactions", "and", "--format", "shapiq",
                    ranks=3)
        self.assertEqual((alone.code, three.code, alone.out), (0, 0, three.out))

    def test_msb_tables(self):
        """A table with player 0 in the highest bit has the same indices, players reversed."""
        values = np.random.default_rng(2).normal(size=32)
        table, both = self.save("order.npy", values), []
        for order in ("lsb", "msb"):
            out, _ = self.interactions("--table", table, "--bit-order", order, "--indices",
                                       "SV,SII:2,Moebius")
            with h5py.File(out) as file:
                both.append({name: (file[f"indices/{name}/mask"][()],
                                    file[f"indices/{name}/value"][0])
                             for name in ("SII", "Moebius")})
        for name, (masks, found) in both[0].items():
            turned = {int(f"{int(m):05b}"[::-1], 2): v for m, v in zip(*both[1][name])}
            np.testing.assert_allclose(found, [turned[int(m)] for m in masks], atol=1e-13)


if __name__ == "__main__":
    program.main()
