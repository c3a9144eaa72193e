"""Calls of a model: in the dtype of its weights, or with other parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._pytree import tree_map_only

#: Maps the inputs of a batch, and the state if the problem carries one, to what the model returns.
Forward = Callable[..., Any]


def in_model_dtype(model: nn.Module, tree: Any) -> Any:
    """Returns floating-point tensors in the dtype of the weights, and integer tensors unchanged."""
    dtype = next(model.parameters()).dtype

    def cast(tensor: Tensor) -> Tensor:
        return tensor.to(dtype) if tensor.is_floating_point() else tensor

    return cast(tree) if isinstance(tree, Tensor) else tree_map_only(Tensor, cast, tree)


def functional_output(
    model: nn.Module, parameters: Mapping[str, Tensor], arguments: tuple[Any, ...]
) -> Any:
    """Returns a model's output for other parameters; its own buffers are not changed.

    Args:
        model: The model.
        parameters: Parameters by name; those left out keep the model's values.
        arguments: What the model is called with.

    Returns:
        What the model returns.

    Raises:
        ValueError: If the model has no parameter of a given name.
    """
    known = dict(model.named_parameters())
    unknown = [name for name in parameters if name not in known]
    if unknown:
        raise ValueError(
            f"{type(model).__name__} has no parameter {unknown[0]!r}: use the names of"
            " model.named_parameters()."
        )
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    return functional_call(model, {**buffers, **parameters}, arguments)
