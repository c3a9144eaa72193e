"""What defines a run: its configuration, checked, and its identity."""

from ._run_config import RunConfig

__all__ = ["RunConfig"]
