#!/usr/bin/env bash
# Network namespaces as nodes: each has a link of limited rate to a switch, and a name of its own,
# so MPI takes them for machines and sends messages over TCP. What runs in them shares the cores and
# the memory of this machine. As root.
#
#   jobs/scaling/namespaces.sh RATE NODES COMMAND...      RATE as tc takes it: 2gbit
#
# COMMAND finds LAUNCHER, which jobs/scaling takes, and starts ranks over these nodes, by equal
# shares. Everything is taken away at the end.
#
#   jobs/scaling/namespaces.sh 1gbit 4 jobs/scaling/strong.sh transform --n 22 --ranks 1,2,4 \
#     --cores-per-node 1 --out rows.jsonl
set -euo pipefail
self=$(cd "$(dirname "$0")" && pwd)/namespaces.sh
network=10.77.213

# Start RANKS of a program, within the first node.
start() {
  local ranks=$1 hosts="" k slots
  shift
  slots=$(((ranks + HRS_NODES - 1) / HRS_NODES))
  for ((k = 0; k * slots < ranks; k++)); do hosts+=,$network.$((k + 1)):$slots; done
  hostname node0
  exec mpirun --mca plm_rsh_agent "$self --agent" --host "${hosts#,}" -n "$ranks" --bind-to none \
    --mca pml ob1 --mca btl vader,tcp,self --mca btl_tcp_if_include $network.0/24 \
    --mca oob_tcp_if_include $network.0/24 "$@"
}

case ${1:-} in
--start) shift; start "$@" ;;
--agent) # HOST COMMAND...: what ssh is elsewhere
  k=$((${2##*.} - 1))
  shift 2
  exec ip netns exec "$HRS_SPACE$k" unshare --uts sh -c "hostname node$k; $*"
  ;;
esac
[ $# -ge 3 ] || { sed -n '2,14s/^# \{0,1\}//p' "$self" >&2; exit 64; }
rate=$1 nodes=$2
shift 2
[[ $nodes =~ ^[1-9][0-9]?$ ]] || { echo "$nodes nodes: 1 to 99" >&2; exit 64; }
export HRS_NODES=$nodes HRS_SPACE=hrs$$-
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
switch=${HRS_SPACE}s

remove() {
  for ((k = 0; k < nodes; k++)); do ip netns del "$HRS_SPACE$k" 2>/dev/null || true; done
  ip netns del "$switch" 2>/dev/null || true
}
trap remove EXIT

ip netns add "$switch"
ip -n "$switch" link add bridge type bridge
ip -n "$switch" link set bridge up
for ((k = 0; k < nodes; k++)); do
  ip netns add "$HRS_SPACE$k"
  ip -n "$HRS_SPACE$k" link set lo up
  ip link add link0 netns "$HRS_SPACE$k" type veth peer name "port$k" netns "$switch"
  ip -n "$HRS_SPACE$k" addr add "$network.$((k + 1))/24" dev link0
  ip -n "$switch" link set "port$k" master bridge up
  ip -n "$HRS_SPACE$k" link set link0 up
  # Either way, as a full duplex link has it; little may pass at once.
  tc -n "$HRS_SPACE$k" qdisc add dev link0 root tbf rate "$rate" burst 512kb latency 20ms
  tc -n "$switch" qdisc add dev "port$k" root tbf rate "$rate" burst 512kb latency 20ms
done
LAUNCHER="ip netns exec ${HRS_SPACE}0 unshare --uts $self --start {ranks}" "$@"
