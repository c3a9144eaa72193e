"""Sets of problems by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deepobs.problems import LAPTOP_SET, LARGE_SET, PROBLEMS, SMALL_SET, Problem

from ..common import UsageError, import_users, unknown

#: The sets by name.
PROBLEM_SETS: Mapping[str, Sequence[str]] = {
    "laptop": LAPTOP_SET,
    "small": SMALL_SET,
    "large": LARGE_SET,
}


def read_problems(problems: str | Problem | Sequence[str | Problem]) -> tuple[str | Problem, ...]:
    """Returns the problems that a set, names, or a user's own values stand for.

    Args:
        problems: The name of a set, `package.module:NAME` of a sequence of problems or of one
            problem, the name of a problem, a problem, several names separated by commas, or a
            sequence of any of these.

    Returns:
        Each problem once, in order.

    Raises:
        UsageError: If a name is unknown, or there is no problem.
    """
    found: list[str | Problem] = []
    words = problems.split(",") if isinstance(problems, str) else problems
    for word in [words] if isinstance(words, Problem) else words:
        found += _read(word)
    if not found:
        raise UsageError("A benchmark needs at least one problem; give a set such as laptop.")
    return tuple({_name(problem): problem for problem in found}.values())


def _read(word: str | Problem) -> Sequence[str | Problem]:
    if isinstance(word, Problem):
        return [word]
    word = str(word).strip()
    if word in PROBLEM_SETS:
        return PROBLEM_SETS[word]
    if ":" in word:
        return _users(word)
    if word in PROBLEMS:
        return [word]
    choices = [*PROBLEM_SETS, *PROBLEMS]
    raise unknown(
        "problem or set of problems",
        word,
        choices,
        f"there are the sets {', '.join(PROBLEM_SETS)}, and `deepobs list` lists the problems.",
    )


def _users(word: str) -> Sequence[str | Problem]:
    """Returns a user's own problem or problems, given as `package.module:NAME`."""
    module, _, name = word.partition(":")
    value: Any = getattr(import_users(module), name, None)
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if not values or not all(isinstance(item, (str, Problem)) for item in values):
        raise UsageError(
            f"{word} must be a deepobs.problems.Problem or a sequence of problems, not "
            f"{type(value).__name__}."
        )
    return [held for item in values for held in _read(item)]


def _name(problem: str | Problem) -> str:
    return problem if isinstance(problem, str) else problem.name
