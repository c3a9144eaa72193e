"""The verdict over all problems of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ._flags import group_flags
from ._judge import Judge
from ._panel import Panel
from ._problems import cells, problem_verdicts, withheld
from ._samples import Contest, contests
from ._tuning import tuned_settings
from ._verdict import Cell, Certainty, ProblemVerdict, StudyVerdict


def study_verdict(
    frame: pd.DataFrame,
    tuned: pd.DataFrame | None = None,
    *,
    flags: pd.DataFrame | None = None,
) -> StudyVerdict:
    """Returns the conclusions of a study: over all problems, on each problem, and for each method.

    Args:
        frame: A tidy frame with all settings tried.
        tuned: The settings to judge, as returned by `tuned_settings` (computed by default).
        flags: Warnings about groups of runs, as returned by `group_flags` (computed by default).

    Returns:
        The verdict; without methods and problems if no run has values on test data.

    Example:
        >>> from deepobs.runner import load_baselines
        >>> study_verdict(load_baselines()).kind
        'tied'
    """
    tuned = tuned_settings(frame) if tuned is None else tuned
    table = group_flags(frame, tuned) if flags is None else flags
    words = {
        (str(row["problem"]), str(row["method"])): tuple(row["flags"])
        for row in table.to_dict("records")
    }
    return conclude(contests(frame, tuned), words)


def conclude(
    found: Sequence[Contest], flags: Mapping[tuple[str, str], tuple[str, ...]] | None = None
) -> StudyVerdict:
    """Draws the conclusions of `study_verdict` from the runs that methods are judged by.

    Args:
        found: One contest per problem.
        flags: Warnings about groups of runs, by problem and method.

    Returns:
        The verdict.
    """
    judges = [Judge(contest) for contest in found]
    verdicts = problem_verdicts(judges)
    panel = Panel(judges)
    matrix = {(cell.method, cell.problem): cell for cell in cells(judges, flags or {})}
    names = [judge.contest.problem for judge in judges]
    ordered = [matrix[m, p] for m in panel.ranking for p in names if (m, p) in matrix]
    if len(verdicts) == 1:
        return _of_one(verdicts[0], judges[0], tuple(ordered))
    reasons = panel.reasons()
    certainty: Certainty = "none"
    if panel.winner is not None:
        certainty = "likely" if withheld(reasons) else "clear"
    compared = [meeting for meeting in panel.meetings if panel.finished]
    return StudyVerdict(
        kind=panel.kind,
        certainty=certainty,
        leader=panel.leader if panel.finished else None,
        winner=panel.winner,
        best=panel.best,
        ranking=tuple(panel.ranking),
        comparisons=tuple(meeting.comparison() for meeting in compared),
        p_value=panel.p_value,
        reasons=reasons,
        verdicts=verdicts,
        cells=tuple(ordered),
        disagreements=_disagreements(panel.winner, verdicts),
    )


def _of_one(verdict: ProblemVerdict, judge: Judge, matrix: tuple[Cell, ...]) -> StudyVerdict:
    """Returns the verdict on a study of one problem: that problem's."""
    return StudyVerdict(
        kind=verdict.kind,
        certainty=verdict.certainty,
        leader=verdict.leader,
        winner=verdict.winner,
        best=verdict.best,
        ranking=tuple(judge.order),
        comparisons=(),
        p_value=verdict.p_value,
        reasons=verdict.reasons,
        verdicts=(verdict,),
        cells=tuple(sorted(matrix, key=lambda cell: cell.rank)),
        disagreements=(),
    )


def _disagreements(winner: str | None, verdicts: Sequence[ProblemVerdict]) -> tuple[str, ...]:
    if winner is None:
        return tuple(v.problem for v in verdicts if v.winner is not None)
    return tuple(
        v.problem
        for v in verdicts
        if v.leader is not None
        and winner not in v.best
        and any(winner == comparison.other for comparison in v.comparisons)
    )
