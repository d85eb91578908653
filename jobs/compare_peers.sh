#!/usr/bin/env bash
# harsanyi beside ONNX Runtime, PyTorch and NumPy on the same work, on one core of this machine: a
# table of masks per second, and ratios. A few minutes.
#
#   jobs/compare_peers.sh [NETWORK ...]
#
# Networks: lenet mlp vgg resnet vit bert (make_networks.py makes them), the bundled digits_cnn, and
# mnist_lenet_fyh of the folder HARSANYI_MODELS where that is set; all without arguments.
# Environment:
#   PEERS_ROUNDS   all take turns this many times; rates and ratios are medians over them (8)
#   PEERS_SECONDS  of a turn (0.3)
#
# harsanyi evaluates all masks of 16 players of a sample, by full passes and with tables, the making
# of the tables included. PyTorch and NumPy mask the sample and run the network (NumPy: chains of
# convolutions, poolings and dense layers; "-" for others); ONNX Runtime runs the network alone.
# Each has its best batch size. First, all have to give the same outputs for 64 masks, to 1e-4.
#
# Installs what is missing, builds. Peers that cannot be installed are left out, and a line says so.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

install $build_packages python3-numpy python3-h5py python3-onnx
install python3-torch || echo "could not install PyTorch"
# Not only Debian's packages bring these two.
{ command -v node && command -v npm; } >/dev/null || install nodejs npm ||
  echo "could not install node and npm"
build release harsanyi_program

networks="$root/build/networks"
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
  quietly /usr/bin/python3 "$root/jobs/make_networks.py" "$networks"
fi
# Read when the libraries are loaded: one thread for all.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
exec /usr/bin/python3 "$root/jobs/compare_peers.py" "$root/build/release/harsanyi" "$networks" "$@"
