"""Execution in worker processes on this machine."""

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

import cloudpickle

from ..common import RunInterruptedError, UsageError, brief, explain, whole
from ._base import SAVING_SECONDS, Event, Job, JobProgress, Outcome, Work

_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(eq=False)
class _Worker:
    """A process with its pipe, its slot (which determines its device) and its current job."""

    process: BaseProcess
    pipe: Connection
    place: int
    job: Job | None = None


class LocalExecutor:
    """An executor that runs jobs in worker processes on this machine; see `Executor`.

    A worker executes jobs one by one and is replaced when it dies. It is forked from a server
    process, which imports torch once for all workers as soon as the executor is created. On systems
    that cannot fork, workers are spawned. A worker saves its run and exits when this process dies.

    Unlike joblib and loky, whose whole pool fails when a worker is killed, only the job of that
    worker is affected. Jobs report their progress, each worker has its own devices and threads (set
    before torch is imported), and a signal makes every run save a checkpoint.

    Args:
        work: The function that executes a job; importable by name.
        workers: Number of worker processes.
        threads: Number of threads per worker; default: the cores divided by the workers.
        devices: Values of CUDA_VISIBLE_DEVICES, assigned to the workers in turn; if empty, the
            variable is not set.
    """

    def __init__(
        self, work: Work, *, workers: int, threads: int | None = None, devices: Sequence[str] = ()
    ) -> None:
        whole("workers", workers, least=1)
        self._work = work
        share = max(1, available_cores() // workers)
        self._threads = share if threads is None else whole("threads", threads, least=1)
        self._devices = _checked_devices(devices)
        self._context: Any = multiprocessing.get_context(_METHOD)
        if _METHOD == "forkserver":
            self._context.set_forkserver_preload([f"{__package__}._preload"])
            with _environment(dict.fromkeys(_THREAD_VARIABLES, "1")):
                forkserver.ensure_running()
        self._queue: deque[tuple[Job, bytes]] = deque()
        self._workers: list[_Worker] = []
        self._free_places = list(range(workers))

    def submit(self, job: Job) -> None:
        """Queues a job.

        Raises:
            UsageError: If it cannot be pickled.
        """
        self._queue.append((job, _packed(job)))

    def events(self) -> Iterator[Event]:
        """Yields progress and outcomes until no job is left."""
        while True:
            self._assign()
            busy = {worker.pipe: worker for worker in self._workers if worker.job is not None}
            if not busy:
                return
            for ready in wait(list(busy)):
                worker = busy[ready]  # type: ignore[index]
                job = worker.job
                assert job is not None
                try:
                    message = worker.pipe.recv()
                except (EOFError, OSError):  # the worker died: its end of the pipe is closed
                    message = self._bury(worker)
                if isinstance(message, Outcome):
                    worker.job = None
                yield job, message

    def __enter__(self) -> Self:
        """Does nothing: workers start with their first job."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends idle workers; after an exception, makes busy ones save and stop."""
        for worker in self._workers:
            if kind is not None and worker.job is not None:
                worker.process.terminate()
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(SAVING_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()

    def _assign(self) -> None:
        """Sends queued jobs to idle workers, starting new workers while there are free slots."""
        while self._queue:
            worker = next((worker for worker in self._workers if worker.job is None), None)
            if worker is None and not self._free_places:
                return
            worker = worker or self._start()
            worker.job, packed = self._queue.popleft()
            with contextlib.suppress(OSError):  # it died while idle: `events` finds its pipe closed
                worker.pipe.send_bytes(packed)

    def _start(self) -> _Worker:
        place = self._free_places.pop(0)
        ours, theirs = self._context.Pipe()
        # Not a daemon: daemons cannot start the processes that load ImageNet.
        process = self._context.Process(
            target=_serve, args=(theirs, self._work, self._threads, self._variables(place))
        )
        with _environment(dict.fromkeys(_THREAD_VARIABLES, str(self._threads))):
            process.start()
        theirs.close()
        worker = _Worker(process, ours, place)
        self._workers.append(worker)
        return worker

    def _variables(self, place: int) -> dict[str, str]:
        """Returns a worker's environment: the current one, which may differ from the server's."""
        variables = {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(self._threads))}
        if self._devices:
            variables["CUDA_VISIBLE_DEVICES"] = self._devices[place % len(self._devices)]
        return variables

    def _bury(self, worker: _Worker) -> Outcome:
        """Removes a dead worker and frees its slot."""
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        self._free_places.append(worker.place)
        return Outcome(status="lost", message=_cause(worker.process.exitcode), retry=True)


def available_cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _checked_devices(devices: Any) -> tuple[str, ...]:
    """Returns the devices as strings; numbers are accepted too."""
    listed = isinstance(devices, list | tuple)
    if not listed or not all(isinstance(device, str | int) for device in devices):
        raise UsageError(
            "devices must be a list of CUDA_VISIBLE_DEVICES values like [0, 1], not "
            f"{brief(devices)}."
        )
    return tuple(map(str, devices))


def _packed(job: Job) -> bytes:
    """Returns the pickled job; objects defined in a notebook or script are pickled by value.

    Raises:
        UsageError: If it cannot be pickled, for example because it holds an open file.
    """
    try:
        content: bytes = cloudpickle.dumps(job)
    except Exception as error:  # pickling a user's object may raise anything
        raise UsageError(
            f"This run cannot be sent to a worker process: {explain(error)}; define its problem "
            "and optimizer in a module, or use workers=0 to run in this process."
        ) from error
    return content


def _cause(status: int | None) -> str:
    if status == 0:
        return "its worker process was stopped"
    if status is not None and status < 0:
        with contextlib.suppress(ValueError):
            return f"its worker process was killed by {signal.Signals(-status).name}"
    return f"its worker process ended with exit status {status}"


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Sets environment variables while worker processes are started."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(pipe: Connection, work: Work, threads: int, variables: dict[str, str]) -> None:
    """Executes jobs one by one: the main loop of a worker process."""
    os.environ.clear()
    os.environ.update(variables)
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # Ctrl-C reaches the parent alone, which then sends one SIGTERM
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import torch  # not at the top, so that the parent does not have to import torch

    torch.set_num_threads(threads)
    while True:
        try:
            message = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        try:
            job = pickle.loads(message)
        except Exception as error:  # noqa: BLE001 - any module may fail to import
            pipe.send(Outcome(status="failed", message=f"a worker cannot import it: {error}"))
            continue
        try:
            outcome = work(job, lambda progress: _tell(pipe, progress))
        except (KeyboardInterrupt, RunInterruptedError):  # stopped after saving a checkpoint
            return
        _tell(pipe, outcome)


def _tell(pipe: Connection, message: JobProgress | Outcome) -> None:
    """Sends an event to the parent, if it is still alive; the record is written in any case."""
    with contextlib.suppress(OSError):
        pipe.send(message)


def _end_with_parent() -> None:
    """Stops this worker with SIGTERM, which saves its run, when the parent dies."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
