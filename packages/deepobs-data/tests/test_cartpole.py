"""The carts move as Gymnasium's, and rollouts are collected with the model that is attached."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from deepobs.data import CartPoles, RolloutDataset, Transitions, cartpole
from deepobs.data._transitions import advantages_of


@pytest.fixture(scope="module")
def gymnasium() -> Any:
    return pytest.importorskip(
        "gymnasium", reason="compares with Gymnasium, which is not installed"
    )


class Policy(nn.Module):
    """A policy with a value, from one layer each."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.actor, self.critic = nn.Linear(4, 2), nn.Linear(4, 1)

    def forward(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        return self.actor(observations), self.critic(observations).squeeze(-1)


def small(policy: nn.Module | None = None) -> RolloutDataset:
    data = cartpole(num_environments=3, num_steps=8, repetitions=2)
    data.attach(Policy() if policy is None else policy)
    return data


def passed(data: RolloutDataset, epoch: int, start: int = 0, **options: Any) -> list[Tensor]:
    batches = list(data.batches("train", batch_size=6, epoch=epoch, start=start, **options))
    return [tensor for batch in batches for tensor in (batch.inputs, *batch.targets)]


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


def test_moves_as_gymnasiums(gymnasium: Any) -> None:
    """States and ends of 40 episodes are those of CartPole-v1, step by step, with float64 states.

    Half of the actions follow the pole, so that some episodes last for their 500 steps.
    """
    count = 40
    random = np.random.default_rng(0)
    environments = [gymnasium.make("CartPole-v1") for _ in range(count)]
    for number, environment in enumerate(environments):
        environment.reset(seed=number)
    poles = CartPoles(np.array([e.unwrapped.state for e in environments]))
    running = np.ones(count, dtype=bool)
    lengths = np.zeros(count)
    while running.any():
        sensible = (poles.states[:, 2] + 0.3 * poles.states[:, 3] > 0).astype(np.int64)
        aimless = random.integers(2, size=count)
        chosen = np.where(np.arange(count) < count // 2, sensible, aimless)
        ends = poles.step(chosen)
        for number in np.flatnonzero(running).tolist():
            seen, reward, fell, cut, _ = environments[number].step(int(chosen[number]))
            assert reward == 1.0
            # Gymnasium rounds what it shows to float32.
            np.testing.assert_array_equal(poles.states[number].astype(np.float32), seen)
            assert ends[number] == (fell or cut)
        lengths += running
        running &= ~ends
    assert lengths.min() < 30
    assert lengths.max() == 500


def test_first_states_are_within_gymnasiums_bounds() -> None:
    """Uniform numbers on [0, 1) become uniform ones on [-0.05, 0.05)."""
    edges = np.array([[0.0, 0.5, 0.75, 1.0]])
    np.testing.assert_allclose(CartPoles.first_states(edges), [[-0.05, 0.0, 0.025, 0.05]])


def test_advantages_are_discounted_sums_of_errors() -> None:
    """With γ λ = 0.9405, each is the sum of (γ λ)^k δ up to the end of the episode."""
    values, following = torch.tensor([[0.5], [2.0], [-1.0]]), torch.tensor([3.0])
    ends = torch.tensor([[0.0], [1.0], [0.0]])
    errors = [1 + 0.99 * 2.0 - 0.5, 1 - 2.0, 1 + 0.99 * 3.0 + 1.0]
    expected = [errors[0] + 0.9405 * errors[1], errors[1], errors[2]]
    found = advantages_of(values, ends, following)
    torch.testing.assert_close(found.flatten(), torch.tensor(expected))


def test_transitions_say_what_the_policy_did() -> None:
    """Log probabilities and values are those of the model, advantages are standardised."""
    policy = Policy()
    for inputs, targets in small(policy).batches("train", batch_size=6):
        assert isinstance(targets, Transitions)
        logits, values = policy(inputs)
        chances = logits.log_softmax(-1).gather(1, targets.actions[:, None]).squeeze(1)
        torch.testing.assert_close(targets.log_probabilities, chances.detach())
        torch.testing.assert_close(targets.values, values.detach())
        assert abs(targets.advantages.mean().item()) < 1e-6
        assert targets.advantages.std().item() == pytest.approx(1.0, abs=1e-5)


def test_a_pass_takes_every_transition_as_often_as_it_repeats() -> None:
    """Two repetitions of 24 transitions are eight batches of six, in two orders."""
    batches = [batch.inputs for batch in small().batches("train", batch_size=6)]
    first, second = torch.cat(batches[:4]), torch.cat(batches[4:])
    assert len(batches) == 8
    assert not torch.equal(first, second)
    assert torch.equal(first.unique(dim=0), second.unique(dim=0))
    assert len(first.unique(dim=0)) == 24


def test_actions_follow_the_logits() -> None:
    """With logits (0, log 3) three quarters of the actions are the second one."""
    policy = Policy()
    with torch.no_grad():
        policy.actor.weight.zero_()
        policy.actor.bias.copy_(torch.tensor([0.0, 3.0]).clamp(min=1).log())
    data = cartpole(num_environments=40, num_steps=100, repetitions=1)
    data.attach(policy)
    (batch,) = data.batches("train", batch_size=4000)
    # Five standard errors of a mean of 4,000 draws.
    assert abs(batch.targets.actions.float().mean() - 0.75) < 5 * (0.75 * 0.25 / 4000) ** 0.5


def test_the_same_pass_again_is_the_same() -> None:
    """A pass that was collected is kept until the next one."""
    data = small()
    first = passed(data, 0)
    assert same(first, passed(data, 0))
    assert not same(first, passed(data, 1))
    assert same(first, passed(data, 0))  # begins with new episodes, as it did before
    assert not same(first, passed(small(), 0, seed=7))


def test_the_next_pass_goes_on_in_the_same_episodes() -> None:
    """Two passes of eight steps are one of sixteen, as long as no random number counts."""
    policy = Policy()
    with torch.no_grad():  # always to the right, so that an episode ends after about ten steps
        policy.actor.bias.copy_(torch.tensor([-50.0, 50.0]))
    data = cartpole(num_environments=1, num_steps=6, repetitions=1)
    data.attach(policy)
    rows = [next(data.batches("train", batch_size=6, epoch=epoch)).inputs for epoch in (0, 1)]
    # The cart moves to the right from one pass to the next until the pole falls.
    assert rows[0][:, 1].max() < rows[1][:, 1].max()


@pytest.mark.parametrize("start", [0, 3, 8])
def test_continues_exactly(start: int) -> None:
    """From its state in any step of a pass, the rest of the pass and the next one are the same."""
    data = small()
    passed(data, 0)
    iterator = data.batches("train", batch_size=6, epoch=1)
    for _ in range(start):
        next(iterator)
    state = data.state_dict()
    rest = passed(data, 1, start), passed(data, 2)
    other = small()
    other.load_state_dict(state)
    assert same(rest[0], passed(other, 1, start))
    assert same(rest[1], passed(other, 2))


def test_evaluation_is_whole_episodes_and_changes_nothing() -> None:
    """Twenty episodes end; their rewards are their lengths; training goes on as without it."""
    data, untouched = small().with_validation(), small()
    passed(data, 0)
    passed(untouched, 0)
    for phase in ("train_eval", "valid", "test"):
        (batch,) = data.batches(phase, batch_size=6)
        (again,) = data.batches(phase, batch_size=50)
        assert torch.equal(batch.inputs, again.inputs)
        assert batch.targets.ends.sum() == data.num_examples(phase) == 20
        assert batch.targets.rewards.sum() == len(batch.inputs)
    assert same(passed(data, 1), passed(untouched, 1))


def test_processes_share_every_batch() -> None:
    """The parts of two processes are the whole batch; the episodes, too."""
    data = small()
    for phase in ("train", "test"):
        whole = next(data.batches(phase, batch_size=6))
        parts = [next(data.batches(phase, batch_size=6, shard=(rank, 2))) for rank in (0, 1)]
        assert torch.equal(whole.inputs, torch.cat([part.inputs for part in parts]))
        advantages = torch.cat([part.targets.advantages for part in parts])
        assert torch.equal(whole.targets.advantages, advantages)


def test_another_model_starts_from_nothing() -> None:
    """A copy with another model leaves the first alone; the same model again changes nothing."""
    policy = Policy()
    data = small(policy)
    first = passed(data, 0)
    other = data.to("cpu")
    other.attach(Policy(seed=5))
    assert not same(first, passed(other, 0))
    passed(data, 1)
    state = data.state_dict()
    data.attach(policy)
    assert data.state_dict() == state


def test_without_a_model_actions_are_uniform() -> None:
    """The data set can be looked at alone."""
    (batch,) = cartpole().batches("test", batch_size=128)
    torch.testing.assert_close(batch.targets.log_probabilities.exp().mean().item(), 0.5)
    assert not batch.targets.values.any()


@pytest.mark.parametrize("what", ["arrays", "examples"])
def test_nothing_is_stored(what: str) -> None:
    """The message says what to do instead."""
    with pytest.raises(ValueError, match=r"cartpole is collected .* iterate over `batches`"):
        getattr(cartpole(), what)("train")
