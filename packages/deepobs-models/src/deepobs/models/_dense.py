"""Networks of dense layers: logistic regression and multilayer perceptrons."""

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import torch.fx
from torch import Tensor, nn

from ._checks import check_shape
from ._layers import initialise, truncated_normal_

torch.fx.wrap("check_shape")


class _DenseNet(nn.Sequential):
    """Flattening, then dense layers with ReLU between them."""

    def __init__(self, sizes: Sequence[int]) -> None:
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, fan_out in pairwise(sizes):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        super().__init__(*layers[:-1])
        self.in_features = sizes[0]
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws initial weights; every subclass has its own distribution."""
        raise NotImplementedError

    def forward(self, inputs: Tensor) -> Tensor:
        """Computes the logits.

        Args:
            inputs: `[N, ...]` with in_features values in each example.

        Returns:
            Logits `[N, num_classes]`.

        Raises:
            ValueError: If an example has another number of values.
        """
        _check_values(inputs, self.in_features)
        for layer in self:
            inputs = layer(inputs)
        return inputs


@torch.fx.wrap
def _check_values(inputs: Tensor, wanted: int) -> None:
    """Raises a ValueError unless each example has as many values as wanted."""
    if math.prod(inputs.shape[1:]) != wanted:
        raise ValueError(
            f"Expected inputs of shape [N, ...] with {wanted} values in each example,"
            f" got {list(inputs.shape)}."
        )


class TanhMLP(nn.Sequential):
    """Multilayer perceptron with tanh, a smooth function for physics-informed networks.

    Weights are initialized Glorot normal, biases at 0 (Rathore et al., Challenges in Training
    PINNs, ICML 2024, arXiv 2402.01868). The defaults are the network of Krishnapriyan et al.,
    NeurIPS 2021, arXiv 2109.01050: four hidden layers of 50.

    Args:
        in_features: Number of coordinates of a point, such as 2 for (x, t).
        out_features: Number of values at a point.
        hidden: Widths of the hidden layers.

    Example:
        >>> TanhMLP()(torch.rand(100, 2)).shape
        torch.Size([100, 1])
    """

    def __init__(
        self, in_features: int = 2, out_features: int = 1, hidden: Sequence[int] = (50, 50, 50, 50)
    ) -> None:
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise((in_features, *hidden, out_features)):
            layers += [nn.Linear(fan_in, fan_out), nn.Tanh()]
        super().__init__(*layers[:-1])
        self.in_features = in_features
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights Glorot normal and sets biases to zero."""
        initialise(self, linear=nn.init.xavier_normal_)

    def forward(self, points: Tensor) -> Tensor:
        """Computes the values at each point.

        Args:
            points: `[N, in_features]`.

        Returns:
            Values `[N, out_features]`.

        Raises:
            ValueError: If the points have another shape.
        """
        check_shape(points, "points", "N", self.in_features)
        for layer in self:
            points = layer(points)
        return points


class LogisticRegression(_DenseNet):
    """Multinomial logistic regression: one dense layer, initialized at zero.

    Source: Schneider, Balles and Hennig, DeepOBS, ICLR 2019, arXiv 1903.05499.

    Args:
        in_features: Number of values in each example; inputs are flattened.
        num_classes: Number of classes K.
    """

    def __init__(self, in_features: int = 784, num_classes: int = 10) -> None:
        super().__init__((in_features, num_classes))

    def reset_parameters(self) -> None:
        """Sets weights and biases to zero."""
        initialise(self, linear=nn.init.zeros_)


class MLP(_DenseNet):
    """Multilayer perceptron with ReLU, by default 784-1000-500-100-10.

    Weights are initialized truncated normal with standard deviation 0.03, biases at 0.

    Source: Schneider, Balles and Hennig, DeepOBS, ICLR 2019, arXiv 1903.05499.

    Args:
        in_features: Number of values in each example; inputs are flattened.
        num_classes: Number of classes K.
        hidden: Widths of the hidden layers.
    """

    def __init__(
        self,
        in_features: int = 784,
        num_classes: int = 10,
        hidden: Sequence[int] = (1000, 500, 100),
    ) -> None:
        super().__init__((in_features, *hidden, num_classes))

    def reset_parameters(self) -> None:
        """Draws weights from a truncated normal (0.03) and sets biases to zero."""
        initialise(self, linear=partial(truncated_normal_, std=0.03))
