"""Calls of a model: in the dtype of its weights, or with other parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._pytree import tree_map_only

#: Maps the inputs of a batch, and the state if the problem carries one, to what the model returns.
Forward = Callable[..., Any]


def in_dtype(dtype: torch.dtype, tree: Any) -> Any:
    """Returns floating-point tensors in a dtype, and integer tensors unchanged."""
    if isinstance(tree, Tensor):
        return tree.to(dtype) if tree.is_floating_point() else tree
    return tree_map_only(Tensor, lambda tensor: in_dtype(dtype, tensor), tree)


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
