"""Made-up studies with known truth: what runs a study has, and what its verdict says.

Methods are drawn from one distribution, so that a verdict that names a winner is wrong; or one of
them leads by two standard deviations of a single run. What is judged is what a report shows:
`conclude` of the contests that `contests` would gather from records. `verdicts.py` counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepobs.runner.analysis import Contest, Sample, StudyVerdict, conclude, fresh_seeds

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]

#: Distributions of a run's loss, of mean 0 and standard deviation 1.
DISTRIBUTIONS: Mapping[str, Draw] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "lognormal": lambda rng, shape: (
        (rng.lognormal(0, 1, shape) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)
    ),
    "t3": lambda rng, shape: rng.standard_t(3, shape) / np.sqrt(3),
}


@dataclass(frozen=True)
class Design:
    """A kind of study.

    Attributes:
        noise: Name of one of `DISTRIBUTIONS`.
        methods: Number of methods.
        seeds: Runs of each method on each problem that do not choose its setting.
        settings: Settings tried by each method; the best on the choosing seeds is judged.
        chosen_by: "first": one more seed chooses, as in DeepOBS's protocol; "all": all seeds do.
        paired: Whether methods share their seeds, and half of the variance with them.
        problems: Number of problems.
        lead: By how much the first method is better, in standard deviations of a run.
        behind: How many of the others are far behind.
    """

    noise: str = "normal"
    methods: int = 2
    seeds: int = 10
    settings: int = 1
    chosen_by: str = "first"
    paired: bool = True
    problems: int = 1
    lead: float = 0.0
    behind: int = 0


def study(design: Design, rng: np.random.Generator) -> list[Contest]:
    """Draws a study.

    Args:
        design: Its kind.
        rng: Source of randomness.

    Returns:
        One contest per problem, of losses.
    """
    return [_contest(design, rng, f"problem_{p}") for p in range(design.problems)]


def _contest(design: Design, rng: np.random.Generator, problem: str) -> Contest:
    draw = DISTRIBUTIONS[design.noise]
    repeated = design.settings > 1 and design.chosen_by == "first"
    num = design.seeds + repeated
    own = draw(rng, (design.methods, design.settings, num))
    if design.paired:
        shared = draw(rng, (num,))
        own = np.sqrt(0.5) * own + np.sqrt(0.5) * shared
    own[0] -= design.lead
    own[design.methods - design.behind :] += 25.0
    samples = [_sample(design, method, own[method], repeated) for method in range(design.methods)]
    return Contest(
        problem=problem,
        metric="test_loss",
        larger=False,
        start=1000.0,
        samples={sample.method: sample for sample in samples},
    )


def _sample(design: Design, method: int, losses: Floats, repeated: bool) -> Sample:
    """The method's best setting on the seeds that choose, as `tuned_settings` finds it."""
    num = losses.shape[1]
    seeds = np.arange(num) + (0 if design.paired else 1000 * method)
    choosing = np.arange(1 if repeated else num)
    best = int(losses[:, choosing].mean(axis=1).argmin())
    chosen_by = set(seeds[choosing].tolist()) if design.settings > 1 else set()
    fresh = fresh_seeds(set(seeds.tolist()), chosen_by)
    counted = ~np.isin(seeds, fresh["left_out"])
    return Sample(
        method=f"method_{method}",
        values=losses[best][counted],
        seeds=seeds[counted],
        times=np.full(int(counted.sum()), np.nan),
        budget=design.settings,
        **fresh,
    )


@dataclass(frozen=True)
class Rates:
    """How often something happened.

    Attributes:
        headline: A winner was named over the study.
        problem: A winner was named on a problem, per problem.
        clear: "Clear" was said of the study or of any of its problems.
        bold: The first method, which is no worse than any other, was not among the best.
    """

    headline: float
    problem: float
    clear: float
    bold: float


def rates(design: Design, studies: int, seed: int = 0) -> Rates:
    """Simulates studies and counts what their verdicts say.

    Args:
        design: Their kind.
        studies: How many.
        seed: Seed of the first; each has one of its own.

    Returns:
        Shares of the studies. With a lead, only verdicts for the first method count.
    """
    first = "method_0" if design.lead else None
    counts = np.zeros(4)
    for number in range(studies):
        verdict = conclude(study(design, np.random.default_rng([seed, number])))
        counts += _counts(verdict, first)
    return Rates(*(counts / studies).tolist())


def _counts(verdict: StudyVerdict, first: str | None) -> Floats:
    def named(winner: str | None) -> bool:
        return winner is not None and first in (None, winner)

    on_problems = [named(each.winner) for each in verdict.verdicts]
    clear = "clear" in [verdict.certainty, *(each.certainty for each in verdict.verdicts)]
    bold = "method_0" not in verdict.best
    return np.array([named(verdict.winner), np.mean(on_problems), clear, bold], dtype=np.float64)
