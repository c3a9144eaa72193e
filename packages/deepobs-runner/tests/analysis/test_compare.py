"""Pairs of methods: how much better, how sure, paired by seed or not."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from deepobs.runner.analysis import (
    aggregate_table,
    combine,
    compare,
    compare_overall,
    difference_interval,
    holm,
    normalized_scores,
    permutation_test,
    probability_of_improvement,
    stratified_permutation_test,
    study_verdict,
)
from deepobs.runner.results.reading import load_baselines


def group(optimizer, finals, *, first_seed=42, **fields):
    return [
        {"optimizer": optimizer, "losses": [9.0, final], "random_seed": first_seed + i} | fields
        for i, final in enumerate(finals)
    ]


def diverge(run):
    return run | {"losses": [9.0, None], "num_epochs": 1, "status": "diverged"}


NOISE = np.array([0.0, 0.1, -0.1, 0.2, -0.2, 0.05, 0.15, -0.05])


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


def test_paired_p_value_by_enumeration():
    """The paired p-value is the share of all sign patterns with as large a mean."""
    differences = np.array([1.0, 2.0, -0.5, 3.0, 0.25])
    signs = np.array(list(itertools.product([-1, 1], repeat=5)))
    expected = (np.abs(signs @ differences) >= differences.sum() - 1e-12).mean()
    assert permutation_test(differences, np.zeros(5), paired=True).p_value == expected


def test_unpaired_p_value_agrees_with_scipy():
    """The unpaired p-value of nine values is scipy's over all 126 assignments."""
    a, b = [1.0, 2.0, 3.0, 5.0, 0.5], [2.5, 4.0, 6.0, 7.0, 8.0]
    exact = stats.permutation_test(
        (a, b), lambda x, y: np.mean(x) - np.mean(y), n_resamples=np.inf
    ).pvalue
    assert permutation_test(a, b, paired=False).p_value == pytest.approx(exact, rel=1e-12)


def test_random_exchanges_agree_with_the_exact_test():
    """Where the assignments are too many for all of them, the p-value is right but for sampling."""
    a = [1.0, 2.0, 3.0, 5.0, 6.5, 7.0, 9.0, 9.5, 11.0]
    b = [4.0, 6.0, 8.0, 8.5, 10.0, 12.0, 12.5, 13.0, 14.0]
    exact = stats.permutation_test(
        (a, b), lambda x, y: np.mean(x) - np.mean(y), n_resamples=np.inf
    ).pvalue  # 48,620 assignments
    # Three standard errors with 9,999 permutations.
    tolerance = 3 * math.sqrt(exact * (1 - exact) / 9_999)
    assert permutation_test(a, b, paired=False).p_value == pytest.approx(exact, abs=tolerance)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("larger", [True, False])
def test_what_is_not_finite_is_worst_in_the_test(bad, larger):
    """A diverged run lies behind all others, whether larger or smaller values are better."""
    good = [3.0, 4.0, 5.0]
    worse = [bad, 1.0, 2.0] if larger else [bad, 6.0, 7.0]
    found = permutation_test(worse, good, paired=False, larger=larger)
    assert found.p_value == 2 / math.comb(6, 3)  # apart as far as can be
    assert found.statistic < 0


def test_the_smallest_p_value_is_that_of_the_number_of_runs():
    """Five pairs cannot go below 2/32, five against five not below 2/252."""
    a, b = NOISE[:5], NOISE[3:]
    assert permutation_test(a, b + 0.001, paired=True).smallest == 2 / 2**5
    assert permutation_test(a, b + 0.001, paired=False).smallest == 2 / math.comb(10, 5)


@pytest.mark.parametrize("paired", [True, False])
def test_permutation_test_keeps_its_level(paired):
    """Of 1,000 comparisons of equals at most about 5 % have a p-value below 5 %."""
    generator = np.random.default_rng(11)
    pairs = generator.normal(size=(1000, 2, 8))
    rate = np.mean([permutation_test(a, b, paired=paired).p_value <= 0.05 for a, b in pairs])
    assert rate <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)


@pytest.mark.parametrize(("num_problems", "num_runs"), [(2, 2), (2, 3), (3, 2), (3, 3), (8, 2)])
def test_the_overall_test_keeps_its_level(num_problems, num_runs):
    """Of 400 comparisons of equals over problems at most about 5 % have a p-value below 5 %."""
    generator = np.random.default_rng(12)
    samples = generator.normal(size=(400, num_problems, 2, num_runs))
    found = [stratified_permutation_test([tuple(pair) for pair in pairs]) for pairs in samples]
    # Three standard errors; the test itself is exact.
    assert np.mean([f.p_value <= 0.05 for f in found]) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_the_overall_test_by_enumeration():
    """Two problems, two runs each, all won: 2 of the 36 exchanges are as far apart."""
    won = [([3.0, 4.0], [1.0, 2.0]), ([9.0, 8.0], [math.nan, 2.0])]
    found = stratified_permutation_test(won)
    assert found.statistic == pytest.approx(0.5)
    assert found.p_value == found.smallest == 2 / 36
    assert math.isnan(stratified_permutation_test([*won, ([1.0], [2.0, 3.0])]).p_value)


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


def test_overall_probability_of_improvement(make_frame):
    """Over two problems, one won and one lost outright: probability one half, nobody better."""
    runs = [
        *group("A", 1 + NOISE, testproblem="p"),
        *group("B", 5 + NOISE, testproblem="p"),
        *group("A", 5 + NOISE, testproblem="q"),
        *group("B", 1 + NOISE, testproblem="q"),
        *group("A", 1 + NOISE, testproblem="alone"),
    ]
    (row,) = compare_overall(make_frame(*runs)).to_dict("records")
    assert (row["probability"], row["p_value"], row["better"]) == (0.5, 1.0, "")
    assert math.isnan(row["low"])  # groups wholly apart have no variance of ranks
    assert row["problems"] == ("p", "q")
    (row,) = compare_overall(make_frame(*runs[:16])).to_dict("records")
    assert (row["probability"], row["better"]) == (1.0, "A")
    assert row["p_value"] < 0.001


def test_the_verdict_and_the_pairs_have_one_interval_overall(make_frame):
    """The interval of a pair over all problems is the one that the verdict quotes."""
    runs = [
        run
        for place, problem in enumerate("pq")
        for name, shift in (("A", 1.0), ("B", 1.2 + 0.1 * place))
        for run in group(name, shift + NOISE, testproblem=problem)
    ]
    frame = make_frame(*runs)
    (row,) = compare_overall(frame).to_dict("records")
    (quoted,) = study_verdict(frame).comparisons
    assert (row["method_a"], quoted.method) == ("A", "A")
    assert 0 < row["low"] < row["probability"] < 1
    for name in ("probability", "low", "high", "p_value"):
        assert row[name] == pytest.approx(getattr(quoted, name), rel=1e-12)


def test_single_runs_win_nothing_overall(make_frame):
    """One run each on two problems: a probability, but no interval, no p-value and no winner."""
    runs = [run for p in "pq" for x in "AB" for run in group(x, [ord(x)], testproblem=p)]
    (row,) = compare_overall(make_frame(*runs)).to_dict("records")
    assert (row["probability"], row["better"]) == (1.0, "")
    assert all(math.isnan(row[name]) for name in ("low", "high", "p_value", "p_attainable"))


def test_unequal_epochs_do_not_count_overall(make_frame):
    """A problem on which one method was trained longer is left out of the pair."""
    runs = [run for p in "pq" for x in "AB" for run in group(x, NOISE + ord(x), testproblem=p)]
    for run in runs[-8:]:
        run |= {"losses": [9.0, 1.0, *run["losses"][1:]], "num_epochs": 2}
    (row,) = compare_overall(make_frame(*runs)).to_dict("records")
    assert row["problems"] == ("p",)


def test_pairs_are_corrected_for_overall(make_frame):
    """Holm over the pairs: of three methods with two runs on three problems p is tripled."""
    runs = [
        run
        for problem in "pqr"
        for place, name in enumerate("ABC")
        for run in group(name, [place + 0.1, place + 0.2], testproblem=problem)
    ]
    table = compare_overall(make_frame(*runs))
    assert table["p_value"].tolist() == [2 / 6**3] * 3
    assert table["p_holm"].tolist() == table["p_attainable"].tolist() == [6 / 6**3] * 3


def test_normalised_scores(make_frame):
    """No training scores 0, the best method's mean 1, a diverged run 0."""
    runs = [*group("A", [0.5, 1.5]), *group("B", [5.0, 9.5]), *map(diverge, group("C", [1.0]))]
    scores = normalized_scores(make_frame(*runs)).groupby("method")["score"].agg(list)
    assert scores["A"] == pytest.approx([8.5 / 8, 7.5 / 8])
    assert scores["B"] == pytest.approx([0.5, 0.0])
    assert scores["C"] == [0.0]


def test_aggregate_uses_common_problems_only(make_frame):
    """A problem that not all methods were run on does not enter the aggregate."""
    runs = [*group("A", 1 + NOISE), *group("B", 2 + NOISE), *group("A", NOISE + 3, testproblem="x")]
    table = aggregate_table(make_frame(*runs))
    assert table["method"].tolist() == ["A", "B"]
    assert table["num_problems"].tolist() == [1, 1]
    assert (table["low"] <= table["iqm"]).all()
    assert (table["iqm"] <= table["high"]).all()


def test_no_scale_where_nobody_learned(make_frame):
    """Where all methods end worse than they began, the worst does not score best: none scores."""
    runs = [*group("A", 10 + NOISE), *group("B", 20 + NOISE)]
    learned = [
        *group("A", 1 + NOISE, testproblem="x"),
        *group("B", 2 + NOISE, testproblem="x"),
    ]
    frame = make_frame(*runs, *learned)
    scores = normalized_scores(frame)
    assert scores.loc[scores["problem"] == "quadratic_deep", "score"].isna().all()
    table = aggregate_table(frame)
    assert table["method"].tolist() == ["A", "B"]
    assert table["num_problems"].tolist() == [1, 1]
    assert len(aggregate_table(make_frame(*runs))) == 0


def test_problems_weigh_the_same_in_the_aggregate(make_frame):
    """Equal performance gives equal aggregates, whichever problem was repeated more often."""
    sizes = {"A": (10, 2), "B": (2, 10)}
    runs = [
        run
        for name, (many, few) in sizes.items()
        for run in [*group(name, [1.0] * many), *group(name, [6.0] * few, testproblem="x")]
    ]
    runs += [*group("Best", [1.0]), *group("Best", [1.0], testproblem="x")]
    table = aggregate_table(make_frame(*runs)).set_index("method")
    expected = (1 + 3 / 8) / 2  # 8 of 8 gained on one problem, 3 of 8 on the other
    for name in sizes:
        assert table.loc[name, "iqm"] == pytest.approx(expected)
        assert table.loc[name, "mean"] == pytest.approx(expected)
