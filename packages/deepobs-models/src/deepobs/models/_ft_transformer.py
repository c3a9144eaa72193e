"""A transformer for tables."""

import torch
import torch.fx
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ._checks import check_least, check_shape
from ._transformer import SelfAttention, check_heads

torch.fx.wrap("check_shape")


class FTTransformer(nn.Module):
    """FT-Transformer: numbers of a table as tokens, with a class token, through pre-norm blocks.

    A feature x_j becomes the token x_j w_j + b_j. As in the source, the first block has no norm
    before its attention, the MLP has the activation a · ReLU(b) of the halves a and b of its hidden
    layer, and the output layer sees the norm and the ReLU of the class token. At equal weights it
    computes what `FTTransformer` of the package rtdl_revisiting_models does. As there, the tokens
    are initialised uniform within 1 / √width, dense layers as `nn.Linear` is, and biases of the
    attention at 0.

    The defaults are the source's for eight numbers and one output, with 894,913 parameters.

    For second derivatives and for `torch.func.vmap`, call it within
    `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`: torch's fast attention kernels have neither.

    Source: Gorishniy, Rubachev, Khrulkov, Babenko, Revisiting Deep Learning Models for Tabular
    Data, NeurIPS 2021, arXiv 2106.11959.

    Args:
        num_features: Number of features F.
        num_outputs: Number of outputs K.
        width: Size of each vector.
        depth: Number of blocks.
        heads: Number of attention heads; divides the width.
        mlp_width: Size of the hidden layer in the MLP of each block, after the activation.
        attention_dropout: Probability of dropping an attention weight.
        mlp_dropout: Probability of dropping a hidden unit of an MLP.
        checkpoint_activations: Whether training recomputes the activations of each block in the
            backward pass, which needs less memory and about a third more time.

    Raises:
        ValueError: If the heads do not divide the width, a size is below 1, or a dropout is not a
            probability.

    Example:
        >>> FTTransformer()(torch.rand(2, 8)).shape
        torch.Size([2, 1])
    """

    def __init__(
        self,
        num_features: int = 8,
        num_outputs: int = 1,
        *,
        width: int = 192,
        depth: int = 3,
        heads: int = 8,
        mlp_width: int = 256,
        attention_dropout: float = 0.2,
        mlp_dropout: float = 0.1,
        checkpoint_activations: bool = False,
    ) -> None:
        super().__init__()
        check_heads(width, heads)
        self.checkpoint_activations = checkpoint_activations
        for name, size in {"num_features": num_features, "depth": depth}.items():
            check_least(name, size, 1)
        self.num_features = num_features
        self.class_token = nn.Parameter(torch.empty(width))
        self.feature_embedding = nn.Parameter(torch.empty(num_features, width))
        self.feature_bias = nn.Parameter(torch.empty(num_features, width))
        self.blocks = nn.Sequential(
            *(
                TableBlock(
                    *(width, heads, mlp_width),
                    first=number == 0,
                    attention_dropout=attention_dropout,
                    mlp_dropout=mlp_dropout,
                )
                for number in range(depth)
            )
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, num_outputs)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws tokens uniform and dense layers as `nn.Linear` does; resets norms."""
        bound = self.norm.normalized_shape[0] ** -0.5
        for tokens in (self.class_token, self.feature_embedding, self.feature_bias):
            nn.init.uniform_(tokens, -bound, bound)
        for layer in self.modules():
            if isinstance(layer, nn.Linear | nn.LayerNorm):
                layer.reset_parameters()
        for layer in self.modules():
            if isinstance(layer, SelfAttention):
                nn.init.zeros_(layer.query_key_value.bias)
                nn.init.zeros_(layer.projection.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Computes the outputs.

        Args:
            features: `[N, F]`, transformed so that each has about mean 0 and deviation 1.

        Returns:
            `[N, K]`.

        Raises:
            ValueError: If the features have another shape.
        """
        check_shape(features, "features", "N", self.num_features)
        tokens = features[:, :, None] * self.feature_embedding + self.feature_bias
        class_tokens = self.class_token.expand(features.shape[0], 1, -1)
        hidden = torch.cat((class_tokens, tokens), 1)
        for block in self.blocks:
            if self.checkpoint_activations and self.training:
                hidden = checkpoint(block, hidden, use_reentrant=False)
            else:
                hidden = block(hidden)
        outputs: Tensor = self.head(functional.relu(self.norm(hidden[:, 0])))
        return outputs


class TableBlock(nn.Module):
    """Self-attention and an MLP with the activation a · ReLU(b), with norms and residuals.

    Args:
        width: Size C of each vector.
        heads: Number of heads; divides the width.
        mlp_width: Size of the hidden layer of the MLP, after the activation.
        first: Whether the attention has no norm before it.
        attention_dropout: Probability of dropping an attention weight.
        mlp_dropout: Probability of dropping a hidden unit of the MLP.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        mlp_width: int,
        *,
        first: bool,
        attention_dropout: float,
        mlp_dropout: float,
    ) -> None:
        super().__init__()
        self.norm_1 = nn.Identity() if first else nn.LayerNorm(width)
        self.attention = SelfAttention(
            width, heads, causal=False, bias=True, dropout=attention_dropout
        )
        self.norm_2 = nn.LayerNorm(width)
        self.mlp_in = nn.Linear(width, 2 * mlp_width)
        self.dropout = nn.Dropout(mlp_dropout)
        self.mlp_out = nn.Linear(mlp_width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        """Computes `[N, T, C]` from `[N, T, C]`."""
        hidden = hidden + self.attention(self.norm_1(hidden))
        values, gates = self.mlp_in(self.norm_2(hidden)).chunk(2, -1)
        output: Tensor = hidden + self.mlp_out(self.dropout(values * functional.relu(gates)))
        return output
