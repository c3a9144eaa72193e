"""Device, precision and determinism of a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from ..common import UsageError, unknown

_AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


def choose_device(device: str | torch.device, local_rank: int = 0) -> torch.device:
    """Returns the device to run on.

    Args:
        device: `"auto"` (CUDA, else MPS, else CPU), or a device of torch.
        local_rank: Which of this machine's processes this is; each uses its own GPU.

    Raises:
        UsageError: If the device does not exist on this machine.
    """
    if device == "auto":
        device = next(iter(_accelerators()), "cpu")
    try:
        chosen = torch.device(device)
    except (RuntimeError, TypeError) as error:
        names = ("auto", "cpu", "cuda", "mps")
        raise unknown("device", str(device), names, "there are auto, cpu, cuda and mps.") from error
    there = [*_accelerators(), "cpu"]
    if chosen.type not in there:
        raise UsageError(f"There is no device {str(chosen)!r} here; there is {', '.join(there)}.")
    if chosen.type == "cuda":
        index = local_rank if chosen.index is None else chosen.index
        if index >= torch.cuda.device_count():
            raise UsageError(
                f"There is no device 'cuda:{index}' here; there are {torch.cuda.device_count()} "
                "CUDA devices, counted from 0."
            )
        chosen = torch.device("cuda", index)
        torch.cuda.set_device(chosen)
    return chosen


@contextmanager
def arithmetic(precision: str, *, deterministic: bool) -> Iterator[None]:
    """Sets the precision of float32 arithmetic for a run; restores the caller's afterwards.

    Args:
        precision: `"fp32"` disables TensorFloat-32 in matrix products and convolutions.
        deterministic: Whether torch raises an error for nondeterministic operations.
    """
    fast = "ieee" if precision == "fp32" else "tf32"
    backends: Any = torch.backends  # its attributes are created at import
    wanted = [  # CPU convolutions use float32 in every precision
        (backends.cuda.matmul, fast),
        (backends.cudnn.conv, fast),
        (backends.cudnn.rnn, fast),
        (backends.mkldnn.matmul, fast),
        (backends.mkldnn.conv, "ieee"),
        (backends.mkldnn.rnn, "ieee"),
    ]
    outer = [backend.fp32_precision for backend, _ in wanted]
    outer_deterministic = torch.are_deterministic_algorithms_enabled()
    for backend, value in wanted:
        backend.fp32_precision = value
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # required by cuBLAS
        torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        for (backend, _), value in zip(wanted, outer, strict=True):
            backend.fp32_precision = value
        torch.use_deterministic_algorithms(outer_deterministic)


def autocast(precision: str, device: torch.device) -> AbstractContextManager[None]:
    """Computes in mixed precision for bf16 and fp16; does nothing for the others."""
    return _autocast(precision, device) if precision in _AUTOCAST else nullcontext()


@contextmanager
def _autocast(precision: str, device: torch.device) -> Iterator[None]:
    with torch.autocast(device.type, dtype=_AUTOCAST[precision]):
        yield
    torch.clear_autocast_cache()  # torch keeps cast weights while a caller's context is open


def _accelerators() -> list[str]:
    """Returns the accelerators of this machine, best first."""
    names = []
    if torch.cuda.is_available():
        names.append("cuda")
    if torch.backends.mps.is_available():
        names.append("mps")
    return names
