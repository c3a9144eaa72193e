"""The commands that the cluster files start, on this machine."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

CLOUDS = Path(__file__).parents[1]
PLAN = """
problems: [digits_logreg]
optimizers: [SGD, Adam]
lr: [0.01, 0.1]
epochs: 1
"""
RUNS = 4
SRUN = """#!/bin/sh
# Stands for SLURM's `srun` with two tasks, which fails if one of them fails.
"$@" & first=$!
"$@"; second=$?
wait $first && exit $second
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def plan(tmp_path):
    """The file of a small sweep."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    return path


def _environment(**more):
    """This environment's commands are found, as on the cluster after `install.sh`."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", **more}


def _records(results):
    """The number of records of each run."""
    return Counter(json.loads(path.read_text())["run_id"] for path in results.glob("*/*/*/*.json"))


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray's files and sockets
@pytest.mark.filterwarnings("ignore:Tip. In future versions of Ray:FutureWarning")
def test_the_entry_command_on_two_nodes(plan, tmp_path, monkeypatch):
    """`sweep.sh` does each run of the plan once on a Ray cluster of two nodes."""
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    head = {"num_cpus": 1, "include_dashboard": False}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    try:
        cluster.add_node(num_cpus=1)
        subprocess.run(
            (CLOUDS / "sweep.sh", plan, tmp_path / "results", "--device", "cpu"),
            env=_environment(RAY_ADDRESS=cluster.address, GPUS="0"),
            check=True,
        )
    finally:
        cluster.shutdown()
    records = _records(tmp_path / "results")
    assert (len(records), set(records.values())) == (RUNS, {1})


def test_the_job_of_slurm(plan, tmp_path):
    """The tasks of `slurm.sh` share the runs: each run is done once."""
    home, commands = tmp_path / "home", tmp_path / "bin"
    activate = home / "env/bin/activate"
    activate.parent.mkdir(parents=True)
    activate.touch()
    commands.mkdir()
    (commands / "srun").write_text(SRUN)
    (commands / "srun").chmod(0o755)
    environment = _environment(HOME=str(home))
    environment["PATH"] = os.pathsep.join((str(commands), environment["PATH"]))
    subprocess.run(
        (CLOUDS / "slurm.sh", plan, tmp_path / "results", "--device", "cpu"),
        env=environment,
        check=True,
    )
    records = _records(tmp_path / "results")
    assert (len(records), set(records.values())) == (RUNS, {1})
