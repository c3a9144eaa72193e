"""A run that is killed or stopped goes on exactly."""

import random
import signal

import pytest
import run_workers as workers
import torch
from resumed_runs import num_steps, same

from deepobs.problems import LAPTOP_SET
from deepobs.runner.training._rng import random_state, set_random_state


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
