#!/bin/bash
# The demo on a PBS Pro or OpenPBS cluster:   qsub jobs/pbs.sh
#
# It spreads one sample's lattice over all ranks. n = 16 players are 65,536 masked inputs, far too
# few for a cluster; raise PLAYERS (n = 25 for a 5x5 grid) once this runs.
# Ask first what a job needs, on the login node:
#   harsanyi interactions --model ... --samples ... --players grid:5x5 --plan
#
# EDIT: the job's size, time, queue and project. One chunk is one node here; mpiprocs is the number
# of ranks on it.
#PBS -N harsanyi
#PBS -l select=1:ncpus=4:mpiprocs=4:mem=4gb
#PBS -l walltime=00:10:00
#PBS -j oe
##PBS -q EDIT
##PBS -P EDIT
set -euo pipefail

# EDIT: the modules harsanyi was built with, where the cluster has modules.
# module load openmpi hdf5-parallel openblas

# PBS starts jobs in the home folder; go where qsub was called: the top of the source tree.
cd "${PBS_O_WORKDIR:-.}"
HARSANYI=${HARSANYI:-build/release/harsanyi}
DATA=${DATA:-data}
PLAYERS=${PLAYERS:-grid:4x4}
# EDIT: a folder that all nodes see and that is fast for parallel writes.
OUT=${OUT:-$PWD}/harsanyi-${PBS_JOBID:-local}.h5

[ -x "$HARSANYI" ] || { echo "error: $HARSANYI is missing: build it, or set HARSANYI" >&2; exit 1; }

# An Open MPI built with PBS support finds the nodes by itself; another one needs -np and the list
# in $PBS_NODEFILE, one line per rank.
ranks=${PBS_NP:-$(wc -l < "${PBS_NODEFILE:-/dev/null}")}
[ "$ranks" -gt 0 ] || ranks=1
nodes=()
[ -n "${PBS_NODEFILE:-}" ] && nodes=(-machinefile "$PBS_NODEFILE")
mpirun -np "$ranks" "${nodes[@]}" --bind-to core "$HARSANYI" interactions \
  --model "$DATA/digits_cnn.onnx" --samples "$DATA/digits_images.npy" \
  --labels "$DATA/digits_labels.npy" --select 0:4 --players "$PLAYERS" \
  --types and,or --out "$OUT"

"$HARSANYI" show "$OUT"
