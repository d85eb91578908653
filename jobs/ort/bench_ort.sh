#!/bin/bash
# Measure ONNX Runtime's images per second, to set beside `harsanyi bench evaluate`: one thread per
# process, batch sizes 1 to 1024, then two processes at the best one.
#
#   jobs/ort/bench_ort.sh [MODEL.onnx ...]
#   jobs/ort/bench_ort.sh --install          no more than making sure that it can be measured
#
# Without arguments: data/digits_cnn.onnx, and mnist_lenet_fyh and mnist_fc_256x2 of the folder
# HARSANYI_MODELS where that is set. Environment:
#   ORT_SECONDS   seconds per point (1)
#   ORT_BATCHES   batch sizes (1,2,4,...,1024)
#   ORT_PROCESSES processes at the best batch size (2)
#   ORT_LENGTH    elements of open axes other than the batch: of a sequence (16)
#   ORT_VERSION   version of onnxruntime-node (1.30.0)
#   ORT_JSON      folder for one JSON file per network (none)
#   ORT_FEEDS     folder of NAME.json with samples whose outputs go there too (none); see bench.mjs
# npm installs ONNX Runtime (about 300 MB) once, outside of the source tree, in
# ${XDG_CACHE_HOME:-~/.cache}/harsanyi; its install scripts are not run.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=${ORT_VERSION:-1.30.0}
HARSANYI_ORT_HOME=${XDG_CACHE_HOME:-$HOME/.cache}/harsanyi/onnxruntime-$version
export HARSANYI_ORT_HOME

fail() {
  echo "error: $*" >&2
  exit 1
}

for tool in node npm; do
  command -v "$tool" > /dev/null || fail "$tool is missing; on Debian: apt-get install nodejs npm"
done
/usr/bin/python3 -c 'import onnx' 2> /dev/null ||
  fail "Python's onnx is missing; on Debian: apt-get install python3-onnx"

if [ ! -e "$HARSANYI_ORT_HOME/node_modules/onnxruntime-node/package.json" ]; then
  mkdir -p "$HARSANYI_ORT_HOME"
  npm install --prefix "$HARSANYI_ORT_HOME" --ignore-scripts --no-audit --no-fund \
    --loglevel=error "onnxruntime-node@$version" > "$HARSANYI_ORT_HOME/install.log" 2>&1 ||
    fail "npm could not install onnxruntime-node $version; see $HARSANYI_ORT_HOME/install.log"
  [ -e "$HARSANYI_ORT_HOME/package.json" ] || echo '{}' > "$HARSANYI_ORT_HOME/package.json"
fi

[ "${1:-}" = --install ] && exit 0
if [ $# -eq 0 ]; then
  set -- "$here/../../data/digits_cnn.onnx"
  if [ -n "${HARSANYI_MODELS:-}" ]; then
    set -- "$@" "$HARSANYI_MODELS"/{mnist_lenet_fyh,mnist_fc_256x2}/model.onnx
  else
    echo "skipped: HARSANYI_MODELS is not set, only the bundled network is measured" >&2
  fi
fi

status=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf '%-24s %9s %7s %6s %12s\n' network processes threads batch images/s
for model in "$@"; do
  name=$(basename "$model" .onnx)
  [ "$name" = model ] && name=$(basename "$(dirname "$model")")
  options=(--name "$name" --original "$model" --seconds "${ORT_SECONDS:-1}"
    --processes "${ORT_PROCESSES:-2}" --length "${ORT_LENGTH:-16}")
  [ -n "${ORT_BATCHES:-}" ] && options+=(--batches "$ORT_BATCHES")
  if [ -n "${ORT_JSON:-}" ]; then
    mkdir -p "$ORT_JSON"
    options+=(--json "$ORT_JSON/$name.json")
  fi
  [ -n "${ORT_FEEDS:-}" ] && options+=(--feeds "$ORT_FEEDS/$name.json")
  if /usr/bin/python3 "$here/symbolic_batch.py" "$model" "$scratch/$name.onnx"; then
    options+=(--symbolic "$scratch/$name.onnx")
  fi
  node "$here/bench.mjs" "${options[@]}" || status=1
done
exit "$status"
