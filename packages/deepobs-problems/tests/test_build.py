"""What build() gives: seeds, batches, losses, evaluation, state."""

import dataclasses
import math
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
import torch
from backpack import backpack, extend
from backpack.extensions import BatchGrad
from torch import Tensor, nn

from deepobs.problems import PROBLEMS, BuiltProblem, UnknownProblemError, build, get_problem

from .test_golden import large_are_slow


def first(built: BuiltProblem):
    return next(iter(built.batches("train")))


def test_seed_decides_weights_and_order() -> None:
    """The same seed gives the same start; another seed another one."""
    a, b, c = (build("digits_mlp", seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first(a).inputs, first(b).inputs)
    assert not torch.equal(first(a).inputs, first(c).inputs)
    weights = [next(built.model.parameters()) for built in (a, b, c)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_every_epoch_has_an_order_of_its_own_unless_replayed() -> None:
    """replay=True gives epoch 0's order in every epoch, as the original does."""
    built, replayed = build("digits_mlp"), build("digits_mlp", replay=True)
    orders = [
        next(iter(b.batches("train", epoch=e))).targets for b in (built, replayed) for e in (0, 3)
    ]
    assert not torch.equal(orders[0], orders[1])
    assert torch.equal(orders[2], orders[3])


def test_training_drops_the_last_incomplete_batch_and_evaluation_does_not() -> None:
    """1,437 digits make 22 whole batches of 64; the 360 test digits make 6, the last one short."""
    built = build("digits_mlp")
    assert [len(batch.inputs) for batch in built.batches("train")] == [64] * 22
    assert [len(batch.inputs) for batch in built.batches("test")] == [64] * 5 + [40]
    assert (built.num_batches("train"), built.num_batches("test")) == (22, 6)


def test_objective_is_mean_loss_plus_regularizer(stand_ins: str) -> None:
    """And its gradient is the sum of theirs."""
    built = build("svhn_3c3d", batch_size=4, data_root=stand_ins)
    batch = first(built)
    torch.testing.assert_close(
        built.objective(batch), built.losses(batch).mean() + built.regularizer()
    )
    assert built.regularizer() > 0


def test_another_forward_takes_the_place_of_the_model() -> None:
    """In output, losses and objective, where it is called with the inputs."""
    built = build("digits_mlp")
    batch = next(built.batches("train"))

    def doubled(inputs: Tensor) -> Tensor:
        output: Tensor = 2 * built.model(inputs)
        return output

    output = built.output(batch, forward=doubled)
    assert torch.equal(output, 2 * built.output(batch))
    mean = built.loss_module(output, batch.targets)
    assert torch.equal(built.objective(batch, forward=doubled), mean)
    assert built.losses(batch, forward=doubled).mean().isclose(mean)


def _assign(model: nn.Module) -> None:
    state = {name: value.double() for name, value in model.state_dict().items()}
    model.load_state_dict(state, assign=True)


def _replace_first_layer(model: nn.Module) -> None:
    layer = next(name for name, module in model.named_modules() if isinstance(module, nn.Linear))
    model.set_submodule(layer, nn.Linear(64, 64))
    model.double()


@pytest.mark.parametrize(
    "convert", [nn.Module.double, _assign, _replace_first_layer], ids=["convert", "assign", "swap"]
)
def test_batches_follow_the_dtype_of_the_weights(convert: Callable[[nn.Module], Any]) -> None:
    """Also if the weights, or the module that holds the first of them, are replaced."""
    built = build("digits_mlp")
    convert(built.model)
    assert built.objective(first(built)).dtype == torch.float64


def test_evaluation_weighs_every_example_once() -> None:
    """The mean over batches of unequal size equals the mean over all examples at once."""
    built = build("digits_mlp")
    whole = build("digits_mlp", batch_size=360).evaluate("test")
    metrics = built.evaluate("test")
    assert metrics.loss == pytest.approx(whole.loss, rel=1e-6)
    assert metrics.accuracy == pytest.approx(whole.accuracy)
    assert metrics.regularizer == 0


def test_accuracy_is_none_where_there_is_none() -> None:
    """quadratic_deep has no accuracy; its test loss at the start is the golden one."""
    metrics = build("quadratic_deep").evaluate("test")
    assert metrics.accuracy is None
    # Golden runner_0_quadratic_deep.json has 353.447 before the first epoch, over 7 whole batches
    # of 128; all 1,000 points give a mean within 1 % of it.
    assert metrics.loss == pytest.approx(353.447, rel=0.01)


def test_shards_add_up_to_the_whole() -> None:
    """Two processes' sums give one process's metrics."""
    built = build("digits_mlp")
    sums: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        sums.append(tensor)
        return tensor

    for rank in range(2):
        built.evaluate("test", shard=(rank, 2), reduce=keep)
    loss, count, correct, _ = (sums[0] + sums[1]).tolist()
    metrics = built.evaluate("test")
    assert count == 360
    assert loss / count == pytest.approx(metrics.loss, rel=1e-6)
    assert correct / count == pytest.approx(metrics.accuracy)


def test_noise_is_the_problems_own() -> None:
    """A VAE's losses depend on the seed and what was drawn before, not on the global generator."""
    dataset = build("mnist_vae", dataset=_images()).dataset
    batch = next(iter(dataset.batches("train", batch_size=4)))
    a, b = (build("mnist_vae", dataset=dataset) for _ in range(2))
    torch.manual_seed(1)
    first_losses = a.losses(batch)
    torch.manual_seed(2)
    assert torch.equal(b.losses(batch), first_losses)
    assert not torch.equal(a.losses(batch), first_losses)


def test_evaluation_repeats_and_leaves_the_noise_alone() -> None:
    """Evaluating in between changes neither itself nor the training that follows."""
    a, b = (build("mnist_vae", dataset=_images(), batch_size=4) for _ in range(2))
    assert a.evaluate("test") == a.evaluate("test")
    batch = first(a)
    assert torch.equal(a.losses(batch), b.losses(batch))


def test_state_goes_on_where_it_was() -> None:
    """A second build that takes up model and state draws the same noise as the first."""
    a, b = (build("mnist_vae", dataset=_images(), batch_size=4) for _ in range(2))
    batch = first(a)
    a.losses(batch)
    b.load_state_dict(a.state_dict())
    assert torch.equal(a.losses(batch), b.losses(batch))


def test_works_with_lbfgs() -> None:
    """A closure may be called several times a step; the quadratic is solved almost at once."""
    built = build("quadratic_deep", batch_size=1000)
    optimizer = torch.optim.LBFGS(built.model.parameters(), line_search_fn="strong_wolfe")
    batch = first(built)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = built.objective(batch)
        loss.backward()
        return loss

    start = built.evaluate("test").loss
    for _ in range(5):
        optimizer.step(closure)
    # The best loss is that of theta = mean of the data: about ½ trace(H) 0.36 = 86.
    assert built.evaluate("test").loss < 90 < start


# The first layer's inputs need no gradient, as in all training; torch warns of BackPACK's hook.
@pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")
@pytest.mark.parametrize("name", ["digits_logreg", "digits_mlp", "mnist_2c2d"])
def test_works_with_backpack(name: str) -> None:
    """BackPACK's individual gradients of the extended model and loss add up to the gradient."""
    built = build(name, batch_size=8, dataset=_images() if name == "mnist_2c2d" else None)
    batch = first(built)
    model, loss_module = extend(built.model), extend(built.loss_module)
    with backpack(BatchGrad()):
        loss_module(model(batch.inputs), batch.targets).backward()
    for parameter in model.parameters():
        torch.testing.assert_close(
            parameter.grad_batch.sum(0), parameter.grad, rtol=1e-4, atol=1e-6
        )


@pytest.mark.parametrize("name", large_are_slow(list(PROBLEMS), ("fineweb",)))
def test_trains_at_batch_size_two(name: str, stand_ins: str) -> None:
    """Two steps of SGD leave every problem with finite test losses, on two examples if it can."""
    size = None if PROBLEMS[name].full_batch else 2
    built = build(name, batch_size=size, data_root=stand_ins)
    optimizer = torch.optim.SGD(built.model.parameters(), lr=1e-4)
    for batch in islice(built.batches("train"), 2):
        optimizer.zero_grad()
        built.objective(batch).backward()
        optimizer.step()
    built.model.eval()
    with torch.no_grad():
        batch = next(iter(built.batches("test")))
        losses = built.losses(batch)
    assert losses.shape == (batch.num_examples,)
    assert losses.isfinite().all()


def test_validation_is_held_out_of_training() -> None:
    """A tenth of the digits is phase "valid", and training has that many fewer."""
    built = build("digits_mlp", validation=0.1)
    assert built.dataset.num_examples("valid") == 144
    assert built.dataset.num_examples("train") == 1437 - 144
    assert built.evaluate("valid").accuracy is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"batch_size": 0}, "batch_size must be a positive integer, not 0"),
        ({"batch_size": 2.5}, "batch_size must be a positive integer, not 2.5"),
        ({"weight_decay": -1.0}, "at least 0, not -1.0"),
        ({"weight_decay": math.nan}, "not nan"),
        ({"weight_decay": 0.1}, "digits_mlp has no regularizer"),
        ({"validation": 1.0}, "validation must be a fraction"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], words: str) -> None:
    """One sentence names the argument, its value and what was expected."""
    with pytest.raises(ValueError, match=words):
        build("digits_mlp", **arguments)


def test_unknown_problem_is_refused() -> None:
    """As by get_problem."""
    with pytest.raises(UnknownProblemError, match="digits_mlp"):
        build("digits_mpl")


def test_takes_a_problem_of_the_users_own() -> None:
    """A changed copy of a problem builds like any other."""
    mine = dataclasses.replace(get_problem("digits_mlp"), name="mine", batch_size=10)
    assert build(mine).batch_size == 10


def _images():
    """A few random images in MNIST's shape."""
    from deepobs.data import ArrayDataset, Arrays, Scale

    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (24, 1, 28, 28), generator=generator, dtype=torch.uint8)
    arrays = Arrays(images, torch.arange(24) % 10)
    return ArrayDataset("images", train=arrays, test=arrays, num_classes=10, transform=Scale(255))


def test_the_data_set_gets_the_model_to_collect_with() -> None:
    """It is attached when the problem is built, when the model is replaced and when it moves."""
    given: list[torch.nn.Module] = []
    built = build("digits_mlp")
    built.dataset.attach = given.append  # type: ignore[method-assign, assignment]
    rebuilt = build("digits_mlp", dataset=built.dataset)
    assert given == [rebuilt.model]
    rebuilt.model = built.model
    assert given[-1] is built.model
    rebuilt.to("cpu")
    assert len(given) == 3
    assert built.dataset.state_dict() == {}
