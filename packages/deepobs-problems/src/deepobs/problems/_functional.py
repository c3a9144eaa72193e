"""Losses and objective of a problem as functions of the parameters, for `torch.func`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from deepobs.data import Batch

from ._calls import functional_output, in_dtype
from ._carried import CarriedState
from ._noise import NoiseStream
from ._problem import Problem
from ._regularizer import half_sum_of_squares


class FunctionalForms:
    """The functional forms of a `BuiltProblem`, which owns what they read."""

    problem: Problem
    model: nn.Module
    weight_decay: float
    loss_module: nn.Module
    _loss_of_each: Callable[[Any, Any], Tensor]
    _regularized: list[Tensor]
    _noise: NoiseStream
    _carried: CarriedState
    _target: Callable[[Batch], Any]

    @property
    def _dtype(self) -> torch.dtype:
        """The dtype of the first weight."""
        raise NotImplementedError

    def functional_losses(self, parameters: Mapping[str, Tensor], batch: Batch) -> Tensor:
        """Returns the loss of each example as a function of the parameters.

        For use with `torch.func`: it depends only on the given parameters and changes neither the
        buffers of the model nor a carried state. Dropout draws from the random stream of the
        problem, so use evaluation mode for a deterministic function, or `randomness="different"` of
        `torch.func.vmap`.

        Args:
            parameters: Parameters by name, as in `model.named_parameters()`; those left out keep
                the model's values.
            batch: A batch.

        Returns:
            Losses `[N]` without the regularizer.

        Raises:
            ValueError: If the model has no parameter of a given name.
        """
        output = self._functional_output(parameters, batch)
        return self._loss_of_each(output, self._target(batch))

    def functional_objective(self, parameters: Mapping[str, Tensor], batch: Batch) -> Tensor:
        """Returns mean loss plus regularizer as a function of the parameters, a scalar.

        Args:
            parameters: As for `functional_losses`.
            batch: A batch.

        Returns:
            The objective at these parameters.

        Raises:
            ValueError: If the model has no parameter of a given name.

        Example:
            >>> from deepobs.problems import build
            >>> built = build("digits_mlp")
            >>> parameters = dict(built.model.named_parameters())
            >>> batch = next(built.batches("train"))
            >>> gradients = torch.func.grad(built.functional_objective)(parameters, batch)
        """
        output = self._functional_output(parameters, batch)
        loss: Tensor = self.loss_module(output, self._target(batch))
        if not self._regularized:
            return loss
        names = {id(p): name for name, p in self.model.named_parameters()}
        counted = [parameters.get(names[id(p)], p) for p in self._regularized]
        return loss + half_sum_of_squares(counted, self.weight_decay)

    def _functional_output(self, parameters: Mapping[str, Tensor], batch: Batch) -> Any:
        """Returns the output with other parameters; leaves a carried state as it is."""
        inputs = in_dtype(self._dtype, batch.inputs)
        state = (self._carried.before(batch.inputs),) if self.problem.carries_state else ()
        with self._noise if self.problem.stochastic else nullcontext():
            output = functional_output(self.model, parameters, (inputs, *state))
        return output[0] if state else output
