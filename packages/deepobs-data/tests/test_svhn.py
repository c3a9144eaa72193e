from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import torch

from deepobs.data import CorruptDatasetError, DatasetNotFoundError, svhn
from deepobs.data.testing import write_stand_in


def write_test_file(root: Path, pixels: np.ndarray, labels: Any) -> Path:
    write_stand_in("svhn", root)
    path = root / "SVHN/test_32x32.mat"
    scipy.io.savemat(path, {"X": pixels, "y": np.array(labels)[:, None]})
    return path


def test_images_equal_the_original(
    tmp_path: Path,
    golden: dict[str, Any],
    golden_images: np.ndarray,
    picked: Callable[..., Any],
) -> None:
    """Pixels in their places, the label 10 as 0."""
    entry = golden["preprocessing"]["svhn_test_phase"]["output"]
    labels = [label or 10 for label in entry["labels"]]
    write_test_file(tmp_path, golden_images.transpose(1, 2, 3, 0), labels)
    batch = next(svhn(root=tmp_path).batches("test", batch_size=4))
    assert batch.targets.tolist() == entry["labels"]
    for index, golden_image in enumerate(entry["images"]):
        ours, theirs = picked(batch.inputs[index], golden_image)
        # The original's own float32 error on the nearly constant image is 3e-4.
        tolerance = 3e-4 if index == 3 else 1e-5
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_ten_stands_for_the_digit_zero(tmp_path: Path) -> None:
    """As the file has it."""
    write_test_file(tmp_path, np.zeros((32, 32, 3, 3), np.uint8), [10, 1, 9])
    batch = next(svhn(root=tmp_path).batches("test", batch_size=3))
    assert batch.targets.tolist() == [0, 1, 9]


def test_all_training_images_are_used_without_flips(tmp_path: Path) -> None:
    """Five draws an image: no flip."""
    data = svhn(root=write_stand_in("svhn", tmp_path, num_train=70))
    assert data.num_examples("train") == 70
    assert data.train_transform.num_draws == 5


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>404 not found</html>", None],
    ids=["empty", "a web page", "cut off"],
)
def test_a_damaged_file_is_named_with_the_way_out(tmp_path: Path, content: bytes | None) -> None:
    """One sentence: which file, what is wrong, and what to do."""
    write_stand_in("svhn", tmp_path)
    path = tmp_path / "SVHN/train_32x32.mat"
    path.write_bytes(path.read_bytes()[:5000] if content is None else content)
    with pytest.raises(CorruptDatasetError) as caught:
        svhn(root=tmp_path)
    message = str(caught.value)
    assert str(path) in message
    assert message.endswith("delete it and run `deepobs data prepare svhn`.")
    assert "\n" not in message


@pytest.mark.parametrize(
    "labels",
    [
        *([1, 11], [1, 0], [1, -1], [1, 1.5], [1, float("nan")]),
        *([1, 2j], ["1", "2"], np.array([1, "2"], dtype=object)),
    ],
    ids=str,
)
def test_labels_that_make_no_sense_are_noticed(tmp_path: Path, labels: Any) -> None:
    """The format has whole numbers of 1 … 10, and 10 for the digit 0."""
    path = write_test_file(tmp_path, np.zeros((32, 32, 3, 2), np.uint8), labels)
    with pytest.raises(CorruptDatasetError, match="labels 1 to 10") as caught:
        svhn(root=tmp_path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the command that fetches it."""
    with pytest.raises(DatasetNotFoundError, match=r"SVHN/train_32x32.mat.*prepare svhn"):
        svhn(root=tmp_path)


def test_training_and_test_images_are_standardised(tmp_path: Path) -> None:
    """Mean 0 and deviation 1 in every phase."""
    data = svhn(root=write_stand_in("svhn", tmp_path)).with_validation()
    for phase in data.phases:
        inputs = next(data.batches(phase, batch_size=50)).inputs
        torch.testing.assert_close(inputs.mean((1, 2, 3)), torch.zeros(50), atol=1e-5, rtol=0)
