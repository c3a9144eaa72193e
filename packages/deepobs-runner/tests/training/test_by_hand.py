"""Runs against loops without the runner, in which reference implementations are driven by hand."""

from typing import Any

import pytest
import torch
from torch import nn

from deepobs.data import DATASETS, derive_seed
from deepobs.data.testing import write_stand_in
from deepobs.problems import PROBLEMS, build
from deepobs.runner import Callback, RunConfig, run
from deepobs.runner.optimizers import JoinedOptimizer, named_parameters
from deepobs.runner.training import Trainer

STEPS = 20
#: Problems on which a step of the default batch size takes more than a few seconds.
HEAVY = ("vgg", "inception", "wrn404", "allcnnc", "tolstoi", "fineweb")


class Weights(Callback):
    """Keeps the weights at the last evaluation."""

    def on_run_start(self, config, built):
        """Keeps the model."""
        self.model = built.model

    def on_evaluation(self, epoch, metrics):
        """Copies the weights."""
        self.values = [p.detach().clone() for p in self.model.parameters()]


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    """A stand-in of MNIST whose epoch has 20 batches."""
    return write_stand_in(
        "mnist", tmp_path_factory.mktemp("data"), num_train=STEPS * 128, num_test=10
    )


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Stand-ins of all data sets with files, of a few examples each."""
    root = tmp_path_factory.mktemp("tiny")
    for name, entry in DATASETS.items():
        if entry.files:
            write_stand_in(name, root, num_train=20, num_test=2)
    return root


def after_an_epoch(problem, optimizer, root=None, **settings):
    """The weights after one epoch of a run."""
    weights = Weights()
    shared = {"epochs": 1, "device": "cpu", "progress": "off", "data_root": root}
    record = run(problem, optimizer, callbacks=[weights], **shared, **settings)
    assert record.status == "finished"
    return weights.values, record


def by_hand(problem, root, make, step):
    """The weights after one epoch of a bare loop: `step(built, optimizer, batch)`."""
    built = build(problem, seed=42, data_root=root)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(42, "optimizer"))
        made = make(built)
        for batch in built.batches("train", epoch=0):
            step(built, made, batch)
    return [p.detach() for p in built.model.parameters()]


def check(ours, theirs, tolerance=1e-6):
    """Equal but for float32's rounding of 6e-8, which adds up over the steps."""
    for one, other in zip(ours, theirs, strict=True):
        assert torch.allclose(one, other, rtol=tolerance, atol=tolerance)


class MuonByHand:
    """Muon on matrices that are copies of the kernels, and AdamW on everything else."""

    def __init__(self, built, lr=0.02):
        items = named_parameters(built.model)
        chosen = [item for item in items if item.role in ("hidden", "convolution")]
        others = [item.parameter for item in items if item not in chosen]
        self.kernels = [item.parameter for item in chosen]
        self.matrices = [nn.Parameter(p.detach().flatten(1).clone()) for p in self.kernels]
        self.muon = torch.optim.Muon(self.matrices, lr=lr, weight_decay=0.1, momentum=0.95)
        self.adamw = torch.optim.AdamW(others, lr=0.3 * lr, weight_decay=0.1)

    def step(self):
        """A step of both."""
        for kernel, matrix in zip(self.kernels, self.matrices, strict=True):
            matrix.grad = kernel.grad.flatten(1)
        self.muon.step()
        self.adamw.step()
        with torch.no_grad():
            for kernel, matrix in zip(self.kernels, self.matrices, strict=True):
                kernel.copy_(matrix.view_as(kernel))


def plain_step(built, optimizer, batch):
    """`backward`, then `step`."""
    built.model.zero_grad()
    built.objective(batch).backward()
    optimizer.step()


@pytest.mark.parametrize("problem", ["digits_mlp", "mnist_2c2d"])
@pytest.mark.parametrize("given", ["recipe", "groups"])
def test_muon_equals_the_two_optimizers_driven_by_hand(problem, given, mnist):
    """One epoch, as a recipe and as two groups."""
    theirs = by_hand(problem, mnist, MuonByHand, plain_step)
    if given == "recipe":
        ours, _ = after_an_epoch(problem, "Muon", mnist)
    else:
        groups = [
            "role=hidden,convolution optimizer=Muon",
            "optimizer=AdamW lr_factor=0.3 weight_decay=0.1",
        ]
        ours, record = after_an_epoch(problem, "SGD", mnist, lr=0.02, groups=groups)
        assert record.parameter_groups["groups"] == groups
        assert record.parameter_groups["learning_rates"] == [[0.02], [pytest.approx(0.006)]]
    check(ours, theirs)


def batch_of(problem, size):
    """A small batch size; None for problems that choose their batches themselves."""
    own = PROBLEMS[problem].full_batch or "cartpole" in problem
    return None if own else size


def fewer_iterations(problem):
    """One Newton-Schulz iteration for VGG: its matrices are 4096 x 25088."""
    return {"ns_steps": 1} if "vgg" in problem else {}


def heavy_are_slow(name):
    """A problem's name as a parameter of a test."""
    marks = [pytest.mark.slow] if any(word in name for word in HEAVY) else []
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("problem", list(map(heavy_are_slow, PROBLEMS)))
def test_muon_trains_every_problem(problem, tiny):
    """Matrices and kernels under Muon, the rest under AdamW; every weight moves."""
    config = RunConfig(
        problem=problem,
        optimizer="Muon",
        batch_size=batch_of(problem, 2),
        hyperparameters=fewer_iterations(problem),
    )
    built = build(config.problem_value, batch_size=config.batch_size, data_root=tiny)
    trainer = Trainer(config, built)
    made = trainer.optimizer
    assert isinstance(made, JoinedOptimizer)
    role = {item.parameter: item.role for item in named_parameters(built.model)}
    for optimizer in made.optimizers:
        matrices = type(optimizer).__name__ == "MatrixOptimizer"
        for group in optimizer.param_groups:
            roles = {role[p] for p in group["params"]}
            assert (roles <= {"hidden", "convolution"}) is matrices
            assert group["lr"] == pytest.approx(0.02 if matrices else 0.006)
    assert {p for group in made.param_groups for p in group["params"]} == set(trainer.parameters)
    before = [p.detach().clone() for p in trainer.parameters]
    batches = built.batches("train")
    losses = [trainer.training_step(next(batches)) for _ in range(2)]
    assert all(map(torch.isfinite, losses))
    assert not any(map(torch.equal, before, trainer.parameters))


@pytest.mark.slow
# An epoch of the others takes hours on a processor.
@pytest.mark.parametrize("problem", sorted(set(PROBLEMS) - {"fineweb_gpt", "molpcba_gnn"}))
def test_the_command_trains_every_problem_with_muon(problem, tiny, tmp_path, deepobs):
    """From the command line to the record."""
    words = ["--epochs", 1, "--device", "cpu", "--data-root", tiny, "--results", tmp_path]
    size = batch_of(problem, 10)
    words += [] if size is None else ["--batch-size", size]
    words += [word for n, v in fewer_iterations(problem).items() for word in ("--set", f"{n}={v}")]
    assert deepobs("run", problem, "Muon", *words) == 0
    assert list(tmp_path.rglob("random_seed__42*.json"))


def sam_step(built, optimizer, batch):
    """The two passes of SAM, as its authors' repository calls them."""
    built.objective(batch).backward()
    optimizer.first_step(zero_grad=True)
    built.objective(batch).backward()
    optimizer.second_step(zero_grad=True)


@pytest.mark.parametrize("name", ["SAM(SGD)", "pytorch_optimizer.SAM(SGD)"])
def test_sam_agrees_with_the_reference_implementation(name, mnist):
    """Over momentum, 20 steps of mnist_mlp; ours, and theirs called by the runner."""
    library = pytest.importorskip("pytorch_optimizer")
    ours, record = after_an_epoch(
        *("mnist_mlp", name, mnist),
        lr=0.05,
        hyperparameters={"momentum": 0.9, "rho": 0.1},
    )
    theirs = by_hand(
        "mnist_mlp",
        mnist,
        lambda built: library.SAM(
            built.model.parameters(), torch.optim.SGD, rho=0.1, lr=0.05, momentum=0.9
        ),
        sam_step,
    )
    check(ours, theirs, 1e-5)
    assert record.passes == [2 * STEPS]


class AdaHessianByHand:
    """Algorithm 1 of Yao et al. (AAAI 2021) with block size 1, written from the paper."""

    def __init__(self, built, lr, eps, betas=(0.9, 0.999)):
        self.parameters = list(built.model.parameters())
        self.lr, self.betas, self.eps = lr, betas, eps
        self.mean = [torch.zeros_like(p) for p in self.parameters]
        self.square = [torch.zeros_like(p) for p in self.parameters]
        self.steps = 0

    def step(self, loss):
        """Hutchinson's estimate of the Hessian's diagonal, and the step."""
        gradients = torch.autograd.grad(loss, self.parameters, create_graph=True)
        signs = [torch.randint_like(p, 0, 2) * 2 - 1 for p in self.parameters]
        products = torch.autograd.grad(gradients, self.parameters, grad_outputs=signs)
        self.steps += 1
        first, second = self.betas
        for i, parameter in enumerate(self.parameters):
            diagonal = signs[i] * products[i]
            self.mean[i] = first * self.mean[i] + (1 - first) * gradients[i].detach()
            self.square[i] = second * self.square[i] + (1 - second) * diagonal**2
            mean = self.mean[i] / (1 - first**self.steps)
            root = (self.square[i] / (1 - second**self.steps)).sqrt()
            parameter.data -= self.lr * mean / (root + self.eps)


@pytest.mark.parametrize("reference", ["pytorch_optimizer", "paper"])
def test_adahessian_agrees_with_the_reference(reference, mnist):
    """20 steps of mnist_mlp from the same signs; a Hessian-vector product counts as a pass."""
    library = pytest.importorskip("pytorch_optimizer")
    # With eps near zero, a step divides by estimates near zero, which magnifies any rounding.
    eps = 1e-16 if reference == "pytorch_optimizer" else 1e-3
    settings = {"lr": 0.001, "hyperparameters": {"eps": eps}}
    ours, record = after_an_epoch("mnist_mlp", "AdaHessian", mnist, **settings)
    assert record.passes == [2 * STEPS]

    def library_step(built, optimizer, batch):
        parameters = list(built.model.parameters())
        gradients = torch.autograd.grad(built.objective(batch), parameters, create_graph=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
        optimizer.zero_grad()

    if reference == "paper":
        theirs = by_hand(
            *("mnist_mlp", mnist),
            lambda built: AdaHessianByHand(built, 0.001, eps),
            lambda built, optimizer, batch: optimizer.step(built.objective(batch)),
        )
        check(ours, theirs, 1e-5)
    else:
        theirs = by_hand(
            *("mnist_mlp", mnist),
            lambda built: library.AdaHessian(built.model.parameters(), lr=0.001, eps=eps),
            library_step,
        )
        assert all(map(torch.equal, ours, theirs))


def lbfgs_step(built, optimizer, batch):
    """A step with the closure of torch's documentation."""

    def closure():
        optimizer.zero_grad()
        loss = built.objective(batch)
        loss.backward()
        return loss

    optimizer.step(closure)


def test_lbfgs_agrees_with_torch_driven_by_hand(mnist):
    """20 steps of mnist_mlp, bit for bit."""
    settings: dict[str, Any] = {"history_size": 5, "max_iter": 4}
    ours, record = after_an_epoch("mnist_mlp", "LBFGS", mnist, lr=0.1, hyperparameters=settings)
    theirs = by_hand(
        *("mnist_mlp", mnist),
        lambda built: torch.optim.LBFGS(built.model.parameters(), lr=0.1, **settings),
        lbfgs_step,
    )
    assert all(map(torch.equal, ours, theirs))
    assert STEPS < record.passes[0] <= 5 * STEPS
