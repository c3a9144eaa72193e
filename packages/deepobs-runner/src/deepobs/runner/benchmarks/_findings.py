"""First verdicts, while a benchmark runs: one for each problem that is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ..common import UsageError
from ..report import gather, verdicts
from ..sweeps import Rounds
from ..tuning import TuneResult
from ._plan import BenchmarkPlan, Entry


class Findings:
    """Reports the verdict on each problem as soon as the last of its searches has ended.

    The problem that ends last is left out, because the outcome of the benchmark follows immediately
    and contains all verdicts.

    Args:
        plan: The benchmark.
        tell: Called with each verdict in a sentence.
    """

    def __init__(self, plan: BenchmarkPlan, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._tell = tell
        self._open = Counter((entry.problem, entry.length) for entry in plan.searches)

    def watch(self, entry: Entry, rounds: Rounds[TuneResult]) -> Rounds[TuneResult]:
        """Returns the rounds of a search; words a verdict after the last one of its problem."""
        answer = yield from rounds
        key = (entry.problem, entry.length)
        self._open[key] -= 1
        ended, more = not self._open[key], any(self._open.values())
        if ended and more and len(self._plan.methods) > 1:
            self._tell(self._verdict(*key))
        return answer

    def _verdict(self, problem: str, length: float) -> str:
        try:
            study = gather(self._plan.folder(length)).study
            only = study.frame[study.frame["problem"] == problem]
            (found,) = verdicts(only)
        except (UsageError, ValueError):  # no run of it has a record
            return f"{problem}: no run has ended with a result."
        several = len(self._plan.lengths) > 1
        return f"{length:g} × its length: {found.say}" if several else found.say
