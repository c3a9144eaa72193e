"""The bundles of a leaderboard: checked, and merged by protocol and length."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..bundles import Content, SearchFile, read_content, verify
from ..common import UsageError
from ..results import extract


@dataclass(frozen=True, kw_only=True)
class Group:
    """The results that compare: those of one protocol and length.

    Attributes:
        folder: Results folder with the searches and their records.
        protocol: The protocol's definition.
        length: Length of the runs, as a multiple of each problem's own.
        bundles: A row per bundle: `name`, `methods`, and the numbers of `problems`, `searches` and
            `runs`, and `sha256`.
    """

    folder: Path
    protocol: Mapping[str, Any]
    length: float
    bundles: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The protocol with its version and the length, where they are not the usual ones."""
        version, usual = self.protocol["version"], self.protocol["lengths"][:1]
        words = str(self.protocol["name"]) + (f"-v{version}" if version != 1 else "")
        return words if [self.length] == usual else f"{words}-length-{self.length:g}"

    @property
    def size(self) -> int:
        """Number of searches."""
        return sum(row["searches"] for row in self.bundles)


def merge(bundles: Sequence[Path], folder: Path) -> list[Group]:
    """Checks bundles and merges their results.

    Args:
        bundles: The bundles. Of a search that is in several, the first one counts.
        folder: An empty folder for their content.

    Returns:
        The groups, the one with the most searches first.

    Raises:
        UsageError: If a bundle is broken, or two of them hold different optimizers of one name.
    """
    groups: dict[str, Group] = {}
    sources: dict[str, tuple[frozenset[str], Path]] = {}
    for place, bundle in enumerate(bundles):
        content = _checked(bundle, folder / f"bundle-{place}")
        for search in content.searches:
            _check_source(search, bundle, sources)
        _add(content, bundle, groups, folder)
    return sorted(groups.values(), key=lambda group: (-group.size, group.name))


def _checked(bundle: Path, folder: Path) -> Content:
    """Returns the content of a bundle."""
    try:
        faults = verify(bundle).faults
        extract(bundle, folder)
    except (UsageError, OSError) as error:
        raise UsageError(f"The bundle {bundle.name} cannot be read: {error}") from error
    if faults:
        others = len(faults) - 1
        word = "fault" if others == 1 else "faults"
        more = f" It has {others} other {word}; `deepobs verify` lists all." if others else ""
        raise UsageError(f"The bundle {bundle.name} is broken: {faults[0]}{more}")
    return read_content(folder)


def _check_source(
    search: SearchFile, bundle: Path, sources: dict[str, tuple[frozenset[str], Path]]
) -> None:
    """Raises `UsageError` if an optimizer of the same name has another source elsewhere."""
    name = search.content["optimizer"]
    held = frozenset(named["sha256"] for named in search.sources)
    other, where = sources.setdefault(name, (held, bundle))
    if held != other:
        raise UsageError(
            f"{where.name} and {bundle.name} hold different optimizers called {name}; rename one."
        )


def _add(content: Content, bundle: Path, groups: dict[str, Group], folder: Path) -> None:
    """Copies the searches of a bundle that are new, with their records, into their groups."""
    places = content.by_run()
    rows: dict[str, list[SearchFile]] = {}
    for search in content.searches:
        found = Group(
            folder=folder, protocol=search.content["protocol"], length=search.content["length"]
        )
        group = groups.setdefault(
            found.name,
            Group(folder=folder / found.name, protocol=found.protocol, length=found.length),
        )
        target = _inside(group, search.file, search.root)
        if target.exists():
            continue
        _copy(content, search.file, target)
        for run in search.runs:
            file = places[search.root, run][0]
            _copy(content, file, _inside(group, file, search.root))
        rows.setdefault(group.name, []).append(search)
    digest = hashlib.sha256(bundle.read_bytes()).hexdigest()
    for name, searches in rows.items():
        methods = sorted({search.content["optimizer"] for search in searches})
        problems = {search.content["problem"] for search in searches}
        groups[name].bundles.append(
            {
                "name": bundle.name,
                "methods": methods,
                "problems": len(problems),
                "runs": sum(len(search.runs) for search in searches),
                "sha256": digest,
                "searches": len(searches),
            }
        )


def _inside(group: Group, file: str, root: str) -> Path:
    return group.folder / PurePosixPath(file).relative_to(root or ".")


def _copy(content: Content, file: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(content.folder / file, target)
