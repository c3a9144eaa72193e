"""The optimizers of a benchmark, with their spaces, hyperparameters and sources."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from ..optimizers import FoundOptimizer, OptimizerLike, find_optimizer


@dataclass(frozen=True, kw_only=True)
class Source:
    """The source of a user's optimizer: the file that defines it.

    Attributes:
        file: The file's name, without its folder.
        text: Its content.
    """

    file: str
    text: str

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Method:
    """An optimizer of a benchmark.

    Attributes:
        optimizer: The optimizer, as `run` takes it.
        space: Its search space; None for that of the protocol or of the reference table.
        hyperparameters: Hyperparameters of all its runs.
        only_taken_over: Whether it is only compared if there are reference results for it.
    """

    optimizer: OptimizerLike
    space: Sequence[str] | Mapping[str, Any] | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    only_taken_over: bool = False

    @cached_property
    def found(self) -> FoundOptimizer:
        """The optimizer as it was found."""
        return find_optimizer(self.optimizer)

    @property
    def name(self) -> str:
        """Its name, with the hyperparameters that were given."""
        given = "".join(f" {name}={value}" for name, value in self.hyperparameters.items())
        return f"{self.found.name}{given}"

    @property
    def has_own_schedule(self) -> bool:
        """Whether it changes its learning rate or averages its weights by a schedule of its own.

        That is so for schedule-free optimizers, and for a class with `own_schedule = True`.
        """
        return _has_own_schedule(self.found)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The files that define it, unless it comes from a released package."""
        files: dict[str, Source] = {}
        found: FoundOptimizer | None = self.found
        while found is not None:
            made = found.make.func if isinstance(found.make, partial) else found.make
            if (source := _source_of(made)) is not None:
                files[source.file] = source
            found = found.base
        return tuple(files.values())


def _has_own_schedule(found: FoundOptimizer) -> bool:
    made = found.make.func if isinstance(found.make, partial) else found.make
    said = getattr(made, "own_schedule", None)
    if said is not None:
        return bool(said)
    path = f"{made.__module__}.{getattr(made, '__qualname__', '')}".lower()
    return "schedulefree" in path or (found.base is not None and _has_own_schedule(found.base))


def _source_of(made: Any) -> Source | None:
    """Returns the file of a class or recipe; None for a package's, whose version says enough.

    A package that is installed from its working folder (`pip install -e`) is a user's own.
    """
    if made.__module__.partition(".")[0] in ("torch", "deepobs"):
        return None
    try:
        path = Path(inspect.getsourcefile(made) or "").resolve()
        if {"site-packages", "dist-packages"}.intersection(path.parts):
            return None
        return Source(file=path.name, text=path.read_text(encoding="utf-8"))
    except (TypeError, OSError, ValueError):  # of an interactive session
        return None
