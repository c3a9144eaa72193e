"""YAML as people write it."""

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
        ("a: !!python/object:os.system {}", "not valid YAML"),
    ],
)
def test_not_yaml(tmp_path, text, words):
    """What is not YAML, and a key given twice, are refused with line and column."""
    with pytest.raises(UsageError, match=words):
        read_yaml(_write(tmp_path, text))


def test_merge_keys(tmp_path):
    """A mapping may be merged into others, deeper ones first, and its keys be said anew."""
    text = "x: &x {lr: 1, eps: 2}\na: {b: &b {<<: *x, lr: 3}}\nc: {<<: *b, eps: 4}\n"
    held = read_yaml(_write(tmp_path, text))
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
