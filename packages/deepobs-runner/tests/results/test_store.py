"""The results folder."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import run_workers as workers

from deepobs.runner import RunConfig, UsageError, run
from deepobs.runner.common import ResultsError, write_atomically
from deepobs.runner.results import CorruptRecordError, Record, ResultsStore, read_record
from deepobs.runner.results._names import folder_name, setting_name

SCHEDULE = {"name": "step", "epochs": [1, 2], "factors": [0.1, 0.01]}
MOMENTUM = {"momentum": 0.9, "nesterov": False}

# The names that the original gives these settings (its argument is called use_nesterov).
ORIGINAL_NAMES = [
    ({}, "num_epochs__3__batch_size__128__lr__1.e-02"),
    (
        {"hyperparameters": MOMENTUM},
        "num_epochs__3__batch_size__128__momentum__9.e-01__nesterov__False__lr__1.e-02",
    ),
    (
        {"lr": 0.3, "schedule": SCHEDULE},
        "num_epochs__3__batch_size__128__lr_schedule__0_3.e-01_1_3.e-02_2_3.e-03",
    ),
    (
        {"lr": 0.3, "schedule": SCHEDULE, "hyperparameters": MOMENTUM},
        "num_epochs__3__batch_size__128__momentum__9.e-01__nesterov__False__"
        "lr_schedule__0_3.e-01_1_3.e-02_2_3.e-03",
    ),
    ({"lr": 123.456}, "num_epochs__3__batch_size__128__lr__1.23456e+02"),
    (
        {"schedule": {"name": "cosine", "warmup_epochs": 1}, "precision": "bf16"},
        "num_epochs__3__batch_size__128__schedule__cosine__warmup_epochs__1__"
        "precision__bf16__lr__1.e-02",
    ),
]


def config(**changes):
    settings = {"problem": "quadratic_deep", "optimizer": "SGD", "lr": 0.01, "epochs": 3}
    return RunConfig(**{**settings, **changes})


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A results folder with one real run in it."""
    root = tmp_path_factory.mktemp("results")
    return run("quadratic_deep", "SGD", lr=0.01, epochs=3, results=root, progress="off")


@pytest.mark.parametrize(("changes", "name"), ORIGINAL_NAMES)
def test_settings_are_named_as_the_original_names_them(changes, name):
    """Golden names, and ours in the same style for what the original does not know."""
    assert setting_name(config(**changes)) == name


def test_names_stay_short_enough_for_file_systems():
    """A very long setting is cut and distinguished by its identity, whatever the seed."""
    many = {"epochs": list(range(1, 61)), "factors": [0.5] * 60}
    one = config(epochs=100, schedule={"name": "step", **many})
    other = config(epochs=100, schedule={"name": "step", **many}, lr=0.02)
    assert len(setting_name(one)) < 255
    assert setting_name(one) != setting_name(other)
    assert setting_name(one) == setting_name(replace(one, seed=7))


def test_record_is_where_deepobs_puts_it(done):
    """Folder of problem, optimizer, setting; seed and time in the file's name."""
    problem, optimizer, setting, name = done.path.parts[-4:]
    assert (problem, optimizer) == ("quadratic_deep", "SGD")
    assert setting == setting_name(config())
    assert name.startswith("random_seed__42__20")
    assert name.endswith(".json")


def test_nothing_but_the_record_is_left(done):
    """Lock and checkpoints go with the end of the run."""
    root = done.path.parents[3]
    assert [path for path in root.rglob("*") if path.is_file()] == [done.path]
    assert not (root / ".runs").exists()


def test_record_goes_through_its_file(done):
    """What is read is what was returned, field by field."""
    assert read_record(done.path) == done


def test_record_is_strict_json(done):
    """A number that is not finite is null in the file and NaN when read."""
    diverged = replace(done, test_losses=[1.0, float("nan"), float("inf")])
    text = diverged.to_json()
    assert json.loads(text, parse_constant=pytest.fail)["test_losses"] == [1.0, None, None]
    assert str(Record.from_dict(json.loads(text)).test_losses) == "[1.0, nan, nan]"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"train_losses": [1]}', '{"format": "deepobs-2"}']
)
def test_a_damaged_record_is_refused_and_named(tmp_path, content):
    """Truncated by hand, or something else altogether."""
    path = tmp_path / "random_seed__42__x.json"
    path.write_text(content)
    with pytest.raises(CorruptRecordError, match="random_seed__42__x"):
        read_record(path)


STRANGE = {
    "a number": {"test_losses": 3},
    "texts": {"test_losses": ["1.0"]},
    "null": {"learning_rates": None},
    "no identity": {"run_id": 7},
    "no mapping": {"environment": []},
}


@pytest.mark.parametrize("changes", STRANGE.values(), ids=list(STRANGE))
def test_a_record_with_a_field_of_another_kind_is_refused(done, changes):
    """It would stop the run that finds it with a traceback."""
    with pytest.raises(CorruptRecordError, match=next(iter(changes))):
        Record.from_dict(done.to_dict() | changes)


def test_a_deeply_nested_file_is_passed_over(tmp_path):
    """Python's reader gives up on it with an error of its own."""
    store = ResultsStore(tmp_path)
    folder = tmp_path / store.folder_of(config())
    folder.mkdir(parents=True)
    (folder / "random_seed__42__x.json").write_text("[" * 100_000)
    assert store.find(config()) is None


def test_a_done_run_is_found_and_another_is_not(done):
    """By its identity, not by its name."""
    store = ResultsStore(done.path.parents[3])
    assert store.find(config()) == done
    assert store.find(config(seed=43)) is None
    assert store.find(config(replay=True)) is None


def test_a_damaged_record_is_passed_over(done, tmp_path):
    """The run counts as not done, and the damaged file stays as it is."""
    store = ResultsStore(tmp_path)
    path = Path(store.save(config(), done).path)
    path.write_text(path.read_text()[:100])
    assert store.find(config()) is None
    assert len(path.read_text()) == 100


def test_two_records_of_the_same_second_do_not_overwrite_each_other(done, tmp_path):
    """Each gets a name of its own, and the earlier ones are kept apart."""
    store = ResultsStore(tmp_path)
    paths = [Path(store.save(config(), done).path) for _ in range(3)]
    assert len(set(paths)) == 3
    assert [path.exists() for path in paths] == [False, False, True]
    kept = [tmp_path / ".superseded" / path.relative_to(tmp_path) for path in paths[:2]]
    assert all(read_record(path) == done for path in (*kept, paths[2]))
    assert store.find(config()).path == paths[2]


@pytest.mark.parametrize("links", [True, False])
def test_a_record_saved_at_the_same_moment_is_not_replaced(tmp_path, monkeypatch, links):
    """Both looked and found the name free: the second takes another; also where links are not."""
    there = tmp_path / "random_seed__42__x.json"
    there.write_text("another's")

    def refuse(*_):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    else:
        monkeypatch.setattr(Path, "exists", lambda path: False)
    assert not write_atomically(there, b"mine", replace=False)
    assert write_atomically(tmp_path / "free.json", b"mine", replace=False)
    assert there.read_text() == "another's"
    assert (tmp_path / "free.json").read_bytes() == b"mine"
    assert len(list(tmp_path.iterdir())) == 2


def test_folders_merge_by_copying(done, tmp_path):
    """A record copied from another machine is found here."""
    store = ResultsStore(tmp_path)
    target = tmp_path / store.folder_of(config()) / done.path.name
    target.parent.mkdir(parents=True)
    target.write_bytes(done.path.read_bytes())
    assert store.find(config()) == done


def test_two_processes_never_hold_the_same_run(tmp_path):
    """The second is refused with a sentence that names the run; later it gets it."""
    answers = workers.PROCESSES.Queue()

    def ask():
        process = workers.PROCESSES.Process(target=workers.try_lock, args=(tmp_path, answers))
        process.start()
        process.join()
        return answers.get(timeout=300)

    with ResultsStore(tmp_path).lock(workers.config_of()):
        assert workers.config_of().run_id in ask()
    assert ask() == "got it"


def test_different_runs_do_not_lock_each_other(tmp_path):
    """Two seeds at once."""
    store = ResultsStore(tmp_path)
    with store.lock(config()), store.lock(config(seed=43)):
        assert len(list((tmp_path / ".runs").iterdir())) == 2
    assert not (tmp_path / ".runs").exists()


def test_an_unwritable_results_folder_is_known_before_training(tmp_path):
    """A file where a folder should be; nothing is written."""
    blocked = tmp_path / "file"
    blocked.write_text("mine")
    with pytest.raises(UsageError, match="cannot be written") as caught:
        run("quadratic_deep", "SGD", lr=0.01, epochs=1, results=blocked / "x", progress="off")
    assert str(blocked) in str(caught.value)
    assert blocked.read_text() == "mine"


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    """The error says why; the file that was there before is still whole."""
    target = tmp_path / "record.json"
    write_atomically(target, b"before")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResultsError, match="No space left on device"):
        write_atomically(target, b"after")
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]
    assert target.read_bytes() == b"before"


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("SGD", "SGD"),
        ("My Problem", "My Problem"),
        ("../../../x", "_._.._.._x"),
        ("..", "_."),
        ("", "_"),
        (".hidden", "_hidden"),
        ("a/b\\c\x1b\n", "a_b_c__"),
        ("\ud800", "_"),
    ],
)
def test_no_name_leads_out_of_the_results_folder(name, folder):
    """A class may have any name; it stays one visible folder."""
    assert folder_name(name) == folder


@pytest.mark.parametrize("name", ["ä" * 200, "漢" * 100, "x" * 300])
def test_names_are_cut_by_bytes(name):
    """File systems count bytes, of which a letter may have four; other names stay apart."""
    assert len(folder_name(name).encode()) <= 255
    assert folder_name(name) != folder_name(f"{name}!")
    one = config(optimizer="SGD", schedule={"name": "step", "epochs": [1], "factors": [0.5]})
    assert len(setting_name(one).encode()) <= 255


def test_the_record_s_own_folder_is_tried_before_training(tmp_path):
    """The root can be written, the problem's folder is a file."""
    (tmp_path / "quadratic_deep").write_text("not a folder")
    with pytest.raises(UsageError, match=r"quadratic_deep.* cannot be written"):
        run("quadratic_deep", "SGD", lr=0.01, epochs=1, results=tmp_path, progress="off")


def test_a_lock_survives_another_process_that_removes_its_folder(tmp_path):
    """Thousands of runs that begin and end at the same moment never see a lock that failed."""
    script = """
import sys
from deepobs.runner import RunConfig, RunInProgressError
from deepobs.runner.results import ResultsStore
store, held = ResultsStore(sys.argv[1]), 0
config = RunConfig(problem="quadratic_deep", optimizer="SGD", lr=0.01)
while held < 300:
    try:
        with store.lock(config):
            held += 1
    except RunInProgressError:
        pass
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
