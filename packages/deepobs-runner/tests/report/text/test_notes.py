"""The notes on error rates and on verdicts that seem to disagree."""

import report_cases

from deepobs.runner.report import Study
from deepobs.runner.report.text import notes


def study_of(tmp_path, leaders):
    """Ten seeds of two methods; each problem's leader has a much lower loss."""
    runs = [
        report_cases.run_fields(
            problem, name, 0.1, seed, 0.4 if name == leader else 0.8, accuracy=False
        )
        for problem, leader in leaders.items()
        for name in ("Adam", "SGD")
        for seed in range(10)
    ]
    return Study.of(report_cases.frame_of(runs, tmp_path))


def test_one_sentence_explains_why_problems_and_study_disagree(tmp_path):
    """Each method wins one problem, so that there is no winner over both: the reason is given."""
    rates, why = notes(study_of(tmp_path, {"p": "Adam", "q": "SGD"}))
    assert "names a wrong winner in at most 5 % of studies" in rates
    assert why.startswith("On p and q the verdict differs from the one over all problems")


def test_without_disagreement_only_the_error_rates_are_noted(tmp_path):
    """The same method wins everywhere: there is nothing to explain."""
    (rates,) = notes(study_of(tmp_path, {"p": "Adam", "q": "Adam"}))
    assert "for each problem by itself" in rates
