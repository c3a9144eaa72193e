"""Tuned settings as text, such that equal settings have equal texts."""

from __future__ import annotations

import json

import pandas as pd

from ..config import SETTINGS

# The settings of a method among which the best is chosen.
_SETTING_COLUMNS = tuple(item.column for item in SETTINGS if item.role == "tuned")

#: The setting of the runs that several studies of one method chose: together they are its result.
STUDIES_CHOICE = "learning_rate=nan chosen by each study"


def setting_texts(runs: pd.DataFrame) -> pd.Series:
    """Returns the tuned settings of each run as text, the learning rate first.

    Args:
        runs: One row per run.

    Returns:
        The settings, indexed as `runs`; `STUDIES_CHOICE` of what several studies chose.
    """
    columns = [
        runs[name].map("{:.10e}".format) if name == "learning_rate" else runs[name].map(str)
        for name in _SETTING_COLUMNS
    ]
    parts = [
        name + "=" + text.astype(object)
        for name, text in zip(_SETTING_COLUMNS, columns, strict=True)
    ]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + " " + part
    texts = joined + _searched_values(runs)
    return texts.mask(chosen_in_studies(runs), STUDIES_CHOICE)


def chosen_in_studies(runs: pd.DataFrame) -> pd.Series:
    """Tells which runs are those that several studies of one method chose, each its own.

    Args:
        runs: Rows with the columns `studies` and `role`.

    Returns:
        One flag per row.
    """
    return (runs["studies"] != "") & (runs["role"] == "best")


def _searched_values(runs: pd.DataFrame) -> pd.Series:
    """Returns the hyperparameters that a search varied, as text: they are tuned as rates are."""
    texts = {}
    pairs = runs[["searched", "hyperparameters"]].astype(object)
    keys = list(pairs.itertuples(index=False, name=None))
    for searched, hyperparameters in set(keys):
        values = json.loads(hyperparameters) if searched else {}
        names = searched.split(",") if searched else []
        words = [f" {name}={json.dumps(values.get(name))}" for name in names]
        texts[searched, hyperparameters] = "".join(words)
    return pd.Series([texts[key] for key in keys], index=runs.index, dtype=object)


def same_rate(rates: pd.Series) -> pd.Series:
    """Rounds learning rates to the eleven digits of folder names, at which `setting`s are compared.

    Args:
        rates: Learning rates.

    Returns:
        Rates that are equal where they count as equal.
    """
    return rates.map(lambda rate: float(f"{rate:.10e}"))


def all_but_rate(setting: str) -> str:
    """Removes the learning rate from a setting, to compare the other settings.

    Args:
        setting: A setting as `per_run` writes it, the learning rate first.

    Returns:
        The rest of it.
    """
    return setting.partition(" ")[2]
