"""Reading of a sweep's configuration, which collects all mistakes."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from deepobs.problems import UnknownProblemError

from ..common import InfeasibleError, UsageError, advice, brief
from ..config import INPUTS, current_names, try_out
from ..optimizers import check_hyperparameters, find_optimizer
from ._grid import expand

# Settings with a field of their own; hyperparameters belong to an optimizer's entry.
_SETTINGS = {item.yaml_field: item for item in INPUTS if item.kind not in ("object", "pairs")}
_FIELDS = tuple(_SETTINGS)
_PROBLEM, _OPTIMIZER = (
    next(item for item in INPUTS if item.name == name) for name in ("problem", "optimizer")
)
MOST_MISTAKES = 10
"""The largest number of mistakes in one message."""

_MOST_COMBINATIONS = 100  # that are tried to see whether an optimizer accepts a value in one
_SOME_RATE = 0.1  # a learning rate for checking an optimizer's other arguments

Choices: TypeAlias = Mapping[str, Sequence[Any]]
"""A field of `RunConfig` or a hyperparameter, with its values."""


@dataclass(frozen=True, kw_only=True)
class OptimizerEntry:
    """One entry of `optimizers`, or the overrides of one."""

    name: Any
    settings: Choices
    hyperparameters: Choices


@dataclass(frozen=True, kw_only=True)
class Override:
    """The overrides of one problem."""

    settings: Choices
    optimizers: Mapping[str, OptimizerEntry]


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A configuration whose fields are valid individually."""

    problems: Sequence[Any]
    optimizers: Sequence[OptimizerEntry]
    settings: Choices
    overrides: Mapping[str, Override]


class Reader:
    """A reader of configurations, which collects a sentence for each mistake in `mistakes`."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def read(self, config: object) -> Configuration:
        """Reads the whole configuration."""
        top = self._mapping(config, "", ("problems", "optimizers", "overrides", *_FIELDS))
        problems = self._problems(top)
        optimizers = self._optimizers(top)
        return Configuration(
            problems=problems,
            optimizers=optimizers,
            settings=self._settings(top, ""),
            overrides=self._overrides(top, optimizers),
        )

    def _mapping(self, value: object, path: str, known: Sequence[str]) -> Mapping[str, Any]:
        """Returns the value as a mapping, with its known keys only."""
        if not isinstance(value, Mapping):
            where, expected = path or "it", ", ".join(known)
            self.mistakes.append(
                f"{where} holds {brief(value)}; expected a mapping with {expected}."
            )
            return {}
        value = current_names(value)  # a sweep written for an earlier version
        for key in value:
            if key not in known:
                self.mistakes.append(f"{_join(path, key)} is not a field; {_advice(key, known)}")
        return {key: value[key] for key in value if key in known}

    def _list(self, top: Mapping[str, Any], name: str, what: str) -> list[Any]:
        value = top.get(name, [])
        entries = list(value) if isinstance(value, (list, tuple)) else [value]
        if not entries:
            fault = "holds []" if name in top else "is missing"
            self.mistakes.append(f"{name} {fault}; expected a list of {what}.")
        return entries

    def _problems(self, top: Mapping[str, Any]) -> list[Any]:
        names = self._list(top, "problems", "test problems")
        for index, name in enumerate(names):
            self._accepts(f"problems[{index}]", name, _PROBLEM.checked)
        return names

    def _optimizers(self, top: Mapping[str, Any]) -> list[OptimizerEntry]:
        entries = self._list(top, "optimizers", "optimizers")
        return [self._optimizer(entry, f"optimizers[{i}]") for i, entry in enumerate(entries)]

    def _optimizer(self, entry: object, path: str) -> OptimizerEntry:
        """Reads one entry: a name, a class, or a mapping with settings."""
        if isinstance(entry, (str, type)):
            self._accepts(path, entry, _OPTIMIZER.checked)
            return OptimizerEntry(name=entry, settings={}, hyperparameters={})
        fields = self._mapping(entry, path, ("name", "hyperparameters", *_FIELDS))
        name, known = fields.get("name"), False
        if "name" in fields:
            known = self._accepts(f"{path}.name", name, _OPTIMIZER.checked)
        elif isinstance(entry, Mapping):
            self.mistakes.append(f"{path}.name is missing; expected an optimizer's name.")
        return OptimizerEntry(
            name=name,
            settings=self._settings(fields, path),
            hyperparameters=self._hyperparameters(fields, path, name, {}) if known else {},
        )

    def _overrides(
        self, top: Mapping[str, Any], optimizers: Sequence[OptimizerEntry]
    ) -> Mapping[str, Override]:
        problems = top.get("problems", [])
        names = [name_of(p) for p in (problems if isinstance(problems, list) else [problems])]
        entries = {name_of(optimizer.name): optimizer for optimizer in optimizers}
        overrides: dict[str, Override] = {}
        for problem, entry in self._mapping(top.get("overrides", {}), "overrides", names).items():
            path = f"overrides.{problem}"
            fields = self._mapping(entry, path, ("optimizers", *_FIELDS))
            inner = f"{path}.optimizers"
            held = self._mapping(fields.get("optimizers", {}), inner, list(entries))
            overrides[problem] = Override(
                settings=self._settings(fields, path),
                optimizers={
                    name: self._override_optimizer(entries[name], value, f"{inner}.{name}")
                    for name, value in held.items()
                },
            )
        return overrides

    def _override_optimizer(
        self, optimizer: OptimizerEntry, entry: object, path: str
    ) -> OptimizerEntry:
        fields = self._mapping(entry, path, ("hyperparameters", *_FIELDS))
        partners = optimizer.hyperparameters
        return OptimizerEntry(
            name=optimizer.name,
            settings=self._settings(fields, path),
            hyperparameters=self._hyperparameters(fields, path, optimizer.name, partners),
        )

    def _settings(self, fields: Mapping[str, Any], path: str) -> Choices:
        """Returns the values of the run's settings in a mapping, each checked individually."""
        settings: dict[str, list[Any]] = {}
        for name, setting in _SETTINGS.items():
            if name not in fields:
                continue
            where, held = _join(path, name), fields[name]
            # The mapping of a single schedule and a list of groups are values, not ranges.
            single = setting.kind == "named" and isinstance(held, Mapping)
            if setting.kind == "texts" and isinstance(held, list):
                single = not any(isinstance(item, list) for item in held)
            values = settings[setting.name] = [held] if single else self._expand(held, where)
            several = isinstance(held, (list, tuple))
            for index, value in enumerate(values):
                self._accepts(f"{where}[{index}]" if several else where, value, setting.checked)
        return settings

    def _hyperparameters(
        self, fields: Mapping[str, Any], path: str, optimizer: Any, partners: Choices
    ) -> Choices:
        """Returns the hyperparameters' values, checked individually and then in combination."""
        path = f"{path}.hyperparameters"
        value = fields.get("hyperparameters", {})
        if not isinstance(value, Mapping):
            self.mistakes.append(f"{path} holds {brief(value)}; expected names and their values.")
            return {}
        grids: dict[str, list[Any]] = {}
        for name, held in value.items():
            pair = _is_pair(optimizer, name, held)
            grids[name] = [held] if pair else self._expand(held, f"{path}.{name}")
        for name, values in grids.items():
            others = {n: held for n, held in {**partners, **grids}.items() if n != name}
            for held in values:
                error = _refused(optimizer, {name: held})
                # SGD accepts nesterov with a momentum only: no mistake if there is one
                if isinstance(error, InfeasibleError) and _accepted(optimizer, name, held, others):
                    continue
                if error is not None:
                    self.mistakes.append(f"{path}.{name} holds {brief(held)}: {error}")
                if len(self.mistakes) > MOST_MISTAKES:
                    return grids
        return grids

    def _expand(self, value: object, path: str) -> list[Any]:
        try:
            return expand(value)
        except ValueError as error:
            self.mistakes.append(f"{path} holds {brief(value)}; {error}")
            return []

    def _accepts(self, path: str, value: object, check: Callable[[Any], object]) -> bool:
        """Returns whether a check accepts a value; adds its message to the mistakes if not."""
        sentence = _refusal(partial(check, value))
        if sentence is not None:
            self.mistakes.append(f"{path} holds {brief(value)}: {sentence}")
        return sentence is None


def name_of(thing: Any) -> str:
    """Returns the name of a problem or an optimizer that is given by name or as an object."""
    if isinstance(thing, str):
        return thing
    return str(getattr(thing, "name", None) or getattr(thing, "__name__", None) or thing)


def _refusal(check: Callable[[], object]) -> str | None:
    """Returns the message of a failed check, else None."""
    try:
        check()
    except (UsageError, UnknownProblemError) as error:
        return str(error)
    return None


def _refused(optimizer: Any, hyperparameters: Mapping[str, Any]) -> UsageError | None:
    """Returns the error for hyperparameters that an optimizer does not accept, else None."""
    found = find_optimizer(optimizer)
    lr = _SOME_RATE if found.takes_lr else None
    try:
        try_out(found, lr, check_hyperparameters(found, lr, hyperparameters))
    except UsageError as error:
        return error
    return None


def _accepted(optimizer: Any, name: str, held: object, others: Choices) -> bool:
    """Returns whether an optimizer accepts a value with some values of the others."""
    known = {
        other: [v for v in values if type(_refused(optimizer, {other: v})) is not UsageError]
        for other, values in others.items()
    }
    choices = [[(other, v) for v in values] for other, values in known.items() if values]
    beside = itertools.islice(itertools.product(*choices), _MOST_COMBINATIONS)
    return any(_refused(optimizer, {**dict(chosen), name: held}) is None for chosen in beside)


def _is_pair(optimizer: Any, name: str, held: object) -> bool:
    """Returns whether a flat list is a single value, such as Adam's `betas`."""
    flat = isinstance(held, (list, tuple)) and not any(isinstance(v, (list, tuple)) for v in held)
    return flat and isinstance(find_optimizer(optimizer).default_of(name), tuple)


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _advice(key: object, known: Sequence[str]) -> str:
    return advice(str(key), known, f"expected one of {', '.join(known)}.")
