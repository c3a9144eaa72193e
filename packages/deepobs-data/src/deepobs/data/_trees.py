"""Nested structures of tensors: what the inputs and the targets of a batch are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree

#: A tensor, or a (named) tuple, list or dictionary of trees.
Tree = Any


def tensors(tree: Tree) -> list[Tensor]:
    """Returns the tensors of a tree, in order."""
    return [leaf for leaf in _pytree.tree_leaves(tree) if isinstance(leaf, Tensor)]


def map_tensors(function: Callable[[Tensor], Any], tree: Tree) -> Tree:
    """Returns a tree of the same structure with `function` applied to each tensor."""
    if isinstance(tree, Tensor):
        return function(tree)
    return _pytree.tree_map_only(Tensor, function, tree)


def num_rows(tree: Tree) -> int:
    """Returns the size of the first axis, which all tensors of the tree share.

    Raises:
        ValueError: If there is no tensor, or the first axes differ.
    """
    sizes = {len(tensor) if tensor.ndim else None for tensor in tensors(tree)}
    if len(sizes) != 1 or None in sizes:
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors(tree)) or "none"
        raise ValueError(
            "Expected tensors that have the examples on their first axis, all equally many,"
            f" but the shapes are: {shapes}."
        )
    (size,) = sizes
    return int(size or 0)


def take(tree: Tree, rows: Tensor | slice) -> Tree:
    """Returns the chosen rows of every tensor: a copy for an index tensor, a view for a slice."""
    if isinstance(rows, slice):
        return map_tensors(lambda tensor: tensor[rows], tree)
    return map_tensors(lambda tensor: tensor.index_select(0, rows), tree)


def split(tree: Tree | None, sizes: Sequence[int]) -> Iterator[Tree]:
    """Yields consecutive parts of every tensor, as views; None as many times for None."""
    if tree is None:
        return iter([None] * len(sizes))
    return _zipped(lambda tensor: torch.split(tensor, list(sizes)), tree)


def unbind(tree: Tree) -> Iterator[Tree]:
    """Yields row after row of every tensor, as views without the first axis."""
    return _zipped(torch.unbind, tree)


def _zipped(parts_of: Callable[[Tensor], Iterable[Tensor]], tree: Tree) -> Iterator[Tree]:
    """Yields trees that have the first, second, ... part of each tensor."""
    if isinstance(tree, Tensor):
        return iter(parts_of(tree))
    leaves, structure = _pytree.tree_flatten(tree)
    parts = zip(*map(parts_of, leaves), strict=True)
    return (_pytree.tree_unflatten(part, structure) for part in parts)


def as_targets(tree: Tree) -> Tree:
    """Returns a copy of the targets in which integers are int64, as losses expect labels."""
    return map_tensors(_as_target, tree)


def _as_target(tensor: Tensor) -> Tensor:
    if tensor.is_floating_point() or tensor.is_complex():
        return tensor.clone()
    return tensor.to(torch.int64, copy=True)
