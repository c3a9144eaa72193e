"""Two machines that share a sweep in object storage, one of which is lost."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import cloud_machine
import pytest

from deepobs.runner import load_records, sweep
from deepobs.runner.report import gather, report_numbers
from deepobs.runner.results import open_storage

SCRIPT = Path(cloud_machine.__file__)
# Columns that tell when, where and how fast, not what.
MEASURED = ("file", "started", "seconds", "forward_backward_seconds", "optimizer_seconds")

pytestmark = pytest.mark.slow


@pytest.fixture
def start(bucket, tmp_path):
    """Starts a machine: a process with a working folder and a cache of its own."""
    machines = []

    def started(name, *arguments):
        folder = tmp_path / name
        folder.mkdir()
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder), "OMP_NUM_THREADS": "1"}
        command = (sys.executable, SCRIPT, bucket, folder, *arguments)
        machines.append(subprocess.Popen(command, cwd=folder, env=environment))
        return machines[-1]

    yield started
    for machine in machines:
        machine.kill()
        machine.wait()


def what_was_measured(frame):
    """A frame without times, in the order of runs and epochs."""
    kept = frame.drop(columns=[*MEASURED, "peak_memory_bytes"])
    return kept.sort_values(["run_id", "epoch"]).reset_index(drop=True)


def test_a_machine_is_lost_in_the_middle_of_a_sweep(bucket, keys, start, tmp_path, until):
    """Its run goes on from its checkpoint elsewhere; nothing is lost or done twice."""
    lost = start("lost", "dies")
    holding = tmp_path / "lost" / "holding"
    until(lambda: holding.exists() or lost.poll() is not None)
    other = start("other")
    assert lost.wait(timeout=300) == -signal.SIGKILL
    back = start("back")  # the machine that was lost, after its restart
    assert (other.wait(timeout=300), back.wait(timeout=300)) == (0, 0)

    frame = load_records(bucket)
    records = Counter(frame[frame["epoch"] == 0]["run_id"])
    assert (len(records), set(records.values())) == (cloud_machine.RUNS, {1})
    assert len([key for key in keys() if key.endswith(".json")]) == cloud_machine.RUNS
    assert not [key for key in keys() if key.startswith(".runs/")]
    assert _resumed(bucket, holding.read_text()) == "exactly"

    here = tmp_path / "here"
    sweep(cloud_machine.PLAN, results=here, workers=0, device="cpu", progress="off")
    expected = load_records(here)
    assert what_was_measured(frame).equals(what_was_measured(expected))
    assert _told(bucket) == _told(here)


def _resumed(bucket, run_id):
    """How a run went on, by its record."""
    from deepobs.runner.results._store import read_or_skip

    storage = open_storage(bucket)
    records = [read_or_skip(storage, listed.name) for listed in storage.json_files([])]
    (record,) = [record for record in records if record.run_id == run_id]
    return record.environment["resumed"]


def _told(results):
    """What the report says, without the parts on speed."""
    numbers = report_numbers(gather(results).study)
    return {name: numbers[name] for name in ("num_runs", "verdict", "study", "verdicts", "results")}
