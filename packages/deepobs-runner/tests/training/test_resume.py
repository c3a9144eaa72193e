"""A run that is killed or stopped goes on exactly."""

import os
import random
import signal

import pytest
import run_workers as workers
import torch

from deepobs.problems import LAPTOP_SET
from deepobs.runner.training._rng import random_state, set_random_state


class Runs:
    """Starts runs in processes of their own, and looks at what they leave."""

    def __init__(self, folder, until, measured):
        self.folder, self.until, self.measured = folder, until, measured
        self.sign = folder / "waits"

    def start(self, name, optimizer="Adam", resume=True, wait_in=None, **changes):
        """A process that does a run; it waits in its step number `wait_in`."""
        arguments = (optimizer, self.folder / name, self.folder / f"{name}.pt", changes)
        execution = {"checkpoint_every": 0, "resume": resume, "device": "cpu"}
        process = workers.PROCESSES.Process(
            target=workers.train,
            args=arguments,
            kwargs={"wait": wait_in and (wait_in, self.sign), **execution},
        )
        process.start()
        return process

    def finish(self, name, optimizer="Adam", resume=True, **changes):
        """Does a run, or the rest of it, and returns its outcome."""
        process = self.start(name, optimizer, resume, **changes)
        process.join(300)
        assert process.exitcode == 0
        return self.outcome(name)

    def steps(self, name):
        """Steps of the last checkpoint; 0 where there is none."""
        found = [int(path.stem[-12:]) for path in (self.folder / name).rglob("checkpoint_*.pt")]
        return max(found, default=0)

    def kill(self, name, at, of, **changes):
        """Starts a run of `of` steps, or goes on, and kills it once it has saved `at` or more."""
        process = self.start(name, wait_in=of - self.steps(name), **changes)
        self.until(lambda: self.steps(name) >= at or not process.is_alive())
        process.kill()
        process.join(300)
        assert process.exitcode == -signal.SIGKILL

    def stop(self, process, number):
        """Sends a signal to a run that waits in a step."""
        self.until(lambda: self.sign.exists() or not process.is_alive())
        os.kill(process.pid, number)
        self.sign.unlink()
        process.join(300)
        assert process.exitcode == 128 + number

    def outcome(self, name):
        """The record and the weights of a run that ended."""
        (record,) = (self.folder / name).rglob("random_seed__*.json")
        return self.measured(record), torch.load(self.folder / f"{name}.pt", weights_only=True)


def same(one, other):
    """Whether records and weights are equal, bit for bit."""
    weights = [outcome[1] for outcome in (one, other)]
    return one[0] == other[0] and all(torch.equal(weights[0][k], weights[1][k]) for k in weights[0])


@pytest.fixture
def runs(tmp_path, until, measured):
    return Runs(tmp_path, until, measured)


def num_steps(outcome):
    """Steps of a whole run."""
    return outcome[0]["num_steps"] * outcome[0]["num_epochs"]


def test_killed_ten_times_at_random_points_gives_the_same_run(runs):
    """Dropout, Adam's moments, warm-up and cosine, the place in the data: all go on bit for bit."""
    whole = runs.finish("whole")
    steps = num_steps(whole)
    for point in sorted(random.Random(0).sample(range(1, steps), 10)):
        runs.kill("killed", at=point, of=steps)
    assert same(runs.finish("killed"), whole)


@pytest.mark.parametrize(
    ("optimizer", "changes"),
    [
        ("Noisy", {"gradient_accumulation_steps": 2, "max_grad_norm": 1.0}),
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
    whole = runs.finish("whole", optimizer, **changes)
    half = num_steps(whole) // 2
    runs.stop(runs.start("stopped", optimizer, wait_in=half, **changes), signal.SIGTERM)
    assert runs.steps("stopped") == half
    assert same(runs.finish("stopped", optimizer, **changes), whole)


@pytest.mark.parametrize("problem", [*LAPTOP_SET, "modular_addition", "rotated_quadratic"])
def test_a_killed_run_goes_on_exactly_whatever_its_data(runs, problem):
    """Graphs, points, blocks of tokens, and rollouts in the middle of an episode."""
    changes = {"problem": problem, "epochs": 2, "lr": 1e-3, "validation": 0.0}
    whole = runs.finish("whole", **changes)
    steps = num_steps(whole)
    for point in (steps // 3, steps // 2 + 1):  # in both epochs
        runs.kill("killed", at=point, of=steps, **changes)
    assert same(runs.finish("killed", **changes), whole)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2"])
def test_a_signal_stops_the_command_with_its_status(runs, name):
    """128 + its number, as shells say; one sentence tells how to go on; and it does, exactly."""
    number, said = signal.Signals[name], runs.folder / "said"

    def start(folder, wait=None):
        arguments = ["run", "digits_mlp", "Adam", "--lr", "0.01", "--epochs", "4", "--resume"]
        arguments += ["--results", str(runs.folder / folder), "--device", "cpu"]
        arguments += ["--checkpoint-every", "0", "--progress", "off"]
        process = workers.PROCESSES.Process(target=workers.command, args=(arguments, said, wait))
        process.start()
        return process

    def finished(folder):
        process = start(folder)
        process.join(300)
        assert process.exitcode == 0
        return runs.measured(next((runs.folder / folder).rglob("random_seed__*.json")))

    runs.stop(start("stopped", wait=(25, runs.sign)), number)
    assert said.read_text() == (
        f"Error: Stopped by {name} in epoch 2 after 3 of 22 steps; the checkpoint is saved, "
        "continue with resume.\n"
    )
    assert not list((runs.folder / "stopped").rglob("random_seed__*.json"))
    assert finished("stopped") == finished("whole")


def test_random_state_of_a_machine_with_more_gpus_can_be_taken_up(monkeypatch):
    """Only the devices that are there get theirs."""
    restored = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda *given: restored.append(given))
    set_random_state({**random_state(), "cuda": ["first", "second"]})
    assert restored == [("first", 0)]


def test_without_resume_a_run_starts_anew(runs):
    """What is left of the killed one is removed, and the outcome is the same."""
    whole = runs.finish("whole")
    runs.kill("anew", at=5, of=num_steps(whole))
    assert same(runs.finish("anew", resume=False), whole)
    assert not (runs.folder / "anew" / ".runs").exists()


def test_a_truncated_checkpoint_is_passed_over_for_the_one_before(runs):
    """As a power cut could leave it, though the writing is atomic."""
    whole = runs.finish("whole")
    runs.kill("cut", at=20, of=num_steps(whole))
    newest = max((runs.folder / "cut").rglob("checkpoint_*.pt"))
    newest.write_bytes(newest.read_bytes()[:-1000])
    assert same(runs.finish("cut"), whole)
