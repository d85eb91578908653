#!/bin/bash
# Many samples on a Slurm cluster, as an array of jobs:   jobs/slurm_array.sh
#
# Samples 0 to SAMPLES - 1 are divided into PARTS jobs, which run when there is room, in any order.
# Once all have ended well, one more job merges their files into OUT: that of one run over all
# samples. Called on the login node, at the top of the source tree; the script submits itself.
#
# EDIT: the size and time of one part's job.
#SBATCH --job-name=harsanyi
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=2
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=1G
#SBATCH --time=00:10:00
#SBATCH --output=harsanyi-%A_%a.log
##SBATCH --account=EDIT
##SBATCH --partition=EDIT
set -euo pipefail

# EDIT: what is computed.
export HARSANYI=${HARSANYI:-build/release/harsanyi} DATA=${DATA:-data}
export SAMPLES=${SAMPLES:-20} PARTS=${PARTS:-4} PLAYERS=${PLAYERS:-grid:3x3}
# EDIT: a folder that all nodes see.
export OUT=${OUT:-$PWD/harsanyi-array.h5}

submit() {
  [ -x "$HARSANYI" ] || { echo "error: $HARSANYI is missing: build it, or set HARSANYI" >&2; exit 1; }
  [ "$PARTS" -ge 1 ] && [ "$PARTS" -le "$SAMPLES" ] ||
    { echo "error: PARTS=$PARTS: $SAMPLES samples can be 1 to $SAMPLES parts" >&2; exit 1; }
  local array
  array=$(sbatch --parsable --array=0-$((PARTS - 1)) "$0" part)
  # A part that fails leaves the merge in the queue for ever, unless it is told otherwise.
  sbatch --dependency=afterok:"${array%%;*}" --kill-on-invalid-dep=yes --ntasks=1 \
    --output=harsanyi-%j-merge.log "$0" merge
}

# Part i of PARTS: lengths differ by one at most.
part() {
  local i=$SLURM_ARRAY_TASK_ID
  srun --cpu-bind=cores "$HARSANYI" interactions \
    --model "$DATA/digits_cnn.onnx" --samples "$DATA/digits_images.npy" \
    --labels "$DATA/digits_labels.npy" --players "$PLAYERS" --types and,or \
    --select $((SAMPLES * i / PARTS)):$((SAMPLES * (i + 1) / PARTS)) --out "$OUT.part-$i.h5"
}

merge() {
  local i parts=()
  for ((i = 0; i < PARTS; i++)); do parts+=("$OUT.part-$i.h5"); done
  srun --ntasks=1 "$HARSANYI" merge "${parts[@]}" --out "$OUT"
  rm -- "${parts[@]}"
}

# Slurm runs a copy of this script from its spool folder, so paths start from where sbatch was
# called. EDIT: the modules harsanyi was built with, where the cluster has modules.
cd "${SLURM_SUBMIT_DIR:-.}"
"${1:-submit}"
