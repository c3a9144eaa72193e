"""The cost of the optimizer: time per step and peak memory."""

from __future__ import annotations

import contextlib
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

_WARM_UP_STEPS = 5  # first calls allocate, choose kernels and compile
_FIGURES = ("forward_backward_seconds", "optimizer_seconds")
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_SAMPLES = 50  # enough for a stable median


class StepTimer:
    """Times a sample of steps: forward + backward, and the optimizer's step.

    The loop calls `begin`, `end` and `stepped`. On the CPU they read the clock; on CUDA they record
    events, which are read at the end, so that the device is never waited for. Once there are enough
    samples they do nothing.

    Args:
        device: Where the step runs.
    """

    def __init__(self, device: torch.device) -> None:
        self._now = _clock_of(device)
        self._device = device
        self._steps = 0
        self._begins: list[Any] = []
        self._ends: list[Any] = []
        self._warm_up: list[tuple[Any, Any]] = []
        self._samples: list[tuple[list[Any], list[Any], Any]] = []
        self.full = False
        self.earlier: dict[str, float | None] = dict.fromkeys(_FIGURES)

    def begin(self) -> None:
        """Marks the start of a forward pass."""
        if not self.full:
            self._begins.append(self._now())

    def end(self) -> None:
        """Marks the end of the backward pass."""
        if not self.full:
            self._ends.append(self._now())

    def stepped(self) -> None:
        """Marks the end of the optimizer's step, and of the whole training step."""
        if self.full:
            return
        if self._steps >= _WARM_UP_STEPS:
            self._samples.append((self._begins, self._ends, self._now()))
        else:
            self._warm_up.append((self._begins[0], self._now()))
            if len(self._warm_up) == _WARM_UP_STEPS:
                _reset_peak_memory(self._device)
        self._begins, self._ends = [], []
        self._steps += 1
        self.full = len(self._samples) == _SAMPLES

    def medians(self) -> dict[str, float | None]:
        """Seconds per step: forward + backward (of all closures of a step), and the rest.

        With too few steps for a warm-up, the values from before a resume, or None.
        """
        if not self._samples:
            return self.earlier
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        passes, rests = [], []
        for begins, ends, stepped in self._samples:
            inside = sum(_between(b, e) for b, e in zip(begins, ends, strict=True))
            passes.append(inside)
            rests.append(_between(begins[0], stepped) - inside)
        return dict(zip(_FIGURES, map(statistics.median, (passes, rests)), strict=True))

    def warm_up_seconds(self) -> float | None:
        """Returns the seconds that the first steps of this process took beyond the median step.

        In a compiled run these are the seconds of the compilation. None with too few steps.
        """
        if not self._samples:
            return None
        median = sum(filter(None, self.medians().values()))
        return max(
            0.0, sum(_between(*step) for step in self._warm_up) - len(self._warm_up) * median
        )


def peak_memory_bytes(device: torch.device) -> int | None:
    """Returns the peak memory after the warm-up.

    On CUDA the memory of tensors; on Linux that of the process, including data; elsewhere that of
    the process since its start, including earlier runs.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    high_water_mark = _high_water_mark() if sys.platform == "linux" else None
    if high_water_mark is not None:
        return high_water_mark
    import resource  # POSIX only

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _high_water_mark() -> int | None:
    """Returns Linux's VmHWM in bytes; None for kernels that do not report it, such as gVisor."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def _reset_peak_memory(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif sys.platform == "linux":
        with contextlib.suppress(OSError):  # not permitted in some containers
            _CLEAR.write_text("5")  # see proc(5): resets VmHWM


def _clock_of(device: torch.device) -> Callable[[], Any]:
    if device.type == "cpu":
        return perf_counter
    if device.type == "cuda":
        return _cuda_event

    def after_all_work() -> float:
        torch.mps.synchronize()
        return perf_counter()

    return after_all_work


def _cuda_event() -> torch.cuda.Event:
    event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    event.record()
    return event


def _between(begin: Any, end: Any) -> float:
    if isinstance(begin, float):
        return float(end - begin)
    return float(begin.elapsed_time(end)) / 1000
