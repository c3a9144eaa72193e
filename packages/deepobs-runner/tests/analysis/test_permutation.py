"""Tests by exchanging labels: exact distributions, unequal variances."""

import itertools
import math

import numpy as np
import pytest
from made_up_runs import NOISE
from scipy import stats

from deepobs.runner.analysis import permutation_test, stratified_permutation_test
from deepobs.runner.analysis._meeting import Meeting
from deepobs.runner.analysis._samples import Contest, Sample
from deepobs.runner.analysis._t_tests import brunner_munzel, improvement_intervals


def test_rank_sums_have_their_exact_distribution():
    """Ten runs against ten, one diverged: the share of all 184,756 assignments, not a sample."""
    generator = np.random.default_rng(4)
    a, b = generator.normal(size=10), generator.normal(size=10) + 1.2
    a[3] = math.nan
    ranks = stats.rankdata(np.where(np.isnan([*a, *b]), -np.inf, [*a, *b]))
    sums = np.array([sum(chosen) for chosen in itertools.combinations(ranks, 10)])
    far = np.abs(sums - sums.mean()) >= abs(ranks[:10].sum() - sums.mean()) - 1e-9
    found = permutation_test(a, b, paired=False)
    assert len(sums) == 184_756
    assert found.p_value == pytest.approx(far.mean(), rel=1e-12)
    assert found.smallest == 2 / math.comb(20, 10)


def test_rank_sums_with_ties_by_enumeration():
    """Tied ranks are halves: the exact distribution is that of all assignments of them."""
    a, b = [1.0, 2.0, 2.0, math.nan], [2.0, 3.0, math.nan, 5.0, 3.0]
    ranks = stats.rankdata(np.nan_to_num([*a, *b], nan=-9.0))
    sums = np.array([sum(chosen) for chosen in itertools.combinations(ranks, 4)])
    far = np.abs(sums - sums.mean()) >= abs(ranks[:4].sum() - sums.mean()) - 1e-9
    welch = stats.ttest_ind(ranks[:4], ranks[4:], equal_var=False).pvalue
    found = permutation_test(a, b, paired=False)
    assert found.p_value == pytest.approx(max(far.mean(), welch), rel=1e-12)


def test_the_p_value_is_never_less_than_welchs():
    """Three variable runs against ten steady ones: the exchanges say 0.3 %, Welch's test 11 %."""
    a, b = [5.0, 9.0, 16.0], np.linspace(0.9, 1.1, 10)
    found = permutation_test(a, b, paired=False)
    assert found.p_value == found.p_t
    assert found.p_t == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)


def test_the_paired_p_value_is_never_less_than_students():
    """Six pairs all of one sign, one of them huge: 2/64 by signs, 33 % by Student's test."""
    d = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 50.0])
    found = permutation_test(d, np.zeros(6), paired=True)
    assert found.p_value == pytest.approx(stats.ttest_1samp(d, 0).pvalue)


def test_the_approximation_over_problems_is_brunner_and_munzels():
    """On one problem scipy's test; over two equal problems the variance of the mean is halved."""
    generator = np.random.default_rng(6)
    a, b = generator.normal(size=7), generator.normal(size=9) + 0.5
    ranks = (np.asarray(stats.rankdata([*a, *b]))[None], 7)
    assert brunner_munzel([ranks])[0] == pytest.approx(stats.brunnermunzel(a, b).pvalue, rel=1e-9)
    (once,), (twice,) = (
        high - low for _, low, high in map(improvement_intervals, ([ranks], [ranks, ranks]))
    )
    assert twice < once / math.sqrt(2)
    assert math.isnan(
        improvement_intervals([(np.arange(4.0)[None], 2)])[1][0]
    )  # groups wholly apart


def test_the_overall_test_is_exact_where_problems_have_as_many_runs():
    """Two problems of three against three: all 400 exchanges, as by enumeration."""
    generator = np.random.default_rng(7)
    pairs = [(generator.normal(size=3), generator.normal(size=3) + 2) for _ in range(2)]
    ranks = [stats.rankdata(np.concatenate(pair)) for pair in pairs]
    sums = [[sum(c) for c in itertools.combinations(r, 3)] for r in ranks]
    every = np.add.outer(*sums).ravel()
    far = np.abs(every - every.mean()) >= abs(sum(r[:3].sum() for r in ranks) - every.mean()) - 1e-9
    found = stratified_permutation_test(pairs)
    assert found.p_value == pytest.approx(max(far.mean(), found.p_t))
    assert found.smallest == 2 / 20**2


def told_apart(num, other, ratio, studies=400):
    """Returns how often unpaired methods with equal means are found to differ."""
    generator, told = np.random.default_rng(8), 0
    for _ in range(studies):
        samples = {
            name: Sample(
                method=name,
                values=scale * generator.normal(size=count),
                seeds=first + np.arange(count),
                times=np.full(count, np.nan),
            )
            for name, scale, count, first in (("a", ratio, num, 0), ("b", 1.0, other, 100))
        }
        contest = Contest(problem="p", metric="test_loss", larger=False, start=9.0, samples=samples)
        told += Meeting(contest, "a", "b").p_value <= 0.05
    return told / studies


@pytest.mark.parametrize("ratio", [1, 5, 10])
@pytest.mark.parametrize(("num", "other"), [(3, 10), (5, 10), (5, 20), (10, 10)])
def test_unequal_variances_do_not_make_a_difference(num, other, ratio):
    """Normal runs that vary up to ten times as much: at most 5 % and the simulation's error."""
    # Three standard errors of 5 % in 400 studies.
    assert told_apart(num, other, ratio) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


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
