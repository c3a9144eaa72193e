"""BackPACK and curvlinops: on every problem that they can treat, and a sentence on the others."""

import pytest
import torch
from backpack import backpack
from backpack.extensions import BatchGrad
from torch import Tensor

from deepobs.problems import PROBLEMS, BuiltProblem, build, extend_with_backpack

from .test_golden import large_are_slow

# Parameters outside of layers, layers that BackPACK does not know, and inputs that are no tensors.
WITHOUT_BACKPACK = {
    "quadratic_deep": "the parameter",
    "rotated_quadratic": "the parameter",
    "matrix_sensing": "the parameter",
    "two_d_rosenbrock": "the parameter",
    "two_d_beale": "the parameter",
    "two_d_branin": "the parameter",
    "shakespeare_gpt": "the parameter",
    "shakespeare_gpt_small": "the parameter",
    "tolstoi_gpt": "the parameter",
    "shakespeare_gpt_large": "the parameter",
    "fineweb_gpt": "the parameter",
    "fmnist_vit": "the parameter",
    "cifar10_vit": "the parameter",
    "tolstoi_char_rnn": "it raises AttributeError",
    "molpcba_gnn": "the parameter",
    "cifar10_airbench": "it raises AttributeError",
    "cora_gcn": "it raises NotImplementedError",
    "modular_addition": "it raises TypeError",
    "mnist_ddpm": "the parameter",
    "california_ft_transformer": "the parameter",
    "pinn_convection": "it raises RuntimeError",
    "pinn_convection_small": "it raises RuntimeError",
}
WITH_BACKPACK = [name for name in PROBLEMS if name not in WITHOUT_BACKPACK]


def built(name: str, root: str) -> BuiltProblem:
    """A problem with two examples a batch if it has batches, without dropout."""
    problem = build(name, batch_size=None if PROBLEMS[name].full_batch else 2, data_root=root)
    problem.model.eval()
    return problem


# The first layer's inputs need no gradient, as in all training; torch warns of BackPACK's hook.
@pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")
# BackPACK extends the layers inside of such a module, whose own forward function it does not know.
@pytest.mark.filterwarnings("ignore:Extension saving to grad_batch does not have an extension")
@pytest.mark.parametrize("name", large_are_slow(WITH_BACKPACK))
def test_individual_gradients_add_up(name: str, stand_ins: str) -> None:
    """BackPACK's gradients of the examples add up to the gradient of each parameter."""
    problem = built(name, stand_ins)
    batch = next(problem.batches("train"))
    model, loss_module = extend_with_backpack(problem)
    with backpack(BatchGrad()):
        loss_module(model(batch.inputs), problem.problem.target(batch)).backward()
    for parameter in model.parameters():
        if parameter.requires_grad:
            total = getattr(parameter, "grad_batch").sum(0)  # noqa: B009 - BackPACK's attribute
            torch.testing.assert_close(total, parameter.grad, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", large_are_slow(list(WITHOUT_BACKPACK), ("fineweb",)))
def test_what_backpack_cannot_treat_is_refused(name: str, stand_ins: str) -> None:
    """In a sentence that names the reason and what to use instead; nothing changes."""
    words = WITHOUT_BACKPACK[name]
    problem = built(name, stand_ins)
    before = {key: value.clone() for key, value in problem.model.state_dict().items()}
    with pytest.raises(ValueError, match=f"gradients of {name}: {words}.*jacrev") as caught:
        extend_with_backpack(problem)
    assert "\n" not in str(caught.value)
    for key, value in problem.model.state_dict().items():
        assert torch.equal(value, before[key])
    assert all(parameter.grad is None for parameter in problem.model.parameters())


def hessian_product(problem: BuiltProblem, inputs: Tensor, target: object) -> Tensor:
    """The product of the loss's Hessian with ones, by differentiating twice."""
    parameters = [p for p in problem.model.parameters() if p.requires_grad]
    loss = problem.loss_module(problem.model(inputs), target)
    gradients = torch.autograd.grad(loss, parameters, create_graph=True)
    total = torch.stack([gradient.sum() for gradient in gradients]).sum()
    return torch.cat(
        [g.flatten() for g in torch.autograd.grad(total, parameters, materialize_grads=True)]
    )


# Importing it compiles some functions.
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
@pytest.mark.parametrize(
    "name",
    ["quadratic_deep", "two_d_branin", "matrix_sensing", "digits_mlp", "digits_2c2d"],
)
def test_curvlinops_gives_the_hessian(name: str, stand_ins: str) -> None:
    """Its operator takes the model and the loss module as they are."""
    curvlinops = pytest.importorskip("curvlinops")
    problem = built(name, stand_ins)
    batch = next(problem.batches("train"))
    target = problem.problem.target(batch)
    parameters = [p for p in problem.model.parameters() if p.requires_grad]
    hessian = curvlinops.HessianLinearOperator(
        problem.model, problem.loss_module, parameters, [(batch.inputs, target)]
    )
    expected = hessian_product(problem, batch.inputs, target)
    product = hessian @ torch.ones(hessian.shape[1])
    size = expected.abs().max().item()
    torch.testing.assert_close(product, expected, rtol=1e-3, atol=1e-4 * size)
