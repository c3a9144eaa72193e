"""A run from its arguments to its record."""

import math
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from deepobs.problems import build
from deepobs.runner import RunConfig, UsageError, load_records, run
from deepobs.runner.sweeps import sweep

quiet = partial(run, progress="off", device="cpu")
CONFIG = RunConfig(problem="digits_logreg", optimizer="SGD", lr=0.1)


def test_takes_a_configuration_in_place_of_its_settings():
    """`run(config)` is the run that the same settings give."""
    settings: dict[str, Any] = {
        "problem": "digits_logreg",
        "optimizer": "SGD",
        "lr": 0.1,
        "epochs": 1,
    }
    assert quiet(RunConfig(**settings)).test_losses == quiet(**settings).test_losses


def test_a_length_in_steps_trains_on_the_same_batches():
    """66 steps, evaluated every 22: three passes over the digits, which have 22 batches of 64."""
    given: dict[str, Any] = {"lr": 0.1, "schedule": {"name": "cosine", "warmup_steps": 11}}
    in_steps = quiet("digits_logreg", "SGD", steps=66, eval_every=22, **given)
    in_epochs = quiet("digits_logreg", "SGD", epochs=3, **given)
    assert in_steps.test_losses == in_epochs.test_losses
    often = quiet("digits_logreg", "SGD", steps=66, eval_every=6, **given)
    assert len(often.test_losses) == 12
    assert often.test_losses[-1] == in_epochs.test_losses[-1]
    assert often.num_steps == 6


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        (("digits_logreg",), {"lr": 0.1}, "run needs optimizer"),
        ((CONFIG, "SGD"), {}, "already sets optimizer: leave optimizer out"),
        ((CONFIG,), {"lr": 0.1}, "already sets lr: leave lr out"),
    ],
)
def test_settings_come_from_one_place(arguments, keywords, message):
    """Either a configuration, or a problem, an optimizer and settings."""
    with pytest.raises(UsageError, match=message):
        quiet(*arguments, **keywords)


def test_a_done_run_is_not_done_again(measured, tmp_path):
    """Returns the stored record; with `force` the run is repeated and gets a record of its own."""
    settings: dict[str, Any] = {"lr": 0.01, "epochs": 1, "results": tmp_path}
    first = quiet("quadratic_deep", "SGD", **settings)
    again = quiet("quadratic_deep", "SGD", **settings)
    assert (again, again.path) == (first, first.path)
    forced = quiet("quadratic_deep", "SGD", force=True, **settings)
    assert forced.path != first.path
    assert measured(forced) == measured(first)


class Explodes(torch.optim.SGD):
    """Multiplies the weights on request, so that a repetition of a run diverges."""

    factor = 1.0

    @torch.no_grad()
    def step(self, closure=None):
        loss = super().step(closure)
        torch._foreach_mul_(self.param_groups[0]["params"], self.factor)
        return loss


def test_the_newest_record_counts_everywhere(tmp_path, monkeypatch):
    """A repetition that diverged is what run, sweep and report go on with; the first is kept."""
    settings: dict[str, Any] = {"lr": 0.01, "epochs": 1}
    first = quiet("quadratic_deep", Explodes, results=tmp_path, **settings)
    monkeypatch.setattr(Explodes, "factor", math.inf)
    forced = quiet("quadratic_deep", Explodes, results=tmp_path, force=True, **settings)
    assert (first.status, forced.status) == ("finished", "diverged")
    kept = [path.name for path in (tmp_path / ".superseded").rglob("*.json")]
    assert kept == [Path(first.path).name]
    assert quiet("quadratic_deep", Explodes, results=tmp_path, **settings).status == "diverged"
    plan = {"problems": ["quadratic_deep"], "optimizers": [Explodes], "seeds": [42], **settings}
    swept = sweep(plan, results=tmp_path, workers=0, device="cpu", progress="off")
    assert swept.count("done before") == 1
    assert set(load_records(tmp_path)["status"]) == {"diverged"}


def test_best_model_is_kept_beside_the_record(tmp_path):
    """The file holds the weights of the evaluation with the best accuracy."""
    record = quiet(
        "digits_mlp", "SGD", lr=0.5, epochs=3, results=tmp_path, keep_best=True, validation=0.2
    )
    best = torch.load(Path(record.path).with_suffix(".best.pt"), weights_only=True)
    assert best["criterion"] == "valid_accuracy"
    assert best["value"] == max(record.valid_accuracies) == record.valid_accuracies[best["epoch"]]
    built = build("digits_mlp", validation=0.2)
    built.model.load_state_dict(best["model"])
    assert built.evaluate("valid").accuracy == best["value"]


BAD = {
    "unknown device": ({"device": "gpu"}, "no device named 'gpu'"),
    "device that is not here": ({"device": "cuda:99"}, "no device 'cuda:99' here"),
    "unknown progress": ({"progress": "loud"}, "'loud'"),
    "resume without a folder": ({"resume": True}, "results folder"),
    "checkpoints without a folder": ({"checkpoint_every": 1}, "results folder"),
    "a batch larger than the data": ({"batch_size": 5000}, "5000"),
}


@pytest.mark.parametrize(("changes", "named"), BAD.values(), ids=list(BAD))
def test_bad_execution_is_refused_in_one_sentence(changes, named):
    """As for what defines the run."""
    with pytest.raises(UsageError) as caught:
        run("digits_mlp", "SGD", **{"lr": 0.1, "epochs": 1, "progress": "off", **changes})
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
