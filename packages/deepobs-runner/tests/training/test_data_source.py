"""Data that the model itself collects, as in reinforcement learning."""

from dataclasses import replace

import collecting
import pytest
import torch

from deepobs.data import load_dataset
from deepobs.problems import get_problem
from deepobs.runner import Callback, RunConfig, run

PROBLEM = replace(get_problem("digits_mlp"), name="collected", dataset=collecting.collected)
CONFIG = RunConfig(problem=PROBLEM, optimizer="Adam", lr=1e-3, epochs=2)


class Weights(Callback):
    """Keeps the weights of the end, and may stop the run at a step."""

    def __init__(self, stop_at=None):
        self.stop_at = stop_at

    def on_run_start(self, config, built):
        self.built = built

    def on_step_end(self, trainer):
        if trainer.steps_taken == self.stop_at:
            raise KeyboardInterrupt

    def on_run_end(self, record):
        self.values = [p.detach().clone() for p in self.built.model.parameters()]


def _run(folder, **options):
    weights = Weights(options.pop("stop_at", None))
    run(
        CONFIG,
        results=folder,
        callbacks=[weights],
        checkpoint_every=0,
        progress="off",
        device="cpu",
        **options,
    )
    return weights.values


def test_batches_follow_the_model():
    """The same step of two models gives two batches: they are collected when asked for."""
    data = collecting.collected()
    batches = []
    for scale in (0.0, 1.0):
        model = torch.nn.Linear(1, 1)
        torch.nn.init.constant_(model.weight, scale)
        data.attach(model)
        batches.append(next(data.batches("train", batch_size=8)).inputs)
    assert not torch.equal(*batches)
    plain = next(load_dataset("digits").batches("train", batch_size=8)).inputs
    torch.testing.assert_close(batches[0], plain)


@pytest.mark.parametrize("step", [7, 22, 30])
def test_a_stopped_run_goes_on_exactly(tmp_path, step):
    """What the data set has collected so far is part of the checkpoint."""
    whole = _run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path / "stopped", stop_at=step)
    again = _run(tmp_path / "stopped", resume=True)
    assert all(map(torch.equal, whole, again))
