"""Paths as a user writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class UserPath(click.Path):
    """A path; `~` stands for the home folder, which no shell expands in `--results=~/x`."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the path, its home folder written out; refuses an empty one."""
        if value == "":  # such as that of a shell's variable which is not set
            self.fail("The path is empty.", param, ctx)
        path: Any = super().convert(value, param, ctx)
        try:
            return path.expanduser()
        except RuntimeError:
            self.fail(f"{str(value)!r} names a home folder that cannot be found.", param, ctx)
