"""The `deepobs` command."""

from ._main import group, main

__all__ = ["group", "main"]
