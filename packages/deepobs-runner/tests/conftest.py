"""Fixtures of the runner's tests.

Helpers that a fixture cannot be, such as what worker processes import, are modules in `support/`;
this file puts that folder on the path of this process and of those that it starts.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

SUPPORT = str(Path(__file__).parent / "support")
sys.path.insert(0, SUPPORT)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [SUPPORT, os.environ.get("PYTHONPATH")]))

# The fields of a record that tell when, where and how fast, not what: a repeated run differs in
# these alone, and in its file.
TIMING_FIELDS = {
    "epoch_seconds",
    "evaluation_seconds",
    "cost",
    "environment",
    "started",
    "finished",
    "path",
}


def record_of(**fields: Any) -> dict[str, Any]:
    """A record in this project's format: SGD on quadratic_deep, three epochs, unless told."""
    losses = fields.pop("losses", [4.0, 3.0, 2.0, 1.0])
    return {
        "format": "deepobs-2",
        "testproblem": "quadratic_deep",
        "optimizer": "SGD",
        "hyperparams": {},
        "learning_rate": 0.01,
        "batch_size": 128,
        "weight_decay": None,
        "num_epochs": len(losses) - 1,
        "random_seed": 42,
        "schedule": {"name": "constant"},
        "status": "finished",
        "train_losses": losses,
        "test_losses": losses,
        "minibatch_train_losses": [1.0, 2.0],
        "train_log_interval": 10,
        "num_steps": 7,
        "epoch_seconds": [0.5] * (len(losses) - 1),
    } | fields


@pytest.fixture
def write_record() -> Callable[..., Path]:
    """Write a made-up record below a folder: `write_record(folder, name="a.json", **fields)`."""

    def write(folder: Path, name: str = "random_seed__42__a.json", **fields: Any) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record_of(**fields)))
        return path

    return write


@pytest.fixture
def make_frame() -> Callable[..., pd.DataFrame]:
    """The tidy frame of made-up records, each given by its fields, under a file name of its own."""
    from deepobs.runner.results.reading._frame import to_frame, to_table
    from deepobs.runner.results.reading._parse import parse_record

    def make(*runs: dict[str, Any]) -> pd.DataFrame:
        contents = [json.dumps(record_of(**fields)).encode() for fields in runs]
        rows = [parse_record(raw, f"x/y/z/{i}.json") for i, raw in enumerate(contents)]
        return to_frame(to_table([row for row in rows if row is not None]))

    return make


@pytest.fixture(scope="session")
def measured() -> Callable[[Any], dict[str, Any]]:
    """All of a record (or of the file that holds one) but when, where and how fast."""
    from deepobs.runner.results import Record, read_record

    def what_was(record: Record | Path) -> dict[str, Any]:
        record = read_record(record) if isinstance(record, Path) else record
        names = {item.name for item in fields(record)} - TIMING_FIELDS
        return {name: getattr(record, name) for name in names}

    return what_was


@pytest.fixture
def deepobs() -> Callable[..., int]:
    """Exit status of the command: `deepobs("run", "digits_mlp", "SGD", "--lr", 0.1)`."""
    from deepobs.runner.cli import main

    def call(*arguments: object) -> int:
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        return int(stop.value.code or 0)

    return call


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait for what another process does: `until(condition)`; minutes, as machines may be busy."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 300
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.001)

    return wait


@pytest.fixture
def runs(tmp_path: Path, until: Callable[..., None], measured: Callable[[Any], Any]) -> Any:
    """Runs that are killed or stopped and go on, in a folder of their own."""
    from resumed_runs import Runs

    return Runs(tmp_path, until, measured)


@pytest.fixture(scope="session")
def study_frame(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """SGD and Adam on two problems, made up: Adam is better by far, one rate of SGD diverges."""
    import report_cases

    return report_cases.frame_of(report_cases.study_runs(), tmp_path_factory.mktemp("study"))
