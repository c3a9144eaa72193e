"""Figures for print."""

from ._curves import Axis, benchmark_set, figure_benchmark, figure_learning_curves
from ._figure import (
    PaperFigure,
    bar,
    legend,
    limits,
    line,
    marked,
    name_missing,
    plain_ticks,
    value_axis,
    whole_ticks,
    wrapped,
)
from ._frontier import figure_frontier, frontier_data, frontier_rows
from ._measures import (
    figure_overhead,
    figure_profile,
    figure_ranks,
    figure_sensitivity,
    figure_tunability,
)
from ._save import save_figures

__all__ = [
    "Axis",
    "PaperFigure",
    "bar",
    "benchmark_set",
    "figure_benchmark",
    "figure_frontier",
    "figure_learning_curves",
    "figure_overhead",
    "figure_profile",
    "figure_ranks",
    "figure_sensitivity",
    "figure_tunability",
    "frontier_data",
    "frontier_rows",
    "legend",
    "limits",
    "line",
    "marked",
    "name_missing",
    "plain_ticks",
    "save_figures",
    "value_axis",
    "whole_ticks",
    "wrapped",
]
