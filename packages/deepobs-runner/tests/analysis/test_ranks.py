"""Ranks over problems with Friedman's test and Nemenyi's critical difference."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from deepobs.runner.analysis import rank_test, score_matrix

# Demšar 2006, table 6: AUC of four versions of C4.5 on 14 data sets. (One .975 is written .9751:
# the paper's ranks tell it from the other one beside it, which its three digits do not.)
C45 = [
    ".763 .599 .954 .628 .882 .936 .661 .583 .775 1.00 .940 .619 .972 .957",
    ".768 .591 .971 .661 .888 .931 .668 .583 .838 1.00 .962 .666 .981 .978",
    ".771 .590 .968 .654 .886 .916 .609 .563 .866 1.00 .965 .614 .9751 .946",
    ".798 .569 .967 .657 .898 .931 .685 .625 .875 1.00 .962 .669 .975 .970",
]
NAMES = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]
DEMSAR = pd.DataFrame(np.array([line.split() for line in C45], dtype=float).T, columns=NAMES)


def test_demsars_example():
    """The worked example of Demšar's paper: average ranks, F and critical differences."""
    found = rank_test(DEMSAR)
    expected = {"C4.5": 3.143, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5+m+cf": 1.964}
    assert found.ranks.to_dict() == pytest.approx(expected, abs=6e-4)
    # He gives CD = 1.25 and, at 10 %, 1.11.
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert rank_test(DEMSAR, alpha=0.1).critical_difference == pytest.approx(1.11, abs=0.012)
    assert found.num_problems == 14
    # Corrected for ties, as permuting tied ranks is of itself, chi² and F are two approximations,
    # one too large and one about right; the permuted p-value has a standard error of 0.0012.
    chi = stats.friedmanchisquare(*DEMSAR.to_numpy().T)
    f_statistic = 13 * chi.statistic / (14 * 3 - chi.statistic)
    assert stats.f.sf(f_statistic, 3, 39) - 3 * 0.0012 <= found.p_value <= chi.pvalue


def test_exact_p_values_are_those_of_the_tables():
    """Friedman's tables, 3 methods: chi² = 6 over 3 problems has p = 0.028, 6.5 over 4 0.042."""
    same = [[3.0, 2.0, 1.0]]
    assert rank_test(pd.DataFrame(same * 3)).p_value == pytest.approx(0.028, abs=0.0005)
    four = pd.DataFrame([*same * 3, [2.0, 3.0, 1.0]])
    assert four.rank(axis=1).sum().tolist() == [11.0, 9.0, 4.0]  # chi² = 6.5
    assert rank_test(four).p_value == pytest.approx(0.042, abs=0.0005)


@pytest.mark.parametrize(("num", "smallest"), [(2, 1 / 2), (3, 1 / 4), (6, 1 / 32)])
def test_two_methods_agree_on_few_problems(num, smallest):
    """Two methods in the same order on N problems: that happens with probability 2 / 2^N."""
    found = rank_test(pd.DataFrame([[2.0, 1.0]] * num))
    assert found.p_value == found.smallest == smallest


@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (3, 3), (4, 3), (6, 2), (8, 4)])
def test_the_rank_test_keeps_its_level(shape):
    """Of 300 comparisons of equals at most about 5 % are rejected at 5 %, with few problems too."""
    scores = np.random.default_rng(14).normal(size=(300, *shape))
    rate = np.mean([rank_test(pd.DataFrame(table)).p_value <= 0.05 for table in scores])
    # Three standard errors; the test itself is exact.
    assert rate <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_without_rejection_all_stand_together():
    """Where the test does not reject there is no critical difference, and one clique of all."""
    found = rank_test(pd.DataFrame([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]], columns=list("abc")))
    assert found.p_value == 1.0
    assert math.isnan(found.critical_difference)
    assert [set(clique) for clique in found.cliques] == [set("abc")]


def test_cliques_are_groups_not_told_apart():
    """Methods within a critical difference form a clique; those beyond it do not."""
    scores = pd.DataFrame([[4.0, 3.0, 2.0, 1.0]] * 6, columns=list("abcd"))
    found = rank_test(scores)
    assert found.p_value == 1 / 10_000  # only the observed one of 10,000 permutations
    assert found.ranks.to_dict() == {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}
    assert 1 < found.critical_difference < 2
    assert found.cliques == (("a", "b"), ("b", "c"), ("c", "d"))


def test_incomplete_problems_are_left_out():
    """A problem with a missing value does not count; with none left there is no rank."""
    scores = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, math.nan, 1.0]})
    assert rank_test(scores).num_problems == 2
    nothing = rank_test(scores.iloc[1:2])
    assert nothing.num_problems == 0
    assert math.isnan(nothing.p_value)
    assert len(nothing.ranks) == 0


def test_one_problem_has_ranks_but_no_test():
    """From one problem nothing can be tested."""
    found = rank_test(pd.DataFrame({"a": [1.0], "b": [2.0]}))
    assert found.ranks.index.tolist() == ["b", "a"]
    assert math.isnan(found.critical_difference)


def test_scores_are_larger_for_better_methods(make_frame):
    """Losses are turned round, and a method all of whose runs diverged is behind all."""
    bad = {"optimizer": "Bad", "losses": [4.0, None], "num_epochs": 3, "status": "diverged"}
    frame = make_frame({"losses": [4.0, 1.0]}, {"optimizer": "Adam", "losses": [4.0, 2.0]}, bad)
    scores = score_matrix(frame).loc["quadratic_deep"]
    assert scores.to_dict() == {"SGD": -1.0, "Adam": -2.0, "Bad": -math.inf}


def test_survivors_do_not_carry_the_score(make_frame):
    """A diverged run counts as the worst: here the loss before training, 4."""
    bad = {"optimizer": "Bad", "losses": [4.0, 0.5], "random_seed": 1}
    lost = {"optimizer": "Bad", "losses": [4.0, None], "status": "diverged", "random_seed": 2}
    scores = score_matrix(make_frame({"losses": [4.0, 1.0]}, bad, lost)).loc["quadratic_deep"]
    assert scores.to_dict() == {"SGD": -1.0, "Bad": -(0.5 + 4.0) / 2}
