#!/usr/bin/env bash
# Strong scaling: the same n on more and more ranks.
#
#   jobs/scaling/strong.sh evaluate|transform|split|run --n 24,26 --ranks 1,2 --out rows.jsonl
#     [--repeat 3] [--with-options '--shm off'] [-- GAME, with {n} for the number of players]
#
# A row is written once its result is verified: known dividends, and the checksum of one rank.
set -euo pipefail
source "$(dirname "$0")/common.sh"
scaling strong "$@"
