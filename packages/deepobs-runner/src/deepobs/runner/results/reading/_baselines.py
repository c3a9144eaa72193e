"""The packaged baselines published with DeepOBS.

1,080 runs of DeepOBS 1.1 on TensorFlow 1: eight problems, three optimizers, 36 learning rates with
seed 42, and the best of them again with seeds 43-51. See `data/ORIGIN.md`.
"""

from __future__ import annotations

from importlib.resources import as_file, files

import pandas as pd
import pyarrow.parquet as pq

from ._frame import complete, to_frame

BASELINES_NAME = "baselines.parquet"


def load_baselines() -> pd.DataFrame:
    """Loads the baselines published with DeepOBS as a tidy frame.

    These are runs of TensorFlow 1, with the L2 term in every loss, no validation set (so that
    learning rates can only be chosen on test data), no timings, and the first epoch's order
    replayed in every epoch.

    Returns:
        One row per run and epoch, with the columns of `load_records` and "baseline" as `source`.

    Source:
        Schneider, Balles, Hennig: DeepOBS: A Deep Learning Optimizer Benchmark Suite, ICLR 2019,
        arXiv 1903.05499; https://github.com/fsschneider/DeepOBS_Baselines (MIT).
    """
    with as_file(files(__package__) / "data" / BASELINES_NAME) as path:
        return to_frame(complete(pq.read_table(path)))
