#!/usr/bin/env bash
# The figures of docs/performance, measured in one run: transforms, exchanges, masks per second with
# ONNX Runtime beside them, memory against the plan. About a quarter of an hour on an idle machine.
#
#   jobs/benchmarks.sh [transform|exchange|evaluate|networks|memory ...]    all without arguments
#
# evaluate: three networks on one and two ranks, with their limit; networks: a table of all. Common
# shapes of networks beside PyTorch and NumPy too: compare_peers.sh.
# The networks of HARSANYI_MODELS are added where that is set. ONNX Runtime needs node and npm and
# is left out, with a line that says so, where they are missing.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

install $build_packages
build release harsanyi_program
harsanyi="$root/build/release/harsanyi"
data="$root/data"
export OMPI_MCA_mpi_yield_when_idle=0 # ranks have a core each here

transform() {
  for n in 26 28; do "$harsanyi" bench transform --n "$n"; done
}

exchange() {
  for n in 26 28; do
    for shm in auto off; do
      echo "--shm $shm"
      mpirun -n 2 "$harsanyi" bench exchange --n "$n" --shm "$shm"
    done
  done
}

# rates MODEL SAMPLES PLAYERS [option ...]: one and two ranks, ONNX Runtime between them.
rates() {
  local model=$1 samples=$2 players=$3
  shift 3
  echo "$model"
  for ranks in 1 2; do
    for evaluator in brute lattice; do
      echo "--evaluator $evaluator"
      mpirun -n "$ranks" "$harsanyi" bench evaluate --model "$model" --samples "$samples" \
        --select 0 --players "$players" --evaluator "$evaluator" "$@"
    done
    [ "$ranks" = 2 ] || onnx_runtime "$model"
  done
}

onnx_runtime() {
  if command -v node npm >/dev/null; then
    ORT_BATCHES=${ORT_BATCHES:-1,4,16,64,256,1024} "$root/jobs/ort/bench_ort.sh" "$1"
  else
    echo "ONNX Runtime is left out: node and npm are missing (apt-get install nodejs npm)"
  fi
}

evaluate() {
  rates "$data/digits_cnn.onnx" "$data/digits_images.npy" grid:4x4
  local models=${HARSANYI_MODELS:-}
  if [ -z "$models" ]; then
    echo "HARSANYI_MODELS is not set: the bundled network alone"
    return
  fi
  rates "$models/mnist_lenet_fyh/model.onnx" "$models/mnist_lenet_fyh/inputs.npy" grid:4x4
  rates "$models/mnist_fc_256x2/model.onnx" "$models/mnist_fc_256x2/inputs.npy" features \
    --subset random:16:1
}

# Load time and masks per second of every network beside ONNX Runtime, as a table.
networks() {
  if command -v node npm >/dev/null; then
    "$root/jobs/ort/compare.py" "$harsanyi"
  else
    echo "no table: node and npm are missing (apt-get install nodejs npm)"
  fi
}

memory() {
  local out
  out=$(mktemp -d)
  mpirun -n 2 "$harsanyi" interactions --closed-form and-or:n=28 --types and,or --verify \
    --out "$out/memory.h5" --timing "$out/timing.json"
  cat "$out/timing.json"
  "$harsanyi" show "$out/memory.h5" --json --top 1 >/dev/null
  /usr/bin/python3 - "$out/memory.h5" <<'PYTHON'
import sys, h5py
run = h5py.File(sys.argv[1])["run"].attrs
for name in ("planned_bytes_per_rank", "peak_bytes_per_rank", "peak_resident_bytes_per_rank"):
    print(f"{name} {run[name] / 2**30:.3f} GiB")
PYTHON
  rm -r "$out"
}

for part in "${@:-transform}"; do
  case $part in
  transform | exchange | evaluate | networks | memory) ;;
  *) echo "unknown part '$part': transform, exchange, evaluate, networks, memory" >&2; exit 64 ;;
  esac
done
[ $# -gt 0 ] || set -- transform exchange evaluate networks memory
for part in "$@"; do "$part"; done
