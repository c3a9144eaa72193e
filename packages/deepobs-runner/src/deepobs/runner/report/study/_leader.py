"""Which method comes first on a problem: in the verdict, in bold print, in every table alike."""

from __future__ import annotations

from typing import Any

from ... import analysis
from ._arrays import records
from ._study import Study


def judged(study: Study, problem: str) -> dict[str, dict[str, Any]]:
    """Returns a problem's rows of `analysis.summary_table` on the metric it is judged by.

    Args:
        study: What is reported.
        problem: The problem's name.

    Returns:
        The rows by method.
    """
    metric = analysis.default_metric(study.frame, problem)
    table = study.summary
    rows = table[(table["problem"] == problem) & (table["metric"] == metric)]
    return {row["method"]: row for row in records(rows)}


def ranked(study: Study, problem: str) -> list[str]:
    """Orders a problem's methods, the leader first.

    By the mean, those with diverged runs behind all others: a mean of survivors would flatter. But
    a method that beats the first one in `analysis.compare` goes before it.

    Args:
        study: What is reported.
        problem: The problem's name.

    Returns:
        The methods' labels; of no value where every run diverged.
    """
    rows = judged(study, problem)
    if not rows:
        return []
    scores = study.scores.loc[problem]
    order = sorted(rows, key=lambda name: (rows[name]["num_diverged"] > 0, -scores[name]))
    pairs = records(study.pairs[study.pairs["problem"] == problem])
    winner = {frozenset((pair["method_a"], pair["method_b"])): pair["better"] for pair in pairs}
    tried = [order[0]]  # a ring of methods that beat one another is left where it closes
    while above := [
        name
        for name in order
        if name not in tried and winner.get(frozenset((name, tried[-1]))) == name
    ]:
        tried.append(above[0])
    return [tried[-1], *(name for name in order if name != tried[-1])]


def epochs_by_method(study: Study, problem: str) -> dict[int, list[str]]:
    """Groups a problem's methods by the number of epochs that they were trained for.

    Args:
        study: What is reported.
        problem: The problem's name.

    Returns:
        The methods by number of epochs, the smallest first; without those whose files do not say
        it. More than one group: final values compare the length of training too.
    """
    groups: dict[int, list[str]] = {}
    for setting in study.chosen_on(problem):
        epochs = study.runs.rows[setting.runs[0]]["num_epochs"]
        if epochs == epochs:  # not every file says it
            groups.setdefault(int(epochs), []).append(setting.method)
    return dict(sorted(groups.items()))


def bold(study: Study, problem: str) -> str | None:
    """Names the method whose final value is printed in bold.

    Args:
        study: What is reported.
        problem: The problem's name.

    Returns:
        The leader's label; `None` without another method, without any finished run, or if methods
        were trained for unequal numbers of epochs.
    """
    order = ranked(study, problem)
    if len(order) < 2 or len(epochs_by_method(study, problem)) > 1:
        return None
    mean = judged(study, problem)[order[0]]["mean"]
    return order[0] if mean == mean else None
