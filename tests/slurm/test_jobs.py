"""The shipped jobs under a real Slurm."""
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from check_dataset import differences
from program import DATA, PROGRAM, ProgramTest, main, run
from cluster import CannotStart, Cluster

JOBS = DATA.parent / "jobs"
RANKS = 2
PATIENCE = 240


class Jobs(ProgramTest):
    """One cluster for all tests; each works in a folder of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster, cls.reason = Cluster(), None
        try:
            cls.enterClassContext(cls.cluster)
        except CannotStart as reason:
            if os.environ.get("CI") and os.geteuid() == 0:
                raise
            cls.reason = f"Slurm cannot start: {reason}"

    def setUp(self):
        if self.reason:
            self.skipTest(self.reason)
        self.work = self.folder / self._testMethodName
        self.work.mkdir()

    def submit(self, script, *arguments, options=(), **environment):
        """Queue a job; its number and its log."""
        done = subprocess.run(
            ["sbatch", "--parsable", f"--chdir={self.work}", f"--ntasks-per-node={RANKS}",
             "--output=%j.log", *options, JOBS / script, *map(str, arguments)],
            env={**self.cluster.environment, "HARSANYI": PROGRAM, "DATA": str(DATA), **environment},
            cwd=self.work, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        job = done.stdout.strip()
        self.addCleanup(self.cluster.ask, "scancel", job)
        return job, self.work / f"{job}.log"

    def of_job(self, job):
        """What Slurm knows of a job: {name: value}."""
        said = self.cluster.ask("scontrol", "show", "job", "--oneliner", job)
        return dict(word.split("=", 1) for word in said.split() if "=" in word)

    def until(self, what, log, ready):
        """Wait for something that must come."""
        end = time.monotonic() + PATIENCE
        while not ready():
            if time.monotonic() > end:
                self.fail(f"no {what}\n{log.read_text() if log.exists() else 'no log'}\n"
                          f"{self.cluster.ask('scontrol', 'show', 'job')}")
            time.sleep(0.1)

    def until_state(self, job, log, *states):
        """Wait until a job is in a state; which one."""
        self.until(f"state {states} of job {job}", log,
                   lambda: self.of_job(job).get("JobState") in states)
        return self.of_job(job)["JobState"]

    def test_demo(self):
        """sbatch jobs/slurm.sh, as it is."""
        job, log = self.submit("slurm.sh")
        self.until_state(job, log, "COMPLETED", "FAILED", "TIMEOUT")
        self.assertEqual(self.of_job(job)["JobState"], "COMPLETED", log.read_text())
        self.assertRegex(log.read_text(), "(?s)4 samples.* 2 ranks .*logit")
        self.assertEqual(run("show", self.work / f"harsanyi-{job}.h5", "--check").code, 0)

    def test_array(self):
        """jobs/slurm_array.sh: the merged parts are one run over all samples."""
        merged, whole = self.work / "all.h5", self.work / "whole.h5"
        done = subprocess.run(
            [JOBS / "slurm_array.sh"], cwd=self.work, stdin=subprocess.DEVNULL,
            env={**self.cluster.environment, "HARSANYI": PROGRAM, "DATA": str(DATA), "SAMPLES": "7",
                 "PARTS": "3", "PLAYERS": "grid:2x2", "OUT": str(merged)},
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        job = done.stdout.split()[-1]
        self.addCleanup(self.cluster.ask, "scancel", job)
        log = self.work / f"harsanyi-{job}-merge.log"
        state = self.until_state(job, log, "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT")
        self.assertEqual(state, "COMPLETED", log.read_text() if log.exists() else "no log")
        done = run("interactions", "--model", DATA / "digits_cnn.onnx", "--samples",
                   DATA / "digits_images.npy", "--labels", DATA / "digits_labels.npy", "--select",
                   "0:7", "--players", "grid:2x2", "--types", "and,or", "--out", whole)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(differences(whole, merged), [])
        self.assertEqual([*self.work.glob("all.h5.*")], [])


if __name__ == "__main__":
    main()
