"""What a kill leaves in a results folder, and how it is removed."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from deepobs.runner import RunConfig, UsageError, run
from deepobs.runner.results import ResultsStore, clean

HOUR = 3600


@pytest.fixture
def done(tmp_path):
    """A finished run."""
    options = {"lr": 0.01, "epochs": 1, "results": tmp_path, "progress": "off"}
    return run("quadratic_deep", "SGD", **options)


def leave(store, record, *, after_the_record=False):
    """What is there when a process is killed between writing the record and removing the rest."""
    folder = store.work(record.run_id).locate("")
    folder.mkdir(parents=True)
    written = record.path.stat().st_mtime + (10 if after_the_record else -10)
    for name in ("best.pt", "checkpoint_000000000007.pt", ".best.pt.123.tmp", "lock"):
        (folder / name).write_bytes(b"weights")
        os.utime(folder / name, (written, written))
    return folder


def files(root):
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def test_the_next_call_finishes_what_a_kill_left(tmp_path, done):
    """The best model goes beside the record; checkpoints and the lock go."""
    leave(ResultsStore(tmp_path), done)
    again = run("quadratic_deep", "SGD", lr=0.01, epochs=1, results=tmp_path, progress="off")
    assert again == done
    assert files(tmp_path) == [f"{done.path.stem}.best.pt", done.path.name]
    assert not (tmp_path / ".runs").exists()


def test_clean_finishes_it_too(tmp_path, done):
    """For runs that nobody calls again."""
    leave(ResultsStore(tmp_path), done)
    assert clean(tmp_path, dry_run=True).finished == (done.run_id,)
    assert clean(tmp_path).finished == (done.run_id,)
    assert files(tmp_path) == [f"{done.path.stem}.best.pt", done.path.name]


def test_checkpoints_of_a_run_that_was_begun_again_stay(tmp_path, done):
    """With force, and interrupted: it can be resumed."""
    store = ResultsStore(tmp_path)
    folder = leave(store, done, after_the_record=True)
    assert not store.finish(done)
    assert (folder / "checkpoint_000000000007.pt").exists()


def test_a_run_that_a_process_is_doing_is_left_alone(tmp_path, done):
    """Its lock is held."""
    store = ResultsStore(tmp_path)
    folder = leave(store, done)
    with store.hold(done.run_id, "by this test"):
        assert not store.finish(done)
        assert clean(tmp_path, unfinished=True).finished == ()
    assert (folder / "best.pt").exists()


def test_unfinished_runs_go_on_request_only(tmp_path):
    """Their checkpoints are what a resume needs."""
    store = ResultsStore(tmp_path)
    config = RunConfig(problem="quadratic_deep", optimizer="SGD", lr=0.01)
    folder = Path(store.work(config.run_id).locate(""))
    folder.mkdir(parents=True)
    (folder / "checkpoint_000000000007.pt").write_bytes(b"weights")
    assert clean(tmp_path).unfinished == (config.run_id,)
    assert (folder / "checkpoint_000000000007.pt").exists()
    assert clean(tmp_path, unfinished=True).removed == (folder,)
    assert not folder.exists()


def test_old_temporary_files_go_and_young_ones_stay(tmp_path, done):
    """A young one may be another process's, which is writing it."""
    names = [".random_seed__1__x.json.99.tmp", ".write_probe.99", ".index-ab.tmp"]
    for folder in (tmp_path, done.path.parent):
        for name in names:
            (folder / name).write_text("half")
            old = time.time() - 2 * HOUR
            os.utime(folder / name, (old, old))
        (folder / ".young.json.99.tmp").write_text("half")
    assert len(clean(tmp_path).removed) == 2 * len(names)
    assert files(tmp_path) == [".young.json.99.tmp"] * 2 + [done.path.name]


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    """One sentence."""
    with pytest.raises(UsageError, match="no results folder"):
        clean(tmp_path / "none")


def test_records_are_never_removed(tmp_path, done):
    """Nor what is no file of ours."""
    (tmp_path / ".notes").write_text("mine")
    moved = replace(done, path=tmp_path / "elsewhere.json")
    assert ResultsStore(tmp_path).finish(moved) is False
    clean(tmp_path, unfinished=True)
    assert files(tmp_path) == [".notes", done.path.name]
