"""Figures of sensitivity, tunability, profiles, ranks and cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ... import analysis
from ..study import (
    COLUMN_WIDTH,
    Floats,
    Study,
    check_problem,
    in_sentence,
    mean_and_spread,
    paper_style,
    percent,
)
from ._figure import PaperFigure, bar, legend, line, marked, value_axis, whole_ticks, wrapped


def figure_sensitivity(
    frame: pd.DataFrame | Study,
    problem: str,
    *,
    metric: str | None = None,
    width: float = COLUMN_WIDTH,
) -> PaperFigure:
    """Draws final performance over the learning rate, with all other settings as chosen.

    Points are means over the seeds that all rates share, bars one sample standard deviation;
    crosses above the panel, a row for each method, mark learning rates at which one of these runs
    diverged.

    Args:
        frame: A tidy frame, or a `Study` of one.
        problem: The problem's name.
        metric: A column of the frame; default: the problem's metric.
        width: Inches.

    Returns:
        The figure.

    Raises:
        UsageError: If the frame has no such problem.
    """
    study = Study.of(frame)
    check_problem(study, problem)
    metric = metric or analysis.default_metric(study.frame, problem)
    scale = percent(metric)
    methods: dict[str, list[tuple[float, float, float]]] = {}
    for setting in study.rates_on(problem):
        ends = [np.array([scale * study.runs.final(run, metric)]) for run in setting.runs]
        mean, std = mean_and_spread(ends)
        point = (setting.learning_rate, float(mean[0]), float(std[0]))
        methods.setdefault(setting.method, []).append(point)
    with paper_style():
        figure = PaperFigure(figsize=(width, 2.3))
        ax = figure.subplots()
        values = []
        crosses = 0  # rows of them
        for method, points in methods.items():
            style = study.styles[method]
            rate, mean, std = np.array(points).T
            ax.errorbar(
                rate,
                mean,
                np.nan_to_num(std),
                **marked(style),
                elinewidth=0.8,
                capsize=1.5,
            )
            lost = rate[np.isnan(mean)]
            if len(lost):
                crosses += 1
                _cross(ax, lost, crosses, style.colour)
            values.append(np.append(np.nan, mean))
        ax.set_xscale("log")
        larger = study.larger(problem, metric)
        value_axis(ax, values, larger=larger, log=not larger)
        ax.set_xlabel("Learning rate")
        ax.set_ylabel(f"Final {in_sentence(metric)}")
        legend(figure, study.styles, methods)
    return figure


def _cross(ax: Axes, rates: Floats, row: int, colour: str) -> None:
    """Draws crosses above the panel, one row per method."""
    height = np.full(len(rates), 1 + 0.045 * row)
    where = ax.get_xaxis_transform()
    ax.plot(rates, height, "x", color=colour, transform=where, clip_on=False)


def figure_tunability(
    frame: pd.DataFrame | Study, problem: str, *, width: float = COLUMN_WIDTH
) -> PaperFigure:
    """Draws the expected performance over the number of trials of the search.

    Args:
        frame: A tidy frame, or a `Study` of one.
        problem: The problem's name.
        width: Inches.

    Returns:
        The figure; lines are expectations, including failed trials, and bands 95 % intervals of
        the median (`analysis.best_of_intervals`), where these are bounded.

    Raises:
        UsageError: If the frame has no such problem.
    """
    study = Study.of(frame)
    check_problem(study, problem)
    table = study.tunability[study.tunability["problem"] == problem]
    metric = str(table["metric"].iloc[0])
    scale = percent(metric)
    with paper_style():
        figure = PaperFigure(figsize=(width, 2.3))
        ax = figure.subplots()
        for method, rows in table.groupby("method", observed=True):
            style = study.styles[str(method)]
            low, high = scale * rows["low"], scale * rows["high"]
            ax.fill_between(rows["trials"], low, high, color=style.colour, alpha=0.15, linewidth=0)
            expected = scale * rows["expected"]
            every = max(1, len(rows) // 6)
            ax.plot(rows["trials"], expected, **marked(style), markevery=every)
        whole_ticks(ax)
        ax.set_xlabel("Trials")
        ax.set_ylabel(f"Expected best\n{in_sentence(metric)}")
        legend(figure, study.styles, map(str, table["method"].unique()))
    return figure


def figure_profile(
    frame: pd.DataFrame | Study,
    measure: analysis.Measure = "epochs",
    *,
    width: float = COLUMN_WIDTH,
) -> PaperFigure:
    """Draws performance profiles: the share of problems solved within a multiple of the fastest.

    Args:
        frame: A tidy frame, or a `Study` of one.
        measure: The unit of time to target: "epochs", "steps", "examples", "tokens" or
            "seconds".
        width: Inches.

    Returns:
        The figure.
    """
    study = Study.of(frame)
    times = study.times[measure]
    with paper_style():
        figure = PaperFigure(figsize=(width, 2.3))
        ax = figure.subplots()
        if len(times):
            profile = analysis.performance_profile(times)
            for method in profile.columns:
                style = study.styles[str(method)]
                ax.step(profile.index, profile[method], where="post", **line(style))
            legend(figure, study.styles, map(str, profile.columns))
        ax.set_ylim(-0.03, 1.03)
        ax.set_xlabel(f"{measure.capitalize()} to target, multiple of the fastest")
        ax.set_ylabel("Share of problems")
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return figure


def figure_ranks(frame: pd.DataFrame | Study, *, width: float = COLUMN_WIDTH) -> PaperFigure:
    """Draws average ranks over problems with the critical difference (Demšar 2006, figure 1).

    Methods joined by a bar do not differ significantly at the level 0.05.

    Args:
        frame: A tidy frame, or a `Study` of one.
        width: Inches.

    Returns:
        The figure.
    """
    study = Study.of(frame)
    scores = analysis.score_matrix(study.tuned_runs)
    test = analysis.rank_test(scores)
    count = len(test.ranks)
    labels = [wrapped(str(method), int(7 * width)) for method in test.ranks.index]
    lines = sum(1.6 + label.count("\n") for label in labels)
    with paper_style():
        figure = PaperFigure(figsize=(width, 0.85 + 0.125 * lines))
        ax = figure.subplots()
        for row, (method, rank) in enumerate(test.ranks.items()):
            style = study.styles[str(method)]
            ax.plot(rank, row, **marked(style) | {"linestyle": "none"})
        for place, clique in enumerate(test.cliques):
            rows = [list(test.ranks.index).index(method) for method in clique]
            edge = 1.02 + 0.03 * place
            bar = ([edge, edge], [min(rows) - 0.2, max(rows) + 0.2])
            ax.plot(*bar, color="#555555", transform=ax.get_yaxis_transform(), clip_on=False)
        ax.set_yticks(range(count), labels)
        ax.invert_yaxis()
        ax.set_xlim(0.8, max(count, 1) + 0.2)
        difference = (
            f"\n(critical difference {test.critical_difference:.2f})"
            if np.isfinite(test.critical_difference)
            else ""
        )
        problems = "1 problem" if test.num_problems == 1 else f"{test.num_problems} problems"
        ax.set_xlabel(f"Average rank over {problems}{difference}")
    return figure


def figure_overhead(frame: pd.DataFrame | Study, *, width: float = COLUMN_WIDTH) -> PaperFigure:
    """Draws the optimizer step's cost relative to the forward and backward pass.

    Args:
        frame: A tidy frame, or a `Study` of one.
        width: Inches.

    Returns:
        The figure; empty if no run has timings.
    """
    study = Study.of(frame)
    table = study.overhead
    problems = [name for name in study.problems if name in set(table["problem"].astype(str))]
    methods = [name for name in study.styles if name in set(table["method"].astype(str))]
    shares = table.set_index(["problem", "method"])["overhead"]
    height = 0.8 / max(len(methods), 1)
    with paper_style():
        figure = PaperFigure(figsize=(width, 1.2 + 0.16 * max(len(shares), 1)))
        ax = figure.subplots()
        for place, method in enumerate(methods):
            rows = [row for row, name in enumerate(problems) if (name, method) in shares.index]
            lengths = [100 * float(shares[problems[row], method]) for row in rows]
            where = [row + (place - (len(methods) - 1) / 2) * height for row in rows]
            ax.barh(where, lengths, height * 0.9, **bar(study.styles[method]))
        ax.set_yticks(range(len(problems)), [wrapped(name, int(7 * width)) for name in problems])
        ax.invert_yaxis()
        ax.set_xlabel("Optimizer step, % of\nforward and backward pass")
        legend(figure, study.styles, methods, bars=True)
    return figure
