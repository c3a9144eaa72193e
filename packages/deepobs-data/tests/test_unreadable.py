import warnings
from pathlib import Path

import pytest

from deepobs.data import (
    CorruptDatasetError,
    CorruptFilesWarning,
    imagenet,
)
from deepobs.data.testing import write_stand_in


@pytest.fixture
def partly_corrupt(tmp_path: Path) -> tuple[Path, list[Path]]:
    """Six test images, of which the second is cut off and the fourth is text."""
    root = write_stand_in("imagenet", tmp_path, num_train=6, num_test=6)
    files = sorted((root / "imagenet/val").rglob("*.JPEG"))
    files[1].write_bytes(files[1].read_bytes()[:-200])
    files[3].write_bytes(b"no image")
    return root, [files[1], files[3]]


@pytest.mark.parametrize("workers", [0, 2])
def test_corrupt_files_are_reported_and_left_out(
    partly_corrupt: tuple[Path, list[Path]], workers: int
) -> None:
    """Each is named once, with how many there are so far; the others come through."""
    root, corrupt = partly_corrupt
    data = imagenet(root=root, num_workers=workers)
    with pytest.warns(CorruptFilesWarning) as caught:
        batches = list(data.batches("test", batch_size=2))
    assert [len(batch.inputs) for batch in batches] == [1, 1, 2]
    messages = [str(warning.message) for warning in caught]
    assert [str(path) in message for path, message in zip(corrupt, messages, strict=True)] == [
        True
    ] * 2
    assert "1 unreadable files so far" in messages[0]
    assert "2 unreadable files so far" in messages[1]
    assert data.unreadable_files == {str(path) for path in corrupt}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(data.batches("test", batch_size=2))


@pytest.mark.filterwarnings("ignore::deepobs.data.CorruptFilesWarning")
def test_evaluation_goes_on_without_a_batch_of_nothing_but_corrupt_files(
    partly_corrupt: tuple[Path, list[Path]],
) -> None:
    """Also without the last one; all others come through."""
    root, corrupt = partly_corrupt
    last = sorted((root / "imagenet/val").rglob("*.JPEG"))[5]
    last.write_bytes(b"no image")
    data = imagenet(root=root, num_workers=0)
    assert [len(batch.inputs) for batch in data.batches("test", batch_size=1)] == [1, 1, 1]
    assert data.unreadable_files == {str(path) for path in [*corrupt, last]}


@pytest.mark.filterwarnings("ignore::deepobs.data.CorruptFilesWarning")
def test_training_does_not_go_on_without_a_batch(tmp_path: Path) -> None:
    """It would count a step that is not made; the error says how to find what is corrupt."""
    root = write_stand_in("imagenet", tmp_path, num_train=6)
    corrupt = sorted((root / "imagenet/train").rglob("*.JPEG"))[2]
    corrupt.write_bytes(b"no image")
    data = imagenet(root=root, num_workers=0)
    assert sum(len(batch.inputs) for batch in data.batches("train", batch_size=2)) == 5
    assert sum(len(batch.inputs) for batch in data.batches("train_eval", batch_size=1)) == 5
    with pytest.raises(CorruptDatasetError, match="No file of a batch for training") as caught:
        list(data.batches("train", batch_size=1))
    assert str(corrupt) in str(caught.value)
    assert "`deepobs data verify`" in str(caught.value)


@pytest.mark.filterwarnings("ignore::deepobs.data.CorruptFilesWarning")
def test_a_phase_of_nothing_but_corrupt_files_is_an_error(tmp_path: Path) -> None:
    """A mean over nothing would not be a number."""
    root = write_stand_in("imagenet", tmp_path)
    for path in (root / "imagenet/val").rglob("*.JPEG"):
        path.write_bytes(b"no image")
    data = imagenet(root=root, num_workers=0)
    with pytest.raises(CorruptDatasetError, match="No file of this pass over test of imagenet"):
        list(data.batches("test", batch_size=2))
    assert list(data.batches("test", batch_size=2, start=3)) == []


@pytest.mark.parametrize("workers", [0, 2])
def test_all_corrupt_files_can_be_found_beforehand(
    partly_corrupt: tuple[Path, list[Path]], workers: int
) -> None:
    """With progress until the last file."""
    root, corrupt = partly_corrupt
    calls: list[tuple[str, int, int | None]] = []
    data = imagenet(root=root, num_workers=workers)
    found = data.find_unreadable(lambda *call: calls.append(call))
    assert found == corrupt
    assert calls[-1] == ("imagenet", 12, 12)
