import hashlib
import struct
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
    fashion_mnist,
    load_dataset,
    mnist,
)
from deepobs.data.testing import write_stand_in

LOADERS = {"mnist": mnist, "fashion_mnist": fashion_mnist}
FOLDERS = {"mnist": "MNIST/raw", "fashion_mnist": "FashionMNIST/raw"}


@pytest.mark.parametrize("name", LOADERS)
def test_images_equal_the_original(
    tmp_path: Path, golden: dict[str, Any], picked: Callable[..., Any], name: str
) -> None:
    """What is read from an IDX file is what the original feeds to its networks."""
    entry = golden["preprocessing"]["mnist_test_phase" if name == "mnist" else "fmnist_test_phase"]
    seed, output = entry["seed"], entry["output"]
    images = np.random.RandomState(seed + 4).randint(0, 256, (4, 28, 28)).astype(np.uint8)
    write_stand_in(name, tmp_path, num_test=4)
    folder = tmp_path / FOLDERS[name]
    for file, content in (("images-idx3", images), ("labels-idx1", output["labels"])):
        path = folder / f"t10k-{file}-ubyte"
        head = path.read_bytes()[: 16 if "images" in file else 8]
        path.write_bytes(head + bytes(np.asarray(content, dtype=np.uint8).tobytes()))
    batch = next(LOADERS[name](root=tmp_path).batches("test", batch_size=4))
    assert batch.targets.tolist() == output["labels"]
    for image, golden_image in zip(batch.inputs, output["images"], strict=True):
        ours, theirs = picked(image, golden_image)
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "first_test_labels"),
    [("mnist", [7, 2, 1, 0, 4, 1, 4, 9]), ("fashion_mnist", [9, 2, 1, 1, 6, 1, 4, 6])],
)
@pytest.mark.benchmark_data
def test_real_files(
    real_root: Callable[[str], Path], name: str, first_test_labels: list[int]
) -> None:
    """The real data comes through: sizes, first labels, every pixel of the test set."""
    root = real_root(f"{FOLDERS[name]}/t10k-images-idx3-ubyte")
    data = LOADERS[name](root=root)
    assert [data.num_examples(phase) for phase in data.phases] == [60_000, 10_000, 10_000]
    (batch,) = data.batches("test", batch_size=10_000)
    assert batch.inputs.shape == (10_000, 1, 28, 28)
    assert batch.targets[:8].tolist() == first_test_labels
    pixels = (batch.inputs * 255).round().to(torch.uint8).numpy().tobytes()
    stored = (root / FOLDERS[name] / "t10k-images-idx3-ubyte").read_bytes()[16:]
    assert hashlib.sha256(pixels).digest() == hashlib.sha256(stored).digest()
    assert torch.bincount(batch.targets).sum() == 10_000


def test_missing_files_are_named_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    """One sentence: what is missing, where, and what to do."""
    with pytest.raises(DatasetNotFoundError) as caught:
        mnist(root=tmp_path)
    message = str(caught.value)
    assert str(tmp_path) in message
    assert "`deepobs data prepare mnist`" in message
    assert "train-images-idx3-ubyte" in message
    assert "\n" not in message


@pytest.mark.parametrize("file", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[:-1], "bytes instead of"),
        (lambda content: content[: len(content) // 2], "bytes instead of"),
        (lambda content: content + b"x", "bytes instead of"),
        (lambda content: b"", "not an IDX file"),
        (lambda content: content[:6], "not an IDX file"),
        (lambda content: b"<html>404 not found</html>", "not an IDX file"),
    ],
    ids=["one byte less", "half", "one byte more", "empty", "head only", "a web page"],
)
def test_a_damaged_file_is_named_with_the_way_out(
    tmp_path: Path, file: str, damage: Callable[[bytes], bytes], reason: str
) -> None:
    """One sentence: which file, what is wrong, and what to do."""
    write_stand_in("mnist", tmp_path)
    path = tmp_path / "MNIST/raw" / file
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptDatasetError) as caught:
        mnist(root=tmp_path)
    message = str(caught.value)
    assert str(path) in message
    assert reason in message
    assert message.endswith("delete it and run `deepobs data prepare mnist`.")


def test_files_that_do_not_belong_together_are_noticed(tmp_path: Path) -> None:
    """As many labels as images."""
    write_stand_in("mnist", tmp_path / "one", num_train=300)
    write_stand_in("mnist", tmp_path / "two", num_train=200)
    file = "MNIST/raw/train-labels-idx1-ubyte"
    (tmp_path / "one" / file).write_bytes((tmp_path / "two" / file).read_bytes())
    with pytest.raises(CorruptDatasetError, match=r"300 images, but .* 200 labels"):
        mnist(root=tmp_path / "one")


def test_a_label_above_nine_is_noticed(tmp_path: Path) -> None:
    """It would fail much later, inside the loss."""
    write_stand_in("mnist", tmp_path)
    path = tmp_path / "MNIST/raw/train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\x0a")
    with pytest.raises(CorruptDatasetError, match="label above 9"):
        load_dataset("mnist", root=tmp_path)


def test_images_of_another_size_are_noticed(tmp_path: Path) -> None:
    """A well-formed file of 14×14 pixels fits no model of the problems."""
    write_stand_in("mnist", tmp_path, num_test=4)
    path = tmp_path / "MNIST/raw/t10k-images-idx3-ubyte"
    path.write_bytes(struct.pack(">BBBBIII", 0, 0, 8, 3, 4, 14, 14) + bytes(4 * 14 * 14))
    with pytest.raises(CorruptDatasetError, match="14×14 pixels instead of 28×28") as caught:
        mnist(root=tmp_path)
    assert str(path) in str(caught.value)


def test_sizes_whose_product_is_enormous_are_noticed(tmp_path: Path) -> None:
    """A product computed in 64 bits would be 4, as many as there are."""
    write_stand_in("mnist", tmp_path)
    path = tmp_path / "MNIST/raw/t10k-images-idx3-ubyte"
    path.write_bytes(struct.pack(">BBBBIII", 0, 0, 8, 3, 769_546, 494_770, 48_448_661) + b"four")
    with pytest.raises(CorruptDatasetError, match="20 bytes instead of 18,4"):
        mnist(root=tmp_path)


def test_both_are_loaded_from_their_own_folder(tmp_path: Path) -> None:
    """Fashion-MNIST is not MNIST: the original mixes them up once."""
    write_stand_in("mnist", tmp_path, seed=1)
    write_stand_in("fashion_mnist", tmp_path, seed=2)

    def first(data: ArrayDataset) -> torch.Tensor:
        images: torch.Tensor = next(data.batches("test", batch_size=8)).inputs
        return images

    one, other = (load(root=tmp_path) for load in LOADERS.values())
    assert (one.name, other.name) == ("mnist", "fashion_mnist")
    assert not torch.equal(first(one), first(other))
