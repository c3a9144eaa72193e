"""What a paper's appendix needs: protocol, spaces, budgets, hardware, versions and compute."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from ...results import GIVEN_SPACE, Search
from ..study import Study
from ._citations import bibtex, citation_line
from ._format import MISSING, seconds
from ._protocol import protocol_facts
from ._tables import latex_text
from ._words import count, listed

SPACE_COLUMNS = ("Optimizer", "Problems", "Search", "Space", "Fixed", "Source of the space")
_WIDTHS = r"lp{.15\linewidth}p{.15\linewidth}p{.25\linewidth}lp{.2\linewidth}"
_MOST = 4  # problems that are listed by name


@dataclass(frozen=True)
class Appendix:
    """How the results of a report were made, and what to cite.

    Attributes:
        facts: Terms and facts: protocols, compute, hardware, versions.
        spaces: Search spaces: rows of `SPACE_COLUMNS`.
        citation: A sentence that names what to cite.
        bibtex: The BibTeX entries of what to cite.
    """

    facts: Sequence[tuple[str, str]]
    spaces: Sequence[tuple[str, ...]]
    citation: str
    bibtex: str


def appendix(study: Study) -> Appendix:
    """Collects how the results were made, and what to cite.

    Args:
        study: The study.
    """
    facts = [*_protocols(study.searches), ("Compute", _compute(study))]
    for term, column in (("Hardware", "hardware"), ("Versions", "versions")):
        found = sorted({text for text in study.runs.distinct(column) if isinstance(text, str)})
        facts.append((term, "; ".join(filter(None, found)) or "not recorded"))
    facts.append(("Analysed with", f"DeepOBS {version('deepobs-runner')}"))
    return Appendix(
        facts=facts,
        spaces=_spaces(study.searches),
        citation=citation_line(study),
        bibtex=bibtex(study),
    )


def latex_appendix(study: Study) -> str:
    r"""Returns the appendix as LaTeX: a list of facts and a table of search spaces.

    Args:
        study: The study.

    Returns:
        Source for `\input`; needs `\usepackage{booktabs}`.
    """
    held = appendix(study)
    facts = [*held.facts, ("Citation", held.citation)]
    lines = [r"% needs \usepackage{booktabs}", r"\begin{description}"]
    lines += [rf"\item[{latex_text(term)}] {latex_text(text)}" for term, text in facts]
    lines.append(r"\end{description}")
    if held.spaces:
        lines += [rf"\begin{{tabular}}{{{_WIDTHS}}}", r"\toprule"]
        lines += [_latex_row(SPACE_COLUMNS), r"\midrule", *map(_latex_row, held.spaces)]
        lines += [r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def _protocols(searches: Sequence[Search]) -> list[tuple[str, str]]:
    """Describes each protocol that searches followed."""
    lengths: dict[str, set[float]] = {}
    for search in searches:
        if search.protocol:
            definition = json.dumps(search.protocol, sort_keys=True)
            lengths.setdefault(definition, set()).add(search.length)
    facts = []
    for definition, used in lengths.items():
        facts += protocol_facts(json.loads(definition), sorted(used))
    return facts


def _compute(study: Study) -> str:
    """Returns the number of runs of all settings, their time and their gradient evaluations."""
    runs = study.runs
    # A run that several searches share is a row for each, named RUN@SEARCH after the first.
    once = {row["run_id"].partition("@")[0]: run for run, row in enumerate(runs.rows)}.values()
    times = [time for time in map(runs.seconds, once) if math.isfinite(time)]
    passes = [total for run in once if math.isfinite(total := runs.series(run, "passes")[-1])]
    parts = [f"{count(len(once), 'run')}, searches included"]
    if times:
        parts.append(f"{seconds(sum(times))} of training{_share(len(times), len(once))}")
    if passes:
        evaluations = f"{sum(passes):,.0f} evaluations of the gradient"
        parts.append(evaluations + _share(len(passes), len(once)))
    return "; ".join(parts)


def _share(known: int, total: int) -> str:
    return "" if known == total else f" (recorded by {count(known, 'run')})"


def _spaces(searches: Sequence[Search]) -> list[tuple[str, ...]]:
    """Returns a row for each optimizer, or several if its problems have different spaces."""
    problems: dict[tuple[str, ...], set[str]] = {}
    for search in searches:
        problems.setdefault(_space(search), set()).add(search.problem)
    every = {search.problem for search in searches}
    return [
        (optimizer, "all" if held == every else listed(sorted(held), most=_MOST), *rest)
        for (optimizer, *rest), held in problems.items()
    ]


def _space(search: Search) -> tuple[str, ...]:
    """Returns a search's row, without its problem."""
    budget = search.protocol.get("budget") or count(search.budget, "trial")
    fixed = {k: v for k, v in search.hyperparameters.items() if k not in search.space}
    given = search.space_source == GIVEN_SPACE
    return (
        search.optimizer,
        f"{search.strategy}, {budget}" if search.space else "none",
        _pairs(search.space),
        _pairs(fixed),
        "the authors of the runs" if given else search.space_source or MISSING,
    )


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items()) or MISSING


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(map(latex_text, cells)) + r" \\"
