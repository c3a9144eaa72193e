"""Training steps: micro-batches, clipping, all ways of calling an optimizer, its errors."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from deepobs.data import Batch
from deepobs.data.testing import write_stand_in
from deepobs.problems import build, get_problem
from deepobs.runner import Callback, OptimizerError, RunConfig, UsageError, run
from deepobs.runner.optimizers import find_optimizer
from deepobs.runner.training import Trainer

quiet = partial(run, progress="off", device="cpu")
TINY: dict[str, Any] = {"batch_size": 4, "epochs": 1}


class Examples(torch.optim.SGD):
    """Asks for the gradient of each example, and keeps what it got."""

    calls = "example_gradients"

    def step(self, closure=None):
        """SGD's step."""
        parameters = [p for group in self.param_groups for p in group["params"]]
        self.seen = [(p.grad.clone(), p.grad_sample.clone()) for p in parameters]
        return super().step(closure)


class TwiceDifferentiated(torch.optim.SGD):
    """Replaces the gradient by the Hessian times the gradient."""

    calls = "create_graph"

    def step(self, closure=None):
        """A step along the product."""
        parameters = [p for group in self.param_groups for p in group["params"]]
        gradients = [p.grad for p in parameters]
        vectors = [gradient.detach() for gradient in gradients]
        products = torch.autograd.grad(gradients, parameters, grad_outputs=vectors)
        for parameter, product in zip(parameters, products, strict=True):
            parameter.grad = product
        self.seen = products
        return super().step(closure)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with small stand-ins of the data sets that the problems below need."""
    root = tmp_path_factory.mktemp("data")
    for name in ("mnist", "fashion_mnist", "cifar100", "tolstoi"):
        write_stand_in(name, root, num_train=20, num_test=2)
    return root


def trainer_of(problem, optimizer, root, **settings):
    """A trainer that stands before its first step, and the batch of this step."""
    config = RunConfig(problem=problem, optimizer=optimizer, **{**TINY, **settings})
    built = build(config.problem_value, batch_size=config.batch_size, data_root=root)
    trainer = Trainer(config, built)
    return trainer, next(built.batches("train"))


@pytest.mark.parametrize(
    "problem",
    [
        *("digits_mlp", "digits_2c2d", "digits_autoencoder", "mnist_logreg"),
        *("quadratic_deep", "two_d_beale", "shakespeare_gpt_small", "fmnist_vit"),
        "modular_addition",
    ],
)
def test_gradients_of_examples_have_the_gradient_as_their_mean(problem, data):
    """For attention too, whose fast kernels have no rule for `torch.func.vmap`."""
    trainer, batch = trainer_of(problem, Examples, data, lr=0.01)
    trainer.built.weight_decay = 0.0
    trainer.training_step(batch)
    for gradient, of_each in trainer.optimizer.seen:
        assert of_each.shape == (4, *gradient.shape)
        # float32 rounds at 6e-8; the sums behind an entry have up to thousands of terms
        assert torch.allclose(of_each.mean(0), gradient, rtol=1e-4, atol=1e-5)
    assert trainer.stepper.passes == 2
    assert any(not torch.equal(each[0], each[1]) for _, each in trainer.optimizer.seen)


def test_gradients_of_examples_have_noise_of_their_own(data):
    """The samples of a variational autoencoder and dropout differ between equal examples."""
    trainer, batch = trainer_of("mnist_vae", Examples, data, lr=0.01)
    trainer.training_step(Batch(batch.inputs[:1].repeat(4, 1, 1, 1), None))
    assert any(not torch.equal(each[0], each[1]) for _, each in trainer.optimizer.seen)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("cifar100_wrn404", "batch normalization mixes the examples of a batch"),
        ("tolstoi_char_rnn", "it carries its state from batch to batch"),
    ],
)
def test_where_examples_have_no_gradient_a_sentence_says_so(problem, said, data):
    """Before the first step."""
    with pytest.raises(UsageError, match=f"Examples asks for the gradient .* {problem} .* {said}"):
        trainer_of(problem, Examples, data, lr=0.01)


def test_a_graph_has_no_independent_examples(data):
    """Its nodes are examples, and each depends on its neighbours."""
    trainer, batch = trainer_of("cora_gcn", Examples, data, lr=0.01, batch_size=None)
    with pytest.raises(UsageError, match="do not consist of independent examples"):
        trainer.training_step(batch)


@pytest.mark.parametrize("problem", ["digits_mlp", "shakespeare_gpt_small", "fmnist_vit"])
def test_gradients_are_differentiated_again(problem, data):
    """Hessian-vector products of attention too; compared with finite differences."""
    trainer, batch = trainer_of(problem, TwiceDifferentiated, data, lr=0.0)
    trainer.built.to(torch.float64)
    parameters = [p for p in trainer.built.model.parameters() if p.requires_grad]
    gradients = torch.autograd.grad(trainer.built.objective(batch), parameters)
    shift = 1e-6 / max(float(gradient.abs().max()) for gradient in gradients)
    ends = []
    for sign in (1, -1):
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=sign * shift)
        ends.append(torch.autograd.grad(trainer.built.objective(batch), parameters))
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-sign * shift)
    trainer.training_step(batch)
    assert trainer.stepper.passes == 2
    for product, plus, minus in zip(trainer.optimizer.seen, *ends, strict=True):
        difference = (plus - minus) / (2 * shift)
        # central differences of step 1e-6 in float64: 1e-16 / 1e-6 of rounding
        assert torch.allclose(product, difference, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["AdaHessian", "Sophia"])
@pytest.mark.parametrize("problem", ["shakespeare_gpt_small", "fmnist_vit"])
def test_second_order_optimizers_train_transformers(name, problem, data):
    """The user need not know which kernels can be differentiated twice."""
    pytest.importorskip("pytorch_optimizer")
    trainer, batch = trainer_of(problem, name, data)
    before = [p.detach().clone() for p in trainer.parameters]
    losses = [float(trainer.training_step(batch)) for _ in range(3)]
    assert all(map(torch.isfinite, map(torch.tensor, losses)))
    assert not any(map(torch.equal, before, trainer.parameters))
    assert trainer.stepper.passes > 3
    assert find_optimizer(name).calls == "create_graph"


def test_clipping_bounds_the_step():
    """From weights of zero, a step of SGD is as long as the clipped gradient times lr."""

    class Steps(Callback):
        def on_run_start(self, config, built):
            self.parameters = list(built.model.parameters())

        def on_evaluation(self, epoch, metrics):
            self.norm = float(torch.cat([p.detach().flatten() for p in self.parameters]).norm())

    steps = Steps()
    settings: dict[str, Any] = {"lr": 1.0, "epochs": 1, "batch_size": 1000, "callbacks": [steps]}
    quiet("digits_logreg", "SGD", max_grad_norm=0.01, **settings)
    assert steps.norm == pytest.approx(0.01, rel=1e-3)


def test_lbfgs_gets_its_closure():
    """A quadratic in 100 dimensions: two steps of L-BFGS reach its floor, those of SGD do not."""
    settings: dict[str, Any] = {"epochs": 2, "batch_size": 1000}
    newton = quiet(
        "quadratic_deep",
        "LBFGS",
        lr=1.0,
        hyperparameters={"line_search_fn": "strong_wolfe", "max_iter": 60},
        **settings,
    )
    plain = quiet("quadratic_deep", "SGD", lr=0.01, **settings)
    assert newton.train_losses[-1] < 89 < plain.train_losses[-1]


def test_a_closure_sees_the_same_noise_each_time():
    """Dropout's mask is the same at every evaluation of a step, and another at the next step."""

    losses = []

    class Twice(torch.optim.SGD):
        def step(self, closure):  # type: ignore[override]
            losses.append((float(closure()), float(closure())))

    model = partial(nn.Sequential, nn.Flatten(), nn.Dropout(), nn.Linear(64, 10))
    noisy = replace(get_problem("digits_mlp"), name="noisy", model=model, stochastic=True)
    quiet(noisy, Twice, lr=0.0, epochs=1, batch_size=512)
    assert all(first == second for first, second in losses)
    assert len({first for first, _ in losses}) == len(losses) > 1


class TwoSteps(torch.optim.SGD):
    """Takes one step, then raises an error."""

    steps = 0

    def step(self, closure=None):
        """SGD's step, or an error of two lines."""
        self.steps += 1
        if self.steps == 2:
            raise ValueError("no descent\nat all")
        return super().step(closure)


def test_what_the_optimizer_refuses_of_a_model_is_a_usage_error(tmp_path):
    """SparseAdam wants sparse gradients; a trial step finds that out before anything starts."""
    with pytest.raises(UsageError, match="SparseAdam fails in a trial step") as caught:
        quiet("digits_mlp", "SparseAdam", lr=0.1, epochs=1, results=tmp_path)
    assert "dense gradients" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("*"))


def test_an_optimizer_that_fails_is_named_with_its_error(tmp_path):
    """The error is the cause, and nothing is left behind."""
    with pytest.raises(OptimizerError, match="TwoSteps failed in its step: ValueError:") as caught:
        quiet("digits_mlp", TwoSteps, lr=0.1, epochs=1, results=tmp_path)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)
    assert not list(tmp_path.rglob("*"))


class BrokenAfterClosure(torch.optim.SGD):
    """Evaluates its closure, and fails after the second time."""

    steps = 0

    def step(self, closure):  # type: ignore[override]
        """An error of its own, of two lines."""
        closure()
        self.steps += 1
        if self.steps == 2:
            raise ValueError("no descent\nat all")


def test_an_optimizer_that_fails_after_its_closure_is_named():
    """In one line, with the place that raised it."""
    with pytest.raises(OptimizerError, match=r"ValueError: no descent \(test_step.py, line \d+\)"):
        quiet("digits_mlp", BrokenAfterClosure, lr=0.1, epochs=1)


@pytest.mark.parametrize("optimizer", ["SGD", "LBFGS"])
def test_an_error_of_the_model_is_not_the_optimizers(optimizer):
    """Also where the optimizer calls the model, through its closure."""

    class Broken(nn.Linear):
        def forward(self, inputs):
            if self.training:
                raise ZeroDivisionError("the model's")
            return super().forward(inputs)

    model = partial(nn.Sequential, nn.Flatten(), Broken(64, 10))
    broken = replace(get_problem("digits_mlp"), name="broken", model=model)
    with pytest.raises(ZeroDivisionError, match="the model's"):
        quiet(broken, optimizer, lr=0.1, epochs=1)


class CannotEvaluate(torch.optim.SGD):
    """Its method `eval` raises an error, which a trial step does not meet."""

    def eval(self):
        """Looks for an attribute that is not there."""
        return self.missing  # type: ignore[attr-defined]


def test_an_error_of_train_or_eval_is_one_sentence():
    """With the optimizer, the method and the place."""
    with pytest.raises(OptimizerError, match=r"CannotEvaluate failed .*its method eval") as caught:
        run("digits_mlp", CannotEvaluate, lr=0.1, epochs=1, progress="off", device="cpu")
    assert "\n" not in str(caught.value)
