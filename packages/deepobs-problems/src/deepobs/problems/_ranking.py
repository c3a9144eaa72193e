"""Mean average precision, which takes the outputs for all examples of a phase."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from deepobs.data import Batch

from ._metrics import Metric


def mean_average_precision(scores: Tensor, labels: Tensor) -> float:
    """Returns the mean over tasks of the average precision Σ (R_n - R_(n-1)) P_n.

    P_n and R_n are precision and recall at the n-th largest score; equal scores are one threshold.
    Tasks without both a positive and a negative label do not count.

    Args:
        scores: `[examples, tasks]`.
        labels: 1, 0, or NaN where it is not known, `[examples, tasks]`.

    Returns:
        The mean; NaN if no task counts.

    Source: Hu et al., Open Graph Benchmark, NeurIPS 2020 (evaluation of ogbg-molpcba).
    """
    found = [
        _average_precision(of_task[known], label[known])
        for of_task, label, known in zip(scores.T, labels.T, ~labels.T.isnan(), strict=True)
        if (label == 0).any() and (label == 1).any()
    ]
    return float(torch.stack(found).mean()) if found else float("nan")


def _average_precision(scores: Tensor, labels: Tensor) -> Tensor:
    order = scores.argsort(descending=True)
    scores, hits = scores[order], labels[order].double().cumsum(0)
    last = torch.ones_like(scores, dtype=torch.bool)  # of those with the same score
    last[:-1] = scores[1:] != scores[:-1]
    ranks = torch.arange(1, len(scores) + 1, device=scores.device)
    precision, recall = (hits / ranks)[last], (hits / hits[-1])[last]
    return (precision * recall.diff(prepend=recall.new_zeros(1))).sum()


def _rows(output: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    targets: Any = batch.targets
    return output, targets


#: Mean over tasks of the average precision, for targets with NaN where they are not known.
MEAN_AVERAGE_PRECISION = Metric(
    name="mean_average_precision",
    higher_is_better=True,
    parts=_rows,
    of_all=mean_average_precision,
)
