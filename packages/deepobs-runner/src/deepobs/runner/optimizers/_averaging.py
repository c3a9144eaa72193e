"""Weight averaging."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ..common import UsageError, brief, number, unknown, whole

#: The kinds of averaging, and their arguments with defaults.
AVERAGES: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "ema": {"decay": 0.999, "raw": False},
    "swa": {"start": 0.75, "raw": False},
    "lawa": {"window": 6, "raw": False},
}


def check_averaging(given: Any) -> str | dict[str, Any]:
    """Returns an averaging in canonical form: `"none"`, or a mapping with all arguments.

    Args:
        given: A name, or a mapping with `name` and arguments.

    Raises:
        UsageError: If the kind or an argument is unknown.

    Example:
        >>> check_averaging("ema")
        {'name': 'ema', 'decay': 0.999, 'raw': False}
    """
    content = {"name": given} if isinstance(given, str) else given
    content = dict(content) if isinstance(content, Mapping) else {}
    name = content.pop("name", None)
    if not isinstance(name, str):
        raise UsageError(f"averaging must be a name or a mapping with a name, not {brief(given)}.")
    if name not in AVERAGES:
        raise unknown("averaging", name, AVERAGES, f"there are {', '.join(AVERAGES)}.")
    for key in content:
        if key not in AVERAGES[name]:
            known = list(AVERAGES[name])
            advice = f"it takes {', '.join(known) or 'none'}."
            raise unknown(f"argument of the averaging {name}", str(key), known, advice)
    values = {**AVERAGES[name], **content}
    if name == "none":
        return "none"
    if "decay" in values:
        values["decay"] = _share("decay", values["decay"])
    if "start" in values:
        values["start"] = _share("start", values["start"])
    if "window" in values:
        values["window"] = whole("window of the averaging lawa", values["window"], least=1)
    if not isinstance(values["raw"], bool):
        shown = brief(values["raw"])
        raise UsageError(f"raw of the averaging {name} must be true or false, not {shown}.")
    return {"name": name, **values}


class WeightAverage:
    """An average of a model's weights.

    - `ema`: exponential moving average, updated after every step; Polyak and Juditsky, 1992.
    - `swa`: mean of the weights after each epoch, from the fraction `start` of the run on; Izmailov
      et al., UAI 2018.
    - `lawa`: mean of the weights after the last `window` epochs; Kaddour, 2022, arXiv 2209.14981.

    Args:
        averaging: The value returned by `check_averaging`.
        model: The model that is trained.
        epochs: Number of epochs of the run.
    """

    def __init__(self, averaging: Mapping[str, Any], model: nn.Module, epochs: int) -> None:
        self.kind, self.model = averaging["name"], model
        self.raw: bool = averaging["raw"]
        self._start = averaging.get("start", 0.0) * epochs
        decay = averaging.get("decay")
        update = None if decay is None else get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        self._averaged = AveragedModel(model, multi_avg_fn=update)
        self._latest: deque[list[Tensor]] = deque(maxlen=averaging.get("window", 1))

    @property
    def ready(self) -> bool:
        """Whether there is an average yet; before that, the trained weights are evaluated."""
        return bool(self._latest) if self.kind == "lawa" else int(self._averaged.n_averaged) > 0

    def after_step(self) -> None:
        """Updates the average after a step."""
        if self.kind == "ema":
            self._averaged.update_parameters(self.model)

    def after_epoch(self, epochs: int) -> None:
        """Updates the average after an epoch.

        Args:
            epochs: Number of epochs trained.
        """
        if self.kind == "swa" and epochs >= self._start:
            self._averaged.update_parameters(self.model)
        elif self.kind == "lawa":
            self._latest.append([p.detach().clone() for p in self.model.parameters()])

    @contextmanager
    def in_model(self) -> Iterator[None]:
        """Context in which the model has the averaged weights."""
        values = [p.detach() for p in self.model.parameters()]
        trained = [value.clone() for value in values]
        torch._foreach_copy_(values, self._values())
        try:
            yield
        finally:
            torch._foreach_copy_(values, trained)

    def state_dict(self) -> dict[str, Any]:
        """Returns the averages, as tensors."""
        averaged = [p.detach() for p in self._averaged.module.parameters()]
        count = int(self._averaged.n_averaged)
        return {"averaged": averaged, "count": count, "latest": list(self._latest)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores what `state_dict` returned.

        Args:
            state: The averages.
        """
        held = [p.detach() for p in self._averaged.module.parameters()]
        torch._foreach_copy_(
            held, [t.to(h.device) for t, h in zip(state["averaged"], held, strict=True)]
        )
        self._averaged.n_averaged.fill_(state["count"])
        self._latest.clear()
        self._latest.extend(
            [t.to(h.device) for t, h in zip(kept, held, strict=True)] for kept in state["latest"]
        )

    def _values(self) -> list[Tensor]:
        if self.kind != "lawa":
            return [p.detach() for p in self._averaged.module.parameters()]
        columns = zip(*self._latest, strict=True)
        return [torch.stack(list(column)).mean(0) for column in columns]


def batch_norms(model: nn.Module) -> list[_BatchNorm]:
    """Returns the layers of a model whose running statistics belong to its weights."""
    layers = [layer for layer in model.modules() if isinstance(layer, _BatchNorm)]
    return [layer for layer in layers if layer.track_running_stats]


def _share(name: str, value: Any) -> float:
    checked = number(f"{name} of an averaging", value, least=0.0)
    if checked >= 1:
        raise UsageError(f"{name} of an averaging must be from 0 to below 1, not {checked}.")
    return checked
