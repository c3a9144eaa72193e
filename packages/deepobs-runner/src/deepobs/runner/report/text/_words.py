"""Shared formatting of counts, lists and names."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 60  # characters of a name in a sentence


def count(number: int, word: str) -> str:
    """Returns a number with a noun: `1 run`, `3 runs`.

    Args:
        number: The number.
        word: The noun in the singular.

    Returns:
        The words.
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def short(name: str) -> str:
    """Shortens a long name.

    Args:
        name: A method's label, or any name.

    Returns:
        At most `LONGEST` characters, ending with an ellipsis if shortened.
    """
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def listed(words: Sequence[str], last: str = " and ", *, most: int | None = None) -> str:
    """Joins names with commas, and the last with another word: `a, b and c`.

    Args:
        words: The names, at least one.
        last: The separator before the last name.
        most: Largest number of names; of more, the others are counted.

    Returns:
        The text.
    """
    names = [short(word) for word in words]
    if most is not None and len(names) > most + 1:
        names = [*names[:most], f"{len(names) - most} others"]
    return last.join(([", ".join(names[:-1])] if len(names) > 1 else []) + [names[-1]])
