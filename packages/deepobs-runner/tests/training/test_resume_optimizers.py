"""Every kind of optimizer goes on exactly after a kill, or the record says that it did not."""

import logging
import random
import signal

import pytest
import torch
from resumed_runs import num_steps, same

from deepobs.runner import Callback, RunInterruptedError, run
from deepobs.runner.optimizers import OPTIMIZERS

#: An optimizer and settings by the name of what they show.
COMBINATIONS = {
    "a group of two": (
        "AdamW",
        {"groups": ["role=hidden optimizer=Muon", "lr_factor=0.3 weight_decay=0"]},
    ),
    "SAM over momentum": ("SAM(Momentum)", {}),
    "Lookahead": ("Lookahead(Adam)", {}),
    "ema": ("SGD", {"averaging": {"name": "ema", "decay": 0.9, "raw": True}}),
    "swa": ("SGD", {"averaging": {"name": "swa", "start": 0.0}}),
    "lawa": ("SGD", {"averaging": {"name": "lawa", "window": 2}}),
    "Magma": ("pytorch_optimizer.Magma(Momentum)", {}),
}
#: What every run of the tests tries: a wrapper, groups, an average, two sets of weights, noise.
FAST = {"SAM over momentum", "a group of two", "ema", "Muon", "ScheduleFreeAdamW", "AdaHessian"}


class Forgetful(torch.optim.Optimizer):
    """Momentum that is no part of its state."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})
        self.sums = {}

    @torch.no_grad()
    def step(self, closure=None):
        """Steps along the sum."""
        for group in self.param_groups:
            for parameter in group["params"]:
                held = self.sums.get(parameter, 0.0)
                self.sums[parameter] = 0.9 * held + parameter.grad
                parameter -= group["lr"] * self.sums[parameter]


class Unloadable(torch.optim.SGD):
    """Returns a state that it does not take."""

    def load_state_dict(self, state_dict):
        """Looks for a key that is never there."""
        super().load_state_dict(state_dict["inner"])


class StopsOnce(Callback):
    """Sends the run the signal of a preemption in its fifth step."""

    def on_step_end(self, trainer):
        """Raises the signal, before the checkpoint of this step."""
        if trainer.epoch == 0 and trainer.step_in_epoch == 5:
            signal.raise_signal(signal.SIGUSR1)


def cases():
    """The reference optimizers and the combinations; most of them are slow."""
    names = [*OPTIMIZERS, *COMBINATIONS]
    return [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", cases())
def test_killed_at_random_steps_gives_the_same_run(runs, name):
    """SIGKILL twice; weights, record and all series are the same bit for bit."""
    optimizer, settings = COMBINATIONS.get(name, (name, {}))
    entry = OPTIMIZERS.get(optimizer)
    if "pytorch_optimizer" in optimizer or (entry is not None and entry.package != "torch"):
        pytest.importorskip("pytorch_optimizer")
    changes = {"lr": None, "epochs": 2, "schedule": "cosine", **settings}
    whole = runs.finish("whole", optimizer, **changes)
    steps = num_steps(whole)
    for point in sorted(random.Random(name).sample(range(1, steps), 2)):
        runs.kill("killed", at=point, of=steps, optimizer=optimizer, **changes)
    assert same(runs.finish("killed", optimizer, **changes), whole)


def stopped_and_resumed(optimizer, folder):
    """The record of a run that was stopped in its fifth step and went on."""
    settings = {"lr": 0.01, "epochs": 1, "device": "cpu", "progress": "off", "results": folder}
    with pytest.raises(RunInterruptedError, match="checkpoint is saved"):
        run("digits_mlp", optimizer, checkpoint_every=0, callbacks=[StopsOnce()], **settings)
    return run("digits_mlp", optimizer, checkpoint_every=0, resume=True, **settings)


@pytest.mark.parametrize(
    ("optimizer", "why"),
    [
        (Forgetful, "after its state is restored, it changes 1.weight differently"),
        (Unloadable, "its load_state_dict needs the key 'inner', and"),
    ],
)
def test_what_cannot_be_resumed_exactly_is_found_at_the_first_checkpoint(
    optimizer, why, tmp_path, caplog
):
    """By loading and stepping a copy; said once, though every step has a checkpoint."""
    settings = {"lr": 0.01, "epochs": 1, "device": "cpu", "progress": "off", "results": tmp_path}
    with caplog.at_level(logging.WARNING, "deepobs"):
        run("digits_mlp", optimizer, checkpoint_every=0, **settings)
    said = [r.message for r in caplog.records if "cannot be resumed exactly" in r.message]
    assert len(said) == 1
    assert said[0].startswith(
        f"The optimizer {optimizer.__name__} cannot be resumed exactly: {why}"
    )


@pytest.mark.parametrize(
    ("optimizer", "how"),
    [
        ("Momentum", "exactly"),
        (Forgetful, "after its state is restored, it changes 1.weight differently"),
        ("pytorch_optimizer.Magma(Momentum)", "exactly"),
    ],
)
def test_the_record_of_a_resumed_run_says_whether_it_is_exact(optimizer, how, tmp_path):
    """One that was not resumed says nothing."""
    if isinstance(optimizer, str) and "." in optimizer:
        pytest.importorskip("pytorch_optimizer")
    assert stopped_and_resumed(optimizer, tmp_path).environment["resumed"] == how
    whole = run("digits_mlp", "SGD", lr=0.1, epochs=1, progress="off", device="cpu")
    assert "resumed" not in whole.environment
