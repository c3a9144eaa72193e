"""What defines a run: checked at once, filled in, identified by its content."""

import json
import math
import pickle
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch

from deepobs.problems import UnknownProblemError, get_problem
from deepobs.runner import RunConfig, UsageError


def config(**changes):
    settings = {"problem": "quadratic_deep", "optimizer": "SGD", "lr": 0.1}
    return RunConfig(**{**settings, **changes})


BAD = {
    "unknown optimizer": ({"optimizer": "sgd"}, "SGD"),
    "optimizer of no module": ({"optimizer": "no_such.Thing"}, "no_such"),
    "optimizer misspelled in its module": ({"optimizer": "torch.optim.Adm"}, "Adam"),
    "not an optimizer": ({"optimizer": "torch.nn.Linear"}, "modules.linear.Linear"),
    "no class at all": ({"optimizer": 3}, "3"),
    "lr is text": ({"lr": "0.1"}, "'0.1'"),
    "lr is negative": ({"lr": -1}, "-1"),
    "lr is NaN": ({"lr": math.nan}, "nan"),
    "lr is infinite": ({"lr": math.inf}, "inf"),
    "lr is a boolean": ({"lr": True}, "True"),
    "lr among the hyperparameters": ({"hyperparameters": {"lr": 1}}, "lr"),
    "unknown hyperparameter": ({"hyperparameters": {"momentun": 0.9}}, "momentum"),
    "refused value": ({"hyperparameters": {"momentum": -0.9}}, "-0.9"),
    "text for a number": ({"hyperparameters": {"momentum": "high"}}, "'high'"),
    "hyperparameter is NaN": ({"hyperparameters": {"momentum": math.nan}}, "nan"),
    "epochs 0": ({"epochs": 0}, "epochs"),
    "epochs -1": ({"epochs": -1}, "-1"),
    "epochs and a half": ({"epochs": 1.5}, "1.5"),
    "batch size 0": ({"batch_size": 0}, "batch_size"),
    "negative seed": ({"seed": -1}, "seed"),
    "unknown schedule": ({"schedule": "cosin"}, "cosine"),
    "schedule without a name": ({"schedule": {"warmup_epochs": 3}}, "name"),
    "unknown argument of a schedule": ({"schedule": {"name": "cosine", "warmup": 3}}, "warmup_e"),
    "warm-up longer than the run": (
        {"epochs": 2, "schedule": {"name": "cosine", "warmup_epochs": 3}},
        "2 epochs",
    ),
    "step without epochs": ({"schedule": "step"}, "epochs"),
    "step from epoch 0": ({"schedule": {"name": "step", "epochs": [0], "factors": [1]}}, "from 1"),
    "step with too few factors": (
        {"schedule": {"name": "step", "epochs": [1, 2], "factors": [0.1]}},
        "2 numbers",
    ),
    "torch's schedule without its argument": ({"schedule": "StepLR"}, "step_size"),
    "unknown precision": ({"precision": "fp8"}, "fp32"),
    "gradient_accumulation_steps does not divide": ({"gradient_accumulation_steps": 3}, "128"),
    "no norm": ({"max_grad_norm": 0}, "max_grad_norm"),
    "no examples left to train": ({"validation": 1.0}, "validation"),
    "weight decay without a regularizer": ({"weight_decay": 0.1}, "quadratic_deep"),
    "loss scaling with a closure": ({"optimizer": "LBFGS", "precision": "fp16"}, "'closure'"),
}


@pytest.mark.parametrize(("changes", "named"), BAD.values(), ids=list(BAD))
def test_bad_input_is_refused_in_one_sentence(changes, named):
    """The error names what is wrong, on one line."""
    with pytest.raises(UsageError) as caught:
        config(**changes)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_problem_is_refused_with_the_nearest_name():
    """The catalogue's own error comes through."""
    with pytest.raises(UnknownProblemError, match="quadratic_deep"):
        config(problem="quadratic_dep")


def test_defaults_are_the_problems():
    """What is not given is filled in, so that it counts in the identity."""
    filled = config()
    assert (filled.epochs, filled.batch_size, filled.weight_decay) == (100, 128, None)
    assert filled.run_id == config(epochs=100, batch_size=128).run_id


SAME = {
    "whole learning rate": ({"lr": 1}, {"lr": 1.0}),
    "class or name": ({"optimizer": torch.optim.SGD}, {"optimizer": "SGD"}),
    "path or name": ({"optimizer": "torch.optim.SGD"}, {"optimizer": "SGD"}),
    "order of hyperparameters": (
        {"hyperparameters": {"momentum": 0.9, "nesterov": True}},
        {"hyperparameters": {"nesterov": True, "momentum": 0.9}},
    ),
    "list or tuple": (
        {"optimizer": "Adam", "hyperparameters": {"betas": [0.9, 0.99]}},
        {"optimizer": "Adam", "hyperparameters": {"betas": (0.9, 0.99)}},
    ),
    "no regularizer": ({"weight_decay": 0}, {"weight_decay": None}),
    "name or mapping": ({"schedule": "cosine"}, {"schedule": {"name": "cosine"}}),
    "whole warm-up": (
        {"schedule": {"name": "cosine", "warmup_epochs": 5.0}},
        {"schedule": {"name": "cosine", "warmup_epochs": 5}},
    ),
    "whole epochs of a schedule": (
        {"schedule": {"name": "step", "epochs": [5.0], "factors": [1]}},
        {"schedule": {"name": "step", "epochs": (5,), "factors": (1.0,)}},
    ),
    "whole argument of a class": (
        {"schedule": {"name": "ExponentialLR", "gamma": 1}},
        {"schedule": {"name": "ExponentialLR", "gamma": 1.0}},
    ),
    "whole norm": ({"max_grad_norm": 1}, {"max_grad_norm": 1.0}),
    "no warm-up": ({"schedule": {"name": "constant", "warmup_epochs": 0}}, {}),
    "problem or its name": ({"problem": get_problem("quadratic_deep")}, {}),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=list(SAME))
def test_what_means_the_same_run_has_the_same_identity(one, other):
    """Spelling does not count."""
    assert config(**one).run_id == config(**other).run_id


DIFFERENT: list[dict[str, Any]] = [
    {"lr": 0.2},
    {"seed": 43},
    {"optimizer": "Adam"},
    {"hyperparameters": {"momentum": 0.9}},
    {"epochs": 3},
    {"batch_size": 64},
    {"schedule": "cosine"},
    {"precision": "bf16"},
    {"gradient_accumulation_steps": 2},
    {"max_grad_norm": 1.0},
    {"validation": 0.1},
    {"replay": True},
    {"problem": "two_d_beale"},
    {"problem": replace(get_problem("quadratic_deep"), carries_state=True)},
]


def test_whatever_changes_the_run_changes_its_identity():
    """A user's variant of a problem counts too, though it bears the same name."""
    identities = {config(**changes).run_id for changes in [{}, *DIFFERENT]}
    assert len(identities) == len(DIFFERENT) + 1


def model(values):
    """Stands for a user's model."""


class Loss:
    """Stands for a user's loss that keeps a setting."""

    def __init__(self, smoothing):
        self.smoothing = smoothing

    def __call__(self, reduction):
        """Does nothing."""


def own(**changes):
    return config(problem=replace(get_problem("digits_mlp"), name="own", **changes))


def test_a_users_own_problem_is_identified_by_its_content():
    """What an object holds counts, and every number of a tensor."""
    weights = [torch.arange(5000.0), torch.arange(5000.0), torch.arange(5000.0)]
    weights[1][2500] = 0
    assert repr(weights[0]) == repr(weights[1])
    one, other, same = (own(model=partial(model, values)).run_id for values in weights)
    assert one != other
    assert one == same
    assert own(loss=Loss(0.1)).run_id != own(loss=Loss(0.9)).run_id
    assert own(loss=Loss(0.1)).run_id == own(loss=Loss(0.1)).run_id


@pytest.mark.parametrize(
    "made",
    [lambda: None, Loss(0.1).__call__, partial(model, object())],
    ids=["lambda", "bound method", "bare object"],
)
def test_a_problem_whose_content_cannot_be_told_has_no_identity(made):
    """Two of them would be taken for the same run; it can be run without a results folder."""
    with pytest.raises(UsageError, match="function of a module"):
        _ = own(model=made).run_id
    assert hash(own(model=made)) == hash(own(model=made))


def test_identity_is_stable_between_versions():
    """Results folders of last year still skip what is done: the hash may not drift."""
    assert config(epochs=3, hyperparameters={"momentum": 0.9}).run_id == "1c3bdcdd1b8e2621"


def test_goes_through_json_and_pickle():
    """A worker on another machine gets the same configuration."""
    made = config(
        optimizer="Adam",
        hyperparameters={"betas": (0.8, 0.9)},
        schedule={"name": "step", "epochs": [1, 2], "factors": [0.1, 0.01]},
    )
    read = RunConfig.from_dict(json.loads(json.dumps(made.to_dict())))
    assert read == made
    assert read.run_id == made.run_id == pickle.loads(pickle.dumps(made)).run_id


def test_from_dict_names_a_misspelled_setting():
    """A file with a wrong key is refused, with the right one."""
    with pytest.raises(UsageError, match="did you mean epochs"):
        RunConfig.from_dict({"problem": "quadratic_deep", "optimizer": "SGD", "lr": 1, "epoch": 3})


def test_from_dict_asks_for_what_is_missing():
    """A problem and an optimizer are needed; the learning rate has the optimizer's default."""
    with pytest.raises(UsageError, match="needs optimizer"):
        RunConfig.from_dict({"problem": "quadratic_deep"})
    config = RunConfig.from_dict({"problem": "quadratic_deep", "optimizer": "SGD"})
    assert config == RunConfig(problem="quadratic_deep", optimizer="SGD", lr=0.1)


def _length(problem, **given):
    return RunConfig(problem=problem, optimizer="SGD", lr=0.1, **given)


def test_steps_are_another_way_to_give_the_length():
    """Of a problem that counts them: the run is the same as with as many epochs."""
    given, same = _length("shakespeare_gpt", steps=1000), _length("shakespeare_gpt", epochs=4)
    assert given == same
    assert given.run_id == same.run_id
    assert given.epochs == 4


def test_the_problems_own_interval_is_the_default():
    """Giving it changes nothing; another keeps the length."""
    default, same = _length("shakespeare_gpt"), _length("shakespeare_gpt", eval_every=250)
    assert same.run_id == default.run_id
    other = _length("shakespeare_gpt", eval_every=100)
    assert (other.epochs, other.problem_to_train.steps_per_epoch) == (20, 100)
    assert other.run_id != default.run_id


def test_a_length_in_steps_survives_being_written():
    """A configuration that is read again is the same run."""
    config = _length("digits_mlp", steps=60, eval_every=20)
    assert (config.epochs, config.problem_to_train.steps_per_epoch) == (3, 20)
    assert RunConfig.from_dict(config.to_dict()).run_id == config.run_id


@pytest.mark.parametrize(
    ("problem", "given", "words"),
    [
        ("digits_mlp", {"steps": 60}, "digits_mlp .* steps needs eval_every"),
        ("digits_mlp", {"eval_every": 20}, "digits_mlp .* eval_every needs steps"),
        ("digits_mlp", {"steps": 60, "epochs": 3}, "either epochs=3 or steps=60, not both"),
        ("digits_mlp", {"steps": 50, "eval_every": 20}, "such as 40 or 60, not 50"),
        ("digits_mlp", {"steps": 5, "eval_every": 20}, "such as 20, not 5"),
        ("shakespeare_gpt", {"steps": 300}, "multiple of the 250 steps"),
        ("digits_mlp", {"steps": 0, "eval_every": 20}, "steps"),
    ],
    ids=str,
)
def test_a_wrong_length_in_steps_is_refused(problem, given, words):
    """In a sentence that says what is missing, or the nearest lengths."""
    with pytest.raises(UsageError, match=words):
        _length(problem, **given)
