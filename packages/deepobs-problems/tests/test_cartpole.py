"""Proximal policy optimization: its loss, its data that depend on the model, exact resumption."""

import copy
import math

import pytest
import torch

from deepobs.data import Batch, Transitions
from deepobs.models import ActorCriticOutput
from deepobs.problems import EPISODIC_RETURN, BuiltProblem, PPOLoss, build


def train(built: BuiltProblem, optimizer: torch.optim.Optimizer, first: int, last: int) -> None:
    """Takes the steps from `first` to `last` of the first epoch."""
    for _, batch in zip(range(first, last), built.batches("train", start=first), strict=False):
        optimizer.zero_grad()
        built.objective(batch).backward()
        optimizer.step()


def test_loss_is_the_clipped_objective_by_hand() -> None:
    """Every branch of both clips, with the formula written out for one transition at a time."""
    logits = torch.tensor([[0.3, -0.2], [0.3, -0.2], [1.5, 0.1], [-1.0, 1.0]])
    values = torch.tensor([1.0, 0.1, -2.0, 3.0])
    targets = Transitions(
        actions=torch.tensor([0, 1, 1, 0]),
        log_probabilities=torch.tensor([-1.5, -0.9, -0.3, -1.0]),
        advantages=torch.tensor([2.0, -1.0, 0.5, -3.0]),
        returns=torch.tensor([3.0, 0.0, -1.0, 2.0]),
        values=torch.tensor([0.5, 0.0, -1.9, 3.5]),
        rewards=torch.ones(4),
        ends=torch.zeros(4),
    )
    expected = []
    for row in range(4):
        weights = [math.exp(logit) for logit in logits[row].tolist()]
        chances = [weight / sum(weights) for weight in weights]
        log_chance = math.log(chances[int(targets.actions[row])])
        ratio = math.exp(log_chance - targets.log_probabilities[row].item())
        advantage, value = targets.advantages[row].item(), values[row].item()
        old, goal = targets.values[row].item(), targets.returns[row].item()
        policy = -min(advantage * ratio, advantage * min(max(ratio, 0.8), 1.2))
        near = old + min(max(value - old, -0.2), 0.2)
        value_loss = 0.5 * max((value - goal) ** 2, (near - goal) ** 2)
        entropy = -sum(chance * math.log(chance) for chance in chances)
        expected.append(policy + 0.5 * value_loss - 0.01 * entropy)
    output = ActorCriticOutput(logits, values)
    torch.testing.assert_close(PPOLoss("none")(output, targets), torch.tensor(expected))
    mean = torch.tensor(sum(expected) / 4)
    torch.testing.assert_close(PPOLoss("mean")(output, targets), mean)


def test_first_update_is_from_a_ratio_of_one() -> None:
    """Before the first step the policy loss is minus the mean advantage, which is zero."""
    built = build("cartpole_ppo")
    batch = next(built.batches("train"))
    output, targets = built.output(batch), batch.targets
    value = 0.25 * (output.values - targets.returns).square().mean()
    chances = output.logits.softmax(-1)
    entropy = -(chances * chances.log()).sum(-1).mean()
    # Probabilities near one half were rounded to float32 twice.
    torch.testing.assert_close(built.objective(batch), value - 0.01 * entropy, rtol=1e-4, atol=1e-5)


def test_return_is_the_mean_length_of_the_episodes() -> None:
    """The first policy, which acts almost uniformly, lasts for about twenty steps."""
    built = build("cartpole_ppo")
    (batch,) = built.batches("test")
    found = built.evaluate("test").values["episodic_return"]
    assert found == pytest.approx(len(batch.inputs) / 20)
    assert 10 < found < 50
    assert EPISODIC_RETURN.higher_is_better


@pytest.mark.parametrize("stop", [5, 16, 21])
def test_resumes_exactly(stop: int) -> None:
    """Weights, data and optimizer state go on from any step, within and between rollouts."""
    whole, begun, resumed = (build("cartpole_ppo_small", seed=3) for _ in range(3))
    train(whole, torch.optim.SGD(whole.model.parameters(), lr=0.01), 0, 40)
    train(begun, torch.optim.SGD(begun.model.parameters(), lr=0.01), 0, stop)
    resumed.model.load_state_dict(begun.model.state_dict())
    resumed.load_state_dict(copy.deepcopy(begun.state_dict()))
    train(resumed, torch.optim.SGD(resumed.model.parameters(), lr=0.01), stop, 40)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name


def test_data_follow_the_model_that_is_trained() -> None:
    """Another module takes over the data; a second problem on the same data has its own."""
    built = build("cartpole_ppo", seed=1)
    before = next(built.batches("train"))
    other = build("cartpole_ppo", seed=2, dataset=built.dataset)
    assert not _equal(before, next(other.batches("train")))
    assert _equal(before, next(built.batches("train")))
    built.model = other.model
    assert not _equal(before, next(built.batches("train")))


def _equal(one: Batch, other: Batch) -> bool:
    return torch.equal(one.inputs, other.inputs)
