"""The quadratic and the functions of two variables."""

import math

import pytest
import torch
from torch import Tensor

from deepobs.models import Beale, Branin, MatrixSensing, Quadratic, Rosenbrock


def test_quadratic_is_half_the_squared_distance_in_its_metric() -> None:
    """½ (θ − x)ᵀ Q (θ − x), here by hand."""
    model = Quadratic(torch.tensor([[2.0, 1.0], [1.0, 4.0]]))
    losses = model(torch.tensor([[0.0, 0.0], [1.0, 1.0], [2.0, 1.0]]))
    assert losses.tolist() == [4.0, 0.0, 1.0]


def test_quadratics_hessian_is_its_argument() -> None:
    """The second derivative of the mean loss is Q, which is a buffer and not a parameter."""
    root = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    hessian = root @ root.T
    model = Quadratic(hessian)
    points = torch.randn(3, 4)

    def loss(theta: Tensor) -> Tensor:
        losses: Tensor = torch.func.functional_call(model, {"theta": theta}, (points,))
        return losses.mean()

    actual = torch.func.jacrev(torch.func.grad(loss))(model.theta.detach())
    torch.testing.assert_close(actual, hessian)
    assert [name for name, _ in model.named_parameters()] == ["theta"]


def test_quadratic_needs_a_square_matrix() -> None:
    """The message states the shape that was given."""
    with pytest.raises(ValueError, match=r"Expected a Hessian of shape \[D, D\], got \[2, 3\]"):
        Quadratic(torch.zeros(2, 3))


def test_matrix_sensing_measures_the_product_of_its_factors() -> None:
    """⟨A, U Vᵀ⟩ picks an entry of the product where A has a single one."""
    torch.manual_seed(0)
    model = MatrixSensing(3, 2, rank=4)
    sensors = torch.eye(6).view(6, 3, 2)
    torch.testing.assert_close(model(sensors), (model.left @ model.right.T).flatten())


@pytest.mark.parametrize(
    ("model", "value"),
    [
        (Rosenbrock((1, 1)), 0.0),
        (Rosenbrock((-0.5, 1.5)), 158.5),
        (Beale((3, 0.5)), 0.0),
        (Beale((1, 0)), 0.25 + 1.25**2 + 1.625**2),
        (Branin((math.pi, 2.275)), 0.397887),
        (Branin((-math.pi, 12.275)), 0.397887),
        (Branin((9.42478, 2.475)), 0.397887),
    ],
)
def test_values_that_the_literature_gives(model: Rosenbrock | Beale | Branin, value: float) -> None:
    """Minima and a point computed by hand, without noise."""
    # float32 of terms around 10 that cancel.
    assert model.value().item() == pytest.approx(value, abs=1e-5)
    assert model(torch.zeros(3, 2)).tolist() == pytest.approx([value] * 3, abs=1e-5)


@pytest.mark.parametrize("function", [Rosenbrock, Beale, Branin])
def test_noise_is_the_slope_of_a_linear_term(function: type[Rosenbrock | Beale | Branin]) -> None:
    """An example adds noise[0] u + noise[1] v to the value."""
    model = function((0.5, -2.0))
    noise = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [2.0, 3.0]])
    added = model(noise) - model.value()
    torch.testing.assert_close(added, torch.tensor([0.0, 0.5, -2.0, -5.0]), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("function", "start"),
    [(Rosenbrock, (-0.5, 1.5)), (Beale, (-4.5, 4.5)), (Branin, (2.5, 12.5))],
)
def test_starting_points_are_the_originals(
    function: type[Rosenbrock | Beale | Branin], start: tuple[float, float]
) -> None:
    """u and v are initialised as in DeepOBS."""
    model = function()
    assert (model.u.item(), model.v.item()) == start
