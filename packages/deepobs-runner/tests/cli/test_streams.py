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
def test_what_names_no_module_is_refused_in_one_sentence(tmp_path, name):
    """Empty and relative module paths among them."""
    done = call("run", "digits_logreg", "--lr", "0.1", "--", name, cwd=tmp_path)
    text = done.stderr.decode()
    assert done.returncode == 2, text
    assert "Traceback" not in text
    module, _, last = name.rpartition(".")
    assert any(repr(part) in text for part in (name, module, last))


def test_a_module_that_exits_is_an_error(tmp_path):
    """A script without a main guard may call sys.exit when it is imported."""
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(0)\n")
    done = call("run", "digits_logreg", "leaves.Mine", "--lr", "0.1", cwd=tmp_path)
    assert done.returncode == 2
    assert b"leaves cannot be imported: SystemExit: 0" in done.stderr


@pytest.mark.parametrize("form", ["--results=~/x", "--results ~/x"])
def test_a_tilde_is_the_home_folder(tmp_path, form):
    """No shell expands the one behind an equals sign."""
    home = tmp_path / "home"
    done = call(*RUN, *form.split(), "--progress", "off", cwd=tmp_path, HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert len(list((home / "x").rglob("random_seed__42__*.json"))) == 1
    assert not (tmp_path / "~").exists()


def test_the_home_of_nobody_is_named(tmp_path):
    """A user that does not exist."""
    done = call(*RUN, "--results=~nobody-of-that-name/x", cwd=tmp_path)
    assert done.returncode == 2
    assert b"'~nobody-of-that-name/x' names a home folder that cannot be found" in done.stderr
