"""Architectures of DeepOBS as plain PyTorch modules."""

from ._char_rnn import CharRNN
from ._dense import MLP, LogisticRegression
from ._functions import Beale, Branin, Quadratic, Rosenbrock
from ._net2c2d import Net2C2D
from ._vae import VAE, VAEOutput

__all__ = [
    "MLP",
    "VAE",
    "Beale",
    "Branin",
    "CharRNN",
    "LogisticRegression",
    "Net2C2D",
    "Quadratic",
    "Rosenbrock",
    "VAEOutput",
]
