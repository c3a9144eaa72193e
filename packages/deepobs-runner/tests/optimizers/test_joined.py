"""Several optimizers as one."""

import copy

import pytest
import torch
from torch import nn

from deepobs.runner import UsageError
from deepobs.runner.optimizers import SAM, JoinedOptimizer, MatrixOptimizer


def model():
    """A small network, always with the same weights."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))


def objective(net):
    return net(torch.linspace(-1, 1, 8).reshape(2, 4)).square().mean()


def two(net):
    matrices = [p for p in net.parameters() if p.ndim == 2]
    biases = [p for p in net.parameters() if p.ndim == 1]
    return [torch.optim.SGD(matrices, 0.1, momentum=0.9), torch.optim.AdamW(biases, 0.01)]


def train(net, optimizers, steps):
    for _ in range(steps):
        net.zero_grad()
        objective(net).backward()
        for optimizer in optimizers:
            optimizer.step()


def same(one, other):
    return all(map(torch.equal, one.parameters(), other.parameters()))


@pytest.mark.parametrize("with_closure", [False, True])
def test_it_equals_its_optimizers_driven_by_hand(with_closure):
    """Bit for bit, with and without a closure."""
    one, other = model(), model()
    train(other, two(other), 5)
    joined = JoinedOptimizer(two(one))

    def closure():
        joined.zero_grad()
        loss = objective(one)
        loss.backward()
        return loss

    for _ in range(5):
        if with_closure:
            assert joined.step(closure).item() > 0
        else:
            closure()
            joined.step()
    assert same(one, other)


def test_a_schedule_scales_each_group_by_its_own_base_rate():
    """Halved after a step, both are half of what they were."""
    joined = JoinedOptimizer(two(model()))
    schedule = torch.optim.lr_scheduler.StepLR(joined, 1, gamma=0.5)
    joined.step()
    schedule.step()
    assert [group["lr"] for group in joined.param_groups] == [0.05, 0.005]


def test_its_state_is_restored_exactly():
    """A second one with the first one's state takes the same steps, and rates too."""
    one = model()
    first = JoinedOptimizer(two(one))
    train(one, [first], 3)
    first.param_groups[1]["lr"] = 0.02
    other = copy.deepcopy(one)
    second = JoinedOptimizer(two(other))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert [group["lr"] for group in second.param_groups] == [0.1, 0.02]
    train(one, [first], 3)
    train(other, [second], 3)
    assert same(one, other)


def test_one_that_evaluates_itself_steps_after_the_others():
    """SAM's two evaluations follow the one of the plain optimizer."""
    net = model()
    matrices = [p for p in net.parameters() if p.ndim == 2]
    biases = [p for p in net.parameters() if p.ndim == 1]
    joined = JoinedOptimizer([SAM(torch.optim.SGD(matrices, 0.1)), torch.optim.SGD(biases, 0.1)])
    assert joined.calls == "closure"
    evaluated = []

    def closure():
        joined.zero_grad()
        loss = objective(net)
        loss.backward()
        evaluated.append(loss.item())
        return loss

    assert joined.step(closure).item() == evaluated[0]
    assert len(evaluated) == 3


def test_ways_of_calling_that_exclude_each_other_are_refused():
    """Nothing serves a closure and gradients that can be differentiated at once."""

    class Twice(torch.optim.SGD):
        calls = "create_graph"

    net = model()
    optimizers = [Twice(net[0].parameters(), 0.1), torch.optim.LBFGS(net[2].parameters())]
    with pytest.raises(UsageError, match="called by closure and create_graph cannot be joined"):
        JoinedOptimizer(optimizers)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_kernels_are_matrices_for_the_optimizer_inside(layout):
    """Muon on kernels equals Muon on the same matrices, and the kernels keep identity and shape."""
    torch.manual_seed(0)
    kernel = nn.Parameter(torch.randn(4, 3, 3, 3).to(memory_format=layout))
    matrix = nn.Parameter(kernel.detach().flatten(1).clone())
    make = lambda parameters: torch.optim.Muon(parameters, lr=0.1)  # noqa: E731
    one, other = MatrixOptimizer(make, [kernel]), make([matrix])
    for step in range(3):
        gradient = torch.randn(4, 27, generator=torch.Generator().manual_seed(step))
        matrix.grad = gradient.clone()
        kernel.grad = gradient.reshape(4, 3, 3, 3).to(memory_format=layout)
        one.step()
        other.step()
    assert kernel.shape == kernel.grad.shape == (4, 3, 3, 3)
    assert kernel.is_contiguous(memory_format=layout)
    assert torch.equal(kernel.detach().flatten(1), matrix.detach())
    assert one.param_groups[0]["params"][0] is kernel
