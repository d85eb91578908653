"""jobs/slurm.sh under a real Slurm: stopped before a time limit, queued again, resumed, cancelled,
it ends with the bytes of a run that nothing disturbed; and jobs/slurm_array.sh."""
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from check_dataset import differences
from program import DATA, PROGRAM, main, run
from cluster import CannotStart, Cluster
from jobs import IN_THE_MIDDLE, JOBS, JobTest, RANKS

PATIENCE = 240


def standing_still(job):
    """Process ids of ranks of a job that stand still."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (" T " in (entry / "stat").read_text() and
                    os.path.samefile(entry / "exe", PROGRAM) and
                    f"SLURM_JOB_ID={job}".encode() in
                    (entry / "environ").read_bytes().split(b"\0")):
                yield int(entry.name)
        except OSError:
            continue  # it has ended, or is not ours to look at


def has_pending(pid, number):
    """Does a signal wait for a process?"""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    masks = [int(line.split()[1], 16) for line in status.splitlines()
             if line.startswith(("SigPnd:", "ShdPnd:"))]
    return any(mask >> (number - 1) & 1 for mask in masks)


class Jobs(JobTest):
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
        super().setUp()

    def submit(self, *options, **environment):
        """Queue the demo; the job's number, its log and its data set."""
        done = subprocess.run(
            ["sbatch", "--parsable", f"--chdir={self.work}", f"--ntasks-per-node={RANKS}",
             "--output=%j.log", *options, JOBS / "slurm.sh"], cwd=self.work,
            env={**self.cluster.environment, **self.environment(**environment)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        job = done.stdout.strip()
        self.addCleanup(self.cluster.ask, "scancel", job)
        return job, self.work / f"{job}.log", self.work / f"harsanyi-{job}.h5"

    def of_job(self, job):
        """What Slurm knows of a job: {name: value}."""
        said = self.cluster.ask("scontrol", "show", "job", "--oneliner", job)
        return dict(word.split("=", 1) for word in said.split() if "=" in word)

    def until(self, what, log, found):
        """Wait for something that must come."""
        end = time.monotonic() + PATIENCE
        while not found():
            if time.monotonic() > end:
                self.fail(f"no {what}\n{log.read_text() if log.exists() else 'no log'}\n"
                          f"{self.cluster.ask('scontrol', 'show', 'job')}\n{self.cluster.said()}")
            time.sleep(0.1)

    def ends(self, job, log, state):
        """Wait until a job ends, in a state. Returns what Slurm knows of it."""
        running = ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "REQUEUED", None)
        self.until(f"end of job {job}", log,
                   lambda: self.of_job(job).get("JobState") not in running)
        job = self.of_job(job)
        self.assertEqual(job["JobState"], state, log.read_text())
        return job

    def stands_still(self, job, log):
        """Wait until a rank stands still, in the middle; its process id."""
        self.until("rank that stands still", log, lambda: list(standing_still(job)))
        return next(standing_still(job))

    def goes_on_signalled(self, pid, log):
        """Let a rank that stands still go on once SIGUSR1 has come to it."""
        self.until("SIGUSR1", log, lambda: has_pending(pid, signal.SIGUSR1))
        os.kill(pid, signal.SIGCONT)

    def test_demo(self):
        """sbatch jobs/slurm.sh, as it is."""
        job, log, out = self.submit()
        self.ends(job, log, "COMPLETED")
        self.assertRegex(log.read_text(), "(?s)4 samples.* 2 ranks .*log-odds")
        self.check_like_undisturbed(out, log.read_text(), resumed=0)

    def test_signal(self):
        """Signalled as before a limit, under srun: the job goes on under its own number."""
        job, log, out = self.submit(HARSANYI_PAUSE=IN_THE_MIDDLE)
        rank = self.stands_still(job, log)
        self.cluster.ask("scancel", "--signal=USR1", "--batch", job)
        self.goes_on_signalled(rank, log)
        known = self.ends(job, log, "COMPLETED")
        self.assertEqual(known["Restarts"], "1", log.read_text())
        self.check_like_undisturbed(out, log.read_text(), resumed=1)

    def test_time_limit(self):
        """A real limit, the shortest that Slurm has, which looks at limits twice a minute; under
        mpirun."""
        job, log, out = self.submit("--time=1", "--signal=B:USR1@20", LAUNCH="mpirun",
                                    HARSANYI_PAUSE=IN_THE_MIDDLE)
        self.goes_on_signalled(self.stands_still(job, log), log)
        known = self.ends(job, log, "COMPLETED")
        self.assertEqual(known["Restarts"], "1", log.read_text())
        self.check_like_undisturbed(out, log.read_text(), resumed=1)

    def test_cancel(self):
        """A job that is cancelled does not come back. It has no time to save, so another one with
        its file goes on from its last checkpoint: here there was none yet."""
        job, log, out = self.submit(HARSANYI_PAUSE=IN_THE_MIDDLE)
        self.stands_still(job, log)
        self.cluster.ask("scancel", job)
        self.ends(job, log, "CANCELLED")
        self.assertEqual(self.of_job(job)["Restarts"], "0", log.read_text())
        self.assertFalse(out.exists())
        job, log, _ = self.submit(OUT=str(out))
        self.ends(job, log, "COMPLETED")
        self.check_like_undisturbed(out, log.read_text(), resumed=0)

    def test_no_more_restarts(self):
        """A job that has been back too often ends with the exit code of a stop, and says so."""
        job, log, out = self.submit(HARSANYI_STOP=IN_THE_MIDDLE, RESTARTS="0")
        self.assertEqual(self.ends(job, log, "FAILED")["ExitCode"], "75:0", log.read_text())
        self.assertIn(f"not done after 0 restarts; OUT={out} ", log.read_text())
        job, log, _ = self.submit(OUT=str(out))
        self.ends(job, log, "COMPLETED")
        self.check_like_undisturbed(out, log.read_text(), resumed=1)

    def test_array(self):
        """jobs/slurm_array.sh: the merged parts are one run over all samples."""
        merged, whole = self.work / "all.h5", self.work / "whole.h5"
        done = subprocess.run(
            [JOBS / "slurm_array.sh"], cwd=self.work, stdin=subprocess.DEVNULL,
            env={**self.cluster.environment, **self.environment(
                SAMPLES="7", PARTS="3", PLAYERS="grid:2x2", OUT=str(merged))},
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        job = done.stdout.split()[-1]
        self.addCleanup(self.cluster.ask, "scancel", job)
        log = self.work / f"harsanyi-{job}-merge.log"
        self.ends(job, log, "COMPLETED")
        done = run("interactions", "--model", DATA / "digits_cnn.onnx", "--samples",
                   DATA / "digits_images.npy", "--labels", DATA / "digits_labels.npy", "--select",
                   "0:7", "--players", "grid:2x2", "--types", "and,or", "--out", whole)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(differences(whole, merged), [])
        self.assertEqual([*self.work.glob("all.h5.*")], [])


if __name__ == "__main__":
    main(workers=2)
