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
    holm,
    normalized_scores,
    permutation_p_value,
    probability_of_improvement,
)
from deepobs.runner.results import load_baselines


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
    assert permutation_p_value(differences, np.zeros(5), paired=True) == expected


def test_unpaired_p_value_agrees_with_scipy():
    """The unpaired p-value is that of scipy's permutation test but for sampling."""
    a, b = [1.0, 2.0, 3.0, 5.0], [2.5, 4.0, 6.0, 7.0, 8.0]
    exact = stats.permutation_test(
        (a, b), lambda x, y: np.mean(x) - np.mean(y), n_resamples=np.inf
    ).pvalue
    # Three standard errors with 9,999 permutations.
    tolerance = 3 * math.sqrt(exact * (1 - exact) / 9_999)
    assert permutation_p_value(a, b, paired=False) == pytest.approx(exact, abs=tolerance)


@pytest.mark.parametrize("paired", [True, False])
def test_permutation_test_keeps_its_level(paired):
    """Of 1,000 comparisons of equals at most about 5 % have a p-value below 5 %."""
    generator = np.random.default_rng(11)
    pairs = generator.normal(size=(1000, 2, 8))
    rate = np.mean([permutation_p_value(a, b, paired=paired) <= 0.05 for a, b in pairs])
    assert rate <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)


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
    assert (row["probability"], row["low"], row["high"], row["better"]) == (0.5, 0.5, 0.5, "")
    assert row["problems"] == ("p", "q")
    (row,) = compare_overall(make_frame(*runs[:16])).to_dict("records")
    assert (row["probability"], row["sureness"], row["better"]) == (1.0, 1.0, "A")


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
