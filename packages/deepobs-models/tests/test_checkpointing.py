"""Networks that compute the activations of their blocks again instead of keeping them."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from deepobs.models import FTTransformer, UNet

Case = tuple[Callable[..., nn.Module], tuple[Tensor, ...]]


def cases() -> dict[str, Case]:
    """A constructor and the arguments of its network; one of the two has dropout."""
    torch.manual_seed(0)
    steps = torch.tensor([0, 4, 9, 9])
    return {
        "UNet": (partial(UNet, channels=(8, 16)), (torch.rand(4, 1, 8, 8), steps)),
        "FTTransformer": (FTTransformer, (torch.rand(4, 8),)),
    }


def trained(model: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[list[Tensor], int]:
    """The gradients of a loss, and the bytes of what the forward pass keeps for them."""
    kept = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.nbytes)
        return tensor

    torch.manual_seed(1)
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = (model(*arguments) - 1).square().sum()
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return gradients, sum(kept)


@pytest.mark.parametrize("name", cases())
def test_gradients_are_the_same_in_less_memory(name: str) -> None:
    """To the last bit, with the same dropout; most of what was kept is not kept any more."""
    make, arguments = cases()[name]
    plain, checkpointed = make(), make(checkpoint_activations=True)
    for parameter in plain.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    checkpointed.load_state_dict(plain.state_dict())
    (expected, much), (actual, little) = (
        trained(model.train(), arguments) for model in (plain, checkpointed)
    )
    assert len(actual) == len(expected) == len(list(plain.parameters()))
    assert all(map(torch.equal, actual, expected))
    assert little < much / 2


@pytest.mark.parametrize("name", cases())
def test_evaluation_computes_everything_once(name: str) -> None:
    """There is no backward pass, and the outputs are the same."""
    make, arguments = cases()[name]
    plain, checkpointed = make().eval(), make(checkpoint_activations=True).eval()
    checkpointed.load_state_dict(plain.state_dict())
    assert torch.equal(plain(*arguments), checkpointed(*arguments))
