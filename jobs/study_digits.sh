#!/usr/bin/env bash
# The study of docs/studies/digits: two networks on digits that they have not seen, their sparsest
# AND-OR splits, without and with noise, each network by itself and both jointly.
#
#   jobs/study_digits.sh [SAMPLES [NOISY [GRID]]]      100 samples, as many with noise, 4x4 patches
#
# Installs what is missing, builds, runs everything, prints the tables, draws the pictures. Parts of
# ten samples go to build/study_digits; those that are there already are not computed again, so that
# a study that was stopped goes on where it was. Without noise that is some ten minutes on two idle
# cores, with noise an hour and more.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

samples=${1:-100}
noisy=${2:-$samples}
grid=${3:-4x4}
part=10

install $build_packages python3-h5py python3-matplotlib
build release harsanyi_program
harsanyi="$root/build/release/harsanyi"
data="$root/data"
out="$root/build/study_digits/$grid"
mkdir -p "$out"

# runs COUNT NAME OPTION...: COUNT samples in parts, of either network and of both jointly.
runs() {
  local count=$1 name=$2 begin end who file
  shift 2
  for ((begin = 0; begin < count; begin += part)); do
    end=$((begin + part < count ? begin + part : count))
    for who in cnn mlp joint; do
      file="$out/$name-$who-$begin-$end.h5"
      [ ! -e "$file" ] || continue
      local models=(--model "$data/digits_$who.onnx")
      [ "$who" != joint ] ||
        models=(--model "$data/digits_cnn.onnx" --model "$data/digits_mlp.onnx" --share)
      mpirun -n 2 "$harsanyi" interactions "${models[@]}" --samples "$data/digits_images.npy" \
        --labels "$data/digits_labels.npy" --select "$begin:$end" --players "grid:$grid" \
        --types and-or --threshold sample:0.05 --keep salient --indices none \
        --ranks-per-sample 1 --quiet "$@" --out "$file"
    done
  done
}

runs "$samples" exact --fit-gap 0.01
runs "$noisy" noise --noise 0.02 --fit-gap 0.05
/usr/bin/python3 "$root/jobs/study_digits.py" "$out"
