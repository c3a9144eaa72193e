r"""A Sphinx extension: what our docstrings and pages write that Sphinx does not know.

Docstrings hold LaTeX as `\( … \)` and `\[ … \]`. Pages link to files of the repository that are not
part of the site.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

REPOSITORY = "https://github.com/deepobs/deepobs/blob/main/"


def with_math(*event: Any) -> None:
    """Turns the formulas of a docstring, the last argument of the event, into roles and blocks."""
    lines: list[str] = event[-1]
    text = re.sub(r"(?s)\\\((.+?)\\\)", inline, "\n".join(lines))
    lines[:] = re.sub(r"(?ms)^( *)\\\[(.+?)\\\]([^\n]*)$", displayed, text).split("\n")


def inline(found: re.Match[str]) -> str:
    """Returns a formula in a line of text as a role."""
    return f":math:`{found[1].strip()}`"


def displayed(found: re.Match[str]) -> str:
    """Returns a displayed formula as a directive, then what follows it on its last line."""
    indent, formula, rest = found.groups()
    lines = "".join(f"{indent}   {line.strip()}\n" for line in formula.strip().splitlines())
    return f"\n{indent}.. math::\n\n{lines}\n{indent}{rest.strip()}"


def without_fields(*event: Any) -> bool | None:
    """Leaves out the fields of named tuples: the docstrings' `Attributes` describe them."""
    _, _, _, value, _, _ = event
    return True if type(value).__name__ == "_tuplegetter" else None


def with_repository_links(*event: Any) -> None:
    """Points links to files outside docs/ to the repository."""
    source: list[str] = event[-1]
    source[0] = re.sub(r"\]\((?:\.\./)+((?!docs/)[\w.-]+[/\w.-]*)", rf"]({REPOSITORY}\1", source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connects the extension."""
    app.connect("autodoc-process-docstring", with_math, priority=100)  # before napoleon
    app.connect("autodoc-skip-member", without_fields)
    app.connect("source-read", with_repository_links)
    return {"parallel_read_safe": True}
