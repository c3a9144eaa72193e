"""The processes of a run: one, or those started by torchrun."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ..common import UsageError

T = TypeVar("T")


class Processes:
    """The processes of a distributed run; with one process every method is trivial.

    Attributes:
        rank: The rank of this process.
        world_size: Number of processes.
    """

    def __init__(self, rank: int = 0, world_size: int = 1) -> None:
        self.rank = rank
        self.world_size = world_size

    @property
    def shard(self) -> tuple[int, int]:
        """The part of every batch that this process trains on."""
        return self.rank, self.world_size

    @property
    def main(self) -> bool:
        """Whether this is the main process, which writes and prints."""
        return self.rank == 0

    def check(self, batch_size: int, gradient_accumulation_steps: int) -> None:
        """Checks that a batch can be split evenly.

        Raises:
            UsageError: If it cannot; the message names valid sizes.
        """
        if batch_size % (self.world_size * gradient_accumulation_steps):
            raise UsageError(
                f"A batch of {batch_size} cannot be split evenly over {self.world_size} processes "
                f"times {gradient_accumulation_steps} micro-batches; use a multiple of "
                f"{self.world_size * gradient_accumulation_steps}."
            )

    def wrap(self, model: nn.Module, device: torch.device) -> Callable[..., Any]:
        """Returns the model wrapped so that gradients are averaged over processes."""
        if self.world_size == 1:
            return model
        if device.type == "cuda":  # statistics over the whole batch, as with one process
            convert: Any = nn.SyncBatchNorm.convert_sync_batchnorm
            return DistributedDataParallel(convert(model), device_ids=[device])
        return DistributedDataParallel(model)

    def exchange(self, wrapped: Callable[..., Any], *, now: bool) -> AbstractContextManager[object]:
        """Returns a context that skips the gradient exchange, except at the last micro-batch."""
        if now or not isinstance(wrapped, DistributedDataParallel):
            return contextlib.nullcontext()
        kept: AbstractContextManager[object] = wrapped.no_sync()
        return kept

    def sum(self, tensor: Tensor) -> Tensor:
        """Returns the tensor's sum over all processes."""
        if self.world_size > 1:
            dist.all_reduce(tensor)
        return tensor

    def largest(self, value: int, device: torch.device) -> int:
        """Returns the maximum of the processes' values, in every process."""
        if self.world_size == 1:
            return value
        tensor = torch.tensor(value, device=device)
        dist.all_reduce(tensor, dist.ReduceOp.MAX)
        return int(tensor)

    def share_buffers(self, model: nn.Module) -> None:
        """Broadcasts the first process's buffers, since batch norm on CPUs is not synchronized."""
        if self.world_size > 1:
            for buffer in model.buffers():
                dist.broadcast(buffer, src=0)

    def gather(self, value: T) -> list[T]:
        """Returns every process's value, by rank, its tensors on the CPU."""
        if self.world_size == 1:
            return [_on_cpu(value)]
        values: list[Any] = [None] * self.world_size
        dist.all_gather_object(values, _on_cpu(value))
        return values

    def on_main(self, function: Callable[[], T]) -> T:
        """Calls a function in the main process; all processes return or raise its result."""
        if self.world_size == 1:
            return function()
        outcome: list[Any] = [None, None]
        if self.main:
            try:
                outcome[0] = function()
            except Exception as error:  # noqa: BLE001 - raised again below, in every process
                outcome[1] = error
        dist.broadcast_object_list(outcome, src=0)
        if outcome[1] is not None:
            raise outcome[1]
        returned: T = outcome[0]
        return returned


def local_rank() -> int:
    """Returns the local rank that torchrun assigned to this process."""
    return int(os.environ.get("LOCAL_RANK", 0))


def processes(device: torch.device) -> Processes:
    """Joins the process group of torchrun, which lasts until Python exits.

    Later runs of a program use the same group: a second one cannot be created, since torchrun's
    store still holds the keys of the first.

    Args:
        device: The device, which selects NCCL (CUDA) or gloo (all others).
    """
    if "RANK" not in os.environ or os.environ.get("WORLD_SIZE", "1") == "1":
        return Processes()
    if not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
        atexit.register(_leave)
    return Processes(dist.get_rank(), dist.get_world_size())


def _leave() -> None:
    """Destroys the process group, keeping a reference until all others are gone.

    If DistributedDataParallel holds the last reference, torch 2.11 can deadlock: it joins the
    group's thread, which waits for the GIL, while holding the GIL.
    """
    group = dist.group.WORLD
    gc.collect()
    dist.destroy_process_group()
    del group


def _on_cpu(state: Any) -> Any:
    """Moves tensors to the CPU, so that they can be sent to any process."""
    if isinstance(state, Tensor):
        return state.cpu()
    if isinstance(state, dict):
        return {key: _on_cpu(value) for key, value in state.items()}
    return tuple(map(_on_cpu, state)) if isinstance(state, (list, tuple)) else state
