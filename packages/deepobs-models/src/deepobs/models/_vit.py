"""A vision transformer."""

import torch.fx
from torch import Tensor, nn

from ._checks import check_shape
from ._transformer import TransformerBlock, check_heads, initialise_normal

torch.fx.wrap("check_shape")


class ViT(nn.Module):
    """Vision transformer: patches and a class token through pre-norm blocks.

    The defaults are a small network for Fashion-MNIST with 205,962 parameters; the setting is ours.
    `ViT(32, 4, 3, 10, width=384, depth=7, heads=12, mlp_width=384)` is a network of 6.3 million
    parameters for CIFAR-10. At equal weights it computes what timm's `VisionTransformer` does. As
    there, dense layers and positions are initialized normal with standard deviation 0.02, the class
    token with 1e-6, biases at 0, and the patch embedding as `nn.Conv2d` is.

    For second derivatives and for `torch.func.vmap`, call it within
    `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`: torch's fast attention kernels have neither.

    Source: Dosovitskiy et al., An Image is Worth 16x16 Words, ICLR 2021, arXiv 2010.11929.

    Args:
        image_size: Rows and columns of the images.
        patch_size: Rows and columns of a patch; divides image_size.
        in_channels: Channels C of the images.
        num_classes: Number of classes K.
        width: Size of each vector.
        depth: Number of blocks.
        heads: Number of attention heads; divides the width.
        mlp_width: Size of the hidden layer in the MLP of each block.
        dropout: Probability of dropout of embeddings, attention weights and what each branch of a
            block adds.

    Raises:
        ValueError: If patches do not divide the image, heads do not divide the width, or dropout is
            not a probability.

    Example:
        >>> ViT()(torch.rand(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        image_size: int = 28,
        patch_size: int = 7,
        in_channels: int = 1,
        num_classes: int = 10,
        *,
        width: int = 64,
        depth: int = 6,
        heads: int = 4,
        mlp_width: int = 128,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_heads(width, heads)
        if patch_size < 1 or image_size % patch_size:
            raise ValueError(
                f"Expected a patch_size that divides the image_size {image_size}, got {patch_size}."
            )
        self.in_channels = in_channels
        self.image_size = image_size
        num_patches = (image_size // patch_size) ** 2
        self.class_token = nn.Parameter(torch.empty(1, 1, width))
        self.position_embedding = nn.Parameter(torch.empty(1, num_patches + 1, width))
        self.patches = nn.Conv2d(in_channels, width, patch_size, patch_size)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.Sequential(
            *(
                TransformerBlock(width, heads, mlp_width, dropout=dropout, eps=1e-6)
                for _ in range(depth)
            )
        )
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, num_classes)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights normal (0.02), the class token near zero; sets biases to zero."""
        nn.init.normal_(self.class_token, std=1e-6)
        nn.init.normal_(self.position_embedding, std=0.02)
        self.patches.reset_parameters()
        initialise_normal(self)

    def forward(self, images: Tensor) -> Tensor:
        """Computes the logits.

        Args:
            images: `[N, in_channels, image_size, image_size]`.

        Returns:
            Logits `[N, num_classes]`.

        Raises:
            ValueError: If the images have another shape.
        """
        check_shape(images, "images", "N", self.in_channels, self.image_size, self.image_size)
        patches = self.patches(images).flatten(2).transpose(1, 2)
        class_tokens = self.class_token.expand(images.shape[0], -1, -1)
        hidden = torch.cat((class_tokens, patches), 1) + self.position_embedding
        hidden = self.blocks(self.dropout(hidden))
        logits: Tensor = self.head(self.norm(hidden[:, 0]))
        return logits
