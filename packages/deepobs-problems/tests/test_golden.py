"""Every problem computes what the original TensorFlow implementation computes.

`_checks.py` says how far a number may be off, and why.
"""

from collections.abc import Callable
from functools import partial
from statistics import fmean
from typing import Any

import pytest
import torch

from ._checks import Comparison, Observations, observation
from ._golden import OPTIMIZERS, Case, load, problem_names
from ._observations import observe_gradients, observe_outputs, observe_trajectory

PROBLEMS = problem_names()


LARGE = ("vgg", "inception", "wrn404")


def reset_parameters(case: Case) -> Callable[[], None]:
    """The model's own method that draws its weights again."""
    model: Any = case.model
    reset: Callable[[], None] = model.reset_parameters
    return reset


def large_are_slow(names: list[str], large: tuple[str, ...] = LARGE) -> list[Any]:
    """Parameters for pytest; networks that take seconds for a gradient are marked slow.

    Args:
        names: Names of problems.
        large: Parts of the names to mark.
    """
    return [
        pytest.param(name, marks=[pytest.mark.slow] if any(s in name for s in large) else [])
        for name in names
    ]


# One VGG is enough for the fast tests.
@pytest.mark.parametrize("name", large_are_slow(PROBLEMS, ("cifar10_vgg", "cifar100_vgg", "vgg19")))
def test_outputs_in_float32(name: str) -> None:
    """Logits, losses, regularizer and the means of an evaluation, in the dtype of training."""
    case = Case(name)
    trainable = sum(p.numel() for p in case.model.parameters() if p.requires_grad)
    assert trainable == case.golden["num_trainable_parameters"]
    comparison = Comparison(case, observe_outputs, draws=3)
    assert comparison.complaints() == []
    case.reset()
    metrics = case.built.evaluate("test")
    batches = case.golden.get("carried_state", {"batches": [case.golden["test"]]})["batches"]
    mean_loss = fmean(batch["mean_loss"] for batch in batches)
    assert abs(metrics.loss - mean_loss) <= comparison.allowed["losses"].max()
    if case.golden["test"]["accuracy"] is None:
        assert metrics.accuracy is None
    else:
        accuracy = fmean(batch["accuracy"] for batch in batches)
        assert metrics.accuracy is not None
        assert abs(metrics.accuracy - accuracy) <= comparison.allowed["accuracy"].max()


@pytest.mark.parametrize("name", large_are_slow(PROBLEMS))
def test_gradients(name: str) -> None:
    """Norm and entries of the objective's gradient for each variable."""
    case = Case(name)
    case.to(torch.float64)
    assert Comparison(case, observe_gradients, draws=8).complaints() == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
# The same networks are in mnist_vae and mnist_2c2d.
@pytest.mark.parametrize("name", large_are_slow(PROBLEMS, (*LARGE, "fmnist_vae", "fmnist_2c2d")))
def test_trajectory_of_ten_steps(name: str, optimizer: str) -> None:
    """The loss before ten steps and after them, and the norms of the weights in the end."""
    case = Case(name)
    golden = case.golden.get("resource_variables", case.golden)["trajectories"][optimizer]
    observe = partial(observe_trajectory, golden=golden, optimizer=optimizer)
    assert Comparison(case, observe, draws=4).complaints() == []


@pytest.mark.parametrize("name", [n for n in PROBLEMS if "at_original_init" in load(n)])
def test_losses_at_the_original_start(name: str) -> None:
    """Where the start is a constant, the losses there are the original's."""
    case = Case(name)
    expected = case.golden["at_original_init"]["losses"]

    def observe(case: Case) -> Observations:
        return {"losses": observation(case.built.losses(case.batch), expected)}

    comparison = Comparison(case, observe, draws=8, start=reset_parameters(case))
    assert comparison.complaints() == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    "name", [n for n in PROBLEMS if "from_original_init" in load(n)["trajectories"]]
)
def test_trajectory_from_the_original_start(name: str, optimizer: str) -> None:
    """Ten steps from the constant start lead through the same losses to the same place."""
    case = Case(name)
    golden = case.golden["trajectories"]["from_original_init"][optimizer]

    def observe(case: Case) -> Observations:
        observed = observe_trajectory(case, golden, optimizer)
        firsts = golden["final_first5_per_variable"]
        for variable, expected in zip(case.variables, firsts, strict=True):
            first5 = variable.tensors[0].flatten()[:5]
            observed[variable.name] = observation(first5, expected)
        return observed

    comparison = Comparison(case, observe, draws=8, start=reset_parameters(case))
    assert comparison.complaints() == []
