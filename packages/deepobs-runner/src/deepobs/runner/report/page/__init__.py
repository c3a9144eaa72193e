"""The HTML page."""

from ._board import Board, render_board
from ._data import dump, problem_data
from ._page import render, write_report
from ._views import method_views, problem_view

__all__ = [
    "Board",
    "dump",
    "method_views",
    "problem_data",
    "problem_view",
    "render",
    "render_board",
    "write_report",
]
