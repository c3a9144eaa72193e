"""Collapsed and bimodal groups are flagged, others are not."""

import math
from typing import Any

import numpy as np
import pytest

from deepobs.runner.analysis import bimodality, collapsed_runs, fallen_runs, grid_edges, group_flags
from deepobs.runner.results.reading import load_baselines


def test_flags_of_the_baselines():
    """Of 24 groups exactly the three that the protocol warns of are flagged, for its reasons."""
    flags = group_flags(load_baselines())
    assert len(flags) == 24
    found = {(row.problem, row.method): row.flags for row in flags.itertuples() if row.flags}
    assert found == {
        ("mnist_vae", "SGD (baseline)"): ("partly collapsed", "bimodal"),
        ("mnist_vae", "Momentum (baseline)"): ("collapsed",),
        ("fmnist_vae", "Momentum (baseline)"): ("collapsed", "bimodal", "grid edge"),
    }
    sgd: Any = flags.set_index(["problem", "method"]).loc["mnist_vae", "SGD (baseline)"]
    assert (sgd["num_runs"], sgd["num_low"], sgd["num_collapsed"]) == (10, 6, 4)
    assert sgd["low_mean"] == pytest.approx(28.8, abs=0.05)
    assert sgd["high_mean"] == pytest.approx(52.9, abs=0.05)


def test_normal_samples_are_rarely_called_bimodal():
    """The p-value keeps its level: of 2,000 normal samples about 5 % fall below 5 %."""
    samples = np.random.default_rng(5).normal(3.0, 7.0, size=(2000, 10))
    rate = np.mean([bimodality(sample).p_value <= 0.05 for sample in samples])
    # Three standard errors of 5 % in 2,000 samples.
    assert rate == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 2000))


def test_two_clusters_are_found():
    """Two tight clusters are found, with their means and sizes, whatever the scale."""
    values = np.array([1.0, 1.01, 0.99, 1.02, 5.0, 5.01, 4.99])
    found = bimodality(values * 1e200)
    assert found.p_value < 1e-3
    assert found.num_low == 4
    assert found.low_mean == pytest.approx(1.005e200)
    assert found.high_mean == pytest.approx(5e200)
    assert found.split == 1.02e200


def test_one_outlier_is_not_a_mode():
    """A single run far off is an outlier: a cluster has at least two."""
    assert bimodality([1.0, 1.1, 0.9, 1.05, 0.95, 1.2, 50.0]).p_value > 0.01


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0], [2.0] * 8])
def test_too_few_or_equal_values_are_one_cluster(values):
    """From three values, or equal ones, no clusters are concluded."""
    assert bimodality(values).p_value == 1.0


def curve(name, losses, **fields):
    return {"optimizer": name, "losses": losses} | fields


def test_stuck_run_is_collapsed_and_slow_or_done_ones_are_not(make_frame):
    """Collapsed means flat after the beginning and far from what others reach."""
    epochs = np.arange(21)
    frame = make_frame(
        curve("Stuck", [100.0, *[50.0] * 20]),
        curve("Slow", (100.0 - epochs).tolist()),
        curve("Done", [100.0, *[1.0] * 20]),
        curve("Steady", (100 * 0.8**epochs).tolist()),
        curve("Untrained", [100.0] * 21),
        curve("Gone", [100.0, None], status="diverged", num_epochs=20),
    )
    found = collapsed_runs(frame)
    names = frame.drop_duplicates("run_id").set_index("run_id")["optimizer"].astype(object)
    named = {names[run]: bool(stuck) for run, stuck in found.items()}
    assert named == {
        "Stuck": True,
        "Slow": False,
        "Done": False,
        "Steady": False,
        "Untrained": True,
    }


def test_short_runs_are_not_judged(make_frame):
    """Of a run with two epochs after the first none can say that it got stuck."""
    long = curve("Long", (100.0 - 9 * np.arange(11)).tolist())
    short = [curve(f"Flat{n}", [100.0, *[50.0] * n]) for n in (1, 3, 4)]
    frame = make_frame(long, *short)
    found = collapsed_runs(frame)
    names = frame.drop_duplicates("run_id").set_index("run_id")["optimizer"].astype(object)
    assert {names[run]: bool(stuck) for run, stuck in found.items()} == {
        "Long": False,
        "Flat4": True,
    }


def rates(test, valid, **fields):
    """One run for each of the rates 0.1, 0.2, ...: test and validation losses fall from 10."""
    return [
        {
            "learning_rate": (i + 1) / 10,
            "losses": [10.0, last],
            "valid_losses": [10.0, checked],
        }
        | fields
        for i, (last, checked) in enumerate(zip(test, valid, strict=True))
    ]


@pytest.mark.parametrize(
    ("test", "valid", "edge"),
    [
        ([5.0, 3.0, 2.9], [5.0, 2.0, 2.1], ""),
        ([5.0, 2.8, 2.9], [5.0, 2.2, 2.1], "high"),
        ([5.0, 2.8, 2.9], [1.0, 2.2, 2.1], "low"),
        ([12.0, 13.0, 14.0], [12.0, 13.0, 14.0], ""),
    ],
)
def test_grid_edge_is_about_the_choice(make_frame, test, valid, edge):
    """The rate chosen on validation data counts, not the best on test; none if nothing learned."""
    assert grid_edges(make_frame(*rates(test, valid))).tolist() == [edge]


def test_grid_edge_is_of_the_rates_tried_with_the_chosen_setting(make_frame):
    """Rates tried with another batch size say nothing about what lies beyond the chosen one."""
    chosen = rates([3.0, 2.0, 1.0], [3.0, 2.0, 1.0])
    other = rates([9.0] * 5, [9.0] * 5, batch_size=512)
    assert grid_edges(make_frame(*chosen, *other)).tolist() == ["high"]


def test_overfitting_is_not_collapse(make_frame):
    """A run whose test loss rises while its training loss falls did learn."""
    losses = (0.9 ** np.arange(21)).tolist()
    frame = make_frame({"losses": losses, "test_losses": [1.0, *[0.9] * 20]})
    assert not collapsed_runs(frame).any()


def test_divergence_is_flagged(make_frame):
    """A group with a diverged run says so."""
    bad = {"losses": [4.0, None], "status": "diverged", "num_epochs": 3, "random_seed": 1}
    (row,) = group_flags(make_frame({}, bad)).to_dict("records")
    assert row["flags"] == ("diverged",)
    assert (row["num_runs"], row["num_diverged"]) == (2, 1)


def test_a_run_that_loses_what_it_had_is_flagged(make_frame):
    """One of ten runs that falls to chance in its last epoch: neither diverged nor bimodal."""
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
    (row,) = group_flags(make_frame(*runs)).to_dict("records")
    assert (row["flags"], row["num_fell_back"]) == (("fell back",), 1)


def test_overfitting_a_little_is_no_fall(make_frame):
    """A test loss that rises by a third of what was gained is a matter of the last epoch."""
    frame = make_frame({"losses": [4.0, 1.0, 1.4, 2.0]}, {"losses": [4.0, 1.0], "random_seed": 7})
    assert not fallen_runs(frame).any()
