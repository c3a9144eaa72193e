"""Runs grouped by setting, and the setting that stands for each method."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ._runs import Runs


@dataclass(frozen=True)
class Setting:
    """Runs of one method on one problem that differ in nothing but their seed.

    Attributes:
        problem: The problem's name.
        method: The method's label.
        learning_rate: The learning rate.
        runs: Their places in the `Runs`.
    """

    problem: str
    method: str
    learning_rate: float
    runs: list[int]


def all_settings(runs: Runs) -> dict[tuple[str, str, str], Setting]:
    """Groups runs that differ in nothing but their seed.

    Args:
        runs: All runs.

    Returns:
        The settings by problem, method and setting.
    """
    settings: dict[tuple[str, str, str], Setting] = {}
    for run, row in enumerate(runs.rows):
        problem, method, rate = row["problem"], row["method"], float(row["learning_rate"])
        setting = settings.setdefault(
            (problem, method, row["setting"]), Setting(problem, method, rate, [])
        )
        setting.runs.append(run)
    return settings


def chosen_settings(
    settings: dict[tuple[str, str, str], Setting], tuned: pd.DataFrame
) -> list[Setting]:
    """Picks the settings that stand for their methods.

    Args:
        settings: All settings.
        tuned: The choice, as `analysis.tuned_settings` returns it.

    Returns:
        One setting per problem and method, in the choice's order.
    """
    keys = tuned[["problem", "method", "setting"]].itertuples(index=False, name=None)
    return [settings[key] for key in keys]
