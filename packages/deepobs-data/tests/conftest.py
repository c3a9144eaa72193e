import gzip
import hashlib
import http.server
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import torch

from deepobs.data import DATASETS, _prepare
from deepobs.data._sources import Download, downloads
from deepobs.data.testing import write_stand_in

GOLDEN = Path(__file__).parent / "golden"
NOBODY = 65534


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    """What the original makes of known inputs; $DEEPOBS_GOLDEN_DIR may name another set."""
    folder = Path(os.environ.get("DEEPOBS_GOLDEN_DIR") or GOLDEN)
    facts: dict[str, Any] = json.loads((folder / "data.json").read_text())
    return facts


@pytest.fixture(scope="session")
def golden_images(golden: dict[str, Any]) -> np.ndarray:
    """The four 32×32 images [N, H, W, C] of the golden file: two noisy, two (nearly) constant."""
    seed = golden["preprocessing"]["cifar10_test_phase"]["seed"]
    images = np.random.RandomState(seed).randint(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    images[2] = 77
    images[3] = 100
    images[3, 5, 6, 1] = 101
    return images


@pytest.fixture(scope="session")
def picked() -> Callable[[torch.Tensor, dict[str, Any]], tuple[torch.Tensor, torch.Tensor]]:
    """Takes from an image [C, H, W] the values that a golden entry has; returns ours and its."""

    def pick(image: torch.Tensor, entry: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        ours = image.permute(1, 2, 0)
        assert list(ours.shape) == entry["shape"]
        return ours.reshape(-1)[entry["idx"]], torch.tensor(entry["values"])

    return pick


@pytest.fixture(scope="session")
def real_root() -> Callable[[str], Path]:
    """Returns the folder of the real data sets if it has a file; else the test is skipped."""

    def find(file: str) -> Path:
        root = os.environ.get("DEEPOBS_DATA_DIR")
        if not root or not (Path(root) / file).is_file():
            pytest.skip(f"needs {file} in $DEEPOBS_DATA_DIR")
        return Path(root)

    return find


@pytest.fixture
def public_path() -> Iterator[Path]:
    """An empty folder that every user may enter; not so pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def closed() -> Callable[[Path], AbstractContextManager[None]]:
    """Takes all rights to a path away, for a while, and the superuser's power to read it anyway."""
    if not hasattr(os, "geteuid"):
        pytest.skip("needs POSIX users")

    @contextmanager
    def close(path: Path) -> Iterator[None]:
        user, mode = os.geteuid(), path.stat().st_mode
        path.chmod(0)
        if user == 0:
            os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(user)
            path.chmod(mode)

    return close


@pytest.fixture
def no_data_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves neither a data folder nor a proxy in the environment."""
    for name in ("DEEPOBS_DATA_DIR", "DEEPOBS_OFFLINE", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


class Server:
    """A server on loopback that behaves badly on demand.

    `files` maps paths to contents; `script` maps paths to what happens to the next requests, one
    after the other: a status code, "stall", "break" (half of it), "whole" (ignores Range), "wrong",
    "endless" (without a length), "trickle" (a byte now and then), or bytes: the answer as it is.
    `requests` lists what was asked: the path and the Range header.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {}
        self.script: dict[str, list[int | str | bytes]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.closing = threading.Event()

    def url(self, path: str) -> str:
        return self.address + path


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the server's script says."""

    server: "QuietServer"

    def do_GET(self) -> None:
        state = self.server.state
        asked = self.headers.get("Range")
        state.requests.append((self.path, asked))
        steps = state.script.get(self.path, [])
        step = steps.pop(0) if steps else "good"
        if isinstance(step, bytes):
            self.wfile.write(step)
        elif step == "endless":
            self.send_response(200)
            self.end_headers()
            while True:  # until the client goes away
                self.wfile.write(bytes(2**16))
        elif isinstance(step, int) or self.path not in state.files:
            self.send_error(step if isinstance(step, int) else 404)
        else:
            self.send_file(state.files[self.path], asked, step)

    def send_file(self, content: bytes, asked: str | None, step: str) -> None:
        if step == "wrong":
            content = bytes(len(content))
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if first >= len(content) and asked:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        partial = asked is not None and step != "whole"
        body = content[first:] if partial else content
        self.send_response(206 if partial else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.send_body(body, step)

    def send_body(self, body: bytes, step: str) -> None:
        closing = self.server.state.closing
        if step == "trickle":
            for byte in body:
                self.wfile.write(bytes([byte]))
                if closing.wait(0.05):
                    break
        elif step in ("stall", "break"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if step == "stall":
                closing.wait(10)
        else:
            self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    state: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that gives up is what these tests are about


@pytest.fixture
def server(no_data_dir: None) -> Iterator[Server]:
    """A server on loopback that runs during the test."""
    with QuietServer(("127.0.0.1", 0), Handler) as listener:
        state = listener.state = Server(f"http://127.0.0.1:{listener.server_port}")
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield state
        state.closing.set()
        listener.shutdown()
        thread.join()


def _md5(content: bytes) -> str:
    return "md5:" + hashlib.md5(content).hexdigest()


@pytest.fixture
def small_mnist(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """MNIST's files, small ones, on a server; returns the folder with what is served, unpacked."""
    served = write_stand_in("mnist", tmp_path / "served")
    files = {file: (served / file).read_bytes() for file in DATASETS["mnist"].files}
    sources = []
    for file, content in files.items():
        packed = gzip.compress(content)
        server.files[f"/{Path(file).name}.gz"] = packed
        url = server.url(f"/{Path(file).name}.gz")
        sources.append(Download((url,), _md5(packed), f"{file}.gz", (file,)))
    sums = {file: _md5(content) for file, content in files.items()}
    monkeypatch.setattr(_prepare, "downloads", lambda name: tuple(sources))
    monkeypatch.setattr(_prepare, "checksums", lambda name: sums)
    return served


@pytest.fixture
def prepare_served(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    """Prepares a data set of one archive, a stand-in, from a server on loopback.

    The address ends and the checksum is computed as those of the real archive.
    """

    def prepare(name: str) -> Path:
        (real,) = downloads(name)
        (archive,) = DATASETS[name].files
        content = (write_stand_in(name, tmp_path / "served") / archive).read_bytes()
        address = urlsplit(real.urls[0]).path
        server.files[address] = content
        algorithm = real.checksum.partition(":")[0]
        checksum = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
        source = Download((server.url(address),), checksum, archive)
        monkeypatch.setattr(_prepare, "downloads", lambda name: (source,))
        monkeypatch.setattr(_prepare, "checksums", lambda name: {archive: checksum})
        return _prepare.prepare_dataset(name, root=tmp_path / "new")

    return prepare
