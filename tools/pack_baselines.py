"""Packs the published runs into the Parquet file of deepobs-baselines.

    python tools/pack_baselines.py epochs.jsonl.gz

Each line of `epochs.jsonl.gz` is a JSON object: a published file without its mini-batch losses,
with its path as `file`.
"""

import argparse
import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from deepobs.baselines import PUBLISHED
from deepobs.runner.results.reading._frame import RUN_SCHEMA, to_table
from deepobs.runner.results.reading._parse import Run, identify, parse_record

# The number of mini-batch losses in the published files over the number of epochs.
STEPS_PER_EPOCH = {
    "quadratic_deep": 7,
    "mnist_vae": 937,
    "fmnist_vae": 937,
    "fmnist_2c2d": 468,
    "cifar10_3c3d": 390,
    "cifar100_allcnnc": 195,
    "svhn_wrn164": 500,
    "tolstoi_char_rnn": 1045,
}


def read_run(line: bytes) -> Run:
    """Returns the run of a line, marked as a baseline."""
    file = json.loads(line)["file"]
    run = parse_record(line, file)
    if run is None:
        raise ValueError(f"{file} is no result of DeepOBS")
    run["source"] = "baseline"
    run["run_id"] = identify(run, file)
    run["steps"] = np.full(run["num_epochs"], float(STEPS_PER_EPOCH[run["problem"]]))
    return run


def main() -> None:
    """Reads the published runs and writes the packaged file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", type=Path, help="epochs.jsonl.gz")
    parser.add_argument("target", type=Path, nargs="?", default=PUBLISHED)
    arguments = parser.parse_args()
    with gzip.open(arguments.source) as lines:
        runs = sorted((read_run(line) for line in lines), key=lambda run: str(run["file"]))
    # Floats are written plainly: sorted into streams of bytes they take a third more here.
    plain = [field.name for field in RUN_SCHEMA if "double" in str(field.type)]
    pq.write_table(
        to_table(runs),
        arguments.target,
        compression="zstd",
        compression_level=22,
        use_dictionary=[name for name in RUN_SCHEMA.names if name not in plain],
    )


if __name__ == "__main__":
    main()
