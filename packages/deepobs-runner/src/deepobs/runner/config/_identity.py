"""The identity of a run: a content hash of its settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..common import canonical
from ._settings import SETTINGS

_FORMAT = "deepobs-run-1"


def canonical_settings(content: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what `RunConfig.to_dict` gave in the form that equal runs share.

    Settings have their first names and numbers their canonical form. Settings that came later, and
    the problem's version, are left out at their default: so earlier records keep their identity.

    Args:
        content: A record's `config`, of any version.
    """
    settings = {}
    for item in SETTINGS:
        value = content.get(item.name, content.get(item.first_name, item.default))
        value = tuple(value) if item.kind == "texts" else value
        if item.since == 1 or value != item.default:
            settings[item.first_name] = canonical(value)
    version = content.get("problem_version", 1)
    return settings if version == 1 else {**settings, "problem_version": version}


def current_names(content: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a record's `config`, of any version, with the names that settings have today."""
    former = {item.former: item.name for item in SETTINGS if item.former}
    return {former.get(name, name): value for name, value in content.items()}


def run_identity(content: Mapping[str, Any], problem: Any) -> str:
    """Returns the identity of a run: 16 hexadecimal digits.

    Args:
        content: What `RunConfig.to_dict` gave.
        problem: The problem's identity.
    """
    return _hash({**canonical_settings(content), "problem": problem})


def current_identity(content: Mapping[str, Any], problem: Any, recorded: str) -> str:
    """Returns the identity that a recorded run has today.

    Records from before identities had canonical numbers were hashed as they were written. They are
    recognized by that hash; any other record keeps its own.

    Args:
        content: The record's `config`.
        problem: The problem's identity.
        recorded: The record's `run_id`.
    """
    first = {item.name: item.first_name for item in SETTINGS}
    written = {first.get(name, name): value for name, value in content.items()}
    try:
        as_written = _hash({**written, "problem": problem})
    except ValueError:  # it holds what strict JSON cannot, so no version of ours has hashed it
        return recorded
    return run_identity(content, problem) if as_written == recorded else recorded


def _hash(content: Mapping[str, Any]) -> str:
    text = json.dumps({"format": _FORMAT, **content}, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
