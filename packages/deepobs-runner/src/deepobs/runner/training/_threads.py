"""The number of CPU threads of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from deepobs.problems import BuiltProblem

from ..common import whole

# A step with at most this many multiplications in the forward pass takes about half a millisecond.
# A second thread saves little of it, and beside other programs it makes the first one wait.
_SMALL_STEP = 2_000_000


@contextmanager
def own_threads(built: BuiltProblem, threads: int | None) -> Iterator[None]:
    """Sets the number of threads for a run; restores the caller's afterwards.

    Args:
        built: The problem.
        threads: The number of threads; None for one thread if the problem is small and runs on the
            CPU, and otherwise the number that the process has.

    Raises:
        UsageError: If it is not a positive integer.
    """
    outer = torch.get_num_threads()
    if threads is not None:
        chosen = whole("threads", threads, least=1)
    else:
        chosen = 1 if built.device.type == "cpu" and is_small(built) else outer
    torch.set_num_threads(chosen)
    try:
        yield
    finally:
        torch.set_num_threads(outer)


def is_small(built: BuiltProblem) -> bool:
    """Returns whether a step is so short that it takes one thread.

    It is if the number of weights, times the examples of a batch, is at most two million. That is
    the number of multiplications in the forward pass of a dense network. It depends on the
    problem and the batch size alone, so the same run takes the same number of threads everywhere.
    """
    batches = max(1, built.dataset.num_batches("train", built.batch_size))
    examples = max(1, built.dataset.num_examples("train") // batches)
    weights = sum(parameter.numel() for parameter in built.model.parameters())
    return weights * examples <= _SMALL_STEP
