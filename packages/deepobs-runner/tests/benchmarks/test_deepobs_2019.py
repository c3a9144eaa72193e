"""The protocol of 2019 on the published baselines."""

import math

import pytest

from deepobs.problems import get_problem
from deepobs.runner import PROTOCOLS, load_baselines
from deepobs.runner.tuning import Trial
from deepobs.runner.tuning._objective import find_objective
from deepobs.runner.tuning._result import choose_best
from deepobs.runner.tuning._space import parse_space

PROTOCOL = PROTOCOLS["deepobs-2019"]


@pytest.fixture(scope="module")
def ends():
    """The last value of each published run, NaN for a diverged one."""
    frame = load_baselines()
    last = frame.sort_values("epoch").groupby("run_id", observed=True).tail(1)
    # The names of folders, from which some of the published rates come, hold eleven digits.
    rates = [float(f"{rate:.8e}") for rate in last["learning_rate"]]
    return last.astype({"problem": object, "optimizer": object}).assign(learning_rate=rates)


def _trial(row, metric):
    value = float(row[metric])
    finished = row["status"] == "finished" and math.isfinite(value)
    return Trial(
        settings={"lr": row["learning_rate"]},
        run_ids=(row["run_id"],),
        values=(value if finished else None,),
        value=value if finished else None,
        status="finished" if finished else "diverged",
    )


def test_it_chooses_the_24_published_settings(ends):
    """Of 36 rates with seed 42, the one that was repeated with the seeds 43 to 51."""
    chosen, published = {}, {}
    for key, runs in ends.groupby(["problem", "optimizer"]):
        objective = find_objective(PROTOCOL.selection, get_problem(key[0]))
        grid = runs[runs["seed"] == 42]
        assert len(grid) == PROTOCOL.budget.amount == 36
        trials = [_trial(row, objective.metric) for row in grid.to_dict("records")]
        best = choose_best(trials, higher_is_better=objective.higher_is_better)
        chosen[key] = best.settings["lr"]
        repeated = runs.groupby("learning_rate")["seed"].agg(set)
        seeds = set(PROTOCOL.repeat_seeds)
        (published[key],) = [rate for rate, held in repeated.items() if held == seeds]
    assert len(chosen) == 24
    assert chosen == published


def test_its_grid_is_the_published_one(ends):
    """The same 36 learning rates."""
    (dimension,) = parse_space(PROTOCOL.space).values()
    assert sorted(set(ends["learning_rate"])) == pytest.approx(dimension.grid(), rel=1e-8)
