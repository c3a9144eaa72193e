"""The rules for problems, each with the function that checks it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import functional_call
from torch.utils._pytree import tree_map_only

from ._probes import (
    Case,
    all_same,
    as_tensor,
    close,
    first_example,
    global_states,
    moved,
    of_first_batches,
    require,
    same,
    tensors,
    values,
)

_EVALUATED = 3  # A whole test set would take a large model hours.
# What torch says of operations that the meta device cannot do: it has no values, and no kernels
# for sparse tensors.
_IMPOSSIBLE = (
    *("with Meta tensors", "cannot be called on meta tensors", "'SparseMeta' backend"),
    "meta function for torch.nonzero()",
)


class Rule(NamedTuple):
    """A rule in words, and the function that raises an error if a problem breaks it."""

    text: str
    check: Callable[[Case], None]


def _is_documented(case: Case) -> None:
    for field in ("description", "reference"):
        text = getattr(case.problem, field)
        one_line = isinstance(text, str) and text.strip() and len(text.splitlines()) == 1
        require(bool(one_line), f"Give it a {field}: one line of text.")


def _pickles(case: Case) -> None:
    pickle.loads(pickle.dumps(case.problem))


def _repeats(case: Case) -> None:
    torch.manual_seed(7)
    outer = global_states()
    again = case.rebuild()
    ours, theirs = values(case.built.model), values(again.model)
    require(ours.keys() == theirs.keys(), "Built twice it has other parameters or buffers.")
    different = [name for name, value in ours.items() if not same(value, theirs[name])]
    losses = again.losses(next(iter(again.batches("train"))))
    drawn = [name for name, state in global_states().items() if state != outer[name]]
    require(
        "torch" not in drawn,
        "It draws from torch's global generator: set stochastic=True, and let only the model's "
        "constructor and forward draw.",
    )
    require(
        not drawn,
        f"It draws from the global generator of {' and '.join(drawn)}, which no seed of ours "
        "governs: let the model's constructor and forward draw from torch's.",
    )
    require(not different, f"{', '.join(different)} starts differently when built twice.")
    torch.manual_seed(8)
    first = case.built.losses(case.batch())
    require(same(first, losses), "The first losses differ between two builds.")


def _every_build_draws_anew(case: Case) -> None:
    ours = dict(case.built.model.named_parameters())
    other = case.rebuild(seed=2, dataset=case.built.dataset).model
    theirs = dict(other.named_parameters())
    shared = {p.data_ptr() for p in ours.values()} & {p.data_ptr() for p in theirs.values()}
    require(
        other is not case.built.model and not shared,
        "Two builds share parameters: let `model` make a new module whenever it is called.",
    )
    # Some problems start at one point by definition: their parameters are constants or vectors.
    matrices = any(p.ndim > 1 and bool((p != p.flatten()[0]).any()) for p in ours.values())
    equal = all(same(value, theirs[name]) for name, value in ours.items())
    require(
        not (matrices and equal),
        "Every seed gives the same weights: draw them from torch's global generator, and leave it "
        "to us to seed that.",
    )


def _gives_one_finite_loss_an_example(case: Case) -> None:
    batch = case.batch()
    losses = case.built.losses(batch)
    expected = (batch.num_examples,)
    require(losses.shape == expected, f"losses have shape {tuple(losses.shape)}, not {expected}.")
    require(losses.isfinite().all(), "Some of the first losses are not finite.")


def _mean_agrees(case: Case) -> None:
    batch = case.batch()
    with torch.no_grad():
        output, target = case.built.output(batch), case.problem.target(batch)
        mean = case.problem.loss(reduction="mean")(output, target)
        each = case.problem.loss(reduction="none")(output, target)
    require(close(mean, each.mean()), f"{mean:.6g} against {each.mean():.6g}.")


def _losses_are_their_own_examples(case: Case) -> None:
    batch = case.batch()
    with torch.no_grad():
        output, target = case.built.output(batch), case.problem.target(batch)
        loss = case.problem.loss(reduction="none")
        each = loss(output, target)
        count = batch.num_examples
        alone = loss(first_example(output, count), first_example(target, count))
    require(
        close(each[:1], alone),
        "The first example has another loss without the others: do not add up or average over "
        "the examples.",
    )


def _gradient_reaches_every_parameter(case: Case) -> None:
    gradients = _gradients(case)
    for name, gradient in gradients.items():
        require(gradient.isfinite().all(), f"The gradient of {name} is not finite.")
    missed = [name for name, gradient in gradients.items() if not gradient.any()]
    if missed:  # perhaps only at the start: nothing flows through a branch that begins with zeros
        with moved(case.built.model):
            gradients = _gradients(case)
        missed = [name for name in missed if not gradients[name].any()]
    require(
        not missed,
        f"The gradient of {', '.join(missed)} is zero: use it in forward, or set requires_grad "
        "to False.",
    )


def _gradients(case: Case) -> dict[str, Tensor]:
    """The gradient of the mean loss for each trained parameter, zero where there is none.

    The objective would add the regularizer, which reaches also what forward does not use.
    """
    batch = case.batch()
    loss = case.built.loss_module(case.built.output(batch), case.problem.target(batch))
    trained = {n: p for n, p in case.built.model.named_parameters() if p.requires_grad}
    gradients = torch.autograd.grad(
        loss, list(trained.values()), allow_unused=True, materialize_grads=True
    )
    return dict(zip(trained, gradients, strict=True))


def _regularizes_its_parameters(case: Case) -> None:
    if case.problem.weight_decay is None:
        return
    regularized = list(case.problem.regularized(case.built.model))
    require(bool(regularized), "It has a weight_decay, but `regularized` gives no parameter.")
    parameters = {id(parameter) for parameter in case.built.model.parameters()}
    require(
        all(id(tensor) in parameters for tensor in regularized),
        "`regularized` gives a tensor that is not a parameter of the model.",
    )


def _evaluation_leaves_it_alone(case: Case) -> None:
    built = of_first_batches(case.built, _EVALUATED)
    before = {name: value.clone() for name, value in values(built.model).items()}
    metrics = [built.evaluate("test") for _ in range(2)]
    require(
        same(as_tensor(metrics[0]), as_tensor(metrics[1])),
        f"Two evaluations differ: {metrics[0]}, {metrics[1]}.",
    )
    require(built.model.training, "The model is left in evaluation mode.")
    for name, value in values(built.model).items():
        require(same(before[name], value), f"Evaluation changes {name}.")


def _tells_what_is_correct(case: Case) -> None:
    if case.problem.correct is None:
        return
    batch = case.batch()
    case.built.model.eval()
    with torch.no_grad():
        correct = case.problem.correct(case.built.output(batch), batch)
    case.built.model.train()
    has_tensor = isinstance(batch.targets, Tensor)
    expected = tuple(batch.targets.shape) if has_tensor else (batch.num_examples,)
    require(
        correct.dtype == torch.bool and correct.shape == expected,
        f"`correct` gives {correct.dtype} {tuple(correct.shape)}, not torch.bool {expected}.",
    )


def _works_with_functional_call(case: Case) -> None:
    model, arguments = case.built.model.eval(), case.arguments()

    def output(function: Callable[[], Any]) -> list[Tensor]:
        torch.manual_seed(0)
        return tensors(function())

    with torch.no_grad():
        own = output(lambda: model(*arguments))
        with moved(model) as start:
            elsewhere = output(lambda: model(*arguments))
            handed = output(lambda: functional_call(model, start, arguments))
    model.train()
    unmoved = all(map(torch.equal, own, elsewhere))
    require(not unmoved, "The output stays the same when all parameters move.")
    require(
        all_same(own, handed),
        "functional_call does not use the parameters that it is handed: let forward read them "
        "from the module, and keep no other references.",
    )


def _moves_to_another_dtype(case: Case) -> None:
    case.built.to(torch.float64)
    losses = case.built.losses(case.batch())
    case.built.to(torch.float32)
    require(losses.dtype == torch.float64, f"The losses of a float64 model are {losses.dtype}.")


def _moves_to_another_device(case: Case) -> None:
    device = "cuda" if torch.cuda.is_available() else "meta"
    arguments = tree_map_only(Tensor, lambda tensor: tensor.to(device), case.arguments())
    case.built.model.to(device)
    try:
        with torch.no_grad():
            outputs = tensors(case.built.model(*arguments))
    except (NotImplementedError, RuntimeError) as error:
        if device == "meta" and any(words in str(error) for words in _IMPOSSIBLE):
            return
        raise
    require(
        all(output.device.type == device for output in outputs),
        "It leaves an output behind when it moves: create tensors on the inputs' device.",
    )


# Two builds are compared before the first of them has run. The move to another device comes last,
# for nothing moves back from the meta device.
RULES = (
    Rule("Has a description and a reference, a line each", _is_documented),
    Rule("Pickles and comes back", _pickles),
    Rule(
        "The same seed gives the same weights, batches and losses, whatever the global generators",
        _repeats,
    ),
    Rule(
        "Every build makes a new model, and every seed draws other weights", _every_build_draws_anew
    ),
    Rule("Gives one finite loss an example", _gives_one_finite_loss_an_example),
    Rule('The loss with reduction "mean" is the mean of those with "none"', _mean_agrees),
    Rule(
        "An example's loss does not depend on the other examples' outputs",
        _losses_are_their_own_examples,
    ),
    Rule("The gradient reaches every parameter and is finite", _gradient_reaches_every_parameter),
    Rule("The regularizer counts parameters of the model", _regularizes_its_parameters),
    Rule(
        f"Evaluation ({_EVALUATED} batches) leaves weights, buffers and mode alone, and repeats",
        _evaluation_leaves_it_alone,
    ),
    Rule("Accuracy comes from one boolean a target", _tells_what_is_correct),
    Rule("Works with torch.func.functional_call", _works_with_functional_call),
    Rule("Trains in float64 after .to(torch.float64)", _moves_to_another_dtype),
    Rule(
        "Moves to another device: CUDA where there is one, else torch's meta device",
        _moves_to_another_device,
    ),
)
