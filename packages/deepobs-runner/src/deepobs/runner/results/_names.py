"""Names of files and folders in a results folder."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..common import canonical
from ..config import SETTINGS

if TYPE_CHECKING:
    from ..config import RunConfig

_LONGEST_NAME = 200  # bytes; file systems allow 255
_MOST_BYTES = 230  # leaves room for a suffix of 18 characters within 255
_COMPARED = 100  # characters of names that are compared, which names of all versions have
_SCIENTIFIC = re.compile(r"\d\.\d*e[+-]\d+")
_NOT_IN_A_NAME = re.compile(r"[/\\\x00-\x1f\x7f\ud800-\udfff]")


def folder_name(name: str) -> str:
    """Returns the folder name of a problem or an optimizer.

    A separator, a control character or a leading dot becomes `_`, so that no name is hidden or
    leads out of the results folder; a name that is too long is cut and ends with its hash.
    """
    safe = _NOT_IN_A_NAME.sub("_", name)
    safe = f"_{safe[1:]}" if safe.startswith(".") else safe or "_"
    if len(safe.encode()) <= _MOST_BYTES:
        return safe
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{_first_bytes(safe, _LONGEST_NAME)}__{digest}"


def setting_name(config: RunConfig) -> str:
    """Returns the name of a setting's folder, as DeepOBS writes it where it knows the setting.

    `num_epochs__3__batch_size__128__momentum__9.e-01__lr__1.e-02`; hyperparameters in
    alphabetical order, then settings that differ from the defaults, then the learning rate.
    """
    parts: dict[str, Any] = {"num_epochs": config.epochs, "batch_size": config.batch_size}
    if config.weight_decay != config.problem_value.weight_decay:
        parts["weight_decay"] = config.weight_decay
    parts.update(config.hyperparameters)
    schedule = config.schedule_mapping
    as_deepobs = schedule["name"] == "step" and schedule.keys() == {"name", "epochs", "factors"}
    if schedule["name"] != "constant" or len(schedule) > 1:
        parts.update({} if as_deepobs else _schedule_parts(schedule))
    if config.problem_version != 1:
        parts["problem_version"] = config.problem_version
    for item in SETTINGS:
        if item.in_folder and getattr(config, item.name) != item.default:
            parts[item.first_name] = getattr(config, item.name)
    if as_deepobs:
        changes = zip((0, *schedule["epochs"]), (1.0, *schedule["factors"]), strict=True)
        parts["lr_schedule"] = "_".join(f"{e}_{_text(f * (config.lr or 0.0))}" for e, f in changes)
    elif config.lr is not None:
        parts["lr"] = config.lr
    return _short("__".join(f"{name}__{_text(value)}" for name, value in parts.items()), config)


def same_setting(name: str, other: str) -> bool:
    """Returns whether two folder names may belong to the same setting.

    Earlier versions wrote all digits of a number and shortened longer names.
    """
    return _canonical_name(name) == _canonical_name(other)


@lru_cache(maxsize=100_000)
def _canonical_name(name: str) -> str:
    """Returns the beginning of a name, with numbers in canonical form."""
    written = _SCIENTIFIC.sub(lambda match: _text(float(match[0])), name)
    return written[:_COMPARED]


def _schedule_parts(schedule: Mapping[str, Any]) -> dict[str, Any]:
    return {("schedule" if key == "name" else key): value for key, value in schedule.items()}


def _text(value: Any) -> str:
    """Returns a value for a folder's name; floats in numpy's format, as in DeepOBS: 1.e-02."""
    if isinstance(value, float):
        return np.format_float_scientific(canonical(value))
    if isinstance(value, (tuple, list)):
        return "_".join(_text(item) for item in value)
    return re.sub(r"[^\w.+-]", "_", str(value))


def _short(name: str, config: RunConfig) -> str:
    """Returns the name; if it is too long, its beginning and the run's identity."""
    if len(name) <= _LONGEST_NAME and len(name.encode()) <= _MOST_BYTES:
        return name
    identity = replace(config, seed=0).run_id  # the same folder for every seed
    return f"{_first_bytes(name[:_LONGEST_NAME], _MOST_BYTES)}__{identity}"


def _first_bytes(text: str, most: int) -> str:
    """Returns the beginning of a string, at most so many bytes long."""
    return text.encode()[:most].decode(errors="ignore")


def file_name(seed: int, time: datetime.datetime) -> str:
    """Returns the name of a record, as DeepOBS writes it."""
    return f"random_seed__{seed}__{time:%Y-%m-%d-%H-%M-%S}.json"
