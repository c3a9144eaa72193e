"""From a configuration to its runs."""

import pytest
import torch

from deepobs.runner import UsageError
from deepobs.runner.sweeps import DEEPOBS_GRID, read_plan

MISTAKEN = """
problems: [quadratic_deep, two_d_rosenbrok, fmnist_2c2d]
optimizers:
  - SDG
  - name: Adam
    hyperparameters: {epss: 1.0e-8, amsgrad: true, betas: [0.9, 1.5]}
  - lr: 0.1
lr: [0.1, -3]
epoch: 3
seeds: {range: [51, 42]}
schedules: [cosin, {name: cosine, warmup_epochs: -2}]
precision: fp8
batch_size: many
overrides:
  quadratic_dep: {lr: 0.1}
  fmnist_2c2d: {optimizers: {Adam: {momentum: 0.9}}, epochs: 0}
"""

LINES = [
    ("problems[1]", "two_d_rosenbrok", "two_d_rosenbrock"),
    ("optimizers[0]", "SDG", "SGD"),
    ("optimizers[1].hyperparameters.epss", "1e-08", "eps"),
    ("optimizers[1].hyperparameters.betas", "1.5", "betas"),
    ("optimizers[2].name", "missing", "optimizer's name"),
    ("lr[1]", "-3", "at least 0"),
    ("epoch", "is not a field", "did you mean epochs?"),
    ("seeds", "[51, 42]", "must increase"),
    ("schedules[0]", "cosin", "cosine"),
    ("schedules[1]", "-2", "number of at least 0"),
    ("precision", "fp8", "fp32"),
    ("batch_size", "many", "whole number"),
    ("overrides.quadratic_dep", "is not a field", "did you mean quadratic_deep?"),
    ("overrides.fmnist_2c2d.optimizers.Adam.momentum", "is not a field", "hyperparameters"),
    ("overrides.fmnist_2c2d.epochs", "0", "at least 1"),
]


def _plan(**fields):
    plan = {"problems": ["digits_logreg"], "optimizers": ["SGD"], "lr": 0.1}
    return read_plan({**plan, **fields}).runs


def test_lengths_in_steps():
    """Several lengths, and an interval between evaluations, as fields of the plan."""
    runs = _plan(steps=[20, 60], eval_every=10)
    assert [(run.epochs, run.eval_every) for run in runs] == [(2, 10), (6, 10)]


def test_product():
    """Runs are the product of problems, optimizers, settings, schedules and seeds."""
    runs = _plan(
        problems=["digits_logreg", "two_d_branin"],
        optimizers=["SGD", {"name": "Adam", "hyperparameters": {"eps": [1e-8, 1e-6]}}],
        lr=[0.1, 0.01],
        schedules=["constant", {"name": "cosine", "warmup_epochs": 2}],
        seeds={"range": [42, 44]},
    )
    assert len(runs) == 2 * (1 + 2) * 2 * 2 * 3
    assert len({run.run_id for run in runs}) == len(runs)
    assert {run.seed for run in runs} == {42, 43, 44}
    assert [run.seed for run in runs[:4]] == [42, 43, 44, 42]


def test_deepobs_grid():
    """`lr: deepobs grid` stands for the 36 learning rates."""
    assert [run.lr for run in _plan(lr="deepobs grid")] == list(DEEPOBS_GRID)


def test_the_nearest_word_wins():
    """An override's optimizer outdoes the override, that the optimizer's entry, that the top."""
    runs = _plan(
        problems=["digits_logreg", "digits_mlp"],
        optimizers=["SGD", {"name": "Adam", "lr": 0.2, "hyperparameters": {"eps": 1e-6}}],
        epochs=7,
        overrides={
            "digits_mlp": {
                "lr": 0.3,
                "epochs": 9,
                "optimizers": {"Adam": {"lr": 0.4, "hyperparameters": {"betas": [0.8, 0.9]}}},
            }
        },
    )
    held = {(run.problem_name, run.optimizer_name): (run.lr, run.epochs) for run in runs}
    assert held == {
        ("digits_logreg", "SGD"): (0.1, 7),
        ("digits_logreg", "Adam"): (0.2, 7),
        ("digits_mlp", "SGD"): (0.3, 9),
        ("digits_mlp", "Adam"): (0.4, 9),
    }
    assert runs[-1].hyperparameters == {"betas": (0.8, 0.9), "eps": 1e-6}


def test_pairs():
    """A flat list is one value where the default is a pair, and a list of lists is a grid."""
    one = _plan(optimizers=[{"name": "Adam", "hyperparameters": {"betas": [0.9, 0.99]}}])
    two = _plan(
        optimizers=[{"name": "Adam", "hyperparameters": {"betas": [[0.9, 0.99], [0.8, 0.9]]}}]
    )
    assert [run.hyperparameters["betas"] for run in one] == [(0.9, 0.99)]
    assert [run.hyperparameters["betas"] for run in two] == [(0.9, 0.99), (0.8, 0.9)]


def test_hyperparameters_are_checked_beside_each_other():
    """A value that is right only beside another one is accepted there, and refused elsewhere."""
    nesterov = {"nesterov": True, "momentum": [0.9, 0.99]}
    assert len(_plan(optimizers=[{"name": "SGD", "hyperparameters": nesterov}])) == 2
    with pytest.raises(UsageError, match="Nesterov momentum requires"):
        _plan(optimizers=[{"name": "SGD", "hyperparameters": {"nesterov": True}}])


def test_settings_that_depend_on_each_other():
    """What a probe's own defaults would refuse is judged in the runs it belongs to."""
    long = {"epochs": 300, "schedules": {"name": "cosine", "warmup_epochs": 200}}
    assert _plan(**long)[0].schedule_mapping["warmup_epochs"] == 200
    assert _plan(gradient_accumulation_steps=3, batch_size=99)[0].gradient_accumulation_steps == 3
    with pytest.raises(
        UsageError, match=r"optimizers\[0\] \(SGD\) on digits_logreg: gradient_accumulation_steps=3"
    ):
        _plan(gradient_accumulation_steps=3, batch_size=100)


def test_former_names_of_settings_are_read():
    """As in records of earlier versions."""
    (run,) = _plan(accumulate=2, clip_norm=1.0)
    assert (run.gradient_accumulation_steps, run.max_grad_norm) == (2, 1.0)


def test_the_same_run_twice_is_one_run():
    """Entries that mean the same run do not repeat it."""
    assert len(_plan(optimizers=["SGD", {"name": "SGD", "lr": [0.1, 0.2]}])) == 2


def test_classes():
    """In Python an optimizer may be given as its class."""
    assert _plan(optimizers=[torch.optim.Adam])[0].run_id == _plan(optimizers=["Adam"])[0].run_id


def test_all_mistakes_at_once(tmp_path, monkeypatch):
    """Each mistake has its line: the field's path, what it holds, and what it may hold."""
    for module in ("_plan", "_reader"):
        monkeypatch.setattr(f"deepobs.runner.sweeps.{module}.MOST_MISTAKES", len(LINES))
    path = tmp_path / "sweep.yaml"
    path.write_text(MISTAKEN, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_plan(path)
    first, *lines = str(caught.value).splitlines()
    assert first == f"{path} has {len(LINES)} mistakes:"
    for field, held, advice in LINES:
        (line,) = [line for line in lines if line.strip().split(" ")[0].rstrip(":") == field]
        assert held in line
        assert advice in line


def test_combinations_that_the_optimizer_refuses_are_left_out():
    """SGD refuses Nesterov's momentum without a momentum; the other combinations are run."""
    grid = {"momentum": [0, 0.9], "nesterov": [False, True]}
    plan = {"problems": ["digits_logreg"], "lr": [0.1, 0.2]}
    made = read_plan({**plan, "optimizers": [{"name": "SGD", "hyperparameters": grid}]})
    assert len(made.runs) == 6
    assert [one.hyperparameters for one in made.left_out] == [{"momentum": 0, "nesterov": True}] * 2
    assert "Nesterov momentum requires a momentum" in made.left_out[0].message
    always = {"momentum": [0, 0.9], "nesterov": True}  # the first value of momentum is refused
    made = read_plan({**plan, "optimizers": [{"name": "SGD", "hyperparameters": always}]})
    assert (len(made.runs), len(made.left_out)) == (2, 2)


@pytest.mark.parametrize(
    ("hyperparameters", "words"),
    [
        ({"momentum": 0, "nesterov": True}, "nesterov holds True"),
        ({"momentum": [0.9, -1]}, "momentum holds -1"),
        ({"momentum": [0.9], "nesterov": True, "dampening": [0.5, 0.1]}, "dampening"),
        ({"momentun": [0.9], "nesterov": [False, True]}, "did you mean momentum"),
    ],
)
def test_a_value_that_the_optimizer_always_refuses_is_a_mistake(hyperparameters, words):
    """So is an optimizer that refuses every combination."""
    with pytest.raises(UsageError, match=words):
        _plan(optimizers=[{"name": "SGD", "hyperparameters": hyperparameters}])


def test_one_mistake_is_one_sentence():
    """A single mistake is one line without a list."""
    with pytest.raises(UsageError) as caught:
        _plan(problems=["digits_logref"])
    assert str(caught.value).startswith("The sweep's configuration: problems[0] holds")
    assert "digits_logreg" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("config", [{}, {"problems": [], "optimizers": []}])
def test_nothing_to_do(config):
    """A sweep needs problems and optimizers."""
    with pytest.raises(UsageError, match=r"(?s)problems .*optimizers "):
        read_plan(config)


def test_not_a_mapping(tmp_path):
    """A file that holds no mapping is refused, saying what it holds."""
    path = tmp_path / "sweep.yaml"
    path.write_text("- SGD\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"it holds \['SGD'\]; expected a mapping"):
        read_plan(path)


def test_lr_is_needed():
    """An optimizer without a learning rate anywhere is named."""
    with pytest.raises(UsageError, match=r"optimizers\[0\] \(SGD\) on digits_logreg has no lr"):
        read_plan({"problems": ["digits_logreg"], "optimizers": ["SGD"]})


@pytest.mark.parametrize(
    "lr",
    [
        {"range": [0, 10**15]},
        {"linspace": [0, 1, 10**9]},
        {"logspace": [1e-5, 1e2, 10**12]},
        [0.1] * 10_001,
    ],
    ids=["range", "linspace", "logspace", "list"],
)
def test_a_field_of_too_many_values_is_refused_before_they_are_made(lr):
    """A range of 10^15 seeds takes no memory and no time to be refused."""
    plan = {"problems": ["digits_logreg"], "optimizers": ["SGD"], "lr": 0.1}
    with pytest.raises(UsageError, match="at most 10,000 values, not 1"):
        read_plan({**plan, "lr": lr})


def test_a_plan_of_too_many_runs_asks_for_a_confirmation():
    """1,000 seeds times 1,000 rates are counted, not made."""
    plan = {
        "problems": ["digits_logreg"],
        "optimizers": ["SGD"],
        "lr": {"linspace": [0.1, 0.2, 1000]},
        "seeds": {"range": [1, 1000]},
    }
    with pytest.raises(UsageError, match=r"1,000,000 runs, more than 10,000.*--yes"):
        read_plan(plan)


def test_only_the_first_ten_mistakes_are_listed():
    """A file of ten thousand wrong values gets a message that a person can read."""
    rates = [-float(value) for value in range(1, 200)]
    plan = {"problems": ["digits_logreg"], "optimizers": ["SGD"], "lr": rates}
    with pytest.raises(UsageError, match="the first 10") as caught:
        read_plan(plan)
    assert len(str(caught.value).splitlines()) == 11
    assert len(str(caught.value)) < 2000
