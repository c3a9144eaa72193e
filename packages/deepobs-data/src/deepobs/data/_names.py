"""Suggestions for misspelled names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, choices: Iterable[str], otherwise: str) -> str:
    """Returns "did you mean …?" with at most three of the nearest choices.

    Args:
        name: The name that was given.
        choices: The valid names.
        otherwise: The advice to return if no choice is similar.

    Returns:
        The advice, for the end of an error message.

    Example:
        >>> did_you_mean("cifar_10", ["mnist", "cifar10"], "choose mnist or cifar10.")
        'did you mean cifar10?'
    """
    spelled = {choice.casefold(): choice for choice in choices}
    near = difflib.get_close_matches(name.casefold(), spelled, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(spelled[close] for close in near)}?" if near else otherwise
