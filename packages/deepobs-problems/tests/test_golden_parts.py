"""The autoencoder's parts and the recurrent network's state are the original's."""

from functools import partial
from typing import Any

import pytest
import torch

from ._checks import Comparison, Observations, observation
from ._golden import OPTIMIZERS, Case
from ._observations import compare_gradients, descend, observe_norms
from .test_golden import PROBLEMS

AUTOENCODERS = [name for name in PROBLEMS if name.endswith("_vae")]
RECURRENT = [name for name in PROBLEMS if name == "tolstoi_char_rnn"]


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_parts_of_the_autoencoder(name: str) -> None:
    """Mean, logarithmic deviation, reconstruction, and both parts of the loss."""

    def observe(case: Case) -> Observations:
        golden = case.golden["test"]
        with torch.no_grad():
            output = case.built.output(case.batch)
            losses = case.built.losses(case.batch)
        images = golden["reconstruction"]
        error = (output.reconstruction - case.batch.inputs).square().flatten(1).sum(1)
        return {
            "mean": observation(output.mean, golden["z_mean"]),
            "log_std": observation(output.log_std, golden["z_half_logvar"]),
            "first rows": observation(output.reconstruction[:, 0, 0], images["first_row_of_each"]),
            "mean of pixels": observation(output.reconstruction.mean(), images["mean"]),
            "squared error": observation(
                error, golden["reconstruction_part_float64_from_float32_outputs"]
            ),
            "divergence": observation(
                losses - error, golden["kl_part_float64_from_float32_outputs"]
            ),
        }

    assert Comparison(Case(name), observe, draws=8).complaints() == []


def observe_state(case: Case, golden: list[dict[str, Any]], batch: int) -> Observations:
    """The carried state, which TensorFlow lists as (c, h) of each layer."""
    state = case.built.state_dict()["carried"]
    tensors = [tensor for h, c in state for tensor in (c, h)]
    observed = {}
    for tensor, expected in zip(tensors, golden, strict=True):
        name = f"{expected['name']} after batch {batch}"
        observed[f"{name}, norm"] = observation(tensor.double().norm(), expected["l2"])
        first3 = tensor.flatten()[:3]
        scale = expected["l2"] / tensor.numel() ** 0.5
        observed[name] = observation(first3, expected["first3"], scale=scale)
    return observed


@pytest.mark.parametrize("name", RECURRENT)
def test_state_is_carried_and_reset(name: str) -> None:
    """Three batches go on from each other's state; a new pass starts from zero again."""

    def observe(case: Case) -> Observations:
        golden = case.golden["carried_state"]
        observed = {}
        with torch.no_grad():
            pairs = zip(case.built.batches("test"), golden["batches"], strict=True)
            for i, (batch, expected) in enumerate(pairs):
                losses = case.built.losses(batch)
                observed[f"losses {i}"] = observation(losses, expected["losses"])
                observed |= observe_state(case, expected["state_after"], i)
            again = case.built.losses(case.batch)
        after_reset = golden["losses_of_batch0_after_phase_reset"]
        return observed | {"losses after a reset": observation(again, after_reset)}

    assert Comparison(Case(name), observe, draws=8).complaints() == []


@pytest.mark.parametrize("name", RECURRENT)
def test_gradient_with_a_carried_state(name: str) -> None:
    """The second batch's gradient, given the first one's state, stops at the border."""

    def observe(case: Case) -> Observations:
        first, second, _ = case.built.batches("test")
        with torch.no_grad():
            case.built.losses(first)
        gradients = case.gradients(case.built.losses(second).mean())
        golden = case.golden["resource_variables"]
        return compare_gradients(gradients, golden["gradients_batch1_state_carried_from_batch0"])

    case = Case(name)
    case.to(torch.float64)
    assert Comparison(case, observe, draws=8).complaints() == []


class SparseMomentum(torch.optim.SGD):
    """Momentum as TensorFlow applies it to an embedding's sparse gradient.

    Rows of characters that are not in the batch neither move nor lose momentum.
    """

    def step(self, closure=None):
        """Takes a step that leaves the first parameter's rows without gradient as they are."""
        embedding = self.param_groups[0]["params"][0]
        absent = ~embedding.grad.any(dim=1, keepdim=True)
        before = embedding.detach().clone()
        momentum = self.state[embedding].get("momentum_buffer", torch.zeros_like(before)).clone()
        super().step(closure)
        with torch.no_grad():
            embedding.copy_(torch.where(absent, before, embedding))
        buffer = self.state[embedding]["momentum_buffer"]
        buffer.copy_(torch.where(absent, momentum, buffer))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", RECURRENT)
def test_trajectory_with_a_carried_state(name: str, optimizer: str) -> None:
    """Ten steps over the three batches in turn, the state carried on and on."""

    def observe(case: Case) -> Observations:
        golden = case.golden["resource_variables"]["trajectories_carried_state"][optimizer]
        kinds = OPTIMIZERS | {"momentum": partial(SparseMomentum, momentum=0.9)}
        steps = kinds[optimizer](case.model.parameters(), lr=golden["learning_rate"])
        turn = iter([*case.built.batches("test")] * 4)
        losses = descend(steps, 10, lambda: case.built.objective(next(turn)))
        return {
            "losses": observation(losses, golden["losses"], is_series=True),
            "norms": observe_norms(case, golden),
        }

    case = Case(name)
    assert Comparison(case, observe, draws=4).complaints() == []
