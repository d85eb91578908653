#!/bin/bash
# Many samples on a PBS cluster, as an array of jobs:   jobs/pbs_array.sh
#
# Samples 0 to SAMPLES - 1 are divided into PARTS jobs, which run when there is room, in any order.
# Once all have ended well, one more job merges their files into OUT: that of one run over all
# samples. Called on the login node, at the top of the source tree; the script submits itself.
#
# EDIT: the size and time of one part's job.
#PBS -N harsanyi
#PBS -l select=1:ncpus=2:mpiprocs=2:mem=2gb
#PBS -l walltime=00:10:00
#PBS -j oe
set -euo pipefail

# EDIT: what is computed.
export HARSANYI=${HARSANYI:-build/release/harsanyi} DATA=${DATA:-data}
export SAMPLES=${SAMPLES:-20} PARTS=${PARTS:-4} PLAYERS=${PLAYERS:-grid:3x3}
# EDIT: a folder that all nodes see.
export OUT=${OUT:-$PWD/harsanyi-array.h5}
NAMES=HARSANYI,DATA,SAMPLES,PARTS,PLAYERS,OUT

submit() {
  [ -x "$HARSANYI" ] || { echo "error: $HARSANYI is missing: build it, or set HARSANYI" >&2; exit 1; }
  # An array of PBS has two jobs at least.
  [ "$PARTS" -ge 2 ] && [ "$PARTS" -le "$SAMPLES" ] ||
    { echo "error: PARTS=$PARTS: $SAMPLES samples can be 2 to $SAMPLES parts" >&2; exit 1; }
  local array
  array=$(STEP=part qsub -J 0-$((PARTS - 1)) -v "STEP,$NAMES" "$0")
  STEP=merge qsub -W depend=afterok:"$array" -v "STEP,$NAMES" "$0"
}

# Part i of PARTS: lengths differ by one at most.
part() {
  local i=$PBS_ARRAY_INDEX
  mpirun "$HARSANYI" interactions \
    --model "$DATA/digits_cnn.onnx" --samples "$DATA/digits_images.npy" \
    --labels "$DATA/digits_labels.npy" --players "$PLAYERS" --types and,or \
    --select $((SAMPLES * i / PARTS)):$((SAMPLES * (i + 1) / PARTS)) --out "$OUT.part-$i.h5"
}

merge() {
  local i parts=()
  for ((i = 0; i < PARTS; i++)); do parts+=("$OUT.part-$i.h5"); done
  mpirun -n 1 "$HARSANYI" merge "${parts[@]}" --out "$OUT"
  rm -- "${parts[@]}"
}

# PBS starts in the home folder. EDIT: the modules harsanyi was built with.
cd "${PBS_O_WORKDIR:-.}"
"${STEP:-submit}"
