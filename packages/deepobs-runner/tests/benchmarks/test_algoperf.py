"""AlgoPerf's score on made-up records, and on runs of its protocol."""

import math

import benchmark_cases
import pandas as pd
import pytest

from deepobs.runner.benchmarks import algoperf_score, study_times

# The second at which each trial reaches the target (None: never), by method, problem and study.
# Worked out by hand: the fastest trial of each study, the median of the studies, the profile.
#   A on p: studies 3, 5, 4 -> 4.   B on p: 2, 6, never -> 6.   A on q: never, never, 2 -> never.
#   B on q: 5, 3, 8 -> 5.
# Ratios: A 1 on p, infinite on q; B 6/4 = 1.5 on p, 1 on q.
# Scores with r_max = 4: A (1 + 0) / 2; B ((4 - 1.5) / 3 + 1) / 2 = (0.8333 + 1) / 2.
TRIALS: dict[tuple[str, str], list[list[int | None]]] = {
    ("A", "p"): [[3, 7], [None, 5], [4, 4]],
    ("B", "p"): [[2, None], [6, 9], [None, None]],
    ("A", "q"): [[None, None], [None, None], [2, 9]],
    ("B", "q"): [[5, 6], [3, None], [8, 9]],
}
TARGET = 1.0


@pytest.fixture
def frame(make_frame):
    """The same in the form that `load_records` gives."""
    made, searches = [], {}
    for (method, problem), studies in TRIALS.items():
        for study, trials in enumerate(studies):
            for trial, reached in enumerate(trials):
                losses = [2.0 if reached is None or e < reached else 0.5 for e in range(11)]
                run = f"{method}-{problem}-{study}-{trial}"
                searches[run] = f"{method}-{problem}-{study}"
                made.append(
                    {
                        "testproblem": problem,
                        "optimizer": method,
                        "learning_rate": 0.01 * (1 + trial),
                        "random_seed": 42 + study,
                        "run_id": run,
                        "losses": [2.0] * 11,  # on training and test data nothing is reached
                        "valid_losses": losses,
                        "epoch_seconds": [1.0] * 10,
                    }
                )
    found = make_frame(*made)
    names = found["run_id"].astype(object).map(searches)
    return found.assign(search=pd.Categorical(names), role=pd.Categorical(["trial"] * len(found)))


def _methods(frame):
    return {name: name[0] for name in frame["search"].unique()}


def test_the_score_is_the_one_worked_out_by_hand(frame):
    """Fastest trial of a study, median of the studies, integrated profile."""
    times = study_times(frame, _methods(frame), targets={"p": TARGET, "q": TARGET})
    assert times.to_dict() == {"A": {"p": 4.0, "q": math.inf}, "B": {"p": 6.0, "q": 5.0}}
    score = algoperf_score(times)
    assert score["A"] == pytest.approx(0.5)
    assert score["B"] == pytest.approx(((4 - 1.5) / 3 + 1) / 2)


def test_steps_count_as_well(frame):
    """Seven steps an epoch, in the made-up records."""
    times = study_times(frame, _methods(frame), targets={"p": TARGET, "q": TARGET}, measure="steps")
    assert times.loc["p"].to_dict() == {"A": 28.0, "B": 42.0}


def test_problems_without_a_target_are_left_out(frame):
    """And without any problem no method scores."""
    times = study_times(frame, _methods(frame), targets={"p": TARGET})
    assert list(times.index) == ["p"]
    assert algoperf_score(times.iloc[:0]).to_dict() == {"A": 0.0, "B": 0.0}


def test_the_protocol_has_five_studies_of_five_trials(tmp_path):
    """Each with settings and a seed of its own; nothing is repeated."""
    outcome = benchmark_cases.run_benchmark(
        tmp_path, problems="two_d_beale", protocol="algoperf-external", lengths=[0.01], against=()
    )
    assert sorted(entry.study for entry in outcome.searches) == [0, 1, 2, 3, 4]
    trials = [trial for held in outcome.searches.values() for trial in held.trials]
    assert len({trial.settings["lr"] for trial in trials}) == 25
    assert len({run for trial in trials for run in trial.run_ids}) == 25
    assert all(not held.repeats for held in outcome.searches.values())
    assert outcome.failed == ()
