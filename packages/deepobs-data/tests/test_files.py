import pickle
from pathlib import Path

import pytest

from deepobs.data._files import FileIndex


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/2.JPEG", "a/1.jpg", "a/notes.txt", "c/ä.jpeg", "c/3.JPG"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def test_images_are_listed_by_class_and_name(folder: Path) -> None:
    """Sorted, other files left out, folders that are not there empty."""
    index = FileIndex(folder, ("a", "b", "c"))
    paths = [index.path(number) for number in range(len(index))]
    assert paths == [folder / name for name in ("a/1.jpg", "a/2.JPEG", "c/3.JPG", "c/ä.jpeg")]
    assert index.labels.tolist() == [0, 0, 2, 2]


def test_a_list_of_many_files_is_small(tmp_path: Path) -> None:
    """Less than 50 bytes a file in what a worker is sent, with names as ImageNet has them."""
    names = [f"n01440764_{number}.JPEG" for number in range(2000)]
    (tmp_path / "n01440764").mkdir()
    for name in names:
        (tmp_path / "n01440764" / name).touch()
    assert len(pickle.dumps(FileIndex(tmp_path, ("n01440764",)))) < 50 * 2000
