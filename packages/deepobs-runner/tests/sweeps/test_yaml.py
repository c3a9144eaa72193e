"""YAML as people write it."""

import os
from typing import Any

import pytest

from deepobs.runner import UsageError
from deepobs.runner.sweeps._yaml import read_yaml


def _write(folder, text):
    path = folder / "sweep.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "number"), [("1e-5", 1e-5), ("-2E3", -2000.0), ("1.5e+2", 150.0), ("7", 7)]
)
def test_numbers(tmp_path, text, number):
    """Numbers may be written without a dot before the exponent."""
    held = read_yaml(_write(tmp_path, f"lr: {text}"))
    assert held == {"lr": number}
    assert type(held["lr"]) is type(number)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr: 1\nlr: 2\n", "line 2, column 1: the key 'lr' is given twice"),
        ("lr: [1, 2", "not valid YAML at line 1"),
        ("1: 2", "the key 1 is not a name"),
        ("? [1]\n: 2", "the list or mapping is not a name"),
        ("a: " + "[" * 20000, "nested too deeply"),
        ("a: !!python/object:os.system {}", "not valid YAML at line 1"),
        ("a: !mine 3", "not valid YAML at line 1, column 4"),
        ("b: 1\na: !!int abc", "line 2, column 4: 'abc' is not a valid int"),
        ('a: !!int ""', "'' is not a valid int"),
        ("a: !!bool maybe", "'maybe' is not a valid bool"),
        ("a: !!float x", "'x' is not a valid float"),
        ("a: 2024-13-40", "'2024-13-40' is not a valid timestamp"),
        ("a: " + "9" * 5000, "is not a valid int"),
        ("a: &x [*x]", "an alias refers to itself"),
        ("a: *x", "not valid YAML at line 1"),
        ("a: 1\n---\na: 2", "not valid YAML at line 2"),
        ("a: \x07", "not valid YAML"),
    ],
)
def test_not_yaml(tmp_path, text, words):
    """What is not YAML, and a key given twice, are refused with line and column."""
    with pytest.raises(UsageError, match=words):
        read_yaml(_write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "value"),
    [("010", 10), ("1:30", "1:30"), ("0o10", 8), ("yes", "yes"), ("true", True), ("~", None)],
)
def test_yaml_1_2(tmp_path, text, value):
    """A seed of 010 is ten, and 1:30 is not ninety."""
    assert read_yaml(_write(tmp_path, f"seeds: {text}")) == {"seeds": value}


def test_aliases_of_aliases_are_counted_not_written_out(tmp_path):
    """Nine lines that stand for a billion values are refused at once."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(UsageError, match="stands for more than 200,000 values") as caught:
        read_yaml(_write(tmp_path, "\n".join(lines)))
    assert len(str(caught.value)) < 500


def test_an_alias_may_be_used_often(tmp_path):
    """As long as what it stands for is small."""
    held = read_yaml(_write(tmp_path, "a: &a [1, 2]\nb: [*a, *a, *a]"))
    assert held == {"a": [1, 2], "b": [[1, 2]] * 3}


def test_an_empty_file_holds_nothing(tmp_path):
    """The reader of the plan says what is missing."""
    assert read_yaml(_write(tmp_path, "# nothing\n")) is None


def test_merge_keys(tmp_path):
    """A mapping may be merged into others, deeper ones first, and its keys may be overridden."""
    text = "x: &x {lr: 1, eps: 2}\na: {b: &b {<<: *x, lr: 3}}\nc: {<<: *b, eps: 4}\n"
    held: Any = read_yaml(_write(tmp_path, text))
    assert held["a"] == {"b": {"lr": 3, "eps": 2}}
    assert held["c"] == {"lr": 3, "eps": 4}


def test_unreadable(tmp_path):
    """A missing file, a folder and a binary file are refused by name."""
    with pytest.raises(UsageError, match=r"absent\.yaml cannot be read: No such file"):
        read_yaml(tmp_path / "absent.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_yaml(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_yaml(tmp_path / "binary")


def test_a_huge_file_is_refused_unread(tmp_path):
    """A sparse file of 50 GB neither fills the memory nor takes time."""
    path = tmp_path / "plan.yaml"
    path.touch()
    os.truncate(path, 50 * 10**9)
    with pytest.raises(UsageError, match=r"is not a configuration: it is larger than 10 MB\."):
        read_yaml(path)
