"""A run that is killed or stopped goes on exactly."""

import os
import random
import signal
import time
from dataclasses import fields

import pytest
import torch

from deepobs.runner.results import read_record
from deepobs.runner.results._record import TIMING_FIELDS


def measured(path):
    """All of a record that says what happened, and nothing of when and how fast."""
    record = read_record(path)
    names = {item.name for item in fields(record)} - {*TIMING_FIELDS, "path"}
    return {name: getattr(record, name) for name in names}


class Runs:
    """Starts runs in processes of their own, and looks at what they leave."""

    def __init__(self, workers, folder):
        self.workers, self.folder = workers, folder

    def start(self, name, optimizer="Adam", resume=True, **changes):
        arguments = (optimizer, self.folder / name, self.folder / f"{name}.pt", changes)
        execution = {"checkpoint_every": 0, "resume": resume, "device": "cpu"}
        process = self.workers.PROCESSES.Process(
            target=self.workers.train, args=arguments, kwargs=execution
        )
        process.start()
        return process

    def steps(self, name):
        """Steps of the last checkpoint; None where there is none."""
        found = [int(path.stem[-12:]) for path in (self.folder / name).rglob("checkpoint_*.pt")]
        return max(found, default=None)

    def stop(self, name, process, at, signal_number):
        """Sends a signal once the run has taken so many steps; False where it ended before."""
        deadline = time.monotonic() + 120
        while (self.steps(name) or 0) < at:
            if not process.is_alive():
                return False
            assert time.monotonic() < deadline
            time.sleep(0.0005)
        os.kill(process.pid, signal_number)
        process.join(60)
        return process.exitcode in (-signal.SIGKILL, 128 + signal_number)

    def outcome(self, name):
        """The record and the weights of a run that ended."""
        (record,) = (self.folder / name).rglob("random_seed__*.json")
        return measured(record), torch.load(self.folder / f"{name}.pt", weights_only=True)


def same(one, other):
    """Whether records and weights are equal, bit for bit."""
    weights = [outcome[1] for outcome in (one, other)]
    return one[0] == other[0] and all(torch.equal(weights[0][k], weights[1][k]) for k in weights[0])


@pytest.fixture
def runs(workers, tmp_path):
    return Runs(workers, tmp_path)


def uninterrupted(runs, optimizer="Adam", **changes):
    process = runs.start("whole", optimizer, **changes)
    process.join(240)
    assert process.exitcode == 0
    return runs.outcome("whole")


def test_killed_ten_times_at_random_points_gives_the_same_run(runs):
    """Dropout, Adam's moments, warm-up and cosine, the place in the data: all go on bit for bit."""
    whole = uninterrupted(runs)
    steps = whole[0]["num_steps"] * whole[0]["num_epochs"]
    points = sorted(random.Random(0).sample(range(1, steps), 10))
    kills = 0
    for point in points:
        kills += runs.stop("killed", runs.start("killed"), point, signal.SIGKILL)
    last = runs.start("killed")
    last.join(240)
    assert last.exitcode == 0
    assert kills == 10
    assert same(runs.outcome("killed"), whole)


@pytest.mark.parametrize(
    ("optimizer", "changes"),
    [
        ("Noisy", {"accumulate": 2, "clip_norm": 1.0}),
        ("Precise", {}),
        ("LBFGS", {"schedule": "constant", "epochs": 2, "hyperparameters": {"max_iter": 4}}),
        ("schedulefree.AdamWScheduleFree", {"schedule": "constant"}),
        ("SGD", {"precision": "bf16", "schedule": {"name": "ReduceLROnPlateau", "patience": 0}}),
        ("SGD", {"problem": "quadratic_deep", "lr": 1e-3, "epochs": 20}),
    ],
    ids=["global noise", "float64", "closure", "schedule-free", "plateau", "another problem"],
)
def test_stopped_by_a_signal_goes_on_exactly(runs, optimizer, changes):
    """SIGTERM ends the step, saves, and the same command later gives the same run."""
    whole = uninterrupted(runs, optimizer, **changes)
    steps = whole[0]["num_steps"] * whole[0]["num_epochs"]
    process = runs.start("stopped", optimizer, **changes)
    assert runs.stop("stopped", process, steps // 2, signal.SIGTERM)
    last = runs.start("stopped", optimizer, **changes)
    last.join(240)
    assert last.exitcode == 0
    assert same(runs.outcome("stopped"), whole)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1"])
def test_a_signal_stops_the_command_with_its_status(runs, workers, name):
    """128 + its number, as shells say; one sentence tells how to go on; and it does, exactly."""
    number, said = signal.Signals[name], runs.folder / "said"

    def start(folder):
        arguments = ["run", "digits_mlp", "Adam", "--lr", "0.01", "--epochs", "4", "--resume"]
        arguments += ["--results", str(runs.folder / folder), "--device", "cpu"]
        arguments += ["--checkpoint-every", "0", "--progress", "off"]
        process = workers.PROCESSES.Process(target=workers.command, args=(arguments, said))
        process.start()
        return process

    def finished(folder):
        process = start(folder)
        process.join(240)
        assert process.exitcode == 0
        return measured(next((runs.folder / folder).rglob("random_seed__*.json")))

    process = start("stopped")
    assert runs.stop("stopped", process, 20, number)
    assert process.exitcode == 128 + number
    assert said.read_text().startswith(f"Error: Stopped by {name} in epoch 1 after ")
    assert said.read_text().endswith("the checkpoint is saved, go on with resume.\n")
    assert not list((runs.folder / "stopped").rglob("random_seed__*.json"))
    assert finished("stopped") == finished("whole")


def test_without_resume_a_run_starts_anew(runs):
    """What is left of the killed one is removed, and the outcome is the same."""
    whole = uninterrupted(runs)
    assert runs.stop("anew", runs.start("anew"), 5, signal.SIGKILL)
    last = runs.start("anew", resume=False)
    last.join(240)
    assert last.exitcode == 0
    assert same(runs.outcome("anew"), whole)
    assert not (runs.folder / "anew" / ".runs").exists()


def test_a_truncated_checkpoint_is_passed_over_for_the_one_before(runs):
    """As a power cut could leave it, though the writing is atomic."""
    whole = uninterrupted(runs)
    assert runs.stop("cut", runs.start("cut"), 20, signal.SIGKILL)
    newest = max((runs.folder / "cut").rglob("checkpoint_*.pt"))
    newest.write_bytes(newest.read_bytes()[:-1000])
    last = runs.start("cut")
    last.join(240)
    assert last.exitcode == 0
    assert same(runs.outcome("cut"), whole)
