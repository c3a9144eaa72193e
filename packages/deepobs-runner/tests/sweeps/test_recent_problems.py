"""Every executor trains the problems of the laptop set and the other small ones, with one result.

Graphs, points of an equation, blocks of tokens and rollouts go through the same sweeps as images.
"""

from typing import Any

import pytest

from deepobs.problems import LAPTOP_SET
from deepobs.runner import load_records, run
from deepobs.runner.sweeps import sweep

PROBLEMS = (*LAPTOP_SET, "modular_addition", "rotated_quadratic")
SETTINGS: dict[str, Any] = {"lr": 1e-3, "epochs": 1, "seed": 5}


@pytest.fixture(scope="module")
def alone():
    """The test losses of each problem, trained in this process."""
    found = {}
    for problem in PROBLEMS:
        record = run(problem, "Adam", device="cpu", progress="off", **SETTINGS)
        found[problem] = record.test_losses
    return found


@pytest.mark.parametrize(
    ("executor", "options"),
    [
        ("local", {}),
        pytest.param("slurm", {"executor_options": {"cluster": "local"}}, marks=pytest.mark.slow),
        pytest.param("ray", {}, marks=pytest.mark.slow),
    ],
    ids=["local", "slurm", "ray"],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what submitit and Ray leave open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:Tip. In future versions of Ray:FutureWarning")
def test_every_executor_gives_the_same(executor, options, alone, tmp_path, monkeypatch):
    """A sweep over the problems records the losses of runs in this process, bit for bit."""
    pytest.importorskip({"slurm": "submitit", "local": "torch"}.get(executor, executor))
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    plan = {"problems": list(PROBLEMS), "optimizers": ["Adam"], "lr": 1e-3, "epochs": 1}
    result = sweep(
        plan | {"seeds": [5]},
        results=tmp_path,
        executor=executor,
        workers=2,
        device="cpu",
        progress="off",
        **options,
    )
    assert [found.message for found in result.failed] == []
    records = load_records(tmp_path).sort_values("epoch")
    assert records.groupby("problem")["test_loss"].agg(list).to_dict() == alone
