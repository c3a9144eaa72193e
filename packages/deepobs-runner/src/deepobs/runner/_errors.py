"""What went wrong, in one sentence for the person who can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """An argument is to blame; the message names it, what was expected and the nearest choice."""


class RunInProgressError(RuntimeError):
    """Another process is doing this very run at the moment."""


class ResultsError(OSError):
    """A result could not be written: the disk is full, or the folder refuses."""


class CheckpointError(RuntimeError):
    """There are checkpoints of a run, and none of them can be used."""


class RunInterruptedError(BaseException):
    """A signal stopped a run after its current step; a checkpoint was saved.

    Like `KeyboardInterrupt` no `Exception`, so that nobody swallows it by accident.

    Attributes:
        signal_number: The signal; the command exits with 128 + this number, as shells do.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.signal_number = signal_number


def unknown(what: str, name: str, choices: Iterable[str], otherwise: str) -> UsageError:
    """The error for a name that does not exist, with the nearest ones that do.

    Args:
        what: What was looked for, such as ``"optimizer"``.
        name: The name that was given.
        choices: The names there are.
        otherwise: The advice where none is near.
    """
    spelled = {choice.casefold(): choice for choice in choices}
    near = [
        spelled[close] for close in difflib.get_close_matches(name.casefold(), spelled, cutoff=0.5)
    ]
    advice = f"did you mean {' or '.join(near)}?" if near else otherwise
    return UsageError(f"There is no {what} named {name!r}; {advice}")
