"""Names of metrics, axes and elements, as figures, text and page share them."""

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


AXIS_NAMES = {"epoch": "Epoch", "steps": "Step", "seconds": "Seconds of training"}
AXIS_COUNTS = {"epoch": "epochs", "steps": "steps", "seconds": "seconds of training"}


def percent(metric: str) -> float:
    """The factor that turns a metric's values into what is shown: per cent for accuracies."""
    return 100.0 if metric.endswith("accuracy") else 1.0


def axis_label(metric: str) -> str:
    """Returns a metric's name as an axis shows it."""
    return NAMES[metric] + (" (%)" if percent(metric) != 1 else "")


def in_sentence(metric: str) -> str:
    """Returns a metric's name as it stands behind another word: "final test loss"."""
    label = axis_label(metric)
    return label[0].lower() + label[1:]


def identifiers(names: Iterable[str], prefix: str) -> dict[str, str]:
    """Gives each name an identifier that is safe in HTML and in an address, and its own.

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
