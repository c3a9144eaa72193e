"""Comparisons with golden numbers, each within what float32 rounding makes of that very number.

The golden numbers were computed in float32, in an order of additions that nobody recorded. How far
rounding moves a number depends on the network: a loss moves by a millionth, but a single entry of a
gradient moves by a hundredth when a ReLU whose input is nearly zero switches. So the tests measure
it. They compute every number, and compute it again several times with noise of the size of
accumulated float32 rounding. A golden number may differ from ours by `FACTOR` times the largest
change that the noise made: once where we compute in float64, so that our own rounding and the
processor do not matter; twice where we compute in float32, since then both numbers are rounded.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from ._golden import Case

# Float32 rounds to 6e-8; sums of hundreds of rounded terms are off by up to about 1e-6.
NOISE = 1e-6
# The largest of a few draws underestimates the largest possible change. Three times the largest
# of four normal draws is exceeded by another one in 1 case in 10,000, and the noise is several
# times the rounding of a typical sum.
FACTOR = 3.0


class Observation(NamedTuple):
    """Numbers of ours and the golden ones that they are compared with.

    Attributes:
        actual: Our numbers.
        expected: The golden numbers, of the same shape.
        scale: The size that rounding is relative to; None is the root mean square of `expected`.
        is_series: Whether the numbers follow from each other, so that deviations can only grow.
    """

    actual: Tensor
    expected: Tensor
    scale: float | None = None
    is_series: bool = False


Observations = dict[str, Observation]


def observation(
    actual: object, expected: object, scale: float | None = None, *, is_series: bool = False
) -> Observation:
    """Returns an observation of any numbers, flattened and in float64."""
    ours = torch.as_tensor(actual).detach().double().flatten()
    golden = torch.as_tensor(expected, dtype=torch.float64).flatten()
    return Observation(ours, golden, scale, is_series)


@contextmanager
def rounding(model: nn.Module, generator: torch.Generator) -> Iterator[None]:
    """Moves weights, layer outputs and all gradients by relative noise of size `NOISE`.

    The weights stay moved. Outputs and gradients move by a part of their root mean square, because
    a sum is rounded by a part of its terms, not of its value; exact zeros stay zero.
    """

    def moved(tensor: Tensor) -> Tensor:
        noise = torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
        size = tensor.detach().square().mean().sqrt()
        return tensor + NOISE * size * noise * (tensor != 0)

    def moved_with_gradient(tensor: Tensor) -> Tensor:
        if not tensor.is_floating_point():
            return tensor
        if tensor.requires_grad:
            tensor.register_hook(moved)
        return moved(tensor)

    def hook(_module: nn.Module, _inputs: object, output: object) -> object:
        return tree_map_only(Tensor, moved_with_gradient, output)

    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
            parameter.mul_(1 + NOISE * noise)
    layers = [m for m in model.modules() if next(m.parameters(recurse=False), None) is not None]
    handles = [layer.register_forward_hook(hook) for layer in layers]
    handles += [p.register_hook(moved) for p in model.parameters() if p.requires_grad]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Comparison:
    """The observations of a case, and how far rounding may move each number.

    Args:
        case: The case; its model computes in the dtype that it has.
        observe: Computes the observations of the case as it is.
        draws: How many draws of noise there are.
        start: Brings the case to where `observe` starts; None gives it the file's weights.

    Attributes:
        allowed: For each observation, how far each number may be off.
    """

    def __init__(
        self,
        case: Case,
        observe: Callable[[Case], Observations],
        *,
        draws: int,
        start: Callable[[], None] | None = None,
    ) -> None:
        self.case, self.observe, self.start = case, observe, start or case.reset
        self.observed = self.run()
        generator = torch.Generator().manual_seed(0)
        noisy = [self.run(generator) for _ in range(draws)]
        # In float32 our number is rounded as the golden one is, so both may be off.
        in_float32 = next(case.model.parameters()).dtype is torch.float32
        self.allowed = {
            name: (1 + in_float32) * _allowed(exact, [draw[name].actual for draw in noisy])
            for name, exact in self.observed.items()
        }

    def run(self, noise: torch.Generator | None = None) -> Observations:
        """Returns the observations from the start, with or without noise."""
        self.start()
        if noise is None:
            return self.observe(self.case)
        with rounding(self.case.model, noise):
            return self.observe(self.case)

    def complaints(self, observed: Observations | None = None) -> list[str]:
        """Returns a line for each of the observations that differs from the golden numbers.

        Args:
            observed: Observations of the same names; None is those of the case itself.
        """
        found = []
        for name, (actual, expected, *_) in (observed or self.observed).items():
            assert actual.shape == expected.shape, name
            allowed = self.allowed[name]
            off = (actual - expected).abs()
            if not (off <= allowed).all():  # NaN is not within any bound
                worst = int((off / allowed).nan_to_num(torch.inf).argmax())
                found.append(
                    f"{self.case.name}, {name} [{worst}]: {actual[worst]:.9g} is not "
                    f"{expected[worst]:.9g}, and rounding explains only {allowed[worst]:.2g}"
                )
        return found


def _allowed(exact: Observation, draws: list[Tensor]) -> Tensor:
    """Returns how far each number may be off: `FACTOR` times what rounding does.

    A draw that moves one number moves its neighbours as easily, so each number is granted the
    root mean square of the changes besides its own. In a series the largest change before counts.
    The golden number itself was rounded too, by a part of its scale.
    """
    changes = torch.stack([draw - exact.actual for draw in draws]).abs()
    if exact.is_series:
        changes = changes.cummax(dim=-1).values
    else:
        changes = changes.maximum(changes.square().mean(-1, keepdim=True).sqrt())
    scale = exact.scale
    if scale is None:
        scale = exact.expected.square().mean().sqrt().item()
    return FACTOR * (changes.amax(0) + NOISE * scale)
