"""The study of a report: its prepared runs, and the styles of methods."""

from ._arrays import AXES, Floats, Runs, mean_and_spread, records
from ._epochs import epochs_by_method
from ._gather import Gathered, Results, gather
from ._names import (
    AXIS_COUNTS,
    AXIS_NAMES,
    axis_label,
    identifiers,
    in_sentence,
    metric_label,
    percent,
    spelled,
)
from ._study import MEASURES, Setting, Study, check_problem
from ._style import COLUMN_WIDTH, LATEX_PROGRAM, TEXT_WIDTH, MethodStyle, method_styles, paper_style

__all__ = [
    "AXES",
    "AXIS_COUNTS",
    "AXIS_NAMES",
    "COLUMN_WIDTH",
    "LATEX_PROGRAM",
    "MEASURES",
    "TEXT_WIDTH",
    "Floats",
    "Gathered",
    "MethodStyle",
    "Results",
    "Runs",
    "Setting",
    "Study",
    "axis_label",
    "check_problem",
    "epochs_by_method",
    "gather",
    "identifiers",
    "in_sentence",
    "mean_and_spread",
    "method_styles",
    "metric_label",
    "paper_style",
    "percent",
    "records",
    "spelled",
]
