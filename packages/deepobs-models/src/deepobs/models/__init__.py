"""Small, well-defined networks as plain PyTorch modules, and the roles of their parameters."""

from . import _namespace  # noqa: F401 - checks for DeepOBS 1.x
from ._actor_critic import ActorCritic, ActorCriticOutput
from ._airbench import Airbench94, patch_covariance
from ._allcnnc import AllCNNC
from ._char_rnn import CharRNN
from ._ddpm import DDPM
from ._dense import MLP, LogisticRegression, TanhMLP
from ._ft_transformer import FTTransformer
from ._functions import Beale, Branin, MatrixSensing, Quadratic, Rosenbrock
from ._gcn import GCN, normalised_adjacency
from ._gpt import GPT
from ._graph_network import GraphNetwork
from ._inception_v3 import InceptionOutput, InceptionV3
from ._matrix_factorization import FactorizationOutput, MatrixFactorization
from ._modded_gpt import ModdedGPT
from ._modular_addition import ModularAddition
from ._net2c2d import Net2C2D
from ._net3c3d import Net3C3D
from ._resnet import ResNet18
from ._roles import DeclaresRoles, Role, parameter_depths, parameter_roles
from ._unet import UNet
from ._vae import VAE, VAEOutput
from ._vgg import VGG
from ._vit import ViT
from ._wide_resnet import WideResNet

__all__ = [
    "DDPM",
    "GCN",
    "GPT",
    "MLP",
    "VAE",
    "VGG",
    "ActorCritic",
    "ActorCriticOutput",
    "Airbench94",
    "AllCNNC",
    "Beale",
    "Branin",
    "CharRNN",
    "DeclaresRoles",
    "FTTransformer",
    "FactorizationOutput",
    "GraphNetwork",
    "InceptionOutput",
    "InceptionV3",
    "LogisticRegression",
    "MatrixFactorization",
    "MatrixSensing",
    "ModdedGPT",
    "ModularAddition",
    "Net2C2D",
    "Net3C3D",
    "Quadratic",
    "ResNet18",
    "Role",
    "Rosenbrock",
    "TanhMLP",
    "UNet",
    "VAEOutput",
    "ViT",
    "WideResNet",
    "normalised_adjacency",
    "parameter_depths",
    "parameter_roles",
    "patch_covariance",
]
