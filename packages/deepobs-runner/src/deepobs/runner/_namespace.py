"""Raises an error if DeepOBS 1.x is installed, whose `deepobs/__init__.py` hides this package."""

import sys

_OLD = getattr(sys.modules.get("deepobs"), "__file__", None)  # a namespace package has no file
if _OLD is not None:
    raise ImportError(
        f"{_OLD} belongs to DeepOBS 1.x, which hides deepobs-runner: run `pip uninstall deepobs`."
    )
