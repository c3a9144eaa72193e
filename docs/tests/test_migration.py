"""The tables of names: they cover all former names, and name only what exists."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from deepobs.runner.cli import group

MIGRATION = Path(__file__).parents[1] / "migration"
FORMER = [
    line.split(" ", 1)[1]
    for line in (MIGRATION / "former_names.txt").read_text().splitlines()
    if not line.startswith("#")
]


def _rows() -> Iterator[tuple[str, str]]:
    for line in (MIGRATION / "names.md").read_text().splitlines():
        if line.startswith("| ") and not line.startswith("| Before"):
            _, before, now, _ = re.split(r"(?<!\\)\|", line)
            yield before, now


def _spans(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


ROWS = list(_rows())
BEFORE = {span for before, _ in ROWS for span in _spans(before)}
NOW = sorted({span for _, now in ROWS for span in _spans(now)})


def _covered(name: str) -> bool:
    """Whether a cell is the end of a name, or all of it; `*` stands for one part."""
    if name.startswith("argument "):
        return name.removeprefix("argument ") in BEFORE
    patterns = (re.escape(cell).replace(r"\*", r"[^.]*") for cell in BEFORE)
    return any(re.search(rf"(^|\.){pattern}$", name) for pattern in patterns)


@pytest.mark.parametrize("name", FORMER)
def test_every_former_name_has_a_row(name):
    assert _covered(name)


@pytest.mark.parametrize("span", sorted(BEFORE))
def test_a_row_is_of_a_former_name(span):
    """No row is of a name that never was."""
    pattern = re.escape(span).replace(r"\*", r"[^.]*")
    assert any(re.search(rf"(^|\.|argument ){pattern}$", name) for name in FORMER)


@pytest.mark.parametrize("span", [span for span in NOW if span.startswith("deepobs.")])
def test_our_names_exist(span):
    module, _, name = span.rpartition(".")
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize("span", [span for span in NOW if span.startswith("deepobs ")])
def test_our_commands_and_options_exist(span):
    _, name, *options = span.split()
    command = group.get_command(click.Context(group), name)
    assert command is not None
    if isinstance(command, click.Group) and options and not options[0].startswith("-"):
        command = command.get_command(click.Context(command), options.pop(0))
    known = {flag for parameter in command.params for flag in parameter.opts}
    assert {option for option in options if option.startswith("-")} <= known
