"""Progress: where a value lies between no training and the best there is."""

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
    and the best value \(m^*\). Of a metric whose smaller
    values are better, with \( m_0 \ge 100 \, m^* > 0 \), logarithms take the
    place of the values: on a linear scale a loss of 5 and one of 0.01 would both be worth 1 where
    training starts from 500. A value that is missing (a diverged run) is worth 0. Where the best
    value is no better than no training there is no such scale, and every value is worth NaN.

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
