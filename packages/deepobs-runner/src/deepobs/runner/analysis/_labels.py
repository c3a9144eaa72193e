"""What methods are called: short labels that tell them apart."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pandas as pd

LONGEST = 80  # characters of a label
_SOURCE_NOTES = {
    "baseline": "baseline",
    "deepobs-1.1": "DeepOBS 1.1",
    "deepobs-1.2": "DeepOBS 1.2",
}


def method_labels(runs: pd.DataFrame) -> pd.Series:
    """Names the method of each run, in at most `LONGEST` characters that no two methods share.

    Args:
        runs: One row per run, with the columns that make a method.

    Returns:
        The labels, indexed as `runs`.
    """
    names = ["source", "optimizer", "hyperparameters", "schedule", "variant", "optimizer_path"]
    texts = runs[names].astype(object)
    keys = list(texts.itertuples(index=False, name=None))
    labels = {key: _label(*key[:5]) for key in set(keys)}
    # Two methods under one label would be averaged together: such labels tell what differs.
    for name in ("optimizer_path", "hyperparameters"):
        labels = _told_apart(labels, by=names.index(name))
    readable = {label: _capped(label) for label in labels.values()}
    return pd.Series([readable[labels[key]] for key in keys], index=runs.index, dtype=object)


def _capped(label: str) -> str:
    """Cuts a label that no legend can hold (a schedule with a factor an epoch), unmistakably."""
    if len(label) <= LONGEST:
        return label
    digest = hashlib.sha256(label.encode("utf-8", "replace")).hexdigest()[:6]
    return f"{label[: LONGEST - 9]}… #{digest}"


def _told_apart(labels: dict[tuple[str, ...], str], *, by: int) -> dict[tuple[str, ...], str]:
    """Add a part of the keys to labels that stand for several values of it."""
    values: dict[str, set[str]] = {}
    for key, label in labels.items():
        values.setdefault(label, set()).add(key[by])
    return {
        key: f"{label} {key[by]}" if len(values[label]) > 1 else label
        for key, label in labels.items()
    }


def _label(source: str, optimizer: str, hyperparameters: str, schedule: str, variant: str) -> str:
    words = [optimizer]
    if source != "baseline":  # all published runs of an optimizer share their hyperparameters
        values: dict[str, Any] = json.loads(hyperparameters)
        words += [f"{name}={_word(value)}" for name, value in values.items()]
    if schedule != "constant":
        words.append(_schedule_label(schedule))
    if variant:
        words.append(variant)
    if note := _SOURCE_NOTES.get(source):
        words.append(f"({note})")
    return " ".join(words)


def _schedule_label(schedule: str) -> str:
    """Show a schedule's canonical JSON like a call: cosine(warmup_epochs=5)."""
    if not schedule.startswith("{"):
        return schedule
    values: dict[str, Any] = json.loads(schedule)
    name = values.pop("name", "schedule")
    return f"{name}({', '.join(f'{key}={_word(value)}' for key, value in values.items())})"


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "(" + ", ".join(_word(item) for item in value) + ")"
    return str(value)
