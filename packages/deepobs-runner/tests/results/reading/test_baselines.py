"""The packaged baselines: all there, exact, and giving the published table."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepobs.runner import UsageError
from deepobs.runner.analysis import per_run, run_values, summary_table, tuned_settings
from deepobs.runner.benchmarks import installed_references
from deepobs.runner.results.reading import load_baselines, load_records

VERBATIM = Path(__file__).parent / "data/verbatim"

# The protocol's table: learning rate, then test loss after epoch 1, after epoch 5 and at the end,
# and test accuracy at the end, as mean ± standard deviation over ten seeds.
PUBLISHED = """
quadratic_deep   SGD      .01585   105.33±.16 97.70±.16  87.40±.17  -
quadratic_deep   Momentum .002512  271.16±2.3 217.38±.48 87.05±.03  -
quadratic_deep   Adam     .03981   141.83±.22 101.35±.08 87.11±.02  -
mnist_vae        Adam     1.585e-4 37.65±.24  30.91±.17  27.83±.09  -
fmnist_vae       Adam     1.585e-4 29.68±.12  25.65±.09  23.07±.09  -
fmnist_2c2d      SGD      .1585    .396±.020  .289±.015  .682±.021  .9227±.0018
fmnist_2c2d      Adam     2.512e-4 .408±.014  .285±.009  .633±.025  .9234±.0029
cifar10_3c3d     SGD      .0631    2.70±.11   1.81±.04   .857±.045  .8371±.0121
cifar10_3c3d     Adam     3.981e-4 1.78±.03   1.12±.02   .742±.015  .8475±.0035
svhn_wrn164      SGD      .02512   1.32±.10   .71±.02    .320±.020  .9537±.0040
cifar100_allcnnc Adam     .001     4.41±.05   3.58±.08   2.135±.044 .5615±.0095
tolstoi_char_rnn SGD      1.585    2.168±.008 1.563±.005 1.230±.009 .6207±.0029
tolstoi_char_rnn Adam     .002512  1.736±.024 1.452±.021 1.266±.010 .6123±.0031
"""


@pytest.fixture(scope="module")
def baselines():
    return load_baselines()


@pytest.fixture(scope="module")
def summary(baselines):
    return summary_table(baselines).set_index(["problem", "method", "metric"])


def agrees(value, printed):
    """Whether a number rounds to the printed one.

    The table was rounded twice (141.8246 to 141.825 to 141.83): .55 of the last digit, not .5.
    """
    digits = len(printed.partition(".")[2])
    return abs(value - float(printed)) <= 0.55 * 10.0**-digits


def test_all_runs_are_there(baselines):
    """1,080 runs: 36 rates with seed 42 and one rate with nine more seeds, for each of 24."""
    runs = per_run(baselines)
    assert len(runs) == 1080
    groups = runs.groupby(["problem", "optimizer"], observed=True)
    assert len(groups) == 24
    assert (groups["seed"].agg(lambda s: (s == 42).sum()) == 36).all()
    assert (groups["seed"].agg(lambda s: (s != 42).sum()) == 9).all()
    assert set(runs["source"]) == {"baseline"}
    assert len(baselines) == (runs["num_epochs"] + 1).sum()


@pytest.mark.parametrize("line", PUBLISHED.strip().splitlines(), ids=lambda line: line[:27])
def test_published_table_is_reproduced(summary, line):
    """From the packaged runs alone come the published rates, means and standard deviations."""
    problem, optimizer, rate, *cells = line.split()
    loss = summary.loc[problem, f"{optimizer} (baseline)", "test_loss"]
    assert loss["learning_rate"] == pytest.approx(float(rate), rel=5e-4)  # printed with 4 digits
    assert loss["num_runs"] == 10
    # The table gives the sample standard deviation at the end, but that of the population after
    # the first and fifth epoch.
    population = np.sqrt(9 / 10)
    found = [
        (loss["epoch_1_mean"], loss["epoch_1_std"] * population),
        (loss["epoch_5_mean"], loss["epoch_5_std"] * population),
        (loss["mean"], loss["std"]),
    ]
    if cells[3] != "-":
        accuracy = summary.loc[problem, f"{optimizer} (baseline)", "test_accuracy"]
        found.append((accuracy["mean"], accuracy["std"]))
    for (mean, std), cell in zip(found, cells, strict=False):
        printed_mean, printed_std = cell.split("±")
        assert agrees(mean, printed_mean), (cell, mean)
        assert agrees(std, printed_std), (cell, std)


def test_choice_on_seed_42_is_the_published_one(baselines):
    """Choosing on the seed that all rates share gives just the 24 settings run with ten seeds."""
    runs = per_run(baselines)
    sizes = runs.groupby(["problem", "method", "setting"], observed=True).size()
    repeated = set(sizes.index[sizes == 10])
    tuned = tuned_settings(baselines)
    chosen = tuned[["problem", "method", "setting"]].itertuples(index=False, name=None)
    assert set(chosen) == repeated
    assert set(tuned["selected_on"]) == {"test"}


def same_rows(verbatim, packaged):
    """Assert that the packaged runs of the same files hold exactly the same."""
    packaged = packaged[packaged["file"].isin(set(verbatim["file"]))]
    for name in verbatim.columns.drop(["run_id", "source"]):
        a, b = (frame[name].reset_index(drop=True) for frame in (verbatim, packaged))
        if isinstance(a.dtype, pd.CategoricalDtype):
            a, b = a.astype(object), b.astype(object)
        pd.testing.assert_series_equal(a, b, check_exact=True, obj=name)


def test_packaged_runs_equal_published_files_exactly(baselines, tmp_path):
    """Three published files (one with NaN) and their packaged form agree in every bit."""
    verbatim = load_records(shutil.copytree(VERBATIM, tmp_path / "verbatim"))
    assert len(verbatim) == 3 * 101
    same_rows(verbatim, baselines)


@pytest.mark.skipif(
    "DEEPOBS_BASELINES_DIR" not in os.environ,
    reason="needs the published files of DeepOBS_Baselines in $DEEPOBS_BASELINES_DIR",
)
def test_all_published_files_at_hand_are_packaged_exactly(baselines, tmp_path):
    """All published files of quadratic_deep, and any others there, agree with the packaged runs."""
    source = os.environ["DEEPOBS_BASELINES_DIR"]
    verbatim = load_records(shutil.copytree(source, tmp_path / "verbatim"))
    quadratic = verbatim[verbatim["problem"] == "quadratic_deep"]
    assert quadratic["run_id"].nunique() == 135
    same_rows(verbatim, baselines)


def test_divergence_is_marked(baselines):
    """Runs with a loss that is not finite count as diverged and have no final value."""
    finite = np.isfinite(baselines["test_loss"]) & np.isfinite(baselines["train_loss"])
    bad = set(baselines.loc[~finite, "run_id"])
    values = run_values(baselines, "test_loss")
    assert set(values.loc[values["value"].isna(), "run_id"]) == bad
    assert len(bad) > 200


def test_without_their_package_one_sentence_says_how_to_get_them(monkeypatch):
    """The runner works without deepobs-baselines."""
    monkeypatch.setitem(sys.modules, "deepobs.baselines", None)
    with pytest.raises(UsageError, match="not installed: pip install deepobs-baselines"):
        load_baselines()
    assert installed_references() == ()
