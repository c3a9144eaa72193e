"""How SGD, Momentum, Adam and Muon differ on each problem of the laptop set, and what a run costs.

    python benchmarks/laptop.py --results FOLDER            # search, repeat, compare
    python benchmarks/laptop.py --results FOLDER --write    # and write it into docs/problems.md

For every problem and optimizer it tries one learning rate a decade, then the two half a decade
beside the best, by the last value of the primary metric on the test set with seed 42. It repeats
the three best rates with two more seeds, and takes the one with the best mean. Ten other seeds at
that rate are what it shows, so that the seeds that chose are not those that are compared. Runs that
have a record are not repeated. Everything together takes about 40 minutes on one core. The seconds
are those of the processor, which do not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import pages
import torch
from scipy.stats import f_oneway

from deepobs.problems import LAPTOP_SET, Metric, get_problem
from deepobs.runner import Record, run

IMAGE = pages.IMAGES / "laptop.png"
SEEDS = (42, 43, 44)
FRESH = tuple(range(45, 55))  # seeds of what is shown
FINALISTS = 3  # rates that are repeated with all seeds: one seed may be lucky


class Method(NamedTuple):
    """An optimizer, its arguments, and the exponents of the first learning rates."""

    optimizer: str
    hyperparameters: Mapping[str, Any]
    exponents: range


METHODS: Mapping[str, Method] = {
    "SGD": Method("SGD", {}, range(-3, 2)),
    "Momentum": Method("Momentum", {"momentum": 0.9}, range(-4, 1)),
    "Adam": Method("Adam", {}, range(-5, 0)),
    "Muon": Method("Muon", {"weight_decay": 0.0}, range(-4, 1)),
}


class Outcome(NamedTuple):
    """The runs of a method on a problem with its best rate."""

    rate: float
    records: list[Record]

    def curve(self, metric: str) -> list[float]:
        """Returns the mean of the metric on the test set after each epoch."""
        series = [record.evaluations("test", metric) or [] for record in self.records]
        return [statistics.fmean(values) for values in zip(*series, strict=True)]

    def last(self, metric: str) -> list[float]:
        """Returns the last value of each run."""
        return [(record.evaluations("test", metric) or [math.nan])[-1] for record in self.records]


def one_run(problem: str, method: Method, rate: float, seed: int, results: Path) -> Record:
    """Returns the record of a run, which is trained if there is none."""
    return run(
        problem,
        method.optimizer,
        lr=float(f"{rate:.3g}"),
        hyperparameters=method.hyperparameters,
        seed=seed,
        results=results,
        resume=True,
        device="cpu",
        progress="off",
    )


def best(problem: str, method: Method, results: Path) -> Outcome:
    """Returns fresh runs with the rate whose last values are best on average; all must finish."""
    metric = get_problem(problem).metric
    sign = 1 if metric.higher_is_better else -1

    def outcome(rate: float, seeds: tuple[int, ...]) -> Outcome:
        return Outcome(rate, [one_run(problem, method, rate, seed, results) for seed in seeds])

    def score(found: Outcome) -> float:
        mean = sign * statistics.fmean(found.last(metric.name))
        finished = all(record.status == "finished" for record in found.records)
        return mean if finished and math.isfinite(mean) else -math.inf

    tried = [outcome(10.0**exponent, SEEDS[:1]) for exponent in method.exponents]
    rate = max(tried, key=score).rate
    tried += [outcome(beside, SEEDS[:1]) for beside in (rate * 10**0.5, rate / 10**0.5)]
    finalists = sorted(tried, key=score, reverse=True)[:FINALISTS]
    chosen = max((outcome(found.rate, SEEDS) for found in finalists), key=score)
    return outcome(chosen.rate, FRESH)


def seconds(problem: str) -> float:
    """Returns the processor's seconds for a run with Adam, loading and evaluations included."""
    begin = time.process_time()
    run(problem, "Adam", lr=1e-3, device="cpu", progress="off")
    return time.process_time() - begin


def difference(outcomes: Mapping[str, Outcome], metric: Metric) -> float:
    """Returns the p of an analysis of variance: whether the methods differ more than the seeds."""
    scale = float if metric.higher_is_better else math.log
    groups = [list(map(scale, outcome.last(metric.name))) for outcome in outcomes.values()]
    return float(f_oneway(*groups).pvalue)


def table(outcomes: Mapping[str, Mapping[str, Outcome]], costs: Mapping[str, float]) -> str:
    """Returns the table of the last values, mean ± standard deviation of the seeds."""
    head = f"| Problem | Metric | {' | '.join(METHODS)} | p | Seconds |\n"
    rows = []
    for problem, found in outcomes.items():
        metric = get_problem(problem).metric
        better = "higher" if metric.higher_is_better else "lower"
        cells = []
        for outcome in found.values():
            last = outcome.last(metric.name)
            spread = f"{statistics.fmean(last):.3g} ± {statistics.stdev(last):.1g}"
            cells.append(f"{spread} ({outcome.rate:.2g})")
        name = f"{metric.name.replace('_', ' ')}, {better} is better"
        cells += [f"{difference(found, metric):.1g}", f"{costs[problem]:.1f}"]
        rows.append(f"| `{problem}` | {name} | {' | '.join(cells)} |\n")
    return head + "|---|---|" + "---:|" * (len(METHODS) + 2) + "\n" + "".join(rows)


def draw(outcomes: Mapping[str, Mapping[str, Outcome]]) -> None:
    """Draws the mean test metric of every method over the epochs, a panel a problem."""
    figure, panels = plt.subplots(2, 5, figsize=(15, 6), layout="constrained")
    for panel in panels.flat[len(outcomes) :]:
        panel.remove()
    for panel, (problem, found) in zip(panels.flat, outcomes.items(), strict=False):
        metric = get_problem(problem).metric
        for name, outcome in found.items():
            panel.plot(outcome.curve(metric.name), label=name)
        panel.set_title(problem, fontsize=10)
        panel.set_ylabel(f"test {metric.name.replace('_', ' ')}")
        panel.set_xlabel("epoch")
        if not metric.higher_is_better:
            panel.set_yscale("log")
    panels.flat[0].legend()
    pages.save(figure, IMAGE)


def main() -> None:
    """Reads the command line, trains, and prints or writes what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, required=True, help="folder of the records")
    parser.add_argument("--write", action="store_true", help="write docs/problems.md")
    parser.add_argument("problems", nargs="*", default=LAPTOP_SET, metavar="PROBLEM")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    outcomes: dict[str, dict[str, Outcome]] = {}
    for problem in arguments.problems:
        outcomes[problem] = {}
        for name, method in METHODS.items():
            found = outcomes[problem][name] = best(problem, method, arguments.results)
            last = ", ".join(
                f"{value:.4g}" for value in found.last(get_problem(problem).metric.name)
            )
            print(f"{problem} {name} at {found.rate:.3g}: {last}", flush=True)
    written = table(outcomes, {problem: seconds(problem) for problem in outcomes})
    print(written)
    if arguments.write:
        draw(outcomes)
        pages.write("laptop", "benchmarks/laptop.py", written)


if __name__ == "__main__":
    main()
