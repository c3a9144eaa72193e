"""Groups of parameters."""

import pytest
import torch

from deepobs.models import MLP, Net2C2D
from deepobs.runner import UsageError
from deepobs.runner.optimizers import (
    JoinedOptimizer,
    build_optimizer,
    check_groups,
    find_optimizer,
)


def build(groups, optimizer="AdamW", lr=0.01, model=None, **hyperparameters):
    found = find_optimizer(optimizer)
    checked = check_groups(groups, found, lr)
    return build_optimizer(found, model or MLP(), lr, hyperparameters, checked, model="mnist_mlp")


def sizes(optimizer, *names):
    return [
        (*(group[name] for name in names), len(group["params"])) for group in optimizer.param_groups
    ]


def test_no_weight_decay_on_biases():
    """One optimizer with two groups; what is not set is the run's."""
    made = build(["role=bias weight_decay=0", {}], weight_decay=0.1)
    assert isinstance(made, torch.optim.AdamW)
    assert sizes(made, "lr", "weight_decay") == [(0.01, 0.1, 4), (0.01, 0, 4)]


def test_twice_the_rate_for_the_output_layer():
    """The factor applies to the run's rate."""
    assert sizes(build(["role=output lr_factor=2", {}]), "lr") == [(0.01, 7), (0.02, 1)]


def test_a_rate_for_each_depth():
    """Each layer before the last has the factor once more; a bias has its layer's rate."""
    made = build([{"depth_factor": 0.5}])
    assert sizes(made, "lr") == [(0.00125, 2), (0.0025, 2), (0.005, 2), (0.01, 2)]


def test_two_optimizers():
    """Muon for matrices and kernels, AdamW at 0.3 times the rate for everything else."""
    made = build(
        ["role=hidden,convolution optimizer=Muon", "optimizer=AdamW lr_factor=0.3"],
        model=Net2C2D(),
    )
    assert isinstance(made, JoinedOptimizer)
    assert sizes(made, "lr") == [(0.01, 3), (pytest.approx(0.003), 5)]


@pytest.mark.parametrize(
    ("group", "chosen"),
    [
        ("ndim=2", 4),
        ("name=1.*,3.*", 4),
        ("depth=-1", 2),
        ("depth=0,1 ndim=1", 2),
        ("role=output", 1),
    ],
)
def test_each_selector(group, chosen):
    """Values are alternatives, selectors hold together."""
    made = build([f"{group} optimizer=SGD", {}])
    assert len(made.optimizers[-1].param_groups[0]["params"]) == chosen


BAD = {
    "selects nothing": (["role=embedding", {}], "matches no parameter of mnist_mlp"),
    "left nothing": ([{}, "role=bias"], "has no parameters left: earlier groups"),
    "left over": (["role=bias"], "1.weight of mnist_mlp and 3 more is in no group"),
    "no such role": (["role=biass"], "no role named 'biass'; did you mean bias"),
    "no such key": ([{"rolle": "bias"}], "no key of a group named 'rolle'; did you mean role"),
    "no number": (["ndim=two"], "ndim of a group is a whole number"),
    "no pair": (["role"], "'role' is not of the form NAME=VALUE"),
    "twice": (["role=bias role=gain"], "gives role twice"),
    "no such optimizer": (["optimizer=SDG"], "no optimizer named 'SDG'"),
    "no such hyperparameter": (["weight_decai=0"], "named 'weight_decai'; did you mean"),
    "negative": ([{"lr_factor": -1}], "lr_factor of a group"),
    "no list": ("role=bias", "groups must be a list of mappings or strings"),
}


@pytest.mark.parametrize(("groups", "said"), BAD.values(), ids=list(BAD))
def test_a_mistake_is_one_sentence(groups, said):
    """It names what is wrong and what there is."""
    with pytest.raises(UsageError) as caught:
        build(groups, lr=0.01)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_setting_that_one_instance_has_for_all_is_refused():
    """SAM has one radius; the sentence says how to have two."""
    with pytest.raises(UsageError, match=r"has one rho for all parameters; give the group"):
        build(["role=bias rho=0.1", {}], optimizer="SAM(SGD)")


def test_a_group_is_read_again_as_it_was_written():
    """The text of a group is what the command, YAML and records hold."""
    found = find_optimizer("AdamW")
    texts = [
        "role=hidden,output optimizer=SGD lr_factor=0.5 momentum=0.9 nesterov=true",
        "name=*.bias 'betas=[0.8, 0.9]' foreach=null",
        "rest",
    ]
    groups = check_groups(texts, found, 0.1)
    assert groups[0].hyperparameters["nesterov"] is True
    assert groups[1].hyperparameters == {"betas": (0.8, 0.9), "foreach": None}
    assert check_groups(list(map(str, groups)), found, 0.1) == groups
