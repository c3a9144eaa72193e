"""Records what rliable computes on fixed scores, for the tests to compare with.

    uv run --no-project --python 3.11 --with rliable==1.2.0 --with "pandas<3" \
        tools/rliable_reference.py

rliable 1.2.0 requires arch < 8, which cannot be imported with pandas 3. So its figures are
recorded.
"""

import json
from pathlib import Path

import numpy as np
from rliable import library, metrics

TARGET = Path(__file__).parents[1] / "packages/deepobs-runner/tests/data/rliable.json"
NUM_RESAMPLES = 50_000


def main() -> None:
    """Writes scores, interquartile means, intervals and probabilities of improvement."""
    generator = np.random.default_rng(20)
    # Ten runs on eight problems, of different spread and skew, and a second method.
    scores = {
        "A": generator.normal(0.8, 0.1, (10, 8)) * np.linspace(0.5, 1.5, 8),
        "B": generator.gamma(2.0, 0.4, (10, 8)),
    }
    state = np.random.RandomState(0)
    points, intervals = library.get_interval_estimates(
        scores, metrics.aggregate_iqm, reps=NUM_RESAMPLES, random_state=state
    )
    pairs = {"A,B": (scores["A"], scores["B"])}
    better, better_interval = library.get_interval_estimates(
        pairs, metrics.probability_of_improvement, reps=2_000, random_state=state
    )
    reference = {
        "rliable": "1.2.0",
        "num_resamples": NUM_RESAMPLES,
        "scores": {name: values.tolist() for name, values in scores.items()},
        "iqm": {name: float(value) for name, value in points.items()},
        "interval": {name: np.ravel(value).tolist() for name, value in intervals.items()},
        "probability": float(better["A,B"]),
        "probability_interval": np.ravel(better_interval["A,B"]).tolist(),
    }
    TARGET.write_text(json.dumps(reference) + "\n")


if __name__ == "__main__":
    main()
