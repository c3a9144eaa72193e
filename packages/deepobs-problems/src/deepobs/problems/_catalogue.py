"""The catalogue: every test problem by name, and the benchmark sets."""

from __future__ import annotations

from ._modern import MODERN
from ._originals import ARTIFICIAL, FASHION_MNIST, MNIST, TEXT
from ._originals_colour import CIFAR10, CIFAR100, IMAGENET, SVHN
from ._problem import Problem
from ._recent import DIGITS, RECENT, SMALL
from ._registry import Catalogue

#: Every problem by name; ``PROBLEMS.ours`` are those that come with DeepOBS.
PROBLEMS = Catalogue(
    (
        *ARTIFICIAL,
        *MNIST,
        *FASHION_MNIST,
        *CIFAR10,
        *CIFAR100,
        *SVHN,
        *IMAGENET,
        *TEXT,
        *DIGITS,
        *RECENT,
        *SMALL,
        *MODERN,
    )
)

#: The benchmark sets of the paper, by name.
SMALL_SET = ("quadratic_deep", "mnist_vae", "fmnist_2c2d", "cifar10_3c3d")
LARGE_SET = ("fmnist_vae", "cifar100_allcnnc", "svhn_wrn164", "tolstoi_char_rnn")

#: Problems of different kinds that need neither files nor a GPU, a few seconds a run each.
LAPTOP_SET = (
    "digits_logreg",
    "digits_mlp",
    "digits_2c2d",
    "digits_autoencoder",
    "shakespeare_gpt_small",
    "cora_gcn",
    "pinn_convection_small",
    "heavy_tailed_softmax",
    "matrix_sensing",
    "cartpole_ppo_small",
)

#: Workloads of recent optimizer papers; most need a GPU, and those on images need files.
MODERN_SET = tuple(problem.name for problem in MODERN)


def get_problem(name: str) -> Problem:
    """Returns the problem of a name.

    Args:
        name: Such as `"fmnist_2c2d"`.

    Returns:
        The frozen `Problem`.

    Raises:
        UnknownProblemError: If there is none; the message suggests the nearest names.
    """
    return PROBLEMS[name]
