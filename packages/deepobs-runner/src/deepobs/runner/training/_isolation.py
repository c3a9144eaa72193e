"""Isolation of a run from the settings of the process it runs in, and from other runs in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch

from ..common import PROCESS_STATE


@contextmanager
def isolated(device: torch.device) -> Iterator[None]:
    """Gives a run the settings of a new process, and restores the caller's afterwards.

    Covers what changes numbers: torch's default dtype and device, grad and inference mode,
    autocast, deterministic algorithms, cuDNN's switches, numpy's error handling. `own_threads`
    sets the number of threads. Runs in several threads of one process are
    executed one at a time, since they share these settings and the global random streams.

    Args:
        device: The device of the run.
    """
    cudnn = torch.backends.cudnn
    with PROCESS_STATE, ExitStack() as stack:
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        stack.callback(
            torch.use_deterministic_algorithms,
            torch.are_deterministic_algorithms_enabled(),
            warn_only=torch.is_deterministic_algorithms_warn_only_enabled(),
        )
        for name, value in {"enabled": True, "benchmark": False, "deterministic": False}.items():
            stack.callback(setattr, cudnn, name, getattr(cudnn, name))
            setattr(cudnn, name, value)
        torch.set_default_dtype(torch.float32)
        torch.use_deterministic_algorithms(False)
        stack.enter_context(_default_device_cpu())
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        for kind in {"cpu", device.type}:
            # Not by a surrounding context: only the outermost one clears autocast's cache of
            # weights, so the run would go on with the weights of its first step.
            stack.callback(torch.set_autocast_enabled, kind, torch.is_autocast_enabled(kind))
            torch.set_autocast_enabled(kind, False)
        stack.enter_context(np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"))
        yield


@contextmanager
def _default_device_cpu() -> Iterator[None]:
    """Makes the CPU the default device, if it is not already."""
    outer = torch.get_default_device()
    if outer.type == "cpu":
        yield
        return
    with torch.device("cpu"):
        yield
