"""Problems on tables: their losses and metrics."""

import math
from dataclasses import replace
from functools import partial

import pytest
import torch

from deepobs.data import load_dataset
from deepobs.data.testing import write_stand_in
from deepobs.models import FactorizationOutput, MatrixFactorization
from deepobs.problems import RatingLoss, build, get_problem


def test_rating_loss_adds_the_penalty() -> None:
    """(3 − 5)² + 0.02 · 10 and (1 − 1)² + 0.02 · 5, and the mean of both."""
    output = FactorizationOutput(torch.tensor([3.0, 1.0]), torch.tensor([10.0, 5.0]))
    targets = torch.tensor([5.0, 1.0])
    losses = RatingLoss("none")(output, targets)
    torch.testing.assert_close(losses, torch.tensor([4.2, 0.1]))
    torch.testing.assert_close(RatingLoss()(output, targets), torch.tensor(2.15))


def test_rmse_of_ratings_leaves_the_penalty_out(stand_ins: str) -> None:
    """A model without factors and biases predicts the mean, whatever the batch size."""
    built = build("movielens_mf", batch_size=7, data_root=stand_ins)
    with torch.no_grad():
        for parameter in built.model.parameters():
            parameter.zero_()
    targets = load_dataset("movielens_100k", root=stand_ins).arrays("test").targets
    expected = math.sqrt((targets - 3.53).square().mean().item())
    metrics = built.evaluate("test")
    assert metrics.values["rmse"] == pytest.approx(expected, rel=1e-5)
    assert metrics.loss == pytest.approx(expected**2, rel=1e-5)
    assert built.problem.metric.name == "rmse"


def test_biases_of_users_and_films_are_learned(tmp_path) -> None:
    """On ratings that consist of both and of noise of deviation 0.9, rounded to whole numbers."""
    root = write_stand_in("movielens_100k", tmp_path, num_train=40_000, num_test=10_000)
    built = build("movielens_mf", data_root=root)
    before = built.evaluate("test").values["rmse"]
    optimizer = torch.optim.Adam(built.model.parameters(), lr=0.01)
    for batch in built.batches("train"):
        optimizer.zero_grad()
        built.objective(batch).backward()
        optimizer.step()
    # Of the variance 0.9² + 0.4² + 0.5² and that of rounding, an epoch explains the last two.
    assert built.evaluate("test").values["rmse"] < before - 0.05


def test_sparse_gradients_are_an_option_of_the_model(stand_ins: str) -> None:
    """The loss is that of dense ones, since its penalty has no other parameters."""
    problem = get_problem("movielens_mf")
    assert isinstance(problem.model, partial)
    sparse = replace(problem, model=partial(problem.model, sparse=True))
    one, other = (build(p, batch_size=4, data_root=stand_ins) for p in (problem, sparse))
    for built in (one, other):
        built.objective(next(built.batches("train"))).backward()
    assert isinstance(other.model, MatrixFactorization)
    for dense, parameter in zip(one.model.parameters(), other.model.parameters(), strict=True):
        assert parameter.grad.is_sparse
        torch.testing.assert_close(parameter.grad.to_dense(), dense.grad)
