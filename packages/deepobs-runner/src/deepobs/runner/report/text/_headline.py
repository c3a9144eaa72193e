"""The report's headline: the finding of a study in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ... import analysis
from ..study import Study, in_sentence, percent
from ._format import number
from ._reasons import reasons
from ._words import count, listed, short

Certainty = Literal["clear", "likely", "none"]
_MOST = 3  # methods that are listed by name


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The finding of a study in one sentence.

    Attributes:
        say: Which method is best and by how much, or what a conclusion would need.
        certainty: The certainty of the finding.
        tag: The certainty in one or two words.
        why: Its limitations in sentences; empty if there are none.
    """

    say: str
    certainty: Certainty
    tag: str
    why: str


def headline(study: Study) -> Headline:
    """Returns the finding of a study in one sentence.

    Args:
        study: The study.

    Returns:
        The sentence with its certainty.
    """
    verdict = study.verdict
    if len(verdict.verdicts) == 1:
        (only,) = verdict.verdicts
        say, limits = problem_sentence(study, only), reasons(only, num_problems=1)
    else:
        say = _overall(verdict)
        limits = reasons(verdict, num_problems=len(verdict.verdicts))
    return Headline(say=say, certainty=verdict.certainty, tag=tag(verdict), why=" ".join(limits))


def tag(verdict: analysis.StudyVerdict | analysis.ProblemVerdict) -> str:
    """Returns the certainty of a verdict in one or two words.

    Args:
        verdict: The verdict on a study or a problem.

    Returns:
        The words.
    """
    if verdict.kind == "alone":
        return "No comparison"
    return {"clear": "Clear", "likely": "Likely", "none": "Cannot tell"}[verdict.certainty]


def _overall(verdict: analysis.StudyVerdict) -> str:
    over = _over(verdict)
    leader = short(verdict.leader or "")
    if verdict.kind == "alone":
        return "No two methods were run on the same problems, so there is nothing to compare."
    if verdict.kind == "all_diverged":
        return "Every run of every method diverged."
    if verdict.kind == "winner":
        closest = min(verdict.comparisons, key=lambda pair: pair.probability)
        times = round(100 * closest.probability)
        return (
            f"{leader} is best {over}: one of its runs does better than one of "
            f"{short(closest.other)}, its closest rival, {times} times in 100."
        )
    if verdict.kind == "same_runs":
        return (
            f"No winner can be named {over}: {leader} comes first, but the runs that judge the "
            "methods also chose their settings. Repeat the chosen settings with new seeds."
        )
    if verdict.kind == "unequal_epochs":
        return (
            f"No winner can be named {over}: {leader} comes first, but methods were trained for "
            "different numbers of epochs."
        )
    return f"No winner can be named {over}: {_undecided(verdict, leader)}"


def _over(verdict: analysis.StudyVerdict) -> str:
    """Says which problems count: those on which the leader can be compared with another method."""
    shared = {problem for pair in verdict.comparisons for problem in pair.problems}
    every = count(len(verdict.verdicts), "problem")
    if not shared or len(shared) == len(verdict.verdicts):
        return f"over these {every}"
    return f"over the {len(shared)} of {every} on which it can be compared"


def problem_sentence(study: Study, verdict: analysis.ProblemVerdict) -> str:
    """Returns the finding on a problem in one sentence.

    Args:
        study: The study.
        verdict: The problem's verdict.

    Returns:
        The sentence.
    """
    where = f"on {short(verdict.problem)}"
    if verdict.leader is None:
        return f"Every run {where} diverged."
    leader = short(verdict.leader)
    if verdict.kind == "alone":
        value = _value(study, verdict, verdict.leader)
        return f"{leader} is the only method {where}: {value}."
    if verdict.kind == "winner":
        return f"{leader} is best {where}: {_by_how_much(study, verdict)}."
    if verdict.kind == "same_runs":
        return (
            f"No winner can be named {where}: {leader} comes first, but the runs that judge it "
            "also chose its setting. Repeat the chosen settings with new seeds."
        )
    if verdict.kind == "unequal_epochs":
        return (
            f"No winner can be named {where}: {leader} comes first, but methods were trained for "
            "different numbers of epochs."
        )
    return f"No winner can be named {where}: {_undecided(verdict, leader)}"


def _undecided(verdict: analysis.StudyVerdict | analysis.ProblemVerdict, leader: str) -> str:
    """Returns why the leader is not a winner, and how many more runs are needed."""
    more = verdict.more_runs
    if more is None:
        needed = "even 100 more of each probably would not"
    else:
        needed = f"about {more} more of each would, if the differences are what they seem"
    if verdict.kind == "too_few_runs":
        needed = needed if more is not None else "repeat with more seeds"
        return f"{leader} comes first, but there are too few runs to tell; {needed}."
    others = [name for name in verdict.best if name != verdict.leader]
    if more == 0:  # the leader beats every method that it can be compared with
        return (
            f"{leader} comes first, but {listed(others or ['some methods'], most=_MOST)} cannot be "
            "compared with it: on no problem were both trained equally long."
        )
    return (
        f"{leader} comes first, but the runs do not distinguish it from "
        f"{listed(others or ['all others'], ' or ', most=_MOST)}; {needed}."
    )


def _value(study: Study, verdict: analysis.ProblemVerdict, method: str) -> str:
    cell = study.cell(verdict.problem, method)
    unit = " %" if percent(verdict.metric) != 1 else ""
    name = in_sentence(verdict.metric).removesuffix(" (%)")
    return f"its final {name} is {number(percent(verdict.metric) * cell.value)}{unit} on average"


def _by_how_much(study: Study, verdict: analysis.ProblemVerdict) -> str:
    """Returns the winner's mean and its distance from the runner-up's."""
    margin = verdict.margin
    assert margin is not None, "a winner has beaten some method"
    text, other = _value(study, verdict, margin.method), short(margin.other)
    if margin.difference != margin.difference:
        return f"{text}, and every run of {other} diverged"
    scale = percent(verdict.metric)
    # A diverged run counts as worst, so that a winner's mean of finished runs may be the worse one.
    better = (margin.difference > 0) == study.larger(verdict.problem, verdict.metric)
    points = " points" if scale != 1 else ""
    gap = f"{number(abs(scale * margin.difference), 2)}{points} {'above' if better else 'below'}"
    lost = study.cell(verdict.problem, margin.other).num_diverged
    note = f", of which {count(lost, 'run')} diverged" if lost else ""
    return f"{text}, {gap} that of {other}{note}"
