"""The matrix of methods and problems below the headline."""

from __future__ import annotations

from typing import Any

from ... import analysis
from ..study import Study, percent, spelled
from ..text import cell_detail, formats, overall_detail

MOST_COLOURED = 12  # with more methods, only the best ones are initially in colour
_COLOURED = 8
_FLAGGED = " ⚠"


def matrix_view(study: Study) -> dict[str, Any] | None:
    """Describes the matrix: a row per method, the best first; a column per problem.

    Args:
        study: The study.

    Returns:
        Values for the template; `None` if there is no result.
    """
    verdict = study.verdict
    if not verdict.cells:
        return None
    several = len(verdict.problems) > 1 and len(verdict.ranking) > 1
    rows = []
    for place, method in enumerate(verdict.ranking, 1):
        cells = [_cell(study, problem, method) for problem in verdict.problems]
        view: dict[str, Any] = {"method": method, "cells": cells, "place": str(place)}
        best = several and method in verdict.best
        rows.append(view | {"best": best, "detail": overall_detail(study, method)})
    problems = [
        {"name": found.problem, "measure": _measure(found.metric)} for found in verdict.verdicts
    ]
    return {"problems": problems, "rows": rows, "overall": several}


def _cell(study: Study, problem: str, method: str) -> dict[str, Any]:
    found = study.cells.get((problem, method))
    view = {"problem": problem, "best": False, "rank": "", "order": "", "score": 0.0, "href": ""}
    if found is None:
        return view | {"text": formats.MISSING, "detail": f"No run of {method} on {problem}."}
    value = percent(found.metric) * found.value
    return view | {
        "text": "diverged" if value != value else formats.number(value),
        "best": found.best,
        "order": str(found.rank),
        "rank": f"{found.rank}{_FLAGGED if found.flags else ''}",
        "score": round(min(max(found.score, 0.0), 1.0), 3) if found.score == found.score else 0.0,
        "detail": cell_detail(study, found),
    }


def _measure(metric: str) -> str:
    return spelled(analysis.metric_name(metric)) + (", %" if percent(metric) != 1 else "")


def highlighted(verdict: analysis.StudyVerdict, methods: list[str]) -> list[int]:
    """Chooses the methods that are initially in color.

    Args:
        verdict: The study's verdict.
        methods: All methods, in the order of their numbers.

    Returns:
        The numbers of all methods, or of the best ones if there are many.
    """
    if len(methods) <= MOST_COLOURED:
        return list(range(len(methods)))
    return [methods.index(method) for method in verdict.ranking[:_COLOURED]]
