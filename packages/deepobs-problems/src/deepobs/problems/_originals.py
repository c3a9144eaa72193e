"""The original problems: functions of two and 100 dimensions, gray images, and text."""

from __future__ import annotations

from deepobs import models
from deepobs.data import DATASETS

from ._losses import SequenceCrossEntropy, top1
from ._problem import Problem
from ._quadratic import quadratic_deep
from ._shared import BOTH_ARE_OURS, DEEPOBS, EPOCHS_ARE_OURS, autoencoder, classifier, function

ARTIFICIAL = (
    function(
        name="quadratic_deep",
        description="100-dimensional quadratic with the eigenvalues of a deep network's Hessian",
        dataset=DATASETS["quadratic"],
        model=quadratic_deep,
        convergence_target=87.70315464772136,
        reference="Chaudhari et al., Entropy-SGD, ICLR 2017 (the spectrum)",
    ),
    function(
        name="two_d_rosenbrock",
        description="Rosenbrock's banana-shaped valley in two dimensions, with noisy gradients",
        dataset=DATASETS["two_d"],
        model=models.Rosenbrock,
        notes=BOTH_ARE_OURS,
        reference="Rosenbrock, The Computer Journal 3, 1960",
    ),
    function(
        name="two_d_beale",
        description="Beale's function in two dimensions, with noisy gradients",
        dataset=DATASETS["two_d"],
        model=models.Beale,
        notes=BOTH_ARE_OURS,
        reference="Beale, On an Iterative Method for Finding a Local Minimum, 1958",
    ),
    function(
        name="two_d_branin",
        description="Branin's function with three minima in two dimensions, with noisy gradients",
        dataset=DATASETS["two_d"],
        model=models.Branin,
        notes=BOTH_ARE_OURS,
        reference="Branin, IBM Journal of Research and Development 16, 1972",
    ),
)

MNIST = (
    classifier(
        name="mnist_logreg",
        description="Logistic regression on MNIST",
        dataset=DATASETS["mnist"],
        model=models.LogisticRegression,
        batch_size=128,
        epochs=50,
    ),
    classifier(
        name="mnist_mlp",
        description="Four-layer perceptron on MNIST",
        dataset=DATASETS["mnist"],
        model=models.MLP,
        batch_size=128,
        epochs=100,
    ),
    classifier(
        name="mnist_2c2d",
        description="Two convolutional and two dense layers on MNIST",
        dataset=DATASETS["mnist"],
        model=models.Net2C2D,
        batch_size=128,
        epochs=100,
    ),
    autoencoder(
        name="mnist_vae",
        description="Variational autoencoder on MNIST",
        dataset=DATASETS["mnist"],
        epochs=50,
        convergence_target=73.49819796869767,
    ),
)

FASHION_MNIST = (
    classifier(
        name="fmnist_logreg",
        description="Logistic regression on Fashion-MNIST",
        dataset=DATASETS["fashion_mnist"],
        model=models.LogisticRegression,
        batch_size=128,
        epochs=50,
        notes=EPOCHS_ARE_OURS,
    ),
    classifier(
        name="fmnist_mlp",
        description="Four-layer perceptron on Fashion-MNIST",
        dataset=DATASETS["fashion_mnist"],
        model=models.MLP,
        batch_size=128,
        epochs=100,
        notes="Trains on Fashion-MNIST; the original loads MNIST here by mistake.",
    ),
    classifier(
        name="fmnist_2c2d",
        description="Two convolutional and two dense layers on Fashion-MNIST",
        dataset=DATASETS["fashion_mnist"],
        model=models.Net2C2D,
        batch_size=128,
        epochs=100,
        convergence_target=0.9198093278634639,
    ),
    autoencoder(
        name="fmnist_vae",
        description="Variational autoencoder on Fashion-MNIST",
        dataset=DATASETS["fashion_mnist"],
        epochs=100,
        convergence_target=92.97764997362836,
    ),
)

TEXT = (
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
        reference=DEEPOBS,
    ),
)
