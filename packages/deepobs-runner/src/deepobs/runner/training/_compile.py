"""Compilation of what a training step computes."""

from __future__ import annotations

from deepobs.problems import BuiltProblem

from ..common import UsageError, brief
from ..config import RunConfig
from ..optimizers import Calls

#: Values of `compile`: not at all, torch's default mode, or recorded in CUDA graphs.
COMPILE_MODES = ("off", "default", "reduce-overhead")


def compile_mode(given: bool | str) -> str:
    """Returns how to compile.

    Args:
        given: A mode, or True for the default one and False for none.

    Raises:
        UsageError: If there is no such mode.
    """
    if isinstance(given, bool):
        return "default" if given else "off"
    if given not in COMPILE_MODES:
        raise UsageError(
            f"compile must be True, False or one of {', '.join(COMPILE_MODES)}, not {brief(given)}."
        )
    return given


def compile_objective(mode: str, built: BuiltProblem, config: RunConfig, calls: Calls) -> bool:
    """Compiles model, loss and regularizer of a problem into one function, in place.

    Args:
        mode: One of `COMPILE_MODES`.
        built: The problem.
        config: The configuration of the run.
        calls: How its optimizer is called.

    Returns:
        Whether the passes are recorded in CUDA graphs.

    Raises:
        UsageError: If the run cannot be compiled in this mode.
    """
    if mode == "off":
        return False
    if calls is Calls.CREATE_GRAPH:
        raise UsageError(
            f"{config.optimizer_name} differentiates the gradient, which torch.compile does not"
            " support: leave compile out."
        )
    if mode == "default":
        built.compile()
        return False
    if config.gradient_accumulation_steps > 1:
        raise UsageError(
            'compile="reduce-overhead" records each step as one CUDA graph, so it needs'
            " gradient_accumulation_steps=1."
        )
    built.compile(mode=mode)
    return True
