"""Results to compare with: the runs published with DeepOBS, and reference runs of today.

The package holds files alone. `deepobs-runner` reads them: `deepobs baselines` and
`deepobs report --baselines` the published runs, `deepobs benchmark` the reference runs.
"""

from pathlib import Path

_FOLDER = Path(__file__).parent

#: The 1,080 runs published with DeepOBS (ICLR 2019), one row a run: see `ORIGIN.md` beside it.
PUBLISHED = _FOLDER / "published.parquet"


def references() -> tuple[Path, ...]:
    """Returns the bundles of the reference runs, one for each optimizer, sorted by name."""
    return tuple(sorted(_FOLDER.glob("*.deepobs")))


__all__ = ["PUBLISHED", "references"]
