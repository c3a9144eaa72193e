"""Problems on tables: ratings of films, and prices of houses."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from deepobs import models
from deepobs.data import DATASETS, Batch

from ._losses import Reduction, SquaredError
from ._metrics import RMSE, Metric
from ._problem import Problem

if TYPE_CHECKING:
    from deepobs.models import FactorizationOutput


class RatingLoss(nn.Module):
    """Squared error of a rating, plus a multiple of the squares of what it was predicted from.

    (r − r̂)² + λ (b_u² + b_i² + ‖p_u‖² + ‖q_i‖²), equation 5 of Koren et al., Matrix Factorization
    Techniques for Recommender Systems, IEEE Computer 42, 2009.

    Args:
        reduction: `"none"` for one value a rating, `"mean"` for their mean.
        factor: λ.
    """

    def __init__(self, reduction: Reduction = "mean", factor: float = 0.02) -> None:
        super().__init__()
        self.reduction: Reduction = reduction
        self.factor = factor

    def forward(self, output: FactorizationOutput, target: Tensor) -> Tensor:
        """Maps the output for N pairs and ratings `[N]` to losses `[N]` or a scalar."""
        losses = (output.ratings - target).square() + self.factor * output.penalties
        return losses.mean() if self.reduction == "mean" else losses


def _rating_error(output: FactorizationOutput, batch: Batch) -> tuple[Tensor, Tensor]:
    error = (output.ratings - batch.targets).square().sum()
    return error, torch.tensor(len(batch.targets))


#: Root of the mean squared error of the ratings, without the penalty.
RATING_RMSE = Metric(name="rmse", higher_is_better=False, parts=_rating_error, finish=math.sqrt)

TABLES = (
    Problem(
        name="movielens_mf",
        description="Matrix factorization with biases that predicts ratings of MovieLens-100k",
        dataset=DATASETS["movielens_100k"],
        model=partial(models.MatrixFactorization, 943, 1682, rank=100, mean=3.53),
        loss=RatingLoss,
        metrics=(RATING_RMSE,),
        stochastic=False,
        batch_size=128,
        epochs=20,
        convergence_target=0.934,
        extra=True,
        reference="Koren, Bell and Volinsky, IEEE Computer 42, 2009; Hug, Surprise, JOSS 5, 2020",
        notes="Rank, penalty, initial deviation and number of epochs are the defaults of Surprise,"
        " whose RMSE, a mean over five folds, is the convergence target; it is not reproduced here."
        " Its SGD takes one rating at a time at 0.005, which corresponds to a rate of 0.32 for the"
        " mean of 128.",
    ),
    Problem(
        name="california_ft_transformer",
        description="FT-Transformer that predicts prices of houses from eight numbers",
        dataset=DATASETS["california_housing"],
        model=models.FTTransformer,
        loss=SquaredError,
        metrics=(RMSE,),
        batch_size=256,
        epochs=50,
        convergence_target=0.469,
        extra=True,
        reference="Gorishniy et al., Revisiting Deep Learning Models for Tabular Data, 2021",
        notes="The paper's default network. It is trained there with AdamW at 1e-4 (weight decay"
        " 1e-5 of matrices) until the validation error stops falling; the number of epochs is ours."
        " The convergence target is the paper's RMSE on its own split; it is not reproduced here.",
    ),
)
