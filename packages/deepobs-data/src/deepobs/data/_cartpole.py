"""The cart-pole environment, vectorized over many carts."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ._rollouts import RolloutDataset

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

GRAVITY = 9.8
CART_MASS, POLE_MASS = 1.0, 0.1
TOTAL_MASS = CART_MASS + POLE_MASS
HALF_LENGTH = 0.5  # of the pole
FORCE = 10.0
SECONDS = 0.02  # between two steps
LARGEST_POSITION = 2.4
LARGEST_ANGLE = 12 * 2 * math.pi / 360
START = 0.05  # every number of the first state is uniform between this and its negative


class CartPoles:
    """A batch of cart-poles with the dynamics and limits of Gymnasium's CartPole-v1.

    The state of a cart is its position, its velocity, the angle of its pole, and the angular
    velocity. An episode ends when the cart is 2.4 from the middle, when the pole leans by 12°, or
    after 500 steps. Every step has the reward 1.

    Source: Barto, Sutton and Anderson, IEEE Transactions on Systems, Man, and Cybernetics, 1983;
    constants and Euler steps of Towers et al., Gymnasium, arXiv 2407.17032.

    Args:
        states: The first states, float64 `[n, 4]`.

    Attributes:
        states: The states, float64 `[n, 4]`.
        ages: The number of steps of each current episode, int64 `[n]`.
    """

    observation_size = 4
    num_actions = 2
    longest_episode = 500

    def __init__(self, states: Numbers) -> None:
        self.states = states
        self.ages = np.zeros(len(states), dtype=np.int64)

    @staticmethod
    def first_states(uniforms: Numbers) -> Numbers:
        """Returns first states from numbers that are uniform on [0, 1), `[..., 4]`."""
        return (2 * uniforms - 1) * START

    def step(self, actions: npt.NDArray[np.int64]) -> Flags:
        """Pushes every cart to the left (0) or right (1) and returns which episodes end.

        Args:
            actions: `[n]`.

        Returns:
            Booleans `[n]`.
        """
        _, velocity, angle, rotation = self.states.T
        cosine, sine = np.cos(angle), np.sin(angle)
        force = np.where(actions == 1, FORCE, -FORCE)
        pole_moment = POLE_MASS * HALF_LENGTH
        pushed = (force + pole_moment * rotation**2 * sine) / TOTAL_MASS
        turned = (GRAVITY * sine - cosine * pushed) / (
            HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * cosine**2 / TOTAL_MASS)
        )
        moved = pushed - pole_moment * turned * cosine / TOTAL_MASS
        change = np.stack([velocity, moved, rotation, turned], axis=1)
        self.states = self.states + SECONDS * change
        self.ages = self.ages + 1
        fell = np.abs(self.states[:, 2]) > LARGEST_ANGLE
        left = np.abs(self.states[:, 0]) > LARGEST_POSITION
        return fell | left | (self.ages >= self.longest_episode)

    def restart(self, which: Flags, states: Numbers) -> None:
        """Begins new episodes.

        Args:
            which: The carts whose episodes end, `[n]`.
            states: First states for all carts, `[n, 4]`; only those of the chosen carts are used.
        """
        self.states = np.where(which[:, None], states, self.states)
        self.ages = np.where(which, 0, self.ages)


def cartpole(
    *, num_environments: int = 4, num_steps: int = 128, repetitions: int = 4
) -> RolloutDataset:
    """Returns CartPole-v1 rollouts of the policy that is trained, for PPO.

    A pass over `train` is one rollout, split into mini-batches. Each of the other phases consists
    of 20 whole episodes. The defaults are those of CleanRL. See `RolloutDataset`.

    Args:
        num_environments: The number of carts.
        num_steps: The number of steps of each cart in a rollout.
        repetitions: Number of times that a pass goes through the rollout.

    Returns:
        Inputs are observations `[N, 4]`, targets `Transitions`.

    Source: Gymnasium's CartPole-v1; see `CartPoles`. Defaults of Huang et al., CleanRL, JMLR 23,
    2022.
    """
    return RolloutDataset(
        "cartpole",
        CartPoles,
        num_environments=num_environments,
        num_steps=num_steps,
        repetitions=repetitions,
    )
