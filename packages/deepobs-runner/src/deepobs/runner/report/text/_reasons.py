"""The limitations of a verdict in words."""

from __future__ import annotations

from ... import analysis
from ._words import count, listed

_MOST = 3  # methods or problems that are listed by name


# Limitations of a lead, which do not apply without a leader.
_OF_WINNERS = ("seeds_added", "unequal_spreads", "many_problems", "few_problems", "other_problems")


def reasons(
    verdict: analysis.StudyVerdict | analysis.ProblemVerdict, *, num_problems: int
) -> list[str]:
    """Returns the reasons of a verdict that its sentence does not contain already.

    Args:
        verdict: The verdict on a study or a problem.
        num_problems: Number of problems in the study.

    Returns:
        The sentences.
    """
    given = [r for r in verdict.reasons if verdict.winner or r.code not in _OF_WINNERS]
    return [text for reason in given if (text := _reason(reason, num_problems))]


def _reason(reason: analysis.Reason, num_problems: int) -> str:
    who = listed(reason.methods, most=_MOST) if reason.methods else ""
    where = f" on {listed(reason.problems, most=_MOST)}" if reason.problems else ""
    several = len(reason.methods) > 1
    return {
        "not_told_apart": "",
        "too_few_runs": f"Too few runs to show a difference from {who}{where}." if who else "",
        "same_runs": f"The runs that judge {who}{where} also chose {_their(several)} settings.",
        "unequal_budgets": (
            f"{who} had {'other tuning budgets' if several else 'another tuning budget'} than the "
            f"leader{where}."
        ),
        "unequal_epochs": f"{who} trained for another number of epochs{where}.",
        "diverged": f"Runs of {who} diverged{where}; they count as worse than any other.",
        "seeds_added": "The lead may change as seeds are added.",
        "unequal_spreads": (
            f"The spread of {who} differs from the leader's by a factor of two or more: outliers "
            "may explain the lead."
        ),
        "many_problems": (
            f"It holds for this problem alone, not for {count(num_problems, 'problem')} together."
        ),
        "few_problems": (
            f"It holds for these problems: {count(num_problems, 'problem')} are too few to "
            "generalize to others."
        ),
        "other_problems": "It holds for these problems; others may rank the methods differently.",
        "not_compared": f"{who} cannot be compared with the leader{where}.",
    }[reason.code]


def _their(several: bool) -> str:
    return "their" if several else "its"
