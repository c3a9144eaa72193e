"""Disks that are full or read-only: small ones in memory, mounted for the test."""

import subprocess

import pytest


@pytest.fixture
def disk(tmp_path):
    """A file system of a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if done.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    yield folder
    while folder.is_mount():
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk):
    """The shell command that leaves no room."""
    return f"cat /dev/zero > {disk}/filler"


def freeze(disk):
    """The shell command that makes it read-only, though the lock in it is open for writing."""
    return f"mount --bind {disk} {disk} && mount -o remount,bind,ro {disk}"


def happens(command):
    subprocess.run(command, shell=True, check=False, capture_output=True)


@pytest.fixture
def train(deepobs):
    """Exit status of a short run."""

    def run(results, *options, optimizer="SGD"):
        words = ("digits_mlp", optimizer, "--lr", "0.1", "--epochs", "3", "--device", "cpu")
        return deepobs("run", *words, "--results", results, "--progress", "off", *options)

    return run


def files(folder):
    """What every file holds."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in found}


@pytest.mark.parametrize(
    ("accident", "mend", "reason"),
    [
        (fill, "rm {}/filler", "No space left on device"),
        (freeze, "umount {}", "Read-only file system"),
    ],
    ids=["full", "read-only"],
)
def test_what_happens_to_the_disk_during_a_run(
    measured, train, disk, tmp_path, monkeypatch, capsys, accident, mend, reason
):
    """Status 1 and one sentence; earlier records and checkpoints stay; resumed it is the same."""
    assert train(disk) == 0
    before = files(disk)
    options = ("--checkpoint-every", "0", "--resume")
    monkeypatch.setenv("RUNNER_TEST_ACCIDENT", accident(disk))
    capsys.readouterr()
    assert train(disk, *options, optimizer="run_workers.Accident") == 1
    out, err = capsys.readouterr()
    assert not out
    (sentence,) = (line for line in err.splitlines() if line.startswith("Error: "))
    assert str(disk) in sentence
    assert sentence.endswith(f"could not be written: {reason}.")

    monkeypatch.delenv("RUNNER_TEST_ACCIDENT")
    happens(mend.format(disk))
    after = files(disk)
    assert {name: after[name] for name in before} == before
    kept = {name.name for name in after.keys() - before.keys()} - {"lock"}  # some filelocks keep it
    assert kept == {"checkpoint_000000000038.pt", "checkpoint_000000000039.pt"}

    assert train(disk, *options, optimizer="run_workers.Accident") == 0
    assert train(tmp_path / "whole", optimizer="run_workers.Accident") == 0
    ours, whole = (
        measured(next(folder.rglob("Accident/*/*.json"))) for folder in (disk, tmp_path / "whole")
    )
    assert ours == whole
    assert not (disk / ".runs").exists()


def test_a_full_disk_is_known_before_training(train, disk, capsys):
    """Status 1, one sentence, nothing written; with room again the run is done."""
    happens(fill(disk))
    assert train(disk) == 1
    error = capsys.readouterr().err
    assert error == (
        f"Error: The folder {disk} has no room for a record: No space left on device; "
        "free some space.\n"
    )
    assert [path.name for path in disk.iterdir()] == ["filler"]
    (disk / "filler").unlink()
    assert train(disk) == 0


def test_a_read_only_folder_is_known_before_training(train, disk, capsys):
    """Status 2: another folder would do."""
    happens(freeze(disk))
    assert train(disk / "results") == 2
    assert capsys.readouterr().err == (
        f"Error: The results folder {disk}/results cannot be written: Read-only file system; "
        "choose another one.\n"
    )


def test_done_runs_are_found_in_a_read_only_folder(train, disk, capsys):
    """Nothing has to be written for them."""
    assert train(disk) == 0
    said = capsys.readouterr().out
    happens(freeze(disk))
    assert train(disk) == 0
    again = capsys.readouterr().out
    assert again.replace(" (done before; --force repeats it)", "") == said
