"""Fetching a file: from one of several addresses, going on where it broke off, checked, whole."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from ._errors import DataRootError, FetchError
from ._root import reading

Progress = Callable[[str, int, int | None], None]  # what, bytes (or files) done, of how many

STALL_SECONDS = 30.0  # an address that sends nothing for so long is given up
ROUNDS = 3  # how often each address is tried
PAUSE_SECONDS = 1.0  # between the rounds
_CHUNK = 2**18
_TRICKLE = 1024  # bytes; less than that in the time to stall is as good as nothing
_LONGEST_REASON = 200  # characters of what a server may have written


def checksum_matches(path: Path, checksum: str) -> bool:
    """Tells whether a file has the checksum `md5:…` or `sha256:…`.

    Raises:
        DataRootError: If it may not be read.
    """
    kind, _, expected = checksum.partition(":")
    with reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest() == expected


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

    What has arrived is kept in `<target>.part`, from where the next attempt, or the next call, goes
    on. The target appears only when it is complete and its checksum is right.

    Args:
        urls: Its addresses, tried in turn.
        target: Where it goes.
        checksum: `md5:…` or `sha256:…`.
        most_bytes: An address that sends more is given up: without a length, it might never end.
        progress: Called with the target's name, the bytes so far and the bytes in all, if known.
        stall_seconds: An address that sends nothing, or next to nothing, for so long is given up.
        pause_seconds: Wait between one round of attempts and the next.

    Raises:
        FetchError: If no address gave the right file; it says why each did not, and what to do.
        DataRootError: If the folder cannot be written.
    """
    part = target.with_name(target.name + ".part")
    reasons: dict[str, str] = {}
    hopeless: set[str] = set()
    for attempt in range(ROUNDS):
        for url in urls:
            if url in hopeless:
                continue
            try:
                _receive(url, part, target.name, most_bytes, progress, stall_seconds)
            except _InterruptedError as error:
                reasons[url] = str(error)
                if error.final:
                    hopeless.add(url)
                continue
            if checksum_matches(part, checksum):
                part.replace(target)
                return
            reasons[url] = "it sends something else: the checksum is wrong"
            part.unlink()
        if len(hopeless) == len(urls):
            break
        if attempt + 1 < ROUNDS:
            time.sleep(pause_seconds)
    why = "; ".join(f"{url}: {reason}" for url, reason in reasons.items())
    raise FetchError(
        f"{target.name} could not be fetched ({why}): try again later, or get it by other means"
        f" and put it at {target}."
    )


class _InterruptedError(Exception):
    """An attempt failed; `final` if another one at this address would fail the same way.

    Its message is one printable line, whatever the server wrote.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        line = reason.strip().partition("\n")[0][:_LONGEST_REASON]
        super().__init__("".join(c if c.isprintable() else "?" for c in line))
        self.final = final


def _receive(
    url: str,
    part: Path,
    name: str,
    most_bytes: int,
    progress: Progress | None,
    stall_seconds: float,
) -> None:
    """Receives the rest of a file, or all of it if the address cannot send a part.

    Raises:
        _InterruptedError: If the address does not send it, or not to its end.
        DataRootError: If it cannot be written.
    """
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "deepobs"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        request = urllib.request.Request(url, headers=headers)
        response = urllib.request.urlopen(request, timeout=stall_seconds)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # nothing after what we have: it may be complete
            if _length_after(error.headers.get("Content-Range", "")) == have:
                return
            part.unlink(missing_ok=True)
            raise _InterruptedError("the part that was here did not belong to it") from error
        busy = error.code in (408, 429) or error.code >= 500
        raise _InterruptedError(f"HTTP {error.code} {error.reason}", final=not busy) from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: no valid URL
        raise _InterruptedError(_reason(error)) from error
    with response:
        resumed = response.status == 206
        done = have if resumed else 0
        length = response.headers.get("Content-Length")
        total = done + int(length) if length and length.isdigit() else None
        try:
            with part.open("ab" if resumed else "wb") as file:
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


def _chunks(response: http.client.HTTPResponse, stall_seconds: float) -> Iterator[bytes]:
    """Yields what arrives, and turns every error of the network into one of ours."""
    since, arrived = time.monotonic(), 0
    while True:
        try:
            chunk = response.read1(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise _InterruptedError(_reason(error)) from error
        if not chunk:
            return
        arrived += len(chunk)
        if arrived >= _TRICKLE:
            since, arrived = time.monotonic(), 0
        elif time.monotonic() - since > stall_seconds:
            raise _InterruptedError("it sent next to nothing for too long")
        yield chunk


def _reason(error: Exception) -> str:
    """Returns what went wrong, in words."""
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError):
        return "it sent nothing for too long"
    return str(cause) or type(cause).__name__


def _length_after(content_range: str) -> int | None:
    """Returns the length in a header like `bytes */1234`."""
    length = content_range.rpartition("/")[2]
    return int(length) if length.isdigit() else None
