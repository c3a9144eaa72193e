"""A decoder-only transformer for language modelling."""

import math

import torch.fx
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ._checks import check_shape
from ._roles import Role
from ._transformer import TransformerBlock, check_heads, initialise_normal

torch.fx.wrap("check_shape")


class GPT(nn.Module):
    """GPT: a decoder-only transformer with pre-norm blocks and learned positions.

    The defaults are nanoGPT's character model for CPUs: 4 layers, 4 heads, width 128, a context of
    64 tokens, neither biases nor dropout. The output layer shares the matrix of the token
    embedding. Weights are initialized normal with standard deviation 0.02, and 0.02 / √(2 depth) in
    the two projections of each block that add to the residual stream; biases start at 0.

    For second derivatives and for `torch.func.vmap`, call it within
    `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`: torch's fast attention kernels have neither.

    Source: Radford et al., Language Models are Unsupervised Multitask Learners, 2019 (GPT-2);
    settings of Karpathy, nanoGPT, https://github.com/karpathy/nanoGPT.

    Args:
        vocabulary_size: Number of tokens V.
        context: Largest number of tokens in a sequence.
        width: Size of each vector.
        depth: Number of blocks.
        heads: Number of attention heads; divides the width.
        dropout: Probability of dropout of embeddings, attention weights and what each branch of a
            block adds.
        bias: Whether dense layers and norms have biases.
        checkpoint_activations: Whether training recomputes the activations of each block in the
            backward pass, which needs less memory and about a third more time.

    Raises:
        ValueError: If the heads do not divide the width, or dropout is not a probability.

    Example:
        >>> logits = GPT()(torch.zeros(2, 64, dtype=torch.long))
        >>> logits.shape
        torch.Size([2, 64, 65])
    """

    def __init__(
        self,
        vocabulary_size: int = 65,
        context: int = 64,
        width: int = 128,
        depth: int = 4,
        heads: int = 4,
        *,
        dropout: float = 0.0,
        bias: bool = False,
        checkpoint_activations: bool = False,
    ) -> None:
        super().__init__()
        check_heads(width, heads)
        self.context = context
        self.checkpoint_activations = checkpoint_activations
        self.token_embedding = nn.Embedding(vocabulary_size, width)
        self.position_embedding = nn.Embedding(context, width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(width, heads, 4 * width, causal=True, bias=bias, dropout=dropout)
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width, bias=bias)
        self.reset_parameters()

    def declared_roles(self) -> dict[str, Role]:
        """Returns roles that override the rules; the output layer has no matrix of its own."""
        return {"blocks.*.mlp.*.weight": Role.HIDDEN}

    def reset_parameters(self) -> None:
        """Draws weights normal (0.02, less in residual projections) and sets biases to zero."""
        initialise_normal(self)
        std = 0.02 / math.sqrt(2 * len(self.blocks))
        for name, parameter in self.blocks.named_parameters():
            if name.endswith(("attention.projection.weight", "mlp.2.weight")):
                nn.init.normal_(parameter, std=std)

    def forward(self, tokens: Tensor) -> Tensor:
        """Computes the logits of the token after each of the tokens.

        Args:
            tokens: int64 `[N, T]` with T ≤ context.

        Returns:
            Logits `[N, T, V]`.

        Raises:
            ValueError: If tokens are not `[N, T]`, or are longer than the context.
        """
        check_shape(tokens, "tokens", "N", "T")
        _check_length(tokens, self.context)
        positions = self.position_embedding.weight[: tokens.shape[1]]
        hidden = self.dropout(self.token_embedding(tokens) + positions)
        for block in self.blocks:
            if self.checkpoint_activations and self.training:
                hidden = checkpoint(block, hidden, use_reentrant=False)
            else:
                hidden = block(hidden)
        return functional.linear(self.norm(hidden), self.token_embedding.weight)


@torch.fx.wrap
def _check_length(tokens: Tensor, context: int) -> None:
    """Raises a ValueError if there are more tokens than the context has."""
    if tokens.shape[1] > context:
        raise ValueError(f"Expected at most {context} tokens, got {tokens.shape[1]}.")
