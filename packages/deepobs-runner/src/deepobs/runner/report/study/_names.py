"""Names of metrics, axes and elements in figures, text and page."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PHASES = {"test": "Test", "train": "Training", "valid": "Validation"}
# Metrics whose names are written otherwise than as words with spaces.
_SPELLED = {"rmse": "RMSE", "map": "mAP", "relative_l2_error": "relative L2 error"}

AXIS_NAMES = {
    "epoch": "Epoch",
    "steps": "Step",
    "examples": "Example",
    "tokens": "Token",
    "seconds": "Seconds of training",
    "passes": "Gradient evaluations",
}
AXIS_COUNTS = {
    "epoch": "epochs",
    "steps": "steps",
    "examples": "examples",
    "tokens": "tokens",
    "seconds": "seconds of training",
    "passes": "gradient evaluations",
}


def spelled(name: str) -> str:
    """Returns a metric's name as it is written in a sentence: "relative L2 error".

    Args:
        name: The metric's name, such as "relative_l2_error".
    """
    return _SPELLED.get(name, name.replace("_", " "))


def metric_label(metric: str) -> str:
    """Returns what a column of the frame holds: "Test accuracy"."""
    phase, _, name = metric.partition("_")
    return f"{_PHASES[phase]} {spelled(name)}"


def percent(metric: str) -> float:
    """Returns the factor of displayed values: 100 for accuracies (per cent), else 1."""
    return 100.0 if metric.endswith("accuracy") else 1.0


def axis_label(metric: str) -> str:
    """Returns a metric's name for an axis."""
    return metric_label(metric) + (" (%)" if percent(metric) != 1 else "")


def in_sentence(metric: str) -> str:
    """Returns a metric's name for use within a sentence: "final test loss"."""
    label = axis_label(metric)
    return label[0].lower() + label[1:]


def identifiers(names: Iterable[str], prefix: str) -> dict[str, str]:
    """Returns a unique identifier for each name, safe in HTML and URLs.

    Args:
        names: Any texts.
        prefix: What identifiers start with.

    Returns:
        The identifiers by name.
    """
    given: dict[str, str] = {}
    for name in names:
        slug = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-") or "unnamed"
        identifier, number = f"{prefix}-{slug}", 1
        while identifier in given.values():
            number += 1
            identifier = f"{prefix}-{slug}-{number}"
        given[name] = identifier
    return given
