"""Every architecture under a name, with inputs that it takes."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from deepobs import models


class Architecture(NamedTuple):
    """A constructor, and a function that draws a tuple of inputs for a batch of three."""

    make: Callable[[], nn.Module]
    draw: Callable[[], tuple[Any, ...]]

    def model(self, seed: int = 0) -> nn.Module:
        torch.manual_seed(seed)
        return self.make()

    def inputs(self) -> tuple[Any, ...]:
        torch.manual_seed(1)
        return self.draw()

    def outputs(self, network: Callable[..., object]) -> list[Tensor]:
        """All tensors that a network returns, with one seed for what it draws itself."""
        inputs = self.inputs()
        torch.manual_seed(2)
        return tree_leaves(network(*inputs))


def uniform(*shape: int) -> Callable[[], tuple[Tensor]]:
    return lambda: (torch.rand(shape),)


def integers(high: int, *shape: int) -> Callable[[], tuple[Tensor]]:
    return lambda: (torch.randint(0, high, shape),)


def graph() -> tuple[Tensor, Tensor]:
    """Features of five nodes, and the path through them."""
    edges = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 4]])
    # Dense, because torch.compile does not support sparse tensors.
    return torch.rand(5, 11), models.normalised_adjacency(edges, 5).to_dense()


def small_unet() -> models.UNet:
    return models.UNet(channels=(8, 16), step_width=8)


def small_ddpm() -> models.DDPM:
    return models.DDPM(small_unet(), num_steps=10)


def awake(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """A network whose layers that start at zero do not, so that its outputs differ."""

    def made() -> nn.Module:
        model = make()
        for parameter in model.parameters():
            if parameter.ndim > 1 and not parameter.any():
                nn.init.normal_(parameter, std=0.1)
        return model

    return made


def noisy_images() -> tuple[Tensor, Tensor, Tensor]:
    """Images, noise and steps of a diffusion of ten steps."""
    return torch.rand(3, 1, 8, 8), torch.randn(3, 1, 8, 8), torch.tensor([0, 4, 9])


def images_and_steps() -> tuple[Tensor, Tensor]:
    images, _, steps = noisy_images()
    return images, steps


def two_graphs() -> tuple[Any, ...]:
    """A path of three nodes and a pair, with edges in one direction."""
    senders, receivers = torch.tensor([0, 1, 3]), torch.tensor([1, 2, 4])
    graphs = torch.tensor([0, 0, 0, 1, 1]), torch.tensor([0, 0, 1])
    return torch.rand(5, 9), torch.rand(3, 3), senders, receivers, *graphs, 2


GRAY, COLOUR = uniform(3, 1, 28, 28), uniform(3, 3, 32, 32)

# The networks of DeepOBS, under their names in golden/initial.json.
DEEPOBS = {
    "LogisticRegression": Architecture(models.LogisticRegression, GRAY),
    "MLP": Architecture(models.MLP, GRAY),
    "Net2C2D": Architecture(models.Net2C2D, GRAY),
    "VAE": Architecture(models.VAE, GRAY),
    "Net3C3D": Architecture(models.Net3C3D, COLOUR),
    "AllCNNC": Architecture(models.AllCNNC, COLOUR),
    "WideResNet-16-4": Architecture(models.WideResNet, COLOUR),
    "WideResNet-40-4": Architecture(partial(models.WideResNet, 40, 4, 100), COLOUR),
    "VGG-16": Architecture(models.VGG, COLOUR),
    "VGG-19": Architecture(partial(models.VGG, 19), COLOUR),
    "InceptionV3": Architecture(models.InceptionV3, COLOUR),
    "CharRNN": Architecture(models.CharRNN, integers(83, 3, 20)),
}
OTHERS = {
    "GPT": Architecture(models.GPT, integers(65, 3, 20)),
    "ModdedGPT": Architecture(partial(models.ModdedGPT, 65, 32, 2, 2), integers(65, 3, 20)),
    "ViT": Architecture(models.ViT, GRAY),
    "ResNet18": Architecture(models.ResNet18, COLOUR),
    "Airbench94": Architecture(partial(models.Airbench94, average_views=True), COLOUR),
    "GraphNetwork": Architecture(partial(models.GraphNetwork, width=16, steps=2), two_graphs),
    "GCN": Architecture(partial(models.GCN, in_features=11, num_classes=3), graph),
    "UNet": Architecture(small_unet, images_and_steps),
    "DDPM": Architecture(small_ddpm, noisy_images),
    "TanhMLP": Architecture(models.TanhMLP, uniform(3, 2)),
    "ModularAddition": Architecture(models.ModularAddition, integers(113, 3, 2)),
    "ActorCritic": Architecture(models.ActorCritic, uniform(3, 4)),
    "FTTransformer": Architecture(partial(models.FTTransformer, 8, 4), uniform(3, 8)),
    "MatrixFactorization": Architecture(
        partial(models.MatrixFactorization, 7, 7, rank=4, mean=3.5), integers(7, 3, 2)
    ),
    "MatrixSensing": Architecture(partial(models.MatrixSensing, 6, 5, 2), uniform(3, 6, 5)),
    "Quadratic": Architecture(partial(models.Quadratic, torch.eye(5)), uniform(3, 5)),
    "Rosenbrock": Architecture(models.Rosenbrock, uniform(3, 2)),
    "Beale": Architecture(models.Beale, uniform(3, 2)),
    "Branin": Architecture(models.Branin, uniform(3, 2)),
}
# One of each class, small enough to be run in every test.
SMALL = {
    **{name: entry for name, entry in DEEPOBS.items() if "40-4" not in name and "VGG" not in name},
    "VGG": Architecture(partial(models.VGG, 16, 10, image_size=8), uniform(3, 3, 9, 7)),
    **OTHERS,
    "UNet": Architecture(awake(small_unet), images_and_steps),
    "DDPM": Architecture(awake(small_ddpm), noisy_images),
}
