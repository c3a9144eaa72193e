"""Problems of recent papers whose data have to be fetched, on stand-ins for their files."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from resumed_runs import num_steps, same

from deepobs.data import DATASETS
from deepobs.data.testing import write_stand_in
from deepobs.models import FTTransformer, ModdedGPT
from deepobs.problems import get_problem
from deepobs.runner import run

#: The data set of each problem.
DATA = {
    "cifar10_airbench": "cifar10",
    "fineweb_gpt": "fineweb",
    "mnist_ddpm": "mnist",
    "molpcba_gnn": "ogbg_molpcba",
    "movielens_mf": "movielens_100k",
    "california_ft_transformer": "california_housing",
}
# Batch normalization takes its statistics from each part, and dropout draws other masks for it.
ACCUMULATED = [name for name in DATA if name not in ("cifar10_airbench", "molpcba_gnn")]

quiet = partial(run, progress="off", device="cpu", epochs=1, batch_size=16)


def small(problem, sequence_length=4, steps=4, **changes):
    """Returns the problem; a small variant of it for fineweb_gpt, a short one for molpcba_gnn."""
    if problem == "molpcba_gnn":
        return replace(get_problem(problem), name="molpcba_gnn_short", steps_per_epoch=steps)
    if problem != "fineweb_gpt":
        return problem
    return replace(
        get_problem(problem),
        name="fineweb_gpt_small",
        dataset=partial(DATASETS["fineweb"], sequence_length=sequence_length),
        model=partial(ModdedGPT, **(changes or {"width": 4, "depth": 1, "heads": 1})),
        steps_per_epoch=steps,
        evaluation_batches=1,
    )


def without_dropout(problem):
    """Returns the problem, without dropout if it is california_ft_transformer.

    Each part of an accumulated batch draws its own masks, so that its loss would differ.
    """
    if problem != "california_ft_transformer":
        return problem
    model = partial(FTTransformer, attention_dropout=0.0, mlp_dropout=0.0)
    return replace(get_problem(problem), model=model)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with a stand-in of each data set, of 64 training examples."""
    root = tmp_path_factory.mktemp("data")
    for name in set(DATA.values()):
        write_stand_in(name, root, num_train=64, num_test=16)
    return root


@pytest.mark.parametrize("problem", DATA)
def test_a_killed_run_goes_on_exactly(runs, data, problem):
    """Noise, orders of examples and moments of Adam are those of the run without a break."""
    runs.data_root = data
    changes = {
        "problem": small(problem),
        "epochs": 2,
        "lr": 1e-3,
        "validation": 0.0,
        "batch_size": 16,
    }
    whole = runs.finish("whole", **changes)
    steps = num_steps(whole)
    for point in (steps // 3, steps // 2 + 1):  # in both epochs
        runs.kill("killed", at=point, of=steps, **changes)
    assert same(runs.finish("killed", **changes), whole)


@pytest.mark.parametrize("problem", ACCUMULATED)
def test_micro_batches_give_the_whole_batch(data, problem):
    """Each part has its own noise and targets; losses are means, up to rounding in float32."""
    problem = without_dropout(small(problem))
    whole = quiet(problem, "SGD", lr=1e-2, data_root=data)
    parts = quiet(problem, "SGD", lr=1e-2, data_root=data, gradient_accumulation_steps=2)
    assert parts.train_losses == pytest.approx(whole.train_losses, rel=1e-4)
    assert parts.test_losses == pytest.approx(whole.test_losses, rel=1e-4)


@pytest.mark.parametrize("problem", DATA)
def test_bfloat16_follows_float32(data, problem):
    """Losses differ by the rounding of bfloat16, which has eight bits: 0.4 % a value."""
    problem = without_dropout(small(problem))
    full = quiet(problem, "Adam", lr=1e-3, data_root=data)
    short = quiet(problem, "Adam", lr=1e-3, data_root=data, precision="bf16")
    assert short.status == "finished"
    assert short.train_losses == pytest.approx(full.train_losses, rel=0.02)
    matrices = problem != "movielens_mf"  # which has no matrix product to round
    assert (short.test_losses != full.test_losses) is matrices


# torch makes some of its sparse tensors unchecked, and says so once.
@pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled")
def test_sparse_gradients_train_as_dense_ones(data):
    """In two parts, and clipped; the parameters that a batch does not read stay as they are."""
    problem = get_problem("movielens_mf")
    sparse = replace(problem, model=partial(problem.model, sparse=True))
    settings: dict[str, Any] = {"lr": 0.5, "gradient_accumulation_steps": 2, "max_grad_norm": 0.1}
    dense, other = (quiet(p, "SGD", data_root=data, **settings) for p in (problem, sparse))
    assert other.test_losses == pytest.approx(dense.test_losses, rel=1e-6)
    assert other.test_losses[0] != other.test_losses[1]


@pytest.mark.slow
def test_a_language_model_of_162_million_parameters_goes_on_exactly_in_8_gb(runs, data):
    """Adam, a row of 16 tokens a step, killed after the second of three steps."""
    runs.data_root = data
    problem = small("fineweb_gpt", sequence_length=16, steps=3, checkpoint_activations=True)
    changes = {"problem": problem, "epochs": 1, "lr": 1e-3, "validation": 0.0, "batch_size": 1}
    changes["schedule"] = "constant"
    whole = runs.finish("whole", **changes)
    assert sum(weight.numel() for weight in whole[1].values()) == 162_354_816
    runs.kill("killed", at=2, of=3, **changes)
    assert same(runs.finish("killed", **changes), whole)
    assert all(runs.peak_bytes(name) < 8e9 for name in ("whole", "killed"))
