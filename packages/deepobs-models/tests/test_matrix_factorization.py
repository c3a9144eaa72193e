"""Matrix factorization, against derivatives and solutions in closed form."""

import pytest
import torch
from torch import Tensor

from deepobs.models import MatrixFactorization

MEAN, FACTOR = 3.5, 0.1  # μ, and λ of the penalty


def made(**arguments) -> MatrixFactorization:
    """Five users, four items, three factors, with biases that are not zero."""
    torch.manual_seed(0)
    model = MatrixFactorization(5, 4, rank=3, mean=MEAN, **arguments).double()
    torch.nn.init.normal_(model.user_bias.weight)
    torch.nn.init.normal_(model.item_bias.weight)
    return model


def ratings() -> tuple[Tensor, Tensor]:
    """Thirty pairs, some of them repeated, and ratings; user 4 rates nothing."""
    generator = torch.Generator().manual_seed(1)
    pairs = torch.stack([torch.randint(high, (30,), generator=generator) for high in (4, 4)], dim=1)
    return pairs, torch.randint(1, 6, (30,), generator=generator).double()


def loss_of(model: MatrixFactorization, pairs: Tensor, targets: Tensor) -> Tensor:
    predicted, penalties = model(pairs)
    loss: Tensor = ((predicted - targets).square() + FACTOR * penalties).sum()
    return loss


def test_a_rating_is_mean_biases_and_product() -> None:
    """Added up one by one; the penalty is the sum of all squares that it depends on."""
    model, (pairs, _) = made(), ratings()
    predicted, penalties = model(pairs)
    for row, (user, item) in enumerate(pairs.tolist()):
        p, q = model.user_factors.weight[user], model.item_factors.weight[item]
        b_u, b_i = model.user_bias.weight[user, 0], model.item_bias.weight[item, 0]
        torch.testing.assert_close(predicted[row], MEAN + b_u + b_i + torch.dot(p, q))
        expected = b_u**2 + b_i**2 + torch.dot(p, p) + torch.dot(q, q)
        torch.testing.assert_close(penalties[row], expected)


def test_gradients_are_those_of_the_formula() -> None:
    """2 (e q + λ p) for p, 2 (e p + λ q) for q, 2 (e + λ b) for b, summed over the ratings."""
    model, (pairs, targets) = made(), ratings()
    loss_of(model, pairs, targets).backward()
    errors = (model(pairs).ratings - targets).detach()
    weights = {name: weight.detach() for name, weight in model.named_parameters()}
    expected = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    for (user, item), error in zip(pairs.tolist(), errors, strict=True):
        p, q = weights["user_factors.weight"][user], weights["item_factors.weight"][item]
        expected["user_factors.weight"][user] += 2 * (error * q + FACTOR * p)
        expected["item_factors.weight"][item] += 2 * (error * p + FACTOR * q)
        for kind, row in (("user", user), ("item", item)):
            bias = weights[f"{kind}_bias.weight"][row]
            expected[f"{kind}_bias.weight"][row] += 2 * (error + FACTOR * bias)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name])


def test_biases_alone_are_ridge_regression() -> None:
    """Without factors the least loss is that of a linear system, which L-BFGS finds too.

    Each rating adds x xᵀ and the penalty of its two biases to the matrix, with x one at its user
    and its item. User 4 has no rating, and keeps its bias.
    """
    model, (pairs, targets) = made(), ratings()
    for factors in (model.user_factors, model.item_factors):
        torch.nn.init.zeros_(factors.weight).requires_grad_(False)
    torch.nn.init.zeros_(model.user_bias.weight)
    rows = torch.zeros(len(pairs), 9, dtype=torch.float64)
    rows[torch.arange(len(pairs)), pairs[:, 0]] = 1
    rows[torch.arange(len(pairs)), 5 + pairs[:, 1]] = 1
    system = rows.T @ rows + FACTOR * torch.diag(rows.sum(dim=0))
    solution = torch.linalg.lstsq(system, rows.T @ (targets - MEAN), driver="gelsd").solution
    biases = [model.user_bias.weight, model.item_bias.weight]
    optimizer = torch.optim.LBFGS(
        biases,
        max_iter=200,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-12,
        tolerance_change=1e-15,
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = loss_of(model, pairs, targets)
        loss.backward()
        return loss

    optimizer.step(closure)
    found = torch.cat([bias.detach().flatten() for bias in biases])
    torch.testing.assert_close(found, solution, rtol=1e-6, atol=1e-6)


def test_the_best_user_factors_are_ridge_regression() -> None:
    """For fixed items, each user's factors solve a linear system: a step of alternating squares."""
    model, (pairs, targets) = made(), ratings()
    with torch.no_grad():
        for user in range(4):
            mine = pairs[:, 0] == user
            items = pairs[mine, 1]
            q = model.item_factors.weight[items]
            rest = MEAN + model.user_bias.weight[user] + model.item_bias.weight[items, 0]
            system = q.T @ q + FACTOR * int(mine.sum()) * torch.eye(3, dtype=torch.float64)
            right = q.T @ (targets[mine] - rest)
            model.user_factors.weight[user] = torch.linalg.solve(system, right)
    loss_of(model, pairs, targets).backward()
    gradient = model.user_factors.weight.grad
    assert gradient is not None
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-12)


# torch makes some of its sparse tensors unchecked, and says so once.
@pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled")
def test_sparse_gradients_are_the_dense_ones() -> None:
    """With the rows of the batch alone; SGD and Adagrad then take the same steps."""
    pairs, targets = ratings()
    for optimizer in (torch.optim.SGD, torch.optim.Adagrad):
        dense, sparse = made(), made(sparse=True)
        for model in (dense, sparse):
            stepper = optimizer(model.parameters(), lr=0.01)
            for _ in range(3):
                stepper.zero_grad()
                loss_of(model, pairs, targets).backward()
                stepper.step()
        for (name, one), other in zip(dense.named_parameters(), sparse.parameters(), strict=True):
            assert other.grad is not None
            assert other.grad.is_sparse
            rows = other.grad.coalesce().indices()[0]
            column = 0 if name.startswith("user") else 1
            assert torch.equal(rows, pairs[:, column].unique())
            torch.testing.assert_close(other.grad.to_dense(), one.grad)
            torch.testing.assert_close(other, one)


@pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled")
def test_sparse_adam_trains_it() -> None:
    """Which refuses dense gradients."""
    model, (pairs, targets) = made(sparse=True), ratings()
    before = loss_of(model, pairs, targets).item()
    optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=0.05)
    for _ in range(20):
        optimizer.zero_grad()
        loss_of(model, pairs, targets).backward()
        optimizer.step()
    assert loss_of(model, pairs, targets).item() < 0.8 * before


def test_number_of_parameters() -> None:
    """A bias and 100 factors for each of 943 users and 1,682 films."""
    model = MatrixFactorization(943, 1682)
    assert sum(p.numel() for p in model.parameters()) == (943 + 1682) * 101


@pytest.mark.parametrize(("sizes", "name"), [((0, 4, 3), "num_users"), ((5, 4, 0), "rank")])
def test_sizes_below_one_are_refused(sizes: tuple[int, int, int], name: str) -> None:
    """The message names the argument."""
    with pytest.raises(ValueError, match=f"{name} of at least 1, got 0"):
        MatrixFactorization(*sizes)
