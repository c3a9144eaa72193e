"""A network that learns addition modulo a prime."""

import torch.fx
from torch import Tensor, nn

from ._checks import check_shape

torch.fx.wrap("check_shape")


class ModularAddition(nn.Module):
    """A network that maps two numbers to logits of their sum modulo p, the setting of grokking.

    Both numbers share an embedding. The sum of the two embeddings goes through one hidden layer
    with ReLU. Embeddings are initialized normal with variance 1 / width; dense layers as
    `nn.Linear` is. The sizes are ours.

    Source: Liu et al., Towards Understanding Grokking: An Effective Theory of Representation
    Learning, NeurIPS 2022, arXiv 2205.10343.

    Args:
        modulus: The modulus p; numbers are 0 to p − 1.
        width: Size of an embedding.
        hidden_size: Width of the hidden layer.

    Example:
        >>> ModularAddition()(torch.tensor([[3, 5], [112, 1]])).shape
        torch.Size([2, 113])
    """

    def __init__(self, modulus: int = 113, width: int = 128, hidden_size: int = 256) -> None:
        super().__init__()
        self.embedding = nn.Embedding(modulus, width)
        self.hidden = nn.Linear(width, hidden_size)
        self.output = nn.Linear(hidden_size, modulus)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws embeddings normal, and dense layers as `nn.Linear` does."""
        nn.init.normal_(self.embedding.weight, std=self.embedding.embedding_dim**-0.5)
        self.hidden.reset_parameters()
        self.output.reset_parameters()

    def forward(self, numbers: Tensor) -> Tensor:
        """Computes the logits of the sum.

        Args:
            numbers: int64 `[N, 2]`.

        Returns:
            Logits `[N, p]`.

        Raises:
            ValueError: If the numbers have another shape.
        """
        check_shape(numbers, "numbers", "N", 2)
        embedded = self.embedding(numbers).sum(1)
        logits: Tensor = self.output(self.hidden(embedded).relu())
        return logits
