"""Downloads of a file from one of several addresses, with resuming and a checksum."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ._errors import DataRootError, FetchError
from ._root import MOST_FILE_BYTES, open_regular, reading

Progress = Callable[[str, int, int | None], None]  # what; bytes (or files) done; total

STALL_SECONDS = 30.0  # an address that sends nothing for this long is given up
ROUNDS = 3  # of attempts at each address
PAUSE_SECONDS = 1.0  # between the rounds
_CHUNK = 2**18
_TRICKLE = 1024  # bytes; fewer in the time to stall count as nothing
_LONGEST_REASON = 200  # characters of what a server wrote


def checksum_matches(path: Path, checksum: str) -> bool:
    """Returns whether a file has the checksum `md5:...` or `sha256:...`.

    Raises:
        DataRootError: If it cannot be read, or is not a regular file.
    """
    kind, _, expected = checksum.partition(":")
    with reading(path), open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > MOST_FILE_BYTES:
            return False  # which spares hashing it
        return hashlib.file_digest(file, kind).hexdigest() == expected


@contextmanager
def writing(part: Path, *, resumed: bool) -> Iterator[IO[bytes]]:
    """Opens a partial file for writing, never through a link or a pipe of the same name.

    Args:
        part: The file.
        resumed: Whether to append to it instead of replacing an existing file.

    Raises:
        OSError: If it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    if resumed:
        flags |= os.O_APPEND
    else:
        part.unlink(missing_ok=True)
        flags |= os.O_EXCL
    with open(os.open(part, flags, 0o666), "wb") as file:  # noqa: PTH123 - a descriptor
        yield file


def fetch(
    urls: tuple[str, ...],
    target: Path,
    checksum: str,
    *,
    most_bytes: int,
    progress: Progress | None = None,
    stall_seconds: float = STALL_SECONDS,
    pause_seconds: float = PAUSE_SECONDS,
) -> None:
    """Fetches a file.

    Partial downloads are kept in `<target>.part`, where the next attempt or call resumes. The
    target only appears when it is complete and its checksum is correct.

    Args:
        urls: Its addresses, tried in turn.
        target: The path of the file.
        checksum: `md5:...` or `sha256:...`.
        most_bytes: Limit on the size; an address that sends more is abandoned.
        progress: Called with the target's name, the bytes so far, and the total if it is known.
        stall_seconds: An address that sends (almost) nothing for this long is abandoned.
        pause_seconds: The pause between one round of attempts and the next.

    Raises:
        FetchError: If no address provides the correct file; the message gives the reason for each,
            and what to do.
        DataRootError: If the folder cannot be written.
    """
    part = target.with_name(target.name + ".part")
    reasons: dict[str, str] = {}
    given_up: set[str] = set()
    for attempt in range(ROUNDS):
        for url in urls:
            if url in given_up:
                continue
            try:
                _receive(url, part, target.name, most_bytes, progress, stall_seconds)
            except _InterruptedError as error:
                reasons[url] = str(error)
                if error.final:
                    given_up.add(url)
                continue
            if checksum_matches(part, checksum):
                part.replace(target)
                return
            reasons[url] = "it sends something else: the checksum is wrong"
            part.unlink()
        if len(given_up) == len(urls):
            break
        if attempt + 1 < ROUNDS:
            time.sleep(pause_seconds)
    why = "; ".join(f"{url}: {reason}" for url, reason in reasons.items())
    raise FetchError(
        f"{target.name} could not be fetched ({why}): try again later, or get it by other means"
        f" and put it at {target}."
    )


def pointed_checksum(url: str, name: str, *, stall_seconds: float = STALL_SECONDS) -> str:
    """Returns the checksum that a Git LFS pointer states.

    Args:
        url: The pointer's address: a few lines of text, one of them with the SHA-256.
        name: The file that it points to.
        stall_seconds: An address that sends nothing for this long is given up.

    Raises:
        FetchError: If the address does not give a pointer.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "deepobs"})
    try:
        with urllib.request.urlopen(request, timeout=stall_seconds) as response:
            content: bytes = response.read(_TRICKLE)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = _reason(error)
    else:
        found = re.search(rb"^oid (sha256:[0-9a-f]{64})$", content, re.MULTILINE)
        if found:
            return found[1].decode()
        reason = "it sends something else"
    raise FetchError(
        f"The checksum of {name} could not be fetched ({url}: {reason}): try again later."
    )


class _InterruptedError(Exception):
    """Raised by a failed attempt; `final` if retrying this address would fail in the same way."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason.strip().partition("\n")[0][:_LONGEST_REASON])
        self.final = final


def _receive(
    url: str,
    part: Path,
    name: str,
    most_bytes: int,
    progress: Progress | None,
    stall_seconds: float,
) -> None:
    """Receives the rest of a file, or all of it if the server cannot send a part.

    Raises:
        _InterruptedError: If the address does not send it, or not to its end.
        DataRootError: If it cannot be written.
    """
    have = _size(part)
    response = _open(url, part, have, stall_seconds)
    if response is None:
        return
    with response:
        resumed = response.status == 206
        done = have if resumed else 0
        length = _number(response.headers.get("Content-Length", ""))
        total = None if length is None else done + length
        try:
            with writing(part, resumed=resumed) as file:
                for chunk in _chunks(response, stall_seconds):
                    done += len(chunk)
                    if done > most_bytes:
                        break
                    file.write(chunk)
                    if progress:
                        progress(name, done, total)
        except OSError as error:
            raise DataRootError(
                f"{part} cannot be written ({error.strerror or error}): make room there, or choose"
                " another data folder."
            ) from error
    if done > most_bytes:
        part.unlink()
        raise _InterruptedError(f"it sends more than {most_bytes:,} bytes", final=not resumed)
    if total is not None and done < total:
        raise _InterruptedError(f"it broke off after {done:,} of {total:,} bytes")


def _open(url: str, part: Path, have: int, stall_seconds: float) -> http.client.HTTPResponse | None:
    """Requests everything after the first `have` bytes; returns None if there is nothing more.

    Raises:
        _InterruptedError: If the address does not send it.
    """
    headers = {"User-Agent": "deepobs"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        request = urllib.request.Request(url, headers=headers)
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=stall_seconds)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # nothing after what we have: it may be complete
            if _number(error.headers.get("Content-Range", "").rpartition("/")[2]) == have:
                return None
            part.unlink(missing_ok=True)
            raise _InterruptedError("the partial file did not belong to it") from error
        busy = error.code in (408, 429) or error.code >= 500
        raise _InterruptedError(f"HTTP {error.code} {error.reason}", final=not busy) from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: invalid URL
        raise _InterruptedError(_reason(error)) from error
    return response


def _size(part: Path) -> int:
    """Returns the size of a partial file; 0 if there is none, or something else has its name."""
    try:
        status = part.lstat()
    except FileNotFoundError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _chunks(response: http.client.HTTPResponse, stall_seconds: float) -> Iterator[bytes]:
    """Yields what arrives, and turns every error of the network into `_InterruptedError`."""
    since, arrived = time.monotonic(), 0
    while True:
        try:
            chunk = response.read1(_CHUNK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _InterruptedError(_reason(error)) from error
        if not chunk:
            return
        arrived += len(chunk)
        if arrived >= _TRICKLE:
            since, arrived = time.monotonic(), 0
        elif time.monotonic() - since > stall_seconds:
            raise _InterruptedError("it sent almost nothing for too long")
        yield chunk


def _reason(error: Exception) -> str:
    """Returns a description of an error."""
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError):
        return "it sent nothing for too long"
    return str(cause) or type(cause).__name__


def _number(text: str) -> int | None:
    """Returns the number of bytes in a header; None if it is not a plain number."""
    plain = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if plain else None
