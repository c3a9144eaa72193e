"""Locks in object storage, which hold between machines and expire with their holder."""

import itertools
from typing import Any

import pytest

from deepobs.runner import RunInProgressError, run
from deepobs.runner.results import Record, ResultsStore, open_storage
from deepobs.runner.results.storage import LockedError, _lease
from deepobs.runner.training import Trainer

SETTINGS: dict[str, Any] = {"lr": 0.01, "epochs": 1, "device": "cpu", "progress": "off"}


@pytest.fixture
def expiring(monkeypatch):
    """Every lock counts as expired for the others, though its holder still trusts it."""
    monkeypatch.setattr(_lease, "EXPIRY_SECONDS", -10.0)


def stop(storage):
    """Puts the holder of a lock where it is after its process was stopped for an hour."""
    for lease in storage._leases.values():
        lease._renewed -= 3600.0


def machines(address, number):
    """The same folder as each of several machines sees it."""
    return [open_storage(address).at("run") for _ in range(number)]


def test_a_held_lock_refuses_the_others(bucket, keys):
    """Until it is released, which leaves nothing behind."""
    first, second = machines(bucket, 2)
    with first.lock(), pytest.raises(LockedError), second.lock():
        raise AssertionError("both have the lock")
    assert keys() == []
    with second.lock():
        assert keys() == ["run/lock.000001"]


def test_an_expired_lock_is_taken_over_by_one(bucket, keys, expiring):
    """Its former holder can write nothing more."""
    first, second = machines(bucket, 2)
    with first.lock():
        with second.lock():
            assert keys() == ["run/lock.000002"]
            stop(first)
            with pytest.raises(LockedError, match="Another process has taken over"):
                first.write("theirs", b"")
            second.write("mine", b"")
        assert keys() == ["run/mine"]


def test_a_holder_that_was_stopped_takes_its_lock_again(bucket, keys):
    """If nobody else has: a higher number says that it did."""
    (only,) = machines(bucket, 1)
    with only.lock():
        stop(only)
        only.write("mine", b"")
        assert keys() == ["run/lock.000002", "run/mine"]


def test_a_late_creation_of_a_lower_lock_is_no_lock(bucket, keys, monkeypatch):
    """The process was stopped between its listing and its creation, which others overtook."""
    late, other = machines(bucket, 2)
    other.put("lock.000007", b"theirs")
    monkeypatch.setattr(_lease.Lease, "_newest", lambda self: 0)
    with pytest.raises(LockedError), late.lock():
        raise AssertionError("both have the lock")
    assert keys() == ["run/lock.000007"]


def test_the_holder_renews_its_lock(bucket, monkeypatch):
    """In a thread, for as long as it holds it."""
    monkeypatch.setattr(_lease, "BEAT_SECONDS", 0.01)
    (only,) = machines(bucket, 1)
    lease = _lease.Lease(only)
    monkeypatch.setattr(lease, "_renew", lease._released.set)
    lease.acquire()
    lease._thread.join(timeout=60)
    assert not lease._thread.is_alive()


def test_a_run_that_was_taken_over_writes_no_record(bucket, keys, monkeypatch, expiring):
    """Two machines train it, the slower one in vain: the record is that of the other."""
    fit, work = Trainer.fit, ResultsStore.work
    calls, stores = itertools.count(), list[ResultsStore]()
    faster = list[Record]()

    def remembered(store, run_id):
        stores.append(store)
        return work(store, run_id)

    def overtaken(trainer):
        fit(trainer)
        if next(calls) == 0:
            slower = stores[-1].storage
            faster.append(run("quadratic_deep", "SGD", results=bucket, **SETTINGS))
            stop(slower)

    monkeypatch.setattr(ResultsStore, "work", remembered)
    monkeypatch.setattr(Trainer, "fit", overtaken)
    with pytest.raises(RunInProgressError, match="wait for its record"):
        run("quadratic_deep", "SGD", results=bucket, **SETTINGS)
    assert [f"{bucket}/{key}" for key in keys()] == [faster[0].path]
