"""How optimizers want to be called."""

import pytest
import torch

from deepobs.runner import UsageError
from deepobs.runner.optimizers import Calls, find_optimizer, hint_for, refuse


class Declares(torch.optim.SGD):
    """Says itself how it is called."""

    calls = "loss"


class Mistaken(torch.optim.SGD):
    """Names a way of calling that there is not."""

    calls = "closur"


class Required(torch.optim.SGD):
    """Needs its closure by signature."""

    def step(self, closure):  # type: ignore[override]
        """SGD's step."""
        return super().step(closure)


class AnotherStep(torch.optim.LBFGS):
    """Replaces the step of its base, so what is known of the base no longer holds."""

    def step(self, closure=None):
        """Does nothing."""


@pytest.mark.parametrize(
    ("optimizer", "calls"),
    [
        (torch.optim.SGD, "step"),
        (torch.optim.LBFGS, "closure"),
        (Declares, "loss"),
        (Required, "closure"),
        (AnotherStep, "step"),
        ("SAM(SGD)", "closure"),
        ("Lookahead(LBFGS)", "closure"),
        ("Lookahead(SGD)", "step"),
    ],
)
def test_the_declaration_then_the_table_then_the_signature_decide(optimizer, calls):
    """What is known before the optimizer is made."""
    assert find_optimizer(optimizer).calls == calls


def test_a_declaration_of_no_way_of_calling_is_refused():
    """The message names the nearest."""
    with pytest.raises(UsageError, match="named 'closur'; did you mean closure"):
        _ = find_optimizer(Mistaken).calls


@pytest.mark.parametrize("calls", [c for c in Calls if c is not Calls.STEP])
def test_loss_scaling_goes_with_plain_steps_alone(calls):
    """The scaler skips steps, which only a plain step can be."""
    with pytest.raises(UsageError, match="loss scaling"):
        refuse(calls, precision="fp16")
    refuse(calls, precision="bf16")


def test_gradients_of_gradients_need_a_single_process():
    """They are not exchanged between processes."""
    with pytest.raises(UsageError, match="in one process only, not in 2"):
        refuse(Calls.CREATE_GRAPH, precision="fp32", processes=2)
    refuse(Calls.CLOSURE, precision="fp32", processes=2)


def test_an_optimizer_of_matrices_says_how_to_give_it_some():
    """As groups, since no problem has matrices alone."""
    error = ValueError("Mine only supports 2D parameters")
    assert hint_for(error, Calls.STEP).endswith("as in --group ndim=2 --group optimizer=AdamW")
    assert hint_for(ValueError("something else"), Calls.STEP) == ""
