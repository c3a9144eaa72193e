"""Packs the results of a benchmark into the bundles of deepobs-baselines, one for each optimizer.

    deepobs benchmark SGD Momentum Adam ... --results RESULTS
    python tools/pack_references.py RESULTS

All trials and repetitions of an optimizer go into its bundle, also those that failed or diverged.
An optimizer is packed once its searches of all problems in RESULTS are complete; the others are
named.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from deepobs.baselines import PUBLISHED
from deepobs.runner.bundles import bundle, verify


def pack(results: Path, optimizer: str, target: Path) -> str:
    """Writes the bundle of one optimizer; returns what it holds, or why it was not written."""
    with tempfile.TemporaryDirectory() as folder:
        for found in results.glob(f"*/{optimizer}"):
            shutil.copytree(found, Path(folder) / found.parent.name / optimizer)
        made = bundle([folder], Path(folder) / f"{optimizer}.deepobs")
        checked = verify(made.path)
        missing = len(list(results.glob("[!.]*/"))) - checked.searches
        if checked.faults or missing:
            return f"not packed: {missing} problems missing, {len(checked.faults)} faults"
        shutil.copy(made.path, target)
        size = target.stat().st_size / 1e6
        return f"{made.runs} runs of {made.searches} searches, {size:.2f} MB"


def main() -> None:
    """Packs each optimizer of a results folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, help="folder that `deepobs benchmark` wrote")
    parser.add_argument("target", type=Path, nargs="?", default=PUBLISHED.parent)
    arguments = parser.parse_args()
    for optimizer in sorted({path.name for path in arguments.results.glob("[!.]*/*/")}):
        target = arguments.target / f"{optimizer}.deepobs"
        print(f"{optimizer}: {pack(arguments.results, optimizer, target)}")


if __name__ == "__main__":
    main()
