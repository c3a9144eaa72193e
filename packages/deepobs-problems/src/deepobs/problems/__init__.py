"""Test problems for deep-learning optimizers: data, model and loss."""

from ._build import BuiltProblem, Metrics, build
from ._catalogue import LARGE_SET, PROBLEMS, SMALL_SET, get_problem
from ._conformance import Finding, check_problem
from ._losses import (
    InceptionCrossEntropy,
    OutputIsLoss,
    SequenceCrossEntropy,
    VAELoss,
    inputs,
    labels,
    top1,
)
from ._problem import Problem
from ._registry import BrokenPluginWarning, UnknownProblemError
from ._regularizer import convolution_kernels, kernels

__all__ = [
    "LARGE_SET",
    "PROBLEMS",
    "SMALL_SET",
    "BrokenPluginWarning",
    "BuiltProblem",
    "Finding",
    "InceptionCrossEntropy",
    "Metrics",
    "OutputIsLoss",
    "Problem",
    "SequenceCrossEntropy",
    "UnknownProblemError",
    "VAELoss",
    "build",
    "check_problem",
    "convolution_kernels",
    "get_problem",
    "inputs",
    "kernels",
    "labels",
    "top1",
]
