#!/usr/bin/env bash
# Four GPUs of a SLURM cluster share one sweep. In a clone on a file system that all nodes see, after
# `clouds/install.sh` on the login node:
#     sbatch clouds/slurm.sh PLAN RESULTS
#SBATCH --job-name=deepobs
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=4
#SBATCH --gpus-per-task=1
#SBATCH --mem-per-cpu=4G
#SBATCH --time=12:00:00
#SBATCH --output=deepobs-%j.log
#SBATCH --signal=TERM@120
#SBATCH --requeue
set -euo pipefail
plan=$1 results=$2
source ~/env/bin/activate
# Each task is a sweep of its own in the same folder: it takes the runs that no other one holds.
exec srun deepobs sweep "$plan" --results "$results" --workers 1 --progress lines "${@:3}"
