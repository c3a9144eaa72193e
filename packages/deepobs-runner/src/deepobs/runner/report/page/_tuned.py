"""The table of tuning costs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..study import Study, records
from ..text import count, formats, listed

_SETTINGS = {"learning_rate": "lr", "batch_size": "batch size", "weight_decay": "L2 factor"}
_MOST = 6  # values of a hyperparameter that are listed individually


def tuned_view(study: Study) -> list[dict[str, Any]]:
    """Describes how each method was tuned on each problem.

    Args:
        study: The study.

    Returns:
        Rows for the template.
    """
    choices = {(row["problem"], row["method"]): row for row in records(study.tuned)}
    return [_row(study, problem, method, choices[problem, method]) for problem, method in choices]


def _row(study: Study, problem: str, method: str, choice: Mapping[str, Any]) -> dict[str, Any]:
    settings = [s for s in study.settings_on(problem) if s.method == method]
    chosen = next(s for s in study.chosen_on(problem) if s.method == method)
    members = [run for setting in settings for run in setting.runs]
    rows = [study.runs.rows[run] for run in members]
    times = [study.runs.seconds(run) for run in members]
    known = [time for time in times if time == time]
    tried = [s for s in settings if {study.runs.rows[r]["role"] for r in s.runs} != {"repeat"}]
    # The choices of several studies are one setting here, but each is one that was tried.
    num_tried = sum(len(s.runs) if s.studies else 1 for s in tried)
    several = num_tried > 1
    seeds = {int(study.runs.rows[run]["seed"]) for run in chosen.runs}
    left_out = set(choice["left_out"])
    return {
        "problem": problem,
        "method": method,
        "settings": f"{num_tried:,}",
        "runs": f"{len(members):,}",
        "space": _space(rows) if several else "not tuned",
        "chosen_on": f"{_SPLITS[choice['selected_on']]}" if several else formats.MISSING,
        "chosen_by": _chosen_by(choice, left_out) if several else formats.MISSING,
        "seeds": formats.seed_ranges(sorted(seeds - left_out or seeds)),
        "time": formats.seconds(sum(known)) if known else formats.MISSING,
        "hardware": _texts(rows, "hardware"),
        "versions": _texts(rows, "versions"),
    }


_SPLITS = {"valid": "validation data", "test": "test data"}


def _chosen_by(choice: Mapping[str, Any], left_out: set[int]) -> str:
    if left_out:
        return formats.seed_ranges(sorted(left_out))
    return "the reported seeds" if choice["same_runs"] else count(choice["selection_seeds"], "seed")


def _space(rows: Iterable[Mapping[str, Any]]) -> str:
    """Returns the tried values of everything that was varied: `lr 1e-4 to 0.1 (7 values)`."""
    values: dict[str, set[Any]] = {}
    for row in rows:
        given = {text: row[name] for name, text in _SETTINGS.items()}
        for name, value in (given | json.loads(row["hyperparameters"])).items():
            # Eleven digits, the precision of settings; as text, since lists are values too.
            equal = float(f"{value:.10e}") if isinstance(value, float) else value
            values.setdefault(name, set()).add(json.dumps(equal))
    texts = [
        f"{name} {_values([json.loads(text) for text in found])}"
        for name, found in values.items()
        if len(found) > 1
    ]
    return "; ".join(texts) or formats.MISSING


def _values(values: Sequence[Any]) -> str:
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        numbers = sorted(values)
        if len(numbers) > _MOST:
            ends = (formats.learning_rate(numbers[place]) for place in (0, -1))
            return f"{' to '.join(ends)} ({len(numbers)} values)"
        return listed([formats.learning_rate(number) for number in numbers])
    return listed(sorted(map(str, values)), most=_MOST)


def _texts(rows: Iterable[Mapping[str, Any]], column: str) -> str:
    found = sorted({row[column] for row in rows if isinstance(row[column], str)})
    return listed(found, most=3) if found else "not recorded"
