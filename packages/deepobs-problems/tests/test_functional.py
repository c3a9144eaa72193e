"""Objective and losses as functions of the parameters, and another model in place of the first."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import grad, jacrev, vmap

from deepobs.data import Batch
from deepobs.problems import PROBLEMS, BuiltProblem, build

# The large networks only repeat what the small ones show.
SMALL = [
    name
    for name in PROBLEMS.ours
    if not any(part in name for part in ("vgg", "inception", "wrn404", "imagenet", "fineweb"))
]
# In these the layers have no rule for vmap: LSTMs, and sparse matrices.
WITHOUT_VMAP = ("tolstoi_char_rnn", "cora_gcn")


def built(name: str, stand_ins: str) -> tuple[BuiltProblem, Batch]:
    """A problem in evaluation mode and a batch of two examples, or the only batch there is."""
    size = None if PROBLEMS[name].full_batch else 2
    problem = build(name, batch_size=size, data_root=stand_ins)
    problem.model.eval()
    return problem, next(problem.batches("train"))


def parameters_of(problem: BuiltProblem) -> dict[str, Tensor]:
    named = problem.model.named_parameters()
    return {name: p.detach().clone() for name, p in named if p.requires_grad}


@pytest.mark.parametrize("name", SMALL)
def test_functional_gradient_is_the_gradient(name: str, stand_ins: str) -> None:
    """torch.func.grad of the functional objective gives what backward gives, L2 term and all."""
    problem, batch = built(name, stand_ins)
    parameters = parameters_of(problem)
    state = problem.state_dict()
    problem.objective(batch).backward()
    problem.load_state_dict(state)  # the same noise and carried state again
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        gradients = grad(problem.functional_objective)(parameters, batch)
    for key, parameter in problem.model.named_parameters():
        if parameter.requires_grad:
            torch.testing.assert_close(gradients[key], parameter.grad, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in SMALL if name not in WITHOUT_VMAP])
def test_losses_of_several_models_at_once(name: str, stand_ins: str) -> None:
    """torch.func.vmap over stacked parameters gives the losses of each model."""
    problem, batch = built(name, stand_ins)
    one = parameters_of(problem)
    two = {key: 0.9 * value for key, value in one.items()}
    stacked = {key: torch.stack([one[key], two[key]]) for key in one}
    state = problem.state_dict()
    with torch.no_grad(), torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        together = vmap(problem.functional_losses, in_dims=(0, None), randomness="same")(
            stacked, batch
        )
        for losses, parameters in zip(together, (one, two), strict=True):
            problem.load_state_dict(state)
            alone = problem.functional_losses(parameters, batch)
            torch.testing.assert_close(losses, alone, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["quadratic_deep", "two_d_rosenbrock", "matrix_sensing"])
def test_gradients_of_each_example_where_backpack_has_none(name: str, stand_ins: str) -> None:
    """jacrev of the functional losses gives the gradient of each example, whatever the model."""
    problem, batch = built(name, stand_ins)
    of_each = jacrev(problem.functional_losses)(parameters_of(problem), batch)
    problem.losses(batch)[1].backward()
    for key, parameter in problem.model.named_parameters():
        torch.testing.assert_close(of_each[key][1], parameter.grad)


def test_functional_form_leaves_the_model_alone() -> None:
    """Neither weights nor buffers change, and values that are left out are the model's."""
    problem = build("digits_mlp")
    batch = next(problem.batches("train"))
    before = {key: value.clone() for key, value in problem.model.state_dict().items()}
    zeros = {key: torch.zeros_like(value) for key, value in parameters_of(problem).items()}
    moved = problem.functional_losses(zeros, batch)
    assert not torch.allclose(moved, problem.losses(batch))
    torch.testing.assert_close(problem.functional_losses({}, batch), problem.losses(batch))
    for key, value in problem.model.state_dict().items():
        assert torch.equal(value, before[key])


def test_unknown_parameters_are_refused() -> None:
    """A name that the model does not have is named in the message."""
    problem = build("digits_logreg")
    with pytest.raises(ValueError, match="LogisticRegression has no parameter 'weights'"):
        problem.functional_losses({"weights": torch.zeros(1)}, next(problem.batches("train")))


def test_an_assigned_model_is_trained(stand_ins: str) -> None:
    """Losses, gradient and regularizer are those of the new model."""
    problem = build("svhn_3c3d", batch_size=2, data_root=stand_ins)
    batch = next(problem.batches("train"))
    model = build("svhn_3c3d", seed=7, batch_size=2, data_root=stand_ins).model
    problem.model = model
    problem.objective(batch).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    weights = [p for name, p in model.named_parameters() if name.endswith("weight")]
    counted = torch.stack([weight.square().sum() for weight in weights]).sum()
    torch.testing.assert_close(problem.regularizer(), 0.5 * 0.002 * counted)


def test_only_a_module_can_be_assigned() -> None:
    """Anything else is refused in one sentence."""
    with pytest.raises(TypeError, match=r"must be a torch\.nn\.Module, not a function"):
        build("digits_logreg").model = nn.functional.relu  # type: ignore[assignment]
