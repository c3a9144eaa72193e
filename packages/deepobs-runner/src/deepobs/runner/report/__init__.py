"""Figures, tables and the HTML page, from tidy frames."""

from ._curves import figure_benchmark, figure_learning_curves
from ._detail import diverged_table, milestone_table
from ._figure import PaperFigure
from ._frontier import figure_frontier
from ._gather import Gathered, gather
from ._measures import (
    figure_overhead,
    figure_profile,
    figure_ranks,
    figure_sensitivity,
    figure_tunability,
)
from ._numbers import report_numbers
from ._page import render, write_report
from ._repeat import repeat_command
from ._save import save_figures
from ._study import Setting, Study
from ._style import MethodStyle, method_styles
from ._tables import latex_table, markdown_table, results_table
from ._verdict import Verdict, overall_verdict, verdicts

__all__ = [
    "Gathered",
    "MethodStyle",
    "PaperFigure",
    "Setting",
    "Study",
    "Verdict",
    "diverged_table",
    "figure_benchmark",
    "figure_frontier",
    "figure_learning_curves",
    "figure_overhead",
    "figure_profile",
    "figure_ranks",
    "figure_sensitivity",
    "figure_tunability",
    "gather",
    "latex_table",
    "markdown_table",
    "method_styles",
    "milestone_table",
    "overall_verdict",
    "render",
    "repeat_command",
    "report_numbers",
    "results_table",
    "save_figures",
    "verdicts",
    "write_report",
]
