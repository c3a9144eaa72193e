"""Optimizers whose state cannot be saved or restored: a run goes on, a resume says which key."""

import io
from collections import OrderedDict, defaultdict

import numpy as np
import pytest
import torch

from deepobs.runner import Callback, CheckpointError, run
from deepobs.runner.optimizers import restore_state, resumes_exactly, savable_state, trial_model
from deepobs.runner.optimizers._calls import Calls


class Helper:
    """Anything that is no tensor and no plain value."""


class Holds(torch.optim.SGD):
    """Keeps a value in the state of its first parameter."""

    held = Helper()

    def step(self, closure=None):
        """Takes a step, then keeps the value."""
        result = super().step(closure)
        self.state[self.param_groups[0]["params"][0]]["held"] = self.held
        return result


class OwnLayout(torch.optim.SGD):
    """Writes one key and reads another."""

    def state_dict(self):
        """Returns the state under a key of its own."""
        return {"mine": super().state_dict()}

    def load_state_dict(self, state):
        """Reads it from another key."""
        super().load_state_dict(state["theirs"])


class Unfinished(torch.optim.SGD):
    """Has no state_dict."""

    def state_dict(self):
        """Raises an error."""
        raise NotImplementedError("not yet")


class Refuses(torch.optim.SGD):
    """Cannot load what it has written."""

    def load_state_dict(self, state):
        """Raises an error."""
        raise RuntimeError("not this one")


def holding(value):
    """A class that keeps a value in its state."""
    return type("Holding", (Holds,), {"held": value})


def stepped(kind):
    """An optimizer after one step."""
    weights = torch.nn.Parameter(torch.ones(2, 3))
    made = kind([weights], lr=0.1)
    weights.grad = torch.ones_like(weights)
    made.step()
    return made


KEY = r"state_dict\(\)\['state'\]\[0\]\['held'\]"
UNSAVABLE = {
    "object": (holding(Helper()), rf"{KEY} is a .*Helper, but only tensors"),
    "function": (holding(len), rf"{KEY} is a builtins.builtin_function"),
    "lambda": (holding([lambda x: x]), rf"{KEY}\[0\] is a builtins.function"),
    "deep": (holding({"a": [1, {"b": Helper()}]}), rf"{KEY}\['a'\]\[1\]\['b'\] is a"),
    "numpy scalar": (holding([np.float64(1)]), rf"{KEY}\[0\] is a numpy.float64"),
    "generator": (holding(torch.Generator()), rf"{KEY} is a torch._C.Generator"),
    "default": (holding(defaultdict(list)), rf"{KEY} is a collections.defaultdict"),
    "unfinished": (Unfinished, "its state_dict fails: NotImplementedError: not yet"),
}
UNREADABLE = {
    "own layout": (OwnLayout, "needs the key 'theirs', and the keys of its state_dict are 'mine'"),
    "refuses": (Refuses, "with the keys 'state', 'param_groups': RuntimeError: not this one"),
}
ALL = UNSAVABLE | UNREADABLE


@pytest.mark.parametrize(("kind", "words"), ALL.values(), ids=list(ALL))
def test_why_a_state_cannot_be_restored_names_the_key(kind, words):
    """In a sentence; a file holds the reason in place of what it cannot hold."""
    content = io.BytesIO()
    torch.save(savable_state(stepped(kind)), content)
    content.seek(0)
    state = torch.load(content, weights_only=True)
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(restore_state(stepped(kind), state))


@pytest.mark.parametrize(
    "value",
    [1, "text", None, (1, [2.0]), {"a": torch.ones(1)}, OrderedDict(a=[torch.ones(1)]), torch.int8],
    ids=str,
)
def test_plain_values_are_saved(value):
    """Whatever torch reads from a file without running code."""
    made = stepped(holding(value))
    assert savable_state(made).keys() == {"state", "param_groups"}
    assert restore_state(made, savable_state(made)) is None


def test_an_optimizer_that_fails_on_a_small_copy_is_not_known_to_resume():
    """The check is no reason to end the run."""

    class Large(torch.optim.SGD):
        def step(self, closure=None):
            raise ValueError("too small")

    def make(module):
        return Large(module.parameters(), lr=0.1)

    why = resumes_exactly(make, trial_model(), Calls.STEP)
    assert why.startswith("it fails on a small copy of the model: ValueError: too small")


class StopOnce(Callback):
    """Ends a run in its second epoch."""

    def on_step_end(self, trainer):
        """Raises an interrupt."""
        if trainer.epoch == 1:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("kind", "words"), ALL.values(), ids=list(ALL))
def test_a_run_goes_on_without_what_cannot_be_saved(tmp_path, caplog, kind, words):
    """It finishes like any other; only resuming it is refused, in a sentence with the way out."""
    options = {"lr": 0.1, "results": tmp_path, "checkpoint_every": 0, "device": "cpu"}
    options |= {"progress": "off", "epochs": 2}
    with pytest.raises(KeyboardInterrupt):
        run("digits_logreg", kind, callbacks=[StopOnce()], **options)
    assert "cannot be resumed exactly: " in caplog.text
    with pytest.raises(CheckpointError, match=words) as caught:
        run("digits_logreg", kind, resume=True, **options)
    assert str(caught.value).count("\n") == 0
    assert "Start the run again without resuming" in str(caught.value)
    assert run("digits_logreg", kind, **options).status == "finished"
