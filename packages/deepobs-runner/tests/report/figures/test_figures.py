"""Figures for print."""

import errno
import os
import shutil
from typing import Literal

import numpy as np
import pytest
import report_cases
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from deepobs.runner import ResultsError, UsageError
from deepobs.runner.report.figures import (
    figure_benchmark,
    figure_frontier,
    figure_learning_curves,
    figure_overhead,
    figure_profile,
    figure_ranks,
    figure_sensitivity,
    figure_tunability,
    save_figures,
)
from deepobs.runner.report.study import Study, paper_style


@pytest.fixture(scope="module")
def study(study_frame):
    return Study.of(study_frame)


def lines_of(ax, colour):
    """The lines of a panel in one colour, as (x, y)."""
    return [line.get_xydata().T for line in ax.get_lines() if line.get_color() == colour]


def test_learning_curves_are_the_means_over_seeds(study):
    """The line of a method is the mean over its chosen setting's seeds."""
    figure = figure_learning_curves(study, "quadratic_deep")
    (ax,) = figure.axes
    frame = study.tuned_runs
    rows = frame[(frame["problem"] == "quadratic_deep") & (frame["method"] == "SGD")]
    expected = rows.groupby("epoch")["test_loss"].mean()
    ((x, y),) = lines_of(ax, study.styles["SGD"].colour)
    np.testing.assert_allclose(x, expected.index)
    np.testing.assert_allclose(y, expected)


def test_accuracies_have_a_panel_in_per_cent(study):
    """A problem with accuracies has a second panel, in per cent."""
    figure = figure_learning_curves(study, "fmnist_2c2d")
    assert [ax.get_ylabel() for ax in figure.axes] == ["Test loss", "Test accuracy (%)"]
    assert figure.axes[1].get_ylim()[1] > 50


def test_steps_and_seconds_are_other_axes(study):
    """Against steps and seconds the same curves are stretched: 7 steps and 0.25 s an epoch."""
    axes: dict[Literal["steps", "seconds"], int] = {"steps": 84, "seconds": 3}
    for x, last in axes.items():
        figure = figure_learning_curves(study, "quadratic_deep", x=x)
        ((along, _),) = lines_of(figure.axes[0], study.styles["Adam"].colour)
        assert along[-1] == pytest.approx(last)


def test_gradient_evaluations_are_an_axis(tmp_path):
    """Two a step for SAM, so its curve is twice as long as in steps."""
    fields = report_cases.run_fields("quadratic_deep", "SAM(SGD)", 0.1, 42, 0.5)
    frame = report_cases.frame_of([fields | {"passes": [14] * 12}], tmp_path)
    figure = figure_learning_curves(frame, "quadratic_deep", x="passes")
    (line, *_) = figure.axes[0].get_lines()
    assert np.asarray(line.get_xdata())[-1] == 2 * 84
    assert figure.axes[0].get_xlabel() == "Gradient evaluations"


def test_a_wrong_problem_is_named_with_the_nearest(study):
    """An unknown problem gives one sentence with the nearest name."""
    with pytest.raises(UsageError, match=r"'quadratic'; did you mean quadratic_deep\?"):
        figure_learning_curves(study, "quadratic")


def test_the_benchmark_figure_has_a_column_a_problem_and_a_row_a_metric(study):
    """Two problems, of which one has accuracies: 4 × 2 panels, two of them empty."""
    figure = figure_benchmark(study, "small")
    assert len(figure.axes) == 8
    assert sum(not ax.axison for ax in figure.axes) == 2
    assert [ax.get_title() for ax in figure.axes[:2]] == ["quadratic_deep", "fmnist_2c2d"]


def test_sensitivity_crosses_out_diverged_rates(study):
    """The rate at which SGD diverged is a cross at the upper edge, not a value."""
    figure = figure_sensitivity(study, "quadratic_deep")
    (ax,) = figure.axes
    crosses = [line for line in ax.get_lines() if line.get_marker() == "x"]
    assert 10.0 in np.concatenate([line.get_xdata() for line in crosses])


def diverged(optimizer):
    """A run that diverged at once, at a learning rate of 1."""
    fields = report_cases.run_fields("p", optimizer, 1.0, 1, 0.5)
    return fields | {"status": "diverged", "train_losses": [4.0, None], "test_losses": [4.0, None]}


def test_no_cross_hides_another(tmp_path):
    """Methods that diverged at the same rate have crosses at different heights."""
    runs = [report_cases.run_fields("p", name, 0.1, 1, 0.5) for name in ("SGD", "Adam")]
    runs += [diverged(name) for name in ("SGD", "Adam")]
    frame = report_cases.frame_of(runs, tmp_path)
    (ax,) = figure_sensitivity(frame, "p", metric="test_loss").axes
    heights = [
        np.asarray(line.get_ydata())[0] for line in ax.get_lines() if line.get_marker() == "x"
    ]
    assert len(set(heights)) == 2
    assert min(heights) > 1  # above the panel, where no value is


@pytest.mark.parametrize(
    "make",
    [
        figure_ranks,
        figure_overhead,
        lambda study: figure_frontier(study, "quadratic_deep"),
        lambda study: figure_sensitivity(study, "quadratic_deep"),
    ],
    ids=["ranks", "overhead", "frontier", "sensitivity"],
)
def test_long_names_are_wrapped_and_nothing_is_cut(make, tmp_path):
    """With names of 50 and 300 letters all lies within the figure, and axes keep an inch."""
    names = ("AdamW betas=(0.9, 0.95) weight_decay=0.01 eps=1e-08", "a" * 300, "SGD$x$")
    runs = [
        report_cases.run_fields(problem, name, lr, 1, 0.5 + lr)
        for problem in ("quadratic_deep", "another_problem")
        for name in names
        for lr in (0.1, 0.2)
    ]
    with paper_style():
        figure = make(Study.of(report_cases.frame_of(runs, tmp_path)))
        canvas = FigureCanvasAgg(figure)
        figure.draw_without_rendering()
        drawn = figure.get_tightbbox(canvas.get_renderer())  # inches
        panel = figure.axes[0].get_window_extent().width / figure.dpi
    assert min(drawn.x0, drawn.y0) > -0.01
    assert drawn.x1 < figure.get_figwidth() + 0.01
    assert drawn.y1 < figure.get_figheight() + 0.01
    assert panel > 1


def test_epochs_are_counted_in_whole_numbers(tmp_path):
    """A run of one epoch has no ticks at quarters of it."""
    run = report_cases.run_fields("p", "SGD", 0.1, 1, 0.5, epochs=1)
    figure = figure_learning_curves(report_cases.frame_of([run], tmp_path), "p")
    for ax in figure.axes:
        assert all(tick == round(tick) for tick in ax.get_xticks())


@pytest.mark.parametrize("make", [figure_learning_curves, figure_frontier])
def test_methods_without_times_are_named(tmp_path, make):
    """Against seconds, a method that recorded none is named below the panel and not drawn."""
    runs = [report_cases.run_fields("p", name, 0.1, 1, 0.5) for name in ("SGD", "Adam")]
    del runs[1]["epoch_seconds"]
    study = Study.of(report_cases.frame_of(runs, tmp_path))
    axis = {"x": "seconds"} if make is figure_learning_curves else {"cost": "seconds"}
    figure = make(study, "p", **axis)
    assert "not recorded: Adam" in figure.axes[0].get_xlabel().replace("\n", " ")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["SGD"]


def test_bars_differ_by_more_than_colour(study):
    """Each method's bars have a pattern of their own."""
    (ax,) = figure_overhead(study).axes
    assert len({patch.get_hatch() for patch in ax.patches}) == 2


def test_tunability_starts_at_one_trial(study):
    """The curve begins with one trial and ends with all that were made."""
    figure = figure_tunability(study, "quadratic_deep")
    ((x, _),) = lines_of(figure.axes[0], study.styles["Adam"].colour)
    assert (x[0], x[-1]) == (1, 3)


def test_the_frontier_is_the_least_of_all_methods_so_far(study):
    """The grey steps are, at each epoch, the best mean of the best values until then."""
    frame = study.tuned_runs
    rows = frame[(frame["problem"] == "quadratic_deep") & (frame["epoch"] > 0)]
    best = rows.assign(best=rows.groupby("run_id", observed=True)["test_loss"].cummin())
    least = best.groupby(["method", "epoch"], observed=True)["best"].mean().groupby("epoch").min()
    figure = figure_frontier(study, "quadratic_deep")
    ((x, y),) = lines_of(figure.axes[0], "#999999")
    assert (np.diff(y) < 0).all()
    np.testing.assert_allclose(y, np.minimum.accumulate(least)[x])


@pytest.mark.parametrize(
    "make", [figure_profile, figure_ranks, figure_overhead], ids=lambda make: make.__name__
)
def test_figures_over_all_problems_fit_a_column(study, make, tmp_path):
    """They are a column wide, 8 pt, and save as PDF."""
    figure = make(study)
    assert figure.get_figwidth() == 3.25
    assert figure.axes[0].xaxis.label.get_size() == 8
    figure.savefig(tmp_path / "figure.pdf")
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")


def test_a_notebook_shows_a_figure(study):
    """A figure offers itself to notebooks as PNG."""
    figure = figure_learning_curves(study, "quadratic_deep")
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_huge_and_missing_values_draw(tmp_path):
    """Huge values, an all-missing series and uneven lengths do not stop a figure."""
    runs = [
        report_cases.run_fields("p", "SGD", 0.1, 1, 0.5, epochs=5),
        report_cases.run_fields("p", "SGD", 0.1, 2, 0.5, epochs=5),
    ]
    runs[0]["test_losses"] = [1e300, 1e307, 1e308, 1e308, 1e308, 1e308]
    runs[1]["test_losses"] = [1e308] * 6
    runs[1]["test_accuracies"] = [None] * 6
    frame = report_cases.frame_of(runs, tmp_path)
    figures = [
        figure_learning_curves(frame, "p"),
        figure_sensitivity(frame, "p", metric="test_loss"),
    ]
    for figure in figures:
        figure.savefig(tmp_path / "figure.png")
        assert np.isfinite([ax.get_ylim() for ax in figure.axes]).all()


def test_all_files_of_a_paper_are_saved(study, tmp_path):
    """Every figure as PDF, PNG and, with LaTeX, PGF; the table, the appendix and the references."""
    written = save_figures(study, tmp_path / "figures")
    names = {path.name for path in written}
    assert {"results.tex", "results.md", "ranks.png", "overhead.pdf"} <= names
    assert {"appendix.tex", "references.bib"} <= names
    assert not any(name.startswith("profile") for name in names)  # nobody reaches a target
    assert {"curves-quadratic_deep.pdf", "sensitivity-fmnist_2c2d.png"} <= names
    assert all(path.stat().st_size > 0 for path in written)
    assert any(path.suffix == ".pgf" for path in written) == bool(shutil.which("pdflatex"))


def test_a_file_is_the_old_one_until_the_new_one_is_complete(study, tmp_path, monkeypatch):
    """A disk that is full in between, or a kill, leaves no half of a file."""
    (before,) = (path for path in save_figures(study, tmp_path) if path.name == "ranks.png")
    content = before.read_bytes()

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("deepobs.runner.common._files.os.fsync", full)
    with pytest.raises(ResultsError, match=r"results.tex could not be written: No space left"):
        save_figures(study, tmp_path)
    assert before.read_bytes() == content
    assert not list(tmp_path.glob(".*"))


def test_a_file_in_place_of_the_folder_is_refused(study, tmp_path):
    """A file where the folder should be gives one sentence."""
    (tmp_path / "figures").write_text("")
    with pytest.raises(UsageError, match="is a file; expected a folder"):
        save_figures(study, tmp_path / "figures")
