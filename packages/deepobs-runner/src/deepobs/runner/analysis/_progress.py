"""Progress: the position of a value between no training and the best value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._metrics import improves

#: A loss that training lowers by this factor or more is measured by its logarithm.
DECADES = 100.0


@dataclass(frozen=True)
class Progress:
    r"""A scale from 0 (no training) to 1 (the best value).

    \[ p(m) = \max\bigl(0, (m - m_0) / (m^* - m_0)\bigr) \] with the metric \(m_0\) before training
    and the best value \(m^*\). If smaller values are better and \( m_0 \ge 100 \, m^* > 0 \),
    logarithms are used: on a linear scale, losses of 5 and 0.01 would both have a progress of about
    1 if training starts from 500. A missing value (a diverged run) has the progress 0. If the best
    value is not better than no training, every progress is NaN.

    Attributes:
        start: The metric before training.
        best: The best value.
        larger: Whether larger values are better.
    """

    start: float
    best: float
    larger: bool

    @property
    def exists(self) -> bool:
        """Whether the best value is better than no training."""
        return improves(self.best, self.start, larger=self.larger)

    @property
    def logarithmic(self) -> bool:
        """Whether the scale is one of logarithms."""
        return not self.larger and self.exists and 0 < DECADES * self.best <= self.start

    def of(self, values: ArrayLike) -> NDArray[np.float64]:
        """Measures values.

        Args:
            values: Values of the metric, `[N]`; NaN for a diverged run.

        Returns:
            Their progress, `[N]`: 0 or more.
        """
        data = np.asarray(values, dtype=np.float64)
        if not self.exists:
            return np.full(data.shape, math.nan)
        start, best = self.start, self.best
        if self.logarithmic:
            # What is better than the best, as a single run may be, can be 0 or less.
            data = np.log(np.maximum(data, best / DECADES))
            start, best = math.log(start), math.log(best)
        shares = np.nan_to_num((data - start) / (best - start), nan=0.0)
        return np.asarray(np.maximum(shares, 0.0))
