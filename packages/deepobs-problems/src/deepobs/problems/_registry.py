"""Problems by name, including those that installed packages add."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from deepobs.data import did_you_mean

from ._problem import Problem


class UnknownProblemError(KeyError):
    """Raised for an unknown name of a problem; the message suggests the nearest names."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show its repr, in quotes


class BrokenPluginWarning(UserWarning):
    """Warns that a problem of an installed package cannot be used and is left out."""


class Catalogue(Mapping[str, Problem]):
    """Problems by name: those of this package, then those that installed packages add.

    A package adds problems with entry points in the group ``deepobs.problems``, each the path of a
    `Problem`. They are loaded when an unknown name is looked up or when the catalogue is listed. A
    broken plug-in is left out with a warning, so that the other problems remain usable.

    Args:
        problems: The problems of this package, in the order in which they are listed.

    Attributes:
        ours: The problems of this package by name, without those that installed packages add.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.ours: Mapping[str, Problem] = MappingProxyType({p.name: p for p in problems})

    @cached_property
    def _added(self) -> dict[str, Problem]:
        found: dict[str, Problem] = {}
        for entry in entry_points(group="deepobs.problems"):
            try:
                problem = self._load(entry, found)
            except Exception as error:  # noqa: BLE001 - a stranger's module may raise anything
                place = f"{entry.name} = {entry.value}"
                said = " ".join(f"{type(error).__name__}: {error}".split())
                message = f"Left out the test problem {place}: {said}"
                warnings.warn(message, BrokenPluginWarning, stacklevel=4)
            else:
                found[problem.name] = problem
        return found

    def _load(self, entry: EntryPoint, found: Mapping[str, Problem]) -> Problem:
        problem = entry.load()
        if not isinstance(problem, Problem):
            raise TypeError(f"it is a {type(problem).__name__}, not a deepobs.problems.Problem")
        if problem.name in self.ours or problem.name in found:
            raise ValueError(f"there is a problem named {problem.name}; give it another name")
        return problem

    def __getitem__(self, name: str) -> Problem:
        if name in self.ours:
            return self.ours[name]
        if name in self._added:
            return self._added[name]
        raise UnknownProblemError(_not_found(name, list(self)))

    def __iter__(self) -> Iterator[str]:
        yield from self.ours
        yield from self._added

    def __len__(self) -> int:
        return len(self.ours) + len(self._added)

    def __contains__(self, name: object) -> bool:
        return name in self.ours or name in self._added


_LONGEST_NAME = 80  # that a message shows


def _not_found(name: str, names: list[str]) -> str:
    advice = did_you_mean(name, names, "`deepobs list` shows what there is.")
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    return f"There is no test problem named {shown!r}; {advice}"
