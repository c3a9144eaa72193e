"""Paths as a user writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..common import is_address


class UserPath(click.Path):
    """A path; `~` stands for the home folder, which no shell expands in `--results=~/x`."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the path, its home folder written out; refuses an empty one."""
        if value == "":  # such as that of a shell's variable which is not set
            self.fail("The path is empty.", param, ctx)
        if is_address(value):
            self.fail(f"{value} is an address, but this must be a path on a disk.", param, ctx)
        path: Any = super().convert(value, param, ctx)
        try:
            return path.expanduser()
        except RuntimeError:
            self.fail(f"{str(value)!r} names a home folder that cannot be found.", param, ctx)


class ResultsPath(UserPath):
    """A results folder: a path, or an address in object storage, which stays a text."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the path or the address."""
        return value if is_address(value) else super().convert(value, param, ctx)
