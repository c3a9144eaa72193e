"""The catalogue: every test problem, as a value, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from torch import nn

from deepobs import models
from deepobs.data import DATASETS

from ._losses import (
    OutputIsLoss,
    VAELoss,
    inputs,
    top1,
)
from ._problem import Problem
from ._quadratic import quadratic_deep
from ._registry import Catalogue

_DEEPOBS = "Schneider, Balles and Hennig, DeepOBS, ICLR 2019"
_EPOCHS_ARE_OURS = "The original states no number of epochs; it is ours."
_BOTH_ARE_OURS = "The original states neither batch size nor number of epochs; both are ours."

# What problems have in common. A classifier without dropout draws no random numbers when it runs.
_classifier = partial(
    Problem, loss=nn.CrossEntropyLoss, correct=top1, stochastic=False, reference=_DEEPOBS
)
_function = partial(
    Problem, loss=OutputIsLoss, target=inputs, stochastic=False, batch_size=128, epochs=100
)
_autoencoder = partial(
    Problem,
    model=models.VAE,
    loss=VAELoss,
    target=inputs,
    batch_size=64,
    reference="Kingma and Welling, Auto-Encoding Variational Bayes, ICLR 2014",
)

_ARTIFICIAL = (
    _function(
        name="quadratic_deep",
        description="100-dimensional quadratic with the eigenvalues of a deep network's Hessian",
        dataset=DATASETS["quadratic"],
        model=quadratic_deep,
        convergence_target=87.70315464772136,
        reference="Chaudhari et al., Entropy-SGD, ICLR 2017 (the spectrum)",
    ),
    _function(
        name="two_d_rosenbrock",
        description="Rosenbrock's banana-shaped valley in two dimensions, with noisy gradients",
        dataset=DATASETS["two_d"],
        model=models.Rosenbrock,
        notes=_BOTH_ARE_OURS,
        reference="Rosenbrock, The Computer Journal 3, 1960",
    ),
    _function(
        name="two_d_beale",
        description="Beale's function in two dimensions, with noisy gradients",
        dataset=DATASETS["two_d"],
        model=models.Beale,
        notes=_BOTH_ARE_OURS,
        reference="Beale, On an Iterative Method for Finding a Local Minimum, 1958",
    ),
    _function(
        name="two_d_branin",
        description="Branin's function with three minima in two dimensions, with noisy gradients",
        dataset=DATASETS["two_d"],
        model=models.Branin,
        notes=_BOTH_ARE_OURS,
        reference="Branin, IBM Journal of Research and Development 16, 1972",
    ),
)

_MNIST = (
    _classifier(
        name="mnist_logreg",
        description="Logistic regression on MNIST",
        dataset=DATASETS["mnist"],
        model=models.LogisticRegression,
        batch_size=128,
        epochs=50,
    ),
    _classifier(
        name="mnist_mlp",
        description="Four-layer perceptron on MNIST",
        dataset=DATASETS["mnist"],
        model=models.MLP,
        batch_size=128,
        epochs=100,
    ),
    _classifier(
        name="mnist_2c2d",
        description="Two convolutional and two dense layers on MNIST",
        dataset=DATASETS["mnist"],
        model=models.Net2C2D,
        batch_size=128,
        epochs=100,
    ),
    _autoencoder(
        name="mnist_vae",
        description="Variational autoencoder on MNIST",
        dataset=DATASETS["mnist"],
        epochs=50,
        convergence_target=73.49819796869767,
    ),
)

_FASHION_MNIST = (
    _classifier(
        name="fmnist_logreg",
        description="Logistic regression on Fashion-MNIST",
        dataset=DATASETS["fashion_mnist"],
        model=models.LogisticRegression,
        batch_size=128,
        epochs=50,
        notes=_EPOCHS_ARE_OURS,
    ),
    _classifier(
        name="fmnist_mlp",
        description="Four-layer perceptron on Fashion-MNIST",
        dataset=DATASETS["fashion_mnist"],
        model=models.MLP,
        batch_size=128,
        epochs=100,
        notes="Trains on Fashion-MNIST; the original loads MNIST here by mistake.",
    ),
    _classifier(
        name="fmnist_2c2d",
        description="Two convolutional and two dense layers on Fashion-MNIST",
        dataset=DATASETS["fashion_mnist"],
        model=models.Net2C2D,
        batch_size=128,
        epochs=100,
        convergence_target=0.9198093278634639,
    ),
    _autoencoder(
        name="fmnist_vae",
        description="Variational autoencoder on Fashion-MNIST",
        dataset=DATASETS["fashion_mnist"],
        epochs=100,
        convergence_target=92.97764997362836,
    ),
)

_EXTRAS = (
    _classifier(
        name="digits_logreg",
        description="Logistic regression on 8x8 handwritten digits, embedded in the package",
        dataset=DATASETS["digits"],
        model=partial(models.LogisticRegression, in_features=64),
        batch_size=64,
        epochs=20,
        extra=True,
    ),
    _classifier(
        name="digits_mlp",
        description="Small perceptron on 8x8 handwritten digits, embedded in the package",
        dataset=DATASETS["digits"],
        model=partial(models.MLP, in_features=64, hidden=(64, 32)),
        batch_size=64,
        epochs=20,
        extra=True,
    ),
)


#: Every problem by name.
PROBLEMS: Mapping[str, Problem] = Catalogue(
    (
        *_ARTIFICIAL,
        *_MNIST,
        *_FASHION_MNIST,
        *_EXTRAS,
    )
)

#: The paper's benchmark sets, by name.
SMALL_SET = ("quadratic_deep", "mnist_vae", "fmnist_2c2d", "cifar10_3c3d")
LARGE_SET = ("fmnist_vae", "cifar100_allcnnc", "svhn_wrn164", "tolstoi_char_rnn")


def get_problem(name: str) -> Problem:
    """The problem of that name.

    Args:
        name: Such as ``"fmnist_2c2d"``.

    Returns:
        The frozen `Problem`.

    Raises:
        UnknownProblemError: There is none; the message suggests the nearest names.
    """
    return PROBLEMS[name]
