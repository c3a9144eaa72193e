"""Named metrics, their directions, and lengths in steps."""

import dataclasses
import math

import pytest
import torch

from deepobs.data import Batch
from deepobs.problems import LOSS, PERPLEXITY, RMSE, Metric, build, get_problem


def test_primary_metric_is_the_first_named_one_or_accuracy_or_the_loss() -> None:
    """The direction belongs to the metric."""
    expected = {
        "fmnist_2c2d": ("accuracy", True),
        "quadratic_deep": ("loss", False),
        "shakespeare_gpt": ("perplexity", False),
        "pinn_convection": ("relative_l2_error", False),
        "matrix_sensing": ("rmse", False),
        "cartpole_ppo": ("episodic_return", True),
    }
    found = {name: get_problem(name).metric for name in expected}
    assert {n: (m.name, m.higher_is_better) for n, m in found.items()} == expected
    assert get_problem("quadratic_deep").metric is LOSS


def test_perplexity_is_exp_of_the_mean_cross_entropy() -> None:
    """On the test set, beside loss and accuracy."""
    metrics = build("shakespeare_gpt_small").evaluate("test")
    assert metrics.values["perplexity"] == pytest.approx(math.exp(metrics.loss), rel=1e-5)
    assert metrics.values["accuracy"] == metrics.accuracy


def test_rmse_is_the_root_of_the_mean_squared_error() -> None:
    """Whatever the sizes of the batches."""
    problem = dataclasses.replace(get_problem("matrix_sensing"), full_batch=False)
    small, whole = (build(problem, batch_size=n).evaluate("test") for n in (50, 360))
    assert small.values["rmse"] == pytest.approx(math.sqrt(small.loss), rel=1e-5)
    assert small.values["rmse"] == pytest.approx(whole.values["rmse"], rel=1e-5)


def test_rmse_does_not_broadcast() -> None:
    """Outputs `[N, 1]` are compared with targets `[N]` one by one, as the squared error does."""
    batch = Batch(torch.zeros(3, 1), torch.tensor([1.0, 2.0, 3.0]))
    assert RMSE.parts is not None
    numerator, denominator = RMSE.parts(torch.zeros(3, 1), batch)
    assert (numerator.item(), denominator.item()) == (14.0, 3)


def test_a_diverged_perplexity_is_infinite() -> None:
    """exp of a large loss overflows to infinity, without an error."""
    assert PERPLEXITY.value(1e6, 1) == math.inf
    assert math.isnan(RMSE.value(math.nan, 1))


def _largest_error(output, batch):
    return (output - batch.targets).abs().amax(), torch.tensor(1)


def test_a_metric_of_ones_own() -> None:
    """Stands beside the others in the values of an evaluation, and is the primary one if first."""
    mine = Metric(name="largest_error", higher_is_better=False, parts=_largest_error)
    problem = dataclasses.replace(get_problem("matrix_sensing"), metrics=(mine, RMSE))
    assert problem.metric is mine
    assert list(build(problem).evaluate("test").values) == ["loss", "largest_error", "rmse"]


@pytest.mark.parametrize("name", ["loss", "rmse"])
def test_names_of_metrics_differ(name: str) -> None:
    """Two metrics of one name, or one named loss, are refused."""
    twice = Metric(name=name, higher_is_better=False, parts=_largest_error)
    with pytest.raises(ValueError, match="names that differ"):
        dataclasses.replace(get_problem("matrix_sensing"), metrics=(twice, RMSE))


def test_a_name_of_a_metric_is_an_identifier() -> None:
    """It becomes part of names of fields."""
    with pytest.raises(ValueError, match="'top 1'"):
        Metric(name="top 1", higher_is_better=True, parts=None)


def test_an_epoch_may_be_a_number_of_steps() -> None:
    """The batches go on from epoch to epoch, across passes over the data."""
    problem = dataclasses.replace(get_problem("digits_logreg"), steps_per_epoch=15, epochs=4)
    assert problem.steps == 60
    built = build(problem)  # 22 batches are a pass
    assert built.num_batches("train") == 15
    found = [b.targets for e in range(2) for b in built.batches("train", epoch=e)]
    plain = build("digits_logreg")
    passes = [b.targets for e in range(2) for b in plain.batches("train", epoch=e)]
    assert len(found) == 30
    assert all(torch.equal(a, b) for a, b in zip(found, passes, strict=False))
    rest = [b.targets for b in built.batches("train", epoch=1, start=10)]
    assert all(torch.equal(a, b) for a, b in zip(rest, found[25:], strict=True))


def test_an_evaluation_may_stop_early() -> None:
    """It takes the same first batches each time."""
    problem = dataclasses.replace(get_problem("digits_logreg"), evaluation_batches=2)
    calls = []
    built = build(problem)
    built.model.register_forward_hook(lambda *_: calls.append(1))
    assert built.evaluate("test") == built.evaluate("test")
    assert len(calls) == 4


def test_the_batch_size_of_a_full_batch_problem_is_fixed() -> None:
    """Another one is refused with the reason."""
    with pytest.raises(ValueError, match="cora_gcn is trained on as one batch of 140 examples"):
        build("cora_gcn", batch_size=64)


class _Sized(torch.nn.Linear):
    def __init__(self, facts) -> None:
        super().__init__(64, facts.num_classes)

    def forward(self, inputs):
        return super().forward(inputs.flatten(1))


def test_a_model_may_ask_for_facts_of_the_data() -> None:
    """A parameter named `facts` gets the facts of the data set."""
    problem = dataclasses.replace(get_problem("digits_logreg"), model=_Sized)
    assert build(problem).model.out_features == 10
