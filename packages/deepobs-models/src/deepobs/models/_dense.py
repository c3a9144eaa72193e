"""Networks of dense layers: logistic regression and a multilayer perceptron."""

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from torch import Tensor, nn

from ._layers import initialise, truncated_normal_


class _DenseNet(nn.Sequential):
    """Flatten, then dense layers with ReLU between them."""

    def __init__(self, sizes: Sequence[int]) -> None:
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, fan_out in pairwise(sizes):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        super().__init__(*layers[:-1])
        self.in_features = sizes[0]
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new initial weights."""
        raise NotImplementedError

    def forward(self, inputs: Tensor) -> Tensor:
        """Computes the logits.

        Args:
            inputs: `[N, ...]` with in_features values an example.

        Returns:
            Logits `[N, num_classes]`.

        Raises:
            ValueError: If the examples have another number of values.
        """
        if math.prod(inputs.shape[1:]) != self.in_features:
            raise ValueError(
                f"Inputs of shape {list(inputs.shape)} do not fit: this network takes"
                f" {self.in_features} values an example."
            )
        for layer in self:
            inputs = layer(inputs)
        return inputs


class LogisticRegression(_DenseNet):
    """Multinomial logistic regression: one dense layer, all zeros at the start.

    As in DeepOBS. (Schneider, Balles and Hennig, ICLR 2019, arXiv 1903.05499.)

    Args:
        in_features: Number of values of an example; inputs are flattened.
        num_classes: Number of classes K.
    """

    def __init__(self, in_features: int = 784, num_classes: int = 10) -> None:
        super().__init__((in_features, num_classes))

    def reset_parameters(self) -> None:
        """Sets weights and biases to zero."""
        initialise(self, linear=nn.init.zeros_)


class MLP(_DenseNet):
    """Multilayer perceptron with ReLU, by default 784-1000-500-100-10.

    Weights start as truncated normal with standard deviation 0.03, biases at 0, as in DeepOBS.
    (Schneider, Balles and Hennig, ICLR 2019, arXiv 1903.05499.)

    Args:
        in_features: Number of values of an example; inputs are flattened.
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
