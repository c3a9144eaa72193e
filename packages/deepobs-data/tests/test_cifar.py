import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deepobs.data import (
    ArrayDataset,
    CorruptDatasetError,
    DatasetNotFoundError,
    Normalize,
    Standardize,
    cifar10,
    cifar100,
)
from deepobs.data._cifar import CIFAR10_STATISTICS
from deepobs.data.testing import python2_pickle, write_stand_in

LOADERS = {"cifar10": cifar10, "cifar100": cifar100}
TEST_FILES = {"cifar10": "cifar-10-batches-py/test_batch", "cifar100": "cifar-100-python/test"}
LABELS = {"cifar10": "labels", "cifar100": "fine_labels"}


def write_test_file(root: Path, name: str, content: bytes) -> Path:
    """Replaces the test file of a stand-in."""
    write_stand_in(name, root)
    path = root / TEST_FILES[name]
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("python", [2, 3])
def test_images_equal_the_original(
    tmp_path: Path,
    golden: dict[str, Any],
    golden_images: np.ndarray,
    picked: Callable[..., Any],
    name: str,
    python: int,
) -> None:
    """Pixels and labels come from where they are in the file, whichever Python pickled it.

    The original reads CIFAR-100's pixels one byte off, so both sets are compared with its CIFAR-10.
    """
    entry = golden["preprocessing"]["cifar10_test_phase"]["output"]
    labels = golden["preprocessing"][f"{name}_test_phase"]["output"]["labels"]
    pixels = golden_images.transpose(0, 3, 1, 2).reshape(4, 3072)
    fields = {LABELS[name]: labels, "data": pixels}
    content = python2_pickle(fields) if python == 2 else pickle.dumps(fields)
    write_test_file(tmp_path, name, content)
    batch = next(LOADERS[name](root=tmp_path).batches("test", batch_size=4))
    assert batch.targets.tolist() == labels
    for index, golden_image in enumerate(entry["images"]):
        ours, theirs = picked(batch.inputs[index], golden_image)
        # The original's own float32 error on the nearly constant image is 3e-4.
        tolerance = 3e-4 if index == 3 else 1e-5
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_the_original_reads_cifar100_one_byte_off(
    golden: dict[str, Any], golden_images: np.ndarray, picked: Callable[..., Any]
) -> None:
    """Moved by one byte, with the label as the first pixel, our pixels give the original's."""
    entry = golden["preprocessing"]["cifar100_test_phase"]["output"]
    pixels = golden_images.transpose(0, 3, 1, 2).reshape(4, 3072)
    labels = np.array(entry["labels"], dtype=np.uint8)[:, None]
    moved = np.concatenate([labels, pixels[:, :-1]], axis=1).reshape(4, 3, 32, 32)
    images = Standardize()(torch.from_numpy(moved))
    for index, golden_image in enumerate(entry["images"]):
        ours, theirs = picked(images[index], golden_image)
        # Images 2 and 3 are constant but for one or two pixels.
        tolerance = 3e-4 if index >= 2 else 1e-5
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_all_five_files_are_read_in_order(tmp_path: Path) -> None:
    """The training set is the five files one after the other."""
    write_stand_in("cifar10", tmp_path, num_train=10, num_test=10)
    for number in range(1, 6):
        pixels = np.full((2, 3072), number, dtype=np.uint8)
        file = tmp_path / f"cifar-10-batches-py/data_batch_{number}"
        file.write_bytes(python2_pickle({"labels": [number, number], "data": pixels}))
    batches = list(cifar10(root=tmp_path).batches("train_eval", batch_size=2))
    assert [batch.targets.tolist() for batch in batches] == [[n, n] for n in range(1, 6)]


@pytest.mark.parametrize("name", LOADERS)
def test_training_images_are_augmented_and_standardised(tmp_path: Path, name: str) -> None:
    """In train and train_eval: another look at the same images, mean 0 and deviation 1."""
    data = LOADERS[name](root=write_stand_in(name, tmp_path))
    one, other = (
        next(data.batches("train", batch_size=300, epoch=epoch)).inputs for epoch in (0, 1)
    )
    torch.testing.assert_close(one.mean((1, 2, 3)), torch.zeros(300), atol=1e-5, rtol=0)
    torch.testing.assert_close(one.std((1, 2, 3), correction=0), torch.ones(300), atol=1e-4, rtol=0)
    # As sets of images they differ: each is augmented with new draws.
    assert not torch.isin(one[:, 0, 0, 0], other[:, 0, 0, 0]).all()


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: b"",
        lambda content: b"<html>404 not found</html>",
        lambda content: b"\x80\x02]q\x00.",
    ],
    ids=["half", "one byte less", "empty", "a web page", "another pickle"],
)
def test_a_damaged_file_is_named_with_the_way_out(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    """One sentence: which file, what is wrong, and what to do."""
    write_stand_in(name, tmp_path)
    path = tmp_path / TEST_FILES[name]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptDatasetError) as caught:
        LOADERS[name](root=tmp_path)
    message = str(caught.value)
    assert str(path) in message
    assert message.endswith(f"delete it and run `deepobs data prepare {name}`.")
    assert "\n" not in message


@pytest.mark.parametrize(
    "fields",
    [
        {"labels": [1, 2, 3], "data": np.zeros((2, 3072), np.uint8)},
        {"labels": [1, 10], "data": np.zeros((2, 3072), np.uint8)},
        {"labels": [1, 2], "data": np.zeros((2, 3071), np.uint8)},
        {"labels": [], "data": np.zeros((0, 3072), np.uint8)},
        {"labels": None, "data": np.zeros((2, 3072), np.uint8)},
        {"labels": 5, "data": np.zeros((2, 3072), np.uint8)},
        {"labels": [[1], [2]], "data": np.zeros((2, 3072), np.uint8)},
    ],
    ids=[
        *("counts differ", "label too large", "a pixel less", "nothing"),
        *("no labels", "a label of all", "labels in a column"),
    ],
)
def test_contents_that_make_no_sense_are_noticed(tmp_path: Path, fields: dict[str, Any]) -> None:
    """A well-formed pickle of something else."""
    path = write_test_file(tmp_path, "cifar10", pickle.dumps(fields))
    reason = "does not hold 32×32 images|something else in the place of an array"
    with pytest.raises(CorruptDatasetError, match=reason) as caught:
        cifar10(root=tmp_path)
    assert str(path) in str(caught.value)


class Bomb:
    """Unpickled by the usual means, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_that_would_run_code_does_not(tmp_path: Path) -> None:
    """Only arrays and plain values are unpickled."""
    trace = tmp_path / "trace"
    write_test_file(tmp_path, "cifar10", pickle.dumps({"data": Bomb(trace), "labels": []}))
    with pytest.raises(CorruptDatasetError, match="it asks for"):
        cifar10(root=tmp_path)
    assert not trace.exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Also if all others are there."""
    write_stand_in("cifar10", tmp_path)
    (tmp_path / "cifar-10-batches-py/data_batch_3").unlink()
    with pytest.raises(DatasetNotFoundError, match=r"data_batch_3.*prepare cifar10"):
        cifar10(root=tmp_path)


def test_the_usual_augmentation(tmp_path: Path) -> None:
    """Test images are normalized by channel; those for training are shifted and flipped, too."""
    root = write_stand_in("cifar10", tmp_path)
    data = cifar10(root=root, augmentation="crop_flip")
    pixels = data.arrays("test").inputs / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in CIFAR10_STATISTICS)
    (batch,) = data.batches("test", batch_size=1000)
    # The difference of two numbers of size two.
    torch.testing.assert_close(batch.inputs, (pixels - mean) / std, rtol=0, atol=1e-6)
    first, again, later = (
        next(data.batches("train", batch_size=50, epoch=epoch)).inputs for epoch in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    with pytest.raises(ValueError, match="'crop_flip' or 'alternating_flip', but is 'crop'"):
        cifar10(root=root, augmentation="crop")


@pytest.fixture
def columns(tmp_path: Path) -> ArrayDataset:
    """Images that grow brighter to the right, each of a red of its own, augmented as airbench's."""
    write_stand_in("cifar10", tmp_path, num_train=40)
    for number in range(5):
        pixels = np.zeros((8, 3, 32, 32), dtype=np.uint8)
        pixels[:, 1] = np.arange(0, 256, 8)
        pixels[:, 0] = 8 * number + np.arange(8)[:, None, None]
        fields: dict[str, Any] = {"labels": [0] * 8, "data": pixels.reshape(8, 3072)}
        file = tmp_path / f"cifar-10-batches-py/data_batch_{number + 1}"
        file.write_bytes(python2_pickle(fields))
    return cifar10(root=tmp_path, augmentation="alternating_flip")


def sides(data: ArrayDataset, **chosen: Any) -> dict[int, bool]:
    """Whether each image of a pass, told by its red, is flipped."""
    found: dict[int, bool] = {}
    for batch in data.batches("train", batch_size=8, **chosen):
        reds = (batch.inputs[:, 0, 0, 0] * 0.2470 + 0.4914) * 255
        flipped = batch.inputs[:, 1, 16, 10] > batch.inputs[:, 1, 16, 22]
        found |= dict(zip(reds.round().int().tolist(), flipped.tolist(), strict=True))
    return found


def test_images_are_flipped_in_every_other_epoch(columns: ArrayDataset) -> None:
    """About a half of them in the first, the others in the second, and so on, by the seed."""
    first, second, third = (sides(columns, epoch=epoch) for epoch in range(3))
    assert len(first) == 40
    assert 8 < sum(first.values()) < 32  # beyond four standard deviations
    assert all(first[red] is not second[red] for red in first)
    assert first == third
    assert first != sides(columns, seed=1)


def test_flips_do_not_depend_on_what_a_process_takes(columns: ArrayDataset) -> None:
    """The shards of an epoch, and the rest of one, have the flips of the whole."""
    whole = sides(columns, epoch=1)
    parts = [sides(columns, epoch=1, shard=(rank, 2)) for rank in (0, 1)]
    assert parts[0] | parts[1] == whole
    assert sides(columns, epoch=1, start=3).items() < whole.items()
    held_out = sides(columns.with_validation(0.2), epoch=1)
    assert held_out.items() < whole.items()


def test_alternating_images_have_a_sample_among_their_facts(columns: ArrayDataset) -> None:
    """As the model sees them in evaluation; other data sets have none."""
    sample = columns.facts.sample
    assert sample is not None
    assert torch.equal(sample, Normalize(*CIFAR10_STATISTICS)(columns.arrays("train").inputs))
    assert "sample" not in repr(columns.facts)


def test_another_transform_keeps_its_own_random_numbers(columns: ArrayDataset) -> None:
    """Only the flip of `CropAndFlip` is decided by the epoch."""
    seen = []

    class Recorder(Standardize):
        num_draws = 3

        def __call__(self, inputs: Any, draws: Any = None) -> Any:
            seen.append(draws)
            return super().__call__(inputs)

    list(columns.with_transform(Recorder()).batches("train", batch_size=40))
    assert len(seen[0][:, 2].unique()) == 40
