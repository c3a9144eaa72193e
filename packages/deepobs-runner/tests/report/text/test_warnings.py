"""Warnings beside a problem."""

from deepobs.runner.report.study import Study
from deepobs.runner.report.text._warnings import warnings


def test_a_run_that_falls_to_chance_is_warned_of(make_frame):
    """One of ten runs: neither diverged nor bimodal, and the mean hides it."""
    rising = [0.1, 0.5, 0.7, 0.8, 0.85, 0.9]
    runs = [
        {
            "random_seed": seed,
            "losses": [1.0, 0.5, 0.4, 0.3, 0.25, 0.2],
            "test_accuracies": [*rising[:-1], 0.1 if seed == 3 else 0.9 + seed / 1000],
            "train_accuracies": rising,
        }
        for seed in range(10)
    ]
    (text,) = warnings(Study.of(make_frame(*runs)), "quadratic_deep")
    assert text == (
        "SGD: fell back: 1 of 10 runs lost more than half of the progress that they had made"
    )
