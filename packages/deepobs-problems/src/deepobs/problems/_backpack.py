"""Extension of a problem by BackPACK, which refuses what BackPACK would pass over in silence."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from ._built import BuiltProblem


def extend_with_backpack(problem: BuiltProblem) -> tuple[nn.Module, nn.Module]:
    """Extends the model and loss of a problem with BackPACK (Dangel et al., ICLR 2020).

    BackPACK silently computes nothing for parameters that do not belong to a supported layer.
    Therefore the individual gradients of one batch are first computed on a copy of the model.

    Args:
        problem: The problem.

    Returns:
        The extended model and the extended loss; call them within `backpack.backpack(...)`.

    Raises:
        ImportError: If BackPACK is not installed.
        ValueError: If BackPACK does not support the problem; the message names an alternative.

    Example::

        model, loss_module = extend_with_backpack(problem)
        batch = next(problem.batches("train"))
        with backpack(BatchGrad()):
            loss_module(model(batch.inputs), batch.targets).backward()
        next(model.parameters()).grad_batch  # [N, *parameter.shape]
    """
    try:
        from backpack import extend
    except ImportError as error:
        raise ImportError("BackPACK is not installed: pip install backpack-for-pytorch.") from error
    why = _why_not(problem)
    if why is not None:
        raise ValueError(
            f"BackPACK gives no individual gradients of {problem.problem.name}: {why}. Use "
            "torch.func.jacrev(problem.functional_losses) instead."
        )
    return extend(problem.model), extend(problem.loss_module)


def _why_not(problem: BuiltProblem) -> str | None:
    """Returns why BackPACK cannot treat a problem, or None if it can."""
    from backpack import backpack, extend
    from backpack.extensions import BatchGrad

    state = problem.state_dict()
    model = extend(copy.deepcopy(problem.model))
    loss_module = extend(copy.deepcopy(problem.loss_module))
    try:
        batch = next(iter(problem.batches("train")))
        with warnings.catch_warnings(), backpack(BatchGrad()):
            warnings.simplefilter("ignore")
            loss_module(model(batch.inputs), problem.problem.target(batch)).backward()
    except Exception as error:  # noqa: BLE001 - BackPACK raises any error for what it cannot treat
        return f"it raises {type(error).__name__}, {str(error).partition(chr(10))[0].rstrip('.')}"
    finally:
        problem.load_state_dict(state)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and not hasattr(parameter, "grad_batch"):
            return f"the parameter {name} belongs to no layer that BackPACK knows"
    return None
