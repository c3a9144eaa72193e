"""Generated data sets: heavy-tailed classes, modular addition, matrix sensing.

All are drawn with `numpy.random.RandomState`, whose streams never change.
"""

from __future__ import annotations

import numpy as np
import torch

from ._batches import ArrayDataset, Arrays
from ._dataset import Facts
from ._transforms import Copy


def heavy_tailed(*, size: int = 8, seed: int = 0) -> ArrayDataset:
    """Draws a classification task whose class frequencies follow Zipf's law, like words.

    With m = `size` there are m groups of classes, of 2^m examples each: one class of 2^m examples,
    two of 2^(m-1), ..., 2^(m-1) of 2. That is m·2^m examples of 2^m - 1 classes, about Zipf's law.
    Inputs are uniform on [0, 1] in (m + 1)·2^m dimensions and independent of the class: only
    fitting the training set is of interest, so `test` is the training set. The paper has m = 8
    (2,048 examples, 2,304 dimensions, 255 classes) and m = 11, and trains on full batches.

    Args:
        size: m, from 2 to 11.
        seed: The seed of the inputs.

    Returns:
        Inputs `[N, (m + 1)·2^m]`, 2^m - 1 classes, the most frequent is 0.

    Raises:
        ValueError: If `size` is out of range.

    Source: Kunstner, Yadav, Milligan, Schmidt, Bietti. Heavy-tailed class imbalance and why Adam
    outperforms gradient descent on language models. NeurIPS 2024.
    """
    if not 2 <= size <= 11:
        raise ValueError(f"size must be 2 to 11, but is {size}.")
    examples = [2 ** (size - group) for group in range(size) for _ in range(2**group)]
    labels = np.repeat(np.arange(len(examples), dtype=np.int16), examples)
    dimensions = (size + 1) * 2**size
    inputs = np.random.RandomState(seed).random_sample((len(labels), dimensions))
    arrays = Arrays(torch.from_numpy(inputs.astype(np.float32)), torch.from_numpy(labels))
    return ArrayDataset(
        "heavy_tailed", train=arrays, test=arrays, num_classes=len(examples), transform=Copy()
    )


def modular_addition(*, modulus: int = 113, fraction: float = 0.3, seed: int = 0) -> ArrayDataset:
    """Returns all sums a + b modulo p, split into training and test data.

    Networks that fit the training pairs generalize only many steps later ("grokking").

    Args:
        modulus: p, 2 to 1000.
        fraction: The fraction for training, between 0 and 1 (exclusive).
        seed: The seed for drawing the training pairs.

    Returns:
        Inputs `[N, 2]`: a and b, int64; targets (a + b) mod p; p classes.

    Raises:
        ValueError: If an argument is out of range.

    Source: Power, Burda, Edwards, Babuschkin, Misra. Grokking. arXiv 2201.02177. Modulus and
    fraction are those of Nanda, Chan, Lieberum, Smith, Steinhardt. Progress measures for grokking
    via mechanistic interpretability. ICLR 2023.
    """
    if not 2 <= modulus <= 1000:
        raise ValueError(f"modulus must be 2 to 1000, but is {modulus}.")
    count = round(fraction * modulus**2) if 0 < fraction < 1 else 0
    if not 0 < count < modulus**2:
        raise ValueError(f"fraction must be more than 0 and less than 1, but is {fraction}.")
    order = np.random.RandomState(seed).permutation(modulus**2)
    pairs = np.stack(np.divmod(order, modulus), axis=1)
    inputs, targets = torch.from_numpy(pairs), torch.from_numpy(pairs.sum(axis=1) % modulus)
    return ArrayDataset(
        "modular_addition",
        train=Arrays(inputs[:count], targets[:count]),
        test=Arrays(inputs[count:], targets[count:]),
        num_classes=modulus,
        transform=Copy(),
        facts=Facts(num_classes=modulus, vocabulary_size=modulus, sequence_length=2),
    )


def matrix_sensing(
    *, dimension: int = 20, rank: int = 3, condition: float = 30.0, seed: int = 0
) -> ArrayDataset:
    """Draws measurements ⟨A, X⟩ of a symmetric matrix X of low rank.

    X = U S Uᵀ with orthonormal U `[dimension, rank]` and eigenvalues S from 1 down to
    1 / `condition`, equally spaced on a logarithmic scale. The A have entries of N(0, 1). There
    are six times as many measurements as X has degrees of freedom (about dimension · rank), for
    training and as many for testing. Without noise: a model that has X has loss 0.

    Args:
        dimension: The number of rows of X.
        rank: The rank of X, 1 to `dimension`.
        condition: The ratio of the largest and the smallest eigenvalue of X, 1 or more.
        seed: The seed of X and the measurements.

    Returns:
        Inputs `[N, dimension, dimension]`: A; targets `[N]`: ⟨A, X⟩, float32.

    Raises:
        ValueError: If an argument is out of range.

    Source: Tong, Ma, Chi. Accelerating ill-conditioned low-rank matrix estimation via scaled
    gradient descent. JMLR, 2021. The sizes are ours.
    """
    if not 1 <= rank <= dimension:
        raise ValueError(f"rank must be 1 to dimension ({dimension}), but is {rank}.")
    if not condition >= 1:
        raise ValueError(f"condition must be 1 or more, but is {condition}.")
    random = np.random.RandomState(seed)
    basis = np.linalg.qr(random.standard_normal((dimension, rank)))[0]
    eigenvalues = condition ** -np.linspace(0, 1, rank)
    matrix = (basis * eigenvalues) @ basis.T
    count = 6 * dimension * rank
    inputs = random.standard_normal((2 * count, dimension, dimension))
    targets = np.tensordot(inputs, matrix, axes=2)
    parts = [torch.from_numpy(part.astype(np.float32)) for part in (inputs, targets)]
    return ArrayDataset(
        "matrix_sensing",
        train=Arrays(*(part[:count] for part in parts)),
        test=Arrays(*(part[count:] for part in parts)),
        num_classes=None,
        transform=Copy(),
        facts=Facts(num_features=dimension),
    )
