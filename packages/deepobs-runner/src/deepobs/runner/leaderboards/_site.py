"""The leaderboard's site: a page per protocol and length, and a report per problem."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from ..common import UsageError, write_atomically
from ..report.page import Board, render, render_board
from ..report.study import Study, gather, identifiers
from ..report.text import protocol_facts
from ..results import is_bundle
from ._merge import Group, merge


@dataclass(frozen=True, kw_only=True)
class Site:
    """The content of a leaderboard's site.

    Attributes:
        path: Its first page.
        bundles: Number of bundles.
        methods: Number of methods.
        problems: Number of problems.
        pages: Number of pages.
    """

    path: Path
    bundles: int
    methods: int
    problems: int
    pages: int


def leaderboard(bundles: str | Path, output: str | Path) -> Site:
    """Writes a static site that shows the results in a folder of bundles.

    Each protocol and length has a page with a matrix of methods and problems. Each number leads to
    the report of its problem, with the curves and the commands that repeat them. The pages work
    offline.

    Args:
        bundles: A folder with bundles (`*.deepobs`). Each is checked as by `verify`. If a search is
            in several bundles, the one whose name comes first in alphabetical order is used.
        output: The folder to write; its first page is `index.html`.

    Returns:
        What the site holds.

    Raises:
        UsageError: If there is no bundle, one of them is broken, or two of them hold different
            optimizers of one name.
        ResultsError: If a file cannot be written.
    """
    folder, site = Path(bundles), Path(output)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}; expected one with bundles (*.deepobs).")
    if site.exists() and not site.is_dir():
        raise UsageError(f"{site} is a file; expected a folder for the site.")
    paths = sorted(path for path in folder.iterdir() if is_bundle(path))
    if not paths:
        raise UsageError(f"There is no bundle in {folder}; `deepobs bundle` writes them.")
    pages = 0
    with tempfile.TemporaryDirectory() as scratch:
        groups = merge(paths, Path(scratch))
        studies = [gather(group.folder).study for group in groups]
        boards = [
            _board(study, group, first=group is groups[0])
            for study, group in zip(studies, groups, strict=True)
        ]
        for study, board in zip(studies, boards, strict=True):
            write_atomically(site / board.file, render_board(study, board, boards).encode())
            _write_problems(study, board, site)
            pages += 1 + len(board.pages)
    return Site(
        path=site / boards[0].file,
        bundles=len(paths),
        methods=len({name for study in studies for name in study.styles}),
        problems=len({name for study in studies for name in study.problems}),
        pages=pages,
    )


def _board(study: Study, group: Group, *, first: bool) -> Board:
    ids = identifiers(study.problems, "problem")
    return Board(
        title=group.name,
        file="index.html" if first else f"{group.name}.html",
        pages={name: f"{group.name}/{ids[name]}.html" for name in study.problems},
        bundles=group.bundles,
        protocol=protocol_facts(group.protocol, [group.length]),
    )


def _write_problems(study: Study, board: Board, site: Path) -> None:
    """Writes the report of each problem."""
    for problem, file in board.pages.items():
        frame = study.frame[study.frame["problem"] == problem]
        only = replace(Study.of(frame), searches=study.searches)
        page = render(only, title=f"{problem}, {board.title}", home=f"../{board.file}")
        write_atomically(site / file, page.encode())
