"""What one training step of a problem takes: operations, memory and time."""

from __future__ import annotations

import statistics
from itertools import chain, count
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from deepobs.data import Batch
from deepobs.problems import BuiltProblem, Problem, build

from ._isolation import isolated
from ._precision import arithmetic, choose_device
from ._threads import own_threads

_STEPS = 20  # timed, after one that warms up
_SECONDS = 5.0  # after which no further step is timed


def measure_step(
    problem: str | Problem,
    *,
    batch_size: int | None = None,
    device: str = "auto",
    data_root: str | Path | None = None,
) -> dict[str, Any]:
    """Builds a problem and measures training steps with SGD on this machine.

    Args:
        problem: A problem, or its name.
        batch_size: Number of examples of a batch; default: the problem's.
        device: Device, as for `run`.
        data_root: Folder of the data files, as for `run`.

    Returns:
        `flops_per_step`: floating-point operations of matrix products, convolutions and attention
        in the forward and the backward pass; `weight_bytes`; `activation_bytes`, which the forward
        pass keeps for the backward pass; `memory_bytes`, the estimate that consists of these, the
        gradients and the batch; `seconds_per_step`, the median; `threads`.

    Raises:
        deepobs.data.DatasetNotFoundError: If the data files are missing.
    """
    chosen = choose_device(device)
    with isolated(chosen), arithmetic("fp32", deterministic=False):
        built = build(problem, batch_size=batch_size, device=chosen, data_root=data_root)
        with own_threads(built, None):
            batch = next(built.batches("train"))
            weights = sum(p.nbytes for p in built.model.parameters())
            flops = _flops(built, batch)
            activations = _activation_bytes(built, batch)
            return {
                "flops_per_step": flops,
                "weight_bytes": weights,
                "activation_bytes": activations,
                "memory_bytes": 2 * weights + activations + sum(t.nbytes for t in _dense(batch)),
                "seconds_per_step": _seconds(built),
                "threads": torch.get_num_threads() if chosen.type == "cpu" else None,
            }


def _flops(built: BuiltProblem, batch: Batch) -> int:
    with FlopCounterMode(display=False) as counter:
        built.objective(batch).backward()  # type: ignore[no-untyped-call]
    return int(counter.get_total_flops())


def _activation_bytes(built: BuiltProblem, batch: Batch) -> int:
    """Returns the size of the tensors that the backward pass needs, each storage counted once."""
    there = [*built.model.parameters(), *_dense(batch)]
    known = {tensor.untyped_storage().data_ptr() for tensor in there}
    kept: dict[int, int] = {}
    alive = []  # freed memory would be given to the next tensor, which would not be counted

    def note(tensor: Tensor) -> Tensor:
        for dense in _dense(tensor):
            storage = dense.untyped_storage()
            if storage.data_ptr() not in known:
                kept[storage.data_ptr()] = storage.nbytes()
                alive.append(dense)
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        built.objective(batch)
    return sum(kept.values())


def _dense(tree: Any) -> list[Tensor]:
    """Returns the dense tensors of a tree, and those that its sparse tensors consist of."""
    found: list[Tensor] = []
    for leaf in tree_leaves(tree):
        if isinstance(leaf, Tensor) and leaf.layout is torch.sparse_coo:
            found += [leaf._indices(), leaf._values()]
        elif isinstance(leaf, Tensor) and leaf.layout is torch.sparse_csr:
            found += [leaf.crow_indices(), leaf.col_indices(), leaf.values()]
        elif isinstance(leaf, Tensor):
            found.append(leaf)
    return found


def _seconds(built: BuiltProblem) -> float:
    optimizer = torch.optim.SGD(built.model.parameters(), lr=0.0)
    times: list[float] = []
    begin = perf_counter()
    for batch in chain.from_iterable(built.batches("train", epoch=n) for n in count()):
        before = perf_counter()
        optimizer.zero_grad()
        built.objective(batch).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if built.device.type != "cpu":
            torch.accelerator.synchronize()
        times.append(perf_counter() - before)
        if len(times) > _STEPS or (len(times) > 1 and perf_counter() - begin > _SECONDS):
            break
    return statistics.median(times[1:])
