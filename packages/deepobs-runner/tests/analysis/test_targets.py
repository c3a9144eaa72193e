"""Time to target, performance profiles and their score."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from deepobs.problems import PROBLEMS, get_problem
from deepobs.runner import UsageError, load_baselines
from deepobs.runner.analysis import (
    CONVERGENCE_TARGETS,
    performance_profile,
    problem_targets,
    profile_score,
    target_table,
    time_ratios,
    time_to_target,
    times_to_target,
)

INF = math.inf
# Three problems by two methods: A is fastest on p and q, B alone solves r.
TIMES = pd.DataFrame({"A": [10.0, 4.0, INF], "B": [20.0, 5.0, 7.0]}, index=["p", "q", "r"])


def test_targets_are_the_published_ones():
    """The eight targets are those of the published baselines, as the protocol rounds them."""
    assert {name: f"{value:.4g}" for name, value in CONVERGENCE_TARGETS.items()} == {
        "quadratic_deep": "87.7",
        "mnist_vae": "73.5",
        "fmnist_2c2d": "0.9198",
        "cifar10_3c3d": "0.8283",
        "fmnist_vae": "92.98",
        "cifar100_allcnnc": "0.5256",
        "svhn_wrn164": "0.9502",
        "tolstoi_char_rnn": "0.6046",
    }


def test_targets_are_the_catalogues():
    """The report knows them without importing torch; the original problems hold the same."""
    catalogue = {name: problem.convergence_target for name, problem in PROBLEMS.items()}
    assert {name: catalogue[name] for name in CONVERGENCE_TARGETS} == dict(CONVERGENCE_TARGETS)
    published = {n for n, target in catalogue.items() if target and not PROBLEMS[n].extra}
    assert published == set(CONVERGENCE_TARGETS)


def test_first_epoch_at_the_target_counts(make_frame):
    """Epochs, steps and seconds are those at which the loss is first at or below the target."""
    frame = make_frame({"losses": [4.0, 2.0, 1.0, 2.0]})
    (row,) = time_to_target(frame, {"quadratic_deep": 2.0}).to_dict("records")
    found = [row[f"{name}_to_target"] for name in ("epochs", "steps", "seconds")]
    assert found == [1.0, 7.0, 0.5]
    assert row["reached"]


def test_target_of_an_accuracy_is_reached_from_below(make_frame):
    """For a problem with accuracies the target is on these, and has to be exceeded."""
    frame = make_frame({"test_accuracies": [0.1, 0.5, 0.9, 0.8]})
    (row,) = time_to_target(frame, {"quadratic_deep": 0.9}).to_dict("records")
    assert (row["metric"], row["epochs_to_target"]) == ("test_accuracy", 2.0)


def test_missed_target_takes_forever(make_frame):
    """A target that is not reached gives infinity; a measure not recorded gives NaN."""
    frame = make_frame({}, {"random_seed": 1, "epoch_seconds": None, "losses": [9.0, 8.0]})
    rows = time_to_target(frame, {"quadratic_deep": 0.5}).to_dict("records")
    assert [row["epochs_to_target"] for row in rows] == [INF, INF]
    assert [row["steps_to_target"] for row in rows] == [INF, INF]
    assert rows[0]["seconds_to_target"] == INF
    assert math.isnan(rows[1]["seconds_to_target"])
    assert not rows[0]["reached"]


def test_problems_without_a_target_are_left_out(make_frame):
    """Only problems that have a target can reach it."""
    frame = make_frame({"testproblem": "mine"})
    assert len(time_to_target(frame)) == 0
    assert len(target_table(frame)) == 0
    assert len(time_to_target(frame, {"mine": 2.0})) == 1


def test_median_over_runs_counts_the_missed(make_frame):
    """The median time of two hits and two misses is infinite, of three hits it is not."""
    hit, miss = {"losses": [4.0, 1.0, 1.0]}, {"losses": [4.0, 4.0, 4.0]}
    half = make_frame(
        *({"random_seed": seed} | run for seed, run in enumerate([hit, hit, miss, miss]))
    )
    most = make_frame(*({"random_seed": seed} | run for seed, run in enumerate([hit, hit, miss])))
    assert target_table(half, {"quadratic_deep": 1.0})["epochs_to_target"].tolist() == [INF]
    (row,) = target_table(most, {"quadratic_deep": 1.0}).to_dict("records")
    assert (row["epochs_to_target"], row["num_reached"], row["num_runs"]) == (1.0, 2, 3)


def test_ratios_to_the_fastest():
    """Each problem's times are divided by its fastest method's."""
    expected = [[1.0, 2.0], [1.0, 1.25], [INF, 1.0]]
    assert time_ratios(TIMES).to_numpy().tolist() == expected


def test_profile_by_hand():
    """The share of problems within tau times the fastest, at and between the jumps."""
    profile = performance_profile(TIMES, np.array([1.0, 1.2, 1.25, 2.0, 4.0]))
    assert profile["A"].tolist() == pytest.approx([2 / 3] * 5)
    assert profile["B"].tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1.0, 1.0])


def test_profile_score_by_hand():
    """The integral up to 4: A holds 2/3 throughout; B steps up at 1.25 and at 2."""
    by_hand = (0.25 * 1 / 3 + 0.75 * 2 / 3 + 2.0 * 1) / 3
    score = profile_score(TIMES)
    assert score["A"] == pytest.approx(2 / 3)
    assert score["B"] == pytest.approx(by_hand)


def test_profile_score_is_the_integral_of_the_profile():
    """The sum over problems equals the profile integrated numerically."""
    generator = np.random.default_rng(3)
    times = pd.DataFrame(generator.exponential(size=(12, 4)))
    taus = np.linspace(1, 4, 30_001)
    profile = performance_profile(times, taus)
    integral = profile.to_numpy()[:-1].mean(axis=0)
    # A step function is off by at most the grid's spacing over 3 at each of 12 jumps, a twelfth
    # high.
    np.testing.assert_allclose(profile_score(times), integral, atol=1e-4)


def test_problem_that_nobody_solved_counts_against_all():
    """Where no method reached the target, no method scores."""
    times = pd.DataFrame({"A": [1.0, INF], "B": [2.0, INF]})
    assert profile_score(times).to_dict() == pytest.approx({"A": 0.5, "B": 1 / 3})


@pytest.mark.parametrize("bad", [math.nan, 0.0, -1.0])
def test_times_that_are_none_are_refused(bad):
    """A ratio needs positive times."""
    with pytest.raises(ValueError, match="positive"):
        profile_score(pd.DataFrame({"A": [bad], "B": [1.0]}))


def test_incomplete_problems_are_left_out_of_profiles(make_frame):
    """A problem that a method was not run on says nothing about it."""
    runs = [{"testproblem": "p"}, {"testproblem": "p", "optimizer": "Adam"}, {"testproblem": "q"}]
    times = times_to_target(make_frame(*runs), "steps", {"p": 2.0, "q": 2.0})
    assert times.index.tolist() == ["p"]
    assert times.loc["p"].to_dict() == {"Adam": 14.0, "SGD": 14.0}


@pytest.mark.parametrize(
    ("measure", "expected"),
    [("epochs", 1.0), ("steps", 7.0), ("examples", 896.0), ("tokens", 8960.0), ("seconds", 0.5)],
)
def test_target_met_before_training_takes_one_epoch(make_frame, measure, expected):
    """Who began at the target is no infinite times faster than who got there in an epoch."""
    text = {"sequence_length": 10}
    early = {"losses": [1.0, 1.0, 1.0], **text}
    late = {"losses": [9.0, 1.0, 1.0], "optimizer": "Adam", **text}
    times = times_to_target(make_frame(early, late), measure, {"quadratic_deep": 2.0})
    assert times.loc["quadratic_deep"].to_dict() == {"SGD": expected, "Adam": expected}
    assert profile_score(times).to_dict() == {"SGD": 1.0, "Adam": 1.0}


def test_a_target_that_a_stuck_run_meets_at_once_is_none():
    """The published targets of both VAEs lie above the loss of predicting the mean image."""
    frame = load_baselines()
    assert set(problem_targets(frame)) == set(CONVERGENCE_TARGETS) - {"mnist_vae", "fmnist_vae"}
    assert {"mnist_vae", "fmnist_vae"}.isdisjoint(target_table(frame)["problem"])


def test_targets_travel_with_the_problem(make_frame):
    """A problem of the user's own says what is solved; a target that is given comes before it."""
    losses = [10.0, 8.0, 3.0, 1.0]
    frame = make_frame({"testproblem": "mine", "losses": losses, "convergence_target": 3.0})
    assert problem_targets(frame) == {"mine": 3.0}
    assert target_table(frame)["epochs_to_target"].tolist() == [2.0]
    assert problem_targets(frame, {"mine": 1.5}) == {"mine": 1.5}
    assert problem_targets(make_frame({"testproblem": "mine", "losses": losses})) == {}


def test_the_record_of_a_run_holds_its_problems_target():
    """What `Problem.convergence_target` says is in the record."""
    from deepobs.runner import run

    problem = replace(get_problem("quadratic_deep"), name="mine", convergence_target=91.5)
    record = run(problem, "SGD", lr=0.01, epochs=1, progress="off")
    assert record.convergence_target == record.to_dict()["convergence_target"] == 91.5


def test_a_target_that_every_run_meets_at_once_is_none(make_frame):
    """Met by all within the first epoch, it distinguishes nothing."""
    runs = [
        {"optimizer": name, "losses": [10.0, 2.0, 1.0], "convergence_target": 2.5} for name in "AB"
    ]
    assert problem_targets(make_frame(*runs)) == {}
    slower = {"optimizer": "C", "losses": [10.0, 5.0, 1.0], "convergence_target": 2.5}
    assert problem_targets(make_frame(*runs, slower)) == {"quadratic_deep": 2.5}


def test_a_target_may_be_of_another_metric(make_frame):
    """A pair of its name and a value, in the direction of that metric."""
    good = {"losses": [9.0, 5.0, 1.0], "test_accuracies": [0.1, 0.6, 0.9]}
    frame = make_frame(good)
    (row,) = target_table(frame, {"quadratic_deep": ("loss", 5.0)}).to_dict("records")
    assert (row["metric"], row["target"], row["epochs_to_target"]) == ("test_loss", 5.0, 1.0)
    (row,) = target_table(frame, {"quadratic_deep": 0.9}).to_dict("records")
    assert (row["metric"], row["epochs_to_target"]) == ("test_accuracy", 2.0)
    with pytest.raises(UsageError, match="no metric of quadratic_deep named 'losss'"):
        problem_targets(frame, {"quadratic_deep": ("losss", 5.0)})


def test_validation_targets_are_algoperfs_rule(make_frame):
    """The median over seeds of the time to a validation target."""
    runs = [
        {"losses": [10.0, 9.0, 9.0], "valid_losses": [10.0, 5.0, last], "random_seed": seed}
        for seed, last in enumerate([1.0, 1.5, 4.0])
    ]
    (row,) = target_table(make_frame(*runs), {"quadratic_deep": 2.0}, "valid").to_dict("records")
    assert (row["metric"], row["num_reached"]) == ("valid_loss", 2)
    assert row["epochs_to_target"] == 2.0


def test_nobody_there_is_no_table(make_frame):
    """Where no method reached any target there is nothing to draw."""
    runs = [{"optimizer": name, "losses": [10.0, 9.0]} for name in "AB"]
    assert times_to_target(make_frame(*runs), targets={"quadratic_deep": 1.0}).empty
