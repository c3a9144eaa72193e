"""Loss and metrics of a phase, from sums over its batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from deepobs.data import Batch

from ._metrics import Metric, Metrics
from ._problem import Problem


class Collected:
    """Outputs and targets of all examples of a phase, for the metrics that are no ratio of sums.

    Every process puts those of its examples where they belong, and zeros elsewhere; the sum over
    all processes is then the whole.

    Args:
        problem: The problem.
        examples: The number of examples of the phase.
        batch_size: The number of examples of a batch, over all processes.
        shard: (rank, number of processes).

    Raises:
        ValueError: If there are fewer examples than processes.
    """

    def __init__(
        self, problem: Problem, examples: int, batch_size: int, shard: tuple[int, int]
    ) -> None:
        self.metrics = [metric for metric in problem.all_metrics if metric.of_all is not None]
        limit = problem.evaluation_batches
        self.examples = examples if limit is None else min(examples, limit * batch_size)
        if self.metrics and self.examples < shard[1]:
            raise ValueError(
                f"{problem.name} cannot be evaluated by {shard[1]} processes on"
                f" {self.examples} examples."
            )
        rank, processes = shard
        self.places: list[Tensor] = []
        for first in range(0, self.examples, batch_size) if self.metrics else ():
            size = min(batch_size, self.examples - first)
            low, high = size * rank // processes, size * (rank + 1) // processes
            self.places.append(torch.arange(first + low, first + high))
        self.rows: dict[str, list[Tensor]] = {metric.name: [] for metric in self.metrics}

    def add(self, metric: Metric, output: Any, batch: Batch) -> None:
        """Adds the outputs and targets of a batch."""
        assert metric.parts is not None
        outputs, targets = metric.parts(output, batch)
        self.rows[metric.name].append(torch.stack((outputs, targets.to(outputs.dtype)), 1))

    def values(self, reduce: Callable[[Tensor], Tensor] | None) -> dict[str, float]:
        """Returns each metric, which all processes compute together."""
        found = {}
        for metric in self.metrics:
            rows = torch.cat(self.rows[metric.name])
            whole = rows.new_zeros(self.examples, *rows.shape[1:])
            whole[torch.cat(self.places).to(rows.device)] = rows
            outputs, targets = (whole if reduce is None else reduce(whole)).unbind(1)
            assert metric.of_all is not None
            found[metric.name] = metric.of_all(outputs, targets)
        return found


def add_up(
    problem: Problem,
    batches: Iterable[Batch],
    measure: Callable[[Batch], tuple[Any, Tensor]],
    device: torch.device,
    collected: Collected,
) -> Tensor:
    """Adds up loss and metrics over the batches of a phase, on the device.

    The last window of a text may be shorter, so a batch weighs as much as it has targets.

    Args:
        problem: The problem, which says which metrics there are and how many batches count.
        batches: The batches of the phase.
        measure: Returns the output and the mean loss on a batch.
        device: Device of the batches.
        collected: Where outputs and targets go for the metrics that are no ratio of sums.

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
            if metric.of_all is not None:
                collected.add(metric, output, batch)
                continue
            assert metric.parts is not None
            numerator, denominator = metric.parts(output, batch)
            sums[2 * i] += numerator
            sums[2 * i + 1] += denominator
    return sums


def metrics_of(
    problem: Problem, sums: Tensor, regularizer: float, collected: Mapping[str, float]
) -> Metrics:
    """Returns the means from the sums that `add_up` returned, and the collected metrics."""
    loss, weight, *parts = sums.tolist()
    values = {"loss": loss / weight}
    pairs = zip(parts[::2], parts[1::2], strict=True)
    for metric, (numerator, denominator) in zip(problem.all_metrics, pairs, strict=True):
        of_all = collected.get(metric.name)
        values[metric.name] = metric.value(numerator, denominator) if of_all is None else of_all
    return Metrics(values["loss"], regularizer, values.get("accuracy"), values)
