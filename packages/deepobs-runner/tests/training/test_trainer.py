"""The training loop."""

import math
import os
import shutil
import sys
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from deepobs.problems import build, get_problem
from deepobs.runner import Callback, run

quiet = partial(run, progress="off", device="cpu")


def bare_loop(problem, optimizer, epochs, **hyperparameters):
    """The weights and mini-batch losses of a loop without any of the runner."""
    built = build(problem, seed=42)
    made = optimizer(built.model.parameters(), **hyperparameters)
    losses = []
    for epoch in range(epochs):
        for batch in built.batches("train", epoch=epoch):
            made.zero_grad()
            loss = built.objective(batch)
            loss.backward()
            made.step()
            losses.append(loss.item())
    return built, losses


def test_trains_as_a_bare_loop_does():
    """Same losses bit for bit: nothing is added to forward, backward and step."""
    built, losses = bare_loop("digits_mlp", torch.optim.SGD, 2, lr=0.1, momentum=0.9)
    record = quiet("digits_mlp", "SGD", lr=0.1, hyperparameters={"momentum": 0.9}, epochs=2)
    steps = built.num_batches("train")
    logged = [losses[e * steps + s] for e in range(2) for s in range(0, steps, 10)]
    assert record.minibatch_train_losses == logged
    assert record.test_losses[-1] == built.evaluate("test").loss
    assert record.test_accuracies[-1] == built.evaluate("test").accuracy


def test_series_have_a_value_before_training_and_one_an_epoch():
    """epochs + 1 evaluations; epochs learning rates and times."""
    record = quiet("digits_logreg", "SGD", lr=0.1, epochs=3, validation=0.1)
    for name in ("train", "valid", "test"):
        for series in ("losses", "accuracies", "regularizers"):
            assert len(getattr(record, f"{name}_{series}")) == 4
    assert len(record.evaluation_seconds) == 4
    assert len(record.epoch_seconds) == len(record.learning_rates) == 3
    assert record.test_losses[0] == pytest.approx(math.log(10))  # ten classes, weights of zero
    assert record.test_losses[-1] < 1.5
    assert record.status == "finished"


def test_problems_without_accuracy_record_none():
    """The field is left out of the file too."""
    record = quiet("quadratic_deep", "SGD", lr=0.01, epochs=1)
    assert record.train_accuracies is None
    assert "train_accuracies" not in record.to_dict()


def test_repeats_bit_for_bit(measured):
    """Two runs of the same seed differ in timings alone."""
    settings: dict[str, Any] = {"lr": 0.01, "epochs": 2, "schedule": "cosine", "max_grad_norm": 1.0}
    torch.manual_seed(1)
    first = quiet("digits_mlp", "Adam", **settings)
    torch.manual_seed(2)  # what the caller did before does not matter
    assert measured(quiet("digits_mlp", "Adam", **settings)) == measured(first)


def test_leaves_the_callers_random_numbers_alone():
    """A run draws from streams of its own."""
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    quiet("digits_mlp", "SGD", lr=0.1, epochs=1)
    assert torch.equal(torch.rand(3), expected)


def test_another_seed_is_another_run():
    """Weights and order differ."""
    one, other = (quiet("digits_mlp", "SGD", lr=0.1, epochs=1, seed=seed) for seed in (1, 2))
    assert one.test_losses[0] != other.test_losses[0]
    assert one.run_id != other.run_id


def test_divergence_is_noticed_and_what_was_measured_is_kept():
    """The run stops at once; the series end with the last evaluation."""
    record = quiet("two_d_rosenbrock", "SGD", lr=0.01, epochs=100)
    assert record.status == "diverged"
    assert len(record.test_losses) == 1
    assert math.isfinite(record.test_losses[0])
    assert len(record.minibatch_train_losses) < 8  # as many as the first epoch alone would have


def test_divergence_of_an_evaluation_is_recorded():
    """Training losses can be finite while the last step leads nowhere."""
    record = quiet("quadratic_deep", "SGD", lr=1e37, epochs=3, batch_size=1000)
    assert record.status == "diverged"
    assert record.to_dict()["test_losses"][1:] == [None]


def test_schedule_free_optimizers_are_switched():
    """Evaluation sees the averaged weights: with plain weights the loss is another one."""
    schedulefree: Any = pytest.importorskip("schedulefree")

    class Unswitched(schedulefree.SGDScheduleFree):  # type: ignore[misc]
        def eval(self):
            """Stays with the weights that are trained."""

    settings: dict[str, Any] = {"lr": 1.0, "epochs": 2}
    switched = quiet("digits_mlp", schedulefree.SGDScheduleFree, **settings)
    plain = quiet("digits_mlp", Unswitched, **settings)
    assert switched.minibatch_train_losses == plain.minibatch_train_losses
    assert switched.test_losses[-1] != plain.test_losses[-1]


def test_replay_repeats_the_first_epoch():
    """With lr 0 every epoch logs the same losses; without replay the order is another one."""
    replayed = quiet("digits_mlp", "SGD", lr=0.0, epochs=2, replay=True).minibatch_train_losses
    anew = quiet("digits_mlp", "SGD", lr=0.0, epochs=2).minibatch_train_losses
    half = len(replayed) // 2
    assert replayed[:half] == replayed[half:]
    assert anew[:half] != anew[half:]


def test_weight_decay_is_the_problems_regularizer():
    """Recorded apart, and part of the losses."""
    digits = get_problem("digits_mlp")
    regularized = replace(digits, name="l2", weight_decay=0.1, regularized=nn.Module.parameters)
    record = quiet(regularized, "SGD", lr=0.1, epochs=1)
    plain = quiet(regularized, "SGD", lr=0.1, epochs=1, weight_decay=0.0)
    assert record.train_losses[0] == pytest.approx(
        plain.train_losses[0] + record.train_regularizers[0]
    )
    assert record.train_regularizers[0] > 0 == plain.train_regularizers[0]


def test_cost_of_the_optimizer_is_recorded():
    """Adam's state is two copies of the weights and a counter a parameter tensor."""
    cost = quiet("digits_mlp", "Adam", lr=0.01, epochs=1).cost
    assert cost["num_parameters"] == 64 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10
    assert cost["optimizer_state_bytes"] == 2 * 4 * cost["num_parameters"] + 6 * 4
    assert cost["optimizer_seconds"] > 0
    assert cost["forward_backward_seconds"] > 0
    assert cost["peak_memory_bytes"] > 10 * 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forgets what a process once held")
def test_peak_memory_is_not_that_of_what_was_before():
    """Memory that was given back before the run does not count as the run's."""
    resource = pytest.importorskip("resource")
    held = torch.ones(100_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    del held
    peak = quiet("digits_logreg", "SGD", lr=0.1, epochs=1).cost["peak_memory_bytes"]
    assert 10 * 2**20 < peak < before - 200_000_000


def test_callbacks_are_told_in_order():
    """Start, an evaluation before training and one an epoch, end."""
    heard: list[Any] = []

    class Ear(Callback):
        def on_run_start(self, config, built):
            heard.append(("start", config.lr, built.problem.name))

        def on_evaluation(self, epoch, metrics):
            heard.append((epoch, sorted(metrics)))

        def on_run_end(self, record):
            heard.append(("end", record.status))

    quiet("quadratic_deep", "SGD", lr=0.01, epochs=1, callbacks=[Ear()])
    before = ["best_test_loss", "test_loss", "test_regularizer"]
    before += ["train_loss", "train_regularizer"]
    after = sorted([*before, "learning_rate", "seconds"])
    assert heard == [
        ("start", 0.01, "quadratic_deep"),
        (0, before),
        (1, after),
        ("end", "finished"),
    ]


def test_an_error_of_a_callback_reaches_the_caller(tmp_path):
    """And leaves no lock and no half-written record behind."""

    class Stop(Callback):
        def on_evaluation(self, epoch, metrics):
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        quiet("quadratic_deep", "SGD", lr=0.01, epochs=1, callbacks=[Stop()], results=tmp_path)
    assert not list(tmp_path.rglob("*"))


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which(os.environ.get("CXX", "g++")) is None,
    reason="torch.compile needs a C++ compiler on the CPU, and there is none",
)
@pytest.mark.parametrize("mode", [True, "reduce-overhead"])
def test_compiled_training_gives_the_same_losses(mode):
    """Over 20 steps, within 1e-3: fused kernels round otherwise. Compiling takes seconds."""
    eager = quiet("digits_mlp", "SGD", lr=0.1, epochs=1)
    compiled = quiet("digits_mlp", "SGD", lr=0.1, epochs=1, compile=mode)
    assert "compile_seconds" not in eager.environment
    assert compiled.environment["compile_seconds"] > 0.1
    assert compiled.minibatch_train_losses == pytest.approx(eager.minibatch_train_losses, rel=1e-3)
    assert compiled.test_losses == pytest.approx(eager.test_losses, rel=1e-3)


def test_channels_last_gives_the_same_losses():
    """The layout in memory is another one, the numbers are the same to float32."""

    def image_model():
        return nn.Sequential(
            nn.Conv2d(1, 4, 3),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(144, 10),
        )

    images = replace(get_problem("digits_mlp"), name="digits_conv", model=image_model)
    plain = quiet(images, "SGD", lr=0.1, epochs=1)
    last = quiet(images, "SGD", lr=0.1, epochs=1, channels_last=True)
    assert last.test_losses == pytest.approx(plain.test_losses, rel=1e-4)
