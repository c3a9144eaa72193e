"""Tests by exchanging labels: exact distributions, unequal variances."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from deepobs.runner.analysis import permutation_test, stratified_permutation_test
from deepobs.runner.analysis._meeting import Meeting
from deepobs.runner.analysis._samples import Contest, Sample
from deepobs.runner.analysis._t_tests import brunner_munzel, improvement_interval


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
    ranks = (np.asarray(stats.rankdata([*a, *b])), 7)
    assert brunner_munzel([ranks]) == pytest.approx(stats.brunnermunzel(a, b).pvalue, rel=1e-9)
    once, twice = improvement_interval([ranks]), improvement_interval([ranks, ranks])
    assert (twice[1] - twice[0]) < (once[1] - once[0]) / math.sqrt(2)
    assert math.isnan(improvement_interval([(np.arange(4.0), 2)])[0])  # groups wholly apart


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
    """How often unpaired methods of equal means are told apart, their spreads as given."""
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
        contest = Contest(problem="p", metric="test_loss", start=9.0, samples=samples)
        told += Meeting(contest, "a", "b").p_value <= 0.05
    return told / studies


@pytest.mark.parametrize("ratio", [1, 5, 10])
@pytest.mark.parametrize(("num", "other"), [(3, 10), (5, 10), (5, 20), (10, 10)])
def test_unequal_variances_do_not_make_a_difference(num, other, ratio):
    """Normal runs that vary up to ten times as much: at most 5 % and the simulation's error."""
    # Three standard errors of 5 % in 400 studies.
    assert told_apart(num, other, ratio) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
