"""Damaged files of a search: set aside with a sentence, and the search goes on."""

import json
from pathlib import Path
from typing import Any

import pytest

from deepobs.runner import tune
from deepobs.runner.results import open_storage
from deepobs.runner.tuning import parse_space
from deepobs.runner.tuning._result import tried_before
from deepobs.runner.tuning._tpe import OptunaStudy

OPTIONS: dict[str, Any] = {
    "epochs": 1,
    "device": "cpu",
    "workers": 1,
    "progress": "off",
    "repeat": 0,
}

SEARCH_FILES = {
    "empty": b"",
    "truncated": b'{"format": "deepobs-tuning-1", "trials": [{"settings": {"lr"',
    "not text": bytes(range(256)),
    "null": b"null",
    "a list": b"[]",
    "without trials": b"{}",
    "trials are a number": b'{"trials": 3}',
    "a trial is a text": b'{"trials": ["lr"]}',
    "settings are a number": b'{"trials": [{"settings": 3}]}',
    "no learning rate": b'{"trials": [{"settings": {}}]}',
    "a word for a rate": b'{"trials": [{"settings": {"lr": "fast"}}]}',
    "nested too deeply": b"[" * 100_000,
}


@pytest.mark.parametrize("content", SEARCH_FILES.values(), ids=list(SEARCH_FILES))
def test_a_damaged_search_file_is_set_aside(tmp_path, caplog, content):
    """One sentence names it, and nothing of it is lost."""
    path = tmp_path / "tuning__grid__0.json"
    path.write_bytes(content)
    assert tried_before(open_storage(tmp_path), path.name) == []
    (said,) = [record.getMessage() for record in caplog.records]
    assert str(path) in said
    assert not path.exists()
    assert (tmp_path / "tuning__grid__0.json.damaged").read_bytes() == content


def study(path):
    return OptunaStudy(path, parse_space(["lr=log:1e-3:1"]), 42, prune=None)


def journal(tmp_path):
    """A study's journal with three trials."""
    path = tmp_path / "tuning__tpe__0.journal"
    asked = study(path).ask(3, 3)
    return path, asked


def torn(lines):
    return [*lines[:-1], lines[-1][:10]]


def without_line_end(lines):
    return [*lines[:-1], lines[-1].rstrip(b"\n")]


def torn_in_the_middle(lines):
    return [lines[0], lines[1][:10] + b"\n", *lines[2:]]


def glued(lines):
    return [*lines[:2], lines[2][:7] + lines[3], *lines[4:]]


def not_an_object(lines):
    return [*lines, b"null\n"]


def unknown_operation(lines):
    return [*lines, json.dumps({**json.loads(lines[-1]), "op_code": 99}).encode() + b"\n"]


def not_text(lines):
    return [*lines, b"\xff\xfe\n"]


DAMAGE = [torn, without_line_end, torn_in_the_middle, glued, not_an_object]
DAMAGE += [unknown_operation, not_text]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_damaged_journal_is_set_aside_and_its_trials_are_proposed_again(tmp_path, caplog, damage):
    """So their runs, which have records, are not done again."""
    path, asked = journal(tmp_path)
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    caplog.clear()
    assert study(path).ask(3, 3) == asked
    assert str(path) in caplog.text
    assert (tmp_path / "tuning__tpe__0.journal.damaged").exists()


def test_a_journal_that_is_whole_stays(tmp_path, caplog):
    """The trials are there, and nothing is said."""
    path, asked = journal(tmp_path)
    assert study(path).ask(3, 3) == {}
    assert {number: point for number, (point, _) in study(path).trials().items()} == asked
    assert not caplog.records


def test_a_search_goes_on_after_damage_to_both_files(tmp_path):
    """The same call ends with the same answer, without a run done twice."""
    options: dict[str, Any] = {
        **OPTIONS,
        "strategy": "tpe",
        "trials": 2,
        "space": ["lr=log:1e-2:1"],
    }
    first = tune("digits_logreg", "SGD", results=tmp_path, **options)
    records = sorted(tmp_path.rglob("random_seed*.json"))
    file = Path(first.path)
    for path in (file, file.with_suffix(".journal")):
        path.write_bytes(path.read_bytes()[:-20])
    second = tune("digits_logreg", "SGD", results=tmp_path, **options)
    assert second.to_dict() == first.to_dict()
    assert sorted(tmp_path.rglob("random_seed*.json")) == records
