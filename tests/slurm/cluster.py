#!/usr/bin/python3
"""A Slurm of one node, for as long as a command runs:   tests/slurm/cluster.py bash

The real daemons (Debian's slurm-wlm and munge) in a folder of their own, with their own key, socket
and ports, so that several such clusters, and that of the machine itself, do not meet. Needs root:
slurmd starts jobs as their users. In the command, and in whatever test uses Cluster, SLURM_CONF
leads sbatch, squeue and scontrol to it. Jobs that are left when it ends are cancelled, and all of
its processes end with it.

Other than on a real cluster: more slots than cores are allowed, and a requeued job waits seconds,
not two minutes (cred_expire: a new start must not meet the credential of the one before).
"""
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

DAEMONS = ("munged", "slurmctld", "slurmd")
SLOTS = 4
PATIENCE = 60  # seconds, on a machine that does other things as well

CONFIGURATION = """
ClusterName=harsanyi
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
TmpFS={folder}/tmp
FirstJobId={controller_port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
MpiDefault=pmix
JobRequeue=1
KillWait=5
MessageTimeout=60
ReturnToService=2
SchedulerParameters=sched_interval=1,sched_min_interval=0
NodeName={host} NodeAddr=127.0.0.1 CPUs={slots} RealMemory=100000 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class CannotStart(Exception):
    """Slurm is not there, or does not start here."""


def die_with_parent():
    """In a child: what ends this process ends its daemons."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def free_ports(count):
    """Ports that nobody listens at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Cluster:
    """with Cluster() as cluster: cluster.environment is that of its users."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
        self.environment = {**os.environ, "SLURM_CONF": f"{self.folder}/slurm.conf"}
        self.daemons = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """All daemons, until the node takes jobs. Raises CannotStart."""
        missing = [name for name in (*DAEMONS, "sbatch") if not self.program(name)]
        if missing:
            raise CannotStart(f"{', '.join(missing)} not installed: "
                              "apt-get install slurm-wlm munge")
        if os.geteuid() != 0:
            raise CannotStart("not root")
        for name in ("state", "spool", "tmp"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        controller_port, node_port = free_ports(2)
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(
            host=socket.gethostname().split(".")[0], folder=self.folder, slots=SLOTS,
            controller_port=controller_port, node_port=node_port))
        place = {name: self.folder / f"munge.{name}" for name in ("socket", "pid", "log", "seed")}
        self.launch("munged", "--foreground", "--force", f"--key-file={key}",
                    *(f"--{name}-file={place[name]}" for name in ("pid", "log", "seed")),
                    f"--socket={place['socket']}")
        self.wait("munged's socket", place["socket"].exists)
        self.launch("slurmctld", "-D", "-i")
        self.launch("slurmd", "-D")
        self.wait("an idle node", lambda: self.ask("sinfo", "-h", "-o", "%T") == "idle")

    def program(self, name):
        """Where a daemon is: users who are not root may lack sbin in PATH."""
        return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")

    def launch(self, name, *arguments):
        """A daemon in the foreground, as a child."""
        with open(self.folder / f"{name}.out", "w", encoding="utf-8") as said:
            self.daemons.append((name, subprocess.Popen(
                [self.program(name), *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=said, stderr=said, cwd=self.folder, preexec_fn=die_with_parent)))

    def wait(self, what, ready):
        """Until it is there, or a daemon has ended, or patience has."""
        end = time.monotonic() + PATIENCE
        while not ready():
            gone = [name for name, daemon in self.daemons if daemon.poll() is not None]
            if gone or time.monotonic() > end:
                raise CannotStart(f"{', '.join(gone)} ended" if gone else f"no {what} within "
                                  f"{PATIENCE} s\n{self.said()}")
            time.sleep(0.1)

    def said(self):
        """The daemons' last words."""
        words = [f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
                 for path in sorted([*self.folder.glob("*.out"), *self.folder.glob("*.log")])]
        return "\n".join(words)

    def ask(self, *command):
        """What one of Slurm's commands prints, or "" where it fails."""
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=PATIENCE)
        return done.stdout.strip() if done.returncode == 0 else ""

    def stop(self):
        """Cancel jobs, end daemons, remove the folder."""
        if len(self.daemons) == len(DAEMONS):
            self.ask("scancel", "--signal=KILL", "--full", "-u", "root")
            self.ask("scancel", "-u", "root")
            end = time.monotonic() + PATIENCE
            while self.ask("squeue", "-h") and time.monotonic() < end:
                time.sleep(0.1)
        for _, daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.daemons = []
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    """Run a command in a cluster."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        with Cluster() as cluster:
            sys.exit(subprocess.run(sys.argv[1:], env=cluster.environment, check=False).returncode)
    except CannotStart as reason:
        sys.exit(f"Slurm cannot start: {reason}")


if __name__ == "__main__":
    main()
