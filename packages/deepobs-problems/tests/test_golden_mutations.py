"""The comparison with the golden numbers finds a small mistake in any one layer."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import pad

from ._checks import Comparison
from ._golden import Case
from ._observations import observe_outputs
from .test_golden import PROBLEMS, large_are_slow

# One problem an architecture.
NETWORKS = (
    "mnist_logreg",
    "mnist_mlp",
    "mnist_2c2d",
    "mnist_vae",
    "cifar10_3c3d",
    "cifar100_allcnnc",
    "svhn_wrn164",
    "cifar100_wrn404",
    "tolstoi_char_rnn",
    "imagenet_vgg16",
    "imagenet_vgg19",
    "imagenet_inception_v3",
)

Forward = Callable[..., Any]


def mutations(case: Case) -> Iterator[tuple[str, Forward]]:
    """Names of mistakes, each with a forward function that makes it."""
    for name, parameter in case.model.named_parameters():
        if parameter.ndim > 1:
            yield f"1.01 times {name}", changed(case, name, 1.01 * parameter)
        elif "bias" in name:
            yield f"without {name}", changed(case, name, 0 * parameter)
    windows = nn.Conv2d | nn.ConvTranspose2d | nn.MaxPool2d
    for name, module in case.model.named_modules():
        if isinstance(module, windows) and module.kernel_size not in (1, (1, 1)):
            yield f"{name} shifted", shifted(case, module)


def changed(case: Case, name: str, values: Tensor) -> Forward:
    """The forward function with other values in place of one parameter."""

    def forward(*arguments: Any) -> Any:
        return functional_call(case.model, {name: values}, arguments)

    return forward


def shifted(case: Case, module: nn.Module) -> Forward:
    """The forward function with a column of padding moved from right to left at one layer."""

    def shift(_module: nn.Module, inputs: tuple[Tensor]) -> Tensor:
        return pad(inputs[0], (1, -1))

    def forward(*arguments: Any) -> Any:
        with module.register_forward_pre_hook(shift):
            return case.model(*arguments)

    return forward


@pytest.mark.parametrize("name", large_are_slow([n for n in NETWORKS if n in PROBLEMS]))
def test_a_mistake_in_one_layer_is_found(name: str) -> None:
    """A kernel times 1.01, a dropped bias or shifted padding anywhere changes the losses too far.

    The losses alone would do; how far they may be off is measured once, without the mistake.
    """
    case = Case(name)
    comparison = Comparison(case, observe_outputs, draws=3)
    assert comparison.complaints() == []
    tried, missed = 0, []
    for mistake, forward in mutations(case):
        case.forward = forward
        if not comparison.complaints(comparison.run()):
            missed.append(mistake)
        tried += 1
    assert tried
    assert missed == []
