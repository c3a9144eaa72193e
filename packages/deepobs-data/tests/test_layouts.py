import shutil
import warnings
from pathlib import Path

import pytest

from deepobs.data import (
    CorruptDatasetError,
    DatasetNotFoundError,
    dataset_status,
    load_dataset,
    verify_dataset,
)
from deepobs.data.testing import write_stand_in

HIDDEN = (".ipynb_checkpoints", "._n01440764", ".DS_Store", "__MACOSX", "@eaDir", "lost+found")


def test_hidden_files_and_folders_are_neither_classes_nor_examples(tmp_path: Path) -> None:
    """They change neither the labels nor the number of examples."""
    root = write_stand_in("imagenet", tmp_path)
    before = load_dataset("imagenet", root=root)
    image = next((root / "imagenet/train/n01440764").iterdir())
    for part in ("train", "val"):
        for name in HIDDEN:
            folder = root / "imagenet" / part / name
            folder.mkdir()
            shutil.copy(image, folder / image.name)
        for name in (*HIDDEN[:3], f"._{image.name}", "Thumbs.db", "desktop.ini"):
            path = root / "imagenet" / part / "n01440764" / name
            shutil.copy(image, path)
        (root / "imagenet" / part / "Thumbs.db").touch()
    after = load_dataset("imagenet", root=root)
    assert after.num_examples("train") == before.num_examples("train")
    assert after._train.classes == before._train.classes  # type: ignore[attr-defined]
    assert after._train.labels.tolist() == before._train.labels.tolist()  # type: ignore[attr-defined]


def test_hidden_folders_alone_are_no_data_set(tmp_path: Path) -> None:
    """As if they did not exist."""
    image = next(write_stand_in("imagenet", tmp_path / "other").rglob("*.JPEG"))
    for part in ("train", "val"):
        folder = tmp_path / "imagenet" / part / ".ipynb_checkpoints"
        folder.mkdir(parents=True)
        shutil.copy(image, folder)
    assert not dataset_status("imagenet", root=tmp_path).present
    with pytest.raises(DatasetNotFoundError):
        load_dataset("imagenet", root=tmp_path)


def test_links_to_folders_and_files_are_followed(tmp_path: Path) -> None:
    """A class folder, an image, and the data folder may be links."""
    elsewhere = write_stand_in("imagenet", tmp_path / "elsewhere")
    before = load_dataset("imagenet", root=elsewhere)
    train = elsewhere / "imagenet/train"
    (train / "n01443537").rename(elsewhere / "class")
    (train / "n01443537").symlink_to(elsewhere / "class")
    image = next((train / "n01440764").iterdir())
    image.rename(elsewhere / "image")
    image.symlink_to(elsewhere / "image")
    (tmp_path / "link").symlink_to(elsewhere)
    after = load_dataset("imagenet", root=tmp_path / "link")
    assert after.num_examples("train") == before.num_examples("train")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(after.batches("train", batch_size=4))


def test_a_class_that_is_a_link_to_nothing_is_an_error(tmp_path: Path) -> None:
    """Without it, all classes after it would have other labels."""
    root = write_stand_in("imagenet", tmp_path)
    (root / "imagenet/train/n01440000").symlink_to("nowhere")
    with pytest.raises(CorruptDatasetError, match="n01440000 is a symbolic link to something"):
        load_dataset("imagenet", root=root)


def test_svhn_where_torchvision_puts_it(tmp_path: Path) -> None:
    """In the folder itself; the status and verifying look there too."""
    root = write_stand_in("svhn", tmp_path)
    for path in (root / "SVHN").iterdir():
        path.rename(root / path.name)
    (root / "SVHN").rmdir()
    assert load_dataset("svhn", root=root).num_examples("train") == 300
    assert dataset_status("svhn", root=root).present
    assert [status.file.parent for status in verify_dataset("svhn", root=root)] == [root] * 2


def test_imagenet_where_torchvision_puts_it(tmp_path: Path) -> None:
    """In the folder itself, but only with class folders of ImageNet's names."""
    root = write_stand_in("imagenet", tmp_path)
    for part in ("train", "val"):
        (root / "imagenet" / part).rename(root / part)
    (root / "imagenet").rmdir()
    assert load_dataset("imagenet", root=root).num_examples("train") == 12
    assert dataset_status("imagenet", root=root).present
    for folder in list((root / "val").iterdir()):
        folder.rename(root / "val" / folder.name.replace("n0", "cat"))
    assert not dataset_status("imagenet", root=root).present
