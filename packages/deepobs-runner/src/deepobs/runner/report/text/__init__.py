"""Tables and sentences."""

from . import _format as formats
from ._appendix import SPACE_COLUMNS, Appendix, appendix, latex_appendix
from ._cells import cell_detail, overall_detail
from ._citations import bibtex, citation_line
from ._detail import diverged_table, milestone_table
from ._headline import Headline, headline
from ._notes import hardware_note, notes
from ._numbers import report_numbers
from ._protocol import protocol_facts
from ._repeat import repeat_command, search_command
from ._tables import latex_table, markdown_table, results_table
from ._verdict import Verdict, overall_verdict, verdicts
from ._words import count, listed, short

__all__ = [
    "SPACE_COLUMNS",
    "Appendix",
    "Headline",
    "Verdict",
    "appendix",
    "bibtex",
    "cell_detail",
    "citation_line",
    "count",
    "diverged_table",
    "formats",
    "hardware_note",
    "headline",
    "latex_appendix",
    "latex_table",
    "listed",
    "markdown_table",
    "milestone_table",
    "notes",
    "overall_detail",
    "overall_verdict",
    "protocol_facts",
    "repeat_command",
    "report_numbers",
    "results_table",
    "search_command",
    "short",
    "verdicts",
]
