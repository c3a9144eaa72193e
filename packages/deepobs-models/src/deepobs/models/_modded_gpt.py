"""The decoder-only transformer of the modded-nanogpt optimization benchmark."""

import torch.fx
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ._checks import check_shape
from ._roles import Role
from ._transformer import check_heads

torch.fx.wrap("check_shape")

_LARGEST_LOGIT = 15.0
_ATTENTION_SCALE = 0.12


class ModdedGPT(nn.Module):
    """GPT with rotary positions, normalized queries and keys, and squared ReLU.

    The embedding of a token passes RMS normalization, then blocks of attention and an MLP with
    ReLU(x)², each behind RMS normalization and a residual. Queries and keys are divided by their
    root mean square, half of their entries are rotated by position with frequencies from 1 to
    1/1024, and attention weights are softmax(0.12 qᵀk). The output layer has a matrix of its own;
    logits z become 15 z / √(z² + 15²), which is below 15. Dense layers have biases.

    The matrices of the output layer and of the two projections that add to the residual stream
    start at 0, the embedding at N(0, 1), other matrices normal with variance 0.33 / inputs, biases
    at 0 and gains at 1. The defaults have 162,354,816 parameters.

    For second derivatives and for `torch.func.vmap`, call it within
    `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`: torch's fast attention kernels have neither.

    Source: Jordan and others, modded-nanogpt, track 3 (optimization), 2026,
    https://github.com/KellerJordan/modded-nanogpt. Rotary positions of Su et al., RoFormer, 2021,
    arXiv 2104.09864; squared ReLU of So et al., Primer, NeurIPS 2021, arXiv 2109.08668; normalized
    queries and keys of Henry et al., EMNLP 2020, arXiv 2010.04245.

    Args:
        vocabulary_size: Number of tokens V; 50,304 are GPT-2's 50,257, padded to a multiple of 128.
        width: Size of each vector.
        depth: Number of blocks.
        heads: Number of attention heads; the size of a head is a multiple of four.
        checkpoint_activations: Whether training recomputes the activations of each block in the
            backward pass, which needs less memory and about a third more time.

    Raises:
        ValueError: If the heads do not divide the width into multiples of four.

    Example:
        >>> model = ModdedGPT(vocabulary_size=65, width=32, depth=2, heads=2)
        >>> model(torch.zeros(2, 10, dtype=torch.long)).shape
        torch.Size([2, 10, 65])
    """

    def __init__(
        self,
        vocabulary_size: int = 50_304,
        width: int = 768,
        depth: int = 12,
        heads: int = 6,
        *,
        checkpoint_activations: bool = False,
    ) -> None:
        super().__init__()
        check_heads(width, heads)
        if width // heads % 4:
            raise ValueError(
                f"Expected heads of a size that is a multiple of four, got {width} / {heads}."
            )
        self.checkpoint_activations = checkpoint_activations
        self.head_size = width // heads
        self.embedding = nn.Embedding(vocabulary_size, width)
        self.norm_1 = nn.RMSNorm(width)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(depth))
        self.norm_2 = nn.RMSNorm(width)
        self.output = nn.Linear(width, vocabulary_size)
        self.reset_parameters()

    def declared_roles(self) -> dict[str, Role]:
        """Returns the output layer's role; see `parameter_roles`."""
        return {"output.weight": Role.OUTPUT}

    def reset_parameters(self) -> None:
        """Draws the weights; sets biases and what projects to residuals and logits to zero."""
        nn.init.normal_(self.embedding.weight)
        for name, module in self.named_modules():
            if isinstance(module, nn.RMSNorm):
                module.reset_parameters()
            elif isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
                if name.endswith(("output", "projection")):
                    nn.init.zeros_(module.weight)
                else:
                    nn.init.normal_(module.weight, std=(0.33 / module.in_features) ** 0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        """Computes the logits of the token after each of the tokens.

        Args:
            tokens: int64 `[N, T]`.

        Returns:
            Logits `[N, T, V]`, between -15 and 15.

        Raises:
            ValueError: If tokens are not `[N, T]`.
        """
        check_shape(tokens, "tokens", "N", "T")
        hidden = self.norm_1(self.embedding(tokens))
        rotation = rotation_of(tokens.shape[1], self.head_size, hidden)
        for block in self.blocks:
            if self.checkpoint_activations and self.training:
                hidden = checkpoint(block, hidden, rotation, use_reentrant=False)
            else:
                hidden = block(hidden, rotation)
        logits: Tensor = self.output(self.norm_2(hidden))
        return _LARGEST_LOGIT * logits * (logits.square() + _LARGEST_LOGIT**2).rsqrt()


class _Block(nn.Module):
    """Attention and an MLP, each behind a norm and a residual."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm_1 = nn.RMSNorm(width)
        self.attention = _Attention(width, heads)
        self.norm_2 = nn.RMSNorm(width)
        self.expansion = nn.Linear(width, 4 * width)
        self.projection = nn.Linear(4 * width, width)

    def forward(self, hidden: Tensor, rotation: Tensor) -> Tensor:
        """Computes `[N, T, width]` from `[N, T, width]` and the rotation of each position."""
        hidden = hidden + self.attention(self.norm_1(hidden), rotation)
        expanded = functional.relu(self.expansion(self.norm_2(hidden))).square()
        return hidden + self.projection(expanded)  # type: ignore[no-any-return]


class _Attention(nn.Module):
    """Causal attention with normalized and rotated queries and keys."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.projection = nn.Linear(width, width)

    def forward(self, hidden: Tensor, rotation: Tensor) -> Tensor:
        """Mixes the positions of `[N, T, width]`; returns `[N, T, width]`."""
        query, key, value = (
            layer(hidden).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(
            rotated(functional.rms_norm(query, (query.shape[-1],)), rotation),
            rotated(functional.rms_norm(key, (key.shape[-1],)), rotation),
            value,
            is_causal=True,
            scale=_ATTENTION_SCALE,
        )
        output: Tensor = self.projection(mixed.transpose(1, 2).flatten(2))
        return output


@torch.fx.wrap
def rotation_of(length: int, head_size: int, like: Tensor) -> Tensor:
    """Returns cosine and sine of the angles by which each position rotates, `[2, T, size / 2]`.

    The angle of position t and pair i of the first half is t (1/1024)^(i / (size / 4 - 1)); the
    pairs of the second half are not rotated.
    """
    with torch.no_grad():
        frequencies = (1 / 1024) ** torch.linspace(0, 1, head_size // 4, device=like.device)
        still = torch.zeros_like(frequencies)
        positions = torch.arange(length, dtype=torch.float32, device=like.device)
        angles = positions[:, None] * torch.cat((frequencies, still))
        return torch.stack((angles.cos(), angles.sin())).to(like.dtype)


def rotated(vectors: Tensor, rotation: Tensor) -> Tensor:
    """Rotates the pairs (x_i, x_{i + size / 2}) of vectors `[N, heads, T, size]`."""
    cos, sin = rotation.to(vectors.dtype).unbind()
    first, second = vectors.chunk(2, -1)
    return torch.cat((first * cos + second * sin, second * cos - first * sin), -1)
