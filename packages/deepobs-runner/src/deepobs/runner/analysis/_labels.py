"""Short labels that distinguish methods."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pandas as pd

from ..config import SETTINGS

# The settings that make a method, by their columns.
_PARTICULARS = {
    item.column: item for item in SETTINGS if item.role == "method" and item.kind != "object"
}

LONGEST = 80  # characters of a label
_SOURCE_NOTES = {
    "baseline": "baseline",
    "deepobs-1.1": "DeepOBS 1.1",
    "deepobs-1.2": "DeepOBS 1.2",
}


def method_labels(runs: pd.DataFrame) -> pd.Series:
    """Returns a label for the method of each run: unique, with at most `LONGEST` characters.

    Args:
        runs: One row per run, with the columns that make a method.

    Returns:
        The labels, indexed as `runs`.
    """
    names = ["source", "optimizer", "optimizer_path", *_PARTICULARS]
    # None for missing numbers, which unlike NaN equals itself
    texts = runs[names].astype(object).where(runs[names].notna(), None)
    texts = texts.assign(hyperparameters=_not_searched(runs))
    keys = list(texts.itertuples(index=False, name=None))
    labels = {key: _label(dict(zip(names, key, strict=True))) for key in set(keys)}
    # Two methods under one label would be averaged together: such labels tell what differs.
    for name in ("optimizer_path", "hyperparameters"):
        labels = _told_apart(labels, by=names.index(name))
    found = pd.Series([labels[key] for key in keys], index=runs.index, dtype=object)
    found = found + _search_notes(runs, found)
    readable = {label: _capped(label) for label in found.unique()}
    return pd.Series([readable[label] for label in found], index=runs.index, dtype=object)


def _capped(label: str) -> str:
    """Shortens a label that is too long for a legend, keeping it unique."""
    if len(label) <= LONGEST:
        return label
    digest = hashlib.sha256(label.encode()).hexdigest()[:6]
    return f"{label[: LONGEST - 9]}… #{digest}"


def _not_searched(runs: pd.DataFrame) -> list[str]:
    """Returns the hyperparameters of each run without those that its search varied."""
    pairs = runs[["searched", "hyperparameters"]].astype(object)
    keys = list(pairs.itertuples(index=False, name=None))
    rest = {}
    for searched, text in set(keys):
        names = searched.split(",")
        values = json.loads(text) if searched else {}
        kept = {name: value for name, value in values.items() if name not in names}
        rest[searched, text] = json.dumps(kept, sort_keys=True) if searched else text
    return [rest[key] for key in keys]


def _search_notes(runs: pd.DataFrame, labels: pd.Series) -> pd.Series:
    """Returns what distinguishes the searches of a method from each other and from other runs.

    Nothing if a method has at most one search on each problem; otherwise the strategy, if necessary
    with the budget and objective, or finally the name of the search.
    """
    notes = pd.Series("", index=runs.index, dtype=object)
    if (runs["search"] == "").all():
        return notes
    table = runs[["problem", "search", "budget", "objective"]].astype(object)
    studies = runs["studies"].astype(object)  # several studies of one method are one search of it
    table["search"] = studies.where(studies != "", table["search"])
    table = table.assign(label=labels, strategy=table["search"].str.partition("__")[0])
    sizes = table.groupby(["problem", "label"])["search"].nunique().groupby("label").max()
    mixed = set(sizes.index[sizes > 1])
    searched = table[table["label"].isin(mixed) & (table["search"] != "")]
    for _, group in searched.groupby("label"):
        notes[group.index] = _telling_note(group)
    return notes


def _telling_note(group: pd.DataFrame) -> pd.Series:
    """Returns the shortest of several notes that distinguishes a method's searches."""
    strategy = " (" + group["strategy"] + " search"
    budget = strategy + ", " + group["budget"].map("{:.0f}".format) + " trials, "
    notes = [strategy + ")", budget + group["objective"] + ")", " (" + group["search"] + ")"]
    searches = group.groupby("problem")["search"].nunique()
    for note in notes:
        if (note.groupby(group["problem"]).nunique() == searches).all():
            return note
    return notes[-1]


def _told_apart(labels: dict[tuple[Any, ...], str], *, by: int) -> dict[tuple[Any, ...], str]:
    """Adds a part of the keys to labels that stand for several values of it."""
    values: dict[str, set[str]] = {}
    for key, label in labels.items():
        values.setdefault(label, set()).add(key[by])
    return {
        key: f"{label} {key[by]}" if len(values[label]) > 1 else label
        for key, label in labels.items()
    }


def _label(run: dict[str, Any]) -> str:
    words = [run["optimizer"]]
    for column, setting in _PARTICULARS.items():
        value = run[column]
        if value in (None, "", setting.default):
            continue
        if setting.kind == "named":
            words.append(_schedule_label(value))
        elif setting.kind == "pairs":
            # all published runs of an optimizer share their hyperparameters
            if run["source"] != "baseline":
                words += [f"{name}={_word(held)}" for name, held in json.loads(value).items()]
        elif setting.kind == "str":
            words.append(value)
        else:
            words.append(setting.name if value is True else f"{setting.name}={_word(value)}")
    if note := _SOURCE_NOTES.get(run["source"]):
        words.append(f"({note})")
    return " ".join(words)


def _schedule_label(schedule: str) -> str:
    """Shows a schedule's canonical JSON like a call: cosine(warmup_epochs=5)."""
    if not schedule.startswith("{"):
        return schedule
    try:
        values: dict[str, Any] = json.loads(schedule)
    except ValueError:  # a name that begins with a brace
        return schedule
    name = values.pop("name", "schedule")
    return f"{name}({', '.join(f'{key}={_word(value)}' for key, value in values.items())})"


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "(" + ", ".join(_word(item) for item in value) + ")"
    return str(value)
