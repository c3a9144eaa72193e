"""The problems beyond the original ones compute what their sources say."""

import json
import math
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deepobs.data import Batch
from deepobs.problems import LAPTOP_SET, PROBLEMS, BuiltProblem, build

NANOGPT = Path(__file__).parent / "golden_nanogpt" / "char.json"


def train(built: BuiltProblem, optimizer: torch.optim.Optimizer, steps: int) -> float:
    """Takes some steps and returns the test loss."""
    epoch = step = 0
    while step < steps:
        for batch in built.batches("train", epoch=epoch):
            optimizer.zero_grad()
            built.objective(batch).backward()
            optimizer.step()
            step += 1
            if step == steps:
                break
        epoch += 1
    return built.evaluate("test").loss


def test_laptop_set_is_in_the_catalogue() -> None:
    """Ten problems of different kinds, none of which needs files."""
    assert len(set(LAPTOP_SET)) == len(LAPTOP_SET) == 10
    assert set(LAPTOP_SET) <= set(PROBLEMS.ours)


@pytest.mark.parametrize(("name", "kind"), [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)])
def test_shakespeare_gpt_is_nanogpts(name: str, kind: type) -> None:
    """From nanoGPT's weights, the losses of ten steps are its own to 1e-4 (recorded in float32)."""
    golden = json.loads(NANOGPT.read_text())
    built = build("shakespeare_gpt")
    assert sum(p.numel() for p in built.model.parameters()) == 804_096
    with torch.no_grad():
        pairs = zip(built.model.parameters(), golden["parameters"], strict=True)
        for parameter, entry in pairs:
            parameter.copy_(_draw(entry))
    tokens = _draw(golden["tokens"])
    batch = Batch(tokens[:, :-1], tokens[:, 1:])
    torch.testing.assert_close(
        built.losses(batch), torch.tensor(golden["losses_per_sequence"]), rtol=1e-4, atol=0
    )
    expected = golden["trajectories"][name]
    optimizer = kind(built.model.parameters(), lr=expected["lr"])
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = built.objective(batch)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses == pytest.approx(expected["losses"][:10], rel=1e-4)


def _draw(entry: dict[str, Any]) -> torch.Tensor:
    recipe, shape = entry["recipe"], entry["shape"]
    random = np.random.RandomState(recipe["seed"])
    if recipe["kind"] == "randint":
        return torch.from_numpy(random.randint(recipe["low"], recipe["high"], shape))
    values = random.normal(recipe["loc"], recipe["scale"], shape)
    return torch.from_numpy(values.astype(np.float32))


def test_rotated_quadratic_follows_its_closed_form() -> None:
    """After k steps of gradient descent θ is R diag((1 - η λ)^k) Rᵀ θ₀."""
    built = build("rotated_quadratic")
    model: Any = built.model
    hessian = model.hessian.double()
    eigenvalues = torch.linalg.eigvalsh(hessian)
    spectrum = torch.logspace(-3, 0, 100, dtype=torch.float64)
    torch.testing.assert_close(eigenvalues, spectrum, rtol=0, atol=1e-6)
    built.to(torch.float64)
    start = model.theta.detach().clone()
    loss = train(built, torch.optim.SGD(built.model.parameters(), lr=0.5), 30)
    theta = torch.linalg.matrix_power(torch.eye(100).double() - 0.5 * hessian, 30) @ start
    torch.testing.assert_close(model.theta.detach(), theta)
    assert loss == pytest.approx((0.5 * theta @ hessian @ theta).item())


def test_matrix_sensing_has_a_solution_without_error() -> None:
    """The 360 measurements determine the 210 entries of the symmetric matrix, whose rank is 3."""
    built = build("matrix_sensing")
    inputs, targets = next(built.batches("train"))
    sensors = (inputs + inputs.mT).flatten(1).double() / 2
    matrix = torch.linalg.lstsq(sensors, targets.double(), driver="gelsd").solution.view(20, 20)
    eigenvalues, vectors = torch.linalg.eigh(matrix)
    condition = eigenvalues[-1] / eigenvalues[-3]
    torch.testing.assert_close(condition.item(), 30.0, rtol=1e-4, atol=0)
    factor = vectors[:, -3:] * eigenvalues[-3:].sqrt()
    model: Any = built.model
    with torch.no_grad():
        model.left.copy_(factor)
        model.right.copy_(factor)
    for phase in ("train_eval", "test"):
        # Measurements of size 1 were rounded to float32.
        assert built.evaluate(phase).values["rmse"] < 1e-5


@pytest.mark.parametrize(("name", "beta"), [("pinn_convection", 40), ("pinn_convection_small", 5)])
def test_pinn_residual_vanishes_on_the_solution(name: str, beta: int) -> None:
    """sin(x - βt) solves the equation, and its values are the targets."""
    built = build(name)
    batch = next(built.batches("test"))

    class Solution(torch.nn.Module):
        def forward(self, points):
            return torch.sin(points[:, :1] - beta * points[:, 1:])

    built.to(torch.float64)
    built.model.network = Solution()
    output = built.model(batch.inputs)
    # Points are stored in float32, so that x - β t is off by up to 40 · 6e-8.
    assert output.equation.abs().max() < 1e-4
    torch.testing.assert_close(output.interior, batch.targets.residual, rtol=0, atol=1e-4)
    torch.testing.assert_close(output.lower, output.upper, rtol=0, atol=1e-4)


@pytest.mark.slow
def test_cora_gcn_reaches_its_published_accuracy() -> None:
    """81.4 ± 0.7 % over ten seeds (81.5 % in the paper), with the paper's Adam at 0.01."""
    accuracies = []
    for seed in range(10):
        built = build("cora_gcn", seed=seed)
        train(built, torch.optim.Adam(built.model.parameters(), lr=0.01), 200)
        accuracies.append(built.evaluate("test").accuracy or 0.0)
    mean = sum(accuracies) / 10
    # The mean of ten has a standard error of 0.7 / √10 = 0.22; three of them on both sides.
    assert abs(mean - 0.814) < 3 * 0.007 / math.sqrt(10)


@pytest.mark.slow
def test_adam_is_far_ahead_of_sgd_on_heavy_tailed_classes() -> None:
    """At its best rate Adam's loss is less than half of SGD's at its best, by a 99 % interval.

    Three seeds differ in the order of batches alone; with one batch of all, not even in that, so
    that the initial weights are drawn, small, instead of zero.
    """

    def losses(kind: type, rates: list[float], seed: int) -> float:
        found = []
        for rate in rates:
            built = build("heavy_tailed_softmax", seed=seed)
            torch.manual_seed(seed)
            torch.nn.init.normal_(next(built.model.parameters()), std=1e-3)
            found.append(train(built, kind(built.model.parameters(), lr=rate), 100))
        return min(loss for loss in found if math.isfinite(loss))

    ratios = []
    for seed in range(3):
        adam = losses(torch.optim.Adam, [3e-4, 1e-3, 3e-3], seed)
        sgd = losses(torch.optim.SGD, [3e-2, 0.1, 0.3], seed)
        ratios.append(math.log(adam / sgd))
    # The upper end of Student's interval for three values: t = 9.925 with two degrees of freedom.
    upper = statistics.fmean(ratios) + 9.925 * statistics.stdev(ratios) / math.sqrt(3)
    assert upper < math.log(0.5)
