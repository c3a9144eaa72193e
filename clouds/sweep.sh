#!/usr/bin/env bash
# The command that the cluster files start: a sweep on the Ray cluster around it.
#     clouds/sweep.sh PLAN RESULTS [OPTIONS OF `deepobs sweep`]
# A run takes $GPUS of a GPU: 1 by default; 0 keeps the runs on processors.
set -euo pipefail
plan=$1 results=$2
exec deepobs sweep "$plan" --results "$results" --executor ray --progress lines \
    --option address=auto --option "gpus=${GPUS:-1}" "${@:3}"
