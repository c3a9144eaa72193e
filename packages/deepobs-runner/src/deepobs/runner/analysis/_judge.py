"""The comparison of methods on one problem: the leader, and the methods that it beats."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from ._meeting import Meeting
from ._progress import Progress
from ._runs import epochs_differ
from ._samples import Contest, Sample
from ._verdict import ALPHA, Comparison


class Judge:
    """The comparison on one problem.

    Args:
        contest: The problem's methods and runs.
    """

    def __init__(self, contest: Contest) -> None:
        self.contest = contest
        self._meetings: dict[tuple[str, str], Meeting] = {}
        self.order = self._ranked()
        self.leader = self.order[0]
        samples = contest.samples
        epochs = samples[self.leader].epochs
        others = self.order[1:]
        self.unequal = [m for m in others if epochs_differ(samples[m].epochs, epochs)]
        self.peers = [m for m in others if m not in self.unequal]

    def meeting(self, first: str, second: str) -> Meeting:
        """Returns the tests of one method against another."""
        key = (first, second)
        return self._meetings.setdefault(key, Meeting(self.contest, first, second))

    @property
    def finished(self) -> bool:
        """Whether any run of any method finished."""
        return not math.isnan(self.contest.samples[self.leader].mean)

    @property
    def p_value(self) -> float:
        """The p-value of "the leader beats every other": the largest of its comparisons."""
        p_values = [
            m.p_value if m.test.statistic > 0 else 1.0
            for m in (self.meeting(self.leader, peer) for peer in self.peers)
        ]
        same_runs = self.contest.samples[self.leader].same_runs
        testable = bool(p_values) and self.finished and not same_runs
        return max(p_values) if testable else math.nan

    @property
    def winner(self) -> str | None:
        """The leader, if it beats every other method and was trained equally long."""
        return self.leader if self.p_value <= ALPHA and not self.unequal else None

    @cached_property
    def best(self) -> tuple[str, ...]:
        """The methods that are not significantly different from the best, the leader first.

        A method that the leader beats at the level 5 % over the number of comparisons is not the
        best: so the set holds the best method in at least 95 % of studies.
        """
        if not self.finished:
            return ()
        if self.winner is not None:
            return (self.winner,)
        if self.contest.samples[self.leader].same_runs:
            return (self.leader, *self.peers)
        level = ALPHA / max(len(self.peers), 1)
        told = [p for p in self.peers if self._beats(self.leader, p, level)]
        return (self.leader, *(peer for peer in self.peers if peer not in told))

    def _beats(self, first: str, second: str, level: float) -> bool:
        meeting = self.meeting(first, second)
        return meeting.p_value <= level and meeting.test.statistic > 0

    def _ranked(self) -> list[str]:
        """Orders methods by their mean, those with diverged runs last.

        A method that beats the first one is moved before it, unless the methods beat one another in
        a cycle.
        """
        samples = self.contest.samples
        scores = {name: self._worth(sample) for name, sample in samples.items()}
        order = sorted(samples, key=lambda m: (samples[m].num_diverged > 0, -scores[m], m))
        tried = [order[0]]
        while above := [
            name for name in order if name not in tried and self.meeting(tried[-1], name).behind
        ]:
            tried.append(above[0])
        return [tried[-1], *(name for name in order if name != tried[-1])]

    def _worth(self, sample: Sample) -> float:
        """Returns the mean, larger being better, with a diverged run as the worst of all."""
        sign = 1.0 if self.contest.larger else -1.0
        known = [sign * other.values for other in self.contest.samples.values()]
        worst = np.nanmin(np.concatenate([*known, [sign * self.contest.start], [np.inf]]))
        if math.isnan(sample.mean):
            return -math.inf
        return float(np.where(np.isnan(sample.values), worst, sign * sample.values).mean())

    @cached_property
    def progress(self) -> Progress:
        """The scale from no training to the best method's mean."""
        means = [s.mean for s in self.contest.samples.values() if not math.isnan(s.mean)]
        best = (max if self.contest.larger else min)(means, default=math.nan)
        return Progress(self.contest.start, best, larger=self.contest.larger)

    def score(self, method: str) -> float:
        """Returns the mean score of a method's runs from 0 (no training, or diverged) to 1."""
        return float(self.progress.of(self.contest.samples[method].values).mean())

    def comparisons(self) -> tuple[Comparison, ...]:
        """Returns comparisons of the leader with methods trained equally long, best first."""
        lead = self.score(self.leader)
        return tuple(
            self.meeting(self.leader, peer).comparison(lead - self.score(peer))
            for peer in self.peers
        )
