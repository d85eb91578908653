#!/usr/bin/env bash
# A whole study: rates of this machine, strong and weak scaling of
# evaluation, transform, split and whole runs, exchanges between network namespaces (as root),
# tables and figures. Some five minutes on two idle cores.
#
#   jobs/scaling/study.sh [FOLDER]        build/scaling
#
# More ranks than cores are run once, for volumes and bits alone; their times are not shown.
set -euo pipefail
source "$(dirname "$0")/common.sh"
install python3-matplotlib

here="$root/jobs/scaling"
out=${1:-"$root/build/scaling"}
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cores=$(nproc)
ranks=1
for ((p = 2; p <= cores; p *= 2)); do ranks+=,$p; done
crowd=$((p)),$((2 * p))
rows="$work/rows.jsonl"

scaling rates --n 25 --out "$work/machine.json"
for part in "evaluate 20,22 18" "transform 24,26 20" "split 16,18 12" "run 22,26 18"; do
  read -r name sizes small <<<"$part"
  scaling strong "$name" --n "$sizes" --ranks "$ranks" --repeat 5 --out "$rows"
  OMPI_MCA_mpi_yield_when_idle=1 scaling strong "$name" --n "$small" --ranks "$crowd" --repeat 1 \
    --out "$rows"
  scaling weak "$name" --n "${sizes%,*}" --ranks "$ranks" --repeat 5 --out "$rows"
done
# What a cluster's node is taken to be: EDIT, or see scaling.py predict.
node=(--node-ranks 64 --memory 400e9 --alpha 2e-6 --beta 0.04e-9)
{
  echo "# Scaling: what was measured"
  echo
  echo "Written by \`jobs/scaling/study.sh\`, $(date -u +%F). [How to read it](README.md)."
  echo
  scaling tables "$rows" --machine "$work/machine.json"
} >"$work/measured.md"
{
  echo "# Scaling: predictions"
  echo
  echo "**By the model alone, not measured**, for ${node[*]}, with the cores of"
  echo "\`machine.json\`. [How to read it](README.md)."
  echo
  scaling predict --machine "$work/machine.json" --n 24,26,28,30,32,34,36,38,40 \
    --ranks 1,2,4,16,64,256,1024,4096 "${node[@]}" --figure "$work"
} >"$work/predicted.md"
scaling plot "$rows" --machine "$work/machine.json" --out "$work" >/dev/null
# Nodes of one rank each, whose links are slow enough for these cores to keep up.
nodes() { "$here/namespaces.sh" 1gbit "$@" --out "$work/$out_of"; }
if [ "$(id -u)" = 0 ] && command -v ip tc >/dev/null; then
  out_of=link.jsonl nodes 2 "$here/scaling.py" link --ranks 2 --n 22,24,26 --repeat 2 \
    --chunks 65536,1048576 --figure "$work" >"$work/link.txt"
  OMPI_MCA_mpi_yield_when_idle=1 out_of=namespaces.jsonl nodes 4 "$here/scaling.py" strong \
    transform --n 22,24 --ranks 1,2,4 --cores-per-node 1
  {
    echo
    echo "## Network namespaces as nodes, links of 1 Gbit/s"
    echo
    cat "$work/link.txt"
    echo
    scaling tables "$work/namespaces.jsonl" --machine "$work/machine.json" \
      --link "$work/link.jsonl" --node-ranks 1
  } >>"$work/measured.md"
  rm "$work/link.txt"
else
  echo "nothing between namespaces: that takes root, ip and tc" >&2
fi
cp "$work"/* "$out/"
echo "$out: $(ls "$out" | tr '\n' ' ')"
