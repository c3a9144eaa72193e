"""What stands behind the matrix's cells."""

import report_cases

from deepobs.runner import load_baselines
from deepobs.runner.report import Study
from deepobs.runner.report.text import cell_detail, overall_detail


def test_a_cell_tells_value_rank_and_test(tmp_path):
    """The winner's cell and the other's quote the same comparison."""
    runs = [
        report_cases.run_fields("p", name, 0.1, seed, level, accuracy=False)
        for name, level in (("Adam", 0.4), ("SGD", 0.8))
        for seed in range(10)
    ]
    study = Study.of(report_cases.frame_of(runs, tmp_path))
    first, second = (cell_detail(study, study.cell("p", name)) for name in ("Adam", "SGD"))
    assert "rank 1 of 2, not significantly different from the best" in first
    assert "rank 2 of 2, worse than the best" in second
    assert first.splitlines()[1] == second.splitlines()[1]
    assert "permutation test, 10 runs of each, paired by seed" in second
    assert "10 runs; 1 setting tried" in second


def test_cells_tell_which_runs_chose_and_what_to_beware_of():
    """Of the baselines, seed 42 chose among 36 settings, and a collapsed group says so."""
    study = Study.of(load_baselines())
    text = cell_detail(study, study.cell("mnist_vae", "SGD (baseline)"))
    assert "9 runs; 1 excluded, since they chose the setting; 36 settings tried" in text
    assert "beware: partly collapsed" in text


def test_the_overall_column_tells_the_comparison_over_problems():
    """A method's place, and the probability, interval and p-value against the leader."""
    study = Study.of(load_baselines())
    text = overall_detail(study, "SGD (baseline)")
    assert "place 3 of 3 over all problems" in text
    assert "Over 8 problems a run of Adam (baseline) does better than one of SGD (base" in text
    assert "permutation test within each problem" in text
