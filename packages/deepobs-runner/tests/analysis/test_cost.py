"""The frontier of speed against loss, and the optimizer's overhead."""

import math

import numpy as np
import pytest

from deepobs.runner.analysis import optimizer_overhead, pareto_mask, speed_frontier


def test_pareto_mask_by_hand():
    """Points that another beats in cost and loss are off the frontier; equal twins both stay."""
    costs = [1.0, 2.0, 2.0, 3.0, 4.0, 1.0, math.nan]
    losses = [5.0, 4.0, 3.0, 3.0, 1.0, 5.0, 0.0]
    assert pareto_mask(costs, losses).tolist() == [True, False, True, False, True, True, False]


def test_pareto_mask_agrees_with_the_definition():
    """On random points (with ties) the mask is what comparing all pairs gives."""
    points = np.random.default_rng(0).integers(6, size=(40, 2)).astype(float)
    less = (points[:, None] <= points[None]).all(-1) & (points[:, None] < points[None]).any(-1)
    assert pareto_mask(*points.T).tolist() == (~less.any(axis=0)).tolist()


def test_frontier_of_two_methods(make_frame):
    """A fast method leads at first and a better one later; the value is the best so far."""
    fast = {"optimizer": "Fast", "losses": [9.0, 3.0, 4.0], "epoch_seconds": [1.0, 1.0]}
    good = {"optimizer": "Good", "losses": [9.0, 5.0, 1.0], "epoch_seconds": [2.0, 2.0]}
    table = speed_frontier(make_frame(fast, good)).set_index(["method", "epoch"])
    assert table["cost"].tolist() == [1.0, 2.0, 2.0, 4.0]
    assert table["value"].loc["Fast"].tolist() == [3.0, 3.0]
    assert table["on_frontier"].tolist() == [True, False, False, True]


def test_frontier_ends_where_a_run_diverged(make_frame):
    """The mean of the runs that are left does not stand for the method."""
    lasting = {"losses": [9.0, 5.0, 1.0], "random_seed": 1}
    lost = {"losses": [9.0, 7.0, math.nan], "random_seed": 2, "status": "diverged"}
    (row,) = speed_frontier(make_frame(lasting, lost), "steps").to_dict("records")
    assert (row["epoch"], row["value"]) == (1, 6.0)


def test_frontier_needs_a_recorded_cost(make_frame):
    """Runs without timings have no place on a frontier of seconds."""
    frame = make_frame({"epoch_seconds": None})
    assert len(speed_frontier(frame)) == 0
    assert len(speed_frontier(frame, "steps")) == 3


def test_overhead_is_the_optimizers_share_of_the_gradient(make_frame):
    """Overhead: optimizer seconds over forward and backward seconds, median over runs."""
    runs = [
        {"random_seed": seed, "cost": {"forward_backward_seconds": 0.01, "optimizer_seconds": time}}
        for seed, time in enumerate([0.001, 0.002, 0.009])
    ]
    (row,) = optimizer_overhead(make_frame(*runs, {"optimizer": "Untimed"})).to_dict("records")
    assert row["overhead"] == pytest.approx(0.2)
    assert (row["method"], row["num_runs"]) == ("SGD", 3)


@pytest.mark.parametrize(
    ("device", "memory_of"),
    [("cpu", "process"), ("NVIDIA H100", "tensors"), (None, "process")],
)
def test_peak_memory_says_what_it_is_of(make_frame, device, memory_of):
    """On a CPU the peak is the whole process's, on CUDA that of tensors."""
    cost = {"forward_backward_seconds": 2.0, "optimizer_seconds": 1.0, "peak_memory_bytes": 9}
    fields = {} if device is None else {"environment": {"device": device}}
    (row,) = optimizer_overhead(make_frame({"cost": cost, **fields})).to_dict("records")
    assert row["memory_of"] == memory_of
