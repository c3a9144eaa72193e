"""Saving of all figures and tables."""

from __future__ import annotations

import io
import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.backends.backend_pgf import LatexError

from ...common import ResultsError, UsageError, write_atomically
from ..study import LATEX_PROGRAM, Study, identifiers
from ..text import bibtex, latex_appendix, latex_table, markdown_table
from ._curves import benchmark_set, figure_benchmark, figure_learning_curves
from ._figure import PaperFigure
from ._frontier import figure_frontier
from ._measures import (
    figure_overhead,
    figure_profile,
    figure_ranks,
    figure_sensitivity,
    figure_tunability,
)

_TEXTS: dict[str, Callable[[Study], str]] = {
    "results.tex": latex_table,
    "results.md": markdown_table,
    "appendix.tex": latex_appendix,
    "references.bib": bibtex,
}


def save_figures(frame: pd.DataFrame | Study, folder: str | os.PathLike[str]) -> list[Path]:
    """Saves every figure as PDF, PNG and PGF, tables, and the appendix of a paper.

    The results table is saved as LaTeX and Markdown, how the results were made as LaTeX, and what
    to cite as BibTeX.

    Each file is written atomically: after an interruption, it is the old one or the new one.
    PGF files need `pdflatex` and are left out without it.

    Args:
        frame: A tidy frame, or a `Study` of one.
        folder: The folder, which is created.

    Returns:
        The written files.

    Raises:
        UsageError: If the folder is a file.
        ResultsError: If a file cannot be written.
    """
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file; expected a folder for the figures.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        return _save_all(Study.of(frame), target)
    except ResultsError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise ResultsError(f"The figures cannot be written to {target}: {reason}.") from error


def _save_all(study: Study, target: Path) -> list[Path]:
    written = []
    for name, text in _TEXTS.items():
        write_atomically(target / name, text(study).encode())
        written.append(target / name)
    for name, make in _figures(study):
        figure = make()
        for path in (target / f"{name}.pdf", target / f"{name}.png"):
            write_atomically(path, _drawn(figure, path))
            written.append(path)
        if has_latex() and _save_pgf(figure, target / f"{name}.pgf"):
            written.append(target / f"{name}.pgf")
    return written


def has_latex() -> bool:
    """Returns whether figures can be saved as PGF, for which matplotlib needs LaTeX."""
    return shutil.which(LATEX_PROGRAM) is not None


def _figures(study: Study) -> Iterator[tuple[str, Callable[[], PaperFigure]]]:
    for problem, stem in identifiers(study.problems, "").items():
        yield f"curves{stem}", partial(figure_learning_curves, study, problem)
        if len(study.chosen_on(problem)) > 1:
            yield f"frontier{stem}", partial(figure_frontier, study, problem)
        if study.several_rates(problem):
            if study.rates_on(problem):
                yield f"sensitivity{stem}", partial(figure_sensitivity, study, problem)
            yield f"tunability{stem}", partial(figure_tunability, study, problem)
    for name in ("small", "large"):
        if set(benchmark_set(name)) <= set(study.problems):
            yield f"benchmark-{name}", partial(figure_benchmark, study, name)
    if len(study.problems) > 1 and len(study.styles) > 1:
        if len(study.times["epochs"]):
            yield "profile", partial(figure_profile, study)
        yield "ranks", partial(figure_ranks, study)
    if len(study.overhead):
        yield "overhead", partial(figure_overhead, study)


def _save_pgf(figure: PaperFigure, path: Path) -> bool:
    """Saves a figure as PGF, unless LaTeX refuses a name in it, such as one with an emoji."""
    try:
        content = _drawn(figure, path)
    except (LatexError, RuntimeError, ValueError) as error:
        path.unlink(missing_ok=True)
        complaint = re.search(r"^! (.*)", str(error), re.MULTILINE)
        reason = f": {complaint[1]}" if complaint else ""
        warnings.warn(f"Left out {path.name}, which LaTeX refuses{reason}", stacklevel=4)
        return False
    write_atomically(path, content)
    return True


def _drawn(figure: PaperFigure, path: Path) -> bytes:
    """Returns the content of a figure's file, in the format of the file's ending."""
    content = io.BytesIO()
    figure.savefig(content, format=path.suffix[1:])
    return content.getvalue()
