"""Figures, tables and the HTML page, from tidy frames."""

from ._page import write_report

__all__ = ["write_report"]
