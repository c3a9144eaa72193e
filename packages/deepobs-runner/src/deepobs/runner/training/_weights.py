"""The weights to evaluate, with their batch-norm statistics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch.optim import Optimizer

from deepobs.problems import BuiltProblem

from ..common import OptimizerError
from ..optimizers import WeightAverage, batch_norms


@contextmanager
def weights_to_evaluate(
    built: BuiltProblem, optimizer: Optimizer, average: WeightAverage | None, *, stepped: bool
) -> Iterator[None]:
    """Loads the weights to evaluate into the model, within the context.

    These are an average of the weights, or the evaluation weights of optimizers with two sets. The
    running statistics of batch normalization are computed for them on the phase `train_eval`; those
    of training are restored at the end.

    Args:
        built: The problem.
        optimizer: The optimizer.
        average: The average; None evaluates the optimizer's own weights.
        stepped: Whether a step has been taken; some optimizers have no evaluation weights before.
    """
    layers = batch_norms(built.model)
    values = list(built.model.parameters()) if layers else []
    trained = [value.detach().clone() for value in values]
    with ExitStack() as stack:
        if stepped:
            tell(optimizer, "eval")
        stack.callback(tell, optimizer, "train")
        if average is not None and average.ready:
            stack.enter_context(average.in_model())
        if not all(map(torch.equal, values, trained)):
            stack.enter_context(_own_statistics(built))
        yield


def tell(optimizer: Optimizer, method: str) -> None:
    """Calls `train` or `eval` of an optimizer that keeps two sets of weights.

    Args:
        optimizer: The optimizer; nothing happens if it has no such method.
        method: `"train"` or `"eval"`.

    Raises:
        OptimizerError: If the method raises an error.
    """
    function = getattr(optimizer, method, None)
    if not callable(function):
        return
    try:
        function()
    except Exception as error:
        name = type(optimizer).__name__
        hint = f"; it is raised by its method {method}, which changes the weights in the model"
        raise OptimizerError.of(name, error, hint) from error


@contextmanager
def _own_statistics(built: BuiltProblem) -> Iterator[None]:
    """Computes the running statistics for the weights in the model; restores them at the end."""
    layers = batch_norms(built.model)
    held = [{n: b.clone() for n, b in layer.named_buffers()} for layer in layers]
    momenta = [layer.momentum for layer in layers]
    state, training = built.state_dict(), built.model.training
    try:
        built.model.eval()
        for layer in layers:
            layer.train()
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean over all batches
        with torch.no_grad():
            for batch in built.batches("train_eval"):
                built.output(batch)
    finally:
        built.load_state_dict(state)
        built.model.train(training)
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
    try:
        yield
    finally:
        for layer, buffers in zip(layers, held, strict=True):
            for name, value in buffers.items():
                layer.get_buffer(name).copy_(value)
