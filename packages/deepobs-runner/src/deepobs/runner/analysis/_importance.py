"""Permutation importance of the hyperparameters of a search."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
_FOLDS = 5
_REPEATS = 20
_WIDTHS = (0.25, 0.5, 1.0, 2.0)  # of the kernel, where every hyperparameter spans 0 to 1
_NOISES = (0.01, 0.1, 1.0)  # variance of the noise, where results have variance 1
#: Trials below which nothing is said: each fold needs some to learn from.
LEAST_TRIALS = 10


@dataclass(frozen=True, kw_only=True)
class Importance:
    """How much the result of a search depends on each hyperparameter.

    Attributes:
        explained: Share of the variance of results (as ranks) that a model explains in trials that
            it did not see: 0 or less if hyperparameters do not predict the result.
        shares: For each hyperparameter, the share of the variance that is lost if its values are
            shuffled among these trials. At least 0; the shares need not add up to `explained`.
    """

    explained: float
    shares: dict[str, float]


def hyperparameter_importance(
    settings: pd.DataFrame, values: ArrayLike, *, larger: bool = False, seed: int = 0
) -> Importance:
    r"""Measures how much the result of a search depends on each of its hyperparameters.

    A Gaussian process is fitted to the results of four fifths of the trials and predicts the
    others. The importance of a hyperparameter is how much worse the prediction becomes if its
    values are shuffled:
    \[ I_h = \frac{1}{\mathrm{Var}(y)} \Bigl( \overline{(y - f(x^{(h)}))^2} -
    \overline{(y - f(x))^2} \Bigr) \]
    over held-out trials, each predicted once. Results and numeric hyperparameters are replaced by
    their ranks, so that neither units nor a few very bad trials matter; a diverged trial ranks
    last.

    Args:
        settings: A row per trial, a column per hyperparameter that varies: numbers, or texts.
        values: The results, `[num_trials]`; NaN for diverged trials.
        larger: Whether larger values are better.
        seed: Seed of folds and permutations.

    Returns:
        The importance; NaN with fewer than `LEAST_TRIALS` trials or if results do not vary.

    Source:
        Breiman, Random Forests, Machine Learning 45 (2001), section 10; for any model: Fisher,
        Rudin and Dominici, JMLR 20 (2019), arXiv 1801.01489.
    """
    nothing = Importance(explained=math.nan, shares=dict.fromkeys(settings.columns, math.nan))
    results = np.asarray(values, dtype=np.float64) * (-1 if larger else 1)
    if len(results) < LEAST_TRIALS or settings.shape[1] == 0:
        return nothing
    target = rankdata(np.where(np.isfinite(results), results, np.inf))
    if target.std() == 0:
        return nothing
    target = (target - target.mean()) / target.std()
    inputs = {name: _encoded(settings[name]) for name in settings.columns}
    generator = np.random.default_rng(seed)
    folds = np.arange(len(target)) % _FOLDS
    generator.shuffle(folds)
    error, errors = 0.0, dict.fromkeys(inputs, 0.0)
    for fold in range(_FOLDS):
        held = folds == fold
        model = _Process.fitted(np.hstack([x[~held] for x in inputs.values()]), target[~held])
        known, size = {name: x[held] for name, x in inputs.items()}, len(target)
        error += float(((model.predict(np.hstack(list(known.values()))) - target[held]) ** 2).sum())
        for name in inputs:
            for _ in range(_REPEATS):
                # From all trials: a fold holds too few values to shuffle among themselves.
                mixed = known | {name: inputs[name][generator.integers(size, size=held.sum())]}
                guess = model.predict(np.hstack(list(mixed.values())))
                errors[name] += float(((guess - target[held]) ** 2).sum()) / _REPEATS
    num = len(target)
    shares = {name: max(0.0, (worse - error) / num) for name, worse in errors.items()}
    return Importance(explained=1 - error / num, shares=shares)


def _encoded(column: pd.Series) -> Floats:
    """A hyperparameter as columns between 0 and 1: ranks of numbers, an indicator per text."""
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().all():
        ranks = rankdata(numbers, method="dense").astype(np.float64)
        return np.asarray((ranks - 1) / max(ranks.max() - 1, 1))[:, None]
    return pd.get_dummies(column.astype(str)).to_numpy(np.float64) / math.sqrt(2)


@dataclass(frozen=True)
class _Process:
    """A Gaussian process with a squared-exponential kernel: inputs, weights, and the width."""

    inputs: Floats
    weights: Floats
    width: float

    @classmethod
    def fitted(cls, inputs: Floats, target: Floats) -> _Process:
        """The process whose leave-one-out predictions are best, over a few widths and noises."""
        best, least = None, math.inf
        for width in _WIDTHS:
            kernel = _kernel(inputs, inputs, width)
            for noise in _NOISES:
                inverse = np.linalg.inv(kernel + noise * np.eye(len(target)))
                weights = inverse @ target
                # Leave-one-out residuals: Rasmussen and Williams (2006), equation 5.12.
                error = float(((weights / np.diag(inverse)) ** 2).sum())
                if error < least:
                    best, least = cls(inputs, weights, width), error
        assert best is not None, "there is a width"
        return best

    def predict(self, inputs: Floats) -> Floats:
        return np.asarray(_kernel(inputs, self.inputs, self.width) @ self.weights)


def _kernel(a: Floats, b: Floats, width: float) -> Floats:
    squares = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(np.exp(-squares / (2 * width**2)))
