"""What the loggers have in common."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..common import UsageError
from ..config import RunConfig


def needed(module: str, extra: str) -> Any:
    """Imports what an extra brings.

    Raises:
        UsageError: It is not installed; the message says how to.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise UsageError(
            f"The logger {extra} needs a package that is not installed ({error.name}); "
            f'install it with: pip install "deepobs-runner[{extra}]"'
        ) from error


def run_name(config: RunConfig) -> str:
    """A name that tells a person what the run is, and no two runs share."""
    return f"{config.problem_name}-{config.optimizer_name}-{config.seed}-{config.run_id}"
