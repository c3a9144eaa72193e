"""What is better than what, by how much, and how sure that is, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from .. import analysis
from ._figure import NAMES, percent
from ._format import learning_rate, number, p_value, plus_minus
from ._runs import records
from ._study import Study

Level = Literal["clear", "likely", "unclear", "single"]
ALPHA = 0.05
TAGS: Mapping[Level, str] = {
    "clear": "Clear",
    "likely": "Likely",
    "unclear": "Cannot tell",
    "single": "No comparison",
}


@dataclass(frozen=True)
class Verdict:
    """The answer for one problem.

    Attributes:
        problem: The problem's name.
        level: "clear": the best method beats every other, and that stays valid while seeds are
            added; "likely": it beats every other for the seeds there are; "unclear": the best
            ones are not told apart; "single": there is only one method.
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
    pairs, flags = study.pairs, study.flags
    found = []
    for problem in study.problems:
        rows = records(pairs[pairs["problem"] == problem])
        groups = records(flags[flags["problem"] == problem])
        choice = study.tuned[study.tuned["problem"] == problem]
        warnings = [text for group in groups for text in _warnings(group, choice)]
        warnings += _unequal_epochs(study, problem)
        level, say, why = _finding(rows) if rows else _alone(study, problem)
        found.append(Verdict(problem, level, say, why, tuple(warnings)))
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
    pairs = records(analysis.compare_overall(study.frame, tuned=study.tuned))
    pairs = [pair for pair in pairs if pair["num_problems"] > 1]
    if not pairs:
        return "No two methods were run on the same problems, so there is nothing to compare."
    won = [_overall_sentence(pair) for pair in pairs if pair["better"]]
    level = [f"{p['method_a']} and {p['method_b']}" for p in pairs if not p["better"]]
    if len(won) > 3:
        won = [*won[:3], f"{len(won) - 3} more pairs differ; the table below has them."]
    if len(level) > 3:
        level = [*level[:3], f"{len(level) - 3} more pairs"]
    if level:
        won.append(f"Over all problems, the runs do not tell apart {_join(level, '; nor ')}.")
    unequal = [problem for problem in study.problems if _unequal_epochs(study, problem)]
    if unequal:
        where = _join(unequal, " and ")
        won.append(f"Beware: on {where} methods were trained for unequal numbers of epochs.")
    return " ".join(won)


def _overall_sentence(pair: Mapping[str, Any]) -> str:
    a, b, probability = pair["method_a"], pair["method_b"], pair["probability"]
    low, high = pair["low"], pair["high"]
    if pair["better"] == b:
        a, b, probability, low, high = b, a, 1 - probability, 1 - high, 1 - low
    return (
        f"Over {pair['num_problems']} problems a run of {a} does better than one of {b} with "
        f"probability {probability:.2f} (95 % interval {low:.2f} to {high:.2f})."
    )


def _alone(study: Study, problem: str) -> tuple[Level, str, str]:
    setting = study.chosen_on(problem)[0]
    metric = analysis.default_metric(study.frame, problem)
    ends = pd.Series([percent(metric) * study.runs.final(run, metric) for run in setting.runs])
    unit = " %" if percent(metric) != 1 else ""
    text = plus_minus(float(ends.mean()), float(ends.std()))
    say = f"{setting.method} reaches a final {NAMES[metric].lower()} of {text}{unit}."
    return "single", say, f"{_seeds(len(ends))}; no other method was run on this problem."


def _finding(rows: Sequence[Mapping[str, Any]]) -> tuple[Level, str, str]:
    metric = rows[0]["metric"]
    means = {row[f"method_{side}"]: row[f"mean_{side}"] for row in rows for side in "ab"}
    known = {method: mean for method, mean in means.items() if not math.isnan(mean)}
    if not known:
        return "unclear", "Every method's runs diverged.", "No value is left to compare."
    sign = 1 if analysis.higher_is_better(metric) else -1
    ranked = sorted(known, key=lambda method: -sign * known[method])
    ranked += [method for method in means if method not in known]
    leader, second = ranked[0], ranked[1]
    against = {method: _against(rows, leader, method) for method in ranked[1:]}
    beaten = [method for method, row in against.items() if row["better"] == leader]
    level_with = [method for method in against if method not in beaten]
    if not level_with:
        safe = all(row["p_anytime"] <= ALPHA for row in against.values())
        say = f"{leader} is best: {_by_how_much(against[second], leader, second)}."
        return ("clear" if safe else "likely"), say, _why(against[second])
    others = _join(level_with, " or ")
    say = f"{leader} has the best mean, but the runs do not tell it apart from {others}"
    if beaten:
        say += f"; it is better than {_join(beaten, ' and ')}"
    return "unclear", say + ".", _why(against[level_with[0]])


def _against(rows: Sequence[Mapping[str, Any]], a: str, b: str) -> Mapping[str, Any]:
    return next(row for row in rows if {row["method_a"], row["method_b"]} == {a, b})


def _by_how_much(row: Mapping[str, Any], leader: str, second: str) -> str:
    metric = row["metric"]
    scale = percent(metric)
    side, other = ("a", "b") if row["method_a"] == leader else ("b", "a")
    name, unit = NAMES[metric].lower(), " %" if scale != 1 else ""
    start = f"its final {name} is {number(scale * row[f'mean_{side}'])}{unit} on average"
    if math.isnan(row["difference"]):
        return f"{start}, and every run of {second} diverged"
    size = abs(scale * row["difference"])
    word = "points " if scale != 1 else ""
    direction = "above" if row[f"mean_{side}"] > row[f"mean_{other}"] else "below"
    text = f"{start}, {number(size, 2)} {word}{direction} {second}"
    if not math.isnan(row["low"]):
        low, high = sorted(abs(scale * row[end]) for end in ("low", "high"))
        if row["low"] * row["high"] < 0:
            low = -low
        text += f" (95 % interval {number(low, 2)} to {number(high, 2)})"
    return text


def _why(row: Mapping[str, Any]) -> str:
    a, b = row["num_a"], row["num_b"]
    if row["paired"]:
        basis = f"{_seeds(row['num_pairs'])} of each, paired"
    else:
        basis = f"{a} and {b} runs, not paired" if a != b else f"{_runs(a)} of each, not paired"
    if min(a, b) < 2 or math.isnan(row["p_holm"]):
        return f"{basis}: a single run says nothing about chance; repeat with more seeds."
    text = f"{basis}: p {_equals(row['p_holm'])} (permutation test after Holm)"
    if row["p_holm"] > ALPHA and row["num_pairs"] < 6:
        text += f"; {row['num_pairs']} seeds are too few to reach {ALPHA:g} with pairs, try ten"
    else:
        text += f"; p {_equals(row['p_anytime'])} in a test that stays valid while seeds are added"
    return text + "."


def _warnings(group: Mapping[str, Any], choice: pd.DataFrame) -> list[str]:
    method, count = group["method"], group["num_runs"]
    chosen = choice[choice["method"] == method].iloc[0]
    scale = percent(str(chosen["metric"]))
    texts = []
    for word in group["flags"]:
        if word == "diverged":
            texts.append(f"{group['num_diverged']} of {_runs(count)} diverged")
        elif word in ("collapsed", "partly collapsed"):
            texts.append(
                f"{word}: {group['num_collapsed']} of {_runs(count)} got stuck early, far from "
                "what can be reached"
            )
        elif word == "bimodal":
            num_high = count - group["num_diverged"] - group["num_low"]
            low, high = (number(scale * group[f"{end}_mean"], 3) for end in ("low", "high"))
            texts.append(
                f"bimodal: {_runs(group['num_low'])} end around {low}, {num_high} around {high}; "
                "a mean tells little"
            )
        elif word == "grid edge":
            end = "smallest" if group["grid_edge"] == "low" else "largest"
            texts.append(
                f"grid edge: the chosen learning rate, {learning_rate(chosen['learning_rate'])}, "
                f"is the {end} tried; a better one may lie beyond"
            )
    return [f"{method}: {text}" for text in texts]


def _unequal_epochs(study: Study, problem: str) -> list[str]:
    """A warning where the chosen settings of one problem differ in their number of epochs."""
    groups: dict[int, list[str]] = {}
    for setting in study.chosen_on(problem):
        epochs = study.runs.rows[setting.runs[0]]["num_epochs"]
        if epochs == epochs:  # not every file says it
            groups.setdefault(int(epochs), []).append(setting.method)
    parts = [f"{epochs} ({', '.join(methods)})" for epochs, methods in sorted(groups.items())]
    if len(parts) < 2:
        return []
    return [
        f"unequal epochs: methods were trained for {_join(parts, ' and ')}, so that final values "
        "compare the length of training too"
    ]


def _equals(p: float) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _seeds(count: int) -> str:
    return f"{count} seed" if count == 1 else f"{count} seeds"


def _runs(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"


def _join(words: Sequence[str], last: str) -> str:
    return last.join(([", ".join(words[:-1])] if len(words) > 1 else []) + [words[-1]])
