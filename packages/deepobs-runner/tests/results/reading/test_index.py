"""Reading results folders: the index, duplicates, unreadable and unrelated files."""

import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deepobs.runner.results.reading import (
    UnreadableRecordWarning,
    _index,
    load_records,
    read_records,
)
from deepobs.runner.results.reading._parse import parse_record
from deepobs.runner.results.storage._storage import INDEX_NAME


@pytest.fixture
def folder(tmp_path, write_record):
    """A results folder with two runs, old enough for their index entries to be kept."""
    root = tmp_path / "results"
    for seed in (42, 43):
        path = write_record(root / "p/SGD/s", f"random_seed__{seed}__a.json", random_seed=seed)
        os.utime(path, (1e9, 1e9))
    return root


@pytest.fixture
def parsed(monkeypatch):
    """The files that were parsed, not taken from the index."""
    seen = []
    original = parse_record

    def parse(content, file):
        seen.append(file)
        return original(content, file)

    monkeypatch.setattr(_index, "parse_record", parse)
    return seen


def test_one_row_per_run_and_epoch(folder):
    """Two runs of three epochs give two times four rows, with cumulative steps and seconds."""
    frame = load_records(folder)
    assert len(frame) == 8
    first = frame[frame["seed"] == 42]
    assert first["epoch"].tolist() == [0, 1, 2, 3]
    assert first["test_loss"].tolist() == [4.0, 3.0, 2.0, 1.0]
    assert first["steps"].tolist() == [0.0, 7.0, 14.0, 21.0]
    assert first["seconds"].tolist() == [0.0, 0.5, 1.0, 1.5]
    assert first["valid_loss"].isna().all()
    assert set(frame["file"]) == {f"p/SGD/s/random_seed__{s}__a.json" for s in (42, 43)}


def test_second_time_nothing_is_parsed(folder, parsed):
    """With an index that is up to date no file is read, and the frame is the same."""
    first = load_records(folder)
    parsed.clear()
    second = load_records(folder)
    assert parsed == []
    pd.testing.assert_frame_equal(first, second)


def test_only_changed_files_are_parsed(folder, parsed, write_record):
    """A file that is new, changed or gone is noticed; the others come from the index."""
    load_records(folder)
    parsed.clear()
    path = write_record(folder / "p/SGD/s", "random_seed__42__a.json", learning_rate=9.0)
    os.utime(path, (1e9 + 1, 1e9 + 1))
    (folder / "p/SGD/s/random_seed__43__a.json").unlink()
    write_record(folder / "p/SGD/t", "random_seed__44__a.json", random_seed=44)
    frame = load_records(folder)
    assert sorted(parsed) == ["p/SGD/s/random_seed__42__a.json", "p/SGD/t/random_seed__44__a.json"]
    assert dict(zip(frame["seed"], frame["learning_rate"], strict=True)) == {42: 9.0, 44: 0.01}


def test_recent_files_are_not_trusted_to_the_index(tmp_path, write_record, parsed):
    """A file written just now may change again within the clock's tick: it is parsed again."""
    write_record(tmp_path)
    load_records(tmp_path)
    load_records(tmp_path)
    assert len(parsed) == 2


@pytest.mark.parametrize("damage", ["garbage", "truncated", "foreign", "old", "folder"])
def test_damaged_index_is_made_anew(folder, parsed, damage):
    """An index that is damaged, foreign or of another version is not believed but replaced."""
    expected = load_records(folder)
    index = folder / INDEX_NAME
    if damage == "garbage":
        index.write_bytes(b"no parquet")
    elif damage == "truncated":
        index.write_bytes(index.read_bytes()[:-100])
    elif damage == "foreign":
        pq.write_table(pa.table({"file": ["p/SGD/s/random_seed__42__a.json"]}), index)
    elif damage == "old":
        table = pq.read_table(index)
        pq.write_table(table.replace_schema_metadata({b"deepobs-index": b"0"}), index)
    else:
        index.unlink()
        index.mkdir()
    parsed.clear()
    pd.testing.assert_frame_equal(load_records(folder), expected)
    assert len(parsed) == 2


def test_read_only_folder_is_indexed_in_the_users_cache(folder, parsed, monkeypatch, tmp_path):
    """Where the folder cannot be written to, nothing is, and the cache serves the second time."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    load_records(folder)
    load_records(folder)
    assert len(parsed) == 2
    assert not (folder / INDEX_NAME).exists()
    assert len(list((tmp_path / "cache").rglob("*.parquet"))) == 1


def test_without_any_place_for_an_index_reading_works(folder, monkeypatch, tmp_path):
    """With neither folder nor cache writable the records are read all the same."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert len(load_records(folder)) == 8


def test_unreadable_files_are_named_and_left_out(folder):
    """A damaged record is named with the reason, in a warning too; the others are read."""
    (folder / "p/SGD/s/random_seed__9__a.json").write_text('{"testproblem": "p", "train_lo')
    result = read_records(folder)
    assert len(result.frame) == 8
    (bad,) = result.unreadable
    assert bad.file == "p/SGD/s/random_seed__9__a.json"
    assert "not valid JSON" in bad.reason
    with pytest.warns(UnreadableRecordWarning, match=r"left out 1 .*random_seed__9__a\.json"):
        load_records(folder)


def test_file_without_permission_is_unreadable(folder, monkeypatch):
    """A file that the system refuses to open is reported like a damaged one."""

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    result = read_records(folder)
    assert [item.reason for item in result.unreadable] == ["Permission denied"] * 2


def test_run_in_two_merged_folders_counts_once(folder):
    """The same run in two places is kept once, and the number of such files told."""
    shutil.copytree(folder / "p", folder / "copy/p")
    result = read_records(folder)
    assert len(result.frame) == 8
    assert result.num_duplicates == 2


def test_empty_folder_gives_an_empty_frame(tmp_path, folder):
    """A folder without results gives no rows, the usual columns and types, and no warning."""
    (tmp_path / "empty").mkdir()
    result = read_records(tmp_path / "empty")
    assert len(result.frame) == 0
    assert result[1:] == ((), 0, 0, ())
    full = load_records(folder)
    assert list(result.frame.columns) == list(full.columns)
    numbers = [name for name in full.columns if full[name].dtype != "category"]
    assert all(result.frame[name].dtype == full[name].dtype for name in numbers)


def test_ten_thousand_unrelated_files_are_counted_and_ignored(tmp_path, write_record):
    """JSON files of other kinds are counted; the one record among them is found."""
    for number in range(10_000):
        (tmp_path / f"{number}.json").write_text('{"name": "package", "version": 1}')
    write_record(tmp_path)
    result = read_records(tmp_path)
    assert len(result.frame) == 4
    assert result.num_unrelated == 10_000
    assert result.unreadable == ()


def test_hidden_files_and_folders_are_left_alone(folder, write_record):
    """What runs keep in hidden folders while under way is no result."""
    write_record(folder / ".runs/abc", "random_seed__1__a.json", random_seed=1)
    write_record(folder, ".random_seed__2__a.json", random_seed=2)
    assert set(load_records(folder)["seed"]) == {42, 43}


def test_links_to_folders_of_records_are_followed(folder, tmp_path, write_record):
    """Results on another disk, say; each record once, also if links go in a circle."""
    write_record(tmp_path / "elsewhere/q", "random_seed__7__a.json", random_seed=7)
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    (folder / "p/again").symlink_to(folder)
    (tmp_path / "elsewhere/back").symlink_to(folder)
    result = read_records(folder)
    assert set(result.frame["seed"]) == {7, 42, 43}
    assert result.num_duplicates == 0


def test_huge_file_is_named_and_left_out(folder):
    """A sparse file of 50 GB; its reason does not repeat the path."""
    path = folder / "random_seed__9__a.json"
    path.touch()
    os.truncate(path, 50 * 10**9)
    result = read_records(folder)
    assert [found.reason for found in result.unreadable] == ["it is larger than 256 MiB"]
    assert set(result.frame["seed"]) == {42, 43}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(60)
def test_pipe_among_the_records_is_named_and_left_out(folder):
    """Opening it would wait for a writer."""
    os.mkfifo(folder / "random_seed__8__a.json")
    result = read_records(folder)
    assert [found.reason for found in result.unreadable] == ["it is not a regular file"]
    assert set(result.frame["seed"]) == {42, 43}


def test_single_file_is_read_without_an_index(folder):
    """A path to one file gives that run, and leaves nothing behind."""
    frame = load_records(folder / "p/SGD/s/random_seed__43__a.json")
    assert set(frame["seed"]) == {43}
    assert list(folder.rglob(".*")) == []


def test_missing_folder_is_named(tmp_path):
    """A path with nothing there gives one sentence with its name."""
    with pytest.raises(FileNotFoundError, match=r"there is no results folder or file .*nowhere"):
        load_records(tmp_path / "nowhere")


def test_link_to_nowhere_is_passed_over(folder):
    """A dangling link among the results does not stop the rest."""
    (folder / "random_seed__5__a.json").symlink_to(folder / "gone.json")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(load_records(folder)) == 8


def test_index_holds_no_minibatch_losses(tmp_path, write_record):
    """The mini-batch losses, most of a file, are not in the index."""
    path = write_record(tmp_path, minibatch_train_losses=np.random.rand(100_000).tolist())
    os.utime(path, (1e9, 1e9))
    load_records(tmp_path)
    assert json.loads(path.read_text())["minibatch_train_losses"]
    assert (tmp_path / INDEX_NAME).stat().st_size < path.stat().st_size / 20
