"""A comparison that remains valid if you look at it repeatedly while adding seeds."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

Floats = NDArray[np.float64]
# Krichevsky and Trofimov's bettor: Beta(1/2, 1/2), near the best constant bet in hindsight.
_PRIOR = 0.5


class AnytimeComparison(NamedTuple):
    """Evidence about the median of paired differences that is valid after every pair.

    Attributes:
        e_value: Wealth of a gambler, starting from 1, who bets against "the median is 0", after the
            last pair.
        p_value: Anytime-valid: 1 over the largest wealth so far, at most 1.
        low: Lower end of the confidence sequence for the median; minus infinity while unbounded.
        high: Upper end. It is below `low` if the set is empty, that is, if every median was
            rejected at some point: either by chance (with probability alpha) or because the median
            drifts.
        num_pairs: Number of pairs without ties.
    """

    e_value: float
    p_value: float
    low: float
    high: float
    num_pairs: int


def log_wealth(num_positive: ArrayLike, num_negative: ArrayLike) -> Floats:
    r"""Computes the logarithm of the sign bettor's wealth.

    If a difference is as likely positive as negative, then
    \[ E_n = \int_0^1 (2q)^{a} (2(1-q))^{b} \, d\mathrm{Beta}_{1/2,1/2}(q)
           = 2^{n} \, B(a + \tfrac12, b + \tfrac12) / B(\tfrac12, \tfrac12), \quad n = a + b, \]
    is a nonnegative martingale with mean 1, so \( P(\exists n: E_n \ge 1/\alpha) \le \alpha \)
    (Ville).

    Args:
        num_positive: Number a of positive differences.
        num_negative: Number b of negative ones.

    Returns:
        \( \log E_n \), of the inputs' shape.
    """
    a, b = np.asarray(num_positive, dtype=float), np.asarray(num_negative, dtype=float)
    gain = betaln(a + _PRIOR, b + _PRIOR) - betaln(_PRIOR, _PRIOR)
    return np.asarray((a + b) * math.log(2) + gain)


def anytime_comparison(differences: ArrayLike, alpha: float = 0.05) -> AnytimeComparison:
    r"""Compares two methods by paired differences; valid at any number of pairs.

    You may look at the result after every seed and stop when the answer is clear. Under the
    hypothesis that the median difference is 0 (given what came before, each difference is as likely
    positive as negative), the probability that `p_value` *ever* falls to \(\alpha\) is at most
    \(\alpha\). No other assumptions are made: no normality, no bounds, no equal variances. Only
    signs are used, so at least seven pairs are needed for 5 %. The confidence sequence contains all
    medians m that the same bets on the signs of \(d_i - m\) have never refuted at level \(\alpha\).

    Args:
        differences: Paired differences in the order in which they came, `[n]`; infinities (diverged
            runs) are allowed, NaN is left out.
        alpha: Level of the confidence sequence.

    Returns:
        e-value, anytime-valid p-value and confidence sequence.

    Source:
        Ramdas, Grünwald, Vovk, Shafer, Game-theoretic statistics and safe anytime-valid inference,
        Statistical Science 2023, arXiv 2210.01948; betting: Waudby-Smith and Ramdas, Estimating
        means of bounded random variables by betting, JRSS B 2024, arXiv 2010.09686; medians: Howard
        and Ramdas, Sequential estimation of quantiles, Bernoulli 2022, arXiv 1906.09712.
    """
    data = np.asarray(differences, dtype=np.float64)
    data = data[~np.isnan(data)]
    wealth = log_wealth(np.cumsum(data > 0), np.cumsum(data < 0))
    low, high = _confidence_sequence(data, alpha)
    return AnytimeComparison(
        e_value=math.exp(min(wealth[-1], 700.0)) if len(wealth) else 1.0,
        p_value=anytime_p_value(data),
        low=low,
        high=high,
        num_pairs=int((data != 0).sum()),
    )


def anytime_p_value(differences: ArrayLike) -> float:
    """Returns the p-value of `anytime_comparison` alone, without its confidence sequence.

    Args:
        differences: Paired differences in the order in which they came, `[n]`; NaN is left out.

    Returns:
        1 over the bettor's largest wealth so far, at most 1.
    """
    data = np.asarray(differences, dtype=np.float64)
    wealth = log_wealth(np.cumsum(data > 0), np.cumsum(data < 0))
    return math.exp(-float(wealth.max(initial=0.0)))


def _confidence_sequence(data: Floats, alpha: float) -> tuple[float, float]:
    """Inverts the bets: the medians never refuted, intersected over all looks."""
    low, high = -math.inf, math.inf
    for num in range(1, len(data) + 1):
        cut = _refuted_count(num, alpha)
        if cut >= 0:
            ordered = np.sort(data[:num])
            low, high = max(low, ordered[cut]), min(high, ordered[num - 1 - cut])
    return float(low), float(high)


@lru_cache(maxsize=4096)
def _refuted_count(num: int, alpha: float) -> int:
    """Returns how many of `num` differences may lie below a refuted median; -1 if none."""
    below = np.arange((num + 1) // 2)
    refuted = below[log_wealth(num - below, below) >= -math.log(alpha)]
    return int(refuted.max(initial=-1))
