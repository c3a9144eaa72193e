"""Warnings about means that misrepresent the runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..study import Study, epochs_by_method, percent, records
from ._format import learning_rate, number
from ._words import count, listed, short


def warnings(study: Study, problem: str) -> list[str]:
    """Warns of groups of runs that a mean misrepresents, and of unequal numbers of epochs.

    Args:
        study: The study.
        problem: The problem's name.

    Returns:
        Sentences without a full stop.
    """
    groups = records(study.flags[study.flags["problem"] == problem])
    choice = study.tuned[study.tuned["problem"] == problem]
    texts = [text for group in groups for text in _of_group(group, choice)]
    return texts + _unequal_epochs(study, problem)


def _of_group(group: Mapping[str, Any], choice: pd.DataFrame) -> list[str]:
    method, num_runs = group["method"], group["num_runs"]
    runs = count(num_runs, "run")
    chosen = choice[choice["method"] == method].iloc[0]
    scale = percent(str(chosen["metric"]))
    texts = []
    for word in group["flags"]:
        if word == "diverged":
            texts.append(f"{group['num_diverged']} of {runs} diverged")
        elif word in ("collapsed", "partly collapsed"):
            texts.append(
                f"{word}: {group['num_collapsed']} of {runs} got stuck early, far "
                "from the reachable values"
            )
        elif word == "fell back":
            texts.append(
                f"fell back: {group['num_fell_back']} of {runs} lost more than half of the "
                "progress that they had made"
            )
        elif word == "bimodal":
            num_high = num_runs - group["num_diverged"] - group["num_low"]
            low, high = (number(scale * group[f"{end}_mean"], 3) for end in ("low", "high"))
            lower = count(group["num_low"], "run")
            texts.append(f"bimodal: {lower} end around {low}, {num_high} around {high}; no mean")
        elif word == "grid edge":
            end = "smallest" if group["grid_edge"] == "low" else "largest"
            texts.append(
                f"grid edge: the chosen learning rate, {learning_rate(chosen['learning_rate'])}, "
                f"is the {end} tried; a better one may lie beyond"
            )
    return [f"{short(method)}: {text}" for text in texts]


def _unequal_epochs(study: Study, problem: str) -> list[str]:
    """Returns a warning if a problem's chosen settings differ in their number of epochs."""
    groups = epochs_by_method(study, problem)
    parts = [f"{epochs} ({listed(methods, most=5)})" for epochs, methods in groups.items()]
    if len(parts) < 2:
        return []
    return [
        f"unequal epochs: methods were trained for {listed(parts, ' and ')}, so final values "
        "also reflect the length of training"
    ]
