"""The verdicts in words: what is best, by how much, how sure, and what would tell."""

from types import SimpleNamespace

import pytest
import report_cases

from deepobs.runner import analysis, load_baselines
from deepobs.runner.report import Study
from deepobs.runner.report.text import headline, overall_verdict, results_table, verdicts


def study_of(tmp_path, levels, seeds, problems="p", **fields):
    """A study of made-up runs: method -> level of the loss."""
    runs = [
        report_cases.run_fields(problem, name, 0.1, seed, level, accuracy=False, **fields)
        for problem in problems
        for name, level in levels.items()
        for seed in range(seeds)
    ]
    return Study.of(report_cases.frame_of(runs, tmp_path))


def lose(run):
    """Makes a run diverge after its first epoch."""
    run |= {"status": "diverged", "train_losses": [4.0, None], "test_losses": [4.0, None]}


def test_a_winner_is_named_with_its_lead(tmp_path):
    """Ten seeds of each, no overlap: who is best, its value, and how far the next is."""
    study = study_of(tmp_path, {"Adam": 0.4, "SGD": 0.8}, 10)
    (verdict,) = verdicts(study)
    assert (verdict.kind, verdict.certainty, verdict.tag) == ("winner", "clear", "Clear")
    assert verdict.say.startswith("Adam is best on p: its final test loss is 0.4")
    assert verdict.say.endswith("below that of SGD.")
    assert "95 % interval" in verdict.why
    assert "10 runs of each, paired by seed" in verdict.why


def test_the_first_sentence_holds_no_statistics(tmp_path):
    """Neither p-values nor intervals nor names of tests stand in the sentence over all."""
    for levels in ({"Adam": 0.4, "SGD": 0.8}, {"Adam": 0.4, "AdamW": 0.4}):
        study = study_of(tmp_path / "-".join(levels), levels, 8, "pqr")
        text = headline(study).say
        assert not any(word in text for word in ("p =", "p <", "interval", "Holm", "test after"))


def test_a_winner_over_problems_says_how_often_it_wins(tmp_path):
    """Over several problems the lead is how often one of its runs does better."""
    study = study_of(tmp_path, {"Adam": 0.4, "SGD": 0.8}, 8, "pqr")
    found = headline(study)
    assert found.say == (
        "Adam is best over these 3 problems: one of its runs does better than one of SGD, its "
        "closest rival, 100 times in 100."
    )
    assert found.tag in ("Clear", "Likely")


def test_problems_without_a_rival_do_not_count(tmp_path):
    """The sentence says over how many problems the winner was compared."""
    levels = {"Adam": 0.4, "SGD": 0.8}
    runs = [
        report_cases.run_fields(problem, name, 0.1, seed, level, accuracy=False)
        for problem in "pqr"
        for name, level in levels.items()
        for seed in range(8)
        if (problem, name) != ("r", "SGD")
    ]
    said = headline(Study.of(report_cases.frame_of(runs, tmp_path))).say
    assert said.startswith("Adam is best over the 2 of 3 problems on which it can be compared: ")


def test_equal_methods_are_not_told_apart(tmp_path):
    """No winner; the sentence names who comes first, the rivals, and what would tell."""
    study = study_of(tmp_path, {"Adam": 0.4, "AdamW": 0.4, "SGD": 2.0}, 10)
    (verdict,) = verdicts(study)
    assert (verdict.kind, verdict.tag) == ("tied", "Cannot tell")
    assert verdict.say.startswith("No winner can be named on p: Adam")
    assert "SGD" not in verdict.say
    assert "more of each" in verdict.say


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_few_seeds_ask_for_more(tmp_path, seeds):
    """With so few seeds no difference is enough, and the sentence asks for more."""
    study = study_of(tmp_path, {"Adam": 0.1, "SGD": 3.0}, seeds)
    (verdict,) = verdicts(study)
    assert verdict.kind == "too_few_runs"
    assert "there are too few runs to tell" in verdict.say
    assert verdict.say.endswith(
        ("more of each would, if the differences are what they seem.", "repeat with more seeds.")
    )


def test_one_method_is_described_not_compared(tmp_path):
    """A single method gets its numbers and no comparison."""
    (verdict,) = verdicts(study_of(tmp_path, {"Adam": 0.4}, 3))
    assert (verdict.kind, verdict.tag) == ("alone", "No comparison")
    assert verdict.say.startswith("Adam is the only method on p: its final test loss is")


def test_unequal_numbers_of_epochs_are_pointed_out(tmp_path):
    """A short run beside a long one is no comparison of optimizers."""
    runs = [
        report_cases.run_fields("p", name, 0.1, seed, 0.5, epochs=epochs)
        for name, epochs in (("Adam", 12), ("SGD", 4))
        for seed in range(3)
    ]
    (verdict,) = verdicts(report_cases.frame_of(runs, tmp_path))
    assert verdict.kind == "unequal_epochs"
    assert "different numbers of epochs" in verdict.say
    assert any("4 (SGD) and 12 (Adam)" in warning for warning in verdict.warnings)


def test_a_lucky_survivor_is_not_called_best(tmp_path):
    """One of ten runs survives, a little better than the others' mean: the others are best."""
    runs = [
        report_cases.run_fields("p", name, 0.1, seed, level, accuracy=False)
        for name, level in (("A", 0.3), ("B", 0.4))
        for seed in range(10)
    ]
    for run in runs[1:10]:
        lose(run)
    frame = report_cases.frame_of(runs, tmp_path)
    (verdict,) = verdicts(frame)
    assert verdict.say.startswith("B is best")
    assert "above that of A, of which 9 runs diverged" in verdict.say
    assert results_table(frame).set_index("method")["best"].to_dict() == {"A": False, "B": True}


def test_methods_without_a_finished_run_are_not_averaged_away(tmp_path):
    """When every run of a method diverged, that is said, and so is the other's lead."""
    runs = [report_cases.run_fields("p", "Adam", 0.1, seed, 0.4) for seed in range(10)]
    lost = [report_cases.run_fields("p", "SGD", 0.1, seed, 0.4) for seed in range(10)]
    for run in lost:
        lose(run)
        run["train_accuracies"] = run["test_accuracies"] = [0.1, 0.1]
    (verdict,) = verdicts(report_cases.frame_of(runs + lost, tmp_path))
    assert "every run of SGD diverged" in verdict.say
    assert any("10 of 10 runs diverged" in warning for warning in verdict.warnings)


def test_nothing_is_named_where_all_diverged(tmp_path):
    """Two methods without a finished run: no winner, no crash."""
    runs = [report_cases.run_fields("p", name, 9.0, 1, 0.4) for name in ("SGD", "Adam")]
    for run in runs:
        lose(run)
    (verdict,) = verdicts(report_cases.frame_of(runs, tmp_path))
    assert verdict.say == "Every run on p diverged."


def test_the_published_baselines_are_judged_as_known():
    """mnist_vae SGD is bimodal, Momentum collapsed; fmnist_vae Momentum sits at the grid's edge."""
    study = Study.of(load_baselines())
    found = {verdict.problem: verdict for verdict in verdicts(study)}
    warnings = "\n".join(found["mnist_vae"].warnings)
    assert "SGD (baseline): bimodal" in warnings
    assert "Momentum (baseline): collapsed: 10 of 10 runs" in warnings
    assert any("grid edge" in text and "smallest" in text for text in found["fmnist_vae"].warnings)
    assert found["cifar100_allcnnc"].say.startswith("Momentum (baseline) is best")
    assert found["svhn_wrn164"].certainty == "none"
    assert overall_verdict(study).startswith("No winner can be named over these 8 problems: Adam")


def test_a_single_problem_is_its_own_overall_verdict(tmp_path):
    """With one problem the overall sentence is that problem's."""
    study = study_of(tmp_path, {"Adam": 0.4, "SGD": 0.8}, 10)
    assert overall_verdict(study) == verdicts(study)[0].say


def verdict_over(**fields):
    """A study's verdict over two problems, as far as the sentence needs it."""
    values = {
        "kind": "tied",
        "certainty": "none",
        "leader": "A",
        "winner": None,
        "best": ("A",),
        "comparisons": (),
        "reasons": (),
        "verdicts": (None, None),
        "more_runs": None,
    }
    return SimpleNamespace(verdict=SimpleNamespace(**values | fields))


def test_many_rivals_are_counted():
    """Of twenty methods that do not differ significantly three are named, the others counted."""
    best = tuple("ABCDEFGHIJKLMNOPQRST")
    text = headline(verdict_over(best=best, more_runs=7)).say
    assert "distinguish it from B, C, D or 16 others; about 7 more of each would" in text


def test_no_promise_is_made_that_runs_do_not_keep():
    """Where more than 100 further runs would be needed, no number is given."""
    assert "even 100 more of each probably would not" in headline(verdict_over(best=("A", "B"))).say


def test_what_only_limits_winners_is_not_said_of_none():
    """Without a winner nothing is said of how far its lead carries; unequal budgets are told."""
    reasons = (
        analysis.Reason(code="seeds_added", methods=("B",)),
        analysis.Reason(code="unequal_budgets", methods=("B",)),
    )
    found = headline(verdict_over(reasons=reasons))
    assert found.why == "B had another tuning budget than the leader."


def test_unequal_spreads_are_told_of_a_winner(tmp_path):
    """Two of twenty runs are far behind: the likely winner is followed by what may explain it."""
    runs = [
        report_cases.run_fields("p", name, 0.1, seed, level, accuracy=False)
        for seed in range(20)
        for name, level in (("Adam", 0.4 if seed < 18 else 0.7), ("SGD", 0.5))
    ]
    (verdict,) = verdicts(Study.of(report_cases.frame_of(runs, tmp_path)))
    assert (verdict.kind, verdict.tag) == ("winner", "Likely")
    assert "The spread of SGD differs from the leader's by a factor of two or more" in verdict.why


def test_long_names_do_not_drown_the_sentence():
    """A label of 5,000 characters is cut in the sentence."""
    text = headline(verdict_over(leader="x" * 5000, best=("x" * 5000, "B"))).say
    assert len(text) < 300
