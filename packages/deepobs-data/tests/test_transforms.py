from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from deepobs.data import Augment, Compose, CropAndFlip, Normalize, Scale, Standardize
from deepobs.data._transforms import adjust_contrast, adjust_saturation, crop

Pick = Callable[[Tensor, dict[str, Any]], tuple[Tensor, Tensor]]


def example(golden: dict[str, Any]) -> Tensor:
    """The image of the golden augmentation, uint8 [1, 3, 32, 32]."""
    noise = np.random.RandomState(golden["adjust"]["seed"]).randint(0, 40, (32, 32, 3))
    h, w, c = np.mgrid[0:32, 0:32, 0:3]
    image = (20 * c + 3 * h + w + noise).astype(np.uint8)
    return torch.from_numpy(image).permute(2, 0, 1)[None]


def test_scaling_divides() -> None:
    """Every byte gives its value divided by the largest, up to rounding, and stays unchanged."""
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    before = pixels.clone()
    torch.testing.assert_close(Scale(255)(pixels), pixels.double().div(255).float())
    assert torch.equal(pixels, before)


def test_scaling_leaves_floats_as_they_are_stored() -> None:
    """The result is a tensor of its own even if nothing had to be converted."""
    values = torch.full((2, 3), 16.0)
    assert torch.equal(Scale(16)(values), torch.ones(2, 3))
    assert torch.equal(values, torch.full((2, 3), 16.0))


@pytest.mark.parametrize("index", range(4))
def test_standardisation_equals_the_original(
    golden: dict[str, Any], golden_images: np.ndarray, picked: Pick, index: int
) -> None:
    """Noisy, constant and nearly constant images alike."""
    entry = golden["preprocessing"]["cifar10_test_phase"]["output"]["images"][index]
    images = torch.from_numpy(golden_images).permute(0, 3, 1, 2)
    ours, theirs = picked(Standardize()(images)[index], entry)
    # The original's own float32 error on image 3, which has one pixel off by one, is 3e-4.
    tolerance = 3e-4 if index == 3 else 1e-5
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_a_constant_image_becomes_zeros() -> None:
    """The standard deviation is bounded below by 1/√(number of values)."""
    image = torch.full((1, 3, 32, 32), 77, dtype=torch.uint8)
    assert torch.equal(Standardize()(image), torch.zeros(1, 3, 32, 32))
    image[0, 0, 0, 0] = 78
    assert Standardize()(image).abs().max() == pytest.approx(3072**0.5 * (1 - 1 / 3072), rel=1e-4)


def test_standardising_overwrites_only_when_asked() -> None:
    """In place or not, the result is the same."""
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    before = images.clone()
    standardized = Standardize()(images)
    assert torch.equal(images, before)
    Standardize(inplace=True)(images)
    assert torch.equal(images, standardized)


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_saturation_equals_the_original(
    golden: dict[str, Any], picked: Pick, factor: float
) -> None:
    """On an image, as TensorFlow computes it in HSV."""
    image = example(golden).to(torch.float32)
    entry = golden["adjust"]["results"][f"adjust_saturation_{factor}"]
    adjusted = adjust_saturation(image, torch.tensor([factor]))[0]
    ours, theirs = picked(adjusted, entry)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    assert adjusted.mean().item() == pytest.approx(entry["mean"], rel=1e-5)
    assert adjusted.std(correction=0).item() == pytest.approx(entry["std"], rel=1e-5)


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_saturation_of_odd_pixels_equals_the_original(
    golden: dict[str, Any], factor: float
) -> None:
    """Negative, black, grey, above 255: as TensorFlow treats them."""
    entry = golden["adjust"]["special_pixels"]
    pixels = torch.tensor(entry["input"]).permute(2, 0, 1)[None].contiguous()
    theirs = torch.tensor(entry[f"adjust_saturation_{factor}"])
    ours = adjust_saturation(pixels, torch.tensor([factor]))[0].permute(1, 2, 0)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("factor", [0.2, 1.8])
def test_contrast_equals_the_original(golden: dict[str, Any], picked: Pick, factor: float) -> None:
    """Around the mean of each channel, nothing clipped."""
    image = example(golden).to(torch.float32)
    entry = golden["adjust"]["results"][f"adjust_contrast_{factor}"]
    adjusted = adjust_contrast(image, torch.tensor([factor]))[0]
    ours, theirs = picked(adjusted, entry)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-4)
    assert adjusted.min().item() == pytest.approx(entry["min"], rel=1e-5)
    assert adjusted.max().item() == pytest.approx(entry["max"], rel=1e-5)


def test_the_adjustments_one_after_the_other_equal_the_original(
    golden: dict[str, Any], picked: Pick
) -> None:
    """Brightness, saturation, contrast in this order."""
    entry = golden["adjust"]["results"]["chain_brightness_0.2_saturation_1.5_contrast_1.8"]
    image = example(golden).to(torch.float32).add_(0.2)
    image = adjust_saturation(image, torch.tensor([1.5]))
    ours, theirs = picked(adjust_contrast(image, torch.tensor([1.8]))[0], entry)
    # Values up to 267 with about seven digits.
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-4)


def test_the_augmentation_without_effect_leaves_the_image(golden: dict[str, Any]) -> None:
    """Draws that mean: centre, no flip, no change, give the image itself."""
    image = example(golden)
    neutral = torch.tensor([[0.5, 0.5, 0.5, 0.5, 0.5, 0.9]])
    torch.testing.assert_close(Augment(flip=True)(image, neutral), image.to(torch.float32))


@pytest.mark.parametrize(("name", "brightness"), [("-0.247059", 0.0), ("+0.247059", 1.0)])
def test_brightness_equals_the_original(
    golden: dict[str, Any], picked: Pick, name: str, brightness: float
) -> None:
    """The extreme draws shift by 63/255 of one grey level."""
    draws = torch.tensor([[0.5, 0.5, brightness, 0.5, 0.5]])
    entry = golden["adjust"]["results"][f"adjust_brightness_{name}"]
    ours, theirs = picked(Augment(flip=False)(example(golden), draws)[0], entry)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-4)


def test_cropping_equals_padding_and_slicing_each_image() -> None:
    """All 25 places, flipped or not."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (50, 3, 6, 7), dtype=torch.uint8, generator=generator)
    down = (torch.arange(50) % 5 + 0.5) / 5
    right = (torch.arange(50) // 5 % 5 + 0.5) / 5
    flip = torch.arange(50) >= 25
    cropped = crop(images, down, right, flip, padding=2)
    for number in range(50):
        image = torch.nn.functional.pad(images[number], (2, 2, 2, 2))
        image = image.flip(-1) if flip[number] else image
        i, j = number % 5, number // 5 % 5
        assert torch.equal(cropped[number], image[:, i : i + 6, j : j + 7])


def statistics(images: Tensor) -> dict[str, Tensor]:
    """What the golden file has of each augmented image; `[N]` each."""
    found = {f"channel_mean_{c}": images[:, c].mean(dim=(1, 2)) for c in range(3)}
    found |= {f"channel_std_{c}": images[:, c].std(dim=(1, 2), correction=0) for c in range(3)}
    flat = images.flatten(1)
    found["image_mean"], found["image_std"] = flat.mean(1), flat.std(1, correction=0)
    found["min"], found["max"] = flat.amin(1), flat.amax(1)
    return found


@pytest.mark.parametrize("name", ["cifar10", "svhn"])
def test_the_augmentation_has_the_statistics_of_the_original(
    golden: dict[str, Any], name: str
) -> None:
    """Means, spreads and deciles over 5,000 draws of one image agree within their errors."""
    theirs = golden["augmentation"][name]
    count = golden["augmentation"]["draws"]
    augment = Augment(flip=name == "cifar10")
    draws = torch.rand(count, augment.num_draws, generator=torch.Generator().manual_seed(3))
    images = augment(example(golden).expand(count, -1, -1, -1).contiguous(), draws)
    for key, ours in statistics(images).items():
        entry = theirs[key]
        # Two independent samples of the same size: the error of a difference is √2 times one's.
        # About 60 comparisons: 4.5 errors are exceeded by chance in one of 2,000 such tests.
        allowed = 4.5 * 2**0.5
        assert abs(ours.mean() - entry["mean"]) < allowed * entry["se_mean"], key
        assert abs(ours.std() - entry["std"]) < allowed * entry["se_std"], key
        fractions = torch.arange(1, 10) / 10
        deciles = torch.quantile(ours, fractions)
        below = torch.tensor([(ours <= value).float().mean() for value in entry["deciles"][1:10]])
        error = (fractions * (1 - fractions) / count).sqrt()
        assert deciles.isfinite().all()
        assert ((below - fractions).abs() < allowed * error).all(), key
    below_zero = (images < 0).float().mean().item()
    # The values of one image go together: 5,000 images, not 15 million values.
    spread = (images < 0).float().flatten(1).mean(1).std().item() / count**0.5
    assert abs(below_zero - theirs["fraction_of_pixels_below_0"]) < 4.5 * 2**0.5 * spread
    for entry in theirs["pixel_channel1_at_h_w"]:
        ours = images[:, 1, entry["h"], entry["w"]]
        assert abs(ours.mean() - entry["mean"]) < 4.5 * 2**0.5 * entry["se_mean"]


def test_house_numbers_are_never_flipped(golden: dict[str, Any]) -> None:
    """The image grows brighter to the right, and so it stays unless flips are asked for."""
    images = example(golden).expand(500, -1, -1, -1).contiguous()
    draws = torch.rand(500, 6, generator=torch.Generator().manual_seed(1))

    def rising(result: Tensor) -> float:
        right, left = result[..., 18:30].mean((1, 2, 3)), result[..., 2:14].mean((1, 2, 3))
        return float((right > left).float().mean())

    assert rising(Augment(flip=False)(images, draws[:, :5])) == 1.0
    assert 0.4 < rising(Augment(flip=True)(images, draws)) < 0.6


def test_every_image_is_augmented_on_its_own() -> None:
    """An image's result depends on its own draws, not on the rest of the batch."""
    generator = torch.Generator().manual_seed(5)
    images = torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8, generator=generator)
    draws = torch.rand(8, 6, generator=generator)
    transform = Compose(Augment(flip=True), Standardize())
    together = transform(images, draws)
    for number in range(8):
        alone = transform(images[number : number + 1], draws[number : number + 1])
        torch.testing.assert_close(alone[0], together[number])


def test_the_augmentation_refuses_to_go_without_draws() -> None:
    """It never uses hidden randomness."""
    with pytest.raises(ValueError, match="6 random numbers"):
        Augment(flip=True)(torch.zeros(1, 3, 32, 32, dtype=torch.uint8), None)


def test_a_chain_needs_the_draws_of_its_first_transform() -> None:
    """The others are deterministic."""
    assert Compose(Augment(flip=True), Standardize()).num_draws == 6
    assert Compose(Scale(255), Standardize()).num_draws == 0


def test_crop_and_flip_is_a_shift_with_zeros() -> None:
    """With draws of one half nothing moves; at the ends the image moves by four pixels."""
    images = torch.arange(1, 2 * 3 * 36 + 1).view(2, 3, 6, 6)
    still = torch.tensor([[0.5, 0.5, 0.9]]).expand(2, 3)
    assert torch.equal(CropAndFlip()(images, still), images)
    mirrored = torch.tensor([[0.5, 0.5, 0.1]]).expand(2, 3)
    assert torch.equal(CropAndFlip()(images, mirrored), images.flip(-1))
    moved = CropAndFlip()(images, torch.tensor([[0.0, 0.99, 0.9]]).expand(2, 3))
    assert torch.equal(moved[:, :, 4:, :2], images[:, :, :2, 4:])
    assert not moved[:, :, :4].any()
    assert not moved[..., 2:].any()
    with pytest.raises(ValueError, match="needs 3 random numbers"):
        CropAndFlip()(images, None)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_crop_and_flip_can_reflect_at_the_edges(dtype: torch.dtype) -> None:
    """As torch's padding for floats does, for bytes too."""
    images = torch.randint(256, (25, 3, 6, 7)).to(dtype)
    places = torch.cartesian_prod(torch.arange(5), torch.arange(5))
    draws = torch.cat(((places + 0.5) / 5, torch.full((25, 1), 0.9)), 1)
    moved = CropAndFlip(2, reflect=True)(images, draws)
    assert moved.dtype == dtype
    padded = torch.nn.functional.pad(images.float(), (2, 2, 2, 2), mode="reflect")
    for number, (i, j) in enumerate(places.tolist()):
        assert torch.equal(moved[number].float(), padded[number, :, i : i + 6, j : j + 7])


def test_normalize_subtracts_means_and_divides_by_deviations() -> None:
    """(x / 255 - mean) / std for each channel."""
    images = torch.randint(256, (4, 3, 5, 5), dtype=torch.uint8)
    mean, std = torch.tensor([0.1, 0.5, 0.9]), torch.tensor([0.2, 0.3, 0.4])
    expected = (images / 255 - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    # The difference of two numbers of size up to five.
    actual = Normalize(mean.tolist(), std.tolist())(images)
    torch.testing.assert_close(actual, expected, rtol=0, atol=2e-6)
