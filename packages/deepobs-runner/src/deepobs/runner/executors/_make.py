"""Construction of executors by name."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..common import UsageError, unknown, whole
from ..results import Address, folder_on_disk
from ._base import Executor
from ._in_process import InProcessExecutor
from ._local import LocalExecutor, available_cores
from ._ray import RayExecutor
from ._slurm import SlurmExecutor
from ._worker import perform

_MOST_DEFAULT_WORKERS = 8  # each needs several hundred megabytes for torch alone

EXECUTORS: Mapping[str, Callable[..., Executor]] = {
    "local": LocalExecutor,
    "ray": RayExecutor,
    "slurm": SlurmExecutor,
}


def make_executor(
    name: str,
    *,
    workers: int | None,
    device: str,
    results: Address,
    options: Mapping[str, Any],
) -> Executor:
    """Returns the executor with a name, ready to be entered.

    Args:
        name: One of `EXECUTORS`.
        workers: Number of parallel runs; None for the executor's default; 0 (local only) runs
            sequentially in this process.
        device: Device of the runs.
        results: Folder of the records, or its address; SLURM's scripts and logs go to `.slurm` in
            it, unless the option `folder` names another place.
        options: Arguments of the executor class.

    Raises:
        UsageError: If the executor, an argument or the number of workers is invalid.
    """
    if name not in EXECUTORS:
        raise unknown("executor", name, EXECUTORS, f"there are {', '.join(EXECUTORS)}.")
    if workers is not None:
        whole("workers", workers, least=0 if name == "local" else 1)
    if workers == 0:
        if options:
            raise UsageError("workers=0 runs in this process, which has no executor options.")
        return InProcessExecutor(perform)
    _check_options(name, options)
    arguments = _arguments(name, workers, device)
    if name == "slurm" and "folder" not in options:
        advice = "give its scripts and logs one with --option folder=PATH"
        arguments["folder"] = folder_on_disk(results, "executor 'slurm'", advice) / ".slurm"
    return EXECUTORS[name](perform, **{**arguments, **options})


def default_workers(device: str) -> int:
    """Returns the number of parallel local runs: one per GPU, else one per core, at most eight."""
    return len(visible_devices(device)) or min(available_cores(), _MOST_DEFAULT_WORKERS)


def visible_devices(device: str) -> Sequence[str]:
    """Returns the CUDA_VISIBLE_DEVICES values that workers share; none for other devices."""
    import torch

    if device not in ("auto", "cuda") or not torch.cuda.is_available():
        return ()
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed:
        return tuple(word.strip() for word in listed.split(","))
    return tuple(str(index) for index in range(torch.cuda.device_count()))


def _arguments(name: str, workers: int | None, device: str) -> dict[str, Any]:
    if name == "local":
        return {"workers": workers or default_workers(device), "devices": visible_devices(device)}
    arguments: dict[str, Any] = {} if workers is None else {"workers": workers}
    if name == "ray" and device == "cpu":
        arguments["gpus"] = 0
    return arguments


def _check_options(name: str, options: Mapping[str, Any]) -> None:
    known = [*inspect.signature(EXECUTORS[name]).parameters][1:]
    for key in options:
        if key not in known:
            advice = f"it takes {', '.join(known)}."
            raise unknown(f"option of the executor {name}", key, known, advice)
