#!/bin/bash
# A run of any length on a Slurm cluster, in as many pieces as the time limit makes of it:
#
#   sbatch jobs/slurm.sh                         the demo
#   sbatch --nodes=16 --time=1-0 jobs/slurm.sh --model net.onnx --samples images.npy ...
#
# What stands behind the script's name is handed to `harsanyi interactions`. Ask it first what the
# job needs, on the login node: harsanyi interactions --model ... --samples ... --plan
#
# Before the time limit Slurm signals this script, which hands SIGUSR1 on to the run. That saves
# what it has and ends with exit code 75; the job goes back into the queue under its own number, and
# --resume goes on there. So it does after a node has failed, from the last checkpoint. `scancel`
# ends the job for good; another one goes on from there, given the same work and the same OUT:
#   OUT=/scratch/me/harsanyi-4711.h5 sbatch jobs/slurm.sh ...
#
# EDIT: the job's size, time and account. The signal comes so many seconds before the limit, or up
# to a minute earlier: time for saving.
#SBATCH --job-name=harsanyi
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=4
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=1G
#SBATCH --time=00:10:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=harsanyi-%j.log
##SBATCH --account=EDIT
##SBATCH --partition=EDIT
# A checkpoint belongs to one kind of processor. EDIT where the cluster has several:
##SBATCH --constraint=EDIT
set -euo pipefail

# EDIT: the modules harsanyi was built with, where the cluster has modules.
# module load openmpi hdf5-parallel openblas

# Slurm runs a copy of this script from its spool folder, so paths start from where sbatch was
# called: the top of the source tree. EDIT where it is called from elsewhere.
cd "${SLURM_SUBMIT_DIR:-.}"
HARSANYI=${HARSANYI:-build/release/harsanyi}
DATA=${DATA:-data}
# One rank per core, and one BLAS thread per rank: the program sees to the latter itself.
# Where srun does not know the cluster's MPI, "srun --mpi=pmix" or "mpirun" does (EDIT).
LAUNCH=${LAUNCH:-srun --cpu-bind=cores}
# EDIT: a folder that all nodes see and that is fast for parallel writes. The name holds the job's
# number, which stays when it is requeued.
OUT=${OUT:-$PWD/harsanyi-${SLURM_JOB_ID:-local}.h5}
# How often the job may go back into the queue.
RESTARTS=${RESTARTS:-100}

# The demo: n = 16 players are 65,536 masked inputs, far too few for a cluster.
[ $# -gt 0 ] || set -- --model "$DATA/digits_cnn.onnx" --samples "$DATA/digits_images.npy" \
  --labels "$DATA/digits_labels.npy" --select 0:4 --players grid:4x4 --types and,or

command -v "$HARSANYI" >/dev/null ||
  { echo "error: $HARSANYI is missing: build it, or set HARSANYI" >&2; exit 1; }

# Should the signal not come through, the run stops by itself a minute before the limit.
limit=()
end=$(squeue --noheader --job "${SLURM_JOB_ID:-0}" --format %e 2>/dev/null || true)
if end=$(date --date "${end:-none}" +%s 2>/dev/null); then
  left=$((end - $(date +%s) - 60))
  printf -v time '%d:%02d:%02d' $((left / 3600)) $((left / 60 % 60)) $((left % 60))
  [ "$left" -le 0 ] || limit=(--max-time "$time")
fi

# A shell looks at signals between commands, and while it waits for one in the background. The
# first wait may be cut short by the signal; the second one knows how the run ended.
signalled= run=
trap 'signalled=yes; trap "" USR1; [ -z "$run" ] || kill -USR1 "$run" || true' USR1
$LAUNCH "$HARSANYI" interactions "$@" "${limit[@]}" --resume --out "$OUT" &
run=$! status=0
wait "$run" || status=$?
[ -z "$signalled" ] || { status=0; wait "$run" || status=$?; }

if [ "$status" -eq 75 ] && [ -n "${SLURM_JOB_ID:-}" ]; then
  if [ "${SLURM_RESTART_COUNT:-0}" -lt "$RESTARTS" ]; then
    echo "back into the queue, to go on with $OUT"
    scontrol requeue "$SLURM_JOB_ID"
  else
    echo "error: not done after $RESTARTS restarts; OUT=$OUT sbatch ... goes on" >&2
  fi
fi
[ "$status" -eq 0 ] || exit "$status"

"$HARSANYI" show "$OUT"
