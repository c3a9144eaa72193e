"""Architectures of DeepOBS as plain PyTorch modules."""

from . import _namespace  # noqa: F401 - checks for DeepOBS 1.x
from ._allcnnc import AllCNNC
from ._char_rnn import CharRNN
from ._dense import MLP, LogisticRegression
from ._functions import Beale, Branin, Quadratic, Rosenbrock
from ._inception_v3 import InceptionOutput, InceptionV3
from ._net2c2d import Net2C2D
from ._net3c3d import Net3C3D
from ._roles import DeclaresRoles, Role, parameter_depths, parameter_roles
from ._vae import VAE, VAEOutput
from ._vgg import VGG
from ._wide_resnet import WideResNet

__all__ = [
    "MLP",
    "VAE",
    "VGG",
    "AllCNNC",
    "Beale",
    "Branin",
    "CharRNN",
    "DeclaresRoles",
    "InceptionOutput",
    "InceptionV3",
    "LogisticRegression",
    "Net2C2D",
    "Net3C3D",
    "Quadratic",
    "Role",
    "Rosenbrock",
    "VAEOutput",
    "WideResNet",
    "parameter_depths",
    "parameter_roles",
]
