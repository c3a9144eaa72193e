"""Parameter groups: selection of parameters and their settings."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from deepobs.models import Role

from ..common import UsageError, brief, canonical, number, read_value, unknown
from ._check import check_hyperparameters
from ._find import FoundOptimizer, find_optimizer
from ._parameters import NamedParameter

_SELECTORS = ("role", "name", "ndim", "depth")
_REST = "rest"
_KEYS = (*_SELECTORS, "optimizer", "lr_factor", "depth_factor", "hyperparameters")


@dataclass(frozen=True)
class Group:
    """A group of parameters: its selectors and its settings.

    A parameter matches if it matches one of the values of every selector. A group without selectors
    takes all parameters that are in no earlier group.

    Attributes:
        role: Roles, as `deepobs.models.Role` names them.
        name: Patterns of names, in which `*` matches anything.
        ndim: Number of dimensions.
        depth: Depths, as `deepobs.models.parameter_depths` counts them; negative from the end.
        optimizer: The group's optimizer; None for the run's optimizer.
        lr_factor: Factor of the learning rate.
        depth_factor: A further factor for each layer between a parameter and the deepest one.
        hyperparameters: Hyperparameters of these parameters' optimizer, by name.
    """

    role: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    ndim: tuple[int, ...] = ()
    depth: tuple[int, ...] = ()
    optimizer: str | None = None
    lr_factor: float = 1.0
    depth_factor: float = 1.0
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)

    def chooses(self, item: NamedParameter, deepest: int) -> bool:
        """Returns whether a parameter matches the group's selectors.

        Args:
            item: The parameter.
            deepest: The largest depth in the model.
        """
        depths = [depth if depth >= 0 else deepest + 1 + depth for depth in self.depth]
        return (
            (not self.role or item.role in self.role)
            and (not self.name or any(fnmatchcase(item.name, p) for p in self.name))
            and (not self.ndim or item.parameter.ndim in self.ndim)
            and (not self.depth or item.depth in depths)
        )

    def __str__(self) -> str:
        """Returns the group as text for `parse_group`; `rest` without selectors and settings."""
        words = {name: ",".join(map(str, values)) for name, values in self._selected().items()}
        if self.optimizer is not None:
            words["optimizer"] = self.optimizer
        for factor in ("lr_factor", "depth_factor"):
            if getattr(self, factor) != 1:
                words[factor] = repr(getattr(self, factor))
        words |= {name: _written(value) for name, value in self.hyperparameters.items()}
        return " ".join(shlex.quote(f"{name}={text}") for name, text in words.items()) or _REST

    def _selected(self) -> dict[str, tuple[Any, ...]]:
        return {n: getattr(self, n) for n in _SELECTORS if getattr(self, n)}


def read_groups(groups: Any) -> list[Mapping[str, Any]]:
    """Returns groups as mappings with the attributes of `Group` by name.

    Args:
        groups: A list of such mappings, or of texts as `parse_group` reads them.

    Raises:
        UsageError: If it is not such a list, or a group has an unknown key.
    """
    if not isinstance(groups, (list, tuple)):
        raise UsageError(f"groups must be a list of mappings or strings, not {brief(groups)}.")
    read = []
    for group in groups:
        content = parse_group(group) if isinstance(group, str) else group
        if not isinstance(content, Mapping):
            raise UsageError(f"A group must be a mapping or a string, not {brief(group)}.")
        for key in content:
            if key not in _KEYS:
                raise unknown("key of a group", str(key), _KEYS, f"there are {', '.join(_KEYS)}.")
        read.append(content)
    return read


def check_groups(groups: Any, found: FoundOptimizer, lr: float | None) -> tuple[Group, ...]:
    """Returns groups in canonical form.

    Args:
        groups: Groups as for `read_groups`.
        found: The run's optimizer.
        lr: The run's learning rate.

    Raises:
        UsageError: If a group has an unknown key or a wrong value.

    Example:
        >>> groups = ["role=bias,gain weight_decay=0", "rest"]
        >>> check_groups(groups, find_optimizer("AdamW"), 0.001)[0].role
        ('bias', 'gain')
    """
    return tuple(_checked(group, found, lr) for group in read_groups(groups))


def parse_group(text: str) -> dict[str, Any]:
    """Returns the group that a text of the command describes.

    `"role=bias,gain weight_decay=0"` is a group of biases and gains without weight decay, and
    `"rest"` the group of all remaining parameters. Names that are not attributes of `Group` are
    hyperparameters.

    Args:
        text: `NAME=VALUE` pairs, separated by spaces.

    Raises:
        UsageError: If a word does not have that form, or a name occurs twice.
    """
    group: dict[str, Any] = {}
    hyperparameters: dict[str, Any] = {}
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"group {brief(text)} cannot be read: {error}.") from error
    for word in [] if words == [_REST] else words:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise UsageError(f"group {brief(text)}: {brief(word)} is not of the form NAME=VALUE.")
        target = group if name in _KEYS and name != "hyperparameters" else hyperparameters
        if name in target:
            raise UsageError(f"group {brief(text)} gives {name} twice.")
        target[name] = value.split(",") if name in _SELECTORS else read_value(value)
    for name in ("ndim", "depth"):
        if name in group:
            group[name] = [read_value(item) for item in group[name]]
    return {**group, "hyperparameters": hyperparameters} if hyperparameters else group


def assign(
    groups: Sequence[Group], named: Sequence[NamedParameter], model: str
) -> list[list[NamedParameter]]:
    """Returns the parameters of each group; a parameter belongs to the first that it matches.

    Args:
        groups: The groups.
        named: The parameters.
        model: The model's name in messages.

    Raises:
        UsageError: If a group matches no parameter, or a parameter is in no group.
    """
    deepest = max((item.depth for item in named), default=0)
    left, chosen = list(named), []
    for group in groups:
        taken = [item for item in left if group.chooses(item, deepest)]
        if not taken:
            raise _nothing_chosen(group, named, deepest, model)
        left = [item for item in left if item not in taken]
        chosen.append(taken)
    if left:
        others = f" and {len(left) - 1} more" if len(left) > 1 else ""
        raise UsageError(
            f"The parameter {left[0].name} of {model}{others} is in no group, so it would not "
            "be trained; end with the group 'rest'."
        )
    return chosen


def _nothing_chosen(
    group: Group, named: Sequence[NamedParameter], deepest: int, model: str
) -> UsageError:
    if any(group.chooses(item, deepest) for item in named):
        return UsageError(
            f"The group {str(group)!r} has no parameters left: earlier groups contain all "
            f"those of {model} that it matches."
        )
    roles = sorted({item.role.value for item in named})
    dimensions = sorted({item.parameter.ndim for item in named})
    return UsageError(
        f"The group {str(group)!r} matches no parameter of {model}, whose parameters are named "
        f"{named[0].name} and so on, have the roles {', '.join(roles)} and "
        f"{' or '.join(map(str, dimensions))} dimensions."
    )


def _checked(content: Mapping[str, Any], found: FoundOptimizer, lr: float | None) -> Group:
    optimizer = content.get("optimizer")
    inside = found if optimizer is None else find_optimizer(optimizer)
    factors = {
        name: canonical(number(f"{name} of a group", content.get(name, 1.0), least=0.0))
        for name in ("lr_factor", "depth_factor")
    }
    given = content.get("hyperparameters", {})
    return Group(
        role=_selector(content, "role", list(Role), str),
        name=_selector(content, "name", None, str),
        ndim=_selector(content, "ndim", None, int),
        depth=_selector(content, "depth", None, int),
        optimizer=None if optimizer is None else inside.path,
        lr_factor=factors["lr_factor"],
        depth_factor=factors["depth_factor"],
        hyperparameters=_own_hyperparameters(inside, lr, given, whole=optimizer is not None),
    )


def _own_hyperparameters(
    found: FoundOptimizer, lr: float | None, given: Any, *, whole: bool
) -> dict[str, Any]:
    """Returns the checked hyperparameters, with the presets of the group's own optimizer."""
    rate = None if lr is None and not found.takes_lr else (lr or found.default_lr or 1.0)
    checked: dict[str, Any] = canonical(check_hyperparameters(found, rate, given))
    if whole:
        return checked
    names = {name.partition("[")[0] for name in given}
    return {name: value for name, value in checked.items() if name in names}


def _selector(
    content: Mapping[str, Any], key: str, choices: Sequence[str] | None, kind: type
) -> tuple[Any, ...]:
    given = content.get(key, ())
    values = tuple(given) if isinstance(given, (list, tuple)) else (given,)
    for value in values:
        if isinstance(value, bool) or not isinstance(value, kind):
            word = "a whole number" if kind is int else "a text"
            raise UsageError(f"{key} of a group is {word} or a list of them, not {brief(value)}.")
        if choices is not None and value not in choices:
            raise unknown("role", str(value), choices, f"there are {', '.join(choices)}.")
    return tuple(str(value) for value in values) if kind is str else values


def _written(value: Any) -> str:
    """Returns a value as text for `read_value`."""
    return value if isinstance(value, str) else json.dumps(value)
