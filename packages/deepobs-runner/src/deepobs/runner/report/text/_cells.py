"""Details of the cells of the matrix of methods and problems."""

from __future__ import annotations

import math

from ... import analysis
from ..study import Study, in_sentence, percent
from ._format import interval, number, p_value
from ._verdict import compared, equals
from ._words import count, short


def cell_detail(study: Study, cell: analysis.Cell) -> str:
    """Returns the statistics of one method's result on one problem.

    Args:
        study: The study.
        cell: The result.

    Returns:
        A few lines of text.
    """
    (verdict,) = (v for v in study.verdict.verdicts if v.problem == cell.problem)
    rivals = sum(problem == cell.problem for problem, _ in study.cells)
    lines = [f"{short(cell.method)} on {cell.problem}: {_result(cell)}"]
    if rivals > 1:
        told = "not significantly different from the best" if cell.best else "worse than the best"
        lines[0] += f"; rank {cell.rank} of {rivals}, {told}"
    lines[0] += "."
    pair = next((pair for pair in verdict.comparisons if pair.other == cell.method), None)
    pair = verdict.margin if cell.method == verdict.leader else pair
    if pair is not None:
        lines.append(compared(pair, verdict.metric))
    lines.append(_basis(cell))
    return "\n".join(lines)


def _result(cell: analysis.Cell) -> str:
    if math.isnan(cell.value):
        return "no finished run"
    scale = percent(cell.metric)
    text = f"mean final {in_sentence(cell.metric)} {number(scale * cell.value)}"
    if not math.isnan(cell.low):
        text += f" (95 % interval {interval(scale * cell.low, scale * cell.high, 4)})"
    return text


def _basis(cell: analysis.Cell) -> str:
    parts = [count(cell.num_runs, "run")]
    if cell.num_diverged:
        parts.append(f"{cell.num_diverged} diverged")
    if cell.num_left_out:
        parts.append(f"{cell.num_left_out} excluded, since they chose the setting")
    if cell.same_runs and cell.budget > 1:
        parts.append("the same that chose the setting")
    parts.append(f"{count(cell.budget, 'setting')} tried")
    if not math.isnan(cell.score):
        parts.append(f"score {cell.score:.2f} (0: no training, 1: the best mean)")
    if cell.flags:
        parts.append(f"beware: {', '.join(cell.flags)}")
    return "; ".join(parts)[0].upper() + "; ".join(parts)[1:] + "."


def overall_detail(study: Study, method: str) -> str:
    """Returns the statistics of one method over all problems.

    Args:
        study: The study.
        method: The method's label.

    Returns:
        A line or two of text.
    """
    verdict = study.verdict
    place = verdict.ranking.index(method) + 1
    lines = [f"{short(method)}: place {place} of {len(verdict.ranking)} over all problems."]
    if method == verdict.leader and verdict.comparisons:
        lines.append(_over(verdict.comparisons[0]))
    lines += [_over(pair) for pair in verdict.comparisons if pair.other == method]
    return "\n".join(lines)


def _over(pair: analysis.OverallComparison) -> str:
    text = (
        f"Over {count(len(pair.problems), 'problem')} a run of {short(pair.method)} does better "
        f"than one of {short(pair.other)} with probability {pair.probability:.2f}"
    )
    if not math.isnan(pair.low):
        text += f" (95 % interval {interval(pair.low, pair.high)})"
    if not math.isnan(pair.p_value):
        text += f"; p {equals(pair.p_value)} (permutation test within each problem)"
        if pair.attainable > analysis.ALPHA:
            text += f"; so few runs cannot give a p below {p_value(pair.attainable)}"
    if not math.isnan(pair.p_problems):
        text += f"; p {equals(pair.p_problems)} for problems other than these"
    return text + "."
