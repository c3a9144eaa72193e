"""Two methods on one problem: the tests of their difference."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ._intervals import difference_interval, probability_of_improvement, within_range
from ._permutation import PermutationTest, permutation_tests
from ._power import more_runs
from ._samples import Contest, Pairs, pair_up
from ._sequential import anytime_p_value
from ._verdict import ALPHA, Comparison

Floats = NDArray[np.float64]

#: Fewer unpaired runs than that vary too unequally to be tested: the t test's level is not kept.
LEAST_UNPAIRED = 5

#: If standard deviations differ by this factor and the wider runs are skewed, tests of means reject
#: too often. Leads whose t test has a p-value of at most `_PLAIN` are beyond that doubt: with both
#: limits at most 5 % of verdicts are clear at equal means (`benchmarks/verdicts.py`).
_UNEQUAL, _PLAIN = 2.0, 0.001


@dataclass(frozen=True)
class Meeting:
    """Two methods on one problem, and the tests of their difference.

    Attributes:
        contest: The problem.
        first: One method's label.
        second: The other's.
    """

    contest: Contest
    first: str
    second: str

    @cached_property
    def pairs(self) -> Pairs:
        """The runs of both."""
        samples = self.contest.samples
        return pair_up(samples[self.first], samples[self.second])

    @cached_property
    def test(self) -> PermutationTest:
        """The permutation test of the means; NaN with too few runs."""
        hold_tests([self])
        return self.test

    @property
    def p_value(self) -> float:
        """Its p-value; 1 with too few runs, which show no difference."""
        return 1.0 if math.isnan(self.test.p_value) else self.test.p_value

    @property
    def too_few(self) -> bool:
        """Whether no difference, however large, could have been significant."""
        return not self.test.smallest <= ALPHA

    @property
    def unequal_spreads(self) -> bool:
        """Whether runs vary so unequally that a skewed distribution may explain the lead."""
        narrow, wide = sorted(map(_spread, (self.pairs.a, self.pairs.b)))
        return wide > 0 and wide >= _UNEQUAL * narrow and self.test.p_t > _PLAIN

    @property
    def behind(self) -> bool:
        """Whether the second method beats the first."""
        return self.p_value <= ALPHA and self.test.statistic < 0

    @property
    def leads(self) -> Floats:
        """By how much the first method is better in each pair, in the order of time."""
        larger = self.contest.larger
        return self.pairs.differences(larger=larger) * (1.0 if larger else -1.0)

    @property
    def difference(self) -> float:
        """The first method's mean less the second's, of pairs if paired; NaN without one."""
        a, b = self.pairs.a, self.pairs.b
        return _mean(a - b) if self.pairs.paired else _mean(a) - _mean(b)

    def comparison(self, score: float) -> Comparison:
        """Returns the values of the meeting, the first method's lead positive.

        Args:
            score: The first method's score less the second's.
        """
        metric, pairs, test = self.contest.metric, self.pairs, self.test
        larger = self.contest.larger
        sign = 1.0 if larger else -1.0
        a, b = sign * pairs.a, sign * pairs.b
        ends = difference_interval(a, b, paired=pairs.paired)
        low, high = within_range(ends, metric, least=-1.0)
        num = min(len(a), len(b))
        return Comparison(
            method=self.first,
            other=self.second,
            difference=sign * self.difference,
            low=low,
            high=high,
            score=score,
            probability=probability_of_improvement(a, b),
            p_value=test.p_value,
            attainable=test.smallest,
            p_anytime=favourable_p(self.leads),
            paired=pairs.paired,
            num_runs=(len(a), len(b)),
            more_runs=more_runs(
                self.p_value,
                test.p_t,
                num - 1 if pairs.paired else 2 * num - 2,
                num,
                alpha=ALPHA,
                least=6 if pairs.paired else LEAST_UNPAIRED,
            ),
        )


def hold_tests(meetings: Iterable[Meeting]) -> None:
    """Tests many meetings at once, which is much faster than one after the other.

    Args:
        meetings: Their `test` is known afterwards.
    """
    batches: dict[tuple[bool, int, int, bool], list[Meeting]] = {}
    for meeting in meetings:
        pairs, larger = meeting.pairs, meeting.contest.larger
        key = (pairs.paired, len(pairs.a), len(pairs.b), larger)
        batches.setdefault(key, []).append(meeting)
    for (paired, num_a, num_b, larger), batch in batches.items():
        a, b = (np.array([getattr(m.pairs, side) for m in batch]) for side in "ab")
        tests = permutation_tests(a, b, paired=paired, larger=larger)
        for meeting, test in zip(batch, tests, strict=True):
            if not paired and min(num_a, num_b) < LEAST_UNPAIRED:
                test = test._replace(p_value=math.nan, smallest=math.nan)
            vars(meeting)["test"] = test  # what the cached property returns from now on


def favourable_p(leads: Floats) -> float:
    """Returns the p-value of a lead that stays valid while seeds are added.

    Args:
        leads: By how much a method is better in each pair, in the order of time.

    Returns:
        That of `anytime_comparison`; 1 if the method is not better in more than half of the pairs.
    """
    if (leads > 0).sum() <= (leads < 0).sum():
        return 1.0
    return anytime_p_value(leads)


def _spread(values: Floats) -> float:
    """Returns the standard deviation of the finished runs; 0 with fewer than two."""
    known = values[~np.isnan(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else 0.0


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
