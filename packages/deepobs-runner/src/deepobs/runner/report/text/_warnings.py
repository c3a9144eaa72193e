"""What a mean would hide on a problem, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..study import Study, epochs_by_method, percent, records
from ._format import learning_rate, number


def warnings(study: Study, problem: str) -> list[str]:
    """Warns of groups of runs that a mean misrepresents, and of unequal numbers of epochs.

    Args:
        study: What is reported.
        problem: The problem's name.

    Returns:
        A sentence each, without its full stop.
    """
    groups = records(study.flags[study.flags["problem"] == problem])
    choice = study.tuned[study.tuned["problem"] == problem]
    texts = [text for group in groups for text in _of_group(group, choice)]
    return texts + _unequal_epochs(study, problem)


def _of_group(group: Mapping[str, Any], choice: pd.DataFrame) -> list[str]:
    method, count = group["method"], group["num_runs"]
    chosen = choice[choice["method"] == method].iloc[0]
    scale = percent(str(chosen["metric"]))
    texts = []
    for word in group["flags"]:
        if word == "diverged":
            texts.append(f"{group['num_diverged']} of {count_runs(count)} diverged")
        elif word in ("collapsed", "partly collapsed"):
            texts.append(
                f"{word}: {group['num_collapsed']} of {count_runs(count)} got stuck early, far "
                "from what can be reached"
            )
        elif word == "bimodal":
            num_high = count - group["num_diverged"] - group["num_low"]
            low, high = (number(scale * group[f"{end}_mean"], 3) for end in ("low", "high"))
            lower = count_runs(group["num_low"])
            texts.append(
                f"bimodal: {lower} end around {low}, {num_high} around {high}; a mean tells little"
            )
        elif word == "grid edge":
            end = "smallest" if group["grid_edge"] == "low" else "largest"
            texts.append(
                f"grid edge: the chosen learning rate, {learning_rate(chosen['learning_rate'])}, "
                f"is the {end} tried; a better one may lie beyond"
            )
    return [f"{method}: {text}" for text in texts]


def _unequal_epochs(study: Study, problem: str) -> list[str]:
    """A warning where the chosen settings of one problem differ in their number of epochs."""
    groups = epochs_by_method(study, problem)
    parts = [f"{epochs} ({', '.join(methods)})" for epochs, methods in groups.items()]
    if len(parts) < 2:
        return []
    return [
        f"unequal epochs: methods were trained for {listed(parts, ' and ')}, so that final values "
        "compare the length of training too"
    ]


def count_runs(count: int) -> str:
    """Writes a number of runs: `1 run`, `3 runs`."""
    return f"{count} run" if count == 1 else f"{count} runs"


def listed(words: Sequence[str], last: str) -> str:
    """Joins words with commas, and the last with another text: `a, b and c`."""
    return last.join(([", ".join(words[:-1])] if len(words) > 1 else []) + [words[-1]])
