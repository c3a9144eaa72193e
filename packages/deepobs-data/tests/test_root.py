from pathlib import Path

import pytest

from deepobs.data import DataRootError, load_dataset, resolve_root


def test_the_argument_comes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the environment before the user's cache."""
    monkeypatch.setenv("DEEPOBS_DATA_DIR", str(tmp_path / "two"))
    assert resolve_root(tmp_path / "one") == tmp_path / "one"
    assert resolve_root() == tmp_path / "two"
    monkeypatch.setenv("DEEPOBS_DATA_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert "deepobs" in resolve_root().parts


def test_the_home_folder_may_be_abbreviated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tilde is the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve_root("~/data") == tmp_path / "data"


def test_a_file_is_no_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence that names it and both ways to name another."""
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(DataRootError, match=r"file is a file.*argument.*\$DEEPOBS_DATA_DIR"):
        load_dataset("mnist", root=path)
    monkeypatch.setenv("DEEPOBS_DATA_DIR", str(path))
    with pytest.raises(DataRootError, match="is a file"):
        load_dataset("cifar10")
