"""The leaderboard's page: a matrix of methods and problems that leads to their reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from ..study import Study, identifiers
from ..text import headline
from ._assemble import assemble, filter_data, summary
from ._data import dump
from ._matrix import highlighted, matrix_view
from ._views import method_views

_SCRIPTS = ("page.js", "files.js", "tables.js", "start.js")


@dataclass(frozen=True, kw_only=True)
class Board:
    """What a leaderboard's page shows besides the results.

    Attributes:
        title: Its title.
        file: Its file name.
        pages: The address of each problem's report, relative to the page.
        bundles: A row per bundle: `name`, `methods`, `problems`, `runs` and `sha256`.
        protocol: The protocol as terms and facts.
    """

    title: str
    file: str
    pages: Mapping[str, str]
    bundles: Sequence[Mapping[str, Any]]
    protocol: Sequence[tuple[str, str]]


def render_board(study: Study, board: Board, boards: Sequence[Board]) -> str:
    """Returns the page of a leaderboard.

    Args:
        study: The results.
        board: What else is on the page.
        boards: All leaderboards of the site, this one included.

    Returns:
        HTML.
    """
    methods = method_views(study.styles)
    highlight = highlighted(study.verdict, list(methods))
    ids = identifiers(study.problems, "problem")
    problems = [{"name": name, "data_id": ids[name]} for name in study.problems]
    return assemble(
        "leaderboard.html.j2",
        _SCRIPTS,
        title=board.title,
        boards=boards,
        summary=summary(study),
        methods=methods,
        problems=problems,
        highlight=highlight,
        headline=headline(study),
        matrix=_linked(matrix_view(study), board.pages),
        bundles=board.bundles,
        protocol=board.protocol,
        overview=dump(filter_data(study, methods, problems, highlight)),
    )


def _linked(matrix: dict[str, Any] | None, pages: Mapping[str, str]) -> dict[str, Any]:
    """Returns the matrix with a link from each number to its curves, its method in color."""
    if matrix is None:
        return {"problems": [], "rows": [], "overall": False}
    for row in matrix["rows"]:
        for cell in row["cells"]:
            if cell["order"]:
                at = identifiers([cell["problem"]], "problem")[cell["problem"]]
                view = urlencode({"at": at, "highlight": row["method"]})
                cell["href"] = f"{quote(pages[cell['problem']])}#{view}"
    return matrix
