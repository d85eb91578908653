"""jobs/pbs.sh in an environment as PBS makes it, with stand-ins for its commands: the run gets a
limit before the job's, a job that was stopped is queued again or followed by another, and that one
ends with the bytes of a run that nothing disturbed."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from program import main, run_attributes
from jobs import IN_THE_MIDDLE, JOBS, JobTest, RANKS

# As qstat -f prints a job, in part.
QSTAT = """#!/bin/sh
[ "$1" = -f ] && [ "$2" = 17.server ] || exit 1
echo "Job Id: 17.server"
echo "    Job_Name = harsanyi"
echo "    resources_used.walltime = 00:00:01"
echo "    Resource_List.walltime = 01:05:00"
"""
# What they were called with; qsub takes variables of the environment along by their names.
QRERUN = """#!/bin/sh
echo "qrerun $*" >> "$CALLS"
exit {status}
"""
QSUB = """#!/bin/sh
echo "qsub $*" >> "$CALLS"
while [ $# -gt 1 ]; do
  if [ "$1" = -v ]; then for name in $(echo "$2" | tr , ' '); do
    eval "echo \\"$name=\\$$name\\"" >> "$CALLS.variables"
  done; fi
  shift
done
"""


class Pbs(JobTest):
    """The script's second half is what another job would do."""

    def commands(self, may_requeue):
        """A folder of stand-ins."""
        folder = self.work / "bin"
        folder.mkdir()
        for name, text in {"qstat": QSTAT, "qsub": QSUB,
                           "qrerun": QRERUN.format(status=0 if may_requeue else 1)}.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        nodes = self.work / "nodes"
        nodes.write_text("localhost\n" * RANKS)
        return {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(self.work / "calls"),
                "PBS_O_WORKDIR": str(self.work), "PBS_NODEFILE": str(nodes),
                "PBS_JOBID": "17.server", "SCRIPT": str(JOBS / "pbs.sh")}

    def job(self, **environment):
        """Run the script as PBS does: no terminal, paths from where qsub was called."""
        return subprocess.run(["bash", JOBS / "pbs.sh"], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=240,
                              env={**os.environ, **self.environment(**environment)}, cwd="/")

    def calls(self):
        """What the stand-ins were called with."""
        path = self.work / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def test_followed(self):
        """Without the right to requeue, another job follows, with the same file."""
        out = self.work / "harsanyi-17.server.h5"
        given = self.commands(may_requeue=False)
        stopped = self.job(**given, HARSANYI_STOP=IN_THE_MIDDLE)
        self.assertEqual(stopped.returncode, 75, stopped.stdout)
        self.assertEqual(self.calls(), [
            "qrerun 17.server",
            "qsub -W depend=afterany:17.server -v HARSANYI,DATA,OUT,SCRIPT,RESTARTS "
            f"{JOBS}/pbs.sh"], stopped.stdout)
        taken = dict(line.split("=", 1)
                     for line in (self.work / "calls.variables").read_text().splitlines())
        self.assertEqual((taken["OUT"], taken["RESTARTS"]), (str(out), "99"))
        done = self.job(**{**given, **taken, "PBS_JOBID": "18.server"})
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(len(self.calls()), 2, done.stdout)
        self.check_like_undisturbed(out, done.stdout, resumed=1)

    def test_requeued(self):
        """With it, the job is queued again itself, if it has not been too often."""
        given = self.commands(may_requeue=True)
        stopped = self.job(**given, HARSANYI_STOP=IN_THE_MIDDLE, RESTARTS="0")
        self.assertEqual((stopped.returncode, self.calls()), (75, []), stopped.stdout)
        self.assertIn("not done after the last restart; qsub -v OUT=", stopped.stdout)
        stopped = self.job(**given, HARSANYI_STOP="0:build:1")
        self.assertEqual((stopped.returncode, self.calls()), (75, ["qrerun 17.server"]),
                         stopped.stdout)
        done = self.job(**given)
        self.assertEqual(done.returncode, 0, done.stdout)
        out = self.work / "harsanyi-17.server.h5"
        self.check_like_undisturbed(out, done.stdout, resumed=1)  # the second has added nothing
        command = run_attributes(out)["command_line"].decode()
        limit = re.search(r"--max-time (\d+):(\d\d):(\d\d)", command)
        hours, minutes, seconds = map(int, limit.groups())
        self.assertAlmostEqual(hours * 3600 + minutes * 60 + seconds, 3900 - 120, delta=100)


if __name__ == "__main__":
    main(workers=2)
