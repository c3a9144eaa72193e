"""The networks of policy and value."""

import torch

from deepobs.models import ActorCritic


def test_networks_are_separate() -> None:
    """Values do not depend on the actor, nor logits on the critic."""
    torch.manual_seed(0)
    model, observations = ActorCritic(), torch.rand(5, 4)
    output = model(observations)
    (gradient,) = torch.autograd.grad(
        output.values.sum(), next(model.actor.parameters()), allow_unused=True, retain_graph=True
    )
    assert gradient is None
    (gradient,) = torch.autograd.grad(
        output.logits.sum(), next(model.critic.parameters()), allow_unused=True
    )
    assert gradient is None


def test_first_policy_is_nearly_uniform() -> None:
    """With a gain of 0.01 in the last layer both actions are about as likely."""
    torch.manual_seed(0)
    logits = ActorCritic()(torch.randn(100, 4)).logits
    assert (logits.softmax(1) - 0.5).abs().max() < 0.05


def test_shapes_follow_the_arguments() -> None:
    """One value for each observation, one logit for each action."""
    output = ActorCritic(observation_size=3, num_actions=5, hidden_size=7)(torch.rand(2, 3))
    assert output.logits.shape == (2, 5)
    assert output.values.shape == (2,)
