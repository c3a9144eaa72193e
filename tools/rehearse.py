"""Rehearses a release from the last commit to an installation, without an account.

    python tools/rehearse.py         # with the oldest and the newest Python that are declared
    python tools/rehearse.py 3.12    # with these

A clone is tagged, its changelog and distributions are built, checked and uploaded to an index on
this machine, and each package is installed from that index into a clean environment of each Python.
`deepobs` runs its demo there. A Python that is not here is fetched by uv; without a network, it is
skipped.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from metadata import CLASSIFIERS

ROOT = Path(__file__).parents[1]
DECLARED = re.findall(r":: (3\.\d+)", "\n".join(CLASSIFIERS))  # versions of Python, oldest first
PASSWORD = "rehearsal"  # of an index that lives for minutes
PATIENCE = 60  # seconds that the index has for its start

# Runs in the clean environment: the version is the tag's, and the package can be imported.
CHECK = """
import importlib, importlib.metadata, sys
name, version = sys.argv[1:]
assert importlib.metadata.version(name) == version, importlib.metadata.version(name)
if name != "deepobs":
    print(importlib.import_module(name.replace("-", ".")).__name__, version)
"""


def run(*command: str | Path, where: Path | None = None) -> None:
    """Runs a command; a failure ends the rehearsal."""
    print("+", *command, flush=True)
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    if subprocess.run(command, cwd=where, env=environment).returncode:
        sys.exit(f"the rehearsal ended here: {' '.join(map(str, command))}")


def output(*command: str | Path, where: Path) -> str:
    """Returns what a command prints."""
    return subprocess.run(
        command, cwd=where, check=True, capture_output=True, text=True
    ).stdout.strip()


def tagged_clone(folder: Path) -> tuple[Path, str]:
    """Clones the last commit, and tags the clone; returns it and the version."""
    clone = folder / "clone"
    run("git", "clone", "-q", "--local", ROOT, clone)
    version = output(sys.executable, "tools/metadata.py", "--version", where=clone)
    run("git", "tag", f"v{version}", where=clone)
    run(sys.executable, "tools/metadata.py", "--check", where=clone)
    run(sys.executable, "-m", "towncrier", "build", "--draft", "--version", version, where=clone)
    return clone, version


@contextmanager
def index(folder: Path) -> Iterator[str]:
    """Serves an empty package index on loopback, and yields its address."""
    (folder / "index").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    options = ("-i", "127.0.0.1", "-p", str(port), "-P", ".", "-a", ".", "--disable-fallback")
    server = subprocess.Popen(
        (sys.executable, "-m", "pypiserver", "run", *options, str(folder / "index")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(server, address)
        yield address
    finally:
        server.terminate()
        server.wait()


def wait_for(server: subprocess.Popen[bytes], address: str) -> None:
    """Returns when the index answers; ends the rehearsal where it does not."""
    for _ in range(PATIENCE * 10):
        try:
            urllib.request.urlopen(address, timeout=PATIENCE).close()
        except urllib.error.URLError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return
    sys.exit("the index on this machine does not start")


def install(name: str, version: str, python: str, address: str, folder: Path) -> None:
    """Installs a package from the index into a clean environment, and uses it there."""
    environment = folder / f"{name}-{python}"
    run("uv", "venv", "-q", "--python", python, environment)
    bin_ = environment / "bin"
    # The first index that knows a name provides it: ours for `deepobs`, which PyPI knows too.
    source = ("--index", f"{address}/simple/", "--prerelease", "if-necessary-or-explicit")
    run(
        *("uv", "pip", "install", "-q", "--python", bin_ / "python", *source),
        f"{name}=={version}",
    )
    run(bin_ / "python", "-c", CHECK, name, version, where=folder)
    if name == "deepobs":
        run(bin_ / "deepobs", "demo", "--results", folder / f"demo-{python}", where=folder)


def present(python: str) -> bool:
    """Returns whether a Python is on this machine or can be fetched, and says so if not."""
    for command in (("uv", "python", "find", python), ("uv", "python", "install", python)):
        if subprocess.run(command, capture_output=True).returncode == 0:
            return True
    print(f"Python {python} is neither here nor to be fetched: not rehearsed with it.")
    return False


def main() -> None:
    """Goes through the release."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pythons", nargs="*", metavar="PYTHON")
    wanted = parser.parse_args().pythons or (DECLARED[0], DECLARED[-1])
    pythons = [python for python in wanted if present(python)]
    if not pythons:
        sys.exit("none of the Pythons is on this machine")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone, version = tagged_clone(folder)
        dist = folder / "dist"
        run(sys.executable, "tools/build_dists.py", dist, where=clone)
        files = sorted((*dist.glob("*.whl"), *dist.glob("*.tar.gz")))
        names = sorted({re.sub("_", "-", path.name.split("-")[0]) for path in files})
        with index(folder) as address:
            login = ("-u", PASSWORD, "-p", PASSWORD, "--repository-url", address)
            run(sys.executable, "-m", "twine", "upload", "--non-interactive", *login, *files)
            for python in pythons:
                for name in names:
                    install(name, version, python, address, folder)
    print(f"ok: {', '.join(names)} {version} with Python {', '.join(pythons)}")


if __name__ == "__main__":
    main()
