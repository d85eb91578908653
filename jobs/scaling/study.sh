#!/usr/bin/env bash
# The study of docs/studies/scaling, all of it: rates of this machine, strong and weak scaling of
# evaluation, transform, split and whole runs, exchanges between network namespaces (as root),
# tables and figures. Some five minutes on two idle cores.
#
#   jobs/scaling/study.sh [FOLDER [quick]]   build/scaling; docs/studies/scaling is what is shipped
#
# quick: small lattices, to try it out; what it says of time means little. More ranks than cores are
# run once, for volumes and bits alone; their times are not shown.
set -euo pipefail
source "$(dirname "$0")/common.sh"
install python3-matplotlib

here="$root/jobs/scaling"
out=${1:-"$root/build/scaling"}
case ${2:-} in
"") first=25 repeat=5 link=22,24,26 between=22,24
  parts=("evaluate 20,22 18" "transform 24,26 20" "split 16,18 12" "run 24,26 18") ;;
quick) first=20 repeat=3 link=18,20 between=18
  parts=("evaluate 16,18 14" "transform 18,20 16" "split 12 11" "run 16,18 14") ;;
*) echo "'$2': quick, or nothing" >&2; exit 64 ;;
esac
mkdir -p "$out"
work=$(mktemp -d)
trap 'echo "not finished; what there is: $work" >&2' ERR
cores=$(nproc)
load=$(cut -d' ' -f1 /proc/loadavg)
ranks=1 crowd=
for p in 2 4 8 16; do
  if [ "$p" -le "$cores" ]; then ranks+=,$p; elif [ "$p" -le 8 ]; then crowd+=,$p; fi
done
rows="$work/rows.jsonl"

scaling rates --n $first --out "$work/machine.json"
for part in "${parts[@]}"; do
  read -r name sizes small <<<"$part"
  scaling strong "$name" --n "$sizes" --ranks "$ranks" --repeat $repeat --out "$rows"
  [ -z "$crowd" ] || OMPI_MCA_mpi_yield_when_idle=1 scaling strong "$name" --n "$small" \
    --ranks "${crowd#,}" --repeat 1 --out "$rows"
  scaling weak "$name" --n "${sizes%,*}" --ranks "$ranks" --repeat $repeat --out "$rows"
done
# What a cluster's node is taken to be: EDIT, or see scaling.py predict.
node=(--node-ranks 64 --memory 400e9 --alpha 2e-6 --beta 0.04e-9)
{
  echo "# Scaling: what was measured"
  echo
  echo "Written by \`jobs/scaling/study.sh${2:+ $2}\` on $(date -u +%F), with $cores cores of"
  echo "$(sed -n 's/.*"processor": "\(.*\)".*/\1/p' "$work/machine.json"), the load before it"
  echo "$load. [How to read it](README.md)."
  echo
  scaling tables "$rows" --machine "$work/machine.json"
} >"$work/measured.md"
{
  echo "# Scaling: predictions"
  echo
  echo "**By the model alone, not measured**, for the cores of \`machine.json\` in nodes of"
  echo "\`predict ${node[*]}\`."
  echo "[How to read it](README.md)."
  echo
  scaling predict --machine "$work/machine.json" --n 24,26,28,30,32,34,36,38,40 \
    --ranks 1,2,4,16,64,256,1024,4096 "${node[@]}" --figure "$work"
} >"$work/predicted.md"
scaling plot "$rows" --machine "$work/machine.json" --out "$work" >/dev/null
# Nodes of one rank each, whose links are slow enough for these cores to keep up.
nodes() { "$here/namespaces.sh" 1gbit "$@" --out "$work/$out_of"; }
if [ "$(id -u)" = 0 ] && command -v ip >/dev/null && command -v tc >/dev/null; then
  out_of=link.jsonl nodes 2 "$here/scaling.py" link --ranks 2 --n $link --repeat 2 \
    --chunks 65536,1048576 --figure "$work" >"$work/link.txt"
  OMPI_MCA_mpi_yield_when_idle=1 out_of=namespaces.jsonl nodes 4 "$here/scaling.py" strong \
    transform --n $between --ranks 1,2,4 --cores-per-node 1
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
rm -r "$work"
echo "$out: $(ls "$out" | tr '\n' ' ')"
