"""Tables and sentences."""

from . import _format as formats
from ._detail import diverged_table, milestone_table
from ._numbers import report_numbers
from ._repeat import repeat_command
from ._tables import latex_table, markdown_table, results_table
from ._verdict import Verdict, overall_verdict, verdicts

__all__ = [
    "Verdict",
    "diverged_table",
    "formats",
    "latex_table",
    "markdown_table",
    "milestone_table",
    "overall_verdict",
    "repeat_command",
    "report_numbers",
    "results_table",
    "verdicts",
]
