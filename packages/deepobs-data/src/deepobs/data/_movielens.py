"""MovieLens-100k: ratings of films."""

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

MOVIELENS_FILES = ("movielens/ml-100k.zip",)
RATINGS_FILE = "ml-100k/u.data"
NUM_USERS, NUM_ITEMS = 943, 1682
TRAIN_FRACTION = 0.8


def movielens_100k(*, root: str | os.PathLike[str] | None = None, seed: int = 0) -> ArrayDataset:
    """Loads MovieLens-100k: 100,000 ratings of 1,682 films by 943 users, from 1 to 5.

    A random 80 % are for training and the rest for testing, as in five-fold cross-validation. The
    file may be used for research, but must not be passed on; it is read from the archive that
    GroupLens publishes.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        seed: The seed of the split.

    Returns:
        Inputs `[N, 2]`: user and film, numbered from 0, int64; targets `[N]`: ratings, float32.

    Raises:
        DatasetNotFoundError: If the archive is missing.
        CorruptDatasetError: If it does not hold what it should.

    Source: Harper, Konstan. The MovieLens datasets: history and context. ACM Transactions on
    Interactive Intelligent Systems 5, 2015.
    """
    (path,) = require_files("movielens_100k", resolve_root(root), MOVIELENS_FILES)
    rows = _read(path)
    order = np.random.RandomState(seed).permutation(len(rows))
    pairs = torch.from_numpy(rows[order, :2] - 1)
    ratings = torch.from_numpy(rows[order, 2].astype(np.float32))
    count = round(TRAIN_FRACTION * len(rows))
    return ArrayDataset(
        "movielens_100k",
        train=Arrays(pairs[:count], ratings[:count]),
        test=Arrays(pairs[count:], ratings[count:]),
        num_classes=None,
        transform=Copy(),
        facts=Facts(num_features=2),
    )


def _read(path: Path) -> npt.NDArray[np.int64]:
    """Reads the ratings: lines of user, film, rating and time, separated by tabs, `[n, 4]`.

    Raises:
        CorruptDatasetError: If the archive holds something else.
    """
    rows = read_table("movielens_100k", path, RATINGS_FILE, dtype=np.int64, delimiter="\t")
    most = (NUM_USERS, NUM_ITEMS, 5)
    fits = (
        rows.shape[1] == 4
        and len(rows) > 2  # of two, 80 % for training would leave none for testing
        and (rows[:, :3] >= 1).all()
        and (rows[:, :3] <= most).all()
    )
    if not fits:
        raise corrupt(
            "movielens_100k",
            path,
            RATINGS_FILE,
            f"does not hold ratings 1 to 5 of {NUM_ITEMS} films by {NUM_USERS} users",
        )
    return rows
