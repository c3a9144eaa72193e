"""The verdict on each problem, and the cells of the matrix of methods and problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ._bootstrap import mean_interval
from ._intervals import within_range
from ._judge import Judge
from ._meeting import favourable_p
from ._permutation import holm
from ._samples import Contest
from ._verdict import ALPHA, Cell, Certainty, Code, Kind, ProblemVerdict, Reason


def problem_verdicts(judges: Sequence[Judge]) -> tuple[ProblemVerdict, ...]:
    """Returns the verdict on each problem.

    Args:
        judges: The comparison of the methods on each problem.

    Returns:
        One verdict per problem.
    """
    corrected = holm(np.array([judge.p_value for judge in judges]))
    return tuple(_verdict(judge, float(p)) for judge, p in zip(judges, corrected, strict=True))


def _verdict(judge: Judge, p_study: float) -> ProblemVerdict:
    reasons = _reasons(judge, p_study)
    certainty: Certainty = "none"
    if judge.winner is not None:
        certainty = "likely" if withheld(reasons) else "clear"
    return ProblemVerdict(
        problem=judge.contest.problem,
        metric=judge.contest.metric,
        log_scale=judge.progress.logarithmic,
        kind=_kind(judge),
        certainty=certainty,
        leader=judge.leader if judge.finished else None,
        winner=judge.winner,
        best=judge.best,
        comparisons=judge.comparisons() if judge.finished else (),
        p_value=judge.p_value,
        p_study=p_study,
        reasons=reasons,
    )


def _kind(judge: Judge) -> Kind:
    if not judge.finished:
        return "all_diverged"
    if not judge.order[1:]:
        return "alone"
    if judge.unequal:
        return "unequal_epochs"
    if judge.winner is not None:
        return "winner"
    if judge.contest.samples[judge.leader].same_runs:
        return "same_runs"
    return "too_few_runs" if _too_few(judge) else "tied"


def _too_few(judge: Judge) -> list[str]:
    return [peer for peer in judge.peers if judge.meeting(judge.leader, peer).too_few]


def withheld(reasons: Sequence[Reason]) -> bool:
    """Returns whether a reservation makes a winner likely instead of clear.

    Args:
        reasons: A verdict's reasons.
    """
    return any(reason.code != "diverged" for reason in reasons)


def _reasons(judge: Judge, p_study: float) -> tuple[Reason, ...]:
    samples, leader = judge.contest.samples, judge.leader
    if not judge.finished:
        return ()
    budget = samples[leader].budget
    meetings = {peer: judge.meeting(leader, peer) for peer in judge.peers}
    level = [peer for peer in judge.best[1:] if peer in meetings]
    beaten = [peer for peer in judge.peers if peer not in level]
    found: dict[Code, list[str]] = {
        "unequal_epochs": judge.unequal,
        "same_runs": [leader] if samples[leader].same_runs and judge.peers else [],
        "too_few_runs": [peer for peer in level if meetings[peer].too_few],
        "not_told_apart": [peer for peer in level if not meetings[peer].too_few],
        "unequal_budgets": [peer for peer in judge.peers if samples[peer].budget != budget],
        "seeds_added": [peer for peer in beaten if favourable_p(meetings[peer].leads) > ALPHA],
        "unequal_spreads": [peer for peer in beaten if meetings[peer].unequal_spreads],
        "diverged": [name for name in judge.order if samples[name].num_diverged],
    }
    reasons = [Reason(code=code, methods=tuple(names)) for code, names in found.items() if names]
    if judge.winner is not None and p_study > ALPHA:
        reasons.append(Reason(code="many_problems"))
    return tuple(reasons)


def cells(judges: Sequence[Judge], flags: Mapping[tuple[str, str], tuple[str, ...]]) -> list[Cell]:
    """Returns the result of every method on every problem.

    Args:
        judges: The comparison of the methods on each problem.
        flags: Warnings about groups of runs, by problem and method.

    Returns:
        One cell per problem and method with runs.
    """
    return [
        _cell(judge, rank, method, flags.get((judge.contest.problem, method), ()))
        for judge in judges
        for rank, method in enumerate(judge.order, 1)
    ]


def _cell(judge: Judge, rank: int, method: str, flags: tuple[str, ...]) -> Cell:
    contest: Contest = judge.contest
    sample = contest.samples[method]
    low, high = within_range(mean_interval(sample.values), contest.metric)
    return Cell(
        problem=contest.problem,
        method=method,
        metric=contest.metric,
        value=sample.mean,
        low=low,
        high=high,
        rank=rank,
        best=method in judge.best,
        score=judge.score(method),
        num_runs=len(sample.values),
        num_diverged=sample.num_diverged,
        num_left_out=len(sample.left_out),
        same_runs=sample.same_runs,
        budget=sample.budget,
        flags=flags,
    )
