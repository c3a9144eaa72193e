"""Notes on all verdicts: error rates, baselines and hardware."""

from __future__ import annotations

from ..study import Study
from ._words import count, listed

_MOST = 4  # machines or problems that are listed by name


def notes(study: Study) -> list[str]:
    """Returns notes on error rates, and on verdicts that seem to disagree.

    Args:
        study: The study.

    Returns:
        The notes.
    """
    verdict = study.verdict
    if len(verdict.verdicts) < 2:
        return []
    texts = [
        "Error rates: the sentence over all problems names a wrong winner in at most 5 % of "
        "studies. The verdict on a problem does so in at most 5 % of cases for each problem by "
        f"itself, so with {count(len(verdict.verdicts), 'problem')} the chance of "
        "at least one wrong winner is larger; only a winner marked Clear holds for all problems at "
        "once."
    ]
    if verdict.disagreements:
        texts.append(
            f"On {listed(verdict.disagreements, most=_MOST)} the verdict differs from the one over "
            "all problems: over all, the average over problems is judged; on a problem, its own "
            "mean."
        )
    return texts


def hardware_note(study: Study) -> str:
    """Returns a warning if seconds from different machines would be compared.

    Args:
        study: The study.

    Returns:
        A sentence; empty if all runs are known to be from one machine, or none has times.
    """
    runs = study.runs
    timed = [row for run, row in enumerate(runs.rows) if runs.seconds(run) == runs.seconds(run)]
    told = [row.get("hardware") for row in timed]  # NaN if a record does not have it
    machines = sorted({name if isinstance(name, str) else "" for name in told})
    if len(machines) < 2:
        return ""
    known = [name for name in machines if name]
    where = listed(known, most=_MOST) + (" and on unknown hardware" if "" in machines else "")
    return f"Seconds are not comparable between all runs: they were measured on {where}."
