"""The HTML page."""

from ._data import dump, problem_data
from ._page import render, write_report
from ._views import method_views, problem_view

__all__ = ["dump", "method_views", "problem_data", "problem_view", "render", "write_report"]
