"""Learning-rate schedules."""

import math
from typing import Any

import pytest
import torch
from schedule_cases import EPOCHS, STEPS, flat, rates

from deepobs.runner import UsageError
from deepobs.runner.schedules import check_schedule, make_schedule
from deepobs.runner.schedules._check import _NEED_OBJECTS
from deepobs.runner.schedules._named import SCHEDULES


def test_constant_stays():
    """The base rate at every step."""
    assert rates("constant", lr=0.3) == [[0.3] * STEPS] * EPOCHS


def test_step_applies_each_factor_to_the_base_rate():
    """As DeepOBS does: 0.3, then 0.1 and 0.01 times 0.3, not cumulatively."""
    found = rates({"name": "step", "epochs": [1, 2], "factors": [0.1, 0.01]}, lr=0.3)
    assert [epoch[0] for epoch in found[:4]] == pytest.approx([0.3, 0.03, 0.003, 0.003])
    assert all(len(set(epoch)) == 1 for epoch in found)


def test_linear_falls_to_its_final_factor():
    """A straight line over all steps, reached at the end of the run."""
    found = flat(rates({"name": "linear", "final_factor": 0.5}))
    assert found == pytest.approx([1 - 0.5 * step / 40 for step in range(40)])


def test_cosine_is_half_a_cosine():
    """Loshchilov and Hutter's formula at every step."""
    found = flat(rates("cosine"))
    assert found == pytest.approx([(1 + math.cos(math.pi * s / 40)) / 2 for s in range(40)])


def test_warm_restarts_begin_again_and_grow():
    """Periods of 2 and 4 epochs: full rate at epochs 0, 2 and 6."""
    found = rates({"name": "cosine_warm_restarts", "period": 2, "period_factor": 2})
    full = [index for index, epoch in enumerate(found) if epoch[0] == 1.0]
    assert full == [0, 2, 6]
    assert found[1][0] == pytest.approx(0.5)
    assert found[4][0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("in_epochs", "in_steps"),
    [
        ({"name": "constant", "warmup_epochs": 2}, {"warmup_steps": 8}),
        ({"name": "cosine", "warmup_epochs": 0.5}, {"warmup_steps": 2}),
        ({"name": "trapezoidal", "cooldown_epochs": 3}, {"cooldown_steps": 12}),
        ({"name": "trapezoidal", "warmup_epochs": 1}, {"warmup_steps": 4}),
        ({"name": "cosine_warm_restarts", "period": 3}, {"period_steps": 12}),
        ({"name": "cosine_warm_restarts", "warmup_epochs": 1}, {"warmup_steps": 4}),
        ({"name": "step", "epochs": [3, 5], "factors": [0.1, 0.5]}, {"steps": [12, 20]}),
    ],
    ids=str,
)
def test_lengths_in_steps_are_those_in_epochs(in_epochs, in_steps):
    """Warm-up, cool-down, periods and changes mean the same in either unit, here of 4 steps."""
    counterparts = {
        "warmup_steps": "warmup_epochs",
        "cooldown_steps": "cooldown_epochs",
        "period_steps": "period",
        "steps": "epochs",
    }
    (given,) = in_steps
    counted = {k: v for k, v in in_epochs.items() if k != counterparts[given]} | in_steps
    assert flat(rates(counted)) == pytest.approx(flat(rates(in_epochs)), rel=1e-12)


def test_a_change_may_be_within_an_epoch():
    """Steps need not be multiples of an epoch."""
    found = flat(rates({"name": "step", "steps": [5, 6], "factors": [0.5, 0.1]}))
    assert found[:8] == [1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.1, 0.1]


def test_restarts_in_steps_are_exact():
    """Periods that are no whole number of epochs restart at their very step, warm-up included."""
    found = flat(rates({"name": "cosine_warm_restarts", "period_steps": 3, "warmup_steps": 3}))
    assert [step for step, rate in enumerate(found) if rate == 1.0] == [2, *range(3, 40, 3)]


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (
            {"name": "cosine", "warmup_steps": 2, "warmup_epochs": 1},
            "warmup_epochs or .*steps",
        ),
        ({"name": "cosine", "warmup_steps": 2.5}, "warmup_steps .* whole number of at least 0"),
        ({"name": "cosine_warm_restarts", "period_steps": 0}, "must be a positive number, not 0"),
        ({"name": "step", "steps": [3, 2], "factors": [1, 1]}, "steps .* increasing list"),
        ({"name": "step", "steps": [3, 4], "factors": [1]}, "2 numbers .* as many as its steps"),
        ({"name": "linear", "cooldown_steps": 2}, "no argument of the schedule linear"),
        ({"name": "cosine", "warmup_steps": 41}, "take longer than the 40 steps"),
    ],
    ids=str,
)
def test_wrong_lengths_in_steps_are_refused(schedule, words):
    """In a sentence, before training where the steps of an epoch are known."""
    with pytest.raises(UsageError, match=words):
        check_schedule(schedule, EPOCHS, STEPS)


def test_a_warm_up_too_long_for_the_steps_is_refused_before_training():
    """Also where only the data tell how many steps an epoch has."""
    with pytest.raises(UsageError, match="take longer than the 40 steps"):
        rates({"name": "cosine", "warmup_steps": 41})


def test_trapezoidal_is_flat_and_then_falls():
    """By default the last fifth of the run goes down to zero."""
    found = rates({"name": "trapezoidal", "warmup_epochs": 1})
    assert found[0] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert found[1:8] == [[1.0] * STEPS] * 7
    assert flat(found[8:]) == pytest.approx([1 - step / 8 for step in range(8)])


def test_trapezoidal_cools_down_after_its_warm_up():
    """A long warm-up leaves less than a fifth of the run to go down in; the peak is reached."""
    found = rates({"name": "trapezoidal", "warmup_epochs": 9})
    assert max(flat(found)) == 1.0
    assert found[9] == pytest.approx([1, 0.75, 0.5, 0.25])


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "step"])
def test_warm_up_rises_in_a_line(name):
    """Two epochs of warm-up: from an eighth of the rate to the whole."""
    found = flat(rates({"name": name, "warmup_epochs": 2}))
    assert found[:8] == pytest.approx([step / 8 for step in range(1, 9)])


def test_warm_up_of_the_step_schedule_keeps_its_epochs():
    """The epochs of the step schedule count from the start of the run."""
    found = rates({"name": "step", "epochs": [3], "factors": [0.1], "warmup_epochs": 1})
    assert [epoch[0] for epoch in found[:5]] == pytest.approx([0.25, 1, 1, 0.1, 0.1])


def test_classes_of_torch_move_by_epoch_unless_told():
    """StepLR halves every epoch, or every step."""
    slow = rates({"name": "StepLR", "step_size": 1, "gamma": 0.5})
    fast = rates({"name": "StepLR", "step_size": 1, "gamma": 0.5, "interval": "step"})
    assert [epoch[0] for epoch in slow[:3]] == [1, 0.5, 0.25]
    assert fast[0] == [1, 0.5, 0.25, 0.125]


def test_reduce_on_plateau_looks_at_the_loss():
    """The loss never falls, so the rate does, once its patience is over."""
    found = rates({"name": "ReduceLROnPlateau", "patience": 1, "factor": 0.5})
    assert [epoch[0] for epoch in found[:4]] == [1, 1, 1, 0.5]


@pytest.mark.parametrize(
    "schedule",
    [
        {"name": "cosine", "warmup_epochs": 2},
        {"name": "step", "epochs": [1, 5], "factors": [0.5, 0.1]},
        {"name": "OneCycleLR", "max_factor": 1.0, "total_steps": 41, "interval": "step"},
    ],
    ids=lambda schedule: schedule["name"],
)
@pytest.mark.parametrize("at", [0, 3, 20, 39])
def test_goes_on_exactly_where_it_stopped(schedule, at):
    """Created again and loaded, it gives the same rates bit for bit."""
    assert rates(schedule, resume_at=at) == rates(schedule)


CLASSES: list[dict[str, Any]] = [
    {"name": "ConstantLR"},
    {"name": "CosineAnnealingLR", "T_max": 10},
    {"name": "CosineAnnealingWarmRestarts", "T_0": 4},
    {"name": "CyclicLR", "base_factor": 0.1, "max_factor": 2.0, "step_size_up": 3},
    {"name": "ExponentialLR", "gamma": 0.9},
    {"name": "LinearLR"},
    {"name": "MultiStepLR", "milestones": [2, 5]},
    {"name": "OneCycleLR", "max_factor": 2.0, "total_steps": 41},
    {"name": "PolynomialLR"},
    {"name": "ReduceLROnPlateau", "patience": 1},
    {"name": "StepLR", "step_size": 2},
]


def test_all_classes_of_torch_are_tried():
    """Those that are built from numbers."""
    offered = {
        name
        for name, kind in vars(torch.optim.lr_scheduler).items()
        if isinstance(kind, type)
        and issubclass(kind, torch.optim.lr_scheduler.LRScheduler)
        and not name.startswith("_")
        and name not in _NEED_OBJECTS
    }
    assert {schedule["name"] for schedule in CLASSES} == offered


@pytest.mark.parametrize("schedule", CLASSES, ids=lambda schedule: schedule["name"])
def test_every_class_of_torch_moves_the_runs_own_learning_rate(schedule):
    """Rates are proportional to the run's learning rate, and it is not ignored."""
    schedule = {**schedule, "interval": "step"} if "Plateau" not in schedule["name"] else schedule
    small, large = rates(schedule, lr=1e-3), rates(schedule, lr=1.0)
    assert flat(small) == pytest.approx([1e-3 * rate for rate in flat(large)], abs=1e-12)


def test_each_group_has_its_own_cycle():
    """A group with a tenth of the learning rate has a tenth of the peak."""
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups: list[dict[str, Any]] = [{"params": weights[:1], "lr": 0.1}, {"params": weights[1:]}]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    schedule = check_schedule({"name": "OneCycleLR", "max_factor": 2.0, "total_steps": 5})
    made = make_schedule(schedule, optimizer, epochs=5, steps_per_epoch=1)
    peak = [0.0, 0.0]
    for _ in range(5):
        peak = [max(p, group["lr"]) for p, group in zip(peak, optimizer.param_groups, strict=True)]
        optimizer.step()
        made.after_epoch(loss=1.0)
    assert peak[0] == pytest.approx(0.1 * peak[1])


@pytest.mark.parametrize("cycled", [None, True])
def test_momentum_is_cycled_on_request_only(cycled):
    """The momentum that a run is given is not replaced in silence."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.7)
    schedule = {"name": "OneCycleLR", "max_factor": 2.0, "total_steps": 5}
    if cycled:
        schedule["cycle_momentum"] = True
    make_schedule(check_schedule(schedule), optimizer, epochs=5, steps_per_epoch=1)
    assert optimizer.param_groups[0]["momentum"] == (0.95 if cycled else 0.7)


def test_restarts_with_a_tiny_period_take_no_longer():
    """A period of 1e-12 epochs means 1e13 cycles by the end, which nobody counts one by one."""
    found = flat(rates({"name": "cosine_warm_restarts", "period": 1e-12}))
    assert all(0 <= rate <= 1 for rate in found)


@pytest.mark.parametrize("growth", [1.0, 1.3, 2.0, 3.0])
def test_restarts_are_where_the_summed_periods_say(growth):
    """The closed form names the same cycle as adding one period after the other."""
    factor = SCHEDULES["cosine_warm_restarts"](2.0, 100.0, period=3.0, period_factor=growth)
    for epoch in (2.0, 2.5, 4.999, 5.0, 11.0, 23.0, 47.0, 99.5):
        begin, length = 2.0, 3.0
        while epoch >= begin + length:
            begin, length = begin + length, length * growth
        expected = (1 + math.cos(math.pi * (epoch - begin) / length)) / 2
        assert factor(epoch) == pytest.approx(expected, abs=1e-12)
