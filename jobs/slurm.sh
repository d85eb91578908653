#!/bin/bash
# The demo on a Slurm cluster:   sbatch jobs/slurm.sh
#
# It spreads one sample's lattice over all ranks. n = 16 players are 65,536 masked inputs, far too
# few for a cluster; raise PLAYERS (n = 25 for a 5x5 grid) once this runs.
# Ask first what a job needs, on the login node:
#   harsanyi interactions --model ... --samples ... --players grid:5x5 --plan
#
# EDIT: the job's size, time and account.
#SBATCH --job-name=harsanyi
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=4
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=1G
#SBATCH --time=00:10:00
#SBATCH --output=harsanyi-%j.log
##SBATCH --account=EDIT
##SBATCH --partition=EDIT
set -euo pipefail

# EDIT: the modules harsanyi was built with, where the cluster has modules.
# module load openmpi hdf5-parallel openblas

# Slurm runs a copy of this script from its spool folder, so paths start from where sbatch was
# called: the top of the source tree. EDIT where it is called from elsewhere.
cd "${SLURM_SUBMIT_DIR:-.}"
HARSANYI=${HARSANYI:-build/release/harsanyi}
DATA=${DATA:-data}
PLAYERS=${PLAYERS:-grid:4x4}
# EDIT: a folder that all nodes see and that is fast for parallel writes.
OUT=${OUT:-$PWD}/harsanyi-${SLURM_JOB_ID:-local}.h5

[ -x "$HARSANYI" ] || { echo "error: $HARSANYI is missing: build it, or set HARSANYI" >&2; exit 1; }

# One rank per core, and one BLAS thread per rank: the program sees to the latter itself.
# Where srun does not know the cluster's MPI, `srun --mpi=pmix` or `mpirun` does (EDIT).
srun --cpu-bind=cores "$HARSANYI" interactions \
  --model "$DATA/digits_cnn.onnx" --samples "$DATA/digits_images.npy" \
  --labels "$DATA/digits_labels.npy" --select 0:4 --players "$PLAYERS" \
  --types and,or --out "$OUT"

"$HARSANYI" show "$OUT"
