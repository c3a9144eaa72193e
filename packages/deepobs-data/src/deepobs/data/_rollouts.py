"""Data of reinforcement learning: transitions collected with the policy that is trained."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.utils import _pytree

from ._batches import Arrays
from ._checks import check_batches, check_no_validation, check_phase, count_batches
from ._dataset import PHASES, Batch, Dataset, Facts, Phase
from ._examples import Examples
from ._seeds import generator, permutation
from ._transitions import Transitions, advantages_of, rows_of, standardised

EPISODES = 20  # of every phase but train


class Environments(Protocol):
    """Several copies of an environment that are stepped together."""

    observation_size: int
    num_actions: int
    longest_episode: int
    states: npt.NDArray[np.float64]
    ages: npt.NDArray[np.int64]

    @staticmethod
    def first_states(uniforms: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Returns first states from uniform numbers."""

    def step(self, actions: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Takes a step with reward 1 and returns which episodes end."""

    def restart(self, which: npt.NDArray[np.bool_], states: npt.NDArray[np.float64]) -> None:
        """Begins new episodes."""


class RolloutDataset(Dataset):
    """Transitions collected with the current policy, for on-policy algorithms.

    A built problem passes its model to `attach`. The model maps observations `[N, D]` to logits of
    the actions `[N, A]` and values `[N]`. Without a model, actions are drawn uniformly and all
    values are 0.

    A pass over `train` collects one rollout when its first batch is requested, and goes through it
    several times in mini-batches, each time in a different order. Pass k + 1 continues with the
    environments of pass k; any other pass begins with new episodes. The last rollout and the
    environments are in `state_dict`, so that a pass can be continued exactly. The other phases
    consist of whole episodes of the current policy, with the same first states and random numbers
    every time, as one batch regardless of the batch size.

    Actions are sampled in all phases. All processes collect the same rollout and use their part of
    each batch.

    Source: Schulman et al., Proximal Policy Optimization, arXiv 1707.06347; advantages of Schulman
    et al., High-Dimensional Continuous Control Using Generalized Advantage Estimation, ICLR 2016,
    equation 16, with γ = 0.99 and λ = 0.95. Truncation of an episode counts as its end, as in
    CleanRL (Huang et al., JMLR 23, 2022).

    Args:
        name: Its name.
        environments: Makes environments from first states; see `CartPoles`.
        num_environments: The number of environments.
        num_steps: The number of steps of each environment in a rollout.
        repetitions: Number of times that a pass goes through the rollout.
    """

    def __init__(
        self,
        name: str,
        environments: Callable[[npt.NDArray[np.float64]], Environments],
        *,
        num_environments: int,
        num_steps: int,
        repetitions: int,
    ) -> None:
        self.name = name
        self.num_classes = None
        self.device = torch.device("cpu")
        self._environments: Any = environments
        self._sizes = (num_steps, num_environments)
        self._repetitions = repetitions
        self._phases: tuple[Phase, ...] = ("train", "train_eval", "test")
        self._policy: nn.Module | None = None
        self._state: dict[
            str, Any
        ] = {}  # the last pass, its rollout, and the environments after it

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The available phases."""
        return self._phases

    @property
    def facts(self) -> Facts:
        """The size of an observation."""
        return Facts(num_features=self._environments.observation_size)

    def num_examples(self, phase: Phase) -> int:
        """Returns the number of transitions of a rollout, or of episodes of another phase."""
        check_phase(self, phase)
        return self._sizes[0] * self._sizes[1] if phase == "train" else EPISODES

    def num_batches(self, phase: Phase, batch_size: int) -> int:
        """Returns the number of mini-batches of a pass over `train`; 1 for other phases."""
        count = count_batches(self, phase, self.num_examples(phase), batch_size)
        return self._repetitions * count if phase == "train" else 1

    def attach(self, model: nn.Module) -> None:
        """Collects with this policy from now on; forgets what another one collected."""
        if model is not self._policy:
            self._policy, self._state = model, {}

    def state_dict(self) -> dict[str, Any]:
        """Returns the last rollout and the environments after it."""
        return dict(self._state)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` returned."""
        self._state = dict(state)

    def batches(
        self,
        phase: Phase,
        *,
        batch_size: int,
        seed: int = 42,
        epoch: int = 0,
        start: int = 0,
        shard: tuple[int, int] = (0, 1),
    ) -> Iterator[Batch]:
        """Iterates over the mini-batches of one rollout, or over one batch of episodes."""
        count = self.num_batches(phase, batch_size)
        check_batches(count, batch_size, start, epoch, shard)
        if phase == "train":
            return self._train_batches(batch_size, seed, epoch, range(start, count), shard)
        return self._episodes(phase, seed, shard) if start == 0 else iter(())

    def _train_batches(
        self,
        batch_size: int,
        seed: int,
        epoch: int,
        numbers: range,
        shard: tuple[int, int],
    ) -> Iterator[Batch]:
        if not numbers:
            return
        rollout = self._rollout(seed, epoch)
        each = numbers.stop // self._repetitions
        for number in numbers:
            repetition, place = divmod(number, each)
            order = permutation(self.num_examples("train"), seed, "order", epoch, repetition)
            rows = order[place * batch_size : (place + 1) * batch_size].to(self.device)
            yield standardised(rows_of(rollout, rows), shard)

    def _episodes(self, phase: Phase, seed: int, shard: tuple[int, int]) -> Iterator[Batch]:
        longest = self._environments.longest_episode
        starts, noise = self._draws((longest, EPISODES), seed, f"episodes/{phase}", 0)
        batch, ends = self._collect(self._environments(starts[0]), starts, noise, whole=True)
        earlier = (ends.cumsum(0) - ends == 0).flatten()
        yield standardised(rows_of(batch, earlier), shard)

    def _rollout(self, seed: int, epoch: int) -> Batch:
        """Returns the rollout of a pass: the last one, or a new one."""
        if self._state.get("epoch") != epoch:
            starts, noise = self._draws(self._sizes, seed, "rollout", epoch)
            environments = self._environments(starts[0])
            if self._state.get("epoch") == epoch - 1:
                environments.states = self._state["states"].numpy()
                environments.ages = self._state["ages"].numpy()
            batch, _ = self._collect(environments, starts, noise)
            self._state = {
                "epoch": epoch,
                "inputs": batch.inputs,
                "targets": tuple(batch.targets),
                "states": torch.from_numpy(environments.states),
                "ages": torch.from_numpy(environments.ages),
            }
        state = self._state
        rollout = Batch(state["inputs"], Transitions(*state["targets"]))
        return rollout.to(self.device)

    def _draws(
        self, sizes: tuple[int, int], seed: int, stream: str, epoch: int
    ) -> tuple[npt.NDArray[np.float64], Tensor]:
        """Draws first states `[steps, n, D]` and Gumbel noise `[steps, n, A]`, all of a rollout."""
        drawn, kind = generator(seed, stream, epoch), self._environments
        uniforms = torch.rand((*sizes, kind.observation_size), dtype=torch.float64, generator=drawn)
        exponential = torch.empty((*sizes, kind.num_actions)).exponential_(generator=drawn)
        return kind.first_states(uniforms.numpy()), -exponential.log().to(self.device)

    @torch.no_grad()
    def _collect(
        self,
        environments: Environments,
        starts: npt.NDArray[np.float64],
        noise: Tensor,
        *,
        whole: bool = False,
    ) -> tuple[Batch, Tensor]:
        """Takes steps with the policy; returns all transitions, flattened, and the ends `[T, n]`.

        With `whole` it stops when an episode has ended in each environment.
        """
        steps: list[tuple[Tensor, ...]] = []
        ended = np.zeros(starts.shape[1], dtype=np.bool_)
        for begins, gumbel in zip(starts, noise, strict=True):
            seen = self._observe(environments)
            scores, value = self._judge(seen)
            # The largest of logits plus Gumbel noise is a draw from their softmax.
            chosen = (scores + gumbel).argmax(dim=-1)
            end = environments.step(chosen.cpu().numpy())
            environments.restart(end, begins)
            steps.append((seen, scores, value, chosen, torch.from_numpy(end).to(self.device)))
            ended |= end
            if whole and ended.all():
                break
        _, following = self._judge(self._observe(environments))
        observations, logits, values, actions, ends = map(torch.stack, zip(*steps, strict=True))
        ends = ends.float()
        advantages = advantages_of(values, ends, following)
        chances = logits.log_softmax(-1).gather(-1, actions[..., None]).squeeze(-1)
        rewards = torch.ones_like(values)
        found = (actions, chances, advantages, advantages + values, values, rewards, ends)
        targets = Transitions(*(one.flatten() for one in found))
        return Batch(observations.flatten(0, 1), targets), ends

    def _observe(self, environments: Environments) -> Tensor:
        return torch.from_numpy(environments.states.astype(np.float32)).to(self.device)

    def _judge(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """Returns logits `[n, A]` and values `[n]` of the policy, float32."""
        if self._policy is None:
            shape = (len(observations), self._environments.num_actions)
            return observations.new_zeros(shape), observations.new_zeros(len(observations))
        dtype = next(self._policy.parameters()).dtype
        logits, values = _pytree.tree_leaves(self._policy(observations.to(dtype)))
        return logits.float(), values.float()

    def to(self, device: torch.device | str) -> Self:
        """Returns this data set on a device; the model has to be moved there, too."""
        moved = copy.copy(self)
        moved.device = torch.empty(0, device=device).device
        return moved

    def with_validation(self, fraction: float | None = None, *, seed: int = 42) -> Self:
        """Returns this data set with other episodes as phase `valid`; see `Dataset`."""
        del fraction, seed
        check_no_validation(self)
        held_out = copy.copy(self)
        held_out._phases = PHASES
        return held_out

    def arrays(self, phase: Phase) -> Arrays:
        """Raises ValueError: nothing is stored before it is collected."""
        check_phase(self, phase)
        raise ValueError(
            f"{self.name} is collected while it is asked for and has no arrays: iterate over"
            " `batches`."
        )

    def examples(self, phase: Phase) -> Examples:
        """Raises ValueError: examples depend on the policy, so there are no fixed ones."""
        check_phase(self, phase)
        raise ValueError(
            f"{self.name} is collected while it is asked for and has no single examples: iterate"
            " over `batches`."
        )
