"""The training loop."""

import math
import os
import shutil
import sys
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from deepobs.problems import build, get_problem
from deepobs.runner import Callback, OptimizerError, RunConfig, UsageError, run

quiet = partial(run, progress="off", device="cpu")
CONFIG = RunConfig(problem="digits_logreg", optimizer="SGD", lr=0.1)


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


def test_takes_a_configuration_in_place_of_its_settings():
    """`run(config)` is the run that the same settings give."""
    settings = {"problem": "digits_logreg", "optimizer": "SGD", "lr": 0.1, "epochs": 1}
    assert quiet(RunConfig(**settings)).test_losses == quiet(**settings).test_losses


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        (("digits_logreg",), {"lr": 0.1}, "run needs optimizer"),
        ((CONFIG, "SGD"), {}, "already sets optimizer: leave optimizer out"),
        ((CONFIG,), {"lr": 0.1}, "already sets lr: leave lr out"),
    ],
)
def test_settings_come_from_one_place(arguments, keywords, message):
    """Either a configuration, or a problem, an optimizer and settings."""
    with pytest.raises(UsageError, match=message):
        quiet(*arguments, **keywords)


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
    settings = {"lr": 0.01, "epochs": 2, "schedule": "cosine", "max_grad_norm": 1.0}
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


def test_gradient_accumulation_gives_the_whole_batch():
    """2 x 64 = 128, but for the order of float32 sums."""
    whole = quiet("digits_mlp", "SGD", lr=0.1, epochs=2, batch_size=128)
    parts = quiet(
        "digits_mlp", "SGD", lr=0.1, epochs=2, batch_size=128, gradient_accumulation_steps=2
    )
    assert parts.minibatch_train_losses == pytest.approx(whole.minibatch_train_losses, rel=1e-5)
    assert parts.test_losses == pytest.approx(whole.test_losses, rel=1e-5)
    assert parts.num_steps == whole.num_steps


def test_clipping_bounds_the_step():
    """From weights of zero, a step of SGD is as long as the clipped gradient times lr."""

    class Steps(Callback):
        def on_run_start(self, config, built):
            self.parameters = list(built.model.parameters())

        def on_evaluation(self, epoch, metrics):
            self.norm = float(torch.cat([p.detach().flatten() for p in self.parameters]).norm())

    steps = Steps()
    settings = {"lr": 1.0, "epochs": 1, "batch_size": 1000, "callbacks": [steps]}
    quiet("digits_logreg", "SGD", max_grad_norm=0.01, **settings)
    assert steps.norm == pytest.approx(0.01, rel=1e-3)


def test_lbfgs_gets_its_closure():
    """A quadratic in 100 dimensions: two steps of L-BFGS reach its floor, those of SGD do not."""
    settings = {"epochs": 2, "batch_size": 1000}
    newton = quiet(
        "quadratic_deep",
        "LBFGS",
        lr=1.0,
        hyperparameters={"line_search_fn": "strong_wolfe", "max_iter": 60},
        **settings,
    )
    plain = quiet("quadratic_deep", "SGD", lr=0.01, **settings)
    assert newton.train_losses[-1] < 89 < plain.train_losses[-1]


def test_a_closure_sees_the_same_noise_each_time():
    """Dropout's mask is the same at every evaluation of a step, and another at the next step."""

    losses = []

    class Twice(torch.optim.SGD):
        def step(self, closure):
            losses.append((float(closure()), float(closure())))

    model = partial(nn.Sequential, nn.Flatten(), nn.Dropout(), nn.Linear(64, 10))
    noisy = replace(get_problem("digits_mlp"), name="noisy", model=model, stochastic=True)
    quiet(noisy, Twice, lr=0.0, epochs=1, batch_size=512)
    assert all(first == second for first, second in losses)
    assert len({first for first, _ in losses}) == len(losses) > 1


def test_schedule_free_optimizers_are_switched():
    """Evaluation sees the averaged weights: with plain weights the loss is another one."""
    schedulefree = pytest.importorskip("schedulefree")

    class Unswitched(schedulefree.SGDScheduleFree):
        def eval(self):
            """Stays with the weights that are trained."""

    settings = {"lr": 1.0, "epochs": 2}
    switched = quiet("digits_mlp", schedulefree.SGDScheduleFree, **settings)
    plain = quiet("digits_mlp", Unswitched, **settings)
    assert switched.minibatch_train_losses == plain.minibatch_train_losses
    assert switched.test_losses[-1] != plain.test_losses[-1]


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 0.02), ("fp16", 0.005)])
def test_low_precision_follows_full_precision(precision, tolerance):
    """bf16 has 8 bits of mantissa, fp16 has 11: relative errors of 2^-8 and 2^-11 a product."""
    full = quiet("digits_mlp", "SGD", lr=0.1, epochs=2)
    low = quiet("digits_mlp", "SGD", lr=0.1, epochs=2, precision=precision)
    assert low.test_losses == pytest.approx(full.test_losses, rel=tolerance)
    assert low.test_losses != full.test_losses


def test_precision_and_determinism_are_put_back():
    """torch's global switches are the caller's again after the run."""
    torch.set_float32_matmul_precision("medium")
    try:
        quiet("quadratic_deep", "SGD", lr=0.01, epochs=1, precision="tf32", deterministic=True)
        assert torch.get_float32_matmul_precision() == "medium"
        assert not torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_float32_matmul_precision("highest")


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
    heard = []

    class Ear(Callback):
        def on_run_start(self, config, built):
            heard.append(("start", config.lr, built.problem.name))

        def on_evaluation(self, epoch, metrics):
            heard.append((epoch, sorted(metrics)))

        def on_run_end(self, record):
            heard.append(("end", record.status))

    quiet("quadratic_deep", "SGD", lr=0.01, epochs=1, callbacks=[Ear()])
    before = ["test_loss", "test_regularizer", "train_loss", "train_regularizer"]
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


def test_a_done_run_is_not_done_again(measured, tmp_path):
    """The stored record comes back; with force the run is done anew, beside it."""
    settings = {"lr": 0.01, "epochs": 1, "results": tmp_path}
    first = quiet("quadratic_deep", "SGD", **settings)
    again = quiet("quadratic_deep", "SGD", **settings)
    assert (again, again.path) == (first, first.path)
    forced = quiet("quadratic_deep", "SGD", force=True, **settings)
    assert forced.path != first.path
    assert measured(forced) == measured(first)


def test_best_model_is_kept_beside_the_record(tmp_path):
    """The file holds the weights of the evaluation with the best accuracy."""
    record = quiet(
        "digits_mlp", "SGD", lr=0.5, epochs=3, results=tmp_path, keep_best=True, validation=0.2
    )
    best = torch.load(record.path.with_suffix(".best.pt"), weights_only=True)
    assert best["criterion"] == "valid_accuracy"
    assert best["value"] == max(record.valid_accuracies) == record.valid_accuracies[best["epoch"]]
    built = build("digits_mlp", validation=0.2)
    built.model.load_state_dict(best["model"])
    assert built.evaluate("valid").accuracy == best["value"]


BAD = {
    "unknown device": ({"device": "gpu"}, "no device named 'gpu'"),
    "device that is not here": ({"device": "cuda:99"}, "no device 'cuda:99' here"),
    "unknown progress": ({"progress": "loud"}, "'loud'"),
    "resume without a folder": ({"resume": True}, "results folder"),
    "checkpoints without a folder": ({"checkpoint_every": 1}, "results folder"),
    "a batch larger than the data": ({"batch_size": 5000}, "5000"),
}


@pytest.mark.parametrize(("changes", "named"), BAD.values(), ids=list(BAD))
def test_bad_execution_is_refused_in_one_sentence(changes, named):
    """As for what defines the run."""
    with pytest.raises(UsageError) as caught:
        run("digits_mlp", "SGD", **{"lr": 0.1, "epochs": 1, "progress": "off", **changes})
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


class TwoSteps(torch.optim.SGD):
    """Takes one step, then raises an error."""

    steps = 0

    def step(self, closure=None):
        """SGD's step, or an error of two lines."""
        self.steps += 1
        if self.steps == 2:
            raise ValueError("no descent\nat all")
        return super().step(closure)


def test_what_the_optimizer_refuses_of_a_model_is_a_usage_error(tmp_path):
    """SparseAdam wants sparse gradients; a trial step finds that out before anything starts."""
    with pytest.raises(UsageError, match="SparseAdam fails in a trial step") as caught:
        quiet("digits_mlp", "SparseAdam", lr=0.1, epochs=1, results=tmp_path)
    assert "dense gradients" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("*"))


def test_an_optimizer_that_fails_is_named_with_its_error(tmp_path):
    """The error is the cause, and nothing is left behind."""
    with pytest.raises(OptimizerError, match="TwoSteps failed in its step: ValueError:") as caught:
        quiet("digits_mlp", TwoSteps, lr=0.1, epochs=1, results=tmp_path)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)
    assert not list(tmp_path.rglob("*"))


class BrokenAfterClosure(torch.optim.SGD):
    """Evaluates its closure, and fails after the second time."""

    steps = 0

    def step(self, closure):
        """An error of its own, of two lines."""
        closure()
        self.steps += 1
        if self.steps == 2:
            raise ValueError("no descent\nat all")


def test_an_optimizer_that_fails_after_its_closure_is_named():
    """In one line, with the place that raised it."""
    with pytest.raises(
        OptimizerError, match=r"ValueError: no descent \(test_trainer.py, line \d+\)"
    ):
        quiet("digits_mlp", BrokenAfterClosure, lr=0.1, epochs=1)


@pytest.mark.parametrize("optimizer", ["SGD", "LBFGS"])
def test_an_error_of_the_model_is_not_the_optimizers(optimizer):
    """Also where the optimizer calls the model, through its closure."""

    class Broken(nn.Linear):
        def forward(self, inputs):
            if self.training:
                raise ZeroDivisionError("the model's")
            return super().forward(inputs)

    model = partial(nn.Sequential, nn.Flatten(), Broken(64, 10))
    broken = replace(get_problem("digits_mlp"), name="broken", model=model)
    with pytest.raises(ZeroDivisionError, match="the model's"):
        quiet(broken, optimizer, lr=0.1, epochs=1)


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which(os.environ.get("CXX", "g++")) is None,
    reason="torch.compile needs a C++ compiler on the CPU, and there is none",
)
def test_compiled_training_gives_the_same_losses():
    """Over 20 steps, within 1e-3: fused kernels round otherwise."""
    eager = quiet("digits_mlp", "SGD", lr=0.1, epochs=1)
    compiled = quiet("digits_mlp", "SGD", lr=0.1, epochs=1, compile=True)
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
