"""Benchmarks: what is searched, repeated and written, and how they go on."""

import json
import os
import signal
import subprocess
import sys
from functools import partial

import benchmark_cases
import pytest

from deepobs.problems import LAPTOP_SET, get_problem
from deepobs.runner import PROTOCOLS, RunConfig, UsageError, load_records
from deepobs.runner.benchmarks import Entry, Method, prepare, read_problems
from deepobs.runner.results import read_record


def _records(folder):
    """What was measured, by run."""
    records = map(read_record, folder.glob("*/*/*/random_seed__*.json"))
    return {record.run_id: (record.train_losses, record.test_losses) for record in records}


def _searches(folder):
    """The files of the searches, by name."""
    return {path.name: path.read_text() for path in folder.glob("*/*/tuning__*.json")}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results of a small benchmark in this process, and its outcome."""
    folder = tmp_path_factory.mktemp("results")
    return folder, benchmark_cases.run_benchmark(folder)


def test_each_optimizer_is_searched_and_repeated_as_the_protocol_says(results):
    """Two trials on validation data, then the best with ten fresh seeds on all training data."""
    folder, outcome = results
    frame = load_records(folder)
    runs = frame[frame["epoch"] == 0]
    for optimizer in ("SignSGD", "SGD"):
        ours = runs[runs["optimizer"] == optimizer]
        trials = ours[ours["role"].isin(["trial", "best"])]
        repeats = ours[ours["role"] == "repeat"]
        assert (trials["validation"] == 0.2).all()
        assert set(trials["seed"]) == {42}
        assert len(trials) == 2
        assert sorted(repeats["seed"]) == list(range(43, 53))
        assert (repeats["validation"] == 0.0).all()
        assert (ours["num_epochs"] == round(0.2 * get_problem("digits_logreg").epochs)).all()
    assert outcome.failed == ()
    assert outcome.reports == {0.2: folder / "report.html"}
    assert "SignSGD" in (folder / "report.html").read_text()


def test_the_optimizer_has_its_space_and_the_others_that_of_the_table(results):
    """And the search's file says which protocol it followed, and with which source."""
    _, outcome = results
    ours = outcome.searches[Entry("digits_logreg", "SignSGD", 0.2)].to_dict()
    theirs = outcome.searches[Entry("digits_logreg", "SGD", 0.2)].to_dict()
    assert ours["space"] == {"lr": "log:0.0001:0.1"}
    assert theirs["space"] == {"lr": "log:1e-05:100"}
    assert ours["protocol"]["name"] == theirs["protocol"]["name"] == "demo-budget-2"
    assert [held["file"] for held in ours["sources"]] == ["users_sign.py"]
    assert "sources" not in theirs


def test_a_finished_benchmark_does_nothing_again(results):
    """The same call gives the same answers from the records."""
    folder, outcome = results
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("random_seed*.json")}
    again = benchmark_cases.run_benchmark(folder)
    assert again.searches == outcome.searches
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("random_seed*.json")}
    assert after == before


def test_an_edited_optimizer_does_not_go_on_with_the_results_of_the_old_one(results, monkeypatch):
    """Its earlier runs would count as the new one's."""
    import inspect

    import users_sign

    folder, _ = results
    edited = folder.parent / "users_sign.py"
    edited.write_text(inspect.getsource(users_sign) + "\n# better now\n")
    monkeypatch.setattr(inspect, "getsourcefile", lambda made: str(edited))
    with pytest.raises(UsageError, match=r"users_sign\.py has changed since .* was begun"):
        benchmark_cases.run_benchmark(folder)


def test_without_a_search_the_defaults_are_repeated(tmp_path):
    """`untuned`: ten seeds of the reference table's defaults."""
    benchmark_cases.run_benchmark(
        tmp_path, protocol="untuned", lengths=[0.1], space=None, against="Momentum"
    )
    frame = load_records(tmp_path)
    runs = frame[frame["epoch"] == 0]
    assert set(runs["role"]) == {"repeat"}
    rates = {name: set(rows["learning_rate"]) for name, rows in runs.groupby("optimizer")}
    assert {name: rate for name, rate in rates.items() if rate} == {
        "SignSGD": {0.01},
        "Momentum": {0.02},
    }


def test_a_budget_in_gradient_evaluations_counts_all_passes(tmp_path):
    """SAM evaluates the gradient twice a step, so it has half as many trials."""
    steps = 22 * round(0.1 * get_problem("digits_logreg").epochs)  # with validation: 17 an epoch
    outcome = benchmark_cases.run_benchmark(
        tmp_path,
        against="SAM(SGD)",
        protocol=PROTOCOLS["tuned-20"].changed(budget=f"{6 * steps} gradients", lengths=[0.1]),
    )
    trials = {entry.method: len(held.trials) for entry, held in outcome.searches.items()}
    assert trials["SignSGD"] == pytest.approx(2 * trials["SAM(SGD)"], abs=1)


def test_an_optimizer_with_its_own_schedule_is_compared_at_three_lengths(tmp_path):
    """All optimizers are: constant rates and annealed ones rank differently at each."""
    plan = prepare(
        ["ScheduleFree(SGD)"], against=["Adam"], problems="digits_logreg", results=tmp_path
    )
    assert plan.lengths == (0.5, 1.0, 2.0)
    epochs = get_problem("digits_logreg").epochs
    held = {(e.method, e.length): planned.epochs for e, planned in plan.searches.items()}
    assert held["Adam", 0.5] == held["ScheduleFree(SGD)", 0.5] == round(0.5 * epochs)
    assert held["Adam", 2.0] == 2 * epochs
    assert plan.folder(0.5) == tmp_path / "length-0.5"
    assert prepare(["SGD"], problems="digits_logreg", results=tmp_path).lengths == (1.0,)


def test_sets_of_problems():
    """A set, names, a user's own, and a wrong name with the nearest."""
    assert read_problems("laptop") == tuple(LAPTOP_SET)
    assert read_problems("digits_mlp, two_d_beale") == ("digits_mlp", "two_d_beale")
    own = get_problem("digits_mlp")
    assert read_problems([own, "digits_mlp"]) == (own,) or read_problems([own]) == (own,)
    with pytest.raises(UsageError, match="did you mean laptop"):
        read_problems("labtop")
    with pytest.raises(UsageError, match=r"must be a deepobs\.problems\.Problem"):
        read_problems("users_sign:SignSGD")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"optimizers": []}, "at least one optimizer"),
        ({"optimizers": ["SGD", "SGD"]}, "has SGD twice"),
        ({"protocol": "tuned20"}, "did you mean tuned-20"),
        ({"budget": "10 trails"}, "did you mean trials"),
        ({"lengths": [0.0]}, "numbers above 0"),
        ({"problems": []}, "at least one problem"),
        ({"worker": 2}, "did you mean workers"),
        ({"space": ["lr=lag:1:2"]}, "did you mean log"),
    ],
)
def test_wrong_arguments(tmp_path, options, words):
    """Each is named in one sentence, before anything starts."""
    arguments = {"optimizers": ["SGD"], "problems": "digits_logreg", **options}
    with pytest.raises(UsageError, match=words):
        prepare(arguments.pop("optimizers"), results=tmp_path / "results", **arguments)
    assert not (tmp_path / "results").exists()


def test_deepobs_2019_on_one_problem_is_the_original_protocol(tmp_path):
    """36 rates with seed 42, nothing held out, momentum 0.99, seeds 42 to 51."""
    plan = prepare(
        ["Momentum"], problems="digits_logreg", protocol="deepobs-2019", results=tmp_path
    )
    (planned,) = plan.searches.values()
    runs = planned.first_runs()
    assert len(runs) == 36
    assert {(run.seed, run.validation) for run in runs} == {(42, 0.0)}
    assert {run.hyperparameters["momentum"] for run in runs} == {0.99}
    assert planned.repeat_seeds == tuple(range(42, 52))
    assert RunConfig.from_dict(runs[0].to_dict()).lr == 1e-5


COMMAND = (
    *("benchmark", "users_sign.SignSGD", "--space", "lr=log:1e-4:1e-1", "--against", "SGD"),
    *("--set", "digits_logreg", "--protocol", "demo", "--budget", "2"),
    *("--device", "cpu"),
)


def _start(folder, *options):
    script = "from deepobs.runner.cli import main; main()"
    command = [sys.executable, "-c", script, *COMMAND, "--results", str(folder), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _has_begun(folder, enough, process):
    return len(_records(folder)) >= enough or process.poll() is not None


_KILLED = """
import benchmark_cases, sys
from pathlib import Path
benchmark_cases.run_killed(Path(sys.argv[1]))
"""


def test_a_killed_benchmark_ends_with_the_same_numbers(tmp_path, monkeypatch):
    """Its optimizer kills the process with SIGKILL in the second trial; the next call goes on."""
    monkeypatch.setenv("SWEEP_TEST_FOLDER", str(tmp_path))
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path / "killed-once")], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(_records(tmp_path / "killed-once")) == 1
    for name in ("killed-once", "undisturbed"):
        assert benchmark_cases.run_killed(tmp_path / name).failed == ()
    undisturbed = _records(tmp_path / "undisturbed")
    assert len(undisturbed) == 12
    assert _records(tmp_path / "killed-once") == undisturbed
    assert _searches(tmp_path / "killed-once") == _searches(tmp_path / "undisturbed")


@pytest.mark.slow
def test_a_benchmark_that_is_killed_twice_ends_with_the_same_numbers(results, tmp_path, until):
    """SIGKILL leaves no time to save anything."""
    options = ("--workers", "2", "--option", "threads=1")
    undisturbed, _ = results
    for enough in (3, 12):
        process = _start(tmp_path, *options)
        until(partial(_has_begun, tmp_path, enough, process))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    process = _start(tmp_path, *options, "--json")
    said = json.loads(process.communicate()[0])
    assert process.returncode == 0
    assert said["failed"] == []
    assert _records(tmp_path) == _records(undisturbed)
    assert _searches(tmp_path) == _searches(undisturbed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:Tip. In future versions of Ray:FutureWarning")
@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("ray", {"executor": "ray"}),
        ("submitit", {"executor": "slurm", "executor_options": {"cluster": "local"}}),
    ],
)
def test_a_benchmark_on_a_cluster(results, tmp_path, monkeypatch, module, options):
    """Ray and submitit's local executor give the numbers of this process."""
    pytest.importorskip(module, reason=f"{module} is not installed")
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    outcome = benchmark_cases.run_benchmark(tmp_path, workers=2, **options)
    assert outcome.failed == ()
    assert _records(tmp_path) == _records(results[0])


def test_the_command_says_what_a_benchmark_would_cost(deepobs, capsys, tmp_path):
    """Runs, time of each, and energy where it can be read; nothing is written."""
    arguments = [*COMMAND, "--results", tmp_path / "results", "--workers", 1]
    assert deepobs(*arguments, "--dry-run", "--json") == 0
    cost = json.loads(capsys.readouterr().out)
    assert (cost["runs"], cost["done"], cost["workers"]) == (24, 0, 1)
    assert cost["seconds"] > 0
    assert {held["method"] for held in cost["searches"]} == {"SignSGD", "SGD"}
    assert not (tmp_path / "results").exists()
    assert Method(optimizer="SGD").sources == ()
