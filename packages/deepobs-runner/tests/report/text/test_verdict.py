"""What is better than what, in words."""

import math

import pytest
import report_cases

from deepobs.runner import load_baselines
from deepobs.runner.report.text import overall_verdict, results_table, verdicts


@pytest.fixture
def judge(tmp_path):
    """The one verdict on made-up groups of runs: name -> (level of the loss, number of seeds)."""

    def one(groups, **fields):
        runs = [
            report_cases.run_fields("p", name, 0.1, seed, level, accuracy=False, **fields)
            for name, (level, seeds) in groups.items()
            for seed in range(seeds)
        ]
        (found,) = verdicts(report_cases.frame_of(runs, tmp_path))
        return found

    return one


def test_a_large_difference_over_many_seeds_is_clear(judge):
    """With ten seeds and no overlap the verdict is clear, and says by how much."""
    verdict = judge({"Adam": (0.4, 10), "SGD": (0.8, 10)})
    assert verdict.level == "clear"
    assert verdict.say.startswith("Adam is best: its final test loss is 0.4")
    assert "below SGD" in verdict.say
    assert "95 % interval" in verdict.say
    assert "10 seeds of each, paired" in verdict.why


def test_a_difference_that_needs_more_seeds_to_last_is_likely(judge):
    """Six pairs reach 5 % in the permutation test, but not in the anytime-valid one."""
    assert judge({"Adam": (0.4, 6), "SGD": (0.8, 6)}).level == "likely"


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_few_seeds_cannot_tell_however_large_the_difference(judge, seeds):
    """With at most five seeds no difference is enough, and the verdict asks for more."""
    verdict = judge({"Adam": (0.1, seeds), "SGD": (3.0, seeds)})
    assert verdict.level == "unclear"
    assert "do not tell it apart" in verdict.say
    assert "too few" in verdict.why


def test_one_run_each_says_nothing_about_chance(judge):
    """Single runs are not compared."""
    verdict = judge({"Adam": (0.1, 1), "SGD": (3.0, 1)})
    assert verdict.level == "unclear"
    assert "a single run says nothing about chance" in verdict.why


def test_equal_methods_cannot_be_told_apart(judge):
    """The same level in both groups: cannot tell, whatever the number of seeds."""
    assert judge({"Adam": (0.4, 10), "AdamW": (0.4, 10)}).level == "unclear"


def test_two_leaders_are_better_than_the_third(judge):
    """The verdict names those that are beaten although the lead itself is unclear."""
    verdict = judge({"Adam": (0.4, 10), "AdamW": (0.4, 10), "SGD": (2.0, 10)})
    assert verdict.level == "unclear"
    assert verdict.say.endswith("it is better than SGD.")


def test_one_method_is_described_not_compared(judge):
    """A single method gets its numbers and no comparison."""
    verdict = judge({"Adam": (0.4, 3)})
    assert verdict.level == "single"
    assert "no other method" in verdict.why


def test_unequal_numbers_of_epochs_are_pointed_out(tmp_path):
    """A short run beside a long one is no comparison of optimizers: problem and whole say so."""
    runs = [
        report_cases.run_fields(problem, name, 0.1, seed, 0.5, epochs=epochs)
        for problem, long in (("p", 12), ("q", 4))
        for name, epochs in (("Adam", long), ("SGD", 4))
        for seed in range(3)
    ]
    frame = report_cases.frame_of(runs, tmp_path)
    unequal, equal = verdicts(frame)
    assert any("4 (SGD) and 12 (Adam)" in warning for warning in unequal.warnings)
    assert not any("epochs" in warning for warning in equal.warnings)
    assert unequal.level == "unequal"
    assert "is best" not in unequal.say
    assert "on p methods were trained for unequal numbers of epochs" in overall_verdict(frame)
    assert not results_table(frame).set_index("problem").loc["p", "leads"].any()


def test_methods_trained_equally_long_are_compared_among_themselves(tmp_path):
    """Two long methods and a short one: the long ones are judged, the level says unequal."""
    runs = [
        report_cases.run_fields("p", name, 0.1, seed, level, epochs=epochs)
        for name, level, epochs in (("A", 0.4, 12), ("B", 0.8, 12), ("C", 2.0, 4))
        for seed in range(10)
    ]
    (verdict,) = verdicts(report_cases.frame_of(runs, tmp_path))
    assert verdict.level == "unequal"
    assert verdict.say.startswith("Of the methods trained for 12 epochs, A is best")


def test_a_lucky_survivor_does_not_lead(tmp_path):
    """One of ten runs survives, a little better than the others' mean: the others are best."""
    runs = [
        report_cases.run_fields("p", name, 0.1, seed, level, accuracy=False)
        for name, level in (("A", 0.3), ("B", 0.4))
        for seed in range(10)
    ]
    for run in runs[1:10]:
        run |= {"status": "diverged", "train_losses": [4.0, None], "test_losses": [4.0, None]}
    frame = report_cases.frame_of(runs, tmp_path)
    (verdict,) = verdicts(frame)
    assert verdict.say.startswith("B is best")
    assert "above the finished runs of A (9 of 10 diverged)" in verdict.say
    table = results_table(frame).set_index("method")
    assert table["mean"].idxmin() == "A"
    assert table["leads"].to_dict() == {"A": False, "B": True}


def test_one_lost_run_of_a_far_better_method_does_not_cost_it_the_lead(tmp_path):
    """One of ten runs diverged, the tests are for the method all the same: it is best, and bold."""
    runs = [
        report_cases.run_fields("p", name, 0.1, seed, level, accuracy=False)
        for name, level in (("A", 0.3), ("B", 2.0))
        for seed in range(10)
    ]
    runs[0] |= {"status": "diverged", "train_losses": [4.0, None], "test_losses": [4.0, None]}
    frame = report_cases.frame_of(runs, tmp_path)
    (verdict,) = verdicts(frame)
    assert verdict.say.startswith("A is best")
    assert "(1 of 10 diverged)" in verdict.say
    assert results_table(frame).set_index("method")["leads"].to_dict() == {"A": True, "B": False}


def test_a_mean_is_that_of_all_runs(tmp_path):
    """A third method with two of the seeds changes neither leader nor means."""
    levels = {"A": [0.2, 0.2] + [3.0] * 8, "B": [2.0] * 10, "Z": [2.5, 2.5]}
    runs = [
        report_cases.run_fields("p", name, 0.1, seed, level, accuracy=False)
        for name, values in levels.items()
        for seed, level in enumerate(values)
    ]
    (verdict,) = verdicts(report_cases.frame_of(runs, tmp_path))
    assert verdict.say.startswith("B has the best mean, but the runs do not tell it apart from A")
    assert verdict.why.startswith("Against A: 10 seeds of each, paired")


def test_groups_too_small_to_tell_are_named(judge):
    """The reason speaks of the pair it names, and says for which others there are too few runs."""
    verdict = judge({"A": (0.4, 10), "B": (0.4, 10), "C": (0.5, 1), "D": (0.6, 1)})
    assert "Against B: 10 seeds of each, paired" in verdict.why
    assert "Against C and D there are too few runs to reach 0.05 at all" in verdict.why


def test_five_unpaired_runs_are_not_too_few(tmp_path):
    """Five against five can reach 2/252; they are not told off for pairs that they are not."""
    runs = [
        report_cases.run_fields("p", name, 0.1, seed + first, level, accuracy=False)
        for name, first, level in (("A", 0, 0.4), ("B", 100, 0.401))
        for seed in range(5)
    ]
    (verdict,) = verdicts(report_cases.frame_of(runs, tmp_path))
    assert verdict.level == "unclear"
    assert "too few" not in verdict.why
    assert "5 runs of each, not paired" in verdict.why


def overall(tmp_path, groups):
    """The overall verdict on groups of runs: (problem, method) -> (level, number of seeds)."""
    runs = [
        report_cases.run_fields(problem, name, 0.1, seed, level)
        for (problem, name), (level, seeds) in groups.items()
        for seed in range(seeds)
    ]
    return overall_verdict(report_cases.frame_of(runs, tmp_path))


def test_single_runs_win_nothing_overall(tmp_path):
    """One run of each on two problems: no winner, no interval."""
    groups = {(p, m): (level, 1) for p in "pq" for m, level in (("A", 0.1), ("B", 3.0))}
    text = overall(tmp_path, groups)
    assert text == "There are too few runs to tell apart A and B."


def test_a_win_over_problems_has_a_p_value(tmp_path):
    """Ten runs of each on two problems, wholly apart: a winner, without an interval of no width."""
    groups = {(p, m): (level, 10) for p in "pq" for m, level in (("A", 0.1), ("B", 3.0))}
    text = overall(tmp_path, groups)
    assert "a run of A does better than one of B with probability 1.00 (p < 0.001" in text


def test_pairs_that_share_one_problem_are_not_called_apart(tmp_path):
    """Each pair on one problem of its own: nothing over problems, but problems were shared."""
    levels = {("p", "A"): 0.4, ("p", "B"): 0.8, ("q", "A"): 0.4, ("q", "C"): 0.8}
    text = overall(tmp_path, {key: (level, 3) for key, level in levels.items()})
    assert "No two methods can be compared on more than one problem;" in text


def test_diverged_methods_are_not_averaged_away(tmp_path):
    """When every run of a method diverged, that is said, and so is the other's lead."""
    runs = [report_cases.run_fields("p", "Adam", 0.1, seed, 0.4) for seed in range(10)]
    lost = [report_cases.run_fields("p", "SGD", 0.1, seed, 0.4) for seed in range(10)]
    for run in lost:
        run["status"] = "diverged"
        run["train_losses"] = run["test_losses"] = [4.0, None]
        run["train_accuracies"] = run["test_accuracies"] = [0.1, 0.1]
    (verdict,) = verdicts(report_cases.frame_of(runs + lost, tmp_path))
    assert "every run of SGD diverged" in verdict.say
    assert any("10 of 10 runs diverged" in warning for warning in verdict.warnings)


def test_all_diverged_leaves_nothing_to_compare(tmp_path):
    """Two methods without a finished run: no winner, no crash."""
    runs = []
    for name in ("SGD", "Adam"):
        run = report_cases.run_fields("p", name, 9.0, 1, 0.4, accuracy=False)
        run |= {"status": "diverged", "train_losses": [4.0, None], "test_losses": [4.0, None]}
        runs.append(run)
    (verdict,) = verdicts(report_cases.frame_of(runs, tmp_path))
    assert verdict.say == "Every method's runs diverged."


def test_the_published_baselines_are_judged_as_known():
    """mnist_vae SGD is bimodal, Momentum collapsed; fmnist_vae Momentum sits at the grid's edge."""
    frame = load_baselines()
    found = {verdict.problem: verdict for verdict in verdicts(frame)}
    warnings = "\n".join(found["mnist_vae"].warnings)
    assert "SGD (baseline): bimodal" in warnings
    assert "Momentum (baseline): collapsed: 10 of 10 runs" in warnings
    assert any("grid edge" in text and "smallest" in text for text in found["fmnist_vae"].warnings)
    assert found["cifar100_allcnnc"].say.startswith("Momentum (baseline) is best")
    assert found["svhn_wrn164"].level == "unclear"
    assert "Over 8 problems a run of Adam (baseline)" in overall_verdict(frame)


def test_a_single_problem_is_its_own_overall_verdict(tmp_path):
    """With one problem the overall verdict is that problem's."""
    runs = [
        report_cases.run_fields("p", name, 0.1, seed, level)
        for name, level in (("Adam", 0.4), ("SGD", 0.8))
        for seed in range(10)
    ]
    frame = report_cases.frame_of(runs, tmp_path)
    assert overall_verdict(frame) == verdicts(frame)[0].say
    assert not math.isnan(len(overall_verdict(frame)))
