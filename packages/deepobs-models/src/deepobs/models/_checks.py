"""Checks of arguments and inputs.

`torch.fx.symbolic_trace` cannot look at shapes. A module that checks its inputs registers the check
with `torch.fx.wrap`, which keeps it as one call in the traced graph.
"""

from torch import Tensor


def check_shape(tensor: Tensor, name: str, *expected: int | str) -> None:
    """Checks the shape of an input.

    Args:
        tensor: The input.
        name: What the message calls it, such as `"images"`.
        *expected: Length of each dimension; a letter matches any length.

    Raises:
        ValueError: If the shape is another one.
    """
    shape = tensor.shape
    fits = len(shape) == len(expected) and all(
        isinstance(wanted, str) or wanted == length
        for wanted, length in zip(expected, shape, strict=True)
    )
    if not fits:
        wanted_shape = ", ".join(map(str, expected))
        raise ValueError(f"Expected {name} of shape [{wanted_shape}], got {list(shape)}.")


def check_least(name: str, value: int, least: int) -> None:
    """Raises a ValueError if a size, such as the number of rows of an image, is below `least`."""
    if value < least:
        raise ValueError(f"Expected {name} of at least {least}, got {value}.")
