"""Count how often verdicts are wrong, and how often they find a true lead.

    python benchmarks/verdicts.py --studies 20      every kind of study, few of each
    python benchmarks/verdicts.py                   the tables of docs/statistics.md, in minutes

Prints four tables in Markdown: wrong and right verdicts, unequal variances, looking after every
seed, intervals after a search. Exit status 1 if a winner is named wrongly in more than 5 % of
studies, or called clear at unequal variances, or a true lead of two standard deviations found in
less than 90 %, by more than three standard errors of the simulation.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from simulated_studies import DISTRIBUTIONS, Design, Floats, rates, study

from deepobs.runner.analysis import (
    ALPHA,
    Contest,
    Sample,
    anytime_p_value,
    conclude,
    mean_interval,
    pair_up,
)

POWER = 0.9


def equal_designs() -> Iterator[Design]:
    """Yields studies of equal methods: each factor by itself, then all of them at their ends."""
    plain = Design()
    for noise in DISTRIBUTIONS:
        yield replace(plain, noise=noise)
        yield replace(plain, noise=noise, paired=False)
    for methods in (3, 5, 10):
        yield replace(plain, methods=methods)
    yield replace(plain, methods=10, behind=8)
    for seeds in (3, 5, 20):
        yield replace(plain, seeds=seeds)
        yield replace(plain, seeds=seeds, paired=False)
    for chosen_by in ("first", "all"):
        yield replace(plain, settings=36, chosen_by=chosen_by)
    for problems in (2, 4, 8):
        yield replace(plain, problems=problems)
    for noise, methods, (seeds, paired) in itertools.product(
        DISTRIBUTIONS, (2, 10), ((3, False), (10, True))
    ):
        yield Design(noise, methods, seeds, 36, "first", paired, 8)


def leading_designs() -> Iterator[Design]:
    """Yields studies of ten seeds in which one method leads by two standard deviations."""
    for noise, paired in itertools.product(DISTRIBUTIONS, (True, False)):
        yield Design(noise=noise, paired=paired, lead=2.0)
    for methods, settings in ((3, 1), (5, 1), (10, 1), (10, 36)):
        yield Design(methods=methods, settings=settings, lead=2.0)
    for problems in (2, 8):
        yield Design(methods=10, problems=problems, lead=2.0)


@dataclass(frozen=True)
class Spreads:
    """Two methods of equal means whose runs vary unequally.

    Attributes:
        ratio: Standard deviation of the first method's runs over that of the other's.
        num: Runs of the first method.
        other: Runs of the other.
        noise: Name of one of `DISTRIBUTIONS`.
        paired: Whether they share their seeds, but no variance.
    """

    ratio: float
    num: int
    other: int
    noise: str
    paired: bool = False


def unequal_variances(spreads: Spreads, studies: int) -> tuple[float, float]:
    """Simulates methods of equal means whose runs vary unequally.

    Args:
        spreads: How unequally.
        studies: How many comparisons.

    Returns:
        The shares of studies in which one is named the winner, and called a clear one.
    """
    rng, named, clear = np.random.default_rng(1), 0, 0
    draw = DISTRIBUTIONS[spreads.noise]
    for _ in range(studies):
        samples = {
            name: Sample(
                method=name,
                values=scale * draw(rng, (count,)),
                seeds=first + np.arange(count),
                times=np.full(count, np.nan),
            )
            for name, scale, count, first in (
                ("a", spreads.ratio, spreads.num, 0),
                ("b", 1.0, spreads.other, 0 if spreads.paired else 100),
            )
        }
        contest = Contest(
            problem="p", metric="test_loss", larger=False, start=1000.0, samples=samples
        )
        verdict = conclude([contest])
        named += verdict.winner is not None
        clear += verdict.certainty == "clear"
    return named / studies, clear / studies


def peeking(order: str, studies: int, most: int = 50) -> float:
    """Simulates a look at equal methods after every pair of runs.

    Args:
        order: How seeds are numbered in the order of time: "ascending", "descending" or "random".
        studies: How many comparisons.
        most: Pairs that there are in the end.

    Returns:
        How often the test that stays valid while seeds are added ever rejects.
    """
    rng, ever = np.random.default_rng(2), 0
    for _ in range(studies):
        losses = rng.standard_normal((2, most))
        numbers = {
            "ascending": np.arange(most),
            "descending": np.arange(most)[::-1],
            "random": rng.permutation(most),
        }[order]
        ever += any(_rejects(losses[:, :n], numbers[:n]) for n in range(7, most + 1))
    return ever / studies


def _rejects(losses: Floats, numbers: NDArray[np.int64]) -> bool:
    by_seed = np.argsort(numbers)
    a, b = (
        Sample(method=name, values=values[by_seed], seeds=numbers[by_seed], times=by_seed * 1.0)
        for name, values in zip("ab", losses, strict=True)
    )
    return anytime_p_value(pair_up(a, b).differences(larger=False)) <= ALPHA


def coverage(settings: int, studies: int, chosen_by: str) -> float:
    """Simulates the interval of a method's mean at the best of many equal settings.

    Args:
        settings: How many settings are tried.
        studies: How many methods.
        chosen_by: As for `Design`.

    Returns:
        How often the 95 % interval holds the mean.
    """
    design, held = Design(settings=settings, chosen_by=chosen_by), 0
    for number in range(studies):
        (contest,) = study(design, np.random.default_rng([3, number]))
        low, high = mean_interval(contest.samples["method_0"].values)
        held += low <= 0 <= high
    return held / studies


def bound(level: float, studies: int) -> float:
    """Returns a rate that the simulation exceeds by chance only once in about 700 times.

    Args:
        level: The true rate.
        studies: How many studies it is counted in.
    """
    return level + 3 * math.sqrt(level * (1 - level) / studies)


def print_rates(studies: int) -> bool:
    """Prints how often verdicts name a winner; returns whether all keep their promise."""
    kept = True
    print("| study | winner over the study | on a problem | clear | best not bold |")
    print("|---|---|---|---|---|")
    for design in [*equal_designs(), *leading_designs()]:
        num = max(studies // 2, 1) if design.problems > 4 else studies
        found = rates(design, num)
        named = (found.headline, found.problem)
        if design.lead:
            kept &= found.headline >= 1 - bound(1 - POWER, num)
        else:
            kept &= max(*named, found.clear, found.bold) <= bound(ALPHA, num)
        shares = " | ".join(f"{share:.1%}" for share in (*named, found.clear, found.bold))
        print(f"| {describe(design)} | {shares} |", flush=True)
    return kept


def describe(design: Design) -> str:
    """Names a kind of study by what is not plain about it."""
    words = [design.noise, f"{design.methods} methods", f"{design.seeds} seeds"]
    words.append("paired" if design.paired else "not paired")
    if design.problems > 1:
        words.append(f"{design.problems} problems")
    if design.settings > 1:
        chosen = {"first": "another seed", "all": "the same seeds"}[design.chosen_by]
        words.append(f"{design.settings} settings chosen by {chosen}")
    if design.behind:
        words.append(f"{design.behind} far behind")
    if design.lead:
        words.insert(0, "**one leads**")
    return ", ".join(words)


def print_spreads(studies: int) -> bool:
    """Prints the table of unequal variances; returns whether few enough verdicts are clear."""
    kept, ratios = True, (1, 3, 10)
    print("\n| runs | noise | " + " | ".join(f"sd {r}:1" for r in ratios) + " |")
    print("|---|---|" + "---|" * len(ratios))
    for (num, other, paired), noise in itertools.product(RUNS, DISTRIBUTIONS):
        found = [
            unequal_variances(Spreads(ratio, num, other, noise, paired), studies)
            for ratio in ratios
        ]
        kept &= max(clear for _, clear in found) <= bound(ALPHA, studies)
        runs = f"{num} pairs" if paired else f"{num} and {other}"
        shares = " | ".join(f"{named:.1%}, {clear:.1%}" for named, clear in found)
        print(f"| {runs} | {noise} | {shares} |", flush=True)
    return kept


def print_others(studies: int) -> None:
    """Prints the tables of looking after every seed and of intervals."""
    print("\n| seeds in the order of time | ever rejected in 50 looks |\n|---|---|")
    for order in ("ascending", "descending", "random"):
        print(f"| {order} | {peeking(order, studies):.1%} |", flush=True)
    print("\n| settings | chosen by | interval holds the mean |\n|---|---|---|")
    for settings, chosen_by in ((1, "first"), (36, "first"), (36, "all")):
        held = coverage(settings, studies, chosen_by)
        words = {"first": "another seed", "all": "the same seeds"}[chosen_by]
        print(f"| {settings} | {words if settings > 1 else 'no choice'} | {held:.1%} |")


#: Runs of the more variable method and of the other, and whether they are paired.
RUNS = (
    *((3, 10, False), (5, 5, False), (5, 10, False), (5, 20, False), (10, 10, False)),
    *((20, 20, False), (20, 5, False), (10, 10, True), (20, 20, True)),
)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--studies", type=int, default=600, help="studies of each kind")
    arguments = parser.parse_args()
    kept = print_rates(arguments.studies)
    kept &= print_spreads(max(arguments.studies // 2, 1))
    print_others(arguments.studies)
    sys.exit(not kept)


if __name__ == "__main__":
    main()
