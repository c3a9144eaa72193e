"""What a study over several problems concludes."""

from itertools import pairwise

import numpy as np
import pytest
from made_up_studies import codes, runs_of

from deepobs.runner import load_baselines
from deepobs.runner.analysis import ALPHA, study_verdict, summary_table


def test_methods_that_share_no_problem_are_not_compared(judge):
    """A method of another problem is no rival, and no winner is named over the study."""
    verdict = judge(runs_of("A", 1.0), runs_of("B", 2.0, problem="q"))
    assert verdict.kind == "alone"
    third = judge(
        runs_of("A", 1.0),
        runs_of("B", 2.0, row=1),
        runs_of("C", 2.0, problem="q"),
        runs_of("A", 1.0, problem="r"),
        runs_of("B", 2.0, row=1, problem="r"),
    )
    assert third.winner is None
    assert "not_compared" in codes(third)


def test_unequal_epochs_name_nobody(judge):
    """A method trained longer is set apart; the others are compared among themselves."""
    longer = [run | {"losses": [9.0, 5.0, 4.0, 0.5]} for run in runs_of("C", 0.5)]
    for run in longer:
        run["num_epochs"] = 3
    verdict = judge(runs_of("A", 1.0), runs_of("B", 3.0, row=1), longer)
    assert (verdict.kind, verdict.winner) == ("unequal_epochs", None)
    assert "unequal_epochs" in codes(verdict)


def test_a_winner_on_one_of_eight_problems_is_not_clear(judge):
    """A p-value near 5 % on one of eight problems does not hold over the study."""
    alike = [
        runs_of(name, 1.0, problem=f"p{i}", row=row)
        for i in range(7)
        for name, row in (("A", i), ("B", i + 1))
    ]
    verdict = judge(*alike, runs_of("A", 1.0, 6, problem="q"), runs_of("B", 9.0, 6, problem="q"))
    found = {each.problem: each for each in verdict.verdicts}
    assert found["q"].winner == "A"
    assert found["q"].p_value == 2 / 2**6
    assert found["q"].p_study > ALPHA
    assert found["q"].certainty == "likely"
    assert {reason.code for reason in found["q"].reasons} >= {"many_problems"}
    assert verdict.winner is None
    assert "q" in verdict.disagreements


def test_a_winner_over_problems_may_lose_one(judge):
    """Best on seven of eight problems, clearly worse on one: that one disagrees, and is named."""
    groups = [
        runs_of(name, level if i else 3.0 - level, problem=f"p{i}", row=row + i)
        for i in range(8)
        for name, level, row in (("A", 1.0, 0), ("B", 2.0, 4))
    ]
    verdict = judge(*groups)
    (pair,) = verdict.comparisons
    assert (verdict.winner, verdict.disagreements) == ("A", ("p0",))
    assert pair.probability == 7 / 8
    assert pair.p_problems == pytest.approx(18 / 2**8)  # 1 of 8 signs against, of all 2^8 patterns
    assert "other_problems" in codes(verdict)


def test_intervals_of_accuracies_stay_between_0_and_1(judge):
    """Nine runs near 100 % and one at 80 %: neither an interval nor a margin passes 100 %."""
    ends = [1.0] * 8 + [0.8, 0.999]
    runs = [
        {
            "optimizer": method,
            "testproblem": "p",
            "random_seed": seed,
            "losses": [1.0, 0.1],
            "test_accuracies": [0.1, end],
            "train_accuracies": [0.1, end],
        }
        for method, shift in (("A", 0.0), ("B", -0.01))
        for seed, end in enumerate(np.add(ends, shift))
    ]
    for cell in judge(runs).cells:
        assert 0 <= cell.low <= cell.value <= cell.high <= 1


def test_losses_that_span_decades_are_scored_by_their_logarithm(judge):
    """From 500 to 5 is half of the way from 500 to 0.05, not all but a hundredth."""
    levels = (("A", 0.05), ("B", 5.0))
    runs = [
        run | {"losses": [500.0, 100.0, run["losses"][-1]]}
        for row, (name, level) in enumerate(levels)
        for run in runs_of(name, level, scale=level, row=row)
    ]
    verdict = judge(runs)
    assert verdict.verdicts[0].log_scale
    scores = {cell.method: cell.score for cell in verdict.cells}
    assert scores["A"] == pytest.approx(1.0, abs=0.01)
    assert scores["B"] == pytest.approx(0.5, abs=0.01)


def test_the_baselines_say_what_the_published_table_shows():
    """Winners have the best published mean; elsewhere the runs do not tell, and it says so."""
    frame = load_baselines()
    table = summary_table(frame)
    verdict = study_verdict(frame)
    winners = {each.problem: each.winner for each in verdict.verdicts}
    assert winners == {
        "cifar100_allcnnc": "Momentum (baseline)",
        "cifar10_3c3d": None,
        "fmnist_2c2d": None,
        "fmnist_vae": "Adam (baseline)",
        "mnist_vae": "Adam (baseline)",
        "quadratic_deep": "Momentum (baseline)",
        "svhn_wrn164": None,
        "tolstoi_char_rnn": "SGD (baseline)",
    }
    for each in verdict.verdicts:
        published = table[(table["problem"] == each.problem) & (table["metric"] == each.metric)]
        means = published.set_index("method")["mean"]
        best = means.idxmax() if each.metric == "test_accuracy" else means.idxmin()
        assert best in each.best
        if each.winner is None:
            assert {reason.code for reason in each.reasons} == {"not_told_apart"}
    assert (verdict.kind, verdict.winner) == ("tied", None)
    assert {cell.num_left_out for cell in verdict.cells} == {1}
    assert {cell.budget for cell in verdict.cells} == {36}


def test_ranks_follow_the_means_of_finished_methods(judge):
    """Cells are in the order of the ranking, each problem's ranks in that of its means."""
    groups = [
        runs_of(f"M{i}", 1.0 + i, problem=problem, row=i) for problem in "pq" for i in range(4)
    ]
    verdict = judge(*groups)
    for problem in "pq":
        cells = sorted(
            (cell for cell in verdict.cells if cell.problem == problem), key=lambda c: c.rank
        )
        assert all(a.value < b.value for a, b in pairwise(cells))
    assert [cell.method for cell in verdict.cells[::2]] == list(verdict.ranking)
