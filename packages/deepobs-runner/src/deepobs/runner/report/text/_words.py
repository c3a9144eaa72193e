"""Small words that sentences share: counts, lists, names that fit."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 60  # characters of a name in a sentence


def count(number: int, word: str) -> str:
    """Writes a number of things: `1 run`, `3 runs`.

    Args:
        number: How many.
        word: What, in the singular.

    Returns:
        The words.
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def short(name: str) -> str:
    """Cuts a name that would drown its sentence.

    Args:
        name: A method's label, or any name.

    Returns:
        At most `LONGEST` characters, the last an ellipsis where some are missing.
    """
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def listed(words: Sequence[str], last: str = " and ", *, most: int | None = None) -> str:
    """Joins names with commas, and the last with another word: `a, b and c`.

    Args:
        words: The names, at least one.
        last: What stands before the last.
        most: Of more names than that, the first are named and the others counted.

    Returns:
        The text.
    """
    names = [short(word) for word in words]
    if most is not None and len(names) > most + 1:
        names = [*names[:most], f"{len(names) - most} others"]
    return last.join(([", ".join(names[:-1])] if len(names) > 1 else []) + [names[-1]])
