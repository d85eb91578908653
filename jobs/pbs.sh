#!/bin/bash
# A run of any length on a PBS Pro or OpenPBS cluster, in as many pieces as the time limit makes of
# it:   qsub jobs/pbs.sh
#
# Ask first what the job needs, on the login node:
#   harsanyi interactions --model ... --samples ... --plan
#
# PBS has no signal before its time limit, so the run gets a limit of its own that ends earlier. It
# then saves what it has and ends with exit code 75; the job is queued again, and --resume goes on
# there. `qsig -s SIGUSR1 JOB` has the same effect at any time. `qdel` ends the job for good;
# another job goes on from its last checkpoint, if it is given the same work and the same OUT:
#   qsub -v OUT=/scratch/me/harsanyi-4711.server.h5 jobs/pbs.sh
#
# EDIT: the job's size, time, queue and project. One chunk is one node here; mpiprocs is the number
# of ranks on it.
#PBS -N harsanyi
#PBS -l select=1:ncpus=4:mpiprocs=4:mem=4gb
#PBS -l walltime=00:10:00
#PBS -r y
#PBS -j oe
##PBS -q EDIT
##PBS -P EDIT
set -euo pipefail

# EDIT: the modules harsanyi was built with, where the cluster has modules.
# module load openmpi hdf5-parallel openblas

# PBS starts jobs in the home folder; go where qsub was called: the top of the source tree.
cd "${PBS_O_WORKDIR:-.}"
export HARSANYI=${HARSANYI:-build/release/harsanyi}
export DATA=${DATA:-data}
# EDIT: a folder that all nodes see and that is fast for parallel writes.
export OUT=${OUT:-$PWD/harsanyi-${PBS_JOBID:-local}.h5}
# This script, to be submitted again, and how often it may be.
export SCRIPT=${SCRIPT:-$PWD/jobs/pbs.sh}
export RESTARTS=${RESTARTS:-100}
# Seconds for saving, before the time limit (EDIT).
margin=120

# EDIT: what to compute. The demo: n = 16 players are 65,536 masked inputs, far too few for a
# cluster.
work=(--model "$DATA/digits_cnn.onnx" --samples "$DATA/digits_images.npy"
  --labels "$DATA/digits_labels.npy" --select 0:4 --players grid:4x4 --types and,or)

command -v "$HARSANYI" >/dev/null ||
  { echo "error: $HARSANYI is missing: build it, or set HARSANYI" >&2; exit 1; }

# "Resource_List.walltime = 00:10:00" is the job's limit.
limit=()
if IFS=: read -r hours minutes seconds < <(qstat -f "${PBS_JOBID:-none}" 2>/dev/null |
  sed -n 's/^ *Resource_List.walltime = \([0-9]*:[0-9]*:[0-9]*\)$/\1/p'); then
  left=$((10#$hours * 3600 + 10#$minutes * 60 + 10#$seconds - SECONDS - margin))
  printf -v time '%d:%02d:%02d' $((left / 3600)) $((left / 60 % 60)) $((left % 60))
  [ "$left" -le 0 ] || limit=(--max-time "$time")
fi

# An Open MPI built with PBS support finds the nodes by itself; another one needs -np and the list
# in $PBS_NODEFILE, one line per rank.
ranks=${PBS_NP:-$(wc -l < "${PBS_NODEFILE:-/dev/null}")}
[ "$ranks" -gt 0 ] || ranks=1
nodes=()
[ -n "${PBS_NODEFILE:-}" ] && nodes=(-machinefile "$PBS_NODEFILE")

# qsig signals every process of the job. The run and mpirun know what to do; this shell must outlive
# it, so the first wait may be cut short by the signal. The second one knows how the run ended.
signalled=
trap 'signalled=yes' USR1
mpirun -np "$ranks" "${nodes[@]}" --bind-to core "$HARSANYI" interactions "${work[@]}" \
  "${limit[@]}" --resume --out "$OUT" &
run=$! status=0
wait "$run" || status=$?
[ -z "$signalled" ] || { status=0; wait "$run" || status=$?; }

# Without the right to requeue, which PBS gives to operators, a job follows this one.
if [ "$status" -eq 75 ] && [ -n "${PBS_JOBID:-}" ]; then
  if [ "$RESTARTS" -gt 0 ]; then
    echo "back into the queue, to go on with $OUT"
    RESTARTS=$((RESTARTS - 1))
    qrerun "$PBS_JOBID" 2>/dev/null ||
      qsub -W depend=afterany:"$PBS_JOBID" -v HARSANYI,DATA,OUT,SCRIPT,RESTARTS "$SCRIPT"
  else
    echo "error: not done after the last restart; qsub -v OUT=$OUT ... goes on" >&2
  fi
fi
[ "$status" -eq 0 ] || exit "$status"

"$HARSANYI" show "$OUT"
