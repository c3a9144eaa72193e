"""Two methods over all problems that both were trained on, equally long."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ._intervals import probability_of_improvement
from ._judge import Judge
from ._meeting import favourable_p
from ._permutation import (
    PermutationTest,
    permutation_test,
    stratified_permutation_test,
    within_problems,
)
from ._power import more_runs
from ._runs import epochs_differ
from ._t_tests import improvement_intervals
from ._verdict import ALPHA, OverallComparison

Floats = NDArray[np.float64]
#: With fewer problems no lead over problems can be significant at 5 %: 2 / 2^5 > 0.05.
LEAST_PROBLEMS = 6


@dataclass(frozen=True)
class OverallMeeting:
    """Two methods over the problems of a study.

    Attributes:
        judges: The comparison of the methods on each problem.
        first: One method's label.
        second: The other's.
    """

    judges: Sequence[Judge]
    first: str
    second: str

    @cached_property
    def shared(self) -> list[Judge]:
        """The problems that count: both methods have two runs or more, trained equally long."""
        return [judge for judge in self.judges if self._counts(judge)]

    def _counts(self, judge: Judge) -> bool:
        samples = judge.contest.samples
        if not (self.first in samples and self.second in samples):
            return False
        first, second = samples[self.first], samples[self.second]
        enough = min(len(first.values), len(second.values)) > 1
        return enough and not epochs_differ(first.epochs, second.epochs)

    @cached_property
    def strata(self) -> list[tuple[Floats, Floats]]:
        """The values of both on each problem, larger being better."""
        return [
            (sign * contest.samples[self.first].values, sign * contest.samples[self.second].values)
            for contest in (judge.contest for judge in self.shared)
            for sign in (1.0 if contest.larger else -1.0,)
        ]

    @cached_property
    def probabilities(self) -> Floats:
        """That a run of the first method does better than one of the second, on each problem."""
        return np.array([probability_of_improvement(a, b) for a, b in self.strata])

    @property
    def probability(self) -> float:
        """The mean of `probabilities`; NaN without problems."""
        return float(self.probabilities.mean()) if self.shared else math.nan

    @cached_property
    def test(self) -> PermutationTest:
        """The test about other seeds on these problems."""
        return stratified_permutation_test(self.strata)

    @property
    def p_value(self) -> float:
        """Its p-value; 1 where nothing can be tested."""
        return 1.0 if math.isnan(self.test.p_value) else self.test.p_value

    @property
    def too_few(self) -> bool:
        """Whether no difference, however large, could have been significant."""
        return not self.test.smallest <= ALPHA

    @cached_property
    def p_problems(self) -> float:
        """The p-value of the first method's lead with the problems as the sample."""
        if len(self.shared) < LEAST_PROBLEMS:
            return math.nan
        return permutation_test(
            self.probabilities, np.full(len(self.shared), 0.5), paired=True
        ).p_value

    @cached_property
    def p_anytime(self) -> float:
        """The p-value on these problems that stays valid while seeds are added."""
        if not self.shared:
            return math.nan
        meetings = [judge.meeting(self.first, self.second) for judge in self.shared]
        leads = np.concatenate([meeting.leads for meeting in meetings])
        times = np.concatenate([meeting.pairs.times for meeting in meetings])
        places = np.concatenate([np.arange(len(meeting.leads)) for meeting in meetings])
        return favourable_p(leads[np.lexsort((places, times))])

    def comparison(self) -> OverallComparison:
        """Returns the values of the meeting, the first method's lead positive."""
        ranks = within_problems([(a[None], b[None]) for a, b in self.strata])
        _, low, high = improvement_intervals(ranks)
        fewest = min(min(len(a), len(b)) for a, b in self.strata)
        total = sum(len(a) + len(b) for a, b in self.strata)
        scores = [judge.score(self.first) - judge.score(self.second) for judge in self.shared]
        known = [score for score in scores if not math.isnan(score)]
        return OverallComparison(
            method=self.first,
            other=self.second,
            problems=tuple(judge.contest.problem for judge in self.shared),
            probability=self.probability,
            low=float(low[0]),
            high=float(high[0]),
            score=float(np.mean(known)) if known else math.nan,
            p_value=self.test.p_value,
            attainable=self.test.smallest,
            p_problems=self.p_problems,
            p_anytime=self.p_anytime,
            more_runs=more_runs(
                self.p_value,
                self.test.p_t,
                total - 2 * len(self.strata),
                fewest,
                alpha=ALPHA,
                least=self._least(),
            ),
        )

    def _least(self) -> int:
        """Returns the fewest runs of each method on each problem that can be significant."""
        num = 2
        while 2 / math.comb(2 * num, num) ** len(self.strata) > ALPHA:
            num += 1
        return num
