"""Only one process at a time fetches a data set, whatever the file system offers."""

import errno
import multiprocessing
import os
from pathlib import Path
from typing import Any

import filelock
import pytest

from deepobs.data import load_dataset, prepare_dataset


def _prepare(root: Path, name: str, errors: Any) -> None:
    try:
        prepare_dataset(name, root=root)
    except Exception as error:
        errors.put(repr(error))
        raise


def test_two_processes_at_once_do_no_harm(tmp_path: Path, small_mnist: Path, server: Any) -> None:
    """They take turns: each file is fetched once, and both find everything there."""
    context = multiprocessing.get_context("fork")  # so that the children know the small sources
    errors = context.Queue()
    root = tmp_path / "new"
    children = [context.Process(target=_prepare, args=(root, "mnist", errors)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert errors.empty()
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert sorted(path for path, _ in server.requests) == sorted(server.files)
    assert load_dataset("mnist", root=root).num_examples("test") == 140


def test_waiting_for_another_process_is_told_once(tmp_path: Path, small_mnist: Path) -> None:
    """Before it waits; then it goes on as usual."""
    root = tmp_path / "new"
    root.mkdir()
    lock = filelock.FileLock(root / ".mnist.lock")
    lock.acquire()
    calls: list[str] = []

    def progress(what: str, done: int, total: int | None) -> None:
        calls.append(what)
        lock.release()

    prepare_dataset("mnist", root=root, progress=progress)
    assert calls[0] == "mnist: waiting for another process that prepares it"
    assert calls.count(calls[0]) == 1
    assert load_dataset("mnist", root=root).num_examples("test") == 140


@pytest.mark.filterwarnings("ignore:flock not supported on this filesystem")  # filelock says so
def test_a_file_system_without_locks_is_prepared(
    tmp_path: Path, small_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lustre without flock answers ENOSYS: the lock's file is the lock, and it is removed."""
    fcntl = pytest.importorskip("fcntl")

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)
    prepare_dataset("mnist", root=tmp_path / "new")
    assert load_dataset("mnist", root=tmp_path / "new").num_examples("test") == 140
    assert not (tmp_path / "new" / ".mnist.lock").exists()


def test_an_unsupported_lock_is_replaced_by_a_soft_one(
    tmp_path: Path, small_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the lock's library does not do so itself."""
    kinds: list[type] = []
    acquire = filelock.BaseFileLock.acquire

    def recorded(self: filelock.BaseFileLock, *arguments: Any, **options: Any) -> Any:
        kinds.append(type(self))
        if not isinstance(self, filelock.SoftFileLock):
            raise NotImplementedError("FileSystem does not appear to support flock")
        return acquire(self, *arguments, **options)

    monkeypatch.setattr(filelock.BaseFileLock, "acquire", recorded)
    prepare_dataset("mnist", root=tmp_path / "new")
    assert kinds == [filelock.FileLock, filelock.SoftFileLock]
    assert load_dataset("mnist", root=tmp_path / "new").num_examples("test") == 140
