"""The data sets that come with this package; `embedded/ORIGIN.md` has origins and licences."""

from __future__ import annotations

import importlib.resources
from typing import IO


def open_embedded(file: str) -> IO[bytes]:
    """Opens a file of the folder `embedded`."""
    return (importlib.resources.files(__package__) / "embedded" / file).open("rb")
