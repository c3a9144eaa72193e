"""The command as a whole: help, names, data, checks, the demo, and what bad input gives."""

import json
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from torch import nn

from deepobs.data.testing import write_stand_in
from deepobs.problems import PROBLEMS, get_problem


def test_help_imports_no_torch() -> None:
    """`deepobs --help` lists the commands without importing torch, pandas or matplotlib."""
    script = (
        "import sys\nfrom deepobs.runner.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'pandas', 'matplotlib', 'numpy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "sweep" in run.stdout
    assert run.stdout.endswith("[]\n")


def test_list_shows_every_problem(
    deepobs: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """All 26 and the extras, which are marked; as JSON for programs."""
    assert deepobs("list") == 0
    text = capsys.readouterr().out
    assert "26 problems of DeepOBS" in text
    assert re.search(r"^digits_mlp +\+ ", text, re.MULTILINE)
    assert deepobs("list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert sum(not row["extra"] for row in rows) == 26


def test_show_tells_what_a_problem_consists_of(
    deepobs: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Architecture, number of parameters (of the golden file), batch size, reference."""
    assert deepobs("show", "cifar10_3c3d") == 0
    text = capsys.readouterr().out
    for fact in ("Net3C3D", "895,210", "128", "0.002", "0.828"):
        assert fact in text
    assert deepobs("show", "mnist_vae", "--json") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] is False


def test_check_passes_a_sound_problem(
    deepobs: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each rule, exit status 0."""
    assert deepobs("check", "digits_logreg") == 0
    assert "all rules kept" in capsys.readouterr().out


def test_check_finds_what_a_users_problem_breaks(
    deepobs: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A problem in the working folder, by MODULE:NAME; exit status 1 and the way to mend it."""
    (tmp_path / "users_problem.py").write_text(
        "import dataclasses\nfrom deepobs.problems import get_problem\n"
        "MINE = dataclasses.replace(get_problem('digits_logreg'), name='mine', reference='')\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert deepobs("check", "users_problem:MINE") == 1
    text = capsys.readouterr().out
    assert "FAIL  Has a description and a reference" in text
    assert "mine: 1 rule broken" in text


def test_data_list_shows_what_is_present(
    deepobs: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stand-in is present, the rest is missing or built in."""
    write_stand_in("mnist", tmp_path)
    assert deepobs("data", "list", "--data-root", str(tmp_path), "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    state = {row["name"]: (row["needs_files"], row["present"]) for row in answer["datasets"]}
    assert state["mnist"] == (True, True)
    assert state["svhn"] == (True, False)
    assert state["digits"][0] is False


def test_data_verify_fails_on_wrong_files(
    deepobs: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stand-in does not have the checksums of the real files: every file is named, status 1."""
    write_stand_in("tolstoi", tmp_path)
    assert deepobs("data", "verify", "tolstoi", "--data-root", str(tmp_path)) == 1
    assert "war-and-peace.txt has the wrong checksum" in capsys.readouterr().out


def test_data_verify_shows_escapes_of_file_names(
    deepobs: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name cannot send control characters to the terminal."""
    folder = write_stand_in("imagenet", tmp_path) / "imagenet/train/n01440764"
    (folder / "\x1b[31mred.JPEG").touch()
    assert deepobs("data", "verify", "imagenet", "--data-root", str(tmp_path)) == 1
    printed = capsys.readouterr().out
    assert r"\x1b[31mred.JPEG" in printed
    assert "\x1b" not in printed


def test_data_prepare_offline_says_what_to_put_where(
    deepobs: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A sentence for each name that fails, with the place; no other is stopped; exit status 1."""
    monkeypatch.setenv("DEEPOBS_OFFLINE", "1")
    names = ("imagenet", "cifar10", "digits")
    assert deepobs("data", "prepare", *names, "--data-root", str(tmp_path)) == 1
    captured = capsys.readouterr()
    first, second = captured.err.splitlines()
    assert first.startswith("Error: ImageNet is only available from")
    assert second.startswith("Error: $DEEPOBS_OFFLINE is set")
    assert str(tmp_path / "cifar-10-python.tar.gz") in second
    assert captured.out == f"digits is in {tmp_path}\n"


@pytest.mark.parametrize("arguments", [("list",), ("prepare", "mnist"), ("verify", "mnist")])
def test_the_home_of_nobody_is_one_sentence(
    deepobs: Callable[..., int], arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """The data folder is an argument: exit status 2."""
    assert deepobs("data", *arguments, "--data-root", "~nosuchuser/x") == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: Invalid value for '--data-root': '~nosuchuser/x' names a home")
    assert error.count("\n") == 1


RUN = ("run", "digits_logreg", "SGD", "--lr", "0.1", "--epochs", "1")
BAD = [
    (("lits",), 2, "did you mean list?"),
    (("show", "mnist_mpl"), 2, "did you mean mnist_mlp"),
    (("check", ":MINE"), 2, "PACKAGE.MODULE:NAME or a name of the catalogue is expected"),
    (("check", "nowhere:"), 2, "PACKAGE.MODULE:NAME or a name of the catalogue is expected"),
    (("check", "digits_mlp", "--batch-size", "0"), 2, "batch_size must be a positive integer"),
    (
        ("check", "digits_mlp", "--batch-size", "9999"),
        2,
        "batch_size 9999 is larger than the training set",
    ),
    (("check", "nowhere:MINE"), 2, "no module 'nowhere'"),
    (("check", "deepobs.problems:nothing"), 2, "has no 'nothing'"),
    (("check", "deepobs.problems:SMALL_SET"), 2, "a deepobs.problems.Problem is expected"),
    (("data", "prepare", "mnits"), 2, "did you mean mnist"),
    (("report", "nowhere"), 2, "nowhere"),
]


@pytest.mark.parametrize(("arguments", "status", "words"), BAD, ids=lambda value: str(value)[:50])
def test_bad_input_gets_one_sentence(
    deepobs: Callable[..., int],
    arguments: tuple[str, ...],
    status: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line on stderr that names what was wrong, the right status, and nothing written."""
    monkeypatch.chdir(tmp_path)
    assert deepobs(*arguments) == status
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.startswith("Error: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


def plug_in(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Lets an installed package seem to add the problem at a place."""
    entry = EntryPoint("x", place, "deepobs.problems")
    assert len(PROBLEMS) >= 28  # looks the plug-ins up, so that there is something to restore
    monkeypatch.setattr("deepobs.problems._registry.entry_points", lambda group: [entry])
    monkeypatch.delitem(vars(PROBLEMS), "_added")


class MakesModels:
    """A model factory that has no name."""

    def __call__(self) -> nn.Module:
        return nn.Linear(2, 3)


def test_plugged_in_problems_are_told_apart(
    deepobs: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An installed package's problem is listed and shown, and not counted as the original's."""
    theirs = replace(get_problem("mnist_mlp"), name="theirs", model=MakesModels())
    monkeypatch.setattr("deepobs.problems.PLUGGED", theirs, raising=False)
    plug_in(monkeypatch, "deepobs.problems:PLUGGED")
    assert deepobs("list") == 0
    text = capsys.readouterr().out
    assert re.search(r"^theirs +\* ", text, re.MULTILINE)
    assert "26 problems of DeepOBS" in text
    more = sum(problem.extra for name, problem in PROBLEMS.items() if name != "theirs")
    assert text.endswith(f"{more} more (+), 1 plugged in (*)\n")
    assert deepobs("list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows if row["plugged_in"]] == ["theirs"]
    assert sum(not row["extra"] for row in rows) == 26
    assert deepobs("show", "theirs", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["model"], facts["parameters"], facts["original"]) == ("MakesModels", 9, False)


def test_a_broken_plug_in_is_one_line(
    deepobs: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A problem that cannot be used is named on stderr in one line, and the rest is listed."""
    plug_in(monkeypatch, "deepobs.nowhere:P")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert deepobs("list") == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("Warning: Left out the test problem x = deepobs.nowhere:P")
    assert captured.err.count("\n") == 1
    assert "26 problems of DeepOBS" in captured.out


@pytest.mark.parametrize("command", [("run", "mnist_logreg", *RUN[2:]), ("check", "mnist_logreg")])
def test_bad_data_folders_are_told_apart(
    deepobs: Callable[..., int],
    command: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file for a folder is the argument's fault (2); missing or truncated data are not (1)."""
    file = tmp_path / "file"
    file.write_text("")
    results = ("--results", str(tmp_path / "results")) if command[0] == "run" else ()
    assert deepobs(*command, *results, "--data-root", str(file)) == 2
    assert f"{file} is a file" in capsys.readouterr().err
    assert deepobs(*command, *results, "--data-root", str(tmp_path / "empty")) == 1
    assert "deepobs data prepare mnist" in capsys.readouterr().err
    root = tmp_path / "data"
    write_stand_in("mnist", root)
    images = root / "MNIST" / "raw" / "train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:5000])
    assert deepobs(*command, *results, "--data-root", str(root)) == 1
    error = capsys.readouterr().err
    assert str(images) in error
    assert error.count("\n") == 1
    assert not list((tmp_path / "results").rglob("*.json"))


def test_results_folder_that_cannot_be_written(
    deepobs: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file in the folder's place is told before any training."""
    file = tmp_path / "file"
    file.write_text("")
    assert deepobs(*RUN, "--results", str(file)) == 2
    assert str(file) in capsys.readouterr().err


@pytest.mark.slow
def test_demo_writes_a_report(
    deepobs: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo ends by naming the page, which holds both problems."""
    assert deepobs("demo", "--results", str(tmp_path / "demo")) == 0
    page = tmp_path / "demo" / "report.html"
    assert str(page) in capsys.readouterr().out
    text = page.read_text()
    assert "digits_mlp" in text
    assert "quadratic_deep" in text
