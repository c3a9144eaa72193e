"""What a report shows: its runs, prepared, and the looks that figures, text and page share."""

from ._arrays import METRICS, Floats, Runs, mean_and_spread, records
from ._gather import Gathered, Results, gather
from ._leader import bold, epochs_by_method, judged, ranked
from ._names import AXIS_NAMES, NAMES, axis_label, identifiers, in_sentence, percent
from ._study import MEASURES, Setting, Study, check_problem
from ._style import COLUMN_WIDTH, TEXT_WIDTH, MethodStyle, method_styles, paper_style

__all__ = [
    "AXIS_NAMES",
    "COLUMN_WIDTH",
    "MEASURES",
    "METRICS",
    "NAMES",
    "TEXT_WIDTH",
    "Floats",
    "Gathered",
    "MethodStyle",
    "Results",
    "Runs",
    "Setting",
    "Study",
    "axis_label",
    "bold",
    "check_problem",
    "epochs_by_method",
    "gather",
    "identifiers",
    "in_sentence",
    "judged",
    "mean_and_spread",
    "method_styles",
    "paper_style",
    "percent",
    "ranked",
    "records",
]
