"""The plan of a sweep: its checked configuration and its runs."""

import itertools
import math
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..common import InfeasibleError, UsageError
from ..config import RunConfig
from ._reader import (
    MOST_MISTAKES,
    Choices,
    Configuration,
    OptimizerEntry,
    Override,
    Reader,
    name_of,
)
from ._yaml import read_yaml

MOST_RUNS = 10_000
"""The largest number of runs of a sweep without confirmation."""

_NO_OVERRIDE = Override(settings={}, optimizers={})


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A combination of settings that is not run, because the optimizer refuses it.

    Attributes:
        settings: The settings, by name.
        hyperparameters: The hyperparameters, by name.
        message: Why the optimizer refuses them.
    """

    settings: Mapping[str, Any]
    hyperparameters: Mapping[str, Any]
    message: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The runs of a sweep.

    Attributes:
        runs: Every run once, ordered by problem, optimizer, schedule, other settings and seed.
        left_out: The combinations of settings that an optimizer refuses.
    """

    runs: Sequence[RunConfig]
    left_out: Sequence[LeftOut]


def read_plan(config: str | Path | Mapping[str, Any], *, yes: bool = False) -> Plan:
    """Reads a sweep's configuration and lists its runs.

    Args:
        config: A YAML file, or its content as a mapping; see `docs/sweeps.md`.
        yes: Whether to allow more than `MOST_RUNS` runs.

    Returns:
        The runs, and the combinations that are left out.

    Raises:
        UsageError: If the configuration is wrong or has too many runs. The message has a line for
            each of the first ten mistakes: the field's path, its value and what is expected.
    """
    source = "The sweep's configuration" if isinstance(config, Mapping) else str(config)
    reader = Reader()
    configuration = reader.read(config if isinstance(config, Mapping) else read_yaml(Path(config)))
    _raise(source, reader.mistakes)
    count = sum(
        math.prod(map(len, (*settings.values(), *hyperparameters.values())))
        for _, _, _, settings, hyperparameters in _entries(configuration)
    )
    if count > MOST_RUNS and not yes:
        raise UsageError(
            f"{source} stands for {count:,} runs, more than {MOST_RUNS:,}; if that is intended, "
            "confirm it with --yes (yes=True in Python)."
        )
    plan, mistakes = _combine(configuration)
    _raise(source, mistakes)
    return plan


def _raise(source: str, mistakes: Sequence[str]) -> None:
    mistakes = list(dict.fromkeys(mistakes))
    if len(mistakes) == 1:
        raise UsageError(f"{source}: {mistakes[0]}")
    if mistakes:
        lines = "\n".join(f"  {mistake}" for mistake in mistakes[:MOST_MISTAKES])
        first = f", of which the first {MOST_MISTAKES} are" if mistakes[MOST_MISTAKES:] else ""
        raise UsageError(f"{source} has {len(mistakes)} mistakes{first}:\n{lines}")


def _entries(
    configuration: Configuration,
) -> Iterator[tuple[str, Any, OptimizerEntry, Choices, Choices]]:
    """Yields each optimizer on each problem, with its place, settings and hyperparameters."""
    entries = itertools.product(configuration.problems, enumerate(configuration.optimizers))
    for problem, (index, optimizer) in entries:
        where = f"optimizers[{index}] ({name_of(optimizer.name)}) on {name_of(problem)}"
        yield where, problem, optimizer, *_resolve(configuration, problem, optimizer)


def _combine(configuration: Configuration) -> tuple[Plan, list[str]]:
    """Returns the plan, and the mistakes that concern combinations of settings.

    Combinations that the optimizer refuses are left out, unless it refuses all of an entry.
    """
    runs: dict[str, RunConfig] = {}
    left_out: list[LeftOut] = []
    mistakes: list[str] = []
    for where, problem, optimizer, settings, hyperparameters in _entries(configuration):
        if "lr" not in settings:
            expected = "expected one there, in overrides, or for the whole sweep"
            mistakes.append(f"{where} has no lr; {expected}.")
            continue
        accepted, refused = 0, []
        names = {"problem": name_of(problem), "optimizer": name_of(optimizer.name)}
        for choice, chosen in itertools.product(_product(settings), _product(hyperparameters)):
            fields = {"problem": problem, "optimizer": optimizer.name, **choice}
            try:
                run = RunConfig(hyperparameters=chosen, **fields)
            except InfeasibleError as error:
                settings_refused = {**names, **choice}
                refused.append(
                    LeftOut(settings=settings_refused, hyperparameters=chosen, message=str(error))
                )
            except UsageError as error:
                mistakes.append(f"{where}: {error}")
                if len(mistakes) > MOST_MISTAKES:
                    break
            else:
                runs[run.run_id] = run
                accepted += 1
        if refused and not accepted:
            mistakes.append(f"{where}: {refused[0].message}")
        left_out += refused
        if len(mistakes) > MOST_MISTAKES:
            break
    return Plan(runs=tuple(runs.values()), left_out=tuple(left_out)), mistakes


def _resolve(
    configuration: Configuration, problem: Any, optimizer: OptimizerEntry
) -> tuple[Choices, Choices]:
    """Returns an optimizer's settings and hyperparameters on a problem, overrides applied."""
    override = configuration.overrides.get(name_of(problem), _NO_OVERRIDE)
    scopes = [override.settings, optimizer.settings, configuration.settings]
    hyperparameters = dict(optimizer.hyperparameters)
    nearest = override.optimizers.get(name_of(optimizer.name))
    if nearest is not None:
        scopes.insert(0, nearest.settings)
        hyperparameters.update(nearest.hyperparameters)
    return ChainMap(*(dict(scope) for scope in scopes)), hyperparameters


def _product(settings: Choices) -> Iterator[dict[str, Any]]:
    """Returns every combination of values; the schedule varies slowest, the seed fastest."""
    names = sorted(settings, key=lambda name: (name == "seed", name != "schedule", name))
    for values in itertools.product(*(settings[name] for name in names)):
        yield dict(zip(names, values, strict=True))
