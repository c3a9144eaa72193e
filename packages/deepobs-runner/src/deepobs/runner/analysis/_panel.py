"""The comparison over a whole study: the leading method, and the methods that it beats."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from ._judge import Judge
from ._overall_meeting import LEAST_PROBLEMS, OverallMeeting
from ._runs import epochs_differ
from ._samples import Sample
from ._verdict import ALPHA, Code, Kind, Reason


class Panel:
    """The comparison over all problems.

    Args:
        judges: The comparison of the methods on each problem.
    """

    def __init__(self, judges: Sequence[Judge]) -> None:
        self.judges = judges
        self.methods = sorted({method for judge in judges for method in judge.order})
        self._met: dict[tuple[str, str], OverallMeeting] = {}
        self.ranking = self._ranked()
        self.leader = self.ranking[0] if self.ranking else ""
        others = [self.meeting(self.leader, method) for method in self.ranking[1:]]
        self.meetings = [meeting for meeting in others if meeting.shared]
        self.apart = [meeting.second for meeting in others if not meeting.shared]

    def meeting(self, first: str, second: str) -> OverallMeeting:
        """Returns the tests of one method against another."""
        key = (first, second)
        return self._met.setdefault(key, OverallMeeting(self.judges, first, second))

    @property
    def finished(self) -> bool:
        """Whether any run of any method finished."""
        return any(judge.finished for judge in self.judges)

    @cached_property
    def same_runs(self) -> list[str]:
        """The problems that count on which the runs that judge the leader chose its setting."""
        counted = {judge.contest.problem: judge for m in self.meetings for judge in m.shared}
        return [p for p, judge in counted.items() if judge.contest.samples[self.leader].same_runs]

    @property
    def p_value(self) -> float:
        """The p-value of "the leader beats every other": the largest of its comparisons."""
        if not self.meetings or self.apart or self.same_runs or not self.finished:
            return math.nan
        return max(m.p_value if m.test.statistic > 0 else 1.0 for m in self.meetings)

    @property
    def winner(self) -> str | None:
        """The leader, if it beats every other."""
        return self.leader if self.p_value <= ALPHA else None

    @cached_property
    def best(self) -> tuple[str, ...]:
        """The methods not significantly different from the best, as `Judge.best` on a problem."""
        if not self.finished:
            return ()
        if self.winner is not None:
            return (self.winner,)
        level = 0.0 if self.same_runs else ALPHA / max(len(self.meetings), 1)
        told = [m.second for m in self.meetings if m.p_value <= level and m.test.statistic > 0]
        return (self.leader, *(method for method in self.ranking[1:] if method not in told))

    @property
    def kind(self) -> Kind:
        """The finding."""
        if not self.finished:
            return "all_diverged"
        if not self.meetings:
            shared = any(len(judge.order) > 1 for judge in self.judges)
            return "unequal_epochs" if shared and self._epochs_differ() else "alone"
        if self.winner is not None:
            return "winner"
        if self.same_runs:
            return "same_runs"
        few = [meeting for meeting in self.meetings if meeting.too_few]
        return "too_few_runs" if few else "tied"

    def reasons(self) -> tuple[Reason, ...]:
        """Returns the reservations."""
        if not self.finished:
            return ()
        level = [m for m in self.meetings if m.second in self.best]
        beaten = [m for m in self.meetings if m.second not in self.best]
        found: dict[Code, list[str]] = {
            "not_compared": self.apart,
            "too_few_runs": [m.second for m in level if m.too_few],
            "not_told_apart": [m.second for m in level if not m.too_few],
            "seeds_added": [m.second for m in beaten if m.p_anytime > ALPHA],
            "other_problems": [m.second for m in beaten if m.p_problems > ALPHA],
            "few_problems": [m.second for m in beaten if len(m.shared) < LEAST_PROBLEMS],
        }
        reasons = [
            Reason(code=code, methods=tuple(names)) for code, names in found.items() if names
        ]
        if self.same_runs:
            problems = tuple(self.same_runs)
            reasons.append(Reason(code="same_runs", methods=(self.leader,), problems=problems))
        reasons += [self._other_budgets(), self._other_epochs()]
        return tuple(reason for reason in reasons if reason.methods)

    def _other_budgets(self) -> Reason:
        return self._unlike("unequal_budgets", lambda a, b: a.budget != b.budget)

    def _other_epochs(self) -> Reason:
        return self._unlike("unequal_epochs", lambda a, b: epochs_differ(a.epochs, b.epochs))

    def _epochs_differ(self) -> bool:
        return any(judge.unequal for judge in self.judges)

    def _unlike(self, code: Code, differ: Callable[[Sample, Sample], bool]) -> Reason:
        """Returns the methods and problems in which a leader's sample differs from others."""
        found = [
            (method, judge.contest.problem)
            for judge in self.judges
            for method, sample in judge.contest.samples.items()
            if self.leader in judge.contest.samples
            and differ(judge.contest.samples[self.leader], sample)
        ]
        methods = [method for method in self.ranking if any(method == m for m, _ in found)]
        problems = dict.fromkeys(problem for _, problem in found)
        return Reason(code=code, methods=tuple(methods), problems=tuple(problems))

    def _ranked(self) -> list[str]:
        """Orders methods by the mean probability of improvement over the others.

        A method that beats the first one goes before it, as on a problem (`Judge`).
        """
        scores = {method: self._score(method) for method in self.methods}
        order = sorted(self.methods, key=lambda method: (-scores[method], method))
        tried = order[:1]
        while above := [
            method for method in order if method not in tried and self._beaten(tried[-1], method)
        ]:
            tried.append(above[0])
        return [*tried[-1:], *(method for method in order if method not in tried[-1:])]

    def _beaten(self, first: str, second: str) -> bool:
        meeting = self.meeting(first, second)
        return meeting.p_value <= ALPHA and meeting.test.statistic < 0

    def _score(self, method: str) -> float:
        met = [self.meeting(method, other).probability for other in self.methods if other != method]
        known = [probability for probability in met if not math.isnan(probability)]
        return float(np.mean(known)) if known else -math.inf
