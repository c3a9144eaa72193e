"""Servers that refuse, fail, lose answers, are slow or absent: one sentence, nothing lost."""

import logging
import re
import socket
from contextlib import contextmanager
from typing import Any

import pytest

from deepobs.runner import ResultsError, UsageError, load_records, run, sweep
from deepobs.runner.results import ResultsStore
from deepobs.runner.results.storage import _backends

s3fs = pytest.importorskip("s3fs", reason="the extra cloud is not installed")

SETTINGS: dict[str, Any] = {"lr": 0.01, "epochs": 2, "device": "cpu", "progress": "off"}
PLAN = {"problems": ["quadratic_deep"], "optimizers": ["SGD"], "lr": [0.01, 0.02], "epochs": 1}
FAULTS = {
    "refuses": ({"status": 403}, UsageError, "access is refused"),
    "fails": ({"status": 500}, ResultsError, "Internal Server Error"),
    "is slow": ({"seconds": 30}, ResultsError, "Read timeout"),
}


@pytest.fixture
def impatient(server):
    """A context in which a client waits half a second for an answer; others wait half a minute."""

    @contextmanager
    def shortened():
        options: Any = _backends.BACKENDS["s3"].options
        usual = options["config_kwargs"]
        options["config_kwargs"] = {**usual, "connect_timeout": 0.5, "read_timeout": 0.5}
        yield
        options["config_kwargs"] = usual

    return shortened


@pytest.fixture
def silent():
    """The URL of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def sentence(error):
    """The message of an error, which is one sentence."""
    text = str(error.value)
    assert re.fullmatch(r"\S.*\.", text), text
    return text


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_a_failing_server_costs_nothing(server, bucket, impatient, fault, method):
    """One sentence names the address; the same call succeeds later."""
    how, kind, said = FAULTS[fault]
    server.fail([method], **how)
    with impatient(), pytest.raises((UsageError, ResultsError)) as error:
        run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    text = sentence(error)
    assert said in text
    assert bucket in text
    assert method == "GET" or isinstance(error.value, kind)
    server.fail()
    run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    assert len(load_records(bucket)["run_id"].unique()) == 1


@pytest.mark.parametrize("answers", ["nothing listens", "nothing is said"])
def test_no_answer(server, impatient, monkeypatch, silent, answers):
    """After the time limit and the attempts."""
    url = silent
    if answers == "nothing listens":
        with socket.create_server(("127.0.0.1", 0)) as closed:
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setattr(s3fs.S3FileSystem, "cachable", False)  # the others know another server
    with impatient(), pytest.raises(ResultsError, match=r"s3://nowhere/x.* could not be") as error:
        run("quadratic_deep", "SGD", results="s3://nowhere/x", **SETTINGS)
    assert sentence(error)


@pytest.mark.parametrize("status", [403, 500])
def test_a_record_that_cannot_be_written_keeps_the_checkpoint(server, bucket, keys, status):
    """The run goes on from it, and is there once."""
    server.fail(["PUT"], containing="random_seed__", status=status)
    options: dict[str, Any] = {"results": bucket, "checkpoint_every": 0, **SETTINGS}
    with pytest.raises(ResultsError, match="could not be written") as error:
        run("quadratic_deep", "SGD", **options)
    assert sentence(error)
    assert any("/checkpoint_" in key for key in keys())
    server.fail()
    record = run("quadratic_deep", "SGD", resume=True, **options)
    assert record.environment["resumed"] == "exactly"
    assert [f"{bucket}/{key}" for key in keys()] == [record.path]


def test_a_checkpoint_that_cannot_be_written_stops_nothing(server, bucket, keys, caplog):
    """The run warns, and ends with its record."""
    server.fail(["PUT"], containing="checkpoint_", status=500)
    with caplog.at_level(logging.WARNING):
        record = run(
            "digits_logreg",
            "SGD",
            results=bucket,
            checkpoint_every=1e-9,
            **{**SETTINGS, "epochs": 1, "batch_size": 1000},
        )
    assert "The run continues without a new checkpoint: s3://" in caplog.text
    assert [f"{bucket}/{key}" for key in keys()] == [record.path]


def test_a_lost_answer_doubles_nothing(server, bucket, keys):
    """The upload is repeated, and meets the record that it wrote itself."""
    server.fail(["PUT"], containing="random_seed__", status=500, loses_answer=True, times=1)
    record = run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    assert [f"{bucket}/{key}" for key in keys()] == [record.path]


def test_a_lost_answer_to_a_lock_is_no_lock_of_another(server, bucket, keys):
    """The process would otherwise wait for itself."""
    server.fail(["PUT"], containing="/lock.", status=500, loses_answer=True, times=1)
    with ResultsStore(bucket).work("0" * 16).lock():
        assert len(keys()) == 1
    assert keys() == []


def test_a_failure_that_passes_is_not_noticed(server, bucket):
    """One attempt more is enough."""
    server.fail(["PUT", "GET"], status=503, times=1)
    assert run("quadratic_deep", "SGD", results=bucket, **SETTINGS).status == "finished"


def test_a_sweep_ends_with_the_failures_and_completes_later(server, bucket, keys):
    """Each failed run says why; what is done is not done again."""
    options: dict[str, Any] = {
        "results": bucket,
        "workers": 0,
        "progress": "off",
        "device": "cpu",
        "retries": 0,
    }
    server.fail(["PUT"], containing="lr__2.e-02/random_seed__", status=500)
    first = sweep(PLAN, **options)
    assert [run.status for run in first.runs] == ["finished", "failed"]
    (failed,) = first.failed
    assert re.fullmatch(r"s3://.* could not be written: .*\.", failed.message)
    server.fail()
    assert [run.status for run in sweep(PLAN, **options).runs] == ["done before", "finished"]
    assert len([key for key in keys() if key.endswith(".json")]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "-o", "x.html"],
        ["clean"],
        ["run", "quadratic_deep", "SGD", "--lr", "0.01", "--device", "cpu", "--results"],
    ],
)
def test_the_command_says_it_in_one_line(
    server, bucket, deepobs, capfd, arguments, tmp_path, monkeypatch
):
    """Without a traceback."""
    monkeypatch.chdir(tmp_path)
    server.fail(["GET", "PUT"], status=403)
    assert deepobs(*arguments, bucket) != 0
    (line,) = capfd.readouterr().err.splitlines()
    assert bucket in line
    assert "access is refused" in line


def test_the_time_limits_are_those_of_the_guide():
    """Ten seconds to connect, twenty for an answer, four attempts."""
    limits = _backends.BACKENDS["s3"].options["config_kwargs"]
    assert (limits["connect_timeout"], limits["read_timeout"]) == (10, 20)
    assert limits["retries"]["total_max_attempts"] == 4
