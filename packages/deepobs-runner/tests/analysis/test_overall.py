"""All pairs of methods over several problems, and the scores on one scale."""

import math

import pytest
from made_up_runs import NOISE, diverge, group

from deepobs.runner.analysis import (
    aggregate_table,
    compare_overall,
    normalized_scores,
    study_verdict,
)


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
