"""Runs, checkpoints, searches and reports in object storage."""

import signal
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from deepobs.runner import Callback, RunInterruptedError, UsageError, load_records, run, tune
from deepobs.runner.report import write_report
from deepobs.runner.results import ResultsStore, clean, open_storage
from deepobs.runner.results.storage import _backends, _objects

SETTINGS: dict[str, Any] = {"lr": 0.01, "epochs": 2, "device": "cpu", "progress": "off"}
INDEX = ".deepobs-index.parquet"


class StopsOnce(Callback):
    """Interrupts a run in its second epoch."""

    def on_evaluation(self, epoch, metrics):
        """Sends the signal of a preemption after the first epoch."""
        if epoch == 1:
            signal.raise_signal(signal.SIGUSR1)


def download(address, keys, folder):
    """Copies all objects to a folder on the disk."""
    storage = open_storage(address)
    for key in keys():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(storage.read(key))
    return folder


def test_a_record_is_an_object_under_the_same_name_as_in_a_folder(bucket, keys, tmp_path):
    """The lock and the checkpoints are gone at the end."""
    here = run("quadratic_deep", "SGD", results=tmp_path, **SETTINGS)
    there = run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    assert there.path == f"{bucket}/{keys()[0]}"
    assert len(keys()) == 1
    assert Path(keys()[0]).parent == Path(here.path).relative_to(tmp_path).parent
    assert there.test_losses == here.test_losses


def test_a_run_is_done_once(bucket, keys):
    """The second call finds the record of the first; `force` keeps the old one aside."""
    first = run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    again = run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    assert (again.was_done, again.path) == (True, first.path)
    forced = run("quadratic_deep", "SGD", results=bucket, force=True, **SETTINGS)
    old = str(first.path).removeprefix(f"{bucket}/")
    assert keys() == sorted([f".superseded/{old}", str(forced.path).removeprefix(f"{bucket}/")])


def test_a_run_goes_on_from_its_checkpoint(bucket, keys):
    """The best model so far is kept as well, and ends beside the record."""
    options: dict[str, Any] = {
        "results": bucket,
        "keep_best": True,
        "checkpoint_every": 0,
        **SETTINGS,
    }
    with pytest.raises(RunInterruptedError, match="the checkpoint is saved"):
        run("quadratic_deep", "SGD", callbacks=[StopsOnce()], **options)
    assert [key.split("/")[0] for key in keys()] == [".runs"] * 3
    record = run("quadratic_deep", "SGD", resume=True, **options)
    assert record.environment["resumed"] == "exactly"
    name = str(record.path).removeprefix(f"{bucket}/")
    assert keys() == sorted([name, name.replace(".json", ".best.pt")])


def test_the_report_is_that_of_the_same_files_in_a_folder(bucket, keys, tmp_path):
    """Byte for byte."""
    for lr in (0.01, 0.02):
        run("quadratic_deep", "SGD", results=bucket, **{**SETTINGS, "lr": lr})
    folder = download(bucket, keys, tmp_path / "results")
    there = write_report(bucket, tmp_path / "there.html", title="x")
    here = write_report(folder, tmp_path / "here.html", title="x")
    assert there.read_bytes() == here.read_bytes()


def test_records_are_read_once(bucket, keys, monkeypatch):
    """The index in the bucket has the others."""
    run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    monkeypatch.setattr("deepobs.runner.results.reading._index._RACY_NS", -(10**12))
    first = load_records(bucket)
    assert INDEX in keys()

    def read_all(storage, names):
        assert list(names) == []
        return iter(())

    monkeypatch.setattr(_objects.ObjectStorage, "read_all", read_all)
    assert load_records(bucket).equals(first)


def test_a_search_keeps_its_record(bucket, keys):
    """A second call adds no run."""
    options: dict[str, Any] = {"trials": 2, "repeat": 1, "workers": 0, "results": bucket}
    options |= {"epochs": 1, "space": {"lr": "log:1e-3:1e-2"}, "progress": "off", "device": "cpu"}
    result = tune("quadratic_deep", "SGD", **options)
    before = keys()
    assert str(result.path).removeprefix(f"{bucket}/") in before
    assert tune("quadratic_deep", "SGD", **options).best == result.best
    assert keys() == before


def test_leftovers_of_a_killed_process_are_removed(bucket, keys):
    """Those of a run with a record; checkpoints of an unfinished run only if asked for."""
    record = run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    (name,) = keys()
    store = ResultsStore(bucket)
    store.work("f" * 16).write("checkpoint_000000000001.pt", b"unfinished")
    left = clean(bucket)
    assert (left.finished, left.unfinished) == ((), ("f" * 16,))
    assert record.run_id not in left.unfinished
    clean(bucket, unfinished=True)
    assert keys() == [name]


def test_the_command_reports_from_an_address(bucket, tmp_path, deepobs, capfd):
    """As from a folder."""
    run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    assert deepobs("report", bucket, "-o", str(tmp_path / "x.html")) == 0
    assert "(1 runs" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://", "'s3://' is no address of results; expected s3://bucket/folder"),
        ("s3://x/../y", "is no address of results"),
        ("s4://bucket/x", "There is no kind of storage named 's4'; did you mean s3"),
        ("az://", "expected az://container/folder"),
        (Path("s3://bucket/x"), "is a path, not an address; write 's3://bucket/x', as a text"),
    ],
)
def test_a_wrong_address_is_refused(address, said):
    """One sentence says what was expected."""
    with pytest.raises(UsageError) as error:
        open_storage(address)
    assert said in str(error.value)


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_a_missing_package_is_named(scheme, monkeypatch):
    """With the command that installs it."""
    package = _backends.BACKENDS[scheme].package
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match=rf"need {package}.*'deepobs-runner\[cloud\]'"):
        open_storage(f"{scheme}://bucket/x")


def test_a_missing_bucket_is_named(server):
    """Before anything is started."""
    with pytest.raises(UsageError, match="There is no bucket 'nobody' for s3://nobody/x"):
        run("quadratic_deep", "SGD", results="s3://nobody/x", **SETTINGS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tune", "quadratic_deep", "SGD", "--strategy", "tpe"], "The strategy tpe"),
        (["benchmark", "SGD"], "A benchmark"),
        (["run", "quadratic_deep", "SGD", "--lr", "1", "--logger", "mlflow"], "The logger mlflow"),
    ],
)
def test_what_needs_a_disk_is_refused(arguments, said, deepobs, capfd):
    """One sentence says what to use instead."""
    assert deepobs(*arguments, "--results", "s3://bucket/x") != 0
    (line,) = capfd.readouterr().err.splitlines()
    assert f"{said} writes files, which needs a folder rather than s3://bucket/x; " in line


def test_a_path_is_no_address(deepobs, capfd):
    """A file that must be on a disk."""
    assert deepobs("bundle", "s3://bucket/x", "-o", "x.deepobs") != 0
    assert "s3://bucket/x is an address, but this must be a path" in capfd.readouterr().err


def test_a_storage_without_conditional_writes_is_refused(server, bucket, keys):
    """Two machines could do the same run there."""
    server.fail(["PUT"], ignores_conditions=True)
    with pytest.raises(UsageError, match=r"ignores conditional writes \(If-None-Match\)"):
        run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    assert keys() == []


@pytest.mark.parametrize(
    ("scheme", "error"),
    [("gs", FileExistsError("generation")), ("az", FileExistsError("blob"))],
)
def test_a_refused_condition_means_that_another_was_first(scheme, error):
    """The file systems of Google and Azure say it by Python's own error."""

    class Files:
        def pipe_file(self, key, content, mode):
            assert mode == "create"
            raise error

        def cat_file(self, key):
            return b"another's"

    backend = _backends.BACKENDS[scheme]
    storage = _objects.ObjectStorage(backend, Files(), scheme, "bucket/x")
    assert not storage.create("lock.000001", b"mine")


def test_a_lost_condition_of_s3_is_no_failure():
    """S3 answers 409 where two conditional writes meet at the same moment."""

    class Files:
        def pipe_file(self, key, content, mode):
            raise OSError("conflict") from ConflictError()

        def cat_file(self, key):
            return b"another's"

    storage = _objects.ObjectStorage(_backends.BACKENDS["s3"], Files(), "s3", "bucket/x")
    assert not storage.create("lock.000001", b"mine")


class ConflictError(Exception):
    """Stands for botocore's error, which holds the server's answer."""

    response: ClassVar = {"Error": {"Code": "ConditionalRequestConflict"}}
