"""The baselines published with DeepOBS, from the package deepobs-baselines.

1,080 runs of DeepOBS 1.1 on TensorFlow 1: eight problems, three optimizers, 36 learning rates with
seed 42, and the best of them again with seeds 43-51. See `ORIGIN.md` in that package.
"""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq

from ...common import UsageError
from ._frame import complete, to_frame


def load_baselines() -> pd.DataFrame:
    """Loads the baselines published with DeepOBS as a tidy frame.

    These are runs of TensorFlow 1, with the L2 term in every loss, no validation set (so that
    learning rates can only be chosen on test data), no timings, and the first epoch's order
    replayed in every epoch.

    Returns:
        One row per run and epoch, with the columns of `load_records` and "baseline" as `source`.

    Raises:
        UsageError: If the package deepobs-baselines is not installed.

    Source:
        Schneider, Balles, Hennig: DeepOBS: A Deep Learning Optimizer Benchmark Suite, ICLR 2019,
        arXiv 1903.05499; https://github.com/fsschneider/DeepOBS_Baselines (MIT).
    """
    try:
        from deepobs.baselines import PUBLISHED
    except ModuleNotFoundError as missing:
        raise UsageError(
            "The published baselines are in the package deepobs-baselines, which is not "
            "installed: pip install deepobs-baselines."
        ) from missing
    return to_frame(complete(pq.read_table(PUBLISHED)))
