from pathlib import Path
from typing import Any

import pytest

from deepobs.data import (
    DATASETS,
    DataRootError,
    dataset_status,
    load_dataset,
    prepare_dataset,
    resolve_root,
    verify_dataset,
)
from deepobs.data._sources import checksums
from deepobs.data.testing import write_stand_in


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


def test_the_home_of_an_unknown_user_is_one_sentence() -> None:
    """Not what Python raises."""
    with pytest.raises(DataRootError, match=r"~nosuchuser/x .*argument.*\$DEEPOBS_DATA_DIR"):
        resolve_root("~nosuchuser/x")


@pytest.mark.parametrize("below", ["", "data"])
def test_a_folder_that_may_not_be_searched_is_one_sentence(
    public_path: Path, closed: Any, below: str
) -> None:
    """The data folder itself, or the one that it is in."""
    root = public_path / "shut" / below
    root.mkdir(parents=True)
    with closed(public_path / "shut"):
        for use in (load_dataset, dataset_status, verify_dataset):
            with pytest.raises(DataRootError, match=r"shut.*Permission denied.*DEEPOBS_DATA_DIR"):
                use("mnist", root=root)


@pytest.mark.parametrize(
    "name", [name for name, entry in DATASETS.items() if entry.files and name != "imagenet"]
)
def test_a_file_that_may_not_be_read_is_not_a_broken_one(
    public_path: Path, closed: Any, name: str
) -> None:
    """The error names it and does not tell to delete it."""
    write_stand_in(name, public_path)
    load_dataset(name, root=public_path)  # imports what another user might not
    checksums(name)
    path = public_path / DATASETS[name].files[0]
    with closed(path):
        for use in (load_dataset, verify_dataset, prepare_dataset):
            with pytest.raises(DataRootError, match=f"{path.name} cannot be read") as caught:
                use(name, root=public_path)
            assert "Permission denied" in str(caught.value)
            assert "delete" not in str(caught.value)


def test_a_folder_of_imagenet_that_may_not_be_read_is_one_sentence(
    public_path: Path, closed: Any
) -> None:
    """As the files of the others."""
    write_stand_in("imagenet", public_path)
    with (
        closed(public_path / "imagenet/val/n01440764"),
        pytest.raises(DataRootError, match=r"imagenet cannot be read \(Permission denied"),
    ):
        load_dataset("imagenet", root=public_path)
