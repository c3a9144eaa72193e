"""The catalogue: every test problem, as a value, in one table."""

from __future__ import annotations

from functools import partial

from torch import nn

from deepobs import models
from deepobs.data import DATASETS

from ._losses import (
    InceptionCrossEntropy,
    OutputIsLoss,
    SequenceCrossEntropy,
    VAELoss,
    inputs,
    top1,
)
from ._problem import Problem
from ._quadratic import quadratic_deep
from ._registry import Catalogue
from ._regularizer import convolution_kernels, kernels

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

_vgg = partial(
    _classifier,
    stochastic=True,
    batch_size=128,
    epochs=250,
    weight_decay=5e-4,
    regularized=convolution_kernels,
    notes=_EPOCHS_ARE_OURS,
    reference="Simonyan and Zisserman, Very Deep Convolutional Networks, ICLR 2015",
)
_wide_resnet = partial(
    _classifier,
    batch_size=128,
    weight_decay=5e-4,
    regularized=kernels,
    reference="Zagoruyko and Komodakis, Wide Residual Networks, BMVC 2016",
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

_CIFAR10 = (
    _classifier(
        name="cifar10_3c3d",
        description="Three convolutional and three dense layers on CIFAR-10",
        dataset=DATASETS["cifar10"],
        model=models.Net3C3D,
        batch_size=128,
        epochs=100,
        weight_decay=0.002,
        regularized=kernels,
        convergence_target=0.8283307079578206,
    ),
    _vgg(
        name="cifar10_vgg16",
        description="VGG-16 on CIFAR-10 resized to 224x224",
        dataset=DATASETS["cifar10"],
        model=partial(models.VGG, depth=16, num_classes=10),
    ),
    _vgg(
        name="cifar10_vgg19",
        description="VGG-19 on CIFAR-10 resized to 224x224",
        dataset=DATASETS["cifar10"],
        model=partial(models.VGG, depth=19, num_classes=10),
    ),
)

_CIFAR100 = (
    _classifier(
        name="cifar100_3c3d",
        description="Three convolutional and three dense layers on CIFAR-100",
        dataset=DATASETS["cifar100"],
        model=partial(models.Net3C3D, num_classes=100),
        batch_size=128,
        epochs=100,
        weight_decay=0.002,
        regularized=kernels,
    ),
    _vgg(
        name="cifar100_vgg16",
        description="VGG-16 on CIFAR-100 resized to 224x224",
        dataset=DATASETS["cifar100"],
        model=partial(models.VGG, depth=16, num_classes=100),
    ),
    _vgg(
        name="cifar100_vgg19",
        description="VGG-19 on CIFAR-100 resized to 224x224",
        dataset=DATASETS["cifar100"],
        model=partial(models.VGG, depth=19, num_classes=100),
    ),
    _classifier(
        name="cifar100_allcnnc",
        description="All-convolutional network C on CIFAR-100",
        dataset=DATASETS["cifar100"],
        model=models.AllCNNC,
        batch_size=256,
        epochs=350,
        weight_decay=5e-4,
        regularized=kernels,
        stochastic=True,
        convergence_target=0.5256043511573971,
        reference="Springenberg et al., Striving for Simplicity, ICLR 2015 workshop",
    ),
    _wide_resnet(
        name="cifar100_wrn404",
        description="Wide ResNet 40-4 on CIFAR-100",
        dataset=DATASETS["cifar100"],
        model=partial(models.WideResNet, depth=40, width=4, num_classes=100),
        epochs=200,
    ),
)

_SVHN = (
    _classifier(
        name="svhn_3c3d",
        description="Three convolutional and three dense layers on SVHN",
        dataset=DATASETS["svhn"],
        model=models.Net3C3D,
        batch_size=128,
        epochs=100,
        weight_decay=0.002,
        regularized=kernels,
        notes=_EPOCHS_ARE_OURS,
    ),
    _wide_resnet(
        name="svhn_wrn164",
        description="Wide ResNet 16-4 on SVHN",
        dataset=DATASETS["svhn"],
        model=partial(models.WideResNet, depth=16, width=4, num_classes=10),
        epochs=160,
        convergence_target=0.9501991843298437,
    ),
)

_IMAGENET = (
    _vgg(
        name="imagenet_vgg16",
        description="VGG-16 on ImageNet, 1001 classes",
        dataset=DATASETS["imagenet"],
        model=partial(models.VGG, depth=16, num_classes=1001),
        epochs=100,
        notes=_BOTH_ARE_OURS,
    ),
    _vgg(
        name="imagenet_vgg19",
        description="VGG-19 on ImageNet, 1001 classes",
        dataset=DATASETS["imagenet"],
        model=partial(models.VGG, depth=19, num_classes=1001),
        epochs=100,
        notes=_BOTH_ARE_OURS,
    ),
    _classifier(
        name="imagenet_inception_v3",
        description="Inception v3 with auxiliary head on ImageNet, 1001 classes",
        dataset=DATASETS["imagenet"],
        model=models.InceptionV3,
        loss=InceptionCrossEntropy,
        batch_size=128,
        epochs=100,
        weight_decay=5e-4,
        regularized=convolution_kernels,
        notes=_BOTH_ARE_OURS,
        reference="Szegedy et al., Rethinking the Inception Architecture, CVPR 2016",
    ),
)

_TEXT = (
    Problem(
        name="tolstoi_char_rnn",
        description="Two-layer LSTM that predicts the next character of War and Peace",
        dataset=DATASETS["tolstoi"],
        model=models.CharRNN,
        loss=SequenceCrossEntropy,
        correct=top1,
        carries_state=True,
        batch_size=50,
        epochs=200,
        convergence_target=0.6045863566200845,
        reference=_DEEPOBS,
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


#: Every problem by name; ``PROBLEMS.ours`` are those that come with DeepOBS.
PROBLEMS = Catalogue(
    (
        *_ARTIFICIAL,
        *_MNIST,
        *_FASHION_MNIST,
        *_CIFAR10,
        *_CIFAR100,
        *_SVHN,
        *_IMAGENET,
        *_TEXT,
        *_EXTRAS,
    )
)

#: The paper's benchmark sets, by name.
SMALL_SET = ("quadratic_deep", "mnist_vae", "fmnist_2c2d", "cifar10_3c3d")
LARGE_SET = ("fmnist_vae", "cifar100_allcnnc", "svhn_wrn164", "tolstoi_char_rnn")


def get_problem(name: str) -> Problem:
    """The problem of that name.

    Args:
        name: Such as `"fmnist_2c2d"`.

    Returns:
        The frozen `Problem`.

    Raises:
        UnknownProblemError: There is none; the message suggests the nearest names.
    """
    return PROBLEMS[name]
