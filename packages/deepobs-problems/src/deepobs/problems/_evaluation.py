"""Loss and metrics of a phase, from sums over its batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from deepobs.data import Batch

from ._metrics import Metrics
from ._problem import Problem


def add_up(
    problem: Problem,
    batches: Iterable[Batch],
    measure: Callable[[Batch], tuple[Any, Tensor]],
    device: torch.device,
) -> Tensor:
    """Adds up loss and metrics over the batches of a phase, on the device.

    The last window of a text may be shorter, so a batch weighs as much as it has targets.

    Args:
        problem: The problem, which says which metrics there are and how many batches count.
        batches: The batches of the phase.
        measure: Returns the output and the mean loss on a batch.
        device: Device of the batches.

    Returns:
        `[2 + 2 * metrics]`: the loss times its weight, the weight, then the numerator and the
        denominator of each metric. The sums of several processes may be added.
    """
    metrics = problem.all_metrics
    dtype = torch.float32 if device.type == "mps" else torch.float64  # MPS has no float64
    sums = torch.zeros(2 + 2 * len(metrics), dtype=dtype, device=device)
    for batch in islice(batches, problem.evaluation_batches):
        one_tensor = isinstance(batch.targets, Tensor)
        weight = batch.targets.numel() if one_tensor else batch.num_examples
        if not weight:
            continue
        output, loss = measure(batch)
        sums[0] += loss * weight
        sums[1] += weight
        for i, metric in enumerate(metrics, start=1):
            assert metric.parts is not None
            numerator, denominator = metric.parts(output, batch)
            sums[2 * i] += numerator
            sums[2 * i + 1] += denominator
    return sums


def metrics_of(problem: Problem, sums: Tensor, regularizer: float) -> Metrics:
    """Returns the means from the sums that `add_up` returned."""
    loss, weight, *parts = sums.tolist()
    values = {"loss": loss / weight}
    pairs = zip(parts[::2], parts[1::2], strict=True)
    for metric, (numerator, denominator) in zip(problem.all_metrics, pairs, strict=True):
        values[metric.name] = metric.value(numerator, denominator)
    return Metrics(values["loss"], regularizer, values.get("accuracy"), values)
