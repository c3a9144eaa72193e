"""Learning curves of one problem and of a benchmark set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ...analysis import default_metric
from ...common import unknown
from ..study import (
    AXIS_NAMES,
    COLUMN_WIDTH,
    TEXT_WIDTH,
    Floats,
    Study,
    axis_label,
    check_problem,
    in_sentence,
    mean_and_spread,
    paper_style,
    percent,
)
from ._figure import PaperFigure, legend, marked, name_missing, value_axis, whole_ticks

Axis = Literal["epoch", "steps", "examples", "tokens", "seconds", "passes"]


def figure_learning_curves(
    frame: pd.DataFrame | Study,
    problem: str,
    *,
    metrics: Sequence[str] | None = None,
    x: Axis = "epoch",
    log_loss: bool = True,
    width: float | None = None,
) -> PaperFigure:
    """Draws the learning curves of each method's chosen setting on one problem.

    Lines are means over seeds, bands one sample standard deviation. A line ends where one of its
    runs diverged. Methods without values for a panel are listed below it.

    Args:
        frame: A tidy frame, or a `Study` of one.
        problem: The problem's name.
        metrics: Columns of the frame, one per panel; default: test loss and the problem's own
            metric on test data.
        x: The horizontal axis: "epoch", "steps", "examples", "tokens", "seconds" or "passes"
            (gradient evaluations).
        log_loss: Whether losses, and other metrics of which smaller values are better, have a
            logarithmic axis.
        width: Inches; by default a column, or the text's width for several panels.

    Returns:
        The figure.

    Raises:
        UsageError: If the frame has no such problem.
    """
    study = Study.of(frame)
    check_problem(study, problem)
    if metrics is None:
        wanted = dict.fromkeys(["test_loss", default_metric(study.frame, problem)])
        metrics = [metric for metric in wanted if study.measured(problem, metric)]
    metrics = list(metrics) or ["test_loss"]
    width = width or (COLUMN_WIDTH if len(metrics) == 1 else TEXT_WIDTH)
    methods = [setting.method for setting in study.chosen_on(problem)]
    with paper_style():
        figure = PaperFigure(figsize=(width, 2.3))
        panels = figure.subplots(1, len(metrics), squeeze=False)[0]
        shown: set[str] = set()
        for ax, metric in zip(panels, metrics, strict=True):
            log = log_loss and not study.larger(problem, metric)
            drawn = _draw(ax, study, problem, metric, x, log=log)
            ax.set_ylabel(axis_label(metric))
            ax.set_xlabel(AXIS_NAMES[x])
            name_missing(ax, [method for method in methods if method not in drawn])
            shown |= drawn
        legend(figure, study.styles, shown)
    return figure


def figure_benchmark(
    frame: pd.DataFrame | Study,
    problems: Literal["small", "large"] | Sequence[str] | None = None,
    *,
    x: Axis = "epoch",
    width: float = TEXT_WIDTH,
) -> PaperFigure:
    """Draws a benchmark set like figures 2 and 3 of the paper: problems by metrics.

    Args:
        frame: A tidy frame, or a `Study` of one.
        problems: "small" or "large" for the paper's sets, or names; by default all problems.
            Problems without runs are left out.
        x: The horizontal axis: "epoch", "steps", "seconds" or "passes" (gradient evaluations).
        width: Inches.

    Returns:
        The figure.

    Raises:
        UsageError: If there is no run on any of the problems.

    Source:
        Schneider, Balles, Hennig, ICLR 2019, arXiv 1903.05499, section 4.
    """
    study = Study.of(frame)
    wanted = benchmark_set(problems) if isinstance(problems, str) else problems
    names = [name for name in wanted or study.problems if name in study.problems]
    if not names:
        raise unknown("problem in the results", str(problems), study.problems, "")
    rows = [f"{p}_{m}" for m in _metric_names(study, names) for p in ("test", "train")]
    metrics = [row for row in rows if any(study.measured(name, row) for name in names)]
    with paper_style():
        figure = PaperFigure(figsize=(width, 0.35 + 1.25 * len(metrics)))
        panels = figure.subplots(len(metrics), len(names), squeeze=False)
        for row, metric in zip(panels, metrics, strict=True):
            for ax, name in zip(row, names, strict=True):
                if not study.measured(name, metric):
                    ax.set_axis_off()
                    continue
                _draw(ax, study, name, metric, x, log=not study.larger(name, metric))
            next(ax for ax in row if ax.axison).set_ylabel(axis_label(metric))
        for column, name in enumerate(names):
            panels[0, column].set_title(name)
            shown = [ax for ax in panels[:, column] if ax.axison]
            shown[-1].set_xlabel(AXIS_NAMES[x])
        figure.align_ylabels()
        legend(figure, study.styles, [s.method for s in study.chosen if s.problem in names])
    return figure


def benchmark_set(name: str) -> tuple[str, ...]:
    """Returns the problems of one of the paper's benchmark sets.

    Args:
        name: "small" or "large".

    Returns:
        The problems' names.

    Raises:
        UsageError: If there is no such set.
    """
    from deepobs.problems import (  # here: brings torch, which figures do without
        LARGE_SET,
        SMALL_SET,
    )

    sets = {"small": SMALL_SET, "large": LARGE_SET}
    if name not in sets:
        raise unknown("benchmark set", name, sets, "there are small and large.")
    return tuple(sets[name])


def _metric_names(study: Study, problems: Sequence[str]) -> list[str]:
    """Returns the metrics measured on any of the problems, loss and accuracy first."""
    found = [name for problem in problems for name in study.metrics_on(problem)]
    return sorted(dict.fromkeys(found), key=lambda name: name not in ("loss", "accuracy"))


def _draw(ax: Axes, study: Study, problem: str, metric: str, x: Axis, *, log: bool) -> set[str]:
    """Draws one panel, and returns the methods in it."""
    scale = percent(metric)
    drawn: dict[str, Floats] = {}
    for setting in study.chosen_on(problem):
        members = [run for run in setting.runs if study.runs.has(run, metric)]
        if not members:
            continue
        style = study.styles[setting.method]
        rows = [scale * study.runs.series(run, metric) for run in members]
        mean, std = mean_and_spread(rows)
        along, _ = mean_and_spread([study.runs.series(run, x) for run in members])
        if np.isnan(along).all():
            continue
        bottom = np.maximum(mean - std, mean / 10) if log else mean - std
        ax.fill_between(along, bottom, mean + std, color=style.colour, alpha=0.18, linewidth=0)
        every = max(1, len(mean) // 6)
        ax.plot(along, mean, **marked(style), markevery=every)
        drawn[setting.method] = mean
    larger = study.larger(problem, metric)
    value_axis(ax, list(drawn.values()), larger=larger, log=log)
    if x != "seconds":
        whole_ticks(ax)
    if not drawn:
        message = f"no {in_sentence(metric)} over {AXIS_NAMES[x].lower()}"
        ax.text(0.5, 0.5, message, ha="center", va="center", transform=ax.transAxes)
    return set(drawn)
