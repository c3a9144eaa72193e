"""The methods' numbers of epochs."""

from __future__ import annotations

from ._study import Study


def epochs_by_method(study: Study, problem: str) -> dict[int, list[str]]:
    """Groups a problem's methods by the number of epochs that they were trained for.

    Args:
        study: The study.
        problem: The problem's name.

    Returns:
        The methods by number of epochs, the smallest first; without those whose files do not have
        it. With several groups, final values also reflect the length of training.
    """
    groups: dict[int, list[str]] = {}
    for setting in study.chosen_on(problem):
        epochs = study.runs.rows[setting.runs[0]]["num_epochs"]
        if epochs == epochs:  # not every file says it
            groups.setdefault(int(epochs), []).append(setting.method)
    return dict(sorted(groups.items()))
