"""Names of metrics, axes and elements in figures, text and page."""

from __future__ import annotations

import re
from collections.abc import Iterable

NAMES = {
    "test_loss": "Test loss",
    "train_loss": "Training loss",
    "valid_loss": "Validation loss",
    "test_accuracy": "Test accuracy",
    "train_accuracy": "Training accuracy",
    "valid_accuracy": "Validation accuracy",
}


AXIS_NAMES = {
    "epoch": "Epoch",
    "steps": "Step",
    "seconds": "Seconds of training",
    "passes": "Gradient evaluations",
}
AXIS_COUNTS = {
    "epoch": "epochs",
    "steps": "steps",
    "seconds": "seconds of training",
    "passes": "gradient evaluations",
}


def percent(metric: str) -> float:
    """Returns the factor of displayed values: 100 for accuracies (per cent), else 1."""
    return 100.0 if metric.endswith("accuracy") else 1.0


def axis_label(metric: str) -> str:
    """Returns a metric's name for an axis."""
    return NAMES[metric] + (" (%)" if percent(metric) != 1 else "")


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
