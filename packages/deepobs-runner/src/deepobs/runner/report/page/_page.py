"""The report: a self-contained HTML file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ...analysis import metric_name
from ...common import UsageError, write_atomically
from ..study import AXES, AXIS_COUNTS, Gathered, Results, Runs, Study, gather, identifiers, spelled
from ..text import SPACE_COLUMNS, appendix, hardware_note, headline, notes, verdicts
from ._assemble import assemble, filter_data, summary
from ._data import dump
from ._matrix import highlighted, matrix_view
from ._overview import across_view, diverged_view, overhead_view, profile_data
from ._tuned import tuned_view
from ._views import method_views, problem_view

_PHASES = {"test": "test data", "train": "training data", "valid": "validation data"}
# Section of the page, the call for its numbers, and the call for its figure or table.
_CALLS = (
    ("Verdict", "study_verdict(frame)", "overall_verdict(frame), verdicts(frame)"),
    ("Results", "summary_table(frame)", "results_table(frame), latex_table(frame)"),
    ("Aggregates", "aggregate_table(frame)", ""),
    ("Time to target", "target_table(tuned_runs(frame))", ""),
    ("Diverged runs", "per_run(frame)", "diverged_table(frame)"),
    ("Curves", "tuned_runs(frame)", "figure_learning_curves(frame, problem)"),
    ("Numbers behind the curves", "tuned_runs(frame)", "milestone_table(frame, problem)"),
    ("Benchmark sets", "tuned_runs(frame)", 'figure_benchmark(frame, "small")'),
    ("Sensitivity", "sensitivity_table(frame)", "figure_sensitivity(frame, problem)"),
    ("Tunability", "tunability(frame)", "figure_tunability(frame, problem)"),
    ("Speed", "speed_frontier(tuned_runs(frame))", "figure_frontier(frame, problem)"),
    (
        "Profiles",
        "performance_profile(times_to_target(tuned_runs(frame)))",
        "figure_profile(frame)",
    ),
    ("Ranks", "rank_test(score_matrix(tuned_runs(frame)))", "figure_ranks(frame)"),
    ("Cost", "optimizer_overhead(frame)", "figure_overhead(frame)"),
    ("Warnings", "group_flags(frame)", "verdicts(frame)"),
)
# The smallest plotly.js bundle with lines and bars is a quarter of the full one in Python's plotly,
# so that the page opens in half the time (benchmarks/report.py).
_SCRIPTS = (
    "vendor/plotly-basic.min.js",
    "page.js",
    "files.js",
    "tables.js",
    "matrix.js",
    "charts.js",
    "lines.js",
    "search.js",
    "save.js",
    "start.js",
)


def write_report(
    results: Results,
    output: str | os.PathLike[str],
    *,
    baselines: bool = False,
    title: str | None = None,
) -> Path:
    """Writes everything a paper needs on one HTML page that works offline.

    Args:
        results: A results folder or several, a tidy frame as `load_records` returns it, or `None`
            for the published baselines alone.
        output: The HTML file to write; its parent folders are created.
        baselines: Whether to add the published baselines, for the problems of the runs.
        title: The page's title.

    Returns:
        The file written.

    Raises:
        UsageError: If there is no run to report, or the output is a folder.
        ResultsError: If the file cannot be written.
    """
    path = Path(output)
    if path.is_dir():
        raise UsageError(f"{path} is a folder; expected the name of an HTML file to write.")
    gathered = results if isinstance(results, Gathered) else gather(results, baselines=baselines)
    page = render(gathered.study, title=title, left_out=gathered.left_out)
    write_atomically(path, page.encode())
    return path


def render(
    frame: pd.DataFrame | Study,
    *,
    title: str | None = None,
    left_out: Sequence[str] = (),
    home: str = "",
) -> str:
    """Returns the page.

    Args:
        frame: A tidy frame with at least one run, or a `Study` of one.
        title: The page's title; default: the names of the optimizers and problems.
        left_out: Files that could not be read, and why.
        home: Address of the leaderboard that the page belongs to, if any.

    Returns:
        HTML.
    """
    study = Study.of(frame)
    runs = study.runs
    methods = method_views(study.styles)
    highlight = highlighted(study.verdict, list(methods))
    ids = identifiers(study.problems, "problem")
    problems = [
        problem_view(study, name, methods) | {"id": ids[name], "data_id": f"data-{ids[name]}"}
        for name in study.problems
    ]
    overhead = overhead_view(study)
    return assemble(
        "report.html.j2",
        _SCRIPTS,
        title=title or _title(study.frame),
        home=home,
        summary=summary(study),
        methods=methods,
        problems=problems,
        ids=ids,
        phases=[(key, text) for key, text in _PHASES.items() if _measured(runs, key)],
        axes=_axes(runs),
        headline=headline(study),
        matrix=matrix_view(study),
        highlight=highlight,
        verdicts=verdicts(study),
        notes=notes(study),
        tuned=tuned_view(study),
        appendix=appendix(study),
        space_columns=SPACE_COLUMNS,
        hardware_note=hardware_note(study),
        across=across_view(study) if len(problems) > 1 and len(methods) > 1 else None,
        overhead=overhead,
        diverged=diverged_view(study),
        has_baselines="baseline" in runs.distinct("source"),
        left_out=left_out,
        calls=_CALLS,
        overview=dump(_overview_data(study, methods, problems, overhead, highlight)),
    )


def _overview_data(
    study: Study,
    methods: Mapping[str, dict[str, Any]],
    problems: Sequence[Mapping[str, Any]],
    overhead: Sequence[Mapping[str, Any]],
    highlight: Any,
) -> dict[str, Any]:
    """Returns what the page's scripts need besides the data of each problem."""
    numbers = {label: place for place, label in enumerate(methods)}
    return filter_data(study, methods, problems, highlight) | {
        "names": {name: spelled(name) for name in map(metric_name, study.runs.metrics)},
        "profile": profile_data(study, numbers),
        "overhead": [
            {"problem": row["problem"], "m": numbers[row["method"]], "share": row["share"]}
            for row in overhead
        ],
    }


def _measured(runs: Runs, phase: str) -> bool:
    return any(_known(runs, name) for name in runs.metrics if name.startswith(phase))


def _axes(runs: Runs) -> list[tuple[str, str]]:
    """Returns the horizontal axes; gradient evaluations only where they are not the steps."""
    known = [key for key in AXES if _known(runs, key)]
    steps, passes = runs.values["steps"], runs.values["passes"]
    measured = passes == passes
    if "passes" in known and not (passes[measured] != steps[measured]).any():
        known.remove("passes")
    return [(key, AXIS_COUNTS[key]) for key in known]


def _known(runs: Runs, name: str) -> bool:
    values = runs.values[name]
    return bool((values == values).any())


def _title(frame: pd.DataFrame) -> str:
    optimizers = sorted(set(frame["optimizer"]))
    problems = sorted(set(frame["problem"]))
    if set(frame["source"]) == {"baseline"}:
        return "The published DeepOBS baselines"
    what = " and ".join([", ".join(optimizers[:-1])] * (len(optimizers) > 1) + optimizers[-1:])
    where = problems[0] if len(problems) == 1 else f"{len(problems)} test problems"
    return f"{what if len(optimizers) < 5 else f'{len(optimizers)} optimizers'} on {where}"
