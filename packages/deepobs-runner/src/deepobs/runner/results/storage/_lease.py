"""A lock in object storage, which its holder renews."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import uuid
from typing import TYPE_CHECKING

from ...common import ResultsError
from ._storage import LOCK, PROBE, LockedError

if TYPE_CHECKING:
    from ._objects import ObjectStorage

# A holder renews its lock every BEAT_SECONDS. It trusts the lock for SAFE_SECONDS after the last
# renewal, by its own clock. Others take over after EXPIRY_SECONDS, by the server's clock, so that
# there is a margin for clocks that run at different speeds.
BEAT_SECONDS = 10.0
SAFE_SECONDS = 40.0
EXPIRY_SECONDS = 60.0


class Lease:
    """A lock on a folder in object storage.

    The lock is an object `lock.N`. Creating it is a conditional write, which only one process can
    win. The holder rewrites it in a thread, which renews its modification time. A process that
    finds `lock.N` expired creates `lock.N+1`, which again only one can win. A holder that was
    stopped or cut off for too long does not rewrite its lock any more: it tries to create the
    next one as well, and if another process has been faster, it has lost the lock.

    Args:
        storage: The folder to lock.
    """

    def __init__(self, storage: ObjectStorage) -> None:
        self._storage = storage
        words = (socket.gethostname(), os.getpid(), uuid.uuid4().hex)
        self._content = " ".join(map(str, words)).encode()
        self._number = 0  # of the lock; 0 if it is lost
        self._renewed = 0.0  # when the last successful renewal was sent
        self._busy = threading.Lock()
        self._released = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="deepobs-lock", daemon=True)

    def acquire(self) -> None:
        """Takes the lock.

        Raises:
            LockedError: If another process has it.
            ResultsError: If the server does not answer.
        """
        newest = self._newest()
        if newest and not self._expired(newest):
            raise LockedError(f"Another process has locked {self._storage}.")
        self._create(newest + 1)
        self._thread.start()

    def confirm(self) -> None:
        """Checks that the lock is held, taking it again after an interruption if nobody else has.

        Raises:
            LockedError: If another process has it.
            ResultsError: If the server does not answer.
        """
        with self._busy:
            if not self._is_safe():
                self._take_again()

    def release(self) -> None:
        """Removes the lock; one that cannot be removed expires."""
        self._released.set()
        with self._busy, contextlib.suppress(ResultsError):
            if self._is_safe():
                self._storage.remove(self._name(self._number))

    def _beat(self) -> None:
        """Renews the lock until it is released or lost."""
        while not self._released.wait(BEAT_SECONDS):
            try:
                with self._busy:
                    self._renew()
            except ResultsError:  # the next attempt may succeed
                continue
            except LockedError:
                return

    def _renew(self) -> None:
        if self._released.is_set():
            return
        if not self._is_safe():
            self._take_again()
            return
        sent = _now()
        self._storage.put(self._name(self._number), self._content)
        self._renewed = sent

    def _is_safe(self) -> bool:
        """Returns whether no other process can have taken the lock."""
        return bool(self._number) and _now() - self._renewed < SAFE_SECONDS

    def _take_again(self) -> None:
        """Takes the next lock, if this process was the last one that held it."""
        try:
            if not self._number or self._newest() != self._number:
                raise FileNotFoundError
            if self._storage.read(self._name(self._number)) != self._content:
                raise FileExistsError
            self._create(self._number + 1)
        except (LockedError, FileNotFoundError, FileExistsError):
            self._number = 0
            raise LockedError(
                f"Another process has taken over {self._storage}, because this one was stopped or "
                "cut off for too long; wait for its record."
            ) from None

    def _create(self, number: int) -> None:
        """Creates a lock by a conditional write, and removes those before it."""
        sent = _now()
        if not self._storage.create(self._name(number), self._content):
            raise LockedError(f"Another process has locked {self._storage}.")
        # This process may have been stopped between its listing and its creation of the lock, while
        # others took and removed that number and went on to a higher one.
        found = self._storage.files(f"{LOCK}.*")
        if max(map(_number, found), default=0) > number:
            self._storage.remove(self._name(number))
            raise LockedError(f"Another process has locked {self._storage}.")
        self._number, self._renewed = number, sent
        with contextlib.suppress(ResultsError):
            for name in found:
                if _number(name) < number:
                    self._storage.remove(name)

    def _newest(self) -> int:
        """Returns the highest number of a lock; 0 if there is none."""
        return max(map(_number, self._storage.files(f"{LOCK}.*")), default=0)

    def _expired(self, number: int) -> bool:
        """Returns whether a lock was not renewed for too long, by the clock of the server."""
        clock = f"{PROBE}.{uuid.uuid4().hex}"
        try:
            renewed = self._storage.modified_ns(self._name(number))
        except FileNotFoundError:  # just released; another process may have the next one
            return False
        try:
            self._storage.put(clock, b"")
            now = self._storage.modified_ns(clock)
        finally:
            self._storage.remove(clock)
        return now - renewed > EXPIRY_SECONDS * 1e9

    @staticmethod
    def _name(number: int) -> str:
        return f"{LOCK}.{number:06d}"


def _now() -> float:
    """Returns seconds of a clock that also runs while the machine is suspended, if there is one."""
    clock: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def _number(name: str) -> int:
    """Returns the number of a lock; 0 for a file that is none."""
    digits = name.rpartition(".")[2]
    return int(digits) if digits.isdigit() else 0
