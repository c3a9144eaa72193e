"""`deepobs sweep`."""

import json
from pathlib import Path

import pytest

from deepobs.runner import load_records

PLAN = {
    "problems": ["digits_logreg"],
    "optimizers": ["SGD"],
    "lr": [0.1, 1.0],
    "epochs": 1,
    "seeds": [42, 43],
}
RAY = ["sweep.yaml", "--executor", "ray", "--option"]
SLURM = ["sweep.yaml", "--executor", "slurm", "--option"]


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """A plan of four runs, in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "sweep.yaml"
    path.write_text(json.dumps(PLAN))
    return path


def test_sweep(deepobs, plan, capsys):
    """Runs are logged on stderr and summed up on stdout; a second time nothing is done."""
    assert deepobs("sweep", plan, "--workers", 2, "--device", "cpu") == 0
    said = capsys.readouterr()
    assert said.out.startswith("4 runs: 4 finished; ")
    lines = said.err.splitlines()
    assert lines[0] == "4 runs to do"
    assert [line.split(" ")[0] for line in lines[1:]] == ["[1/4]", "[2/4]", "[3/4]", "[4/4]"]
    assert "digits_logreg SGD lr=0.1 seed=42: finished" in said.err
    assert load_records(Path("results"))["run_id"].nunique() == 4
    assert deepobs("sweep", plan, "--device", "cpu", "--json") == 0
    outcome = json.loads(capsys.readouterr().out)
    assert (outcome["runs"], outcome["done_before"], outcome["finished"]) == (4, 4, 0)
    assert outcome["failures"] == []


def test_a_failed_run_is_exit_status_1(deepobs, plan, capsys, monkeypatch):
    """A failing setting is named with its reason, and the exit status is 1."""
    plan.write_text(json.dumps({**PLAN, "optimizers": ["mine.Mine", "SGD"], "seeds": 42}))
    Path("mine.py").write_text(
        "import torch\n\n\nclass Mine(torch.optim.SGD):\n"
        "    steps = 0\n\n    def step(self, closure=None):\n        self.steps += 1\n"
        "        if self.steps == 2:\n            raise ValueError('not today')\n"
    )
    assert deepobs("sweep", plan, "--device", "cpu", "--retries", 0, "--workers", 1) == 1
    said = capsys.readouterr()
    assert "4 runs: 2 finished, 2 failed" in said.out
    assert "failed: digits_logreg Mine lr=0.1 seed=42: The optimizer Mine failed" in said.out
    assert "ValueError: not today (mine.py" in said.out


def test_dry_run(deepobs, plan, capsys):
    """A dry run counts and times, and writes nothing."""
    assert deepobs("sweep", plan, "--dry-run", "--device", "cpu", "--workers", 2) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("4 x digits_logreg, batch size 64, SGD: ")
    assert lines[-1].startswith("4 runs; about ")
    assert lines[-1].endswith(" on 2 workers")
    assert not Path("results").exists()
    assert deepobs("sweep", plan, "--dry-run", "--device", "cpu", "--workers", 2, "--json") == 0
    expected = json.loads(capsys.readouterr().out)
    (group,) = expected["groups"]
    assert (expected["runs"], expected["done"], group["runs"]) == (4, 0, 4)
    assert expected["seconds"] == pytest.approx(4 * group["run_seconds"] / 2)
    # an epoch of digits_logreg is 22 steps, and evaluations come on top
    assert group["run_seconds"] > 22 * group["step_seconds"] > 0


def test_combinations_that_are_left_out_are_named(deepobs, plan, capsys):
    """By the sweep and by its dry run, with the reason."""
    grid = {"momentum": [0.0, 0.9], "nesterov": [False, True]}
    optimizers = [{"name": "SGD", "hyperparameters": grid}]
    plan.write_text(json.dumps({**PLAN, "optimizers": optimizers, "lr": 0.1, "seeds": 42}))
    words = "left out: 1 combination of settings, the first with momentum=0.0 nesterov=True: SGD "
    where = ["--device", "cpu", "--workers", 0]
    assert deepobs("sweep", plan, "--dry-run", *where) == 0
    assert words in capsys.readouterr().out
    assert deepobs("sweep", plan, "--results", "results", *where) == 0
    assert words in capsys.readouterr().out


def test_dry_run_tells_apart_what_costs_differently(deepobs, plan, capsys):
    """What changes a step's cost has a line of its own; optimizers with two modes work too."""
    Path("modes.py").write_text(
        "import torch\n\nclass SGD(torch.optim.SGD):\n    training = False\n\n"
        "    def train(self):\n        self.training = True\n\n"
        "    def eval(self):\n        self.training = False\n\n"
        "    def step(self, closure=None):\n        assert self.training\n"
        "        return super().step(closure)\n"
    )
    lbfgs = {"name": "LBFGS", "hyperparameters": {"max_iter": [1, 2]}}
    accumulated = {"name": "SGD", "gradient_accumulation_steps": [1, 4], "precision": "bf16"}
    optimizers = ["SGD", "modes.SGD", lbfgs, accumulated]
    plan.write_text(json.dumps({**PLAN, "optimizers": optimizers}))
    assert deepobs("sweep", plan, "--dry-run", "--device", "cpu", "--workers", 1) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("64, ")[2].partition(":")[0] for line in lines[:-1]] == [
        "SGD",
        "modes.SGD",
        "LBFGS max_iter=1",
        "LBFGS max_iter=2",
        "SGD, bf16",
        "SGD, bf16, 4 micro-batches a step",
    ]
    assert all(line.startswith("4 x digits_logreg, batch size ") for line in lines[:-1])


@pytest.mark.parametrize(
    ("fields", "arguments", "words", "status"),
    [
        ({"optimizers": ["SparseAdam"]}, [], "SparseAdam fails in a trial step", 2),
        ({"batch_size": 100000}, [], "100000", 2),
        ({}, ["--workers", "-1"], "workers must be a whole number of at least 0, not -1", 2),
    ],
)
def test_what_a_dry_run_cannot_do(deepobs, plan, capsys, fields, arguments, words, status):
    """What a run would fail with, a dry run says in one sentence."""
    plan.write_text(json.dumps({**PLAN, **fields}))
    arguments = ["--device", "cpu", "--dry-run", "--workers", "1", *arguments]
    assert deepobs("sweep", plan, *arguments) == status
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent.yaml"], "absent.yaml cannot be read: No such file or directory"),
        (["sweep.yaml", "--executor", "rai"], "did you mean ray"),
        (["sweep.yaml", "--workers", "-1"], "workers must be a whole number of at least 0"),
        (["sweep.yaml", "--option", "thread=1"], "did you mean threads"),
        (["sweep.yaml", "--option", "threads"], "NAME=VALUE"),
        (["sweep.yaml", "--option", "workers=0"], "workers must be a whole number of at least 1"),
        (["sweep.yaml", "--option", "workers=-2"], "workers must be a whole number of at least 1"),
        (["sweep.yaml", "--option", "threads=abc"], "threads must be a whole number of at least 1"),
        (["sweep.yaml", "--option", "devices=0"], "devices must be a list of CUDA_VISIBLE_DEVICES"),
        ([*RAY, "gpus=abc"], "gpus must be a finite number of at least 0"),
        ([*RAY, "address=3"], "address must be a cluster's address"),
        ([*SLURM, "cluster=foo"], "no cluster named 'foo'; there are slurm and local"),
        ([*SLURM, "minutes=abc"], "minutes must be a whole number of at least 1"),
        ([*SLURM, "parameters=3"], "parameters must be a mapping of submitit's"),
        (["sweep.yaml", "--results", "sweep.yaml/results"], "cannot be written"),
        (["sweep.yaml", "--progress", "loud"], "progress"),
        (["sweep.yaml", "--checkpoint-every", "-1"], "checkpoint_every must be a finite number of"),
        (["sweep.yaml", "--dry-run", "--executor", "ray"], "it needs the local executor"),
    ],
)
def test_bad_usage_is_exit_status_2(deepobs, plan, capsys, arguments, words):
    """A wrong argument gives one sentence and exit status 2."""
    assert deepobs("sweep", *arguments, "--device", "cpu") == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_all_mistakes_are_said(deepobs, plan, capsys):
    """Every mistake of the file has its line."""
    plan.write_text(json.dumps({**PLAN, "problems": ["digits_logref"], "epoch": 3}))
    assert deepobs("sweep", plan) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"Error: {plan} has 2 mistakes:"
    assert len(said) == 3
