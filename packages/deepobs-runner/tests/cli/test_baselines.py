"""The command `deepobs baselines`."""

import io
import json
import re
from functools import partial

import pytest
from click.testing import CliRunner
from rich.console import Console

from deepobs.runner import UsageError
from deepobs.runner.cli._baselines import command


def test_table_shows_tuned_settings_with_flags_and_origin():
    """Each optimizer's tuned rate, mean ± std and flags are shown, and what the runs are."""
    result = CliRunner().invoke(command, ["mnist_vae"])
    assert result.exit_code == 0, result.output
    adam, momentum, sgd = (line.rstrip() for line in result.output.splitlines()[3:6])
    assert "0.0001585" in adam
    assert "27.83 ± 0.095" in adam
    assert momentum.endswith("collapsed")
    assert sgd.endswith("partly collapsed, bimodal")
    assert "TensorFlow" in result.output


def test_numbers_stay_whole_on_a_narrow_terminal(monkeypatch):
    """In 80 columns each of the 24 groups has its mean ± deviation in one piece, in one line."""
    wide = CliRunner().invoke(command).output
    numbers = set(re.findall(r"\d[\d.]* ± \d[\d.]*", wide))
    assert len(numbers) > 24
    output = io.StringIO()
    narrow = partial(Console, file=output)
    monkeypatch.setattr("rich.console.Console", lambda width: narrow(width=80))
    CliRunner().invoke(command, catch_exceptions=False)
    text = output.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert set(re.findall(r"\d[\d.]* ± \d[\d.]*", text)) == numbers
    assert "tolstoi_char_rnn" in text
    assert "partly" in text


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
