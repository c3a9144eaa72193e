"""Functions to be minimised, as modules: a quadratic and three functions of two variables."""

import math

import torch
from torch import Tensor, nn


class Quadratic(nn.Module):
    """The quadratic ½ (θ − x)ᵀ Q (θ − x), whose parameter θ starts at ones.

    As in DeepOBS. (Schneider, Balles and Hennig, ICLR 2019, arXiv 1903.05499.)

    Args:
        hessian: Q, symmetric `[D, D]`; kept as a buffer.

    Raises:
        ValueError: The Hessian is not a square matrix.
    """

    def __init__(self, hessian: Tensor) -> None:
        super().__init__()
        if hessian.ndim != 2 or hessian.shape[0] != hessian.shape[1]:
            raise ValueError(
                f"A Hessian of shape {list(hessian.shape)} does not fit: a square matrix is needed."
            )
        self.register_buffer("hessian", hessian)
        self.hessian: Tensor
        self.theta = nn.Parameter(torch.empty(hessian.shape[0], dtype=hessian.dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets θ to ones."""
        nn.init.ones_(self.theta)

    def forward(self, x: Tensor) -> Tensor:
        """Computes the losses `[N]` of the points x `[N, D]`.

        Raises:
            ValueError: If the points have another dimension.
        """
        if x.shape[-1] != self.theta.shape[0]:
            raise ValueError(
                f"Points of shape {list(x.shape)} do not fit: this quadratic takes"
                f" [N, {self.theta.shape[0]}]."
            )
        difference = self.theta - x
        return 0.5 * (difference @ self.hessian * difference).sum(-1)


class _TwoD(nn.Module):
    """A function of two parameters, plus a term that is linear in them with noise as its slope.

    Args:
        start: Where u and v start.
    """

    def __init__(self, start: tuple[float, float]) -> None:
        super().__init__()
        self.start = start
        self.u = nn.Parameter(torch.empty(()))
        self.v = nn.Parameter(torch.empty(()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets u and v to the starting point."""
        for parameter, value in zip((self.u, self.v), self.start, strict=True):
            nn.init.constant_(parameter, value)

    def value(self) -> Tensor:
        """The function without noise at (u, v), a scalar."""
        raise NotImplementedError

    def forward(self, noise: Tensor) -> Tensor:
        """Computes the losses `[N]`, value() + noise[:, 0] u + noise[:, 1] v.

        Args:
            noise: `[N, 2]`.

        Raises:
            ValueError: If the noise has another shape.
        """
        if noise.shape[-1] != 2:
            raise ValueError(
                f"Noise of shape {list(noise.shape)} does not fit: [N, 2] is needed,"
                " one column each for u and v."
            )
        return self.value() + noise @ torch.stack((self.u, self.v))


class Rosenbrock(_TwoD):
    """Rosenbrock's function (1 − u)² + 100 (v − u²)²; minimum 0 at (1, 1).

    (Rosenbrock, The Computer Journal 3, 1960.)

    Args:
        start: Where u and v start.
    """

    def __init__(self, start: tuple[float, float] = (-0.5, 1.5)) -> None:
        super().__init__(start)

    def value(self) -> Tensor:
        """The function without noise at (u, v), a scalar."""
        return (1 - self.u).square() + 100 * (self.v - self.u.square()).square()


class Beale(_TwoD):
    """Beale's function Σₖ (cₖ − u (1 − vᵏ))², c = (1.5, 2.25, 2.625); minimum 0 at (3, 0.5).

    (Beale, On an Iterative Method for Finding a Local Minimum, 1958.)

    Args:
        start: Where u and v start.
    """

    def __init__(self, start: tuple[float, float] = (-4.5, 4.5)) -> None:
        super().__init__(start)

    def value(self) -> Tensor:
        """The function without noise at (u, v), a scalar."""
        u, v = self.u, self.v
        return (
            (1.5 - u + u * v).square()
            + (2.25 - u + u * v**2).square()
            + (2.625 - u + u * v**3).square()
        )


class Branin(_TwoD):
    """Branin's function (v − b u² + c u − 6)² + 10 (1 − t) cos u + 10.

    b = 5.1 / (4π²), c = 5 / π, t = 1 / (8π); three minima of 0.397887. (Branin, IBM Journal of
    Research and Development 16, 1972.)

    Args:
        start: Where u and v start.
    """

    def __init__(self, start: tuple[float, float] = (2.5, 12.5)) -> None:
        super().__init__(start)

    def value(self) -> Tensor:
        """The function without noise at (u, v), a scalar."""
        b, c, t = 5.1 / (4 * math.pi**2), 5 / math.pi, 1 / (8 * math.pi)
        u, v = self.u, self.v
        return (v - b * u.square() + c * u - 6).square() + 10 * (1 - t) * torch.cos(u) + 10
