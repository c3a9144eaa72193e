"""A training step, for each way of calling an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import grad, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.optim import Optimizer

from deepobs.data import Batch
from deepobs.problems import BuiltProblem

from ..common import OptimizerError, UsageError, explain
from ..config import RunConfig
from ..optimizers import Calls, batch_norms, hint_for
from ._compile import compile_objective
from ._distributed import Processes
from ._precision import autocast
from ._step_timer import StepTimer

#: Ways of calling that differentiate twice or by `torch.func`, which fast attention kernels cannot.
_NEED_PLAIN_ATTENTION = (Calls.CREATE_GRAPH, Calls.EXAMPLE_GRADIENTS)


class Stepper:
    """The training steps of a run, with a count of gradient evaluations.

    Args:
        config: The configuration of the run.
        built: The problem to train.
        optimizer: The optimizer.
        calls: How it is called.
        processes: The processes of the run.
        timer: Notified of the start and end of each pass.
        compiled: How to compile the objective; one of `COMPILE_MODES`.

    Raises:
        UsageError: If the optimizer asks for gradients of single examples and the problem has none,
            or the objective cannot be compiled for it.

    Attributes:
        passes: Evaluations of the gradient since it was last set to 0; a Hessian-vector product and
            the gradients of a batch's examples count as one each.
    """

    def __init__(
        self,
        config: RunConfig,
        built: BuiltProblem,
        optimizer: Optimizer,
        calls: Calls,
        *,
        processes: Processes,
        timer: StepTimer,
        compiled: str = "off",
    ) -> None:
        self.config, self.built, self.optimizer, self.calls = config, built, optimizer, calls
        self.processes, self.timer = processes, timer
        self.parameters = [p for p in built.model.parameters() if p.requires_grad]
        scaling = config.precision == "fp16"
        self.scaler = torch.amp.GradScaler(built.device.type, enabled=scaling)
        self.wrapped = processes.wrap(built.model, built.device)
        self._graphs = compile_objective(compiled, built, config, calls)
        self.passes = 0
        if calls is Calls.EXAMPLE_GRADIENTS:
            self._check_examples()

    def objective(self, batch: Batch) -> Tensor:
        """Returns the objective on a batch: the wrapped model, in the precision of the run."""
        with autocast(self.config.precision, self.built.device):
            return self.built.objective(batch, forward=self.wrapped)

    def step(self, batch: Batch) -> Tensor:
        """Takes a step.

        Args:
            batch: The batch to evaluate the objective on.

        Returns:
            The objective before the step, a scalar on the device.

        Raises:
            OptimizerError: If the optimizer raises an error in its step.
        """
        plain = self.calls in _NEED_PLAIN_ATTENTION
        with sdpa_kernel(SDPBackend.MATH) if plain else nullcontext():
            loss = self._step(batch)
        self.timer.stepped()
        return loss

    def _step(self, batch: Batch) -> Tensor:
        if self.calls.evaluates_itself:
            loss = self._step_with_closure(batch)
        elif self.calls is Calls.FUSED_BACKWARD:
            loss = self._step_in_backward(batch)
        else:
            loss = self._gradient(batch)
            if self.calls is Calls.EXAMPLE_GRADIENTS:
                self._example_gradients(batch)
            self._own(lambda: self._plain_step(loss))
            self.scaler.update()
        return loss

    def _plain_step(self, loss: Tensor) -> None:
        if self.calls is Calls.LOSS:
            self.optimizer.step(lambda: loss)  # type: ignore[arg-type, return-value]
        elif self.calls is Calls.CREATE_GRAPH:
            watched = next((p.grad for p in self.parameters if p.grad is not None), None)
            if watched is not None and watched.requires_grad:
                watched.register_hook(self._count)  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.optimizer.zero_grad()  # breaks the reference cycle of gradients and parameters
        else:
            self.scaler.step(self.optimizer)

    def _count(self, _: Tensor) -> None:
        self.passes += 1

    def _own(self, work: Callable[[], None]) -> None:
        """Context that turns the optimizer's own errors into `OptimizerError`."""
        try:
            work()
        except Exception as error:
            hint = hint_for(error, self.calls)
            raise OptimizerError.of(self.config.optimizer_name, error, hint) from error

    def _gradient(self, batch: Batch) -> Tensor:
        """Computes the gradient of the objective into `parameter.grad`; returns the objective."""
        self.timer.begin()
        self.optimizer.zero_grad()
        self.passes += 1
        if self._graphs:
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        if self.calls is Calls.CREATE_GRAPH:
            loss = self._differentiable_gradient(batch)
        elif self.config.gradient_accumulation_steps == 1:
            loss = self.objective(batch)
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        else:
            loss = self._accumulate_gradients(batch)
        if self.config.max_grad_norm is not None and self.calls is not Calls.CREATE_GRAPH:
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.parameters, self.config.max_grad_norm)
        self.timer.end()
        # A CUDA graph writes each loss to the same place.
        return loss.detach().clone() if self._graphs else loss.detach()

    def _accumulate_gradients(self, batch: Batch) -> Tensor:
        """Accumulates gradients of micro-batches; processes exchange them at the last one."""
        total = torch.zeros((), device=self.built.device)
        parts = self._micro_batches(batch)
        for index, part in enumerate(parts, start=1):
            with self.processes.exchange(self.wrapped, now=index == len(parts)):
                loss = self.objective(part) / len(parts)
                self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def _micro_batches(self, batch: Batch) -> list[Batch]:
        count = self.config.gradient_accumulation_steps
        if count == 1:
            return [batch]
        try:
            return batch.chunk(count)
        except ValueError as error:
            raise UsageError(
                f"gradient_accumulation_steps={count} cannot split the batches of "
                f"{self.config.problem_name}: {error}"
            ) from error

    def _differentiable_gradient(self, batch: Batch) -> Tensor:
        """Computes gradients with a graph, so that they can be differentiated again."""
        parts = self._micro_batches(batch)
        loss = sum((self.objective(part) for part in parts), torch.zeros(())) / len(parts)
        gradients = torch.autograd.grad(loss, self.parameters, create_graph=True, allow_unused=True)
        if self.config.max_grad_norm is not None:
            norm = nn.utils.get_total_norm([g.detach() for g in gradients if g is not None])
            factor = (self.config.max_grad_norm / (norm + 1e-6)).clamp(max=1.0)
            gradients = tuple(None if g is None else g * factor for g in gradients)
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        return loss

    def _example_gradients(self, batch: Batch) -> None:
        """Computes per-example gradients into `parameter.grad_sample`."""
        if not isinstance(batch.inputs, Tensor):
            raise self._no_examples("its batches do not consist of independent examples")
        self.timer.begin()
        self.passes += 1
        trained = {n: p for n, p in self.built.model.named_parameters() if p.requires_grad}

        def loss_of_one(values: dict[str, Tensor], inputs: Tensor, *target: Tensor) -> Tensor:
            one = Batch(inputs[None], target[0][None] if target else None)
            return self.built.functional_losses(values, one).sum()

        targets = () if batch.targets is None else (batch.targets,)
        of_each = vmap(
            grad(loss_of_one), in_dims=(None, 0, *(0 for _ in targets)), randomness="different"
        )
        values = {name: parameter.detach() for name, parameter in trained.items()}
        try:
            found = of_each(values, batch.inputs, *targets)
        except Exception as error:
            raise self._no_examples(f"torch.func.vmap fails: {explain(error)}") from error
        for name, gradients in found.items():
            trained[name].grad_sample = gradients  # type: ignore[attr-defined]
        self.timer.end()

    def _check_examples(self) -> None:
        """Checks that the loss of each example depends on this example alone."""
        if self.built.problem.carries_state:
            raise self._no_examples("it carries its state from batch to batch")
        if batch_norms(self.built.model):
            raise self._no_examples("batch normalization mixes the examples of a batch")

    def _no_examples(self, reason: str) -> UsageError:
        return UsageError(
            f"{self.config.optimizer_name} asks for the gradient of each example, which "
            f"{self.config.problem_name} does not have: {reason}."
        )

    def _step_in_backward(self, batch: Batch) -> Tensor:
        """Updates within the backward pass, by `fused_backward`."""
        self.timer.begin()
        self.passes += 1
        loss = self.objective(batch)
        fused: Any = self.optimizer
        self._own(lambda: fused.fused_backward(loss, self.optimizer.param_groups[0]["lr"]))
        self.timer.end()
        return loss.detach()

    def _step_with_closure(self, batch: Batch) -> Tensor:
        """Calls the optimizer with a closure, whose evaluations all use the same random state."""
        state = self.built.state_dict()
        losses: list[Tensor] = []
        not_its_own: list[Exception] = []

        @torch.enable_grad()
        def closure() -> Any:
            try:
                if losses:
                    self.built.load_state_dict(state)
                losses.append(self._gradient(batch))
            except Exception as error:
                not_its_own.append(error)
                raise
            return losses[-1]

        if self.calls is Calls.GRADIENT_AND_CLOSURE:
            closure()
        try:
            self.optimizer.step(closure)
        except Exception as error:
            if error in not_its_own:
                raise
            hint = hint_for(error, self.calls)
            raise OptimizerError.of(self.config.optimizer_name, error, hint) from error
        if not losses:
            raise OptimizerError(
                f"The optimizer {self.config.optimizer_name} never evaluated the objective, but "
                f"it is called by {self.calls.value!r}."
            )
        return losses[0]
