"""What is better than what, by how much, and how sure that is, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from ... import analysis
from ..study import NAMES, Study, epochs_by_method, judged, percent, ranked, records
from ._format import number, p_value, plus_minus
from ._warnings import count_runs, listed, warnings

Level = Literal["clear", "likely", "unclear", "unequal", "single"]
ALPHA = 0.05
TAGS: Mapping[Level, str] = {
    "clear": "Clear",
    "likely": "Likely",
    "unclear": "Cannot tell",
    "unequal": "Unequal epochs",
    "single": "No comparison",
}


@dataclass(frozen=True)
class Verdict:
    """The answer for one problem.

    Attributes:
        problem: The problem's name.
        level: "clear": the best method beats every other, and that stays valid while seeds are
            added; "likely": it beats every other for the seeds there are; "unclear": the best
            ones are not told apart; "unequal": methods were trained for unequal numbers of epochs,
            and none is named best of all; "single": there is only one method.
        say: The finding, one sentence.
        why: What it rests on.
        warnings: What a mean would hide: diverged, stuck or two-fold groups, a best learning
            rate at the grid's edge; and unequal numbers of epochs.
    """

    problem: str
    level: Level
    say: str
    why: str
    warnings: tuple[str, ...]

    @property
    def tag(self) -> str:
        """The level in a word or two."""
        return TAGS[self.level]


def verdicts(frame: pd.DataFrame | Study) -> list[Verdict]:
    """Says for each problem which method is best, by how much and how sure that is.

    Args:
        frame: A tidy frame, or a `Study` of one.

    Returns:
        One verdict per problem, from `analysis.compare` and `analysis.group_flags`.
    """
    study = Study.of(frame)
    pairs = study.pairs
    found = []
    for problem in study.problems:
        rows = records(pairs[pairs["problem"] == problem])
        level, say, why = _finding(study, problem, rows) if rows else _alone(study, problem)
        found.append(Verdict(problem, level, say, why, tuple(warnings(study, problem))))
    return found


def overall_verdict(frame: pd.DataFrame | Study) -> str:
    """Says in one or two sentences what holds over all problems.

    Args:
        frame: A tidy frame, or a `Study` of one.

    Returns:
        The sentences, from `analysis.compare_overall`; the one problem's verdict if there is
        only one.
    """
    study = Study.of(frame)
    if len(study.problems) == 1:
        return verdicts(study)[0].say
    if study.pairs.empty:
        return "No two methods were run on the same problem, so there is nothing to compare."
    unequal = [name for name in study.problems if len(epochs_by_method(study, name)) > 1]
    pairs = [pair for pair in records(study.overall) if pair["num_problems"] > 1]
    where = " and ".join(unequal)
    if not pairs:
        equally = f" (on {where} methods were trained for unequal numbers of epochs)"
        return (
            f"No two methods can be compared on more than one problem{equally if unequal else ''}; "
            "each problem has a verdict of its own."
        )
    said = [_overall_sentence(pair) for pair in pairs if pair["better"]]
    if len(said) > 3:
        said = [*said[:3], f"{len(said) - 3} more pairs differ; the table below has them."]
    level = [pair for pair in pairs if not pair["better"]]
    few = [pair for pair in level if _too_few(pair)]
    if told := _names([pair for pair in level if not _too_few(pair)]):
        said.append(f"Over all problems, the runs do not tell apart {told}.")
    if told := _names(few):
        said.append(f"There are too few runs to tell apart {told}.")
    if unequal:
        said.append(
            f"On {where} methods were trained for unequal numbers of epochs; a pair so trained is "
            "not compared there."
        )
    return " ".join(said)


def _names(pairs: Sequence[Mapping[str, Any]]) -> str:
    """The pairs in words, three at most."""
    names = [f"{pair['method_a']} and {pair['method_b']}" for pair in pairs]
    if len(names) > 3:
        names = [*names[:3], f"{len(names) - 3} more pairs"]
    return "; nor ".join(("; ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def _overall_sentence(pair: Mapping[str, Any]) -> str:
    a, b, probability = pair["method_a"], pair["method_b"], pair["probability"]
    low, high = pair["low"], pair["high"]
    if pair["better"] == b:
        a, b, probability, low, high = b, a, 1 - probability, 1 - high, 1 - low
    interval = "" if math.isnan(low) else f"95 % interval {low:.2f} to {high:.2f}; "
    return (
        f"Over {pair['num_problems']} problems a run of {a} does better than one of {b} with "
        f"probability {probability:.2f} ({interval}p {_equals(pair['p_holm'])}, permutation test "
        "after Holm)."
    )


def _alone(study: Study, problem: str) -> tuple[Level, str, str]:
    chosen = study.chosen_on(problem)
    if not chosen:
        return "single", f"No run on {problem} has values on test data.", "Nothing can be compared."
    setting = chosen[0]
    metric = analysis.default_metric(study.frame, problem)
    ends = pd.Series([percent(metric) * study.runs.final(run, metric) for run in setting.runs])
    unit = " %" if percent(metric) != 1 else ""
    text = plus_minus(float(ends.mean()), float(ends.std()))
    say = f"{setting.method} reaches a final {NAMES[metric].lower()} of {text}{unit}."
    return "single", say, f"{_seeds(len(ends))}; no other method was run on this problem."


def _finding(
    study: Study, problem: str, rows: Sequence[Mapping[str, Any]]
) -> tuple[Level, str, str]:
    table, order = judged(study, problem), ranked(study, problem)
    leader = order[0]
    if math.isnan(table[leader]["mean"]):
        return "unclear", "Every method's runs diverged.", "No value is left to compare."
    groups = epochs_by_method(study, problem)
    if len(groups) < 2:
        return _compared(table, order, rows)
    for epochs, members in groups.items():
        if leader in members and len(members) > 1:
            alike = [method for method in order if method in members]
            _, say, why = _compared(table, alike, rows)
            return "unequal", f"Of the methods trained for {epochs} epochs, {say}", why
    say = f"{leader} comes first, but the others were trained for other numbers of epochs."
    return "unequal", say, "None is named best; train all methods equally long to compare them."


def _compared(
    table: Mapping[str, Mapping[str, Any]], order: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> tuple[Level, str, str]:
    """Judges methods, the leader first, that were trained equally long."""
    leader, second = order[0], order[1]
    against = {method: _against(rows, leader, method) for method in order[1:]}
    beaten = [method for method, row in against.items() if row["better"] == leader]
    ahead = [method for method, row in against.items() if row["better"] == method]
    level = [method for method in against if method not in beaten and method not in ahead]
    several = len(against) > 1
    if len(beaten) == len(against):
        safe = all(_lasts(row, leader) for row in against.values())
        say = f"{leader} is best: {_by_how_much(against[second], table[leader], table[second])}."
        return ("clear" if safe else "likely"), say, _why(against[second], second, several=several)
    sign = 1 if analysis.higher_is_better(table[leader]["metric"]) else -1
    means = [sign * table[name]["mean"] for name in order]
    first = all(math.isnan(mean) or mean <= means[0] for mean in means)
    say = leader + (" has the best mean" if first else " comes first, diverged runs counted worst")
    if level:
        say += f", but the runs do not tell it apart from {listed(level, ' or ')}"
    if ahead:  # each of a ring of methods beats the next
        say += f", although it loses to {listed(ahead, ' and ')}"
    if beaten:
        say += f"; it is better than {listed(beaten, ' and ')}"
    quoted, *others = level or ahead
    why = _why(against[quoted], quoted, several=several)
    if few := [method for method in others if _too_few(against[method])]:
        why += f" Against {listed(few, ' and ')} there are too few runs to reach {ALPHA:g} at all."
    return "unclear", say + ".", why


def _against(rows: Sequence[Mapping[str, Any]], a: str, b: str) -> Mapping[str, Any]:
    return next(row for row in rows if {row["method_a"], row["method_b"]} == {a, b})


def _lasts(row: Mapping[str, Any], leader: str) -> bool:
    """Whether the test that stays valid while seeds are added is for the leader too."""
    sided = row["probability"] - 0.5
    return bool(row["p_anytime"] <= ALPHA and sided * (1 if row["method_a"] == leader else -1) > 0)


def _too_few(row: Mapping[str, Any]) -> bool:
    """Whether not even the largest difference could be told from chance by so many runs."""
    return math.isnan(row["p_attainable"]) or row["p_attainable"] > ALPHA


def _by_how_much(
    row: Mapping[str, Any], leader: Mapping[str, Any], other: Mapping[str, Any]
) -> str:
    """The leader's mean and what lies between it and another's, from rows of the summary."""
    metric = row["metric"]
    scale = percent(metric)
    unit, word = (" %", "points ") if scale != 1 else ("", "")
    text = f"its final {NAMES[metric].lower()} is {number(scale * leader['mean'])}{unit} on average"
    if lost := leader["num_diverged"]:
        text += f" of its finished runs ({lost} of {leader['num_runs']} diverged)"
    lost, name = other["num_diverged"], other["method"]
    if math.isnan(row["difference"]):
        return f"{text}, and every run of {name} diverged"
    turn = scale if row["method_a"] == leader["method"] else -scale
    side = 1 if turn * row["difference"] > 0 else -1
    text += f", {number(abs(scale * row['difference']), 2)} {word}"
    of = f"the finished runs of {name} ({lost} of {other['num_runs']} diverged)" if lost else name
    text += f"{'above' if side > 0 else 'below'} {of}"
    if not math.isnan(row["low"]):
        low, high = sorted(side * turn * row[end] for end in ("low", "high"))
        text += f" (95 % interval {number(low, 2)} to {number(high, 2)})"
    return text


def _why(row: Mapping[str, Any], other: str, *, several: bool) -> str:
    a, b = row["num_a"], row["num_b"]
    if row["paired"]:
        basis = f"{_seeds(row['num_pairs'])} of each, paired"
    else:
        basis = (
            f"{a} and {b} runs, not paired" if a != b else f"{count_runs(a)} of each, not paired"
        )
    if several:
        basis = f"Against {other}: {basis}"
    if math.isnan(row["p_holm"]):
        return f"{basis}: a single run says nothing about chance; repeat with more seeds."
    text = f"{basis}: p {_equals(row['p_holm'])} (permutation test after Holm)"
    if _too_few(row):
        least = p_value(row["p_attainable"])
        text += (
            f"; too few runs: no difference could give less than {least}, repeat with more seeds"
        )
    else:
        text += f"; p {_equals(row['p_anytime'])} in a test that stays valid while seeds are added"
    return text + "."


def _equals(p: float) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _seeds(count: int) -> str:
    return f"{count} seed" if count == 1 else f"{count} seeds"
