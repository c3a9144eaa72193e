"""Functions to minimize, as modules: a quadratic and three functions of two variables."""

import math

import torch.fx
from torch import Tensor, nn

from ._checks import check_shape
from ._roles import Role

torch.fx.wrap("check_shape")


class Quadratic(nn.Module):
    """The quadratic ½ (θ − x)ᵀ Q (θ − x), with the parameter θ initialized at ones.

    The optimum over several points x is their mean for any Q. The eigenvalues of Q make the
    function well or ill conditioned; its eigenvectors make it aligned with the coordinates or not.

    Source: Schneider, Balles and Hennig, DeepOBS, ICLR 2019, arXiv 1903.05499.

    Args:
        hessian: The symmetric matrix Q, `[D, D]`; kept as a buffer.

    Raises:
        ValueError: If the Hessian is not a square matrix.
    """

    def __init__(self, hessian: Tensor) -> None:
        super().__init__()
        if hessian.ndim != 2 or hessian.shape[0] != hessian.shape[1]:
            raise ValueError(f"Expected a Hessian of shape [D, D], got {list(hessian.shape)}.")
        self.register_buffer("hessian", hessian)
        self.hessian: Tensor
        self.theta = nn.Parameter(torch.empty(hessian.shape[0], dtype=hessian.dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets θ to ones."""
        nn.init.ones_(self.theta)

    def forward(self, x: Tensor) -> Tensor:
        """Computes the value for each point.

        Args:
            x: Points `[N, D]`.

        Returns:
            Losses `[N]`.

        Raises:
            ValueError: If the points have another shape.
        """
        check_shape(x, "points", "N", self.hessian.shape[0])
        difference = self.theta - x
        return 0.5 * (difference @ self.hessian * difference).sum(-1)


class MatrixSensing(nn.Module):
    """Linear measurements ⟨A, U Vᵀ⟩ of a matrix that is the product of two factors.

    Fitting them to measurements of a matrix of low rank is a non-convex problem, which is harder
    for gradient descent if the condition number of that matrix is large. Both factors are
    initialized normal.

    Source: Tong, Ma and Chi, Accelerating Ill-Conditioned Low-Rank Matrix Estimation via Scaled
    Gradient Descent, JMLR 22, 2021, arXiv 2005.08898. The initialization is ours.

    Args:
        rows: Number of rows of the matrix, and of U.
        columns: Number of columns of the matrix, and rows of V.
        rank: Number of columns of both factors.
        std: Standard deviation of the entries of both factors at the start.

    Example:
        >>> MatrixSensing(6, 5, rank=2)(torch.randn(20, 6, 5)).shape
        torch.Size([20])
    """

    def __init__(self, rows: int, columns: int, rank: int, std: float = 0.1) -> None:
        super().__init__()
        self.std = std
        self.left = nn.Parameter(torch.empty(rows, rank))
        self.right = nn.Parameter(torch.empty(columns, rank))
        self.reset_parameters()

    def declared_roles(self) -> dict[str, Role]:
        """Returns both factors as hidden: they are matrices of a two-layer linear network."""
        return {"left": Role.HIDDEN, "right": Role.HIDDEN}

    def reset_parameters(self) -> None:
        """Draws both factors normal."""
        nn.init.normal_(self.left, std=self.std)
        nn.init.normal_(self.right, std=self.std)

    def forward(self, sensors: Tensor) -> Tensor:
        """Measures the product of the factors.

        Args:
            sensors: Matrices A, `[N, rows, columns]`.

        Returns:
            Measurements `[N]`.

        Raises:
            ValueError: If the matrices have another shape.
        """
        product = self.left @ self.right.T
        _check_sensors(sensors, product)
        return (sensors * product).sum((-2, -1))


@torch.fx.wrap
def _check_sensors(sensors: Tensor, matrix: Tensor) -> None:
    """Raises a ValueError unless the matrices have the shape of the one that they measure."""
    check_shape(sensors, "matrices", "N", *matrix.shape)


class _TwoD(nn.Module):
    """A function of two parameters u and v, plus a linear term whose slope is noise.

    Args:
        start: Initial values of u and v.
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
        """Returns the function without noise at (u, v), a scalar."""
        raise NotImplementedError

    def forward(self, noise: Tensor) -> Tensor:
        """Computes value() + noise[:, 0] u + noise[:, 1] v.

        Args:
            noise: Slopes along u and v, `[N, 2]`.

        Returns:
            Losses `[N]`.

        Raises:
            ValueError: If the noise has another shape.
        """
        check_shape(noise, "noise", "N", 2)
        return self.value() + noise @ torch.stack((self.u, self.v))


class Rosenbrock(_TwoD):
    """Rosenbrock's function (1 − u)² + 100 (v − u²)²; minimum 0 at (1, 1).

    Source: Rosenbrock, The Computer Journal 3, 1960.

    Args:
        start: Initial values of u and v.
    """

    def __init__(self, start: tuple[float, float] = (-0.5, 1.5)) -> None:
        super().__init__(start)

    def value(self) -> Tensor:
        """Returns the function without noise at (u, v), a scalar."""
        return (1 - self.u).square() + 100 * (self.v - self.u.square()).square()


class Beale(_TwoD):
    """Beale's function Σₖ (cₖ − u (1 − vᵏ))², c = (1.5, 2.25, 2.625); minimum 0 at (3, 0.5).

    Source: Beale, On an Iterative Method for Finding a Local Minimum, 1958.

    Args:
        start: Initial values of u and v.
    """

    def __init__(self, start: tuple[float, float] = (-4.5, 4.5)) -> None:
        super().__init__(start)

    def value(self) -> Tensor:
        """Returns the function without noise at (u, v), a scalar."""
        u, v = self.u, self.v
        return (
            (1.5 - u + u * v).square()
            + (2.25 - u + u * v**2).square()
            + (2.625 - u + u * v**3).square()
        )


class Branin(_TwoD):
    """Branin's function (v − b u² + c u − 6)² + 10 (1 − t) cos u + 10.

    b = 5.1 / (4π²), c = 5 / π, t = 1 / (8π); three minima of 0.397887.

    Source: Branin, IBM Journal of Research and Development 16, 1972.

    Args:
        start: Initial values of u and v.
    """

    def __init__(self, start: tuple[float, float] = (2.5, 12.5)) -> None:
        super().__init__(start)

    def value(self) -> Tensor:
        """Returns the function without noise at (u, v), a scalar."""
        b, c, t = 5.1 / (4 * math.pi**2), 5 / math.pi, 1 / (8 * math.pi)
        u, v = self.u, self.v
        return (v - b * u.square() + c * u - 6).square() + 10 * (1 - t) * torch.cos(u) + 10
