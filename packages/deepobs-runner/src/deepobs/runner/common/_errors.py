"""Errors whose messages are one sentence for the user."""

from __future__ import annotations

import reprlib
import traceback
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Self

from ._former import name_today

_LONGEST_TEXT = 1000  # characters of a line of a message


class UsageError(ValueError):
    """Error for a wrong argument; names it, what was expected and the nearest choice.

    Args:
        message: One sentence, or a line for each of several mistakes. Very long
            lines are cut.
    """

    def __init__(self, message: str) -> None:
        lines = (brief(line, quoted=False) for line in message.split("\n"))
        super().__init__("\n".join(lines))


class InfeasibleError(UsageError):
    """Error for arguments that an optimizer refuses, alone or in combination with others."""


class RunInProgressError(RuntimeError):
    """Error for a run that another process is executing."""


class ResultsError(OSError):
    """Error for a result that could not be written."""


class CheckpointError(RuntimeError):
    """Error for a run with checkpoints, none of which can be used."""


class OptimizerError(RuntimeError):
    """Error for an exception in an optimizer's step, which is its `__cause__`."""

    @classmethod
    def of(cls, optimizer: str, error: Exception, hint: str = "") -> Self:
        """Returns the error in one sentence, with the location that raised it.

        Args:
            optimizer: The optimizer's name.
            error: What it raised.
            hint: Advice to end the sentence with.
        """
        return cls(f"The optimizer {optimizer} failed in its step: {explain(error)}{hint}.")


class RunInterruptedError(BaseException):
    """Error for a run that a signal stopped after its current step; a checkpoint was saved.

    Like `KeyboardInterrupt` it is not an `Exception`, so `except Exception` does not catch it.

    Attributes:
        signal_number: The signal; the command exits with 128 + this number, as shells do.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.signal_number = signal_number


def unknown(what: str, name: str, choices: Iterable[str], otherwise: str) -> UsageError:
    """Returns the error for a name that does not exist, with the nearest valid ones.

    Args:
        what: The kind of thing, such as `"optimizer"`.
        name: The name that was given.
        choices: The valid names.
        otherwise: The advice if no choice is similar.
    """
    return UsageError(f"There is no {what} named {brief(name)}; {advice(name, choices, otherwise)}")


def advice(name: str, choices: Iterable[str], otherwise: str) -> str:
    """Returns "did you mean …?" with the nearest choices, or the advice `otherwise`.

    Args:
        name: The name that was given.
        choices: The valid names.
        otherwise: The advice if no choice is similar.
    """
    from deepobs.data import did_you_mean  # loads torch, which only an error may take

    choices = list(choices)
    spelled = {choice.casefold(): choice for choice in choices}
    today = name_today(name, spelled)
    if today is not None:
        return f"did you mean {spelled[today]}, as {name} of DeepOBS 1 is called now?"
    return did_you_mean(name, choices, otherwise)


def explain(error: BaseException) -> str:
    """Returns a third-party error in one line, with the location that raised it."""
    words = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {words[0]}" if words else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{said}{place}"


_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother, _SHORT.maxlong = 3, 80, 80, 60


def brief(value: object, *, quoted: bool = True) -> str:
    """Returns a value's repr, cut to a readable length, for use in messages.

    Args:
        value: Anything, however large or deeply nested.
        quoted: Whether a text is shown in quotes.
    """
    if isinstance(value, str) and not quoted:
        return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"
    try:
        return " ".join(_SHORT.repr(value).split("\n"))  # arrays have several lines
    except Exception:  # noqa: BLE001 - an integer of 5,000 digits, or whatever a __repr__ raises
        return f"a value of type {type(value).__name__}"


def printable(text: str) -> str:
    """Returns a text with its control characters escaped, safe to print on a terminal."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else ascii(letter)[1:-1]
        for letter in text
    )


def import_users(module: str) -> ModuleType:
    """Imports a module that a user named.

    Raises:
        UsageError: It cannot be imported; the message says why in one sentence.
    """
    if not all(part.isidentifier() for part in module.split(".")):
        raise UsageError(
            f"{brief(module)} does not name a module; give its full name, such as package.module."
        )
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        needed = "" if error.name == module else f", which {module} needs"
        raise UsageError(f"There is no module {error.name!r}{needed}.") from error
    except (Exception, SystemExit) as error:  # a script may exit when it is imported
        raise UsageError(f"The module {module} cannot be imported: {explain(error)}.") from error
