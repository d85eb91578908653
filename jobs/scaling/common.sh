# common.sh -- sourced by the scripts of this folder: the program that they measure, and how it is
# started. On a cluster HARSANYI_PROGRAM names a program that is there, and LAUNCHER what starts it:
#
#   export HARSANYI_PROGRAM=$HOME/harsanyi/bin/harsanyi LAUNCHER='srun --ntasks={ranks}'
source "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"

if [ -z "${HARSANYI_PROGRAM:-}" ]; then
  install $build_packages
  build release harsanyi_program
  HARSANYI_PROGRAM="$root/build/release/harsanyi"
fi
export HARSANYI_PROGRAM
# Ranks that have a core each do not yield it while they wait.
export OMPI_MCA_mpi_yield_when_idle=${YIELD:-0}
scaling() { /usr/bin/python3 "$root/jobs/scaling/scaling.py" "$@"; }
