"""California Housing: prices of houses from the census of 1990."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ._archives import corrupt, read_table
from ._batches import ArrayDataset, Arrays
from ._dataset import Facts
from ._root import require_files, resolve_root
from ._transforms import Copy

CALIFORNIA_FILES = ("california_housing/cal_housing.tgz",)
HOUSES_FILE = "CaliforniaHousing/cal_housing.data"
TRAIN_FRACTION = 0.8
# Columns of the file.
LONGITUDE, LATITUDE, AGE, ROOMS, BEDROOMS, POPULATION, HOUSEHOLDS, INCOME, VALUE = range(9)

Floats = npt.NDArray[np.float64]


def california_housing(
    *, root: str | os.PathLike[str] | None = None, seed: int = 0
) -> ArrayDataset:
    """Loads California Housing: eight numbers and the median price of houses of 20,640 districts.

    A random 80 % are for training and the rest for testing, as many as Gorishniy and others have;
    the split itself is ours. The features are those of scikit-learn: median income, median age of
    houses, rooms and bedrooms a household, population, people a household, latitude, longitude.
    Each is mapped to a standard normal distribution by the quantiles of the training set.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        seed: The seed of the split.

    Returns:
        Inputs `[N, 8]`, targets `[N]`: prices in units of 100,000 dollars, float32.

    Raises:
        DatasetNotFoundError: If the archive is missing.
        CorruptDatasetError: If it does not hold what it should.

    Source: Pace, Barry. Sparse spatial autoregressions. Statistics and Probability Letters 33,
    1997. Gorishniy, Rubachev, Khrulkov, Babenko. Revisiting deep learning models for tabular data.
    NeurIPS 2021.
    """
    (path,) = require_files("california_housing", resolve_root(root), CALIFORNIA_FILES)
    table = _read(path)
    order = np.random.RandomState(seed).permutation(len(table))
    count = round(TRAIN_FRACTION * len(table))
    train, test = order[:count], order[count:]
    features, values = _features(table), (table[:, VALUE] / 100_000).astype(np.float32)
    normal = normal_quantiles(features[train], features).astype(np.float32)
    inputs, targets = torch.from_numpy(normal), torch.from_numpy(values)
    return ArrayDataset(
        "california_housing",
        train=Arrays(inputs[train], targets[train]),
        test=Arrays(inputs[test], targets[test]),
        num_classes=None,
        transform=Copy(),
        facts=Facts(num_features=inputs.shape[1]),
    )


def _features(table: Floats) -> Floats:
    households = table[:, HOUSEHOLDS]
    columns = [
        table[:, INCOME],
        table[:, AGE],
        table[:, ROOMS] / households,
        table[:, BEDROOMS] / households,
        table[:, POPULATION],
        table[:, POPULATION] / households,
        table[:, LATITUDE],
        table[:, LONGITUDE],
    ]
    return np.stack(columns, axis=1)


def normal_quantiles(known: Floats, values: Floats) -> Floats:
    """Maps each column to a standard normal distribution by the quantiles of a known sample.

    A value that lies at the fraction p of the sample becomes the p-quantile of the normal
    distribution, where p is interpolated between n / 30 quantiles of the sample, from 10 to 1,000
    of them. Where several quantiles are equal, p is the middle of theirs, also at the ends of the
    sample, where scikit-learn takes the ends of the distribution: the paper comes close to that
    middle by adding noise to the sample. Values beyond the sample become those of p = 1e-7 and
    1 - 1e-7.

    Args:
        known: The sample, `[n, columns]`.
        values: What is mapped, `[m, columns]`.

    Returns:
        The mapped values, `[m, columns]`.

    Source: `QuantileTransformer` of scikit-learn, with the numbers of Gorishniy and others, 2021.
    """
    from scipy.special import ndtri

    fractions = np.linspace(0, 1, max(min(len(known) // 30, 1000), 10))
    quantiles = np.quantile(known, fractions, axis=0)
    places = np.empty_like(values)
    for column in range(values.shape[1]):
        points, wanted = quantiles[:, column], values[:, column]
        # From the left and from the right, which differ where quantiles are equal.
        upper = np.interp(wanted, points, fractions)
        lower = 1 - np.interp(-wanted, -points[::-1], fractions)
        places[:, column] = (upper + lower) / 2
    mapped: Floats = ndtri(places.clip(1e-7, 1 - 1e-7))
    return mapped


def _read(path: Path) -> Floats:
    """Reads the districts: nine numbers a line, separated by commas, `[n, 9]`.

    Raises:
        CorruptDatasetError: If the archive holds something else.
    """
    table = read_table("california_housing", path, HOUSES_FILE, dtype=np.float64, delimiter=",")
    # Of two districts, 80 % for training would leave none for testing.
    fits = table.shape[1:] == (9,) and len(table) > 2 and bool(np.isfinite(table).all())
    if not (fits and (table[:, AGE:] > 0).all() and (np.abs(table) < 1e9).all()):
        raise corrupt(
            "california_housing", path, HOUSES_FILE, "does not hold nine numbers a district"
        )
    return table
