"""`deepobs tune` and `deepobs report`, one after the other: the report says what tune said."""

import contextlib
import io
import json
from html.parser import HTMLParser

import pytest

from deepobs.runner import load_records

METHODS = ("SGD", "Adam")


class _Tables(HTMLParser):
    """The texts of the cells of all rows of a page's tables."""

    def __init__(self):
        super().__init__()
        self.rows = []
        self.in_cell = False

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data):
        if self.in_cell:
            self.rows[-1][-1] += data.strip()


@pytest.fixture(scope="module")
def tuned_and_reported(tmp_path_factory):
    """Two searches, and the report of them: tune's records, the report's JSON, the page's rows."""
    from deepobs.runner.cli import main

    folder = tmp_path_factory.mktemp("tuned")
    results, page = str(folder / "results"), folder / "report.html"

    def call(*arguments):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        assert not stop.value.code
        return json.loads(printed.getvalue())

    options = ("--trials", 3, "--repeat", 3, "--epochs", 2, "--workers", 0, "--device", "cpu")
    searches = {
        method: call("tune", "digits_logreg", method, *options, "--results", results, "--json")
        for method in METHODS
    }
    numbers = call("report", results, "-o", page, "--json")
    tables = _Tables()
    tables.feed(page.read_text())
    return searches, numbers, tables.rows, load_records(results)


def test_the_chosen_settings_are_those_of_the_search(tuned_and_reported):
    """Both name the same learning rate for each optimizer, chosen on validation data."""
    searches, numbers, _, _ = tuned_and_reported
    chosen = {row["method"]: row["learning_rate"] for row in numbers["results"]}
    assert chosen == {name: search["best"]["settings"]["lr"] for name, search in searches.items()}
    assert {row["selected_on"] for row in numbers["results"]} == {"valid"}


def test_the_results_are_the_repetitions(tuned_and_reported):
    """A method's mean is of its repetitions; the seed that chose the setting does not count."""
    searches, numbers, _, frame = tuned_and_reported
    final = frame.sort_values("epoch").groupby("run_id", observed=True)["test_accuracy"].last()
    for cell in numbers["study"]["cells"]:
        repeats = dict(searches[cell["method"]]["repeats"])
        assert set(repeats) == {"42", "43", "44"}
        del repeats["42"]  # the seed of the trials
        assert cell["value"] == pytest.approx(final[list(repeats.values())].mean())
        assert (cell["num_runs"], cell["num_left_out"]) == (2, 1)
        assert cell["budget"] == searches[cell["method"]]["num_trials"]


def test_the_trials_are_the_search(tuned_and_reported):
    """Sensitivity and tunability are of the three trials, without the repetitions."""
    _, numbers, _, _ = tuned_and_reported
    assert [row["num_rates"] for row in numbers["sensitivity"]] == [3, 3]
    trials = {(row["method"], row["trials"]) for row in numbers["tunability"]}
    assert trials == {(method, number) for method in METHODS for number in (1, 2, 3)}


def test_the_page_tells_what_was_tuned(tuned_and_reported):
    """The page counts three settings and six runs a method, and names the chosen rate."""
    searches, _, rows, _ = tuned_and_reported
    for method, search in searches.items():
        tuned = next(row for row in rows if row[:2] == [method, "digits_logreg"] and len(row) > 9)
        assert tuned[2:4] == ["3", "6"]
        assert tuned[5:8] == ["validation data", "42", "43, 44"]
        rate = f"{search['best']['settings']['lr']:.4g}"
        assert any(row[:3] == [method, rate, "2 (43, 44)"] for row in rows)
