"""What every test problem must fulfil: the checks behind ``deepobs check`` and our own tests."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import functional_call

from deepobs.data import Batch

from ._build import BuiltProblem, build
from ._problem import Problem


class ConformanceError(AssertionError):
    """A problem breaks one of the rules; the message says which and how to mend it."""


class Finding(NamedTuple):
    """The outcome of one check.

    Attributes:
        check: What was checked, in words.
        complaint: What is wrong and how to mend it, or None if nothing is.
    """

    check: str
    complaint: str | None


class _Case(NamedTuple):
    """A problem under check: how to build it again, and one that is built."""

    problem: Problem
    rebuild: Callable[[], BuiltProblem]
    built: BuiltProblem

    def first_batch(self) -> Batch:
        return next(iter(self.built.batches("train")))


def check_problem(
    problem: Problem, *, data_root: str | Path | None = None, batch_size: int = 2
) -> Iterator[Finding]:
    """Checks that a problem keeps the rules on which everything else relies.

    Args:
        problem: The problem, ours or yours.
        data_root: Folder of the data files; default as in `build`.
        batch_size: A small number, for the checks need no more.

    Yields:
        One `Finding` a check, in order. Building fails first if it fails.
    """

    def rebuild() -> BuiltProblem:
        return build(problem, seed=1, batch_size=batch_size, data_root=data_root)

    case: _Case | None = None
    for check in _CHECKS:
        name = (check.__doc__ or "").split("\n")[0].rstrip(".")
        try:
            if case is None:
                case = _Case(problem, rebuild, rebuild())
            check(case)
            yield Finding(name, None)
        except ConformanceError as error:
            yield Finding(name, str(error))
        except Exception as error:  # noqa: BLE001 - whatever a stranger's problem raises is a finding
            yield Finding(name, f"{type(error).__name__}: {error}")
            if case is None:
                return


def _require(condition: bool | Tensor, complaint: str) -> None:
    if not condition:
        raise ConformanceError(complaint)


def _is_documented(case: _Case) -> None:
    """Has a description and a reference."""
    for field in ("description", "reference"):
        text = getattr(case.problem, field)
        _require(isinstance(text, str) and len(text) > 4, f"Give it a {field}: one line of text.")


def _pickles(case: _Case) -> None:
    """Pickles and comes back."""
    again = pickle.loads(pickle.dumps(case.problem))
    _require(again.name == case.problem.name, "Unpickled it is another problem.")


def _repeats(case: _Case) -> None:
    """The same seed gives the same weights, batches and losses, whatever torch's global state."""
    torch.manual_seed(7)
    torch.rand(3)
    outer = torch.get_rng_state()
    again = case.rebuild()
    for (name, ours), theirs in zip(
        case.built.model.state_dict().items(), again.model.state_dict().values(), strict=True
    ):
        _require(torch.equal(ours, theirs), f"{name} starts differently when built twice.")
    losses = again.losses(next(iter(again.batches("train"))))
    _require(
        torch.equal(outer, torch.get_rng_state()),
        "It draws from torch's global generator: set stochastic=True, and let only the model's "
        "constructor and forward draw.",
    )
    torch.manual_seed(8)
    first = case.built.losses(case.first_batch())
    _require(torch.equal(first, losses), "The first losses differ between two builds.")


def _gives_one_finite_loss_an_example(case: _Case) -> None:
    """Gives one finite loss an example."""
    batch = case.first_batch()
    losses = case.built.losses(batch)
    expected = (len(batch.inputs),)
    _require(losses.shape == expected, f"losses have shape {tuple(losses.shape)}, not {expected}.")
    _require(losses.isfinite().all(), "Some of the first losses are not finite.")


def _mean_agrees(case: _Case) -> None:
    """The loss with reduction "mean" is the mean of the losses with reduction "none"."""
    case.built.model.eval()
    batch = case.first_batch()
    with torch.no_grad():
        output = case.built.output(batch)
        target = case.problem.target(batch)
        mean = case.problem.loss(reduction="mean")(output, target)
        each = case.problem.loss(reduction="none")(output, target)
    case.built.model.train()
    # Two orders of adding float32 numbers; 1e-4 leaves room for long sums.
    _require(torch.allclose(mean, each.mean(), rtol=1e-4), f"{mean:.6g} against {each.mean():.6g}.")


def _gradient_reaches_every_parameter(case: _Case) -> None:
    """The gradient of the objective reaches every parameter and is finite."""
    case.built.model.zero_grad()
    case.built.objective(case.first_batch()).backward()  # type: ignore[no-untyped-call]
    for name, parameter in case.built.model.named_parameters():
        if not parameter.requires_grad:
            continue
        _require(
            parameter.grad is not None,
            f"{name} gets no gradient: use it in forward, or set requires_grad to False.",
        )
        assert parameter.grad is not None
        _require(parameter.grad.isfinite().all(), f"The gradient of {name} is not finite.")
    case.built.model.zero_grad()


def _evaluation_leaves_it_alone(case: _Case) -> None:
    """Evaluation leaves weights, buffers and mode alone, and repeats."""
    built = case.built
    before = {name: value.clone() for name, value in built.model.state_dict().items()}
    small, built.batch_size = built.batch_size, case.problem.batch_size  # real test sets are large
    metrics = [built.evaluate("test") for _ in range(2)]
    built.batch_size = small
    _require(metrics[0] == metrics[1], f"Two evaluations differ: {metrics[0]}, {metrics[1]}.")
    _require(built.model.training, "The model is left in evaluation mode.")
    for name, value in built.model.state_dict().items():
        _require(torch.equal(before[name], value), f"Evaluation changes {name}.")
    has_accuracy = metrics[0].accuracy is not None
    _require(
        has_accuracy == (case.problem.correct is not None), "Accuracy and `correct` do not agree."
    )


def _works_with_functional_call(case: _Case) -> None:
    """Works with `torch.func.functional_call`."""
    model = case.built.model.eval()
    inputs = case.first_batch().inputs
    arguments: tuple[Any, ...] = (inputs, None) if case.problem.carries_state else (inputs,)
    parameters = dict(model.named_parameters()) | dict(model.named_buffers())
    with torch.no_grad():
        torch.manual_seed(0)
        direct = _tensors(model(*arguments))
        torch.manual_seed(0)
        functional = _tensors(functional_call(model, parameters, arguments))
    model.train()
    same = all(torch.equal(a, b) for a, b in zip(direct, functional, strict=True))
    _require(same, "functional_call with the model's own parameters gives another output.")


def _moves_to_another_device(case: _Case) -> None:
    """Moves to another device: CUDA where there is one, else torch's meta device."""
    device = "cuda" if torch.cuda.is_available() else "meta"
    batch = case.first_batch()
    case.built.model.to(device)
    inputs = batch.inputs.to(device)
    arguments: tuple[Any, ...] = (inputs, None) if case.problem.carries_state else (inputs,)
    with torch.no_grad():
        outputs = _tensors(case.built.model(*arguments))
    _require(
        all(o.device.type == device for o in outputs),
        "It leaves an output behind when it moves: create tensors on the inputs' device.",
    )


def _moves_to_another_dtype(case: _Case) -> None:
    """Trains in float64 after `.to(torch.float64)`."""
    case.built.to(torch.float64)
    losses = case.built.losses(case.first_batch())
    case.built.to(torch.float32)
    _require(losses.dtype == torch.float64, f"The losses of a float64 model are {losses.dtype}.")
    _require(losses.isfinite().all(), "Some losses are not finite in float64.")


# The move to another device comes last, for nothing moves back from the meta device.
_CHECKS: tuple[Callable[[_Case], None], ...] = (
    _is_documented,
    _pickles,
    _repeats,
    _gives_one_finite_loss_an_example,
    _mean_agrees,
    _gradient_reaches_every_parameter,
    _evaluation_leaves_it_alone,
    _works_with_functional_call,
    _moves_to_another_dtype,
    _moves_to_another_device,
)


def _tensors(output: Any) -> list[Tensor]:
    """All tensors of a nested output, in order."""
    if isinstance(output, Tensor):
        return [output]
    return [tensor for part in output for tensor in _tensors(part)]
