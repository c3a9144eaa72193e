"""Pairs of methods: how much better, how sure, paired by seed or not."""

import math

import numpy as np
import pytest
from made_up_runs import NOISE, diverge, group
from scipy import stats

from deepobs.runner.analysis import (
    combine,
    compare,
    difference_interval,
    holm,
    probability_of_improvement,
)
from deepobs.runner.results.reading import load_baselines


def test_clear_difference_names_the_better(make_frame):
    """The method with the lower loss on every seed is better; numbers are those of the means."""
    noise = NOISE * 10  # paired, the common noise falls out
    frame = make_frame(*group("A", 5 + noise), *group("B", 5.5 + noise + NOISE / 10))
    (row,) = compare(frame).to_dict("records")
    assert (row["method_a"], row["method_b"], row["better"]) == ("A", "B", "A")
    assert row["paired"]
    assert row["seeds"] == tuple(range(42, 50))
    assert row["difference"] == pytest.approx(-0.5 - NOISE.mean() / 10)
    assert row["low"] <= row["difference"] <= row["high"] < 0
    assert row["p_value"] == pytest.approx(2 / 2**8)
    assert row["p_anytime"] < 0.05
    assert row["anytime_high"] < 0
    assert row["selected_on_a"] == "test"


def test_other_seeds_are_compared_unpaired(make_frame):
    """Without shared seeds the groups are compared as such."""
    frame = make_frame(*group("A", 1 + NOISE), *group("B", 5 + NOISE, first_seed=100))
    (row,) = compare(frame).to_dict("records")
    assert not row["paired"]
    assert row["seeds"] == ()
    assert row["better"] == "A"


def test_runs_of_different_sources_are_never_paired(make_frame):
    """A seed of TensorFlow's has nothing in common with the same number here."""
    runs = group("SGD", 87 + NOISE, num_epochs=1)
    table = compare(combine(make_frame(*runs), load_baselines()))
    rows = table[table["problem"] == "quadratic_deep"]
    pairs = {frozenset((r.method_a, r.method_b)): r.paired for r in rows.itertuples()}
    assert not pairs[frozenset(("SGD", "SGD (baseline)"))]
    assert pairs[frozenset(("Adam (baseline)", "SGD (baseline)"))]


def test_no_difference_names_nobody(make_frame):
    """Equal methods are left undecided."""
    frame = make_frame(*group("A", 1 + NOISE), *group("B", 1 + NOISE[::-1]))
    (row,) = compare(frame).to_dict("records")
    assert row["better"] == ""


def test_diverged_runs_lose(make_frame):
    """A method most of whose runs diverged is worse, though its finished ones are as good."""
    a, b = group("A", 1 + NOISE), group("B", 1 + NOISE)
    frame = make_frame(*a, b[0], *map(diverge, b[1:]))
    (row,) = compare(frame).to_dict("records")
    assert (row["better"], row["diverged_b"], row["num_b"]) == ("A", 7, 8)
    assert row["flags_b"] == ("diverged",)
    assert row["difference"] == 0.0


def test_the_tested_means_decide_who_is_better(make_frame):
    """Nine of twenty runs far better make the better mean, though most single runs are worse."""
    noise = np.random.default_rng(0).normal(scale=0.01, size=(2, 20))
    two_fold = np.where(np.arange(20) < 11, 100.0, 0.0) + noise[0]
    (row,) = compare(make_frame(*group("A", two_fold), *group("B", 99 + noise[1]))).to_dict(
        "records"
    )
    assert row["mean_a"] < row["mean_b"]
    assert row["probability"] == 0.45
    assert row["better"] == row["favours"] == "A"


def test_few_accurate_survivors_do_not_win(make_frame):
    """With accuracies too a diverged run is behind all others, not before them."""
    accuracies = {"test_accuracies": [0.1, 0.8], "train_accuracies": [0.1, 0.8]}
    a = group("A", 1 + NOISE, **accuracies)
    b = group("B", 1 + NOISE, test_accuracies=[0.1, 0.7], train_accuracies=[0.1, 0.7])
    lost = {"test_accuracies": [0.1, None], "train_accuracies": [0.1, None]}
    frame = make_frame(*a, *b[:4], *(diverge(run) | lost for run in b[4:]))
    (row,) = compare(frame).to_dict("records")
    assert (row["metric"], row["probability"], row["better"]) == ("test_accuracy", 1.0, "A")


def test_no_run_is_left_out_of_a_comparison(make_frame):
    """Groups that share some seeds only are compared unpaired, with all of their runs."""
    (row,) = compare(make_frame(*group("A", 1 + NOISE), *group("B", [5.0, 6.0]))).to_dict("records")
    assert (row["paired"], row["seeds"]) == (False, (42, 43))
    assert row["mean_a"] == pytest.approx(1 + NOISE.mean())
    assert row["difference"] == pytest.approx(1 + NOISE.mean() - 5.5)


def test_repeats_of_a_seed_count_once(make_frame):
    """The same seed five times is no five runs: nothing to test."""
    repeated = [run for final in (1.0, 5.0) for run in group("AB"[final > 2], [final]) * 5]
    runs = [run | {"run_id": f"{number}"} for number, run in enumerate(repeated)]
    (row,) = compare(make_frame(*runs)).to_dict("records")
    assert row["num_a"] == 1
    assert math.isnan(row["p_value"])


def test_attainable_p_value_counts_the_comparisons(make_frame):
    """Seven pairs, six methods: after Holm's correction for 15 no p-value is below 2/128 · 15."""
    runs = [run for i, name in enumerate("ABCDEF") for run in group(name, 1 + i + NOISE[:7] * 0.9)]
    for number, run in enumerate(runs):
        run["losses"] = [9.0, run["losses"][1] + 0.001 * (number % 5)]
    assert (compare(make_frame(*runs))["p_attainable"] == 15 * 2 / 2**7).all()


def test_single_runs_are_not_tested(make_frame):
    """One run each gives a difference, but neither interval nor verdict."""
    (row,) = compare(make_frame(*group("A", [1.0]), *group("B", [2.0]))).to_dict("records")
    assert row["difference"] == -1.0
    assert math.isnan(row["low"])
    assert math.isnan(row["p_value"])
    assert row["better"] == ""


@pytest.mark.parametrize("num", [2, 3, 5])
@pytest.mark.parametrize("paired", [True, False])
def test_intervals_of_a_difference_cover_it(num, paired):
    """Of 2,000 95 % intervals for equals 95 % hold 0, however few the runs."""
    pairs = np.random.default_rng(13).normal(size=(2000, 2, num))
    ends = [difference_interval(a, b, paired=paired) for a, b in pairs]
    covered = np.mean([low <= 0 <= high for low, high in ends])
    error = 3 * math.sqrt(0.05 * 0.95 / 2000)
    assert covered >= 0.95 - error
    # Student's interval is exact; Welch's too wide for two or three runs, 97.5 % of two.
    assert covered <= (0.95 if paired else 0.975) + error


def test_welchs_interval_is_scipys():
    """Groups of unequal size and spread: scipy's interval; none for one run or no spread."""
    a, b = [1.0, 2.0, 4.0], [3.0, 9.0, 2.0, 7.0, 5.0]
    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.9)
    found = difference_interval(a, [*b, math.nan], paired=False, confidence=0.9)
    assert found == pytest.approx(tuple(expected), rel=1e-12)
    assert math.isnan(difference_interval([1.0], b, paired=False)[0])
    assert math.isnan(difference_interval([1.0, 1.0], [2.0, 2.0], paired=False)[0])


def test_probability_of_improvement_counts_ties_half_and_divergence_last():
    """P(A > B) by hand: ties count half, a diverged run loses to all that finished."""
    assert probability_of_improvement([1.0, 3.0], [2.0, 3.0]) == (0 + 0 + 1 + 0.5) / 4
    assert probability_of_improvement([1.0], [math.nan], larger=False) == 1.0
    assert probability_of_improvement([math.nan], [math.nan]) == 0.5


def test_holm_by_hand():
    """The smallest p-value is multiplied by their number, and the order is kept."""
    found = holm(np.array([0.04, 0.01, math.nan, 0.03]))
    assert found[[0, 1, 3]].tolist() == pytest.approx([0.06, 0.03, 0.06])
    assert math.isnan(found[2])


def test_baselines_compared():
    """On the baselines: 24 rows, known winners, and the questionable groups keep their flags."""
    table = compare(load_baselines()).set_index(["problem", "method_a", "method_b"])
    assert len(table) == 24
    pair = ("Adam (baseline)", "SGD (baseline)")
    assert table.loc[("tolstoi_char_rnn", *pair), "better"] == "SGD (baseline)"
    assert table.loc[("cifar10_3c3d", *pair), "better"] == ""
    assert table.loc[("mnist_vae", *pair), "flags_b"] == ("partly collapsed", "bimodal")
    assert table["paired"].all()
