"""The environment of a run: hardware, versions and options."""

from __future__ import annotations

import logging
import platform
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import torch

from ..common import explain
from ._trainer import Trainer

_log = logging.getLogger(__name__)
_Arguments = ParamSpec("_Arguments")
_Value = TypeVar("_Value")


def environment_of(
    trainer: Trainer, *, compiled: str, channels_last: bool, deterministic: bool
) -> dict[str, Any]:
    """Returns the environment of a run, without names of machines or users.

    Args:
        trainer: The run.
        compiled: How the objective was compiled.
        channels_last: Whether images used the channels-last memory format.
        deterministic: Whether deterministic algorithms were enforced.
    """
    device = trainer.built.device
    cuda = device.type == "cuda"
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "optimizer_package": measured(package_of, type(trainer.optimizer)),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": measured(cpu_model),
        "cpu_generation": measured(cpu_generation),
        "cpu_capability": measured(torch.backends.cpu.get_cpu_capability),
        "device": measured(torch.cuda.get_device_name, device) if cuda else device.type,
        "threads": torch.get_num_threads(),
        "processes": trainer.processes.world_size,
        "compile": compiled,
        **({} if compiled == "off" else {"compile_seconds": trainer.timer.warm_up_seconds()}),
        "channels_last": channels_last,
        "deterministic": deterministic,
        **({} if trainer.resumed is None else {"resumed": trainer.resumed}),
    }


def measured(
    measure: Callable[_Arguments, _Value],
    *arguments: _Arguments.args,
    **keywords: _Arguments.kwargs,
) -> _Value | None:
    """Returns a measurement, or None if it fails, which must not lose a finished run."""
    try:
        return measure(*arguments, **keywords)
    except Exception as error:  # noqa: BLE001 - untested platforms may raise anything
        _log.warning("%s could not be measured: %s.", measure.__name__, explain(error))
        return None


def cpu_model() -> str | None:
    """Returns the processor's model, such as `AMD EPYC 9654 96-Core Processor`."""
    facts = _cpu_facts()
    named = (facts.get(name) for name in ("model name", "Model", "cpu model"))
    return next(filter(None, named), None) or platform.processor() or None


def cpu_generation() -> str | None:
    """Returns the processor's generation, such as `family 25 model 17`; None where it is unknown.

    Virtual machines often hide it from the model's name (`AMD EPYC`), and libraries choose their
    kernels, and so the rounding, by it.
    """
    facts = _cpu_facts()
    if "cpu family" not in facts:
        return None
    return f"family {facts['cpu family']} model {facts.get('model')}"


def _cpu_facts() -> dict[str, str]:
    """Returns what Linux says of the first processor; empty on other systems."""
    if sys.platform != "linux":
        return {}
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    lines = [line.partition(":") for line in text.splitlines()]
    return {name.strip(): value.strip() for name, _, value in reversed(lines)}  # the first counts


def package_of(kind: type) -> str | None:
    """Returns the distribution and version of a class, such as `torch 2.11.0`.

    None for a class of a script, a notebook or a module without a distribution.
    """
    top = kind.__module__.partition(".")[0]
    if top == "torch":  # its version includes the build
        return f"torch {torch.__version__}"
    for distribution in _distributions().get(top, []):
        try:
            return f"{distribution} {version(distribution)}"
        except PackageNotFoundError:
            continue
    return None


@cache
def _distributions() -> Mapping[str, list[str]]:
    """Returns the distributions of each top-level module.

    This reads the metadata of all installed packages, which would take longer than a short run.
    """
    return packages_distributions()
