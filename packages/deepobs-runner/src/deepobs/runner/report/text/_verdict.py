"""The verdict on each problem in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from ... import analysis
from ..study import Study, percent
from ._format import interval, number, p_value
from ._headline import Certainty, headline, problem_sentence, tag
from ._reasons import reasons
from ._warnings import warnings
from ._words import count, short


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The verdict on one problem in words.

    Attributes:
        problem: The problem's name.
        kind: The finding: the `kind` of `analysis.ProblemVerdict`.
        certainty: Certainty of the winner: "clear", "likely", or "none" without one.
        tag: The certainty in one or two words.
        say: The finding in one sentence.
        why: The underlying statistics.
        warnings: Diverged, stuck or bimodal groups, a best learning rate at the edge of the grid,
            and unequal numbers of epochs.
    """

    problem: str
    kind: analysis.Kind
    certainty: Certainty
    tag: str
    say: str
    why: str
    warnings: tuple[str, ...]


def verdicts(frame: pd.DataFrame | Study) -> list[Verdict]:
    """Returns the verdict on each problem in words.

    Args:
        frame: A tidy frame, or a `Study` of one.

    Returns:
        One verdict per problem: `analysis.study_verdict` in words.
    """
    study = Study.of(frame)
    number_of = len(study.verdict.verdicts)
    return [
        Verdict(
            problem=found.problem,
            kind=found.kind,
            certainty=found.certainty,
            tag=tag(found),
            say=problem_sentence(study, found),
            why=" ".join([_rests_on(found), *reasons(found, num_problems=number_of)]),
            warnings=tuple(warnings(study, found.problem)),
        )
        for found in study.verdict.verdicts
    ]


def overall_verdict(frame: pd.DataFrame | Study) -> str:
    """Returns the verdict over all problems in one sentence.

    Args:
        frame: A tidy frame, or a `Study` of one.

    Returns:
        The sentence: `analysis.study_verdict` in words.
    """
    return headline(Study.of(frame)).say


def _rests_on(verdict: analysis.ProblemVerdict) -> str:
    if (margin := verdict.margin) is None:
        return "No other method was run on this problem."
    text = compared(margin, verdict.metric)
    if verdict.p_value == verdict.p_value and len(verdict.comparisons) > 1:
        text += f" The largest p-value against any method is {p_value(verdict.p_value)}"
        if verdict.p_study == verdict.p_study:
            text += f", {p_value(verdict.p_study)} after Holm's correction for all problems"
        text += "."
    return text


def compared(pair: analysis.Comparison, metric: str) -> str:
    """Returns the statistics of one comparison in words.

    Args:
        pair: The comparison of a problem's leader with another method.
        metric: The problem's metric.

    Returns:
        One or two sentences.
    """
    scale = percent(metric)
    a, b = pair.num_runs
    runs = f"{count(a, 'run')} of each" if a == b else f"{a} against {count(b, 'run')}"
    how = f"{runs}, {'paired by seed' if pair.paired else 'not paired'}"
    text = f"{short(pair.method)} against {short(pair.other)}: "
    if not math.isnan(pair.difference):
        text += f"better by {number(scale * pair.difference, 2)}{' points' if scale != 1 else ''}"
        if not math.isnan(pair.low):
            text += f" (95 % interval {interval(scale * pair.low, scale * pair.high)})"
        text += "; "
    if math.isnan(pair.p_value):
        return text + f"{how}. A single run does not show the variation."
    text += f"p {equals(pair.p_value)} (permutation test, {how})"
    if pair.attainable > analysis.ALPHA:
        return text + f"; so few runs cannot give a p below {p_value(pair.attainable)}."
    if not math.isnan(pair.p_anytime):
        text += f"; p {equals(pair.p_anytime)} in a test that stays valid while seeds are added"
    return text + "."


def equals(p: float) -> str:
    """Returns a p-value after the letter p: `= 0.031`, `< 0.001`.

    Args:
        p: Between 0 and 1.

    Returns:
        The relation and the value.
    """
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"
