"""The results table, as LaTeX and as Markdown."""

import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
import report_cases

from deepobs.runner import load_baselines
from deepobs.runner.report.text import latex_table, markdown_table, results_table


@pytest.fixture(scope="module")
def baselines():
    return load_baselines()


def test_bold_marks_what_is_not_told_apart_from_the_best(baselines):
    """All three are bold where no test finds a difference, the winner alone where one does."""
    table = results_table(baselines)
    bold = table[table["best"]].groupby("problem")["method"].agg(list).to_dict()
    assert bold["cifar100_allcnnc"] == ["Momentum (baseline)"]
    assert len(bold["fmnist_2c2d"]) == 3
    text = markdown_table(baselines)
    assert text.count("**") == 2 * table["best"].sum()
    assert latex_table(baselines).count("boldmath") == table["best"].sum()


def test_means_and_deviations_are_those_of_the_runs(study_frame):
    """Mean and sample deviation are those of the final values of the chosen setting's seeds."""
    rows = study_frame[
        (study_frame["problem"] == "quadratic_deep")
        & (study_frame["optimizer"] == "Adam")
        & (study_frame["learning_rate"] == 0.01)
        & (study_frame["epoch"] == 12)
        & (study_frame["seed"] != 42)  # which chose the setting
    ]
    table = results_table(study_frame).set_index(["problem", "method"])
    row: Any = table.loc[("quadratic_deep", "Adam")]
    assert row["mean"] == pytest.approx(rows["test_loss"].mean(), rel=1e-12)
    assert row["std"] == pytest.approx(rows["test_loss"].std(ddof=1), rel=1e-12)


def test_the_published_baselines_come_out(baselines):
    """The published runs' values are in the table, without seed 42, which chose the settings."""
    final = baselines[baselines["epoch"] == baselines["num_epochs"]]
    table = results_table(baselines).set_index(["problem", "method"])
    cases = (("quadratic_deep", "Momentum", "test_loss"), ("svhn_wrn164", "SGD", "test_accuracy"))
    for problem, optimizer, metric in cases:
        row: Any = table.loc[problem, f"{optimizer} (baseline)"]
        runs = final[(final["problem"] == problem) & (final["optimizer"] == optimizer)]
        runs = runs[np.isclose(runs["learning_rate"], row["learning_rate"]) & (runs["seed"] != 42)]
        assert len(runs) == 9
        assert row["mean"] == pytest.approx(runs[metric].mean(), rel=1e-12)
    assert "| quadratic_deep | Test loss | Momentum (baseline) | 0.002512 | 100 | 9 | **87.04" in (
        markdown_table(baselines)
    )


def test_what_a_mean_misrepresents_is_flagged(baselines):
    """A collapsed or bimodal group says so beside its mean, in both tables."""
    words = "partly collapsed, bimodal"
    (row,) = (line for line in markdown_table(baselines).splitlines() if words in line)
    assert row.startswith("| mnist_vae | Test loss | SGD (baseline) |")
    assert words in latex_table(baselines)


def test_markdown_has_as_many_cells_in_every_row(study_frame):
    """Every row of the Markdown table has the header's number of cells."""
    lines = markdown_table(study_frame).splitlines()
    table = lines[: lines.index("")]
    assert len({line.count("|") for line in table}) == 1
    assert len(table) == 2 + 4


def test_hostile_names_stay_text_in_markdown(make_frame):
    """Pipes and tags in a name do not break the table."""
    frame = make_frame({"testproblem": "a|b<script>"})
    line = markdown_table(frame).splitlines()[2]
    assert line.count("|") == 10
    assert "<script>" not in line


def test_latex_escapes_names(make_frame):
    """What LaTeX would take for a command is escaped."""
    text = latex_table(make_frame({"testproblem": r"a_b\input{x}%"}))
    assert r"a\_b\textbackslash{}input\{x\}\%" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(study_frame, tmp_path):
    """The table compiles inside a plain article with booktabs."""
    (tmp_path / "results.tex").write_text(latex_table(study_frame))
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\begin{document}\input{results}\end{document}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_single_run_has_no_spread(make_frame):
    """A method with one run shows its value without a deviation."""
    row = markdown_table(make_frame({})).splitlines()[2]
    assert "±" not in row
    assert "1.000" in row


def test_diverged_runs_are_counted(tmp_path):
    """A group in which a run diverged says so beside its number of runs."""
    runs = [report_cases.run_fields("p", "SGD", 0.1, seed, 0.5) for seed in (1, 2)]
    runs[1] |= {"status": "diverged"}
    frame = report_cases.frame_of(runs, tmp_path)
    assert "2 (1 diverged)" in markdown_table(frame)
    assert np.isfinite(results_table(frame)["mean"]).all()
