#!/usr/bin/env bash
# Weak scaling: one player more, and so twice the lattice, with each doubling of the ranks.
#
#   jobs/scaling/weak.sh evaluate|transform|split|run --n 24 --ranks 1,2,4 --out rows.jsonl
#     [--repeat 3] [--with-options '--shm off'] [-- GAME, with {n} for the number of players]
#
# n is that of one rank. A row is written once its result is verified, as in strong.sh.
set -euo pipefail
source "$(dirname "$0")/common.sh"
scaling weak "$@"
