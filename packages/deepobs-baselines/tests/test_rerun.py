"""Reference runs done again."""

import pytest

from deepobs.baselines import references
from deepobs.problems import LAPTOP_SET
from deepobs.runner.benchmarks import prepare
from deepobs.runner.bundles import verify

# Its reference runs are still to be made.
PROBLEMS = [name for name in LAPTOP_SET if name != "cartpole_ppo_small"]
BUNDLES = {path.stem: path for path in references()}


@pytest.mark.parametrize("name", BUNDLES)
def test_bundles_are_unchanged_and_complete(name):
    """Every trial and every repetition that the protocol asks for is there, and nothing else."""
    found = verify(BUNDLES[name])
    assert found.faults == ()
    assert found.protocols == ("tuned-20",)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_benchmark_takes_them_over(name, tmp_path):
    """They fit today's problems, protocol and search space, so nothing of them is run again.

    If a problem or the protocol was changed on purpose, its version is raised and the reference
    runs are made again.
    """
    options = {"references": [BUNDLES[name]], "results": tmp_path, "workers": 0, "device": "cpu"}
    plan = prepare(name, problems=PROBLEMS, **options)
    assert set(plan.references) == set(plan.searches)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_runs_repeat(name):
    """Bit for bit on the same kind of machine, else within the tolerance that `verify` states.

    Only optimizers of torch are repeated, since the others need the extra `optimizers`.
    """
    found = verify(BUNDLES[name], rerun=2, seed=1)
    assert (found.faults, found.repeated) == ((), 2)
