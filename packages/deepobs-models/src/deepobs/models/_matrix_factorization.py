"""Matrix factorization for the prediction of ratings."""

from typing import NamedTuple

import torch
import torch.fx
from torch import Tensor, nn

from ._checks import check_least, check_shape
from ._roles import Role

torch.fx.wrap("check_shape")


class FactorizationOutput(NamedTuple):
    """Output of a `MatrixFactorization`.

    Attributes:
        ratings: Predicted ratings, `[N]`.
        penalties: Sum of the squares of the parameters that each rating depends on, `[N]`.
    """

    ratings: Tensor
    penalties: Tensor


class MatrixFactorization(nn.Module):
    """Matrix factorization with biases: user u rates item i with μ + b_u + b_i + p_u · q_i.

    It also returns b_u² + b_i² + ‖p_u‖² + ‖q_i‖², which the regularized loss of the source adds to
    the squared error of each rating (equation 5). A penalty of all parameters in every step would
    differ from it, and would make sparse gradients dense. Factors are initialised normal with
    standard deviation 0.1, biases at 0.

    Source: Koren, Bell, Volinsky, Matrix Factorization Techniques for Recommender Systems, IEEE
    Computer 42, 2009.

    Args:
        num_users: Number of users.
        num_items: Number of items.
        rank: Number of factors of a user, and of an item.
        mean: The mean rating μ, a constant.
        sparse: Whether gradients are sparse tensors, with the rows of the batch alone. Optimizers
            that take them are `torch.optim.SGD`, `Adagrad` and `SparseAdam`.

    Raises:
        ValueError: If a number is below 1.

    Example:
        >>> model = MatrixFactorization(num_users=10, num_items=20, mean=3.5)
        >>> pairs = torch.tensor([[0, 19], [9, 3]])  # user, item
        >>> model(pairs).ratings.shape
        torch.Size([2])
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        rank: int = 100,
        *,
        mean: float = 0.0,
        sparse: bool = False,
    ) -> None:
        super().__init__()
        sizes = {"num_users": num_users, "num_items": num_items, "rank": rank}
        for name, size in sizes.items():
            check_least(name, size, 1)
        self.mean = mean
        self.user_factors = nn.Embedding(num_users, rank, sparse=sparse)
        self.item_factors = nn.Embedding(num_items, rank, sparse=sparse)
        self.user_bias = nn.Embedding(num_users, 1, sparse=sparse)
        self.item_bias = nn.Embedding(num_items, 1, sparse=sparse)
        self.reset_parameters()

    def declared_roles(self) -> dict[str, Role]:
        """Returns roles that override the rules: biases are looked up like embeddings."""
        return {"*_bias.weight": Role.BIAS}

    def reset_parameters(self) -> None:
        """Draws factors normal (0.1) and sets biases to zero."""
        nn.init.normal_(self.user_factors.weight, std=0.1)
        nn.init.normal_(self.item_factors.weight, std=0.1)
        nn.init.zeros_(self.user_bias.weight)
        nn.init.zeros_(self.item_bias.weight)

    def forward(self, pairs: Tensor) -> FactorizationOutput:
        """Predicts ratings.

        Args:
            pairs: User and item of each rating, numbered from 0, int64 `[N, 2]`.

        Returns:
            Ratings `[N]` and penalties `[N]`.

        Raises:
            ValueError: If the pairs have another shape.
        """
        check_shape(pairs, "pairs", "N", 2)
        users, items = pairs[:, 0], pairs[:, 1]
        user_factors, item_factors = self.user_factors(users), self.item_factors(items)
        biases = torch.cat((self.user_bias(users), self.item_bias(items)), 1)  # [N, 2]
        ratings = self.mean + biases.sum(1) + (user_factors * item_factors).sum(1)
        every = torch.cat((biases, user_factors, item_factors), 1)
        return FactorizationOutput(ratings, every.square().sum(1))
