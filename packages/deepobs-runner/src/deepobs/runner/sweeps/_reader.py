"""Reads a sweep's configuration field by field and notes every mistake on the way."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from deepobs.problems import UnknownProblemError

from ..common import UsageError
from ..config import RunConfig
from ..optimizers import find_optimizer
from ..schedules import check_schedule
from ._grid import expand

_PLURALS = {"schedules": "schedule", "seeds": "seed"}
_FIELDS = (
    *("lr", "epochs", "batch_size", "weight_decay", "precision", "accumulate"),
    *("clip_norm", "validation", "replay", *_PLURALS),
)

Settings: TypeAlias = Mapping[str, Sequence[Any]]
"""A field of `RunConfig`, or a hyperparameter, and the values that it takes in turn."""


@dataclass(frozen=True, kw_only=True)
class OptimizerEntry:
    """One entry of `optimizers`, or what `overrides` says about one."""

    name: Any
    settings: Settings
    hyperparameters: Settings


@dataclass(frozen=True, kw_only=True)
class Override:
    """What `overrides` says about one problem."""

    settings: Settings
    optimizers: Mapping[str, OptimizerEntry]


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A configuration whose fields are right, each taken by itself."""

    problems: Sequence[Any]
    optimizers: Sequence[OptimizerEntry]
    settings: Settings
    overrides: Mapping[str, Override]


class Reader:
    """Reads a configuration; `mistakes` holds one sentence for each that it found."""

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
        """The value as a mapping, with its known keys only."""
        if not isinstance(value, Mapping):
            where, expected = path or "it", ", ".join(known)
            self.mistakes.append(f"{where} holds {value!r}; expected a mapping with {expected}.")
            return {}
        for key in value:
            if key not in known:
                self.mistakes.append(f"{_join(path, key)} is no field; {_advice(key, known)}")
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
            self._accepts(f"problems[{index}]", name, problem=name)
        return names

    def _optimizers(self, top: Mapping[str, Any]) -> list[OptimizerEntry]:
        entries = self._list(top, "optimizers", "optimizers")
        return [self._optimizer(entry, f"optimizers[{i}]") for i, entry in enumerate(entries)]

    def _optimizer(self, entry: object, path: str) -> OptimizerEntry:
        """One entry: a name or a class alone, or a mapping with its settings."""
        if isinstance(entry, (str, type)):
            known = self._accepts(path, entry, optimizer=entry)
            return OptimizerEntry(name=entry, settings={}, hyperparameters={})
        fields = self._mapping(entry, path, ("name", "hyperparameters", *_FIELDS))
        name, known = fields.get("name"), False
        if "name" in fields:
            known = self._accepts(f"{path}.name", name, optimizer=name)
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

    def _settings(self, fields: Mapping[str, Any], path: str) -> Settings:
        """The values of the run's fields that a mapping holds, each checked by itself."""
        settings: dict[str, list[Any]] = {}
        for name in _FIELDS:
            if name not in fields:
                continue
            where, field, held = _join(path, name), _PLURALS.get(name, name), fields[name]
            # The mapping of a single schedule is a value and no range.
            single = name == "schedules" and isinstance(held, Mapping)
            settings[field] = [held] if single else self._expand(held, where)
            several = isinstance(held, (list, tuple))
            for index, value in enumerate(settings[field]):
                place = f"{where}[{index}]" if several else where
                self._accepts(place, value, **_probe(field, value))
        return settings

    def _hyperparameters(
        self, fields: Mapping[str, Any], path: str, optimizer: Any, partners: Settings
    ) -> Settings:
        """The hyperparameters' values, each checked by itself, then beside the others."""
        path = f"{path}.hyperparameters"
        value = fields.get("hyperparameters", {})
        if not isinstance(value, Mapping):
            self.mistakes.append(f"{path} holds {value!r}; expected names and their values.")
            return {}
        grids: dict[str, list[Any]] = {}
        for name, held in value.items():
            pair = _is_pair(optimizer, name, held)
            grids[name] = [held] if pair else self._expand(held, f"{path}.{name}")
        first = {name: values[0] for name, values in {**partners, **grids}.items() if values}
        good = {n: v for n, v in first.items() if _sentence(optimizer, {n: v}) is None}
        for name, values in grids.items():
            for held in values:
                sentence = _sentence(optimizer, {name: held})
                # nesterov is right only beside a momentum
                if sentence and _sentence(optimizer, {**good, name: held}):
                    self.mistakes.append(f"{path}.{name} holds {held!r}: {sentence}")
        return grids

    def _expand(self, value: object, path: str) -> list[Any]:
        try:
            return expand(value)
        except ValueError as error:
            self.mistakes.append(f"{path} holds {value!r}; {error}")
            return []

    def _accepts(self, path: str, value: object, **fields: Any) -> bool:
        """Whether a run accepts these fields; its sentence is noted if not."""
        sentence = _refusal(**fields)
        if sentence is not None:
            self.mistakes.append(f"{path} holds {value!r}: {sentence}")
        return sentence is None


def name_of(thing: Any) -> str:
    """The name of a problem or an optimizer that is given by name or as an object."""
    if isinstance(thing, str):
        return thing
    return str(getattr(thing, "name", None) or getattr(thing, "__name__", None) or thing)


def _refusal(**fields: Any) -> str | None:
    """The sentence with which a run that is otherwise right refuses these fields, if it does."""
    try:
        if "schedule" in fields:  # whether it fits the run's length is seen with the whole run
            check_schedule(fields.pop("schedule"))
        RunConfig(**{"problem": "quadratic_deep", "optimizer": "SGD", "lr": 0.1, **fields})
    except (UsageError, UnknownProblemError) as error:
        return str(error)
    return None


def _sentence(optimizer: Any, hyperparameters: Mapping[str, Any]) -> str | None:
    return _refusal(optimizer=optimizer, hyperparameters=hyperparameters)


def _probe(field: str, value: Any) -> dict[str, Any]:
    """A run in which the field's value is right unless it is wrong in every run."""
    if field == "weight_decay":
        return {"problem": "cifar10_3c3d", field: value}  # one that has a regularizer
    if field == "accumulate" and isinstance(value, int) and value > 0:
        return {"batch_size": value, field: value}
    return {field: value}


def _is_pair(optimizer: Any, name: str, held: object) -> bool:
    """Whether a flat list is one value, as Adam's `betas` is, rather than a list of values."""
    flat = isinstance(held, (list, tuple)) and not any(isinstance(v, (list, tuple)) for v in held)
    return flat and isinstance(find_optimizer(optimizer).default_of(name), tuple)


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _advice(key: object, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(key), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}."
