"""The report's numbers as JSON."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from ... import analysis
from ..study import Study, records
from ._appendix import appendix
from ._tables import results_table
from ._verdict import overall_verdict, verdicts


def report_numbers(frame: pd.DataFrame | Study) -> dict[str, Any]:
    """Collects the page's content as JSON-serializable values; missing numbers are `None`.

    Args:
        frame: A tidy frame, or a `Study` of one.

    Returns:
        `verdict` and `verdicts` in words, `study` as values (`analysis.StudyVerdict`), `appendix`
        (`Appendix`: how the results were made, and what to cite), and the tables `results`,
        `comparisons`, `overall`, `aggregate`, `flags`, `targets`, `sensitivity`, `tunability`,
        `ranks`, `profiles`, `overhead` and `frontier` as lists of rows, named as the functions of
        `deepobs.runner.analysis` name their columns; the points of the frontier and the profiles'
        scores are in epochs, steps, examples, tokens and seconds; see `measure`.
    """
    study = Study.of(frame)
    frontiers = [
        table[table["on_frontier"].astype(bool)].drop(columns="on_frontier").assign(measure=measure)
        for measure, table in study.frontiers.items()
    ]
    tables = {
        "results": results_table(study),
        "comparisons": study.pairs,
        "overall": study.overall,
        "aggregate": analysis.aggregate_table(study.frame, study.tuned),
        "flags": study.flags,
        "targets": study.targets,
        "sensitivity": study.sensitivity,
        "tunability": study.tunability,
        "ranks": _ranks(study),
        "profiles": _profiles(study),
        "overhead": study.overhead,
        "frontier": pd.concat(frontiers, ignore_index=True),
    }
    return {
        "num_runs": len(study.runs),
        "verdict": overall_verdict(study),
        "study": _plain(asdict(study.verdict)),
        "verdicts": [_plain(asdict(verdict)) for verdict in verdicts(study)],
        "appendix": asdict(appendix(study)),
        **{name: _plain(records(table)) for name, table in tables.items()},
    }


def _ranks(study: Study) -> pd.DataFrame:
    """Returns the average ranks with their test."""
    test = analysis.rank_test(analysis.score_matrix(study.tuned_runs))
    table = test.ranks.rename_axis("method").reset_index(name="rank")
    return table.assign(
        num_problems=test.num_problems,
        p_value=test.p_value,
        critical_difference=test.critical_difference,
    )


def _profiles(study: Study) -> pd.DataFrame:
    """Returns the score of each method's performance profile, by measure."""
    tables = [pd.DataFrame(columns=["method", "score", "measure"])]
    for measure, times in study.times.items():
        if len(times):
            scores = analysis.profile_score(times).rename_axis("method").reset_index(name="score")
            tables.append(scores.assign(measure=measure))
    return pd.concat(tables[1:] or tables, ignore_index=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
