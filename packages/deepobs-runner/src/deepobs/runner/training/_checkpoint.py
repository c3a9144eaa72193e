"""Checkpoints: written atomically, verified, and loaded without running code."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Callable
from typing import Any

import torch

from ..common import CheckpointError, ResultsError, explain
from ..results import Storage

_log = logging.getLogger(__name__)

_FORMAT = "deepobs-checkpoint-1"
_KEPT = 2  # the previous one is used if the last one is damaged
_NO_COMMENT = b"\0\0"  # how a zip file without a comment ends: the comment's length
_DIGEST_LENGTH = 64  # of a SHA-256 in hexadecimal digits


class Checkpoints:
    """The checkpoints of one run.

    Args:
        folder: Folder of the checkpoints, on a disk or in object storage.
        run_id: The run's identity; a checkpoint of another run is refused.
    """

    def __init__(self, folder: Storage, run_id: str) -> None:
        self.folder = folder
        self.run_id = run_id
        self._tried = False  # whether the first checkpoint has been read back

    def save(self, state: dict[str, Any], steps: int) -> None:
        """Writes a checkpoint, keeping the last two.

        Reads the first one back and warns if that fails.

        Args:
            state: Tensors and plain values.
            steps: Number of optimizer steps so far; orders the files.

        Raises:
            ResultsError: If it could not be written; earlier ones are kept.
        """
        content = io.BytesIO()
        try:
            torch.save({"format": _FORMAT, "run_id": self.run_id, **state}, content)
        except Exception as error:  # pickling runs code of whatever a problem's state holds
            raise ResultsError(f"the run's state cannot be saved: {explain(error)}.") from error
        name = f"checkpoint_{steps:012d}.pt"
        _seal(content)
        with content.getbuffer() as view:
            self.folder.write(name, view)
        del content  # before the file is read back
        if not self._tried:
            self._tried = True
            self._try_out(name)
        for name in self._names()[_KEPT:]:
            self.folder.remove(name)

    def load(self, take_up: Callable[[dict[str, Any]], None]) -> dict[str, Any] | None:
        """Returns the newest valid checkpoint; None if there is none.

        Damaged, modified or foreign checkpoints are skipped with a warning.

        Args:
            take_up: Called with the content; an error means that it does not fit. A
                `CheckpointError`, which applies to all checkpoints alike, is raised again.

        Raises:
            CheckpointError: If there are checkpoints but none can be used.
        """
        names = self._names()
        for name in names:
            try:
                state = self._read(name)
            except CheckpointError as error:
                _log.warning("%s", error)
                continue
            try:
                take_up(state)
            except CheckpointError:
                raise
            except Exception as error:  # noqa: BLE001 - any error means that it is not this run's
                _log.warning(
                    "The checkpoint %s does not fit this run and is skipped: %s.",
                    self.folder.locate(name),
                    explain(error),
                )
                continue
            return state
        if names:
            raise CheckpointError(
                f"No checkpoint in {self.folder} can be used; start the run again without resuming."
            )
        return None

    def exist(self) -> bool:
        """Returns whether there are any checkpoints."""
        return bool(self._names())

    def remove(self) -> None:
        """Removes all checkpoints and temporary files of a killed save."""
        for name in [*self._names(), *self.folder.files(".*.pt.*.tmp")]:
            self.folder.remove(name)

    def _names(self) -> list[str]:
        """Returns the names of the files, newest first."""
        return self.folder.files("checkpoint_*.pt")[::-1]

    def _try_out(self, name: str) -> None:
        try:
            self._read(name)
        except CheckpointError as error:
            _log.warning("This run cannot be resumed: %s", error)

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder.locate(name)
        content = self._content(name)
        if content is None or not _is_sealed(content):
            raise CheckpointError(
                f"The checkpoint {path} is truncated, damaged or edited (its checksum does not "
                "match) and is skipped."
            )
        try:
            refused = torch.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(content))
            file = io.BytesIO(content)
            state = None if refused else torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:
            raise CheckpointError(
                f"The checkpoint {path} cannot be read: {explain(error)}."
            ) from error
        if refused:
            raise CheckpointError(
                f"The checkpoint {path} holds {', '.join(refused)}, which torch reads only by "
                "running code, and is skipped; keep tensors and plain values in the "
                "optimizer's state."
            )
        if not isinstance(state, dict) or state.get("format") != _FORMAT:
            raise CheckpointError(f"{path} is not a checkpoint of deepobs and is skipped.")
        if state.get("run_id") != self.run_id:
            raise CheckpointError(
                f"The checkpoint {path} belongs to the run {state.get('run_id')}, not to "
                f"{self.run_id}, and is skipped."
            )
        return dict(state)

    def _content(self, name: str) -> bytes | None:
        """Returns a file's content; None for one that the system does not let us read."""
        try:
            return self.folder.read(name, large=True)
        except ResultsError:
            raise
        except OSError:
            return None


def _seal(file: io.BytesIO) -> None:
    """Adds the SHA-256 of a zip file's content as its comment, in place: it may have gigabytes."""
    with file.getbuffer() as content:
        assert content[-len(_NO_COMMENT) :] == _NO_COMMENT
        digest = hashlib.sha256(content).hexdigest().encode()
    file.seek(-len(_NO_COMMENT), io.SEEK_END)
    file.write(len(digest).to_bytes(2, "little") + digest)


def _is_sealed(content: bytes) -> bool:
    """Returns whether a file's content matches the checksum added by `_seal`."""
    end = len(content) - _DIGEST_LENGTH - len(_NO_COMMENT)
    if end < 0:
        return False
    found = hashlib.sha256(memoryview(content)[:end])
    found.update(_NO_COMMENT)
    return content[-_DIGEST_LENGTH:] == found.hexdigest().encode()
