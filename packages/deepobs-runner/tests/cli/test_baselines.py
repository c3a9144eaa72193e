"""The command `deepobs baselines`."""

import io
import json

import pytest
from click.testing import CliRunner
from rich.console import Console

from deepobs.runner import UsageError
from deepobs.runner.cli._baselines import _table, command


def test_table_shows_tuned_settings_with_flags_and_origin():
    """Each optimizer's tuned rate, mean ± std and flags are shown, and what the runs are."""
    result = CliRunner().invoke(command, ["mnist_vae"])
    assert result.exit_code == 0, result.output
    adam, momentum, sgd = (line.rstrip() for line in result.output.splitlines()[1:4])
    assert "0.0001585" in adam
    assert "27.83 ± 0.095" in adam
    assert momentum.endswith("collapsed")
    assert sgd.endswith("partly collapsed, bimodal")
    assert "TensorFlow" in result.output


def test_nothing_is_cut_off_on_a_narrow_terminal():
    """Eighty columns show every number and flag, in more lines."""
    rows = [
        {"problem": "cifar100_allcnnc", "optimizer": "Momentum", "test_loss": "23.07 ± 0.084"}
        | {"learning_rate": 1.585e-4, "epochs_to_target": 104.5}
        | {"test_accuracy": "0.9203 ± 0.0018", "flags": "partly collapsed, bimodal"}
    ]
    console = Console(width=80, file=io.StringIO())
    console.print(_table(rows, list(rows[0])))
    words = set(console.file.getvalue().split())
    said = "cifar100_allcnnc Momentum 23.07 0.084 0.0001585 104.5 0.9203 0.0018 partly bimodal"
    assert set(said.split()) <= words


def test_json_lists_all_groups():
    """`--json` gives the 24 groups with numbers as numbers."""
    rows = json.loads(CliRunner().invoke(command, ["--json"]).output)
    assert len(rows) == 24
    (row,) = (r for r in rows if (r["problem"], r["optimizer"]) == ("quadratic_deep", "SGD"))
    assert row["test_loss"]["mean"] == pytest.approx(87.40, abs=0.005)
    assert row["num_runs"] == 10


def test_json_of_runs_is_strict():
    """`--runs --json` lists all 1,080 runs, with null for what is not finite."""
    output = CliRunner().invoke(command, ["--runs", "--json"]).output

    def refuse(name):
        raise AssertionError(name)

    rows = json.loads(output, parse_constant=refuse)
    assert len(rows) == 1080
    assert any(row["test_loss"] is None for row in rows)


def test_unknown_problem_names_the_nearest():
    """A problem without baselines is refused with the nearest that has some."""
    with pytest.raises(UsageError, match="'mnist_vea'; did you mean mnist_vae"):
        CliRunner().invoke(command, ["mnist_vea"], catch_exceptions=False)
