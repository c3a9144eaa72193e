"""An S3 server on this machine, and an empty folder in it for each test."""

import itertools
from dataclasses import replace

import pytest

from deepobs.runner.results.storage import _backends

pytest.importorskip("s3fs", reason="the extra cloud is not installed")
pytest.importorskip("moto", reason="moto, the S3 server, is not installed")

from s3_server import Server

BUCKET = "results"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def running_server():
    """The server of this process."""
    with Server() as server:
        server.create(BUCKET)
        yield server


@pytest.fixture
def server(running_server, monkeypatch):
    """The server, which answers again after each test. Clients ask twice, which takes a second."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", running_server.url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    patient = _backends.BACKENDS["s3"]
    retries = {"total_max_attempts": 2, "mode": "standard"}
    limits = {"connect_timeout": 30, "read_timeout": 30, "retries": retries}
    monkeypatch.setitem(
        _backends.BACKENDS, "s3", replace(patient, options={"config_kwargs": limits})
    )
    yield running_server
    running_server.fail()


@pytest.fixture
def bucket(server):
    """The address of an empty folder."""
    return f"s3://{BUCKET}/{next(_numbers)}"


@pytest.fixture
def keys(bucket):
    """Returns the names of all objects below the folder."""
    files = _backends.BACKENDS["s3"].open()
    root = bucket.removeprefix("s3://")
    return lambda: sorted(key.removeprefix(f"{root}/") for key in files.find(root))
