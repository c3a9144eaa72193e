"""`deepobs optimizers`, `deepobs show OPTIMIZER`, and groups and averages from command and YAML."""

import json

import pytest

from deepobs.runner import load_records, run
from deepobs.runner.optimizers import OPTIMIZERS, WRAPPERS
from deepobs.runner.results import read_record

GROUPS = [
    "role=hidden,convolution optimizer=Muon",
    "optimizer=AdamW lr_factor=0.3 weight_decay=0.1",
]
SHORT = ["--lr", "0.02", "--epochs", "1", "--device", "cpu"]


def test_the_table_is_listed(deepobs, capsys):
    """Each reference optimizer with its description, rate and space; then the wrappers."""
    assert deepobs("optimizers") == 0
    lines = capsys.readouterr().out.splitlines()
    for entry in OPTIMIZERS.values():
        (place,) = (i for i, line in enumerate(lines) if line.split()[:1] == [entry.name])
        assert entry.description in lines[place]
        assert all(f"{name}={text}" in lines[place + 1] for name, text in entry.space.items())
    assert all(f"{name}(NAME)" in lines[-1] for name in WRAPPERS)


def test_the_table_as_json(deepobs, capsys):
    """Every field of every entry."""
    assert deepobs("optimizers", "--json") == 0
    held = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert list(held) == list(OPTIMIZERS)
    muon = held["Muon"]
    assert muon["space"] == OPTIMIZERS["Muon"].space
    assert muon["source"] == OPTIMIZERS["Muon"].source
    assert (muon["calls"], muon["passes"], muon["package"]) == ("step", "1", "torch")


def test_a_reference_optimizer_is_explained(deepobs, capsys):
    """Paper, package, cost, how it is called, hyperparameters, the space and its source."""
    assert deepobs("show", "Muon") == 0
    facts = dict(
        line.split("  ", 1) for line in capsys.readouterr().out.splitlines() if "  " in line
    )
    facts = {name: text.strip() for name, text in facts.items()}
    assert facts["description"] == OPTIMIZERS["Muon"].description
    assert facts["paper"] == OPTIMIZERS["Muon"].paper
    assert facts["state per parameter"] == "1 under Muon, 2 under AdamW"
    assert facts["called by"] == "step"
    assert "adamw_lr_factor=0.3" in facts["hyperparameters"]
    assert "lr=choice:0.008,0.016" in facts["space"]
    assert facts["source of the space"] == OPTIMIZERS["Muon"].source


@pytest.mark.parametrize(
    ("name", "calls", "hyperparameter"),
    [
        ("SAM(Momentum)", "closure", "rho"),
        ("LBFGS", "closure", "history_size"),
        ("ASGD", "step", "lambd"),
    ],
)
def test_any_optimizer_is_explained(deepobs, capsys, name, calls, hyperparameter):
    """Wrappers and classes outside the table too."""
    assert deepobs("show", name, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["called_by"] == calls
    assert hyperparameter in facts["hyperparameters"]


def test_a_wrong_name_of_an_optimizer_names_the_nearest(deepobs, capsys):
    """One sentence, status 2."""
    assert deepobs("show", "Mion") == 2
    assert "did you mean Muon" in capsys.readouterr().err


def test_groups_from_the_command_python_and_yaml_are_one_run(deepobs, tmp_path, capsys):
    """The same identity and losses; the record and the frame show the groups."""
    words = [word for group in GROUPS for word in ("--group", group)]
    assert deepobs("run", "digits_mlp", "SGD", *SHORT, *words, "--results", tmp_path / "a") == 0
    (path,) = (tmp_path / "a").rglob("random_seed__*.json")
    record = read_record(path)
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "problems: [digits_mlp]\noptimizers: [SGD]\nlr: 0.02\nepochs: 1\ngroups:\n"
        "  - {role: [hidden, convolution], optimizer: Muon}\n"
        "  - {optimizer: AdamW, lr_factor: 0.3, hyperparameters: {weight_decay: 0.1}}\n"
    )
    results = tmp_path / "b"
    assert deepobs("sweep", plan, "--results", results, "--device", "cpu", "--workers", 1) == 0
    (path,) = results.rglob("random_seed__*.json")
    python = run("digits_mlp", "SGD", lr=0.02, epochs=1, groups=GROUPS, device="cpu")
    for other in (read_record(path), python):
        assert other.run_id == record.run_id
        # Muon computes in bfloat16, whose sums depend on the number of a process's threads.
        assert other.test_losses == pytest.approx(record.test_losses, rel=1e-3)
        assert other.parameter_groups == record.parameter_groups
    assert record.parameter_groups["groups"] == GROUPS
    assert len(record.parameter_groups["parameters"]) == 2
    assert "optimizer=Muon" in str(load_records(results)["groups"].iloc[0])


def test_an_average_from_the_command(deepobs, tmp_path):
    """Its arguments reach the record, and the raw weights are evaluated too."""
    words = ["--averaging", "ema", "--set-averaging", "decay=0.9", "--set-averaging", "raw=true"]
    assert deepobs("run", "digits_mlp", "SGD", *SHORT, *words, "--results", tmp_path) == 0
    record = read_record(next(tmp_path.rglob("random_seed__*.json")))
    assert record.config["averaging"] == {"name": "ema", "decay": 0.9, "raw": True}
    assert len(record.raw_metrics["test_loss"]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--group", "role=biass"], "did you mean bias"),
        (["--group", "role=bias"], "is in no group"),
        (["--group", "role=embedding", "--group", "rest"], "matches no parameter of digits_mlp"),
        (["--averaging", "emma"], "did you mean ema"),
        (["--calls", "closur"], "did you mean closure"),
        (["--set", "nesterov=0.5"], "nesterov must be true or false"),
    ],
)
def test_a_mistake_is_one_sentence(deepobs, capsys, words, said):
    """Status 2, and no traceback."""
    assert deepobs("run", "digits_mlp", "SGD", *SHORT, *words) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
