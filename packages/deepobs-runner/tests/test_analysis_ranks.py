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
    # He gives chi² = 9.28 and F = 3.69 with 3 and 39 degrees of freedom, CD = 1.25 and, at 10 %,
    # 1.11.
    assert found.p_value == pytest.approx(stats.f.sf(3.69, 3, 39), rel=0.01)
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert rank_test(DEMSAR, alpha=0.1).critical_difference == pytest.approx(1.11, abs=0.012)
    assert found.num_problems == 14


def test_friedman_agrees_with_scipy():
    """Without ties the statistic behind the p-value is scipy's Friedman chi²."""
    scores = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 5)))
    chi = stats.friedmanchisquare(*scores.to_numpy().T).statistic
    f_statistic = 8 * chi / (9 * 4 - chi)
    assert rank_test(scores).p_value == pytest.approx(stats.f.sf(f_statistic, 4, 32))


def test_cliques_are_groups_not_told_apart():
    """Methods within a critical difference form a clique; those beyond it do not."""
    scores = pd.DataFrame([[4.0, 3.0, 2.0, 1.0]] * 6, columns=list("abcd"))
    found = rank_test(scores)
    assert found.p_value == 0.0
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
