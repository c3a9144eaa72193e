"""Denoising diffusion: the noise schedule, noisy images, and the way back from noise to images."""

import torch
import torch.fx
from torch import Tensor, nn

from ._checks import check_least, check_shape
from ._unet import UNet

torch.fx.wrap("check_shape")


class DDPM(nn.Module):
    """Denoising diffusion model: a network that predicts the noise ε in noisy images.

    At step t = 0, …, T − 1 an image x has become x_t = √ᾱ_t x + √(1 − ᾱ_t) ε. ᾱ_t is the product of
    1 − β_s over s ≤ t, and β increases linearly (equation 4). Training minimizes the mean of
    (ε̂(x_t, t) − ε)² over images, steps and noise (equation 14); `sample` goes back from noise to
    images. Images have values from −1 to 1.

    Source: Ho, Jain, Abbeel, Denoising Diffusion Probabilistic Models, NeurIPS 2020, arXiv
    2006.11239.

    Args:
        network: Maps noisy images `[N, C, H, W]` and steps `[N]` to `[N, C, H, W]`; by default a
            `UNet`.
        num_steps: Number of steps T.
        first_beta: β of the first step.
        last_beta: β of the last step.

    Raises:
        ValueError: If there is no step, or the betas are not 0 < first_beta ≤ last_beta < 1.

    Example:
        >>> images = torch.rand(2, 1, 28, 28) * 2 - 1
        >>> noise, steps = torch.randn_like(images), torch.tensor([0, 999])
        >>> DDPM()(images, noise, steps).shape
        torch.Size([2, 1, 28, 28])
    """

    signal: Tensor
    noise_level: Tensor

    def __init__(
        self,
        network: nn.Module | None = None,
        *,
        num_steps: int = 1000,
        first_beta: float = 1e-4,
        last_beta: float = 0.02,
    ) -> None:
        super().__init__()
        check_least("num_steps", num_steps, 1)
        if not 0 < first_beta <= last_beta < 1:
            raise ValueError(
                "Expected betas with 0 < first_beta <= last_beta < 1,"
                f" got {first_beta} and {last_beta}."
            )
        self.num_steps = num_steps
        self.first_beta, self.last_beta = first_beta, last_beta
        self.network = UNet() if network is None else network
        alphas_bar = (1 - self.betas()).cumprod(0)
        self.register_buffer("signal", alphas_bar.sqrt().float(), persistent=False)
        self.register_buffer("noise_level", (1 - alphas_bar).sqrt().float(), persistent=False)

    def betas(self, device: torch.device | str | None = None) -> Tensor:
        """Returns β of every step, float64 `[T]`, on a device or torch's default one."""
        ends = (self.first_beta, self.last_beta)
        return torch.linspace(*ends, self.num_steps, dtype=torch.float64, device=device)

    def reset_parameters(self) -> None:
        """Draws new weights for the network."""
        self.network.reset_parameters()  # type: ignore[operator]

    def add_noise(self, images: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        """Returns the noisy images x_t.

        Args:
            images: Images x, `[N, C, H, W]`.
            noise: Standard normal noise ε, `[N, C, H, W]`.
            steps: Steps t from 0 to T − 1, int64 `[N]`.

        Returns:
            `[N, C, H, W]`.
        """
        parts = (self.signal, self.noise_level)
        signal, level = (part[steps][:, None, None, None] for part in parts)
        return signal * images + level * noise

    def forward(self, images: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        """Predicts the noise in noisy images; see `add_noise`.

        Args:
            images: Images x, `[N, C, H, W]`.
            noise: Standard normal noise ε, `[N, C, H, W]`.
            steps: Steps t from 0 to T − 1, int64 `[N]`.

        Returns:
            The predicted noise ε̂, `[N, C, H, W]`.

        Raises:
            ValueError: If the images have another shape.
        """
        check_shape(images, "images", "N", "C", "H", "W")
        predicted: Tensor = self.network(self.add_noise(images, noise, steps), steps)
        return predicted

    @torch.no_grad()
    def sample(self, noise: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draws images: goes back through all steps from noise (algorithm 2 of the paper).

        The image that a step predicts is clipped to −1 to 1, and the step draws from the posterior
        q(x_{t−1} | x_t, x) (equations 6 and 7).

        Args:
            noise: Standard normal noise to begin with, `[N, C, H, W]`.
            generator: Generator of the noise of each step; by default torch's global one.

        Returns:
            Images with values from −1 to 1, `[N, C, H, W]`.
        """
        betas = self.betas("cpu")
        alphas_bar = (1 - betas).cumprod(0)
        before = torch.cat((alphas_bar.new_ones(1), alphas_bar[:-1]))
        of_image = (before.sqrt() * betas / (1 - alphas_bar)).tolist()
        of_noisy = ((1 - betas).sqrt() * (1 - before) / (1 - alphas_bar)).tolist()
        deviation = ((1 - before) / (1 - alphas_bar) * betas).sqrt().tolist()
        signal, level = alphas_bar.sqrt().tolist(), (1 - alphas_bar).sqrt().tolist()
        noisy = noise
        for step in reversed(range(self.num_steps)):
            steps = torch.full((len(noise),), step, device=noise.device)
            predicted = self.network(noisy, steps)
            images = ((noisy - level[step] * predicted) / signal[step]).clamp(-1, 1)
            noisy = of_image[step] * images + of_noisy[step] * noisy
            if step > 0:
                shape, dtype = noise.shape, noise.dtype
                drawn = torch.randn(shape, dtype=dtype, device=noise.device, generator=generator)
                noisy = noisy + deviation[step] * drawn
        return noisy
