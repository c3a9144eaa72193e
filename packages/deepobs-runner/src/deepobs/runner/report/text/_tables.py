"""The results table of a paper, as LaTeX and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ... import analysis
from ..study import Study, axis_label, epochs_by_method, percent, records
from ._format import latex_plus_minus, learning_rate, plus_minus

_LATEX = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
}


def results_table(frame: pd.DataFrame | Study) -> pd.DataFrame:
    """Summarises each method's results at its chosen setting, with a row per problem and method.

    Args:
        frame: A tidy frame, or a `Study` of one.

    Returns:
        `analysis.summary_table` on each problem's metric, with two more columns:
        `best`, whether the method is not significantly different from the best (`analysis.Cell`),
        which bold print shows; and `flags`, what the mean misrepresents (`analysis.group_flags`).
    """
    study = Study.of(frame)
    table = study.summary
    judged = {name: analysis.default_metric(study.frame, name) for name in study.problems}
    table = table[table["metric"] == table["problem"].map(judged)].reset_index(drop=True)
    flags = study.flags.set_index(["problem", "method"])["flags"]
    keys = list(zip(table["problem"], table["method"], strict=True))
    return table.assign(
        best=[study.cell(*key).best for key in keys],
        flags=[", ".join(flags.get(key, ())) for key in keys],
    )


def markdown_table(frame: pd.DataFrame | Study) -> str:
    """Returns the results table as Markdown: means ± standard deviations.

    Args:
        frame: A tidy frame, or a `Study` of one.

    Returns:
        The table, ending in a newline.
    """
    study = Study.of(frame)
    table = results_table(study)
    lines = ["| Problem | Metric | Method | Learning rate | Epochs | Runs | Final | Best | Flags |"]
    lines.append("|---|---|---|--:|--:|--:|--:|--:|---|")
    for row in records(table):
        final, best = _values(row)
        if row["best"]:
            final = f"**{final}**"
        cells = [
            row["problem"],
            _metric(row),
            row["method"],
            learning_rate(row["learning_rate"]),
            str(row["num_epochs"]),
            _runs(row),
            final,
            best,
            row["flags"],
        ]
        lines.append("| " + " | ".join(_markdown(cell) for cell in cells) + " |")
    lines += [f"\n{_markdown(note)}" for note in _notes(study)]
    return "\n".join(lines) + "\n"


def latex_table(frame: pd.DataFrame | Study) -> str:
    r"""Returns the results table as LaTeX with booktabs rules.

    Args:
        frame: A tidy frame, or a `Study` of one.

    Returns:
        A `tabular` environment for `\input`; needs `\usepackage{booktabs}`.
    """
    study = Study.of(frame)
    table = results_table(study)
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{tabular}{lllrrrrrl}",
        r"\toprule",
        r"Problem & Metric & Method & Learning rate & Epochs & Runs & Final & Best & Flags \\",
    ]
    for _, rows in table.groupby("problem", sort=False):
        lines.append(r"\midrule")
        for place, row in enumerate(records(rows)):
            final, best = _values(row, latex=True)
            if row["best"]:
                final = rf"\boldmath{final}" if final.startswith("$") else final
                final = f"{{{final}}}"
            head = [row["problem"], _metric(row)] if place == 0 else ["", ""]
            rate, epochs = learning_rate(row["learning_rate"]), str(row["num_epochs"])
            plain = [*head, row["method"], rate, epochs, _runs(row)]
            cells = [*map(latex_text, plain), final, best, latex_text(row["flags"])]
            lines.append(" & ".join(cells) + r" \\")
    lines.append(r"\bottomrule")
    lines += [rf"\multicolumn{{9}}{{l}}{{{latex_text(note)}}} \\" for note in _notes(study)]
    return "\n".join([*lines, r"\end{tabular}"]) + "\n"


def latex_text(text: str) -> str:
    """Escapes LaTeX's special characters.

    Args:
        text: Any text.

    Returns:
        LaTeX source that prints it.
    """
    return "".join(_LATEX.get(character, character) for character in text)


def _values(row: dict[str, Any], *, latex: bool = False) -> Sequence[str]:
    write = latex_plus_minus if latex else plus_minus
    scale = percent(row["metric"])
    pairs = (("mean", "std"), ("best_mean", "best_std"))
    return [write(scale * row[mean], scale * row[std]) for mean, std in pairs]


def _notes(study: Study) -> list[str]:
    """Returns notes on bold print and on unequal numbers of epochs."""
    texts = [
        "Mean ± standard deviation over seeds. Bold: not significantly different from the best."
    ]
    for problem in study.problems:
        groups = epochs_by_method(study, problem)
        if len(groups) > 1:
            counts = ", ".join(map(str, groups))
            texts.append(f"{problem}: unequal numbers of epochs ({counts}).")
    return texts


def _metric(row: dict[str, Any]) -> str:
    return axis_label(row["metric"])


def _runs(row: dict[str, Any]) -> str:
    lost = row["num_diverged"]
    return f"{row['num_runs']} ({lost} diverged)" if lost else str(row["num_runs"])


def _markdown(text: str) -> str:
    for character in "|<>":
        text = text.replace(character, f"&#{ord(character)};")
    return text.replace("\n", " ")
