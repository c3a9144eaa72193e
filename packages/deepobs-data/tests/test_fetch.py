import hashlib
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from deepobs.data import DataRootError, FetchError
from deepobs.data._fetch import checksum_matches, fetch

CONTENT = bytes(range(256)) * 8000
CHECKSUM = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "file.bin"


def get(server: Any, target: Path, *paths: str, **options: Any) -> None:
    urls = tuple(server.url(path) for path in paths)
    fetch(urls, target, CHECKSUM, most_bytes=2 * len(CONTENT), pause_seconds=0.0, **options)


def part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def test_a_file_is_fetched_with_progress(server: Any, target: Path) -> None:
    """Bytes so far grow up to the bytes in all, and nothing but the file is left."""
    server.files["/a"] = CONTENT
    calls: list[tuple[str, int, int | None]] = []
    get(server, target, "/a", progress=lambda *call: calls.append(call))
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    done = [call[1] for call in calls]
    assert done == sorted(done)
    assert calls[-1] == ("file.bin", len(CONTENT), len(CONTENT))


def test_a_mirror_that_has_it_not_is_passed_over(server: Any, target: Path) -> None:
    """404: asked once, then the next address."""
    server.files["/b"] = CONTENT
    get(server, target, "/a", "/b")
    assert target.read_bytes() == CONTENT
    assert [path for path, _ in server.requests] == ["/a", "/b"]


def test_a_busy_server_is_asked_again(server: Any, target: Path) -> None:
    """503 may pass."""
    server.files["/a"] = CONTENT
    server.script["/a"] = [503]
    get(server, target, "/a")
    assert target.read_bytes() == CONTENT


def test_what_broke_off_goes_on_where_it_stopped(server: Any, target: Path) -> None:
    """The second request asks for the rest only."""
    server.files["/a"] = CONTENT
    server.script["/a"] = ["break"]
    get(server, target, "/a")
    assert target.read_bytes() == CONTENT
    assert server.requests == [("/a", None), ("/a", f"bytes={len(CONTENT) // 2}-")]


def test_what_broke_off_goes_on_at_another_mirror(server: Any, target: Path) -> None:
    """With the rest only."""
    server.files["/a"] = server.files["/b"] = CONTENT
    server.script["/a"] = ["break"]
    get(server, target, "/a", "/b")
    assert target.read_bytes() == CONTENT
    assert server.requests[-1] == ("/b", f"bytes={len(CONTENT) // 2}-")


def test_a_later_call_goes_on_with_what_an_earlier_one_got(server: Any, target: Path) -> None:
    """The part is kept when a call gives up."""
    server.files["/a"] = CONTENT
    server.script["/a"] = ["break", 500, 500]
    with pytest.raises(FetchError):
        get(server, target, "/a")
    assert not target.exists()
    assert part(target).stat().st_size == len(CONTENT) // 2
    get(server, target, "/a")
    assert target.read_bytes() == CONTENT
    assert server.requests[-1] == ("/a", f"bytes={len(CONTENT) // 2}-")


def test_a_server_that_cannot_send_a_part_sends_all(server: Any, target: Path) -> None:
    """The part is then thrown away, not put before the whole."""
    server.files["/a"] = CONTENT
    server.script["/a"] = ["break", "whole"]
    get(server, target, "/a")
    assert target.read_bytes() == CONTENT


def test_a_server_that_stalls_is_given_up(server: Any, target: Path) -> None:
    """After the time that it may be silent, and the next address goes on."""
    server.files["/a"] = server.files["/b"] = CONTENT
    server.script["/a"] = ["stall"]
    get(server, target, "/a", "/b", stall_seconds=0.2)
    assert target.read_bytes() == CONTENT


def test_a_server_that_always_stalls_is_an_error_in_words(server: Any, target: Path) -> None:
    """Not a bare timeout."""
    server.files["/a"] = CONTENT
    server.script["/a"] = ["stall"] * 3
    with pytest.raises(FetchError, match="sent nothing for too long"):
        get(server, target, "/a", stall_seconds=0.2)


def test_a_server_that_trickles_is_given_up(server: Any, target: Path) -> None:
    """Never silent for long, it would take days; the next address goes on."""
    server.files["/a"] = server.files["/b"] = CONTENT
    server.script["/a"] = ["trickle"]
    get(server, target, "/a", "/b", stall_seconds=0.3)
    assert target.read_bytes() == CONTENT
    assert [path for path, _ in server.requests] == ["/a", "/b"]


def test_a_server_that_trickles_for_a_while_is_not_given_up(server: Any, target: Path) -> None:
    """A small file comes whole in less than the time to stall."""
    server.files["/a"] = b"small"
    server.script["/a"] = ["trickle"]
    checksum = "sha256:" + hashlib.sha256(b"small").hexdigest()
    fetch((server.url("/a"),), target, checksum, most_bytes=10, stall_seconds=10.0)
    assert target.read_bytes() == b"small"
    assert len(server.requests) == 1


def test_a_body_without_an_end_is_given_up(server: Any, target: Path) -> None:
    """Nothing of it is kept, and the address is not asked again."""
    server.files["/a"] = CONTENT
    server.script["/a"] = ["endless"]
    with pytest.raises(FetchError, match="more than 4,096,000 bytes"):
        get(server, target, "/a")
    assert list(target.parent.iterdir()) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.0 302 Found\r\nLocation: http://[bad\r\n\r\n", "Invalid IPv6 URL"),
        (b"HTTP/1.0 302 Found\r\nLocation: /a\r\n\r\n", "infinite loop"),
        (b"HTTP/1.0 404 \x1b[31mred\r\n\r\n", "[31mred"),
        (b"\x1b[31mgarbage\x07" + b"x" * 10_000 + b"\r\n\r\n", "garbage"),
    ],
    ids=["redirect to no address", "redirect loop", "control bytes", "garbage"],
)
def test_what_a_server_writes_does_not_break_the_sentence(
    server: Any, target: Path, answer: bytes, words: str
) -> None:
    """One printable line that is not endless."""
    server.script["/a"] = [answer] * 50
    with pytest.raises(FetchError) as caught:
        get(server, target, "/a")
    message = str(caught.value)
    assert words in message
    assert message.isprintable()
    assert len(message) < 500 + len(str(target))


def test_wrong_bytes_are_thrown_away(server: Any, target: Path) -> None:
    """The next address starts from the beginning."""
    server.files["/a"] = server.files["/b"] = CONTENT
    server.script["/a"] = ["wrong"]
    get(server, target, "/a", "/b")
    assert target.read_bytes() == CONTENT
    assert server.requests[-1] == ("/b", None)


def test_a_part_of_something_else_is_thrown_away(server: Any, target: Path) -> None:
    """Wrong bytes at the beginning show at the end, after which all is fetched again."""
    server.files["/a"] = CONTENT
    part(target).write_bytes(b"wrong")
    get(server, target, "/a")
    assert target.read_bytes() == CONTENT
    assert server.requests == [("/a", "bytes=5-"), ("/a", None)]


def test_a_part_that_is_complete_needs_nothing_more(server: Any, target: Path) -> None:
    """A process killed just before the end leaves one."""
    server.files["/a"] = CONTENT
    part(target).write_bytes(CONTENT)
    get(server, target, "/a")
    assert target.read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_thrown_away(server: Any, target: Path) -> None:
    """It cannot belong to the file."""
    server.files["/a"] = CONTENT
    part(target).write_bytes(CONTENT + b"more")
    get(server, target, "/a")
    assert target.read_bytes() == CONTENT


def test_always_wrong_bytes_are_an_error_and_leave_nothing(server: Any, target: Path) -> None:
    """Neither the file nor a part of it."""
    server.files["/a"] = b"something else"
    with pytest.raises(FetchError, match="the checksum is wrong"):
        get(server, target, "/a")
    assert list(target.parent.iterdir()) == []


def test_the_error_says_why_each_address_failed_and_what_to_do(server: Any, target: Path) -> None:
    """One sentence, with the place where the file would go."""
    with socket.socket() as closed:  # bound but not listening: connections are refused
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}/x"
        urls = (server.url("/a"), dead)
        with pytest.raises(FetchError) as caught:
            fetch(urls, target, CHECKSUM, most_bytes=2 * len(CONTENT), pause_seconds=0.0)
    message = str(caught.value)
    assert f"{server.url('/a')}: HTTP 404" in message
    assert f"{dead}: " in message
    assert "refused" in message
    assert message.endswith(f"put it at {target}.")
    assert "\n" not in message


def test_a_folder_that_cannot_be_written_is_not_the_servers_fault(
    server: Any, target: Path
) -> None:
    """The error is about the folder, at once."""
    server.files["/a"] = CONTENT
    part(target).mkdir()
    with pytest.raises(DataRootError, match="cannot be written"):
        get(server, target, "/a")
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_checksums_of_both_kinds(tmp_path: Path, kind: str) -> None:
    """Right and wrong."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    right = hashlib.new(kind, CONTENT).hexdigest()
    assert checksum_matches(path, f"{kind}:{right}")
    assert not checksum_matches(path, f"{kind}:{right[::-1]}")


HOSTILE_HEADERS = [
    "Content-Length: ²",
    "Content-Length: -1",
    "Content-Length: " + "9" * 5000,
    "Content-Length: 1e3",
    "Content-Length: ",
    "Transfer-Encoding: chunked",
    "Content-Range: bytes ²/²",
    "Content-Type: \x1b[31m",
]


@pytest.mark.parametrize("header", HOSTILE_HEADERS)
@pytest.mark.parametrize("status", [200, 206, 416])
def test_no_header_breaks_the_sentence(server: Any, target: Path, header: str, status: int) -> None:
    """Whatever a server answers, the file is fetched or the error is one sentence."""
    server.files["/a"] = CONTENT
    part(target).write_bytes(CONTENT[:100])
    answer = f"HTTP/1.1 {status} Odd\r\n{header}\r\n\r\n".encode() + CONTENT
    server.script["/a"] = [answer] * 3
    message = ""
    try:
        get(server, target, "/a")
    except FetchError as error:
        message = str(error)
    assert message.isprintable()
    assert message.endswith(f"put it at {target}.") or target.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [200, 206])
def test_a_partial_file_that_is_a_link_is_replaced(
    server: Any, target: Path, tmp_path: Path, status: int
) -> None:
    """What it points to stays as it is, also if the server would go on from its end."""
    victim = tmp_path / "victim"
    victim.write_bytes(CONTENT[:100])
    part(target).symlink_to(victim)
    server.files["/a"] = CONTENT
    if status == 200:
        server.script["/a"] = ["whole"]
    get(server, target, "/a")
    assert victim.read_bytes() == CONTENT[:100]
    assert target.read_bytes() == CONTENT
    assert not target.is_symlink()


@pytest.mark.timeout(60)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_partial_file_that_is_a_pipe_is_replaced(server: Any, target: Path) -> None:
    """Nobody waits for a reader."""
    os.mkfifo(part(target))
    server.files["/a"] = CONTENT
    get(server, target, "/a")
    assert target.read_bytes() == CONTENT
