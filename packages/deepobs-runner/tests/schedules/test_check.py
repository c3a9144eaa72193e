"""What a schedule is refused for, before a run starts."""

import pytest
from schedule_cases import EPOCHS, rates

from deepobs.runner import UsageError
from deepobs.runner.schedules import check_schedule


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ({"name": "OneCycleLR", "max_lr": 0.5, "total_steps": 9}, "give max_factor, the multiple"),
        ({"name": "CyclicLR", "base_lr": 0.1, "max_lr": 0.5}, "give base_factor, the multiple"),
        ("OneCycleLR", "OneCycleLR needs max_factor"),
        ({"name": "CyclicLR", "base_factor": 0.1}, "CyclicLR needs max_factor"),
        ({"name": "OneCycleLR", "max_factor": -1, "total_steps": 9}, "must be a positive number"),
        ({"name": "CyclicLR", "base_factor": "a", "max_factor": 1}, "must be a positive number"),
    ],
)
def test_rates_that_would_replace_the_runs_own_are_refused(schedule, words):
    """In a sentence that names the factor."""
    with pytest.raises(UsageError, match=words):
        check_schedule(schedule, EPOCHS)


def test_schedules_that_take_functions_are_not_offered():
    """A file cannot hold them."""
    with pytest.raises(UsageError, match="no schedule named 'LambdaLR'"):
        check_schedule({"name": "LambdaLR", "lr_lambda": 1}, EPOCHS)


@pytest.mark.parametrize("schedule", [3, None, ["cosine"], {"epochs": 3}])
def test_a_schedule_is_a_name_or_a_mapping(schedule):
    """Anything else is refused in one sentence, which says what was given."""
    with pytest.raises(UsageError, match="a name or a mapping with a name, not "):
        check_schedule(schedule, EPOCHS)


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "StepLR", "step_size": 0},
        {"name": "StepLR", "step_size": 9, "gamma": "abc"},
        {"name": "CosineAnnealingLR", "T_max": 0},
        {"name": "OneCycleLR", "max_factor": 1.0, "total_steps": 9},
        {"name": "ReduceLROnPlateau", "interval": "step"},
    ],
    ids=str,
)
def test_what_would_fail_in_training_is_refused(arguments):
    """Torch takes these arguments, and fails on them after some epochs."""
    with pytest.raises(UsageError, match=arguments["name"]):
        check_schedule(arguments, EPOCHS)


def test_one_cycle_too_short_for_the_steps_is_refused_before_training():
    """How many steps a run takes is known only with its data."""
    schedule = {"name": "OneCycleLR", "max_factor": 1.0, "total_steps": 39, "interval": "step"}
    with pytest.raises(UsageError, match="39 steps in all, but the run needs 40"):
        rates(schedule)


def test_a_schedule_that_fails_late_says_so():
    """What ten epochs of trying do not show: the factor outgrows any float."""
    schedule = {"name": "CyclicLR", "base_factor": 0.1, "max_factor": 1, "mode": "exp_range"}
    with pytest.raises(UsageError, match="CyclicLR cannot continue: OverflowError"):
        rates({**schedule, "gamma": 1e9, "interval": "step"})


def test_checking_a_class_takes_no_longer_for_a_long_run():
    """A billion epochs are checked without stepping through them."""
    schedule = {"name": "StepLR", "step_size": 3}
    assert check_schedule(schedule, 10**9) == schedule


def test_one_cycle_shorter_than_the_run_is_refused():
    """However long the run is."""
    schedule = {"name": "OneCycleLR", "max_factor": 1.0, "total_steps": 500}
    with pytest.raises(UsageError, match="500 steps in all"):
        check_schedule(schedule, 10**9)


def test_an_integer_beyond_float_is_refused():
    """10^400 fits no float."""
    with pytest.raises(UsageError, match="period"):
        check_schedule({"name": "cosine_warm_restarts", "period": 10**400}, EPOCHS)
