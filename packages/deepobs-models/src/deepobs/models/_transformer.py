"""The pre-norm transformer block of `GPT` and `ViT`."""

from torch import Tensor, nn
from torch.nn import functional


class SelfAttention(nn.Module):
    """Multi-head self-attention with one projection to queries, keys and values, in this order.

    Attention is `scaled_dot_product_attention`. Its fast kernels have neither second derivatives
    nor a batching rule for `torch.func.vmap`; the kernel that
    `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)` selects has both.

    Args:
        width: Size C of each vector.
        heads: Number of heads; divides the width.
        causal: Whether a position sees only itself and earlier ones.
        bias: Whether both projections have a bias.
        dropout: Probability of dropping an attention weight.
    """

    def __init__(self, width: int, heads: int, *, causal: bool, bias: bool, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.causal = causal
        self.dropout = dropout
        self.query_key_value = nn.Linear(width, 3 * width, bias=bias)
        self.projection = nn.Linear(width, width, bias=bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """Mixes the positions of `[N, T, C]`; returns `[N, T, C]`."""
        parts = self.query_key_value(hidden).unflatten(-1, (3, self.heads, -1))
        parts = parts.permute(2, 0, 3, 1, 4)  # [3, N, heads, T, C / heads]
        mixed = functional.scaled_dot_product_attention(
            *(parts[0], parts[1], parts[2]),
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.causal,
        )
        output: Tensor = self.projection(mixed.transpose(1, 2).flatten(2))
        return output


class TransformerBlock(nn.Module):
    """Self-attention and a two-layer MLP with exact GELU, each behind a norm and a residual.

    Args:
        width: Size C of each vector.
        heads: Number of heads; divides the width.
        mlp_width: Size of the hidden layer of the MLP.
        causal: Whether a position sees only itself and earlier ones.
        bias: Whether dense layers and norms have biases.
        dropout: Probability of dropping an attention weight, and a value that a branch adds.
        eps: ε of the norms.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        mlp_width: int,
        *,
        causal: bool = False,
        bias: bool = True,
        dropout: float = 0.0,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(width, eps, bias=bias)
        self.attention = SelfAttention(width, heads, causal=causal, bias=bias, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.norm_2 = nn.LayerNorm(width, eps, bias=bias)
        self.mlp = nn.Sequential(
            nn.Linear(width, mlp_width, bias=bias),
            nn.GELU(),
            nn.Linear(mlp_width, width, bias=bias),
            nn.Dropout(dropout),
        )

    def forward(self, hidden: Tensor) -> Tensor:
        """Computes `[N, T, C]` from `[N, T, C]`."""
        hidden = hidden + self.dropout(self.attention(self.norm_1(hidden)))
        output: Tensor = hidden + self.mlp(self.norm_2(hidden))
        return output


def check_heads(width: int, heads: int) -> None:
    """Raises a ValueError unless the number of heads divides the width."""
    if heads < 1 or width % heads:
        raise ValueError(f"Expected a number of heads that divides the width {width}, got {heads}.")


def initialise_normal(module: nn.Module, std: float = 0.02) -> None:
    """Draws dense layers and embeddings normal; sets biases to zero and resets norms.

    Args:
        module: The network.
        std: Standard deviation of all weights.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Embedding):
            nn.init.normal_(layer.weight, std=std)
        elif isinstance(layer, nn.LayerNorm):
            layer.reset_parameters()
        if isinstance(layer, nn.Linear) and layer.bias is not None:
            nn.init.zeros_(layer.bias)
