"""What the command writes reaches any stream, and drives no terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = ["run", "digits_logreg", "SGD", "--lr", "0.1", "--epochs", "1"]


def call(*arguments, cwd, stderr=subprocess.PIPE, **environment):
    return subprocess.run(
        [sys.executable, "-m", "deepobs.runner", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=stderr,
        check=False,
    )


def test_an_ascii_terminal_gets_the_message(tmp_path):
    """A name that the stream cannot encode is shown all the same, not as a UnicodeEncodeError."""
    done = call("run", "digits_logreg", "Größe", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: There is no optimizer named 'Gr")
    assert b"Traceback" not in done.stderr


def test_control_characters_do_not_reach_the_terminal(tmp_path):
    """An escape sequence in a name is shown as text."""
    done = call("run", "digits_logreg\x1b[2J", "SGD", "--lr", "0.1", cwd=tmp_path)
    assert done.returncode == 2
    assert b"\x1b[2J" not in done.stderr
    assert b"x1b" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_behind_stderr_ends_no_run(tmp_path):
    """The record is what counts; progress that cannot be shown is left out."""
    with Path("/dev/full").open("wb") as full:
        done = call(*RUN, "--results", "r", "--progress", "lines", cwd=tmp_path, stderr=full)
    assert done.returncode == 0
    assert len(list((tmp_path / "r").rglob("random_seed__42__*.json"))) == 1


@pytest.mark.parametrize(
    "name", ["", ".", "..x", "a..b", ".SGD", "torch.", "no such.Thing", "-x.Y", "/tmp/x.Y"]
)
def test_what_names_no_module_is_refused_in_one_sentence(deepobs, capsys, name):
    """Empty and relative module paths among them."""
    assert deepobs("run", "digits_logreg", "--lr", "0.1", "--", name) == 2
    module, _, last = name.rpartition(".")
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert any(repr(part) in text for part in (name, module, last))


def test_a_module_that_exits_is_an_error(deepobs, capsys, tmp_path, monkeypatch):
    """A script without a main guard may call sys.exit when it is imported."""
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(0)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert deepobs("run", "digits_logreg", "leaves.Mine", "--lr", "0.1") == 2
    assert "leaves cannot be imported: SystemExit: 0" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["--results=~/x", "--results ~/x"])
def test_a_tilde_is_the_home_folder(deepobs, tmp_path, monkeypatch, form):
    """No shell expands the one behind an equals sign."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    assert deepobs(*RUN, *form.split(), "--progress", "off") == 0
    assert len(list((home / "x").rglob("random_seed__42__*.json"))) == 1
    assert not (tmp_path / "~").exists()


def test_the_home_of_nobody_is_named(deepobs, capsys):
    """A user that does not exist."""
    assert deepobs(*RUN, "--results=~nobody-of-that-name/x") == 2
    said = capsys.readouterr().err
    assert "'~nobody-of-that-name/x' names a home folder that cannot be found" in said


def test_an_empty_path_is_refused(deepobs, capsys):
    """Such as that of a shell's variable which is not set; it would be the current folder."""
    assert deepobs(*RUN, "--results", "") == 2
    assert "The path is empty." in capsys.readouterr().err
