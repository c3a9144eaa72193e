"""Settings as words of the command, and read back from words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..common import read_value
from ._setting import Setting
from ._settings import SETTINGS


def command_words(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yields the options of `deepobs run` that give a run these settings.

    Args:
        settings: Values by name; those that are None, NaN or the default need no option.
    """
    for item in SETTINGS:
        value = settings.get(item.name)
        unknown = value in (None, "") or (isinstance(value, float) and math.isnan(value))
        if item.kind != "object" and not unknown:
            yield from _words(item, value)


def _words(item: Setting, value: Any) -> Iterator[str]:
    if item.kind == "pairs":
        for name, held in value.items():
            yield from (item.option, f"{name}={_written(held)}")
    elif item.kind == "named":
        given = {"name": value} if isinstance(value, str) else dict(value)
        name = str(given.pop("name"))
        if given or name != item.default:
            yield from (item.option, name)
        for argument, held in given.items():
            yield from (f"--set-{item.name}", f"{argument}={_written(held)}")
    elif item.kind == "texts":
        for text in value:
            yield from (item.option, text)
    elif value != item.default or item.role == "repetition":
        yield item.option
        if item.kind != "bool":
            yield str(int(value) if item.kind == "int" else value)


def _written(value: Any) -> str:
    """Returns a value as `read_value` reads it."""
    if isinstance(value, str) and read_value(value) == value:
        return value
    return repr(value)
