"""The processes of one run: one, or as many as torchrun started."""

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
    """The processes that do one run together; with one process every method is trivial.

    Attributes:
        rank: Which of them this is.
        world_size: How many there are.
    """

    def __init__(self, rank: int = 0, world_size: int = 1) -> None:
        self.rank = rank
        self.world_size = world_size

    @property
    def shard(self) -> tuple[int, int]:
        """Which part of every batch is this process's."""
        return self.rank, self.world_size

    @property
    def main(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    def check(self, batch_size: int, gradient_accumulation_steps: int) -> None:
        """Refuses a batch that cannot be shared out evenly.

        Raises:
            UsageError: With the sizes that could.
        """
        if batch_size % (self.world_size * gradient_accumulation_steps):
            raise UsageError(
                f"A batch of {batch_size} cannot be split evenly over {self.world_size} processes "
                f"times {gradient_accumulation_steps} micro-batches; use a multiple of "
                f"{self.world_size * gradient_accumulation_steps}."
            )

    def wrap(self, model: nn.Module, device: torch.device) -> Callable[..., Any]:
        """What to call in place of the model, so that its gradients are averaged over processes."""
        if self.world_size == 1:
            return model
        if device.type == "cuda":  # statistics over the whole batch, as one process has them
            convert: Any = nn.SyncBatchNorm.convert_sync_batchnorm
            return DistributedDataParallel(convert(model), device_ids=[device])
        return DistributedDataParallel(model)

    def exchange(self, wrapped: Callable[..., Any], *, now: bool) -> AbstractContextManager[object]:
        """Whether a backward pass exchanges gradients: only the last micro-batch's has to."""
        if now or not isinstance(wrapped, DistributedDataParallel):
            return contextlib.nullcontext()
        kept: AbstractContextManager[object] = wrapped.no_sync()
        return kept

    def sum(self, tensor: Tensor) -> Tensor:
        """The tensor's sum over all processes."""
        if self.world_size > 1:
            dist.all_reduce(tensor)
        return tensor

    def largest(self, value: int, device: torch.device) -> int:
        """The largest of the processes' numbers, known to all of them."""
        if self.world_size == 1:
            return value
        tensor = torch.tensor(value, device=device)
        dist.all_reduce(tensor, dist.ReduceOp.MAX)
        return int(tensor)

    def share_buffers(self, model: nn.Module) -> None:
        """Gives all the first one's buffers; of batch normalisation on CPUs each has its own."""
        if self.world_size > 1:
            for buffer in model.buffers():
                dist.broadcast(buffer, src=0)

    def gather(self, value: T) -> list[T]:
        """Every process's value, by rank, its tensors on the CPU."""
        if self.world_size == 1:
            return [_on_cpu(value)]
        values: list[Any] = [None] * self.world_size
        dist.all_gather_object(values, _on_cpu(value))
        return values

    def on_main(self, function: Callable[[], T]) -> T:
        """Calls a function in the main process; all get what it returns or raises."""
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
    """Which of this machine's processes this is, as torchrun says."""
    return int(os.environ.get("LOCAL_RANK", 0))


def processes(device: torch.device) -> Processes:
    """Joins the processes that torchrun started; they stay together until Python ends.

    Later runs of a program go on with the group of its first: processes that have left a group
    cannot agree on a new one, as torchrun's store still holds the old one's keys.

    Args:
        device: NCCL connects CUDA devices, gloo everything else.
    """
    if "RANK" not in os.environ or os.environ.get("WORLD_SIZE", "1") == "1":
        return Processes()
    if not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
        atexit.register(_leave)
    return Processes(dist.get_rank(), dist.get_world_size())


def _leave() -> None:
    """Leaves the group, holding it until nothing else does.

    Were DistributedDataParallel the last to hold it, torch 2.11 would at times wait forever: it
    joins the group's thread, which waits for the GIL, with the GIL held.
    """
    group = dist.group.WORLD
    gc.collect()
    dist.destroy_process_group()
    del group


def _on_cpu(state: Any) -> Any:
    """Tensors on the CPU, from where they can be sent to any process."""
    if isinstance(state, Tensor):
        return state.cpu()
    if isinstance(state, dict):
        return {key: _on_cpu(value) for key, value in state.items()}
    return tuple(map(_on_cpu, state)) if isinstance(state, (list, tuple)) else state
