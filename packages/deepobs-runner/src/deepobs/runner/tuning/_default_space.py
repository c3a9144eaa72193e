"""Search spaces of optimizers for which none is given, from the table of reference optimizers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..common import UsageError
from ..optimizers import OPTIMIZERS, WRAPPERS, FoundOptimizer, OptimizerLike, find_optimizer
from ..results import GIVEN_SPACE
from ._space import DEEPOBS_LEARNING_RATES, Dimension, Space, parse_space

_log = logging.getLogger(__name__)

_ELEMENT = re.compile(r"\[\d+\]$")
_told: set[str] = set()


@dataclass(frozen=True)
class SourcedSpace:
    """A search space and its source.

    Attributes:
        dimensions: The dimensions by name.
        source: Its source: a paper or file, that it is ours, or that the user gave it.
    """

    dimensions: Space
    source: str


def default_space(optimizer: OptimizerLike, fixed: Iterable[str] = ()) -> SourcedSpace:
    """Returns the search space of an optimizer for which none is given.

    This is the space of the table of reference optimizers. A wrapper has the space of the
    optimizer that it wraps. Any other optimizer has DeepOBS's range of learning rates, 1e-5 to 1e2.

    Args:
        optimizer: The optimizer, as `run` takes it.
        fixed: Hyperparameters that are not searched, since they have been set.

    Raises:
        UsageError: If the optimizer is not in the table and has no learning rate, or if nothing
            is left to search.

    Example:
        >>> default_space("Momentum", fixed=["weight_decay"]).dimensions
        {'lr': LogUniform(low=0.02, high=5.0), 'momentum': OneMinusLogUniform(low=0.005, high=0.3)}
    """
    found = find_optimizer(optimizer)
    texts, source = _of(found)
    held = {_whole(name) for name in fixed}
    if found.reference is None:
        held |= {_whole(name) for name in found.preset}
    kept = {name: text for name, text in texts.items() if _whole(name) not in held}
    if not kept:
        what = "all searched hyperparameters are set" if texts else "it has no learning rate"
        raise UsageError(
            f"There is no default search space for {found.name}: {what}; give one, as in "
            "space=['NAME=log:1e-5:1']."
        )
    if dropped := [name for name in texts if name not in kept]:
        source += f"; {', '.join(dropped)} set by the user"
    return SourcedSpace(parse_space(kept), source)


def sourced_space(
    given: Sequence[str] | Mapping[str, Dimension | str] | None,
    optimizer: OptimizerLike,
    fixed: Iterable[str] = (),
) -> SourcedSpace:
    """Returns the given search space, or the optimizer's default if none is given.

    Args:
        given: The given space, as `parse_space` takes it; None or empty for the default. Without
            `lr`, it gets the default range of learning rates.
        optimizer: The optimizer, as `run` takes it.
        fixed: Hyperparameters that have been set.

    Raises:
        UsageError: If a range is wrong, or there is no default.
    """
    if not given:
        return default_space(optimizer, fixed)
    space = parse_space(given)
    if "lr" in space:
        return SourcedSpace(space, GIVEN_SPACE)
    texts, source = _of(find_optimizer(optimizer))
    if "lr" not in texts:
        return SourcedSpace(space, GIVEN_SPACE)
    rates = parse_space({"lr": texts["lr"]})
    return SourcedSpace({**rates, **space}, f"{GIVEN_SPACE}; lr from {source}")


def _of(found: FoundOptimizer) -> tuple[dict[str, str], str]:
    """Returns the default ranges of an optimizer by name, and their source."""
    entry = found.reference or next(
        (
            entry
            for entry in OPTIMIZERS.values()
            if entry.optimizer in (found.path, f"torch.optim.{found.path}")
            and not entry.hyperparameters  # which make it another method
        ),
        None,
    )
    if entry is not None:
        return dict(entry.space), entry.source
    if found.base is not None and found.make in WRAPPERS.values():
        texts, source = _of(found.base)
        own = found.signature.defaults
        inner = {
            f"base.{name}" if _whole(name) in own else name: text for name, text in texts.items()
        }
        return inner, f"that of {found.base.name}: {source}"
    if not found.takes_lr:
        return {}, ""
    if found.path not in _told:
        _told.add(found.path)
        _log.warning(
            "%s is not in the table of reference optimizers, so its learning rate is searched over "
            "DeepOBS's range %s; give a space to search another.",
            *(found.name, DEEPOBS_LEARNING_RATES),
        )
    return {"lr": str(DEEPOBS_LEARNING_RATES)}, "DeepOBS's learning rates (Schneider et al. 2019)"


def _whole(name: str) -> str:
    """Returns the name of the sequence that an element such as `betas[0]` belongs to."""
    return _ELEMENT.sub("", name)
