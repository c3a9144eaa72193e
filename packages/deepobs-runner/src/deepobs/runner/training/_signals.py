"""Handling of signals that stop a run after its current step."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

# SLURM's `--signal=USR1@60` sends SIGUSR1 a minute before the time limit;
# SIGHUP is sent when the terminal is closed.
_NAMES = ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1")


def requeue_signal() -> str:
    """Returns the name of the signal at which submitit requeues a SLURM job."""
    return f"SIG{os.environ.get('SUBMITIT_PREEMPT_SIGNAL', 'USR2')}"


class StopSignals:
    """Records the first signal in `received` while entered; a second one has its usual effect.

    SIGHUP stays ignored if the process ignores it, as under `nohup`. Python delivers
    signals to the main thread only, so in any other thread this does nothing.

    Attributes:
        received: The signal's number, 0 for none.
    """

    def __init__(self) -> None:
        self.received = 0
        self._outer: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            names = [name for name in (*_NAMES, requeue_signal()) if hasattr(signal, name)]
            for number in {getattr(signal, name) for name in names}:
                # Shells ignore SIGINT in what they start in the background, where others send it.
                hangup = number == getattr(signal, "SIGHUP", None)
                if not (hangup and signal.getsignal(number) == signal.SIG_IGN):
                    self._outer[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()
        if self.received and kind is None:  # the run has ended, but its caller must stop too
            signal.raise_signal(self.received)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._outer.items():
            signal.signal(number, handler)
        self._outer = {}
