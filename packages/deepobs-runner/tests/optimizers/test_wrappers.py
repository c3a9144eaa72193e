"""Wrappers against other implementations of the same algorithms."""

import copy

import pytest
import torch
from torch import nn

from deepobs.runner import UsageError
from deepobs.runner.optimizers import (
    SAM,
    WRAPPERS,
    GradientCentralization,
    Lookahead,
    ScheduleFree,
)

library = pytest.importorskip("pytorch_optimizer")


def model():
    """A small network, always with the same weights."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))


def closure_of(net, optimizer):
    def closure():
        optimizer.zero_grad()
        loss = (net(torch.linspace(-1, 1, 8).reshape(2, 4)) - 1).square().mean()
        loss.backward()
        return loss

    return closure


def train(net, optimizer, steps=20, *, gradient_first=False, with_closure=False):
    closure = closure_of(net, optimizer)
    for _ in range(steps):
        if gradient_first or not with_closure:
            closure()
        optimizer.step(*((closure,) if with_closure else ()))


def close(one, other, tolerance=1e-6):
    """Whether weights agree; float32 rounds at 6e-8, and 20 steps add up."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.allclose(p, q, rtol=tolerance, atol=tolerance) for p, q in pairs)


@pytest.mark.parametrize("adaptive", [False, True])
def test_sam_agrees_with_pytorch_optimizer(adaptive):
    """Over momentum, 20 steps."""
    ours, theirs = model(), model()
    base = torch.optim.SGD(ours.parameters(), lr=0.1, momentum=0.9)
    train(ours, SAM(base, rho=0.1, adaptive=adaptive), with_closure=True)
    if adaptive:  # the library normalises by |w| g like the paper, and so do we
        reference = library.SAM(
            theirs.parameters(), torch.optim.SGD, rho=0.1, adaptive=True, lr=0.1, momentum=0.9
        )
    else:
        reference = library.SAM(theirs.parameters(), torch.optim.SGD, rho=0.1, lr=0.1, momentum=0.9)
    train(theirs, reference, gradient_first=True, with_closure=True)
    assert close(ours, theirs)
    plain = model()
    train(plain, torch.optim.SGD(plain.parameters(), lr=0.1, momentum=0.9))
    assert not close(ours, plain, 1e-3)


def test_lookahead_agrees_with_pytorch_optimizer():
    """Over Adam, 20 steps, with the weights of training."""
    ours, theirs = model(), model()
    train(ours, Lookahead(torch.optim.Adam(ours.parameters(), lr=0.05), k=3, alpha=0.4))
    base = torch.optim.Adam(theirs.parameters(), lr=0.05)
    train(theirs, library.Lookahead(base, k=3, alpha=0.4))
    assert close(ours, theirs)


def test_lookahead_shows_its_slow_weights_and_returns_exactly():
    """Evaluation sees the slow weights; training goes on from the fast ones."""
    net = model()
    optimizer = Lookahead(torch.optim.SGD(net.parameters(), lr=0.1), k=5)
    before = copy.deepcopy(net)
    train(net, optimizer, 3)
    fast = copy.deepcopy(net)
    optimizer.eval()
    assert all(map(torch.equal, net.parameters(), before.parameters()))
    optimizer.train()
    assert all(map(torch.equal, net.parameters(), fast.parameters()))


def test_schedule_free_agrees_with_the_schedulefree_package():
    """Around SGD, 20 steps, in the weights that are evaluated."""
    schedulefree = pytest.importorskip("schedulefree")
    ours, theirs = model(), model()
    optimizer = ScheduleFree(
        torch.optim.SGD(ours.parameters(), lr=0.5), momentum=0.8, weight_decay_at_y=0.01
    )
    train(ours, optimizer)
    base = torch.optim.SGD(theirs.parameters(), lr=0.5)
    reference = schedulefree.ScheduleFreeWrapper(base, momentum=0.8, weight_decay_at_y=0.01)
    reference.train()
    train(theirs, reference)
    optimizer.eval()
    reference.eval()
    assert close(ours, theirs, 1e-5)  # the package moves between x, y and z in place


def test_gradient_centralization_agrees_with_pytorch_optimizer():
    """Matrices lose the mean of each row; biases stay."""
    net = model()
    optimizer = GradientCentralization(torch.optim.SGD(net.parameters(), lr=1.0))
    expected = copy.deepcopy(net)
    closure_of(expected, optimizer)()
    for parameter in expected.parameters():
        gradient = parameter.grad.clone()
        library.centralize_gradient(gradient, gc_conv_only=False)
        parameter.data.sub_(gradient)
    train(net, optimizer, 1)
    assert close(net, expected)


@pytest.mark.parametrize("name", WRAPPERS)
def test_every_wrapper_is_restored_exactly(name):
    """Loaded into a new one through a file's types, it takes the same steps."""
    one = model()
    first = WRAPPERS[name](torch.optim.AdamW(one.parameters(), lr=0.05))
    train(one, first, 4, with_closure=name == "SAM")
    other = copy.deepcopy(one)
    second = WRAPPERS[name](torch.optim.AdamW(other.parameters(), lr=0.05))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    train(one, first, 7, with_closure=name == "SAM")
    train(other, second, 7, with_closure=name == "SAM")
    assert all(map(torch.equal, one.parameters(), other.parameters()))


@pytest.mark.parametrize("name", ["SAM", "GradientCentralization"])
def test_what_needs_a_plain_step_refuses_another(name):
    """L-BFGS would evaluate where the wrapper cannot follow."""
    with pytest.raises(UsageError, match=f"{name} cannot wrap LBFGS, which is called by 'closure'"):
        WRAPPERS[name](torch.optim.LBFGS(model().parameters()))
