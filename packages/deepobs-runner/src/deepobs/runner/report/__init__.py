"""Figures, tables and the HTML page for tidy frames."""

from .figures import (
    PaperFigure,
    figure_benchmark,
    figure_frontier,
    figure_learning_curves,
    figure_overhead,
    figure_profile,
    figure_ranks,
    figure_sensitivity,
    figure_tunability,
    save_figures,
)
from .page import render, write_report
from .study import Gathered, MethodStyle, Setting, Study, gather, method_styles
from .text import (
    Verdict,
    diverged_table,
    latex_table,
    markdown_table,
    milestone_table,
    overall_verdict,
    repeat_command,
    report_numbers,
    results_table,
    verdicts,
)

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
