"""Denoising diffusion, against its definition and against diffusers."""

import math
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from deepobs.models import DDPM, UNet


@pytest.fixture(scope="module")
def scheduler() -> Any:
    """The schedule of diffusers, with the same clipping."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that it imports
        module = pytest.importorskip(
            "diffusers.schedulers.scheduling_ddpm",
            reason="compares with diffusers, which is not installed",
        )
        return module.DDPMScheduler(num_train_timesteps=1000, clip_sample=True)


def test_signal_and_noise_are_products_of_the_betas() -> None:
    """√ᾱ and √(1 − ᾱ) with ᾱ = ∏ (1 − β), where β goes from 1e-4 to 0.02 in equal steps."""
    model = DDPM(nn.Identity())
    product = 1.0
    for step in range(1000):
        product *= 1 - (1e-4 + (0.02 - 1e-4) * step / 999)
        assert model.signal[step].item() == pytest.approx(math.sqrt(product), rel=1e-6)
        assert model.noise_level[step].item() == pytest.approx(math.sqrt(1 - product), rel=1e-6)


def test_noise_is_what_many_small_steps_add_up_to() -> None:
    """x_t = √(1 − β_t) x_{t−1} + √β_t ε_t from x on, over the first 300 steps.

    The distribution of x_t is normal with the mean and the variance that the recursion has.
    """
    model = DDPM(nn.Identity())
    images = torch.full((1, 1, 1, 1), 0.7)
    mean, variance = 0.7, 0.0
    for step, beta in enumerate(model.betas()[:300].tolist()):
        mean, variance = math.sqrt(1 - beta) * mean, (1 - beta) * variance + beta
        steps = torch.tensor([step])
        without, with_one = (
            model.add_noise(images, torch.full_like(images, noise), steps).item()
            for noise in (0.0, 1.0)
        )
        assert without == pytest.approx(mean, rel=1e-5)
        assert (with_one - without) ** 2 == pytest.approx(variance, rel=1e-4)


def test_schedule_and_noise_are_those_of_diffusers(scheduler: Any) -> None:
    """ᾱ of every step, and noisy images; diffusers multiplies in float32."""
    model = DDPM(nn.Identity())
    torch.testing.assert_close(model.signal.square(), scheduler.alphas_cumprod, rtol=1e-4, atol=0)
    torch.manual_seed(0)
    images, noise = torch.rand(4, 1, 8, 8) * 2 - 1, torch.randn(4, 1, 8, 8)
    steps = torch.tensor([0, 10, 500, 999])
    expected = scheduler.add_noise(images, noise, steps)
    # 1 − ᾱ of the first step is 1e-4, which leaves three digits of a float32 product.
    torch.testing.assert_close(model.add_noise(images, noise, steps), expected, rtol=0, atol=1e-4)


class Curved(nn.Module):
    """A prediction that depends on pixels and steps, and leaves the images within bounds."""

    def forward(self, images: Tensor, steps: Tensor) -> Tensor:
        return torch.tanh(images) * (1 - 0.5 * steps[:, None, None, None] / 1000)


def test_samples_are_those_of_diffusers(scheduler: Any) -> None:
    """The same noise gives the same images after all 1,000 steps back."""
    start = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    actual = DDPM(Curved()).sample(start, torch.Generator().manual_seed(2))
    noisy, generator = start, torch.Generator().manual_seed(2)
    for step in reversed(range(1000)):
        predicted = Curved()(noisy, torch.full((2,), step))
        noisy = scheduler.step(predicted, step, noisy, generator=generator).prev_sample
    # The last steps divide by 1 − ᾱ, of which diffusers has three digits.
    torch.testing.assert_close(actual, noisy, rtol=0, atol=1e-3)


class Knowing(nn.Module):
    """The best prediction if all images are one image: ε = (x_t − √ᾱ x) / √(1 − ᾱ)."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()
        self.image, self.schedule = image, DDPM(nn.Identity())

    def forward(self, images: Tensor, steps: Tensor) -> Tensor:
        signal, level = self.schedule.signal[steps], self.schedule.noise_level[steps]
        return (images - signal[:, None, None, None] * self.image) / level[:, None, None, None]


def test_samples_of_the_best_prediction_are_the_data() -> None:
    """From any noise the way back ends at the one image that there is."""
    image = torch.linspace(-1, 1, 64).view(1, 8, 8)
    samples = DDPM(Knowing(image)).sample(torch.randn(3, 1, 8, 8))
    # ε̂ has the rounding of x / 0.01 in float32, which the last step multiplies by 0.01 again.
    torch.testing.assert_close(samples, image.expand(3, 1, 8, 8), rtol=0, atol=1e-5)


def test_sampling_needs_no_gradient_and_repeats() -> None:
    """The same generator gives the same images, with values from −1 to 1."""
    torch.manual_seed(0)
    model = DDPM(UNet(channels=(8,), step_width=4), num_steps=5)
    noise = torch.randn(2, 1, 8, 8)
    one, other = (model.sample(noise, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, other)
    assert not one.requires_grad
    assert one.abs().max() <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_steps": 0}, "num_steps of at least 1, got 0"),
        ({"first_beta": 0.0}, "got 0.0 and 0.02"),
        ({"first_beta": 0.5, "last_beta": 0.1}, "got 0.5 and 0.1"),
        ({"last_beta": 1.0}, "got 0.0001 and 1.0"),
    ],
)
def test_a_schedule_out_of_range_is_refused(arguments: dict[str, Any], message: str) -> None:
    """The message states the expected order and what was given."""
    with pytest.raises(ValueError, match=message):
        DDPM(nn.Identity(), **arguments)
