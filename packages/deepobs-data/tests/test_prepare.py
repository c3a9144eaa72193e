import hashlib
import io
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from deepobs.data import (
    DATASETS,
    CorruptDatasetError,
    DataRootError,
    FetchError,
    dataset_status,
    load_dataset,
    prepare_dataset,
    verify_dataset,
)
from deepobs.data import _prepare as module
from deepobs.data._sources import POINTER, Download, checksums, downloads
from deepobs.data.testing import write_stand_in


def md5(content: bytes) -> str:
    return "md5:" + hashlib.md5(content).hexdigest()


def test_what_was_prepared_can_be_loaded(tmp_path: Path, small_mnist: Path) -> None:
    """Fetched, unpacked, and no archive left."""
    root = tmp_path / "new/folder"
    assert not dataset_status("mnist", root=root).present
    calls: list[tuple[str, int, int | None]] = []
    assert prepare_dataset("mnist", root=root, progress=lambda *call: calls.append(call)) == root
    assert dataset_status("mnist", root=root).present
    assert load_dataset("mnist", root=root).num_examples("train") == 300
    assert {path.name for path in (root / "MNIST/raw").iterdir()} == {
        Path(file).name for file in DATASETS["mnist"].files
    }
    assert {name for name, _, _ in calls} == {
        f"{Path(file).name}.gz" for file in DATASETS["mnist"].files
    }


def test_what_is_there_is_not_fetched_again(tmp_path: Path, small_mnist: Path, server: Any) -> None:
    """The second call asks for nothing; with one file gone, only that one is fetched."""
    root = prepare_dataset("mnist", root=tmp_path / "new")
    server.requests.clear()
    prepare_dataset("mnist", root=root)
    assert server.requests == []
    (root / "MNIST/raw/train-labels-idx1-ubyte").unlink()
    prepare_dataset("mnist", root=root)
    assert server.requests == [("/train-labels-idx1-ubyte.gz", None)]


def test_offline_the_error_says_what_to_put_where(
    tmp_path: Path, small_mnist: Path, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address, the place; once the file is there, it is unpacked without the network."""
    monkeypatch.setenv("DEEPOBS_OFFLINE", "1")
    root = tmp_path / "new"
    with pytest.raises(FetchError) as caught:
        prepare_dataset("mnist", root=root)
    message = str(caught.value)
    assert "\n" not in message
    for file in DATASETS["mnist"].files:
        archive = root / f"{file}.gz"
        assert f"{server.url(f'/{archive.name}')} to {archive}" in message
        archive.parent.mkdir(parents=True, exist_ok=True)
        archive.write_bytes(server.files[f"/{archive.name}"])
    prepare_dataset("mnist", root=root)
    assert server.requests == []
    assert load_dataset("mnist", root=root).num_examples("train") == 300


def test_a_wrong_file_put_there_by_hand_is_noticed(tmp_path: Path, small_mnist: Path) -> None:
    """An archive, or an unpacked file: it is named, and nothing is overwritten."""
    root = tmp_path / "new"
    for name in ("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte"):
        path = root / "MNIST/raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"wrong")
        with pytest.raises(CorruptDatasetError, match="wrong checksum") as caught:
            prepare_dataset("mnist", root=root)
        assert str(path) in str(caught.value)
        assert path.read_bytes() == b"wrong"
        path.unlink()


def test_verifying_names_what_is_missing_and_what_is_corrupt(
    tmp_path: Path, small_mnist: Path
) -> None:
    """One line a file, with the way out."""
    root = prepare_dataset("mnist", root=tmp_path / "new")
    assert {found.status for found in verify_dataset("mnist", root=root)} == {"ok"}
    paths = [root / file for file in DATASETS["mnist"].files]
    paths[0].unlink()
    paths[1].write_bytes(paths[1].read_bytes()[:-1] + b"\x00\x00")
    calls: list[tuple[str, int, int | None]] = []
    found = verify_dataset("mnist", root=root, progress=lambda *call: calls.append(call))
    assert calls[0] == ("MNIST/raw/train-images-idx3-ubyte", 0, 4)
    assert calls[-1] == ("MNIST/raw/t10k-labels-idx1-ubyte", 4, 4)
    assert [entry.file for entry in found] == paths
    assert [entry.status for entry in found] == ["missing", "corrupt", "ok", "ok"]
    assert "deepobs data prepare mnist" in found[0].reason
    assert "deepobs data prepare mnist" in found[1].reason
    assert found[2].reason == ""


def test_a_download_that_is_much_too_large_is_given_up(
    tmp_path: Path, small_mnist: Path, server: Any
) -> None:
    """Twice the catalogue's size of the data set is more than any of its files has."""
    server.script["/train-images-idx3-ubyte.gz"] = ["endless"]
    with pytest.raises(FetchError, match="more than 23,189,444 bytes"):
        prepare_dataset("mnist", root=tmp_path / "new")


def test_an_archive_of_several_files_is_unpacked(
    tmp_path: Path, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CIFAR's."""
    served = write_stand_in("cifar10", tmp_path / "served")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.add(served / "cifar-10-batches-py", "cifar-10-batches-py")
    server.files["/c.tar.gz"] = packed.getvalue()
    files = DATASETS["cifar10"].files
    source = Download((server.url("/c.tar.gz"),), md5(packed.getvalue()), "c.tar.gz", files)
    monkeypatch.setattr(module, "downloads", lambda name: (source,))
    monkeypatch.setattr(module, "checksums", lambda name: {})
    root = prepare_dataset("cifar10", root=tmp_path / "new")
    assert load_dataset("cifar10", root=root).num_examples("train") == 300
    assert not (root / "c.tar.gz").exists()


@pytest.mark.parametrize("name", ["digits", "quadratic", "two_d"])
def test_what_needs_no_files_is_always_there(tmp_path: Path, name: str) -> None:
    """Nothing is fetched, written, or to be verified."""
    status = dataset_status(name, root=tmp_path)
    assert status.present
    assert not status.needs_files
    prepare_dataset(name, root=tmp_path)
    assert verify_dataset(name, root=tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_imagenet_says_how_to_come_by_it(tmp_path: Path) -> None:
    """It cannot be fetched; where it is, there is nothing to do."""
    with pytest.raises(FetchError, match=r"image-net\.org") as caught:
        prepare_dataset("imagenet", root=tmp_path)
    assert f"{tmp_path}/imagenet/train/<class>/" in str(caught.value)
    assert [found.status for found in verify_dataset("imagenet", root=tmp_path)] == ["missing"]
    write_stand_in("imagenet", tmp_path)
    assert prepare_dataset("imagenet", root=tmp_path) == tmp_path


def test_empty_folders_are_no_imagenet(tmp_path: Path) -> None:
    """Each of the two needs an image."""
    image = write_stand_in("imagenet", tmp_path / "other") / "imagenet/val/n01440764"
    for part in ("train", "val"):
        (tmp_path / f"imagenet/{part}/n1").mkdir(parents=True)
    for part in ("train", "val"):
        assert not dataset_status("imagenet", root=tmp_path).present
        with pytest.raises(FetchError, match=r"image-net\.org"):
            prepare_dataset("imagenet", root=tmp_path)
        shutil.copy(next(image.iterdir()), tmp_path / f"imagenet/{part}/n1")
    assert dataset_status("imagenet", root=tmp_path).present


def test_verifying_imagenet_decodes_every_image(tmp_path: Path) -> None:
    """Only what is corrupt is listed."""
    write_stand_in("imagenet", tmp_path)
    assert verify_dataset("imagenet", root=tmp_path) == []
    path = sorted((tmp_path / "imagenet/train").rglob("*.JPEG"))[2]
    path.write_bytes(path.read_bytes()[:100])
    (found,) = verify_dataset("imagenet", root=tmp_path)
    assert (found.file, found.status) == (path, "corrupt")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """A file is in the way, as the folder or above it."""
    (tmp_path / "file").touch()
    for root in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(
            DataRootError, match=r"The data folder .* (is a file|cannot be written)"
        ):
            prepare_dataset("mnist", root=root)


def test_a_folder_that_cannot_be_written_is_one_sentence() -> None:
    """Not even by the superuser."""
    if not Path("/proc/self").exists():
        pytest.skip("needs /proc, which nobody can write to")
    with pytest.raises(DataRootError, match=r"/proc/deepobs cannot be written .*DEEPOBS_DATA_DIR"):
        prepare_dataset("mnist", root="/proc/deepobs")


@pytest.mark.parametrize("name", [name for name, entry in DATASETS.items() if entry.files])
def test_every_file_has_an_address_and_a_checksum(name: str) -> None:
    """What is fetched gives all files, and all of them can be verified."""
    if name == "imagenet":
        assert downloads(name) == ()
        return
    files = set(DATASETS[name].files)
    assert files <= {file for download in downloads(name) for file in download.results}
    pointed = {d.path for d in downloads(name) if d.checksum.startswith(POINTER)}
    assert set(checksums(name)) == files - pointed
    for download in downloads(name):
        assert all(url.startswith(("http://", "https://")) for url in download.urls)
    for checksum in [*checksums(name).values(), *(d.checksum for d in downloads(name))]:
        kind, _, value = checksum.partition(":")
        if kind == POINTER.rstrip(":"):
            assert value.startswith("https://")
        else:
            assert len(value) == {"md5": 32, "sha256": 64}[kind]


@pytest.mark.benchmark_data
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "tolstoi"])
def test_the_real_files_have_the_right_checksums(real_root: Any, name: str) -> None:
    """The recorded checksums are those of the real files."""
    root = real_root(DATASETS[name].files[0])
    assert [found.status for found in verify_dataset(name, root=root)] == ["ok"] * len(
        DATASETS[name].files
    )
