"""The table of settings: everything that knows about settings has all of them."""

import inspect
import json
from dataclasses import replace
from typing import Any

import pytest

from deepobs.problems import get_problem
from deepobs.runner import RunConfig, UsageError, load_records, run, tune
from deepobs.runner.analysis import per_run
from deepobs.runner.cli import main
from deepobs.runner.config import SETTINGS, command_words
from deepobs.runner.report import repeat_command
from deepobs.runner.results import Record, ResultsStore
from deepobs.runner.sweeps import read_plan

NAMED = [item for item in SETTINGS if item.kind != "object"]


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("record")
    return run("two_d_rosenbrock", "SGD", lr=1e-3, epochs=1, results=folder, progress="off")


def _help(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("item", SETTINGS, ids=lambda item: item.name)
def test_functions_and_their_help_have_it(item, capsys):
    """`run` and its docstring, `RunConfig`, `tune` where a search shares it, and the commands."""
    assert item.name in inspect.signature(run).parameters
    assert f"{item.name}: " in run.__doc__
    assert f"{item.name}: " in RunConfig.__doc__
    if item.kind != "object":
        assert f"{item.option} " in _help("run", capsys)
    if item.kind != "object" and item.searchable:
        assert item.name in inspect.signature(tune).parameters
        assert f"{item.option} " in _help("tune", capsys)


@pytest.mark.parametrize("item", NAMED, ids=lambda item: item.name)
def test_record_and_frame_have_it(item, record):
    """Under its name in the record's `config`, under its column in the frame."""
    assert item.name in record.config
    assert item.column in load_records(record.path).columns


@pytest.mark.parametrize("item", NAMED, ids=lambda item: item.name)
def test_a_sweeps_configuration_has_it(item):
    """As a field of its own, or with the optimizer for hyperparameters."""
    plan = {"problems": ["two_d_rosenbrock"], "optimizers": ["SGD"], "lr": 0.1}
    config = RunConfig(problem="two_d_rosenbrock", optimizer="SGD", lr=0.1)
    value = getattr(config, item.name)
    if item.kind == "pairs":
        plan["optimizers"] = [{"name": "SGD", item.name: value}]
    elif value not in (None, ()):  # a field is left out where a run has none
        plan[item.yaml_field] = value["name"] if isinstance(value, dict) else value
    assert read_plan(plan).runs == (config,)


def test_the_command_to_repeat_has_what_is_not_the_default():
    """Each as its option; defaults need none, but for the seed."""
    config = RunConfig(
        problem="digits_mlp",
        optimizer="SGD",
        lr=0.1,
        hyperparameters={"momentum": 0.9},
        steps=60,
        eval_every=20,
        schedule={"name": "cosine", "warmup_epochs": 1},
        precision="bf16",
        gradient_accumulation_steps=2,
        max_grad_norm=1.0,
        validation=0.1,
        replay=True,
        trainer="package.module.Class",
        groups=("role=bias lr_factor=0.5", "rest"),
        calls="loss",
        averaging="ema",
    )
    words = list(command_words({item.name: getattr(config, item.name) for item in SETTINGS}))
    assert {item.option for item in NAMED} - set(words) == {"--weight-decay"}


def test_a_misspelled_keyword_gets_the_nearest():
    """Among settings and what else the function takes."""
    with pytest.raises(UsageError, match="did you mean hyperparameters"):
        run("digits_mlp", "SGD", lr=0.1, hyperparams={})
    with pytest.raises(UsageError, match="did you mean"):
        tune("digits_mlp", "SGD", results="x", epoch=1)


def test_equal_numbers_are_one_setting():
    """0.3 and 0.1 + 0.2 are the same learning rate, hyperparameter and run."""
    one, other = (
        RunConfig(
            problem="two_d_rosenbrock", optimizer="SGD", lr=lr, hyperparameters={"momentum": lr}
        )
        for lr in (0.3, 0.1 + 0.2)
    )
    assert one == other
    assert one.run_id == other.run_id


@pytest.mark.parametrize("seed", [2**63 - 1, 2**63])
def test_what_is_written_is_read(seed, tmp_path):
    """A seed that the frame cannot hold is refused before anything runs."""
    fields = {"lr": 1e-3, "epochs": 1, "results": tmp_path, "progress": "off"}
    if seed >= 2**63:
        with pytest.raises(UsageError, match=r"at most 9223372036854775807"):
            run("two_d_rosenbrock", "SGD", seed=seed, **fields)
    else:
        run("two_d_rosenbrock", "SGD", seed=seed, **fields)
        assert per_run(load_records(tmp_path))["seed"].tolist() == [seed]


def test_a_record_keeps_the_version_that_wrote_it(record):
    """Whoever reads it."""
    content = json.loads(record.path.read_text()) | {"deepobs_version": "1.9"}
    assert Record.from_dict(content).deepobs_version == "1.9"
    assert Record.from_dict(Record.from_dict(content).to_dict()).deepobs_version == "1.9"


def test_a_new_version_of_a_problem_makes_other_runs(tmp_path):
    """Its runs have an identity and a folder of their own; the first version's keep theirs."""
    problem = get_problem("two_d_rosenbrock")
    first, second = (
        RunConfig(problem=replace(problem, version=version), optimizer="SGD", lr=1e-3, epochs=1)
        for version in (1, 2)
    )
    assert (
        first.run_id
        == RunConfig(problem="two_d_rosenbrock", optimizer="SGD", lr=1e-3, epochs=1).run_id
    )
    assert first.run_id != second.run_id
    store = ResultsStore(tmp_path)
    assert store.folder_of(first) != store.folder_of(second)
    run(second, results=tmp_path, progress="off")
    assert store.find(first) is None
    assert store.find(second).problem_version == 2
    frame = load_records(tmp_path)
    assert set(frame["problem_version"]) == {2}
    assert set(frame["problem"]) == {f"{second.problem_name}-v2"}
    row: Any
    (row,) = per_run(frame).to_dict("records")
    assert f"deepobs run {second.problem_name} " in repeat_command(row)
