"""Signatures and docstrings of functions that take the settings of a run as keywords."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..common import UsageError, unknown
from ._setting import REQUIRED, Setting
from ._settings import INPUTS

_T = TypeVar("_T", bound=Callable[..., object])
_MARK = "{settings}"
_WIDTH = 100


def describe_settings(target: _T, *, searchable: bool = False) -> _T:
    """Completes the docstring of a class, and signature and docstring of a function.

    `{settings}` in the docstring becomes one entry for each setting. A function's `**settings`
    becomes a keyword for each in its signature, as `help` and editors show it.

    Args:
        target: The class or the function.
        searchable: Whether to add only those settings that `tune` shares between its runs.
    """
    named = () if isinstance(target, type) else tuple(inspect.signature(target).parameters)
    chosen = [
        item for item in INPUTS if item.name not in named and (item.searchable or not searchable)
    ]
    target.__doc__ = _with_settings(target.__doc__ or "", chosen)
    if not isinstance(target, type):
        target.__signature__ = _signature(target, chosen)  # type: ignore[attr-defined]
    return target


def check_keywords(function: Callable[..., object], settings: Mapping[str, Any]) -> None:
    """Refuses keywords that a function described by `describe_settings` does not take.

    Raises:
        UsageError: A name is unknown, or one is missing; the sentence names the nearest.
    """
    parameters = inspect.signature(function).parameters
    for name in settings:
        if name not in parameters:
            advice = f"it takes {', '.join(parameters)}."
            raise unknown(f"argument of {function.__name__}", name, parameters, advice)
    for item in INPUTS:
        required = item.kind != "object" and item.default is REQUIRED and item.name in parameters
        if required and settings.get(item.name) is None:
            raise UsageError(f"{function.__name__} needs {item.name}: {_first_lower(item.help)}")


def _with_settings(doc: str, settings: list[Setting]) -> str:
    lines = []
    for line in doc.split("\n"):
        if line.strip() != _MARK:
            lines.append(line)
            continue
        indent = line[: line.index(_MARK)]
        for item in settings:
            entry = f"{item.name}: {item.help}"
            lines += textwrap.wrap(
                entry, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}    "
            )
    return "\n".join(lines)


def _signature(function: Callable[..., object], settings: list[Setting]) -> inspect.Signature:
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    added = [
        inspect.Parameter(
            item.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if item.default is REQUIRED else item.default,
            annotation=item.annotation,
        )
        for item in settings
    ]
    positional = [p for p in own if p.kind is not p.KEYWORD_ONLY]
    return signature.replace(parameters=[*positional, *added, *own[len(positional) :]])


def _first_lower(text: str) -> str:
    return text[0].lower() + text[1:]
