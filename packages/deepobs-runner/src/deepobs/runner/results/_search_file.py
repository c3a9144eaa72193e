"""The file of a search, as `tune` writes it: reading and checking it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..common import read_file
from ._record import CorruptRecordError

SEARCH_PREFIX = "tuning__"  # of the file's name
SEARCH_FORMAT = "deepobs-tuning-1"

_Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < math.inf


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _list_of(check: _Check) -> _Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _mapping_of(check: _Check) -> _Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def _or_none(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


def _repeats(value: Any) -> bool:
    return _mapping_of(_text)(value) and all(seed.lstrip("-").isdecimal() for seed in value)


def _source(value: Any) -> bool:
    return _mapping_of(_text)(value) and {"file", "sha256"} <= set(value)


def _protocol(value: Any) -> bool:
    checks = {"name": _text, "version": _count, "lengths": _list_of(_number)}
    return isinstance(value, dict) and all(
        name in value and check(value[name]) for name, check in checks.items()
    )


def _trial(value: Any) -> bool:
    checks = {"settings": _mapping, "run_ids": _list_of(_text)}
    measured = {"values": _list_of(_or_none(_number)), "status": _text}
    return (
        isinstance(value, dict)
        and all(name in value and check(value[name]) for name, check in checks.items())
        and all(check(value[name]) for name, check in measured.items() if name in value)
        and len(value["values" if "values" in value else "run_ids"]) == len(value["run_ids"])
    )


_REQUIRED: dict[str, _Check] = {
    **dict.fromkeys(("problem", "optimizer", "strategy", "objective"), _text),
    "space": _mapping_of(_text),
    "trials": _list_of(_trial),
    "best": _or_none(_trial),
    "repeats": _repeats,
}
_OPTIONAL: dict[str, _Check] = {  # not in the files of earlier versions, or only in benchmarks
    "num_trials": _count,
    "budget": _count,
    "protocol": _protocol,
    "length": _number,
    "study": _count,
    "hyperparameters": _mapping,
    "space_source": _text,
    "sources": _list_of(_source),
    "left_out": _list_of(_mapping),
}


def read_search(path: Path) -> dict[str, Any]:
    """Reads the file of a search, which may come from an untrusted source.

    Args:
        path: The file.

    Returns:
        Its content, whose fields have the types that `tune` writes.

    Raises:
        CorruptRecordError: If it is not the file of a search, or is damaged.
        OSError: If it cannot be read.
    """
    return parse_search(read_file(path), path)


def parse_search(data: bytes, path: Path | str) -> dict[str, Any]:
    """Returns the content of a search's file; see `read_search`.

    Args:
        data: The bytes of the file.
        path: The file, or its name, for error messages.

    Raises:
        CorruptRecordError: If it is not the file of a search, or is damaged.
    """
    try:
        content = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise CorruptRecordError(f"{path} is not JSON.") from error
    if not isinstance(content, dict) or content.get("format") != SEARCH_FORMAT:
        raise CorruptRecordError(f"{path} is not a search in the format {SEARCH_FORMAT}.")
    for name, check in {**_REQUIRED, **_OPTIONAL}.items():
        if name in _REQUIRED and name not in content:
            raise CorruptRecordError(f"{path} has no {name}.")
        if name in content and not check(content[name]):
            raise CorruptRecordError(f"{path} has a wrong {name}.")
    if not {"num_trials", "budget"} & content.keys():
        raise CorruptRecordError(f"{path} has no num_trials.")
    return content
