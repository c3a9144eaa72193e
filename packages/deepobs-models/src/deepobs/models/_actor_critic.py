"""Policy and value networks for reinforcement learning."""

import math
from typing import NamedTuple

import torch.fx
from torch import Tensor, nn

from ._checks import check_shape
from ._roles import Role

torch.fx.wrap("check_shape")


class ActorCriticOutput(NamedTuple):
    """Output of an `ActorCritic`.

    Attributes:
        logits: Logits of the actions, `[N, num_actions]`.
        values: Estimated returns, `[N]`.
    """

    logits: Tensor
    values: Tensor


class ActorCritic(nn.Module):
    """Separate networks for policy and value: two hidden tanh layers and an output layer each.

    Weights are initialized orthogonal with gain √2 in hidden layers, 0.01 in the output layer of
    the actor and 1 in that of the critic; biases start at 0. The defaults fit CartPole.

    Source: Huang et al., The 37 Implementation Details of Proximal Policy Optimization, ICLR 2022
    blog track, as in CleanRL (Huang et al., JMLR 23, 2022).

    Args:
        observation_size: Number of values in an observation.
        num_actions: Number of actions.
        hidden_size: Width of the hidden layers.

    Example:
        >>> output = ActorCritic()(torch.zeros(8, 4))
        >>> output.logits.shape, output.values.shape
        (torch.Size([8, 2]), torch.Size([8]))
    """

    def __init__(
        self, observation_size: int = 4, num_actions: int = 2, hidden_size: int = 64
    ) -> None:
        super().__init__()
        self.observation_size = observation_size
        self.critic = _tanh_network(observation_size, hidden_size, 1)
        self.actor = _tanh_network(observation_size, hidden_size, num_actions)
        self.reset_parameters()

    def declared_roles(self) -> dict[str, Role]:
        """Returns the output layers of both networks as roles; see `parameter_roles`."""
        return {"critic.4.weight": Role.OUTPUT, "actor.4.weight": Role.OUTPUT}

    def reset_parameters(self) -> None:
        """Draws weights orthogonal and sets biases to zero."""
        for network, gain in ((self.critic, 1.0), (self.actor, 0.01)):
            dense = [layer for layer in network if isinstance(layer, nn.Linear)]
            for layer in dense:
                last = layer is dense[-1]
                nn.init.orthogonal_(layer.weight, gain if last else math.sqrt(2))
                nn.init.zeros_(layer.bias)

    def forward(self, observations: Tensor) -> ActorCriticOutput:
        """Computes logits and values.

        Args:
            observations: `[N, observation_size]`.

        Returns:
            Logits of the actions and estimated returns.

        Raises:
            ValueError: If the observations have another shape.
        """
        check_shape(observations, "observations", "N", self.observation_size)
        values = self.critic(observations).squeeze(-1)
        return ActorCriticOutput(self.actor(observations), values)


def _tanh_network(in_features: int, hidden_size: int, out_features: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(in_features, hidden_size),
        nn.Tanh(),
        nn.Linear(hidden_size, hidden_size),
        nn.Tanh(),
        nn.Linear(hidden_size, out_features),
    )
