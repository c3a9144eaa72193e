"""What a study concludes from made-up runs whose truth is known."""

import math

import numpy as np
import pytest
from made_up_studies import NOISE, codes, diverged, runs_of


def test_a_lead_of_ten_standard_deviations_is_a_clear_winner(judge):
    """Ten paired seeds, wholly apart, equal budgets: clear, with the margin in the loss's unit."""
    verdict = judge(runs_of("A", 1.0), runs_of("B", 1.1, row=1))
    assert (verdict.kind, verdict.certainty, verdict.winner) == ("winner", "clear", "A")
    assert verdict.best == ("A",)
    assert verdict.reasons == ()
    margin = verdict.verdicts[0].margin
    assert (margin.method, margin.other, margin.more_runs) == ("A", "B", 0)
    assert margin.difference == pytest.approx(0.1 + NOISE[1, :10].mean() - NOISE[0, :10].mean())
    assert 0 < margin.low < margin.difference < margin.high
    assert margin.p_value == 2 / 2**10


def test_the_winner_among_ten_methods_needs_no_correction(judge):
    """Best beats every other: the largest of nine p-values, not nine times the smallest."""
    others = [runs_of(f"M{i}", 1.3 + i / 10, row=i) for i in range(1, 10)]
    verdict = judge(runs_of("Winner", 1.0), *others)
    assert verdict.winner == "Winner"
    assert verdict.p_value == 2 / 2**10
    assert [cell.rank for cell in verdict.cells] == list(range(1, 11))
    assert [cell.best for cell in verdict.cells] == [True] + [False] * 9


def test_ten_methods_that_tie_are_not_told_apart(judge):
    """Two leaders alike and eight far behind: the two are bold, the others are not."""
    behind = [runs_of(f"M{i}", 3.0 + i, row=i) for i in range(2, 10)]
    verdict = judge(runs_of("A", 1.0), runs_of("B", 1.0, row=1), *behind)
    assert verdict.kind == "tied"
    assert set(verdict.best) == {"A", "B"}
    assert codes(verdict) >= {"not_told_apart"}


def test_the_leading_method_is_spoken_of_not_the_first_of_the_alphabet(judge):
    """Ten methods on three problems, the last of the alphabet best on all: it is the winner."""
    groups = [
        runs_of(f"M{i}", 1.5 + i / 5, problem=problem, row=i) for problem in "pqr" for i in range(9)
    ]
    best = [runs_of("Zed", 1.0, problem=problem, row=9 + i) for i, problem in enumerate("pqr")]
    verdict = judge(*groups, *best)
    assert (verdict.winner, verdict.ranking[0]) == ("Zed", "Zed")
    assert all(pair.probability == 1.0 for pair in verdict.comparisons)
    assert {pair.other for pair in verdict.comparisons} == {f"M{i}" for i in range(9)}
    assert "few_problems" in codes(verdict)  # three problems say nothing of others
    assert verdict.certainty == "likely"


def test_a_winner_whose_interval_holds_no_lead_is_none(judge):
    """A p-value is never less than the t test's, so that a winner's interval lies above 0."""
    for row in range(1, 12):
        verdict = judge(runs_of("A", 1.0), runs_of("B", 1.01, row=row))
        margin = verdict.verdicts[0].margin
        assert (verdict.winner is None) or margin.low > 0


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_too_few_runs_say_how_many_more_would_tell(judge, seeds):
    """Up to five pairs cannot reach 5 %; six can, and a huge difference needs no more."""
    verdict = judge(runs_of("A", 1.0, seeds), runs_of("B", 5.0, seeds, row=1))
    assert (verdict.kind, verdict.certainty) == ("too_few_runs", "none")
    assert verdict.more_runs == 6 - seeds
    assert codes(verdict) == {"too_few_runs"}


def test_a_small_lead_needs_the_runs_that_the_formula_tells(judge):
    """The number of runs asked for is enough if the difference stays what it seems."""
    few = judge(runs_of("A", 1.0, 8), runs_of("B", 1.001, 8, row=1)).verdicts[0].margin
    assert few.more_runs is not None
    assert few.more_runs > 0
    # As many more runs with the same mean and spread: eight-fold copies of the same noise.
    standard_error = (few.high - few.low) / 2 / 2.365 * math.sqrt(8 / (8 + few.more_runs))
    assert few.difference / standard_error > 1.96 + 0.84


def test_single_runs_tell_nothing(judge):
    """One run of each: too few, no interval."""
    verdict = judge(runs_of("A", 1.0, 1), runs_of("B", 5.0, 1, row=1))
    assert verdict.kind == "too_few_runs"
    assert math.isnan(verdict.cells[0].low)


def swept(method, rates, seeds, *, level=1.0, row=0, **fields):
    """Runs of several learning rates, the first the best, with the same seeds."""
    groups = [
        runs_of(method, level + 0.5 * i, seeds, row=row, learning_rate=rate, **fields)
        for i, rate in enumerate(rates)
    ]
    return [run for group in groups for run in group]


def test_a_setting_chosen_by_the_seeds_that_judge_it_wins_nothing(judge):
    """All ten seeds chose the best of three rates: the verdict says so, and names nobody."""
    verdict = judge(swept("A", [0.1, 0.2, 0.3], 10), runs_of("B", 3.0, row=1))
    assert (verdict.kind, verdict.winner, verdict.leader) == ("same_runs", None, "A")
    assert "same_runs" in codes(verdict)
    assert verdict.cells[0].same_runs


def test_the_seed_that_chose_is_left_out(judge):
    """One seed chose among three rates, ten repeat the best: nine count, in value and interval."""
    tried = swept("A", [0.1, 0.2, 0.3], 1)
    repeated = runs_of("A", 1.0, 9, first=1, learning_rate=0.1, row=2)
    verdict = judge(tried + repeated, runs_of("B", 3.0, row=1))
    cell = next(cell for cell in verdict.cells if cell.method == "A")
    assert (cell.num_runs, cell.num_left_out, cell.budget) == (9, 1, 3)
    assert cell.value == pytest.approx(1.0 + NOISE[2, :9].mean())
    assert verdict.winner == "A"
    margin = verdict.verdicts[0].margin
    assert (margin.paired, margin.num_runs) == (True, (9, 9))


def test_a_biased_rival_can_still_be_beaten(judge):
    """Seeds that chose favour the method they chose: beating it is a win all the same."""
    verdict = judge(runs_of("A", 1.0), swept("B", [0.1, 0.2], 10, level=2.0, row=1))
    assert verdict.winner == "A"
    assert verdict.certainty == "likely"  # the budgets are unequal


def test_unequal_budgets_withhold_clear(judge):
    """Three rates against one: the winner is likely, the reason names the other method."""
    tried = swept("A", [0.1, 0.2, 0.3], 1) + runs_of("A", 1.0, 9, first=1, learning_rate=0.1)
    verdict = judge(tried, runs_of("B", 3.0, row=1))
    (reason,) = (reason for reason in verdict.reasons if reason.code == "unequal_budgets")
    assert (verdict.certainty, reason.methods) == ("likely", ("B",))
    assert {cell.method: cell.budget for cell in verdict.cells} == {"A": 3, "B": 1}


@pytest.mark.parametrize("first", [0, 100], ids=["paired", "unpaired"])
def test_unequal_spreads_withhold_clear(judge, first):
    """Eighteen of twenty runs lead and two are far behind: more of those might turn the mean."""
    skewed = runs_of("A", 0.8, 18) + runs_of("A", 1.4, 2, first=18)
    verdict = judge(skewed, runs_of("B", 1.0, 20, first=first, row=1))
    (reason,) = verdict.reasons
    assert (verdict.winner, verdict.certainty) == ("A", "likely")
    assert (reason.code, reason.methods) == ("unequal_spreads", ("B",))


def test_unequal_spreads_do_not_cloud_a_lead_far_beyond_them(judge):
    """A rival that always fails in the same way varies not at all, and is clearly worse."""
    verdict = judge(runs_of("A", 1.0), runs_of("B", 9.0, scale=0))
    assert (verdict.certainty, verdict.reasons) == ("clear", ())


def test_order_of_seed_numbers_does_not_matter_but_that_of_time_does(judge):
    """The same measurements in the same order of time: one anytime-valid p, whatever the seeds."""

    def study(numbers):
        leads = [-1, 1, -1, 1, 1, -1, *[1] * 8]
        runs = []
        for place, (seed, lead) in enumerate(zip(numbers, leads, strict=True)):
            for method, loss in (("A", 2.0 - 0.1 * lead), ("B", 2.0)):
                started = f"2026-01-01T00:{place:02d}:00+00:00"
                fields = {"optimizer": method, "testproblem": "p", "random_seed": seed}
                runs.append(fields | {"losses": [9.0, loss + seed / 1e4], "started": started})
        return judge(runs).verdicts[0].margin.p_anytime

    ascending = study(range(14))
    assert ascending < 1
    assert study(range(13, -1, -1)) == ascending
    assert study(np.random.default_rng(1).permutation(14).tolist()) == ascending


def test_unpaired_runs_need_five_of_each(judge):
    """Three runs that vary as they like against ten: no test, however large the difference."""
    verdict = judge(runs_of("A", 1.0, 3, scale=5), runs_of("B", 3.0, 10, first=100, row=1))
    assert verdict.kind == "too_few_runs"
    more = judge(runs_of("A", 1.0, 5), runs_of("B", 3.0, 10, first=100, row=1))
    assert more.winner == "A"


def test_a_diverged_run_counts_as_the_worst(judge):
    """One survivor of ten, a little better than the others' mean, does not lead."""
    runs = runs_of("A", 1.0)
    lost = [runs[0], *map(diverged, runs[1:])]
    verdict = judge(lost, runs_of("B", 1.5, row=1))
    assert verdict.winner == "B"
    assert "diverged" in codes(verdict)
    cell = next(cell for cell in verdict.cells if cell.method == "A")
    assert (cell.rank, cell.num_diverged) == (2, 9)


def test_one_lost_run_does_not_cost_a_far_better_method_the_lead(judge):
    """The tests are for the method with one diverged run of ten: it is the winner."""
    runs = runs_of("A", 1.0)
    verdict = judge([diverged(runs[0]), *runs[1:]], runs_of("B", 3.0, row=1))
    assert verdict.winner == "A"


def test_nothing_finished_is_nothing_to_compare(judge):
    """All runs of all methods diverged."""
    verdict = judge(map(diverged, runs_of("A", 1.0)), map(diverged, runs_of("B", 1.0)))
    assert (verdict.kind, verdict.leader, verdict.best) == ("all_diverged", None, ())


def test_one_method_is_alone(judge):
    """There is nothing to compare one method with."""
    verdict = judge(runs_of("A", 1.0))
    assert (verdict.kind, verdict.leader, verdict.winner) == ("alone", "A", None)
