#!/usr/bin/env bash
# Installs what is missing, builds, and shows which combinations of image patches a small trained
# network relies on: 2^16 masked versions of three digits, on two MPI ranks, into an HDF5 file;
# draws them where Python has matplotlib.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

install $build_packages
build release harsanyi_program

harsanyi="$root/build/release/harsanyi"
out="$root/build/demo.h5"
data="$root/data"

command="mpirun -n 2 harsanyi interactions --model data/digits_cnn.onnx --samples \
data/digits_images.npy --labels data/digits_labels.npy --select 0:3 --players grid:4x4 --types \
and,or --out build/demo.h5"
echo "\$ $command"
mpirun -n 2 "$harsanyi" interactions --model "$data/digits_cnn.onnx" \
  --samples "$data/digits_images.npy" --labels "$data/digits_labels.npy" --select 0:3 \
  --players grid:4x4 --types and,or --out "$out" --force
echo
echo "\$ harsanyi show build/demo.h5 --top 8"
"$harsanyi" show "$out" --top 8
echo
if /usr/bin/python3 -c 'import h5py, matplotlib' 2>/dev/null; then
  echo "\$ jobs/plot_interactions.py build/demo.h5 --samples data/digits_images.npy"
  /usr/bin/python3 "$root/jobs/plot_interactions.py" "$out" --samples "$data/digits_images.npy"
else
  echo "For pictures of it: apt-get install python3-h5py python3-matplotlib, and this again."
fi
