"""Test problems for deep-learning optimizers: data, model and loss."""

from ._backpack import extend_with_backpack
from ._build import build
from ._built import BuiltProblem
from ._catalogue import LAPTOP_SET, LARGE_SET, MODERN_SET, PROBLEMS, SMALL_SET, get_problem
from ._conformance import Finding, check_problem
from ._losses import (
    ConvectionLoss,
    InceptionCrossEntropy,
    MeanSquaredError,
    OutputIsLoss,
    PPOLoss,
    SequenceCrossEntropy,
    SquaredError,
    VAELoss,
    inputs,
    labels,
    top1,
)
from ._metrics import EPISODIC_RETURN, LOSS, PERPLEXITY, RMSE, Metric, Metrics, accuracy
from ._problem import Problem
from ._registry import BrokenPluginWarning, UnknownProblemError
from ._regularizer import convolution_kernels, kernels
from ._tables import RatingLoss

__all__ = [
    "EPISODIC_RETURN",
    "LAPTOP_SET",
    "LARGE_SET",
    "LOSS",
    "MODERN_SET",
    "PERPLEXITY",
    "PROBLEMS",
    "RMSE",
    "SMALL_SET",
    "BrokenPluginWarning",
    "BuiltProblem",
    "ConvectionLoss",
    "Finding",
    "InceptionCrossEntropy",
    "MeanSquaredError",
    "Metric",
    "Metrics",
    "OutputIsLoss",
    "PPOLoss",
    "Problem",
    "RatingLoss",
    "SequenceCrossEntropy",
    "SquaredError",
    "UnknownProblemError",
    "VAELoss",
    "accuracy",
    "build",
    "check_problem",
    "convolution_kernels",
    "extend_with_backpack",
    "get_problem",
    "inputs",
    "kernels",
    "labels",
    "top1",
]
