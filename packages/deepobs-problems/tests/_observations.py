"""What the golden tests compute of a case, beside what the original computed."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ._checks import NOISE, Observation, Observations, observation
from ._golden import OPTIMIZERS, Case


def observe_outputs(case: Case) -> Observations:
    """Logits, losses of each example, accuracy, and the regularizer."""
    golden = case.golden["test"]
    with torch.no_grad():
        output = case.built.output(case.batch, forward=case.forward)
    observed = _outputs(case, golden, output)
    if golden["accuracy"] is not None:
        correct = case.built.problem.correct
        assert correct is not None
        accuracy = correct(output, case.batch).double().mean()
        observed["accuracy"] = observation(accuracy, golden["accuracy"], scale=1)
    return observed


def observe_gradients(case: Case) -> Observations:
    """Losses, logits and regularizer, and the objective's gradient for each trained variable."""
    golden = case.golden["train" if case.model.training else "test"]
    recorded = golden["gradients"]
    if "resource_variables" in case.golden:  # those without the original's bug
        recorded = case.golden["resource_variables"]["gradients_batch0_zero_state"]
    output = case.built.output(case.batch)
    mean = case.built.loss_module(output, case.target)
    gradients = case.gradients(mean + case.built.regularizer())
    return _outputs(case, golden, output) | compare_gradients(gradients, recorded)


def compare_gradients(gradients: list[Tensor], golden: list[dict[str, Any]]) -> Observations:
    """Norm and recorded entries of each gradient; entries as parts of the root mean square."""
    observed = {}
    for gradient, expected in zip(gradients, golden, strict=True):
        name = f"gradient of {expected['name']}"
        # In float64: float32 loses 1e-3 of the norm of ten million values.
        observed[f"{name}, norm"] = observation(gradient.double().norm(), expected["l2"])
        size = expected["l2"] / math.sqrt(gradient.numel()) or 1.0
        entries = gradient.flatten()[expected["idx"]] / size
        recorded = torch.tensor(expected["values"], dtype=torch.float64) / size
        observed[f"{name}, entries"] = observation(entries, recorded, scale=1)
    return observed


def observe_trajectory(case: Case, golden: dict[str, Any], optimizer: str) -> Observations:
    """Losses before each of ten steps and after them, and the norms of the weights in the end."""
    steps = OPTIMIZERS[optimizer](case.model.parameters(), lr=golden["learning_rate"])
    losses = descend(steps, 10, lambda: case.built.objective(case.batch))
    if len(golden["losses"]) > len(losses):
        with torch.no_grad():
            losses.append(case.built.objective(case.batch).item())
    observed = {"losses": observation(losses, golden["losses"], is_series=True)}
    if "final_l2_per_trainable_variable" in golden:
        observed["norms"] = observe_norms(case, golden)
    return observed


def observe_norms(case: Case, golden: dict[str, Any]) -> Observation:
    """The norms of all variables, as parts of the golden ones."""
    expected = torch.tensor(golden["final_l2_per_trainable_variable"], dtype=torch.float64)
    norms = torch.tensor([variable.l2() for variable in case.variables], dtype=torch.float64)
    return observation(norms / expected, torch.ones_like(norms))


def descend(
    optimizer: torch.optim.Optimizer, steps: int, objective: Callable[[], Tensor]
) -> list[float]:
    """Takes some steps and returns the losses before each."""
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = objective()
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses


def observe_statistics(case: Case, golden: list[dict[str, Any]]) -> Observations:
    """Norm and first values of each moving mean and variance, which come in pairs.

    A mean is the sum of many values, so rounding is relative to their deviation.
    """
    observed = {}
    for i, (variable, expected) in enumerate(zip(case.statistics, golden, strict=True)):
        new = variable.tensors[0].double()
        size = expected["l2"] / math.sqrt(len(new))
        if "moving_mean" in variable.name:
            size = math.sqrt(golden[i + 1]["l2"] / math.sqrt(len(new)))
        norm_size = size * math.sqrt(len(new))
        observed[f"{variable.name}, norm"] = observation(new.norm(), expected["l2"], norm_size)
        observed[variable.name] = observation(new[:3], expected["first3"], size)
    return observed


def _outputs(case: Case, golden: dict[str, Any], output: Any) -> Observations:
    """Losses, regularizer and, in evaluation mode, logits."""
    losses = case.built.problem.loss(reduction="none")(output, case.target)
    observed = {
        "losses": observation(losses, golden["losses"]),
        "regularizer": _regularizer(case, golden["regularizer"]),
    }
    if "logits" in golden and not case.model.training:
        recorded = golden["logits"]
        expected = torch.tensor(recorded.get("full") or recorded["first10"]).flatten(0, -2)
        columns = output.reshape(len(expected), -1)[:, : expected.shape[1]]
        observed["logits"] = observation(columns, expected, scale=recorded["std"])
    return observed


def _regularizer(case: Case, golden: float) -> Observation:
    """The regularizer; a float32 sum of n squares is off by about sqrt(n) roundings of 6e-8."""
    terms = max(parameter.numel() for parameter in case.model.parameters())
    scale = golden * max(1.0, math.sqrt(terms) * 6e-8 / NOISE)
    return observation(case.built.regularizer(), golden, scale=scale)
