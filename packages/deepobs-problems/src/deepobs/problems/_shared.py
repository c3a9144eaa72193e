"""Shared parts of the original problems."""

from __future__ import annotations

from functools import partial

from torch import nn

from deepobs import models

from ._losses import OutputIsLoss, VAELoss, inputs, top1
from ._problem import Problem
from ._regularizer import convolution_kernels, kernels

DEEPOBS = "Schneider, Balles and Hennig, DeepOBS, ICLR 2019"
EPOCHS_ARE_OURS = "The original states no number of epochs; it is ours."
BOTH_ARE_OURS = "The original states neither batch size nor number of epochs; both are ours."

# A classifier without dropout draws no random numbers in its forward pass.
classifier = partial(
    Problem, loss=nn.CrossEntropyLoss, correct=top1, stochastic=False, reference=DEEPOBS
)
function = partial(
    Problem, loss=OutputIsLoss, target=inputs, stochastic=False, batch_size=128, epochs=100
)
autoencoder = partial(
    Problem,
    model=models.VAE,
    loss=VAELoss,
    target=inputs,
    batch_size=64,
    reference="Kingma and Welling, Auto-Encoding Variational Bayes, ICLR 2014",
)

vgg = partial(
    classifier,
    stochastic=True,
    batch_size=128,
    epochs=250,
    weight_decay=5e-4,
    regularized=convolution_kernels,
    notes=EPOCHS_ARE_OURS,
    reference="Simonyan and Zisserman, Very Deep Convolutional Networks, ICLR 2015",
)
wide_resnet = partial(
    classifier,
    batch_size=128,
    weight_decay=5e-4,
    regularized=kernels,
    reference="Zagoruyko and Komodakis, Wide Residual Networks, BMVC 2016",
)
