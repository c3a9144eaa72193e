import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from deepobs.data import (
    Batch,
    CorruptDatasetError,
    DatasetNotFoundError,
    Phase,
    StreamedImages,
    imagenet,
)
from deepobs.data._images import crop_resized, read_image
from deepobs.data._streamed import default_workers
from deepobs.data.testing import write_stand_in


def save(path: Path, pixels: np.ndarray, **options: Any) -> None:
    """Saves an image without loss: read by its content, a PNG file may be called JPEG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, "PNG", **options)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> StreamedImages:
    """Twelve training and seven test images of mixed sizes and modes, read in this process."""
    root = write_stand_in("imagenet", tmp_path_factory.mktemp("data"), num_train=12, num_test=7)
    return imagenet(root=root, num_workers=0)


def flat(batches: list[Batch]) -> torch.Tensor:
    return torch.cat([batch.inputs.flatten(1) for batch in batches])


def test_images_equal_the_original(
    tmp_path: Path, golden: dict[str, Any], picked: Callable[..., Any]
) -> None:
    """Resized, cropped in the middle and standardised from files of three sizes."""
    entry = golden["preprocessing"]["imagenet_test_phase"]
    for number, size in enumerate([(300, 400), (500, 333), (200, 256)]):
        random = np.random.RandomState(entry["seed"] + 5 + number)
        image = random.randint(0, 256, (*size, 3)).astype(np.uint8)
        for part in ("train", "val"):
            save(tmp_path / f"imagenet/{part}/n1/{number}.JPEG", image)
    (batch,) = imagenet(root=tmp_path, num_workers=0).batches("test", batch_size=3)
    for image, golden_image in zip(batch.inputs, entry["output"]["images"], strict=True):
        ours, theirs = picked(image, golden_image)
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_folders_in_order_are_the_classes_from_one_on(tmp_path: Path) -> None:
    """0 is the background; a class without images keeps its number."""
    pixels = np.zeros((10, 10, 3), np.uint8)
    for folder in ("n03", "n01", "n02"):
        save(tmp_path / "imagenet/train" / folder / "a.JPEG", pixels)
    for folder in ("n03", "n01"):
        save(tmp_path / "imagenet/val" / folder / "a.JPEG", pixels)
    data = imagenet(root=tmp_path, num_workers=0)
    (batch,) = data.batches("test", batch_size=5)
    assert batch.targets.tolist() == [1, 3]
    assert data.num_classes == 1001


def test_batches_have_the_shape_of_the_contract(small: StreamedImages) -> None:
    """Float images [N, 3, 224, 224], contiguous and standardised, with int64 labels."""
    data = small.with_validation(0.25)
    assert [data.num_examples(phase) for phase in data.phases] == [9, 7, 3, 7]
    for phase in data.phases:
        batches = list(data.batches(phase, batch_size=2))
        assert len(batches) == data.num_batches(phase, 2)
        for batch in batches:
            assert batch.inputs.shape[1:] == (3, 224, 224)
            assert batch.inputs.is_contiguous()
            assert batch.inputs.dtype == torch.float32
            assert batch.targets.dtype == torch.int64
            assert batch.inputs.mean((1, 2, 3)).abs().max() < 1e-4


def test_order_and_augmentation_are_functions_of_seed_and_epoch(small: StreamedImages) -> None:
    """The same epoch repeats, another does not; train_eval repeats always."""

    def images(phase: Phase, seed: int, epoch: int) -> torch.Tensor:
        return flat(list(small.batches(phase, batch_size=4, seed=seed, epoch=epoch)))

    assert torch.equal(images("train", 1, 0), images("train", 1, 0))
    assert not torch.equal(images("train", 1, 0), images("train", 1, 1))
    assert not torch.equal(images("train", 1, 0), images("train", 2, 0))
    assert torch.equal(images("train_eval", 1, 0), images("train_eval", 1, 3))


def test_starting_later_and_sharding_give_parts_of_the_whole(small: StreamedImages) -> None:
    """As for data in memory: the same examples with the same draws."""
    whole = flat(list(small.batches("train", batch_size=4)))
    assert torch.equal(flat(list(small.batches("train", batch_size=4, start=1))), whole[4:])
    one, other = (list(small.batches("train", batch_size=4, shard=(r, 2))) for r in range(2))
    parts = [batch for pair in zip(one, other, strict=True) for batch in pair]
    assert torch.equal(flat(parts), whole)


def test_workers_change_nothing(small: StreamedImages) -> None:
    """Two processes give the same batches in the same order as none."""
    alone = list(small.batches("train", batch_size=3))
    working = pickle.loads(pickle.dumps(small))
    working.num_workers = 2
    together = list(working.batches("train", batch_size=3))
    assert torch.equal(flat(alone), flat(together))
    for one, other in zip(alone, together, strict=True):
        assert torch.equal(one.targets, other.targets)


def test_batches_stay_in_the_memory_that_workers_share(small: StreamedImages) -> None:
    """The process allocates none of a batch's size, of which glibc's heap grows and grows."""
    working = pickle.loads(pickle.dumps(small))
    working.num_workers = 1
    assert all(batch.inputs.is_shared() for batch in working.batches("train", batch_size=3))


def test_giving_up_a_pass_in_the_middle_does_no_harm(small: StreamedImages) -> None:
    """The next pass is whole."""
    next(small.batches("train", batch_size=2))
    assert len(list(small.batches("train", batch_size=2))) == 6


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "RGBA", "1"])
def test_images_of_any_mode_become_colour(tmp_path: Path, mode: str) -> None:
    """Grey, CMYK, with a palette, with transparency."""
    grey = np.full((30, 40, 3), 128, np.uint8)
    path = tmp_path / "image"
    image = Image.fromarray(grey)
    image = image.quantize(16) if mode == "P" else image.convert(mode)
    image.save(path, "JPEG" if mode in ("L", "CMYK") else "PNG")
    read = read_image(path)
    assert read.shape == (30, 40, 3)
    assert read.dtype == np.uint8
    if mode != "1":
        assert np.abs(read.astype(int) - 128).max() <= 3  # JPEG loses a little


def test_an_image_on_its_side_is_turned(tmp_path: Path) -> None:
    """An EXIF orientation of 6 means: turn by 90 degrees clockwise."""
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, :15] = 255  # white on the left, which becomes the top
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "image", "JPEG", exif=exif)
    read = read_image(tmp_path / "image")
    assert read.shape == (30, 20, 3)
    assert read[:12].min() > 200
    assert read[18:].max() < 50


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.RandomState(0).randint(0, 256, (60, 90, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def noise_resized(noise: np.ndarray) -> np.ndarray:
    """The whole image at 256 on the shorter side, pixel by pixel as TensorFlow 1 resizes."""
    height, width = noise.shape[:2]
    shorter = min(height, width)
    sides = [round(side * 256 / shorter) for side in (height, width)]
    result = np.empty((*sides, 3))
    for i in range(sides[0]):
        for j in range(sides[1]):
            y, x = i * height / sides[0], j * width / sides[1]
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            v, u = y - top, x - left
            upper = noise[top, left] * (1 - u) + noise[top, right] * u
            lower = noise[bottom, left] * (1 - u) + noise[bottom, right] * u
            result[i, j] = upper * (1 - v) + lower * v
    return result


@pytest.mark.parametrize("draws", [(0.0, 0.0, 0.9), (0.999, 0.5, 0.9), (0.3, 0.999, 0.1), None])
def test_only_the_window_is_computed_and_it_is_right(
    noise: np.ndarray, noise_resized: np.ndarray, draws: tuple[float, float, float] | None
) -> None:
    """It equals the window of the whole resized image, which is computed pixel by pixel here."""
    array = None if draws is None else np.array(draws, np.float32)
    window = crop_resized(noise, array)
    if draws is None:
        i, j = 16, (384 - 224) // 2
    else:
        i, j = int(draws[0] * 33), (384 - 256) // 2 + int(draws[1] * 33)
    expected = noise_resized[i : i + 224, j : j + 224]
    if draws is not None and draws[2] < 0.5:
        expected = expected[:, ::-1]
    np.testing.assert_allclose(window, expected, rtol=1e-5, atol=1e-3)


def test_missing_folders_are_named(tmp_path: Path) -> None:
    """None at all, or empty ones; with what to put where, as nothing can fetch it."""
    for folder in ("train", "val"):
        missing = rf"imagenet/{folder}/\*/\*.JPEG is missing"
        with pytest.raises(DatasetNotFoundError, match=missing) as caught:
            imagenet(root=tmp_path)
        assert "image-net.org" in str(caught.value)
        assert f"{tmp_path}/imagenet/train/<class>/" in str(caught.value)
        assert "deepobs data prepare" not in str(caught.value)
        save(tmp_path / f"imagenet/{folder}/n1/a.JPEG", np.zeros((10, 10, 3), np.uint8))


def test_folders_that_do_not_belong_together_are_noticed(tmp_path: Path) -> None:
    """A class in val that train has not would shift no number, but has none."""
    root = write_stand_in("imagenet", tmp_path)
    (root / "imagenet/val/n99999999").mkdir()
    with pytest.raises(CorruptDatasetError, match="n99999999 has no counterpart"):
        imagenet(root=root)


def test_more_than_a_thousand_classes_are_refused(tmp_path: Path) -> None:
    """The network has no output for them."""
    root = write_stand_in("imagenet", tmp_path)
    for number in range(1000):
        (root / f"imagenet/train/x{number}").mkdir()
    with pytest.raises(CorruptDatasetError, match="1003 class folders, but ImageNet has 1000"):
        imagenet(root=root)


def test_processes_share_the_processors() -> None:
    """Each starts its part of the workers, at least one and at most 16."""
    assert 1 <= default_workers(2) <= default_workers(1) <= 16
    assert default_workers(10_000) == 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_on_a_gpu_equal_those_on_the_cpu(small: StreamedImages) -> None:
    """Copied from pinned memory and standardised there, up to rounding."""
    moved = pickle.loads(pickle.dumps(small)).to("cuda")
    moved.num_workers = 2
    one, other = (flat(list(data.batches("train", batch_size=3))) for data in (small, moved))
    torch.testing.assert_close(one, other.cpu(), rtol=1e-5, atol=1e-5)


def test_moving_to_another_device_returns_a_new_value(small: StreamedImages) -> None:
    """The meta device stands for any other."""
    moved = small.to("meta")
    assert next(moved.batches("test", batch_size=2)).inputs.is_meta
    assert not next(small.batches("test", batch_size=2)).inputs.is_meta
