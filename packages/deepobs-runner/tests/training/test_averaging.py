"""Averages of weights: what is evaluated, with which statistics, and what is recorded."""

import copy
from functools import partial

import pytest
import run_workers as workers
import torch
from torch import nn

from deepobs.problems import build
from deepobs.runner import Callback, UsageError, run

quiet = partial(run, progress="off", device="cpu", lr=0.1)


class Seen(Callback):
    """Copies the model's weights and buffers after every step, and at every evaluation."""

    def on_run_start(self, config, built):
        """Keeps the model."""
        self.model, self.built = built.model, built
        self.steps, self.epochs, self.evaluated = [], [], []

    def weights(self):
        """The weights as one vector."""
        return torch.cat([p.detach().flatten().clone() for p in self.model.parameters()])

    def on_step_end(self, trainer):
        """Copies the trained weights."""
        self.steps.append(self.weights())
        if trainer.step_in_epoch == trainer.steps_per_epoch:
            self.epochs.append(self.steps[-1])

    def on_evaluation(self, epoch, metrics):
        """Copies what is evaluated."""
        self.evaluated.append((self.weights(), copy.deepcopy(dict(self.model.named_buffers()))))


def seen_in(averaging, problem="digits_mlp", **settings):
    """What a run of four epochs trains and evaluates, and its record."""
    seen = Seen()
    record = quiet(problem, "SGD", epochs=4, averaging=averaging, callbacks=[seen], **settings)
    return seen, record


def check(ours, expected):
    """Equal but for the rounding of a mean in float32."""
    assert torch.allclose(ours, expected, rtol=1e-5, atol=1e-6)


def test_ema_evaluates_the_exponential_moving_average_of_the_steps():
    """From the weights after the first step on."""
    seen, _ = seen_in({"name": "ema", "decay": 0.9})
    average = seen.steps[0]
    for weights in seen.steps[1:]:
        average = 0.9 * average + 0.1 * weights
    check(seen.evaluated[-1][0], average)
    assert not torch.equal(seen.evaluated[-1][0], seen.steps[-1])


def test_swa_evaluates_the_mean_of_the_last_epochs():
    """From half of the run on; the trained weights before."""
    seen, _ = seen_in({"name": "swa", "start": 0.5})
    check(seen.evaluated[1][0], seen.epochs[0])
    check(seen.evaluated[2][0], seen.epochs[1])
    check(seen.evaluated[4][0], torch.stack(seen.epochs[1:]).mean(0))


def test_lawa_evaluates_the_mean_of_a_window_of_epochs():
    """The last two, as soon as there are two."""
    seen, _ = seen_in({"name": "lawa", "window": 2})
    check(seen.evaluated[1][0], seen.epochs[0])
    for epoch in (2, 3, 4):
        check(seen.evaluated[epoch][0], torch.stack(seen.epochs[epoch - 2 : epoch]).mean(0))


@pytest.mark.parametrize("kind", ["ema", "swa", "lawa"])
def test_averaging_changes_nothing_in_training(kind):
    """The trained weights and the losses of the steps are those of a run without."""
    plain, without = seen_in("none")
    seen, record = seen_in(kind)
    assert all(map(torch.equal, seen.steps, plain.steps))
    assert record.minibatch_train_losses == without.minibatch_train_losses
    assert record.run_id != without.run_id


def test_raw_weights_are_evaluated_too_on_request():
    """Their series are those of a run without averaging; by default there are none."""
    _, without = seen_in("none")
    _, record = seen_in({"name": "ema", "decay": 0.9, "raw": True})
    assert record.raw_metrics["test_loss"] == without.test_losses
    assert record.raw_metrics["train_accuracy"] == without.train_accuracies
    assert record.test_losses[1:] != without.test_losses[1:]
    assert seen_in("ema")[1].raw_metrics is None


def statistics_by_hand(built, weights):
    """The plain mean over the batches of train_eval of each batch's statistics."""
    model = copy.deepcopy(built.model)
    nn.utils.vector_to_parameters(weights, model.parameters())
    (layer,) = (m for m in model.modules() if isinstance(m, nn.BatchNorm1d))
    inputs = []
    layer.register_forward_pre_hook(lambda _, given: inputs.append(given[0].detach()))
    model.eval()
    with torch.no_grad():
        for batch in built.batches("train_eval"):
            model(batch.inputs)
    means = torch.stack([x.mean(0) for x in inputs]).mean(0)
    variances = torch.stack([x.var(0) for x in inputs]).mean(0)
    return means, variances


@pytest.mark.parametrize(
    ("optimizer", "averaging"),
    [
        ("SGD", {"name": "ema", "decay": 0.9}),
        ("Lookahead(SGD)", "none"),
        ("ScheduleFree(SGD)", "none"),
    ],
)
def test_batch_norm_statistics_are_those_of_the_evaluated_weights(optimizer, averaging):
    """Recomputed on train_eval; the running statistics of training are restored."""
    seen = Seen()
    problem = workers.batch_norm_problem()
    quiet(problem, optimizer, epochs=1, averaging=averaging, callbacks=[seen])
    weights, buffers = seen.evaluated[-1]
    mean, variance = statistics_by_hand(build(problem, seed=42), weights)
    held = {name.rpartition(".")[2]: value for name, value in buffers.items()}
    check(held["running_mean"], mean)
    check(held["running_var"], variance)
    after = {name.rpartition(".")[2]: value for name, value in seen.model.named_buffers()}
    assert not torch.equal(after["running_mean"], held["running_mean"])


def test_statistics_of_training_serve_where_the_weights_are_those_of_training():
    """Without an average nothing is recomputed."""
    seen = Seen()
    quiet(workers.batch_norm_problem(), "SGD", epochs=1, callbacks=[seen])
    for name, value in seen.model.named_buffers():
        assert torch.equal(value, seen.evaluated[-1][1][name])


@pytest.mark.parametrize(
    ("averaging", "said"),
    [
        ("emma", "did you mean ema"),
        ({"name": "ema", "window": 3}, "argument of the averaging ema named 'window'"),
        ({"name": "ema", "decay": 1.0}, "decay of an averaging must be from 0 to below 1"),
        ({"name": "lawa", "window": 0}, "window of the averaging lawa"),
        ({"name": "swa", "raw": "perhaps"}, "raw of the averaging swa must be true or false"),
        (3, "averaging must be a name or a mapping"),
    ],
)
def test_a_wrong_averaging_is_one_sentence(averaging, said):
    """It names the argument and what there is."""
    with pytest.raises(UsageError) as caught:
        quiet("digits_mlp", "SGD", epochs=1, averaging=averaging)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
